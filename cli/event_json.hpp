#pragma once
// Records and events as JSON. The members have the names and the order that they have in the source; an id is
// its text, a time is ISO 8601, bytes are hex, a signed record has `says`, its body, beside the bytes.

#include "storage/any_event.hpp"

#include <nlohmann/json.hpp>

namespace oaksteel {

/// The fields of an event.
nlohmann::ordered_json as_json(const any_event& e);

/// A record without its payload: position, time, stream, actor, event, version, epoch, command, cause,
/// correlation, participants. `name` is the event's.
nlohmann::ordered_json as_json(const record& r, std::string_view name);


} // namespace oaksteel
