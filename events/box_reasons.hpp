#pragma once
// The reasons that box_disabled gives, for those who write it and those who tell them apart.

#include "events/ids.hpp"

namespace oaksteel {

/// This custodian took his share out.
inline std::string taken_out(const label& custodian) {
  return "share of " + custodian.text + " taken out";
}
/// The process ended; the next one says so.
inline constexpr std::string_view process_restarted = "process restarted";
/// What the shares gave did not open what is sealed (EP-10).
inline constexpr std::string_view nothing_opened = "the quorum of shares opened nothing";

} // namespace oaksteel
