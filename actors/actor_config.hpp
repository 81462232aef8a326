#pragma once
// The actor system of a process, the same for a node and for what is measured. Work stealing is CAF's default and stays:
// with one shared queue (`scheduler.policy`, `sharing`) the journal reached two thirds of its rate where flushes cost
// nothing.

#include <caf/actor_system_config.hpp>
#include <caf/atom.hpp>

#include <algorithm>
#include <thread>

namespace oaksteel {

struct actor_config : caf::actor_system_config {
  actor_config() {
    set("scheduler.max-threads", std::max<std::size_t>(2, std::thread::hardware_concurrency()));
    // A thread without work looks for some a hundred times and then sleeps until it is woken. CAF would have it look up
    // every 50 microseconds for another 25 ms, which takes the cores from the workers' private keys: installations a
    // second 71 with that, 90 without (bench/README.md).
    set("work-stealing.moderate-poll-attempts", std::size_t{0});
    set("logger.file-verbosity", caf::atom("quiet"));
    set("logger.console", caf::atom("none"));
  }
};

} // namespace oaksteel
