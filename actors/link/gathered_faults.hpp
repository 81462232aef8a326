#pragma once
// Errors that whoever is at a line's other end can cause as often as he likes: told as one event for each kind and
// interval, with counts, so that nobody fills a log with them (EP-29). Knows no clock and no actor, like line_end.hpp.

#include "events/ids.hpp"
#include "events/refusal.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace oaksteel {

class gathered_faults {
public:
  using time = std::chrono::milliseconds; ///< since any beginning

  /// The first interval. While errors go on the next is twice as long, up to the last.
  static constexpr time first_interval{3000}, last_interval{600'000};
  /// Things that are counted by name in one event, and participants in it; further things are counted together.
  static constexpr std::size_t names_limit = 16;

  struct tale {
    std::string command; ///< `frames`
    refusal why = refusal::command_malformed;
    std::string about; ///< what it was and how often: `outside 12, broken 3`
    std::vector<participant> involved;
  };

  void add(const std::string& command, refusal why, const std::string& what, time now, std::uint64_t count = 1,
           const std::vector<participant>& involved = {});
  /// When take() is to be called.
  std::optional<time> due() const { return tell_at_; }
  /// What was gathered, when its time has come.
  std::vector<tale> take(time now);

private:
  struct burst {
    std::map<std::string, std::uint64_t> counts;
    std::vector<participant> involved;
  };
  std::map<std::pair<std::string, refusal>, burst> bursts_;
  std::optional<time> tell_at_;
  time interval_{0};
};

} // namespace oaksteel
