#pragma once
// Holds the events of a log against the steps of a ceremony's script. Pure: no file, no clock, no secret.

#include "cli/ceremony_words.hpp"
#include "events/event.hpp"

#include <optional>

namespace oaksteel {

/// An event of the log that a ceremony has to do with, and where it stands.
struct ceremony_event {
  std::uint64_t position = 0;
  instant time;
  any_event event;
};
/// Whether an event belongs into the list below. Keys, meters, mail and orders do not.
bool concerns_ceremony(const any_event& event);

/// How a line of the transcript came about.
enum class transcript_kind {
  done,
  out_of_order, ///< a step that was done before or after its turn
  not_done,
  refused,      ///< a box refused a share
  fault,        ///< a command of the ceremony was refused
  generators,   ///< a box found a random generator unfit, or fit again
  restarted,    ///< without a step
  disabled,     ///< without a step
  repeated,     ///< what a step names, once more
  unknown,      ///< what no step names
  otherwise,    ///< a step was done, and the box did not say what the script expects
};
std::string_view name(transcript_kind kind);

struct transcript_line {
  transcript_kind kind = transcript_kind::done;
  bool exception = false;          ///< stands where it happened; else a step of the script, in its place
  std::optional<std::size_t> step; ///< number of the step, from 1; none where none is meant
  std::uint64_t position = 0;      ///< 0: not done
  instant time;
  std::string text;                ///< what the box said, or what is out of the ordinary
};

struct ceremony_transcript {
  std::vector<transcript_line> lines; ///< steps in the script's order, exceptions where they happened
  std::size_t steps = 0, in_order = 0, out_of_order = 0, not_done = 0, exceptions = 0;
  /// After a restart that the script names or that came after its end, boxes were enabled again. No exceptions.
  std::size_t later_restarts = 0, later_shares = 0, later_enabled = 0;

  bool as_written() const { return in_order == steps && exceptions == 0; }
  /// `28 of 28 steps done in order, 2 exceptions`
  std::string verdict() const;
};

/// At most so many events of one log are looked at; a ceremony has some hundred.
inline constexpr std::size_t ceremony_event_limit = 100'000;
/// Steps times events that are compared.
inline constexpr std::size_t comparison_limit = std::size_t{1} << 28;

/// As many steps as possible are taken to be done in order, the earliest events where there is a choice (a longest
/// common subsequence). What is left of the steps is looked for anywhere in the log, and else not done; what is left of
/// the events is an exception. Events behind comparison_limit fit no step that was not done by then.
ceremony_transcript matched(const std::vector<worded_step>& script, const std::vector<ceremony_event>& log);

} // namespace oaksteel
