#pragma once
// A TCP line between a node and a meter that is cut in the middle of the first frame with a given message.

#include "actors/link/command.hpp"
#include "actors/link/frame.hpp"
#include "tests/loopback.hpp"

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>

#include <poll.h>

namespace oaksteel::testing {

class cutting_relay {
public:
  /// Listens for the meter and connects to the node. `code`: of the message towards the meter.
  cutting_relay(std::uint16_t node_port, std::uint16_t code) : node_port_(node_port), code_(code) {
    listener_ = listen_on_loopback(port_);
    thread_ = std::thread{[this] { run(); }};
  }
  ~cutting_relay() {
    over_ = true;
    thread_.join();
    close(listener_);
  }
  std::uint16_t port() const { return port_; }
  bool cut() const { return cut_; }

private:
  static bool ready(int fd) {
    pollfd one{fd, POLLIN, 0};
    return poll(&one, 1, 20) == 1;
  }
  void run() {
    while (!over_ && !ready(listener_)) {
    }
    const int meter = over_ ? -1 : accept(listener_, nullptr, nullptr);
    const int node = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto a = loopback(node_port_);
    if (meter >= 0 && connect(node, reinterpret_cast<const sockaddr*>(&a), sizeof a) == 0)
      while (!over_ && !cut_ && back(meter, node) && there(node, meter)) {
      }
    close(node);
    if (meter >= 0)
      close(meter);
  }
  static bool pass(int to, const std::uint8_t* data, std::size_t size) {
    return send(to, data, size, MSG_NOSIGNAL) == static_cast<ssize_t>(size);
  }
  static bool back(int meter, int node) {
    if (!ready(meter))
      return true;
    std::uint8_t data[4096];
    const auto n = recv(meter, data, sizeof data, 0);
    return n > 0 && pass(node, data, static_cast<std::size_t>(n));
  }
  /// Whole frames go on at once; of the one that is looked for the half.
  bool there(int node, int meter) {
    if (!ready(node))
      return true;
    std::uint8_t data[4096];
    const auto n = recv(node, data, sizeof data, 0);
    if (n <= 0)
      return false;
    frame_.insert(frame_.end(), data, data + n);
    for (;;) {
      const auto end = std::find(frame_.begin(), frame_.end(), std::uint8_t{0x03});
      if (end == frame_.end())
        return true;
      bytes one{frame_.begin(), end + 1};
      frame_.erase(frame_.begin(), end + 1);
      frame_reader reader{4096};
      reader.read(
          one,
          [&](frame_class kind, std::uint8_t, std::span<const std::uint8_t> payload) {
            if (kind == frame_class::data)
              if (const auto c = decode_command(payload); c && c->code == code_)
                cut_ = true;
          },
          [](frame_error) {});
      if (cut_)
        one.resize(one.size() / 2);
      if (!pass(meter, one.data(), one.size()) || cut_)
        return false;
    }
  }

  std::uint16_t node_port_, code_, port_ = 0;
  int listener_ = -1;
  bytes frame_;
  std::atomic<bool> over_ = false, cut_ = false;
  std::thread thread_;
};

} // namespace oaksteel::testing
