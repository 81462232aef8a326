#include "scenarios/slow_disk.hpp"

#include "actors/messages.hpp"

#include <caf/actor.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace oaksteel {
namespace {

/// A write, on its way between two actors: one that writes to itself has no other's turn in between.
struct disk_write {
  message_head head; ///< says nothing
  unsigned turns = 0;
  caf::actor other;
  std::function<void()> job;
  worker_client client;
  std::uint64_t ticket = 0;
};
using disk_actor = caf::typed_actor<caf::reacts_to<disk_write>>;

disk_actor::behavior_type disk(disk_actor::pointer self) {
  return {[self](const disk_write& m) {
    if (m.turns > 0) {
      auto later = m;
      --later.turns;
      const auto next = std::exchange(later.other, caf::actor_cast<caf::actor>(self));
      caf::anon_send(next, std::move(later));
      return;
    }
    m.job();
    work_done notice;
    notice.ticket = m.ticket;
    self->send(m.client, std::move(notice));
  }};
}

class disk_workers final : public workers {
public:
  disk_workers(caf::actor_system& system, unsigned turns) : one_(system.spawn(disk)), other_(system.spawn(disk)), turns_(turns) {}
  void run(std::function<void()> job, const worker_client& client, std::uint64_t ticket) override {
    caf::anon_send(one_, disk_write{{}, turns_, caf::actor_cast<caf::actor>(other_), std::move(job), client, ticket});
  }

private:
  disk_actor one_, other_;
  unsigned turns_;
};

} // namespace

std::unique_ptr<workers> slow_disk(caf::actor_system& system, unsigned turns) {
  return std::make_unique<disk_workers>(system, turns);
}

} // namespace oaksteel
