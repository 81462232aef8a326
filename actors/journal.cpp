#include "actors/journal.hpp"

#include "storage/checkpoint.hpp"

#include <chrono>

namespace oaksteel {
namespace {

using self_pointer = journal_actor::stateful_pointer<journal_state>;

void answer(self_pointer self, const append_order& order, const stored<appended>& result) {
  append_done notice;
  notice.ticket = order.ticket;
  if (result) {
    notice.first = result->first;
  } else {
    self->state.failed[order.client.id()] = order.generation + 1;
    notice.failure = refusal::storage_failed;
    notice.text = result.error().text;
  }
  self->send(order.client, std::move(notice));
}

instant wall_time() {
  using namespace std::chrono;
  return {duration_cast<microseconds>(steady_clock::now().time_since_epoch()).count()};
}

/// At most each second of real time; a checkpoint is no part of the record.
void write_checkpoint_when_due(journal_state& state, bool now) {
  if (!state.options.key)
    return;
  if (!now && wall_time().us - state.checkpointed.us < 1'000'000)
    return;
  state.checkpointed = wall_time();
  // A checkpoint that cannot be written leaves the older one, which stays true.
  const auto& site = *state.options.journal_log;
  write_checkpoint(site.directory(), site.id(), state.options.simulated, site.position(), *state.options.key);
}

/// True for what was decided on something that was not written: it must not become durable after all.
bool rests_on_a_failure(const journal_state& state, const append_order& order) {
  auto it = state.failed.find(order.client.id());
  return it != state.failed.end() && order.generation < it->second;
}

/// What goes into the next commit: everything that waits, up to the limit.
std::vector<append_order> take_orders(self_pointer self) {
  auto& state = self->state;
  std::vector<append_order> orders;
  std::size_t count = 0;
  while (!state.waiting.empty()) {
    const auto more = state.waiting.front().request->events.size();
    if (!orders.empty() && count + more > state.options.commit_limit)
      break;
    auto order = std::move(state.waiting.front());
    state.waiting.pop_front();
    state.events -= more;
    if (rests_on_a_failure(state, order)) {
      const storage_error rests{storage_code::version_conflict, "what it rests on was not written"};
      answer(self, order, unexpected{rests});
      continue;
    }
    count += more;
    orders.push_back(std::move(order));
  }
  state.seen = 0;
  return orders;
}

void commit(self_pointer self) {
  auto& state = self->state;
  const auto orders = take_orders(self);
  if (orders.empty())
    return;
  std::vector<const append_request*> requests;
  std::uint64_t count = 0;
  for (auto& order : orders) {
    for (auto& event : order.request->events)
      event.time = state.options.time->now();
    count += order.request->events.size();
    requests.push_back(order.request.get());
  }
  auto results = state.options.journal_log->append(requests);
  for (std::size_t i = 0; i < orders.size(); ++i)
    answer(self, orders[i], results ? (*results)[i] : stored<appended>{unexpected{results.error()}});
  if (!results) {
    if (state.options.failed)
      state.options.failed(results.error());
    return;
  }
  if (state.options.committed && count > 0) {
    const auto size = state.options.journal_log->position().size;
    state.options.committed(size + 1 - count, count);
  }
  write_checkpoint_when_due(state, false);
}

} // namespace

journal_actor::behavior_type journal(self_pointer self, journal_options options) {
  self->state.options = std::move(options);
  self->attach_functor([self] { write_checkpoint_when_due(self->state, true); });
  return {
    [self](const append_order& order) {
      self->state.waiting.push_back(order);
      self->state.events += order.request->events.size();
      if (!std::exchange(self->state.scheduled, true))
        self->send(self, caf::ok_atom::value);
    },
    // Group commit: as long as the mailbox brought more since the last look, look again.
    [self](caf::ok_atom) {
      auto& state = self->state;
      if (state.events != state.seen && state.events < state.options.commit_limit) {
        state.seen = state.events;
        self->send(self, caf::ok_atom::value);
        return;
      }
      commit(self);
      state.scheduled = !state.waiting.empty();
      if (state.scheduled)
        self->send(self, caf::ok_atom::value);
    },
  };
}

} // namespace oaksteel
