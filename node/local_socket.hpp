#pragma once
// Unix-domain stream sockets, for both ends of a control socket.

#include "storage/files.hpp"

#include <sys/socket.h>
#include <sys/un.h>

namespace oaksteel {

/// The address of a socket; not_writable when the path is too long for one.
inline stored<sockaddr_un> socket_address(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto text = path.string();
  if (text.size() >= sizeof address.sun_path)
    return unexpected{storage_error{storage_code::not_writable,
                                    text + ": too long for the path of a socket; at most " +
                                      std::to_string(sizeof address.sun_path - 1) + " bytes"}};
  text.copy(address.sun_path, text.size());
  return address;
}

inline const sockaddr* as_sockaddr(const sockaddr_un& address) { return reinterpret_cast<const sockaddr*>(&address); }

} // namespace oaksteel
