#pragma once
// The process of a node: a node at work (live_node.hpp), and a control socket.

#include "node/configuration.hpp"
#include "storage/log.hpp"

#include <functional>

namespace oaksteel {

/// What would keep that node from starting: its log, a line or an address that cannot be opened. Locked while it runs.
std::optional<storage_error> look_at_node(const node_configuration& plan);

/// Runs the node until SIGTERM or SIGINT, and then ends it cleanly; `ready` is called when it can be operated, with the time
/// of the log's last record where that is later than the machine's clock. Before that `waits` is called with a line, when a
/// restored node waits for others (catch_up). The error says why it cannot run, or why it had to stop: nothing was answered
/// that is not in the log.
std::optional<storage_error> run_node(const node_configuration& plan,
                                      const std::function<void(std::optional<instant> ahead)>& ready,
                                      const std::function<void(const std::string&)>& waits);

} // namespace oaksteel
