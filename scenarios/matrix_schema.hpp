#pragma once
// Reading faults of messages: `[[fault]]` of one, and `[[matrix]]`, in which every message must be with every fault.

#include "node/values.hpp"
#include "scenarios/matrix.hpp"

namespace oaksteel {

/// A `[[fault]]` of a message.
message_fault read_message_fault(reader& r, const setting& table);

/// The cells that there can be, in the order of flow. A missing message or cell is a mistake, and so is an outcome for
/// a fault that there cannot be.
std::vector<cell_step> read_matrix(reader& r, const setting& tables);

} // namespace oaksteel
