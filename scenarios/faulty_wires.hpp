#pragma once
// Ways between components that lose, double, delay and change commands as a scenario says (EP-26 to EP-29). They know
// bytes: what arrives at a gate is what a line or a stranger could have sent.

#include "node/site.hpp"
#include "scenarios/script.hpp"

namespace oaksteel {

/// The fault that happens to a command or an answer; nothing when none does. Asked once for each, in their order.
using fate = std::function<std::optional<message_fault>(const command&)>;

/// Each fault happens once, counted anew at each start.
fate fates_of(std::vector<message_fault> faults);

/// For site_options. `system` outlives what it returns.
carrying faulty_wires(caf::actor_system& system, fate meets);

} // namespace oaksteel
