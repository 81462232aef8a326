#pragma once
// How commands reach components of another node, and come from there:
//
//   sender -- far_end -- peer_link -- port ~~~ TLS ~~~ port -- peer_door -- near_end -- component
//
// A link stands for the other node: it keeps each command until its answer is there, and sends it again over the next
// connection when one breaks. A door lets a node's commands in: only those of the wires that lead from there to here by
// the configuration (EP-27, EP-30), and each once: what comes again gets the answer that was given. What a component refuses
// it writes into its log, so that a node whose commands are refused again and again has fewer of them taken: nobody fills
// the log of another.

#include "actors/link/allowance.hpp"
#include "actors/link/gate.hpp"
#include "actors/link/peer_end.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <chrono>
#include <deque>
#include <map>

namespace oaksteel {

/// From the port: a connection is there; nothing of an earlier one comes any more.
struct peer_joined {
  message_head head;
  peer_hello peer;
};
/// From the port: it is not any more.
struct peer_left {
  message_head head;
};
/// From the port: a command or an answer, by the id that its sender gave it.
struct peer_heard {
  message_head head;
  std::uint64_t id = 0;
  bytes data;
};
/// From the wiring: commands of this wire go to `near`.
struct wire_offered {
  message_head head;
  wire ends;
  carrier_actor near;
};
/// To itself: the time of a command may be over.
struct peer_due {
  message_head head;
};

// --- the way there -----------------------------------------------------------------------------------------------

using peer_link_actor =
  carrier_actor::extend<caf::reacts_to<peer_joined>, caf::reacts_to<peer_left>, caf::reacts_to<peer_heard>,
                        caf::reacts_to<peer_due>>;

struct peer_link_options {
  std::function<void(peer_message)> send; ///< puts it on the connection; does not block
  std::chrono::seconds answer_within{60}; ///< as long as the KMC waits; then no_answer
};

/// Commands that may wait for their answers at a link, and at a door; beyond it: busy.
inline constexpr std::size_t peer_outstanding_limit = 1024, peer_outstanding_bytes = 64 * 1024 * 1024;

struct peer_link_state {
  static inline const char* name = "peer_link";
  struct asked {
    bytes data;
    std::chrono::steady_clock::time_point until;
    caf::typed_response_promise<carried> answer;
  };

  peer_link_options options;
  bool joined = false;
  std::uint64_t last = 0;
  std::map<std::uint64_t, asked> waiting; ///< ids count up: the first is the oldest
  std::size_t waiting_bytes = 0;
  bool woken = false;
};
peer_link_actor::behavior_type peer_link(peer_link_actor::stateful_pointer<peer_link_state> self,
                                         peer_link_options options);

// --- the way here ------------------------------------------------------------------------------------------------

using peer_door_actor = caf::typed_actor<caf::reacts_to<peer_joined>, caf::reacts_to<peer_heard>,
                                         caf::reacts_to<wire_offered>>;

struct peer_door_options {
  std::function<void(peer_message)> send;                       ///< as above
  std::function<void(refusal, const std::string&)> trouble;     ///< a command that no wire carries, in words
};

/// Commands of a wire that may be refused at once, and then one in each interval. No more are worked on than might all be
/// refused; what is carried out uses none, but for an order that ends incomplete. Beyond it: busy.
inline constexpr std::size_t wire_refusals_limit = peer_outstanding_limit;
inline constexpr std::chrono::seconds wire_refusals_interval{5};

/// Answers that a door keeps, in number and in bytes: as many as may be asked for again.
inline constexpr std::size_t kept_answers_limit = 2 * peer_outstanding_limit, kept_bytes_limit = 32 * 1024 * 1024;

struct peer_door_state {
  static inline const char* name = "peer_door";

  struct way_in {
    carrier_actor near;
    std::size_t working = 0; ///< commands whose answers are not there yet
    allowance refusals{wire_refusals_limit, wire_refusals_interval};
  };

  peer_door_options options;
  std::map<std::pair<std::string, std::string>, way_in> wires; ///< by sender and receiver; none goes
  std::optional<peer_hello> peer;                                     ///< whose ids these are
  std::uint64_t sessions = 0;                                         ///< counts its starts
  std::size_t working = 0;                                            ///< on all wires
  std::map<std::uint64_t, std::optional<bytes>> answers;              ///< by id; nothing yet while it is worked on
  std::deque<std::uint64_t> kept;                                     ///< answered ones, oldest first
  std::size_t kept_bytes = 0;
};
peer_door_actor::behavior_type peer_door(peer_door_actor::stateful_pointer<peer_door_state> self,
                                         peer_door_options options);

} // namespace oaksteel
