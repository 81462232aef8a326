#pragma once
// The node's record of what operators ask over the network (SYS-6): who asked, whether he may, and what he was answered.
// It comes before the work and after it; the work itself is node/operations.hpp's.

#include "actors/actors.hpp"
#include "actors/link/allowance.hpp"
#include "actors/messages.hpp"
#include "actors/shell.hpp"
#include "events/operation.hpp"
#include "events/operator_role.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <map>
#include <set>

namespace oaksteel {

/// Commands of an operator that may be refused, or come to nothing, at once, and then one in each interval; beyond it he hears "busy", and nothing is
/// noted: what is refused fills nobody's log.
inline constexpr std::size_t operator_refusals_limit = 256;
inline constexpr std::chrono::seconds operator_refusals_interval{5};

/// An operator's command has come. The certificate was found good when he connected.
struct begin_operation {
  message_head head;
  operation_asked asked;
  operation_body body; ///< what `asked` says
  std::string what;    ///< the name of what is asked, for the error log
  bool permitted = false;
  bool changes = true; ///< else nothing is noted of a command that is permitted
};
/// It may be worked on; what follows from it has this head's cause and correlation.
struct operation_begun {
  message_head head;
  std::optional<std::string> answer; ///< it was answered before: so it was
};
/// It was worked on. The answer may leave when this is acknowledged.
struct end_operation {
  message_head head;
  operation_answered answered;
  bool failed = false; ///< it came to nothing
};

using operators_actor = component_client::extend<caf::replies_to<begin_operation>::with<operation_begun>,
                                                 caf::replies_to<end_operation>::with<acknowledged>>;

struct operators_state {
  static inline const char* name = "operators";

  label node;
  std::unique_ptr<shell> house;
  std::map<label, allowance> refusals; ///< of each operator
  std::set<std::string> under_way; ///< operation_key of what has begun and not ended since the node started
};

/// `node` is the one that commands must be for. A command that is under way is refused as busy when it comes again.
operators_actor::behavior_type operators(operators_actor::stateful_pointer<operators_state> self, label node,
                                         surroundings around);

} // namespace oaksteel
