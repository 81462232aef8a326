#pragma once
// Ways between components that lose, double, delay and change commands as a scenario says (EP-26 to EP-29). They know
// bytes: what arrives at a gate is what a line or a stranger could have sent.

#include "node/site.hpp"
#include "scenarios/script.hpp"

namespace oaksteel {

/// For site_options. Each fault happens once, counted anew at each start. `system` outlives what it returns.
carrying faulty_wires(caf::actor_system& system, std::vector<message_fault> faults);

} // namespace oaksteel
