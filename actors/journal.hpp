#pragma once
// The journal: alone with the log's write transaction. While one commit is written, by a thread of its own unless it is
// small, the next is made ready: each order that comes in is judged, encoded and hashed at once. Everything that came
// meanwhile is the next commit, and each client hears of its orders, in their order, by a plain message once they are durable.

#include "actors/actors.hpp"
#include "actors/messages.hpp"
#include "actors/surroundings.hpp"
#include "crypto/note.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <deque>
#include <map>

namespace oaksteel {

/// Append these; the time of each event is set here, so that times grow with positions.
struct append_order {
  message_head head;
  shell_client client;
  std::uint64_t ticket = 0;
  std::uint64_t generation = 0; ///< how often the client has forgotten what it had decided
  std::shared_ptr<append_request> request;
};

struct journal_options {
  log* journal_log = nullptr;
  clock* time = nullptr;
  workers* writer = nullptr;    ///< one thread that does nothing else; null: the actor writes itself, for simulation
  const log_key* key = nullptr; ///< signs a checkpoint each second and when the journal stops; null: none
  bool simulated = false;
  std::size_t commit_limit = 4096; ///< events in one commit, unless one order brings more
  /// Commits of up to so many events the journal writes itself: making others ready meanwhile would save less than
  /// the two changes of threads cost.
  std::size_t small_commit = 16;
  std::function<void(std::uint64_t first, std::uint64_t count)> committed; ///< for who follows the log
  std::function<void(const storage_error&)> failed; ///< a whole commit could not be written
};

struct journal_state {
  /// An order, and what the log said of it.
  struct judged_order {
    append_order order;
    stored<appended> result;
  };

  static inline const char* name = "journal";
  journal_options options;
  std::deque<append_order> waiting;  ///< beyond the limit of the open commit
  std::vector<judged_order> open;    ///< in the open commit, or refused behind one that is
  std::vector<judged_order> closed;  ///< in the commit that is being written
  std::shared_ptr<stored<done>> write; ///< how that ends; null: none is being written
  std::map<caf::actor_id, std::uint64_t> failed; ///< clients, and the generation from which they are heard again
  bool scheduled = false;
  instant checkpointed{};
};

/// Detached in production, so that whoever waits for it waits for nobody else; scheduled in simulation.
journal_actor::behavior_type journal(journal_actor::stateful_pointer<journal_state> self, journal_options options);

} // namespace oaksteel
