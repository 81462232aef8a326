#pragma once
// What was done, read from events: each is an act that a step can name, or out of the ordinary whatever the script is.

#include "cli/ceremony_matching.hpp"

namespace oaksteel {

/// Something that was done, in the terms of a step; `source` is left out.
struct ceremony_deed {
  std::optional<ceremony_step> act; ///< none: no step can name it
  transcript_kind otherwise = transcript_kind::unknown; ///< what it is when no step fits
  std::uint64_t position = 0;
  instant time;
  std::string said;     ///< what the box said
  std::string told;     ///< the same for somebody who has no script beside it
  bool enabled = false; ///< the share made the quorum whole
  /// A share for a box that was enabled when the process ended: the restart, by its place among the deeds.
  std::optional<std::size_t> after_restart;
};

/// In the order of the log. A box that becomes enabled belongs to its share, boxes that a restart disabled to that.
std::vector<ceremony_deed> deeds_in(const std::vector<ceremony_event>& log);

} // namespace oaksteel
