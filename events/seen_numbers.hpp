#pragma once
// The highest numbers that somebody has seen: what a node whose log was cut off must stay above (SYS-6). Whatever an event
// names it names as a participant (EP-30), so the participants of a log's records tell all.

#include "events/ids.hpp"

#include <map>
#include <vector>

namespace oaksteel {

struct seen_numbers {
  std::map<domain_id, std::uint64_t> keys; ///< master keys, by domain
  std::map<box_type, std::uint32_t> boxes;
  std::uint64_t orders = 0;
  std::uint32_t epoch = 0; ///< of the writer of the log that is asked about

  void add(const participant& p);
  void add(const seen_numbers& other);
  /// What may have been handed out beyond these: so many of each, of each of the domains.
  void raise_by(std::uint32_t n, const std::vector<domain_id>& domains);
  /// Whether a number is larger by more than `step` than that of `other`.
  bool far_beyond(const seen_numbers& other, std::uint32_t step) const;

  static auto fields(auto& self, auto take) { return take(self.keys, self.boxes, self.orders, self.epoch); }
};

} // namespace oaksteel
