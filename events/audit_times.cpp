#include "events/audit_times.hpp"

#include <algorithm>
#include <limits>

namespace oaksteel {

bool in_order(std::initializer_list<instant> times, std::chrono::microseconds tolerance) {
  instant latest;
  for (const auto t : times) {
    if (t.us == 0)
      continue;
    // Times come from outside: below 0 the difference could overflow.
    if (t.us < 0 || latest.us - t.us > tolerance.count())
      return false;
    latest = std::max(latest, t);
  }
  return true;
}

bool strictly_later(instant earlier, instant later) {
  return earlier.us == 0 || later.us == 0 || earlier < later;
}

bool precedes(instant earlier, instant later, clock_tolerance tolerance) {
  if (!tolerance)
    return earlier < later;
  // Times come from outside: only without a sign does every difference fit.
  const auto ahead = static_cast<std::uint64_t>(earlier.us) - static_cast<std::uint64_t>(later.us);
  return earlier <= later || ahead <= static_cast<std::uint64_t>(tolerance->count());
}

namespace {

/// Times come from outside: none goes beyond what there is.
instant later_by(instant t, std::int64_t us) {
  using limits = std::numeric_limits<std::int64_t>;
  if (us < 0)
    return {t.us < limits::min() - us ? limits::min() : t.us + us};
  return {t.us > limits::max() - us ? limits::max() : t.us + us};
}

} // namespace

bool day_in_order(instant installed, calendar_date registered, instant received, const std::optional<time_zone>& zone,
                  std::chrono::microseconds tolerance) {
  const std::int64_t off = (zone ? 0 : 86'400'000'000) + tolerance.count();
  const auto there = zone.value_or(time_zone{});
  return (installed.us == 0 || registered >= calendar_date::of(later_by(installed, -off), there))
         && (received.us == 0 || registered <= calendar_date::of(later_by(received, off), there));
}

days_now today_in(const std::vector<time_zone>& zones, instant now) {
  const auto [least, most] = std::minmax_element(zones.begin(), zones.end());
  if (least == zones.end())
    return {calendar_date::of(now), calendar_date::of(now)};
  return {calendar_date::of(now, *least), calendar_date::of(now, *most)};
}

} // namespace oaksteel
