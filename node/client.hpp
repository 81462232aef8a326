#pragma once
// The program's side of a node's control socket.

#include "node/requests.hpp"
#include "storage/log.hpp"

namespace oaksteel {

/// Asks the node that runs on `data` and waits for its answer. missing when no node runs there;
/// io when nothing is heard of it for ten seconds.
stored<requests::answer> ask_node(const std::filesystem::path& data, const requests::any_request& request);

} // namespace oaksteel
