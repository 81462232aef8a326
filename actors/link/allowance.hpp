#pragma once
// How often whoever is at the other end may cause an event, though each is his fault: so many at once, and one more in each
// interval. Knows no clock and no actor, like gathered_faults.hpp.

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace oaksteel {

class allowance {
public:
  using time = std::chrono::milliseconds; ///< since any beginning

  /// `at_once` > 0; `each` > 0.
  constexpr allowance(std::size_t at_once, time each) : at_once_(at_once), each_(each) {}

  /// How many there are at `now`.
  std::size_t left(time now) const {
    if (whole_at_ <= now)
      return at_once_;
    const auto used = static_cast<std::size_t>((whole_at_ - now + each_ - time{1}) / each_);
    return used < at_once_ ? at_once_ - used : 0;
  }
  void use(time now) { whole_at_ = std::max(whole_at_, now) + each_; }

private:
  std::size_t at_once_;
  time each_;
  time whole_at_ = time::min(); ///< when nothing is used any more
};

} // namespace oaksteel
