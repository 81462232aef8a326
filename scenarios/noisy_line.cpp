#include "scenarios/noisy_line.hpp"

#include <algorithm>

namespace oaksteel {

bool noisy_line::meets(double rate) {
  // 53 bits, as a double has: the same on every machine, which std::bernoulli_distribution does not promise.
  const bool met = rate > 0 && static_cast<double>(random_() >> 11) * 0x1p-53 < rate;
  count_ += met;
  return met;
}

void noisy_line::write(std::span<const std::uint8_t> data, time now) {
  if (cut_)
    return;
  for (auto byte : data) {
    auto arrives = now;
    if (meets(faults_.delayed))
      arrives += faults_.delay;
    if (!bytes_.empty())
      arrives = std::max(arrives, bytes_.back().arrives);
    if (meets(faults_.dropped))
      continue;
    if (meets(faults_.flipped))
      byte = static_cast<std::uint8_t>(byte ^ (1u << random_() % 8));
    bytes_.push_back({arrives, byte});
    if (meets(faults_.doubled))
      bytes_.push_back({arrives, byte});
  }
}

bytes noisy_line::read(time now) {
  bytes arrived;
  while (!bytes_.empty() && bytes_.front().arrives <= now) {
    arrived.push_back(bytes_.front().byte);
    bytes_.pop_front();
  }
  return arrived;
}

std::optional<noisy_line::time> noisy_line::due() const {
  return bytes_.empty() ? std::nullopt : std::optional{bytes_.front().arrives};
}

} // namespace oaksteel
