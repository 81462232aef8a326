#pragma once
// The actor system of a measured node.

#include <caf/actor_system_config.hpp>
#include <caf/atom.hpp>

namespace oaksteel::bench {

struct actor_config : caf::actor_system_config {
  actor_config() {
    set("scheduler.max-threads", 2);
    // Work stealing, CAF's default, polls: on two cores that costs RSA several per cent.
    set("scheduler.policy", caf::atom("sharing"));
    set("logger.file-verbosity", caf::atom("quiet"));
    set("logger.console", caf::atom("none"));
  }
};

} // namespace oaksteel::bench
