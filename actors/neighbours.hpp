#pragma once
// What a node notes of other nodes: with which log they came, what they introduced, who was not let in (SYS-6, EP-29).

#include "actors/actors.hpp"
#include "actors/link/allowance.hpp"
#include "actors/link/gathered_faults.hpp"
#include "actors/link/peer_end.hpp"
#include "actors/messages.hpp"
#include "actors/shell.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace oaksteel {

/// From the port or a door: a peer was not let in, was sent away, or sent a command that no wire carries.
struct peer_refused {
  message_head head;
  refusal why = refusal::peer_not_certified;
  std::string who; ///< a node's name, or an address
  std::string about;
  std::string holder; ///< whose certificate was shown, if the authority signed it: `node:factory`; else empty
};
/// To itself: what was gathered is due.
struct refusals_due {
  message_head head;
};
/// From the node's own operator, who asked another node: whom the boxes here are to believe, and a domain's keys.
struct introduce_authority {
  message_head head;
  authority_introduced told;
  std::optional<fingerprint> expected; ///< the domain key set that alone is believed
};
struct introduce_domain {
  message_head head;
  domain_introduced told;
};

/// From the port: a node is there with this log. `admit` hears when that is on record, or why it may not come.
struct peer_came {
  message_head head;
  std::string node;
  peer_hello hello;
  std::function<void(std::optional<refusal> why)> admit;
};

using neighbours_actor =
  component_client::extend<caf::reacts_to<peer_refused>, caf::reacts_to<refusals_due>, caf::reacts_to<peer_came>,
                           caf::replies_to<introduce_authority>::with<acknowledged>,
                           caf::replies_to<introduce_domain>::with<acknowledged>>;

/// Logs and starts of one node that are put on record at once, and then one in each interval; beyond it: busy. A node that
/// is killed and started again and again stays below.
inline constexpr std::size_t meetings_limit = 32;
inline constexpr std::chrono::seconds meetings_interval{10};

/// Holders whose faults are gathered apart; those of further ones, with the strangers'.
inline constexpr std::size_t holders_limit = 256;

struct neighbours_state {
  static inline const char* name = "neighbours";

  std::unique_ptr<shell> house;
  /// Not noted yet, by holder; strangers under "". So nobody can hold back what is to be told of another.
  std::map<std::string, gathered_faults> refusals;
  std::map<std::string, allowance> meetings; ///< by node
  std::optional<gathered_faults::time> wakes_at;
  std::uint64_t notes = 0;
};

neighbours_actor::behavior_type neighbours(neighbours_actor::stateful_pointer<neighbours_state> self,
                                           surroundings around);

} // namespace oaksteel
