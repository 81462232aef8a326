#pragma once
// The reasons that box_disabled gives, for those who write it and those who tell them apart.

#include <string_view>

namespace oaksteel {

/// A custodian took a share out; the event says who.
inline constexpr std::string_view share_taken_out = "share taken out";
/// The process ended; the next one says so.
inline constexpr std::string_view process_restarted = "process restarted";
/// What the shares gave did not open what is sealed (EP-10).
inline constexpr std::string_view nothing_opened = "the quorum of shares opened nothing";

} // namespace oaksteel
