#include "node/control.hpp"

#include "node/local_socket.hpp"
#include "node/requests.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <list>
#include <mutex>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace oaksteel {
namespace {

/// How long peers are waited for is no part of any record: the machine's clock.
using steady = std::chrono::steady_clock;

/// How often a peer that waits hears that it is worked for.
constexpr std::chrono::seconds sign_of_life{1};
/// Peers that wait to be accepted; beyond connection_limit they are, and hear "busy".
constexpr int backlog = 128;

/// Answers on their way from other threads to the one that serves; it may outlive the server.
struct outbox {
  open_file wake{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::mutex mutex;
  std::vector<std::pair<std::uint64_t, std::string>> lines; ///< by connection
  std::size_t awaited = 0;

  void put(std::uint64_t connection, std::string line) {
    {
      std::lock_guard lock{mutex};
      lines.emplace_back(connection, std::move(line));
      --awaited;
    }
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto n = write(wake.fd(), &one, sizeof one);
  }
  std::vector<std::pair<std::uint64_t, std::string>> take() {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto n = read(wake.fd(), &count, sizeof count);
    std::lock_guard lock{mutex};
    return std::exchange(lines, {});
  }
};

struct connection {
  open_file file;
  std::uint64_t number = 0;
  steady::time_point until; ///< while it reads or writes; while it is worked for, the next sign of life
  std::string in;
  bool handled = false;     ///< its line is being worked on
  std::string out;
  std::size_t sent = 0;
  bool over = false;

  bool writing() const { return !out.empty(); }
};

std::string refusal_line(std::string why) { return line_of(requests::failed(std::move(why))); }

/// For a peer that is not served: what fits into the socket at once.
void turn_away(const open_file& file, std::string why) {
  const auto line = refusal_line(std::move(why)) + '\n';
  [[maybe_unused]] const auto n = send(file.fd(), line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

} // namespace

struct control_server::impl {
  std::filesystem::path path;
  open_file listener;
  handler handle;
  std::shared_ptr<outbox> answers = std::make_shared<outbox>();
  std::list<connection> connections;
  std::uint64_t accepted = 0;

  ~impl() {
    if (listener)
      unlink(path.c_str());
  }

  void accept_all();
  void answer(connection& c, std::string line);
  void read_more(connection& c);
  void write_more(connection& c);
  void take_answers();
  void round(std::vector<pollfd>& files, int timeout_ms);
  int patience_left() const;
};

void control_server::impl::accept_all() {
  for (;;) {
    open_file file{accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (!file)
      return;
    ucred peer{};
    socklen_t size = sizeof peer;
    if (getsockopt(file.fd(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || !may_operate(peer.uid, geteuid())) {
      turn_away(file, "only the user of the node may operate it");
      continue;
    }
    if (connections.size() == connection_limit) {
      turn_away(file, "busy: " + std::to_string(connection_limit) + " connections are open; try again");
      continue;
    }
    auto& c = connections.emplace_back();
    c.file = std::move(file);
    c.number = ++accepted;
    c.until = steady::now() + std::chrono::milliseconds{patience_ms};
  }
}

void control_server::impl::answer(connection& c, std::string line) {
  c.out = std::move(line) + '\n';
  c.until = steady::now() + std::chrono::milliseconds{patience_ms};
  write_more(c);
}

void control_server::impl::read_more(connection& c) {
  char buffer[16 * 1024];
  const auto n = recv(c.file.fd(), buffer, sizeof buffer, 0);
  if (n < 0) {
    c.over = errno != EAGAIN && errno != EINTR;
    return;
  }
  if (n == 0)
    return answer(c, refusal_line("the request ends before its line feed"));
  c.in.append(buffer, static_cast<std::size_t>(n));
  const auto end = c.in.find('\n');
  if (end == std::string::npos) {
    if (c.in.size() > requests::request_limit)
      answer(c, refusal_line("the request is longer than " + std::to_string(requests::request_limit) + " bytes"));
    return;
  }
  if (end + 1 != c.in.size())
    return answer(c, refusal_line("more than one line; a connection is for one request"));
  c.in.pop_back();
  c.handled = true;
  c.until = steady::now() + sign_of_life;
  {
    std::lock_guard lock{answers->mutex};
    ++answers->awaited;
  }
  handle(std::move(c.in), [box = answers, number = c.number](std::string line) { box->put(number, std::move(line)); });
}

void control_server::impl::write_more(connection& c) {
  const auto n = send(c.file.fd(), c.out.data() + c.sent, c.out.size() - c.sent, MSG_NOSIGNAL);
  if (n > 0)
    c.sent += static_cast<std::size_t>(n);
  c.over = c.sent == c.out.size() || (n < 0 && errno != EAGAIN && errno != EINTR);
}

void control_server::impl::take_answers() {
  for (auto& [number, line] : answers->take())
    for (auto& c : connections)
      if (c.number == number)
        answer(c, std::move(line));
}

/// Until the first connection runs out of patience or hears a sign of life; -1 when there is none to wait for.
int control_server::impl::patience_left() const {
  int left = -1;
  for (const auto& c : connections) {
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(c.until - steady::now()).count();
    const auto wait = static_cast<int>(std::clamp<std::int64_t>(ms, 0, patience_ms));
    left = left < 0 ? wait : std::min(left, wait);
  }
  return left;
}

/// One turn: waits for something to do, and does it. `files` begins with the caller's own.
void control_server::impl::round(std::vector<pollfd>& files, int timeout_ms) {
  const auto own = files.size();
  files.push_back({answers->wake.fd(), POLLIN, 0});
  files.push_back({listener.fd(), POLLIN, 0});
  for (const auto& c : connections) {
    const short wanted = c.writing() ? POLLOUT : c.handled ? 0 : POLLIN;
    files.push_back({c.file.fd(), wanted, 0});
  }
  const auto patience = patience_left();
  // -1 is the longest time of all.
  const auto shorter = std::min(static_cast<unsigned>(timeout_ms), static_cast<unsigned>(patience));
  poll(files.data(), files.size(), static_cast<int>(shorter));
  auto at = files.begin() + static_cast<std::ptrdiff_t>(own) + 2;
  for (auto& c : connections) {
    const auto happened = (at++)->revents;
    if (c.writing() && (happened & (POLLOUT | POLLERR | POLLHUP)))
      write_more(c);
    else if (!c.writing() && !c.handled && (happened & (POLLIN | POLLERR | POLLHUP)))
      read_more(c);
    else if (c.handled && !c.writing() && (happened & (POLLERR | POLLHUP)))
      c.over = true; // nobody waits for the answer; what was asked for goes on
    else if (c.until > steady::now())
      continue;
    else if (c.handled && !c.writing()) {
      [[maybe_unused]] const auto n = send(c.file.fd(), " ", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
      c.until = steady::now() + sign_of_life;
    } else {
      if (!c.writing())
        turn_away(c.file, "no request came in time");
      c.over = true;
    }
  }
  take_answers();
  connections.remove_if([](const connection& c) { return c.over; });
  accept_all();
}

std::filesystem::path control_socket(const std::filesystem::path& data) { return data / "control"; }

bool may_operate(uid_t peer, uid_t own) { return peer == own || peer == 0; }

stored<control_server> control_server::open(const std::filesystem::path& data, handler handle) {
  auto i = std::make_unique<impl>();
  i->path = control_socket(data);
  i->handle = std::move(handle);
  const auto address = socket_address(i->path);
  if (!address)
    return unexpected{address.error()};
  open_file file{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  unlink(i->path.c_str());
  // The mask is the process's; at this time nothing else makes files.
  const auto mask = umask(0177);
  const bool bound = file && bind(file.fd(), as_sockaddr(*address), sizeof *address) == 0;
  const int error = errno;
  umask(mask);
  if (!bound)
    return unexpected{system_error(error, "cannot be made", i->path)};
  i->listener = std::move(file);
  if (listen(i->listener.fd(), backlog) != 0)
    return unexpected{system_error(errno, "cannot be listened on", i->path)};
  return control_server{std::move(i)};
}

void control_server::serve(std::span<const int> stops) {
  for (;;) {
    std::vector<pollfd> files;
    for (int fd : stops)
      files.push_back({fd, POLLIN, 0});
    impl_->round(files, -1);
    for (std::size_t n = 0; n < stops.size(); ++n)
      if (files[n].revents & POLLIN)
        return;
  }
}

void control_server::finish(int limit_ms) {
  const auto until = steady::now() + std::chrono::milliseconds{limit_ms};
  const auto busy = [&] {
    std::lock_guard lock{impl_->answers->mutex};
    return impl_->answers->awaited > 0 || !impl_->answers->lines.empty();
  };
  while (busy() && steady::now() < until) {
    std::vector<pollfd> none;
    impl_->round(none, 100);
  }
}

control_server::control_server(std::unique_ptr<impl> i) : impl_(std::move(i)) {}
control_server::control_server(control_server&&) noexcept = default;
control_server::~control_server() = default;

} // namespace oaksteel
