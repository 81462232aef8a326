#pragma once
// A bad line as a process: relays bytes between two ends, with faults (actors/link/noisy_line.hpp).

#include "actors/link/noisy_line.hpp"
#include "node/line_address.hpp"
#include "storage/log.hpp"

#include <functional>

namespace oaksteel {

/// Two ends and what happens between them. A TCP end is listened at or connected to; a path is an existing terminal
/// device, or where there is none the name of a pseudo-terminal that is made; an empty address is a pseudo-terminal
/// without a name.
struct noise_setup {
  line_address between; ///< listens where it is TCP: a meter connects to it
  line_address and_to;  ///< connects where it is TCP: to a node
  line_faults faults;
  std::uint64_t seed = 0;
  std::optional<std::uint64_t> cut_after; ///< bytes, both ways together; nothing passes from then on
};

struct noise_result {
  std::uint64_t bytes_there = 0, bytes_back = 0; ///< that came, from `between` and from `and_to`
  fault_counts faults;
  bool cut = false;
};

/// Relays until SIGTERM or SIGINT; `ready` hears what others open of a pseudo-terminal that was made.
stored<noise_result>
relay_noise(const noise_setup& setup,
            const std::function<void(const std::string& between, const std::string& and_to)>& ready);

} // namespace oaksteel
