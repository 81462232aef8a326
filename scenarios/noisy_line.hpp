#pragma once
// A line between two ends that changes, drops, doubles and delays bytes (EP-26), in one direction.

#include "events/ids.hpp"

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

class noisy_line {
public:
  using time = std::chrono::milliseconds; ///< since any beginning

  noisy_line(line_faults faults, std::uint64_t seed) : faults_(faults), random_(seed) {}

  void write(std::span<const std::uint8_t> data, time now);
  /// What arrives until `now`.
  bytes read(time now);
  /// When the next byte arrives.
  std::optional<time> due() const;
  /// Nothing that is written from now on arrives.
  void cut() { cut_ = true; }
  /// How many bytes met a fault.
  std::uint64_t faults() const { return count_; }

private:
  bool meets(double rate);

  struct on_the_way {
    time arrives;
    std::uint8_t byte;
  };
  line_faults faults_;
  std::mt19937_64 random_;
  std::deque<on_the_way> bytes_;
  bool cut_ = false;
  std::uint64_t count_ = 0;
};

} // namespace oaksteel
