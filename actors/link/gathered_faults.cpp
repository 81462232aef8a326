#include "actors/link/gathered_faults.hpp"

#include <algorithm>
#include <utility>

namespace oaksteel {

void gathered_faults::add(const std::string& command, refusal why, const std::string& what, time now,
                          std::uint64_t count, const std::vector<participant>& involved) {
  auto& burst = bursts_[{command, why}];
  const bool named = burst.counts.contains(what) || burst.counts.size() < names_limit;
  burst.counts[named ? what : "others"] += count;
  for (const auto& one : involved)
    if (burst.involved.size() < names_limit && std::ranges::find(burst.involved, one) == burst.involved.end())
      burst.involved.push_back(one);
  if (!tell_at_)
    tell_at_ = now + std::max(first_interval, interval_);
}

std::vector<gathered_faults::tale> gathered_faults::take(time now) {
  if (!tell_at_ || *tell_at_ > now)
    return {};
  tell_at_ = std::nullopt;
  std::vector<tale> all;
  if (bursts_.empty()) {
    interval_ = time{0};
    return all;
  }
  interval_ = std::min(last_interval, std::max(first_interval, interval_ * 2));
  tell_at_ = now + interval_; // to see whether it goes on
  for (auto& [kind, burst] : std::exchange(bursts_, {})) {
    std::string about;
    for (const auto& [what, count] : burst.counts)
      about += (about.empty() ? "" : ", ") + what + ' ' + std::to_string(count);
    all.push_back({kind.first, kind.second, std::move(about), std::move(burst.involved)});
  }
  return all;
}

} // namespace oaksteel
