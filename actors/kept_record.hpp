#pragma once
// The records that an archive keeps, as what they say of a key: MI3, MI9, MB2, MR3, MO2.

#include "actors/messages/message.hpp"
#include "events/master_key.hpp"

#include <optional>

namespace oaksteel {

/// The event that a record is once it is kept, from its signed body; nothing when it is no record that is kept. Who signed
/// it is not looked at.
std::optional<master_key_event> event_of(const sealed_record& r);

/// True when a key stands where this record leads, as far as the record says.
bool stands_at(const master_key& key, const sealed_record& r);

} // namespace oaksteel
