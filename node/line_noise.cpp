#include "node/line_noise.hpp"

#include "node/line_port.hpp"
#include "node/process.hpp"

#include <chrono>
#include <mutex>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace oaksteel {
namespace {

using time = noisy_line::time;

/// Bytes on their way in one direction; more than that are lost.
constexpr std::size_t on_the_way_limit = 1024 * 1024;

stored<line_port> open_end(const line_address& where, line_side side) {
  if (where.is_tcp() && !where.host.empty())
    return line_port::open(where, side);
  std::error_code none;
  if (where.is_tcp() || !std::filesystem::exists(where.device, none))
    return line_port::make_terminal(where.device);
  return line_port::open(where, side);
}

/// What both ports' threads give to the relay. A delay is real time here.
class relay {
public:
  relay(const noise_setup& setup, line_port& a, line_port& b)
      : setup_(setup), there_{noisy_line{setup.faults, setup.seed}, &b}, back_{noisy_line{setup.faults, setup.seed + 1},
                                                                               &a} {}

  void there(const bytes& data) { take(there_, data); }
  void back(const bytes& data) { take(back_, data); }

  /// Writes what has arrived; milliseconds until more does, -1 when nothing is on its way.
  int deliver() {
    std::lock_guard lock{mutex_};
    std::uint64_t count = 0;
    [[maybe_unused]] const auto n = read(wake_.fd(), &count, sizeof count);
    int wait = -1;
    for (auto* one : {&there_, &back_}) {
      if (auto arrived = one->line.read(now()); !arrived.empty())
        one->to->write(std::move(arrived));
      if (const auto due = one->line.due()) {
        const auto ms = static_cast<int>(std::max<std::int64_t>(1, (*due - now()).count()));
        wait = wait < 0 ? ms : std::min(wait, ms);
      }
    }
    return wait;
  }
  int file() const { return wake_.fd(); }

  noise_result result() const {
    std::lock_guard lock{mutex_};
    noise_result r{there_.bytes_in, back_.bytes_in, {}, cut_};
    for (const auto* one : {&there_, &back_}) {
      const auto& c = one->line.counts();
      r.faults.flipped += c.flipped;
      r.faults.dropped += c.dropped;
      r.faults.doubled += c.doubled;
      r.faults.delayed += c.delayed;
    }
    return r;
  }

private:
  struct direction {
    noisy_line line;
    line_port* to;
    std::uint64_t bytes_in = 0;
  };

  static time now() { return std::chrono::duration_cast<time>(std::chrono::steady_clock::now().time_since_epoch()); }

  void take(direction& d, std::span<const std::uint8_t> data) {
    {
      std::lock_guard lock{mutex_};
      if (setup_.cut_after) {
        const auto left = *setup_.cut_after - std::min(*setup_.cut_after, there_.bytes_in + back_.bytes_in);
        cut_ = cut_ || left < data.size();
        data = data.first(std::min<std::size_t>(data.size(), left));
      }
      d.bytes_in += data.size();
      if (d.line.waiting() < on_the_way_limit)
        d.line.write(data, now());
    }
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto n = write(wake_.fd(), &one, sizeof one);
  }

  const noise_setup& setup_;
  direction there_, back_;
  bool cut_ = false;
  mutable std::mutex mutex_;
  open_file wake_{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
};

} // namespace

stored<noise_result> relay_noise(const noise_setup& setup,
                                 const std::function<void(const std::string&, const std::string&)>& ready) {
  const auto ended = termination();
  auto a = open_end(setup.between, line_side::listens);
  if (!a)
    return unexpected{a.error()};
  auto b = open_end(setup.and_to, line_side::connects);
  if (!b)
    return unexpected{b.error()};
  relay between{setup, *a, *b};
  const auto began = [](std::uint64_t) {};
  const auto ended_too = [] {};
  a->start({began, ended_too, [&](const bytes& data) { between.there(data); }});
  b->start({began, ended_too, [&](const bytes& data) { between.back(data); }});
  ready(a->name(), b->name());
  for (;;) {
    pollfd files[] = {{ended.fd(), POLLIN, 0}, {between.file(), POLLIN, 0}};
    poll(files, 2, between.deliver());
    if (files[0].revents & POLLIN)
      break;
  }
  a->stop();
  b->stop();
  return between.result();
}

} // namespace oaksteel
