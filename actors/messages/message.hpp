#pragma once
// What all messages have in common, and those between an actor and its own shell.

#include "events/ids.hpp"
#include "events/refusal.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <concepts>
#include <optional>
#include <string>
#include <vector>

namespace oaksteel {

/// Where a message comes from: the log keeps it with every event that the message leads to.
struct message_head {
  command_id id;         ///< sender and its count
  reference cause;       ///< the event that led to it, if there is one
  reference correlation; ///< the event that opened the order, likewise

  static auto fields(auto& self, auto take) { return take(self.id, self.cause, self.correlation); }
};

/// The types that may travel between actors: each begins with its head.
template <class T>
concept message_type = requires(T& m) {
  { m.head } -> std::same_as<message_head&>;
};

/// A record with the material that it speaks of: what is signed holds the digest of what is sealed.
struct sealed_record {
  signed_record record;
  bytes sealed;
  bytes tag; ///< under s_B, for MR3 and MO2

  static auto fields(auto& self, auto take) { return take(self.record, self.sealed, self.tag); }
};

/// A worker has answered what the shell asked.
struct work_done {
  message_head head;
  std::uint64_t ticket = 0; ///< 0: nothing was asked, and a time is over (shell_limits::gather)
};
/// The journal has made a batch durable, or could not.
struct append_done {
  message_head head;
  std::uint64_t ticket = 0;
  std::uint64_t first = 0; ///< position of the batch's first event
  std::optional<refusal> failure;
  std::string text; ///< what the storage said
};
/// A command was refused before it reached the component that it was for (actors/link/gate.hpp): the component puts it
/// into its error log, and answers with the refusal when it is durable (EP-29).
struct command_refused {
  message_head head;
  refusal why = refusal::command_malformed;
  std::string what;  ///< the command's name
  std::string about; ///< who sent it to whom
  std::vector<participant> involved;
  std::vector<label> slots; ///< of boxes that are involved too; their ids are in the component's log
  /// Not 0: it was answered, to the command with this code, and the answer is faulty (EP-28, Command Response Error). To
  /// whoever gave it.
  std::uint16_t code = 0;
};
/// Any command that is answered with nothing more than that it was done.
struct acknowledged {
  message_head head;

  static auto fields(auto& self, auto take) { return take(self.head); }
};

} // namespace oaksteel

/// Messages stay in their process: CAF is told not to ask for a wire format. What crosses a line or a network goes in
/// frames of our own (actors/link/).
template <oaksteel::message_type T>
struct caf::allowed_unsafe_message_type<T> : std::true_type {};
