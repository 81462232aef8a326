#include "node/client.hpp"

#include "node/control.hpp"
#include "node/local_socket.hpp"

#include <cerrno>

#include <sys/time.h>

namespace oaksteel {
namespace {

/// A node that works says so each second (control.cpp).
constexpr timeval patience{10, 0};

storage_error silent(const std::filesystem::path& where, std::string_view what) {
  return {storage_code::io, where.string() + ": " + std::string{what} + " for 10 seconds; is the node stopped?"};
}

/// What a peer sends up to its line feed.
stored<std::string> read_line(const open_file& file, const std::filesystem::path& where) {
  std::string line;
  char buffer[16 * 1024];
  for (;;) {
    const auto n = recv(file.fd(), buffer, sizeof buffer, 0);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0 && errno == EAGAIN)
      return unexpected{silent(where, "nothing came from the node, which may or may not do what it was asked,")};
    if (n <= 0)
      return unexpected{n == 0 ? storage_error{storage_code::io, where.string() + ": the node ended without an answer"}
                               : system_error(errno, "no answer came", where)};
    line.append(buffer, static_cast<std::size_t>(n));
    if (line.back() == '\n') {
      line.pop_back();
      return line;
    }
    if (line.size() > requests::answer_limit)
      return unexpected{storage_error{storage_code::too_large, where.string() + ": the answer is too long"}};
  }
}

} // namespace

stored<requests::answer> ask_node(const std::filesystem::path& data, const requests::any_request& request) {
  const auto path = control_socket(data);
  const auto address = socket_address(path);
  if (!address)
    return unexpected{address.error()};
  const open_file file{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!file)
    return unexpected{system_error(errno, "no socket", path)};
  setsockopt(file.fd(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  setsockopt(file.fd(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (connect(file.fd(), as_sockaddr(*address), sizeof *address) != 0) {
    if (errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR)
      return unexpected{storage_error{storage_code::missing, "no node runs on " + data.string() +
                                                               "; start one with `oaksteel node run`"}};
    if (errno == EAGAIN)
      return unexpected{silent(path, "the node took no connection")};
    return unexpected{system_error(errno, "cannot be used", path)};
  }
  const auto line = line_of(request) + '\n';
  // A node that turns us away closes before it has read all; its line says why.
  for (std::size_t sent = 0; sent < line.size();) {
    const auto n = send(file.fd(), line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
    if (n <= 0 && errno != EINTR)
      break;
    sent += n > 0 ? static_cast<std::size_t>(n) : 0;
  }
  const auto answer = read_line(file, path);
  if (!answer)
    return unexpected{answer.error()};
  auto read = requests::read_answer(*answer);
  if (!read)
    return unexpected{storage_error{storage_code::io, path.string() + ": the answer cannot be read: " + read.error()}};
  return std::move(*read);
}

} // namespace oaksteel
