#pragma once
// TCP on this machine alone.

#include "storage/files.hpp"

#include <cstdint>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace oaksteel::testing {

inline sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(port);
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return a;
}

/// A socket that listens on a port of this machine; `port` 0 takes a free one.
inline int listen_on_loopback(std::uint16_t& port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto a = loopback(port);
  socklen_t size = sizeof a;
  if (bind(fd, reinterpret_cast<sockaddr*>(&a), size) != 0 || listen(fd, 4) != 0)
    return -1;
  getsockname(fd, reinterpret_cast<sockaddr*>(&a), &size);
  port = ntohs(a.sin_port);
  return fd;
}

/// A connection to a port of this machine; not open when nobody listens.
/// From 127.x.y.z, where `from` says x.y.z in its lower 24 bits.
inline open_file connected_to(std::uint16_t port, std::uint32_t from = 0) {
  open_file file{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const auto a = loopback(port);
  if (from != 0) {
    auto own = loopback(0);
    own.sin_addr.s_addr = htonl((INADDR_LOOPBACK & 0xff000000) | from);
    if (bind(file.fd(), reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0)
      return {};
  }
  if (connect(file.fd(), reinterpret_cast<const sockaddr*>(&a), sizeof a) != 0)
    return {};
  return file;
}

/// A port that was free a moment ago.
inline std::uint16_t free_port() {
  std::uint16_t port = 0;
  close(listen_on_loopback(port));
  return port;
}

} // namespace oaksteel::testing
