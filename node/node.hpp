#pragma once
// A node as production runs it: its log, a site on the machine's clock and generators, and a control socket.

#include "node/configuration.hpp"
#include "storage/log.hpp"

#include <functional>

namespace oaksteel {

/// Threads for long work. More than cores: Botan has half of an RSA operation done by another thread, and a worker
/// waits for it.
inline constexpr unsigned worker_threads = 4;

/// Runs the node until SIGTERM or SIGINT, and then ends it cleanly; `ready` is called when it can be operated. The
/// error says why it cannot run, or why it had to stop: nothing was answered that is not in the log.
std::optional<storage_error> run_node(const node_configuration& plan, const std::function<void()>& ready);

} // namespace oaksteel
