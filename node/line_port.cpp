#include "node/line_port.hpp"

#include "node/control.hpp"
#include "node/loopback_user.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <thread>

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

namespace oaksteel {
namespace {

/// When a line is tried again is no part of any record: the machine's clock.
using steady = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto first_pause = 100ms, longest_pause = 5000ms;
/// How long nobody is let in when the process may open no more files.
constexpr auto pause_without_files = 500ms;

struct addresses {
  addrinfo* list = nullptr;
  ~addresses() {
    if (list)
      freeaddrinfo(list);
  }
};

/// The error is that of the name.
std::optional<storage_error> look_up(const line_address& where, addresses& found) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_NUMERICSERV;
  const int error = getaddrinfo(where.host.c_str(), where.port.c_str(), &wanted, &found.list);
  if (error == 0)
    return std::nullopt;
  return storage_error{storage_code::missing, where.text() + ": the host is not known: " + gai_strerror(error)};
}

open_file socket_for(const addrinfo& a) {
  return open_file{socket(a.ai_family, a.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a.ai_protocol)};
}

/// Small frames go at once, and a peer whose machine is gone is noticed though nothing is written to it.
void tune(const open_file& connection) {
  const int on = 1, idle_s = 10, between_s = 5, probes = 3;
  setsockopt(connection.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(connection.fd(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  setsockopt(connection.fd(), IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
  setsockopt(connection.fd(), IPPROTO_TCP, TCP_KEEPINTVL, &between_s, sizeof between_s);
  setsockopt(connection.fd(), IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

stored<open_file> listen_at(const line_address& where) {
  addresses found;
  if (auto problem = look_up(where, found))
    return unexpected{std::move(*problem)};
  int error = 0;
  for (const auto* a = found.list; a; a = a->ai_next) {
    auto file = socket_for(*a);
    const int on = 1;
    if (file)
      setsockopt(file.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (file && bind(file.fd(), a->ai_addr, a->ai_addrlen) == 0 && listen(file.fd(), 8) == 0)
      return file;
    error = error ? error : errno;
  }
  return unexpected{system_error(error, "cannot be listened on", where.text())};
}

/// The bytes of an IP address; of one that stands for all of this machine's none.
std::string ip_of(const addrinfo& a) {
  std::string ip;
  if (a.ai_family == AF_INET)
    ip.assign(reinterpret_cast<const char*>(&reinterpret_cast<const sockaddr_in*>(a.ai_addr)->sin_addr), 4);
  if (a.ai_family == AF_INET6)
    ip.assign(reinterpret_cast<const char*>(&reinterpret_cast<const sockaddr_in6*>(a.ai_addr)->sin6_addr), 16);
  return std::ranges::all_of(ip, [](char c) { return c == 0; }) ? std::string{} : ip;
}

bool is_loopback(const std::string& ip) {
  return ip.size() == 4 ? ip[0] == 127 : ip == std::string(15, '\0') + '\1';
}

/// Bytes as they are, both ways; the speed stays as it was set.
bool make_raw(int terminal) {
  termios t{};
  if (tcgetattr(terminal, &t) != 0)
    return false;
  cfmakeraw(&t);
  t.c_cflag |= CLOCAL | CREAD;
  return tcsetattr(terminal, TCSANOW, &t) == 0;
}

stored<open_file> open_device(const std::filesystem::path& path) {
  open_file file{::open(path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)};
  if (!file)
    return unexpected{system_error(errno, "the line cannot be opened", path)};
  if (!isatty(file.fd()))
    return unexpected{storage_error{storage_code::not_ours, path.string() +
                                                                ": is no terminal device; a line is a serial "
                                                                "port, a pseudo-terminal or tcp:HOST:PORT"}};
  if (flock(file.fd(), LOCK_EX | LOCK_NB) != 0)
    return unexpected{storage_error{storage_code::locked, path.string() + ": another process has this line"}};
  if (!make_raw(file.fd()))
    return unexpected{system_error(errno, "the line cannot be set up", path)};
  tcflush(file.fd(), TCIFLUSH);
  return file;
}

} // namespace

bool same_line(const line_address& a, const line_address& b) {
  if (a.is_tcp() != b.is_tcp())
    return false;
  std::error_code none;
  if (!a.is_tcp())
    return a.device.lexically_normal() == b.device.lexically_normal()
           || std::filesystem::equivalent(a.device, b.device, none);
  addresses of_a, of_b;
  if (a.host.empty() || a.port != b.port || look_up(a, of_a) || look_up(b, of_b))
    return false;
  for (const auto* x = of_a.list; x; x = x->ai_next)
    for (const auto* y = of_b.list; y; y = y->ai_next) {
      const auto one = ip_of(*x), other = ip_of(*y);
      if (one == other || (one.empty() && is_loopback(other)) || (other.empty() && is_loopback(one)))
        return true;
    }
  return false;
}

struct line_port::impl {
  line_address where;
  line_side side = line_side::connects;
  line_listener tell;
  open_file acceptor;  ///< of the side that listens
  open_file other_end; ///< of a pseudo-terminal that was made: kept open, so that it does not hang up between two users
  std::filesystem::path link;
  open_file wake{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::thread thread;

  // of the thread
  open_file line;
  bool connecting = false;
  bool up = false;
  std::uint64_t connection = 0; ///< how many have begun
  std::unique_ptr<addresses> found;  ///< of the host, while they are tried
  const addrinfo* next = nullptr;    ///< the next of them
  steady::time_point again{};
  steady::time_point accepts_again{};
  std::chrono::milliseconds pause = first_pause;
  bytes out;

  std::mutex mutex; ///< of what follows
  bytes written;
  std::optional<std::uint64_t> hanging_up; ///< a connection
  bool stopping = false;

  ~impl() {
    stop();
    if (!link.empty())
      unlink(link.c_str());
  }

  void ring() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto n = ::write(wake.fd(), &one, sizeof one);
  }
  void stop() {
    {
      std::lock_guard lock{mutex};
      stopping = true;
    }
    ring();
    if (thread.joinable())
      thread.join();
  }

  void run();
  bool take_orders();
  void find_line();
  void begin_connection();
  void try_next_address();
  void begin();
  void lose();
  void serve(short happened);
  void accept_next();
  void read_some();
  void write_some();
};

/// What other threads want; false at the end.
bool line_port::impl::take_orders() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto n = read(wake.fd(), &count, sizeof count);
  std::optional<std::uint64_t> drop;
  {
    std::lock_guard lock{mutex};
    if (stopping)
      return false;
    if (up && out.size() + written.size() <= unwritten_limit)
      out.insert(out.end(), written.begin(), written.end());
    written.clear();
    drop = std::exchange(hanging_up, std::nullopt);
  }
  if (drop == connection && up && where.is_tcp())
    lose();
  return true;
}

void line_port::impl::begin() {
  connecting = false;
  up = true;
  tell.began(++connection);
}

void line_port::impl::lose() {
  line = open_file{};
  connecting = false;
  next = nullptr;
  found = nullptr;
  out.clear();
  again = steady::now() + pause;
  pause = std::min<std::chrono::milliseconds>(pause * 2, longest_pause);
  if (std::exchange(up, false))
    tell.ended();
}

void line_port::impl::begin_connection() {
  found = std::make_unique<addresses>();
  if (look_up(where, *found))
    return lose();
  next = found->list;
  try_next_address();
}

/// A host may have several; whoever listens does so at one of them.
void line_port::impl::try_next_address() {
  while (next) {
    const auto& a = *std::exchange(next, next->ai_next);
    line = socket_for(a);
    connecting = line && (connect(line.fd(), a.ai_addr, a.ai_addrlen) == 0 || errno == EINPROGRESS);
    if (connecting)
      return;
  }
  lose();
}

/// A line that is not there is tried again when its pause is over.
void line_port::impl::find_line() {
  if (up || connecting || acceptor || steady::now() < again)
    return;
  if (where.is_tcp())
    return begin_connection();
  if (!line) {
    auto opened = open_device(where.device);
    if (!opened)
      return lose();
    line = std::move(*opened);
  }
  begin();
}

void line_port::impl::accept_next() {
  open_file newest{accept4(acceptor.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
  if (!newest) {
    // Whoever waits to be let in goes on waiting, and poll() would say so at once again.
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
      accepts_again = steady::now() + pause_without_files;
    return;
  }
  // A meter is a process of this user where it is on this machine: nobody else takes its keys, or its place.
  if (const auto peer = peer_of(newest.fd()); peer.within && !(peer.user && may_operate(*peer.user, geteuid()))) {
    if (tell.turned_away)
      tell.turned_away();
    return;
  }
  // The newest counts: the one before may be of a machine that is gone.
  lose();
  line = std::move(newest);
  tune(line);
  begin();
}

void line_port::impl::read_some() {
  bytes data(piece);
  const auto n = read(line.fd(), data.data(), data.size());
  if (n > 0) {
    data.resize(static_cast<std::size_t>(n));
    pause = first_pause;
    return tell.heard(std::move(data));
  }
  if (n == 0 || (errno != EAGAIN && errno != EINTR))
    lose();
}

void line_port::impl::write_some() {
  const auto n = where.is_tcp() ? send(line.fd(), out.data(), out.size(), MSG_NOSIGNAL)
                                : ::write(line.fd(), out.data(), out.size());
  if (n > 0)
    out.erase(out.begin(), out.begin() + n);
  else if (errno != EAGAIN && errno != EINTR)
    lose();
}

void line_port::impl::serve(short happened) {
  if (connecting && (happened & (POLLOUT | POLLERR | POLLHUP))) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(line.fd(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0)
      return try_next_address();
    tune(line);
    return begin();
  }
  if (up && (happened & POLLOUT))
    write_some();
  if (up && (happened & (POLLIN | POLLERR | POLLHUP)))
    read_some();
}

void line_port::impl::run() {
  while (take_orders()) {
    find_line();
    const auto now = steady::now();
    const bool accepts = acceptor && now >= accepts_again;
    const short wanted = connecting ? POLLOUT : static_cast<short>(POLLIN | (out.empty() ? 0 : POLLOUT));
    pollfd files[] = {{wake.fd(), POLLIN, 0},
                      {accepts ? acceptor.fd() : -1, POLLIN, 0},
                      {up || connecting ? line.fd() : -1, wanted, 0}};
    const auto until = [now](steady::time_point when) {
      return static_cast<int>(
          std::clamp<std::int64_t>(std::chrono::ceil<std::chrono::milliseconds>(when - now).count(), 1,
                                   longest_pause.count()));
    };
    const bool waits = !up && !connecting && !acceptor;
    poll(files, 3, waits ? until(again) : acceptor && !accepts ? until(accepts_again) : -1);
    serve(files[2].revents);
    if (files[1].revents & POLLIN)
      accept_next();
  }
}

stored<line_port> line_port::open(const line_address& where, line_side side) {
  auto i = std::make_unique<impl>();
  i->where = where;
  i->side = side;
  if (!where.is_tcp()) {
    auto device = open_device(where.device);
    if (!device)
      return unexpected{device.error()};
    i->line = std::move(*device);
  } else if (side == line_side::listens) {
    auto acceptor = listen_at(where);
    if (!acceptor)
      return unexpected{acceptor.error()};
    i->acceptor = std::move(*acceptor);
  } else {
    addresses found;
    if (auto problem = look_up(where, found))
      return unexpected{std::move(*problem)};
  }
  return line_port{std::move(i)};
}

stored<line_port> line_port::make_terminal(const std::filesystem::path& name) {
  auto i = std::make_unique<impl>();
  const std::filesystem::path said = name.empty() ? std::filesystem::path{"pseudo-terminal"} : name;
  i->line = open_file{posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)};
  char other[128];
  if (!i->line || grantpt(i->line.fd()) != 0 || unlockpt(i->line.fd()) != 0 ||
      ptsname_r(i->line.fd(), other, sizeof other) != 0)
    return unexpected{system_error(errno, "cannot be made", said)};
  i->where.device = other;
  i->other_end = open_file{::open(other, O_RDWR | O_NOCTTY | O_CLOEXEC)};
  if (!i->other_end || !make_raw(i->other_end.fd()))
    return unexpected{system_error(errno, "cannot be set up", said)};
  if (!name.empty()) {
    // What a process that was killed left behind.
    std::error_code none;
    if (std::filesystem::is_symlink(name, none) && !std::filesystem::exists(name, none))
      unlink(name.c_str());
    if (symlink(other, name.c_str()) != 0)
      return unexpected{system_error(errno, "cannot be made", name)};
    i->link = name;
  }
  return line_port{std::move(i)};
}

std::string line_port::name() const { return impl_->link.empty() ? impl_->where.text() : impl_->link.string(); }

void line_port::start(line_listener listener) {
  impl_->tell = std::move(listener);
  impl_->thread = std::thread{[i = impl_.get()] { i->run(); }};
}

void line_port::write(bytes data) {
  {
    std::lock_guard lock{impl_->mutex};
    if (impl_->written.size() + data.size() > unwritten_limit)
      return;
    impl_->written.insert(impl_->written.end(), data.begin(), data.end());
  }
  impl_->ring();
}

void line_port::hang_up(std::uint64_t connection) {
  {
    std::lock_guard lock{impl_->mutex};
    impl_->hanging_up = connection;
  }
  impl_->ring();
}

void line_port::stop() { impl_->stop(); }

line_port::line_port(std::unique_ptr<impl> i) : impl_(std::move(i)) {}
line_port::line_port(line_port&&) noexcept = default;
line_port::~line_port() = default;

} // namespace oaksteel
