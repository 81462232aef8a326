#pragma once
// Events as the log keeps them: tag, version, payload, and what is derived from the event.

#include "events/expected.hpp"
#include "events/ids.hpp"
#include "storage/log.hpp"

#include <string>

namespace oaksteel {

/// Everything that an append needs of an event. Written for every event of the one list
/// (events/event.hpp); the definition stands in event_codec.cpp, so that actors need not see the list.
template <class Event>
pending_event describe(const Event& e);

/// Reads the payload of a record as the event that the caller expects; nothing when it is another.
template <class Event>
std::optional<Event> read_as(const record& r);

} // namespace oaksteel
