#pragma once
// Any record's event, for those who read whole logs: replay and audit.

#include "events/event.hpp"
#include "events/expected.hpp"
#include "storage/record.hpp"

#include <string>

namespace oaksteel {

/// The event of a record, lifted to its newest version; or a line that says what is wrong.
expected<any_event, std::string> decode_event(const record& r);

/// The bytes of a state row.
bytes encode_state(const any_state& state);

} // namespace oaksteel
