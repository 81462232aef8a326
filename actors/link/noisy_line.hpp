#pragma once
// A line that changes, drops, doubles and delays bytes (EP-26), in one direction: for tests and for whoever tries a
// meter on a bad line (`oaksteel line noise`). Knows neither the line nor a clock, as line_end.

#include "events/ids.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <optional>
#include <random>
#include <span>

namespace oaksteel {

/// How often a byte meets each fault, from 0 to 1.
struct line_faults {
  double flipped = 0; ///< one bit of it is changed
  double dropped = 0;
  double doubled = 0;
  double delayed = 0; ///< it and what follows it arrive later by `delay`
  std::chrono::milliseconds delay{300};
};

/// How many bytes met each.
struct fault_counts {
  std::uint64_t flipped = 0, dropped = 0, doubled = 0, delayed = 0;
};

class noisy_line {
public:
  using time = std::chrono::milliseconds; ///< since any beginning

  noisy_line(line_faults faults, std::uint64_t seed) : faults_(faults), random_(seed) {}

  void write(std::span<const std::uint8_t> data, time now) {
    if (cut_)
      return;
    for (auto byte : data) {
      auto arrives = now;
      if (meets(faults_.delayed, counts_.delayed))
        arrives += faults_.delay;
      if (!bytes_.empty())
        arrives = std::max(arrives, bytes_.back().arrives);
      if (meets(faults_.dropped, counts_.dropped))
        continue;
      if (meets(faults_.flipped, counts_.flipped))
        byte = static_cast<std::uint8_t>(byte ^ (1u << random_() % 8));
      bytes_.push_back({arrives, byte});
      if (meets(faults_.doubled, counts_.doubled))
        bytes_.push_back({arrives, byte});
    }
  }
  /// What arrives until `now`.
  bytes read(time now) {
    bytes arrived;
    while (!bytes_.empty() && bytes_.front().arrives <= now) {
      arrived.push_back(bytes_.front().byte);
      bytes_.pop_front();
    }
    return arrived;
  }
  /// Bytes on their way.
  std::size_t waiting() const { return bytes_.size(); }
  /// When the next byte arrives.
  std::optional<time> due() const { return bytes_.empty() ? std::nullopt : std::optional{bytes_.front().arrives}; }
  /// Nothing that is written from now on arrives.
  void cut() { cut_ = true; }
  const fault_counts& counts() const { return counts_; }
  /// How many faults there were.
  std::uint64_t faults() const { return counts_.flipped + counts_.dropped + counts_.doubled + counts_.delayed; }

private:
  bool meets(double rate, std::uint64_t& count) {
    // 53 bits, as a double has: the same on every machine, which std::bernoulli_distribution does not promise.
    const bool met = rate > 0 && static_cast<double>(random_() >> 11) * 0x1p-53 < rate;
    count += met;
    return met;
  }

  struct on_the_way {
    time arrives;
    std::uint8_t byte;
  };
  line_faults faults_;
  std::mt19937_64 random_;
  std::deque<on_the_way> bytes_;
  bool cut_ = false;
  fault_counts counts_;
};

} // namespace oaksteel
