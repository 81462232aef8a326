#pragma once
// The actor system of a measured node, the same for every figure. Work stealing is CAF's default and stays: with one
// shared queue (`scheduler.policy`, `sharing`) the journal reached two thirds of its rate where flushes cost nothing.
// Its polling may cost `install` two or three hundredths.

#include <caf/actor_system_config.hpp>
#include <caf/atom.hpp>

namespace oaksteel::bench {

struct actor_config : caf::actor_system_config {
  actor_config() {
    set("scheduler.max-threads", 2);
    set("logger.file-verbosity", caf::atom("quiet"));
    set("logger.console", caf::atom("none"));
  }
};

} // namespace oaksteel::bench
