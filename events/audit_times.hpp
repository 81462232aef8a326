#pragma once
// Order of the times in a key's life (EP-18): KMS request, Oak, PSR install, Steel, KMS install, Brass, registration date,
// KMS registration, Brass, KMS obsolete, Brass.

#include "events/ids.hpp"

#include <chrono>
#include <initializer_list>
#include <optional>
#include <vector>

namespace oaksteel {

/// A box's clock when it took up a command, and by how much the clocks of others may differ from it.
struct box_clock {
  instant now;
  std::chrono::microseconds tolerance{0};
};

/// Times that several clocks made, each after the one before it in the key's life: none precedes an earlier one by more
/// than the tolerance. A time that is not known (0) is passed over.
bool in_order(std::initializer_list<instant> times, std::chrono::microseconds tolerance);

/// Two times that one clock made: the second is later. Either may be unknown (0).
bool strictly_later(instant earlier, instant later);

/// By how much clocks may differ; without one, one clock made the times.
using clock_tolerance = std::optional<std::chrono::microseconds>;
/// The second time follows the first: strictly by one clock, else not by more than the tolerance before it.
bool precedes(instant earlier, instant later, clock_tolerance tolerance);

/// A registration date against the times around it: "a date compares as a calendar day in the domain's time zone". Where
/// none is known, as in the logs of earlier programs, the date may be a day off in UTC. Either time may be unknown (0);
/// clocks may differ by the tolerance.
bool day_in_order(instant installed, calendar_date registered, instant received, const std::optional<time_zone>& zone,
                  std::chrono::microseconds tolerance);

/// The earliest and the latest day that it is now in these time zones; in UTC when there are none.
struct days_now {
  calendar_date first, last;
};
days_now today_in(const std::vector<time_zone>& zones, instant now);

} // namespace oaksteel
