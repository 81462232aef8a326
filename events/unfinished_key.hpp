#pragma once
// What becomes of a key that a meter stored and never committed when the meter starts again: nobody will commit it,
// since its session lived in the memory that is gone, so the meter drops it (EP-13b, EP-20).

#include "events/meter.hpp"

namespace oaksteel {

/// The meter starts again.
struct drop_unfinished {};
/// meter_key_refused, with installation_interrupted, for each key that is held and not committed.
decision<meter_event> decide(const meter& state, const drop_unfinished& command);

} // namespace oaksteel
