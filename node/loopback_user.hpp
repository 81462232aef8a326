#pragma once
// Whose process is at the other end of a connection within this machine.

#include <sys/types.h>

#include <optional>

namespace oaksteel {

struct loopback_peer {
  bool within = false;       ///< the connection does not leave the machine
  std::optional<uid_t> user; ///< then: whose socket the other end is; nothing when the system does not say
};
/// Of a connected TCP socket, by the system's table of them (/proc/self/net/tcp).
loopback_peer peer_of(int socket);

} // namespace oaksteel
