#pragma once
// What a node remembers of another one: with which log it came last, and which logs it had before. A node whose directory
// was lost comes back with a new log that names its parents; from then on the earlier ones count for nothing, for whoever
// still writes them is an old copy (SYS-6).

#include "events/ids.hpp"
#include "events/refusal.hpp"

#include <string>
#include <variant>
#include <vector>

namespace oaksteel {

/// The node came with a log, or a start of it, that it had not come with before.
struct neighbour_met {
  std::string node;
  digest log;
  std::uint32_t epoch = 0;
  std::vector<digest> parents; ///< logs before that one, nearest first

  static auto fields(auto& self, auto take) { return take(self.node, self.log, self.epoch, self.parents); }
};
using neighbour_event = std::variant<neighbour_met>;

struct neighbour {
  digest log; ///< zeros before the first meeting
  std::uint32_t epoch = 0;         ///< of that log, the newest
  std::vector<digest> earlier;     ///< logs that count for nothing any more, newest first
  std::uint32_t earlier_epoch = 0; ///< the highest of theirs

  static auto fields(auto& self, auto take) { return take(self.log, self.epoch, self.earlier, self.earlier_epoch); }
};

/// Earlier logs that are remembered. A log is forgotten before its children are, and one whose parents are not known is
/// refused, so that nothing can be won by making many.
inline constexpr std::size_t earlier_logs_limit = 64;

/// Starts of a node between two meetings, at most: whoever has its certificate can claim that it has started again, and what
/// he claims counts against the node.
inline constexpr std::uint32_t start_step_limit = 100'000;

/// No event when it came with the same before. peer_log_superseded: an earlier log, or an earlier start of this one;
/// peer_log_unrelated: a log that no log of this node is a
/// parent of, or a start that is too far beyond those that are known.
decision<neighbour_event> decide(const neighbour& state, const neighbour_met& proposed);
void evolve(neighbour& state, const neighbour_met& e);

} // namespace oaksteel
