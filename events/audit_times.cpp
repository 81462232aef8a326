#include "events/audit_times.hpp"

#include <algorithm>

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

bool day_in_order(instant installed, calendar_date registered, instant received, const std::optional<time_zone>& zone) {
  const std::int64_t off = zone ? 0 : 86'400'000'000;
  const auto there = zone.value_or(time_zone{});
  return (installed.us == 0 || registered >= calendar_date::of({installed.us - off}, there))
         && (received.us == 0 || registered <= calendar_date::of({received.us + off}, there));
}

calendar_date today_in(const std::vector<time_zone>& zones, instant now) {
  // The day is the earliest where clocks show least.
  const auto least = std::min_element(zones.begin(), zones.end());
  return calendar_date::of(now, least == zones.end() ? time_zone{} : *least);
}

} // namespace oaksteel
