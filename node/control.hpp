#pragma once
// The control socket of a node: DATA/control, a unix-domain stream socket that only the node's user and root may use.
// One request a connection: a line in, a line out. Whoever sends something else gets one line about it, and whoever
// sends nothing is let go after a time.

#include "storage/files.hpp"

#include <sys/types.h>

#include <functional>
#include <memory>
#include <span>

namespace oaksteel {

/// Where the node on `data` listens.
std::filesystem::path control_socket(const std::filesystem::path& data);

/// Whether a peer with this user id may operate a node that runs as `own`.
bool may_operate(uid_t peer, uid_t own);

class control_server {
public:
  /// Connections at once; one more hears "busy".
  static constexpr std::size_t connection_limit = 16;
  /// How long a peer may take to send its line, and to take the answer.
  static constexpr int patience_ms = 5000;

  /// Called once, from any thread.
  using reply = std::function<void(std::string line)>;
  /// Called with each line that came, without its line feed. Must not block.
  using handler = std::function<void(std::string line, reply answer)>;

  /// Takes the place of a socket that an earlier process left. Only for the process that holds the log in `data`.
  static stored<control_server> open(const std::filesystem::path& data, handler handle);

  /// Serves until one of the files `stops` can be read.
  void serve(std::span<const int> stops);
  /// Waits until every line that was handled is answered, at most so long.
  void finish(int limit_ms);

  control_server(control_server&&) noexcept;
  control_server& operator=(control_server&&) = delete;
  /// Takes the socket away.
  ~control_server();
  struct impl;
  explicit control_server(std::unique_ptr<impl> i);

private:
  std::unique_ptr<impl> impl_;
};

} // namespace oaksteel
