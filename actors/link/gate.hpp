#pragma once
// Both ends of a wire between two components that are not in one process, or must not take each other's word:
//
//   sender -- far_end -- carrier ... carrier -- near_end -- component
//
// A far end stands for a component that is somewhere else: it takes that component's messages and writes each as a
// command (Level 2). A near end stands before a component: it reads a command, holds it against the component's command
// table and the configuration and record tables (Levels 2 and 3), and only then hands the component a message. Whatever
// carries the bytes between them knows nothing of messages.
//
// What is refused at an end goes into the error log of the component behind it, and then back to whoever sent it
// (EP-29).
//
// Between two logs an end says of which log the positions in a head are, and takes what the other says of them for what
// it is, a claim: it stands in the records that follow from it and nothing rests on it but what an auditor finds there.

#include "actors/actors.hpp"
#include "actors/link/command.hpp"
#include "actors/link/configuration_table.hpp"
#include "storage/log.hpp"

#include <caf/actor.hpp>

namespace oaksteel {

/// A command or an answer as bytes.
struct carried {
  message_head head; ///< says nothing
  bytes data;
};

/// Takes a command to the other end and brings its answer. Fails with no_answer when none will come.
using carrier_actor = caf::typed_actor<caf::replies_to<carried>::with<carried>>;

/// Who is at the two ends, as the commands between them say it (EP-30).
struct wire {
  party from; ///< who sends commands
  party to;   ///< who answers
  bool any_of_its_kind = false; ///< commands may come from each component of the kind of `from`, by whatever name
  const log* own_log = nullptr; ///< of this end, where the other has another one (message_head)

  bool comes_from(const party& p) const { return any_of_its_kind ? p.part == from.part : p == from; }
};

/// To a far end, from the wiring: who uses it, and keeps what is wrong with answers in its error log.
struct sender_named {
  message_head head;
  component_client sender;
};

/// Commands of one wire that may wait for their answers; beyond it: busy.
inline constexpr std::size_t outstanding_limit = 1024;

/// Keeps what a near end refuses.
using fault_keeper = caf::typed_actor<caf::replies_to<command_refused>::with<acknowledged>>;

/// Whose error log has it.
enum class refused_to {
  component, ///< that of the component, durable before the sender hears of it
  carrier,   ///< of whoever brought the command (fault_keeper), who gathers: at the end of a line anybody may stand
};

/// The end before `component`, which takes the commands of `ends.to` and has an error log (component_client).
carrier_actor near_end(caf::actor_system& system, const caf::actor& component, wire ends, configuration_table known,
                       refused_to keeper = refused_to::component);

/// Stands for the component that `carrier` leads to. It may be told who uses it (sender_named). An answer that a stranger
/// brings to it (carried) is refused. The sender may say what was wrong in the content of an answer (command_refused).
caf::actor far_end(caf::actor_system& system, carrier_actor carrier, wire ends, configuration_table known);

} // namespace oaksteel
