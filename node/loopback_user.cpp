#include "node/loopback_user.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>

namespace oaksteel {
namespace {

/// An end as the table writes it: the words of the address in the machine's order, in hex, and the port.
struct socket_end {
  bool loopback = false;
  bool v6 = false;
  std::string text;
};

socket_end end_of(const in_addr& address, in_port_t port) {
  char text[16];
  std::snprintf(text, sizeof text, "%08X:%04X", static_cast<unsigned>(address.s_addr), static_cast<unsigned>(ntohs(port)));
  return {(ntohl(address.s_addr) >> 24) == 127, false, text};
}

socket_end end_of(const sockaddr_storage& s) {
  if (s.ss_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &s, sizeof v4);
    return end_of(v4.sin_addr, v4.sin_port);
  }
  if (s.ss_family != AF_INET6)
    return {};
  sockaddr_in6 v6;
  std::memcpy(&v6, &s, sizeof v6);
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) { // the other end knows itself by the address of version 4
    in_addr inner;
    std::memcpy(&inner, v6.sin6_addr.s6_addr + 12, sizeof inner);
    return end_of(inner, v6.sin6_port);
  }
  std::uint32_t words[4];
  std::memcpy(words, v6.sin6_addr.s6_addr, sizeof words);
  char text[48];
  std::snprintf(text, sizeof text, "%08X%08X%08X%08X:%04X", words[0], words[1], words[2], words[3],
                static_cast<unsigned>(ntohs(v6.sin6_port)));
  return {static_cast<bool>(IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr)), true, text};
}

using namer = int (*)(int, sockaddr*, socklen_t*);
socket_end end_by(namer which, int socket) {
  sockaddr_storage s{};
  socklen_t size = sizeof s;
  return which(socket, reinterpret_cast<sockaddr*>(&s), &size) == 0 ? end_of(s) : socket_end{};
}

} // namespace

loopback_peer peer_of(int socket) {
  const auto own = end_by(getsockname, socket), other = end_by(getpeername, socket);
  loopback_peer found{other.loopback, {}};
  if (!found.within)
    return found;
  std::ifstream table{other.v6 ? "/proc/self/net/tcp6" : "/proc/self/net/tcp"};
  std::string line;
  std::getline(table, line); // headings
  while (std::getline(table, line)) {
    std::istringstream fields{line};
    std::string number, local, remote, state, queues, timer, retransmitted;
    uid_t user = 0;
    if (fields >> number >> local >> remote >> state >> queues >> timer >> retransmitted >> user && local == other.text
        && remote == own.text)
      found.user = user;
  }
  return found;
}

} // namespace oaksteel
