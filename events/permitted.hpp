#pragma once
// Could this event follow on this state? Asks the decide functions once more, with the facts that must have
// been found. A log whose hashes are all good can still hold events that no sound program would have decided.

#include "events/event.hpp"

namespace oaksteel {

/// Why `e` cannot have been decided when its stream's state was `before`; nothing when it can. An event that
/// changes what was done already cannot either: a command that is repeated gives no event.
std::optional<std::string> not_permitted(const any_state& before, const any_event& e);

} // namespace oaksteel
