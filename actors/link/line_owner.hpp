#pragma once
// The actor that has one end of a line (EP-26), between a gate and whoever reads and writes the line's bytes:
//
//   PSR -- far_end -- line_owner -- port ~~~ line ~~~ port -- line_owner -- near_end -- meter
//
// At the PSR it carries commands and brings each its answer; at the meter it hands commands to the near end and sends
// the answers. One command is answered once: what comes back for none that is awaited is an error. A command fails with
// no_answer when the line breaks or its time is over; it is not sent again then, since nobody knows what the meter did.
//
// What is wrong on the line itself goes into the error log of whoever uses it (sender_named), and so does what the near end
// refuses: as one event for each kind and interval, with the counts, since whoever is at the other end must not fill a log
// with it (EP-29; gathered_faults.hpp). Nor with what the component itself refuses: after so many refusals no more commands
// are taken for a while (allowance.hpp).

#include "actors/link/allowance.hpp"
#include "actors/link/gate.hpp"
#include "actors/link/gathered_faults.hpp"
#include "actors/link/line_end.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <memory>

namespace oaksteel {

/// From the port: bytes go there and back from now on. Nothing of an earlier connection comes any more.
struct line_began {
  message_head head;
  std::uint64_t connection = 0; ///< the port's number of it
};
/// From the port: they do not any more.
struct line_ended {
  message_head head;
};
/// From the port: another user of this machine came, and was sent away.
struct line_turned_away {
  message_head head;
};
/// From the port: what came. Answered when it is taken, so that a port can wait before it reads more.
struct line_heard {
  message_head head;
  bytes data;
};
/// To itself: something may be due.
struct line_due {
  message_head head;
};

using line_actor =
    carrier_actor::extend<caf::reacts_to<sender_named>, caf::reacts_to<line_began>, caf::reacts_to<line_ended>,
                          caf::reacts_to<line_turned_away>, caf::replies_to<line_heard>::with<acknowledged>,
                          caf::reacts_to<line_due>,
                          caf::replies_to<command_refused>::with<acknowledged>>; // by the near end

struct line_options {
  std::string name;                  ///< of the line, for the error log: `tcp:127.0.0.1:7001`
  std::vector<participant> involved; ///< in its errors
  line_terms terms;
  std::chrono::seconds answer_within{25}; ///< after a command came here; Steel waits 30 s for a meter
  std::function<void(bytes)> write;       ///< puts bytes on the line; does not block
  /// Ends a connection on which nothing is acknowledged; the port begins another.
  std::function<void(std::uint64_t connection)> hang_up;
  std::function<std::uint32_t()> session; ///< another each time (line_end.hpp)
  carrier_actor near;                     ///< who takes commands, at the end before a component; else null
};

/// Commands of the other end that may be at the near end at once; further ones are dropped, and are an error.
inline constexpr std::size_t line_work_limit = 64;
/// Commands that the component may refuse at once, and then one in each interval; further ones are dropped, and are an error.
inline constexpr std::size_t line_refusals_limit = 64;
inline constexpr std::chrono::seconds line_refusals_interval{10};

struct line_state;
line_actor::behavior_type line_owner(line_actor::stateful_pointer<line_state> self, line_options options);

struct line_state {
  static inline const char* name = "line";
  /// A command whose answer is awaited.
  struct asked {
    command what; ///< without its parameters
    bytes data;   ///< until it is on the line
    std::chrono::milliseconds until{0};
    caf::typed_response_promise<carried> answer;
  };

  line_options options;
  std::optional<line_end> end; ///< while the line is there
  component_client log_of;
  std::vector<asked> waiting;
  std::size_t working = 0; ///< commands at the near end
  std::uint64_t connections = 0; ///< that have begun here
  std::uint64_t connection = 0;  ///< the port's number of this one
  std::optional<std::chrono::milliseconds> woken_at; ///< the next line_due
  gathered_faults troubles;
  std::uint64_t tales = 0;
  std::size_t gathered = 0; ///< commands that the near end refuses, not answered yet
  allowance refusals{line_refusals_limit, line_refusals_interval}; ///< by the component
};

} // namespace oaksteel
