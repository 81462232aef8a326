#include "actors/journal.hpp"

#include "storage/checkpoint.hpp"

#include <chrono>

namespace oaksteel {
namespace {

using journal_pointer = journal_actor::stateful_pointer<journal_state>;

/// The client's later orders may rest on this one: they are refused until it says that it knows.
void remember_failure(journal_state& state, const append_order& order) {
  state.failed[order.client.id()] = order.generation + 1;
}

/// True for what was decided on something that was not written: it must not become durable after all.
bool rests_on_a_failure(const journal_state& state, const append_order& order) {
  auto it = state.failed.find(order.client.id());
  return it != state.failed.end() && order.generation < it->second;
}

void answer_order(journal_pointer self, const append_order& order, const stored<appended>& result) {
  append_done notice;
  notice.ticket = order.ticket;
  if (result) {
    notice.first = result->first;
  } else {
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

stored<appended> judge(journal_state& state, const append_order& order) {
  if (rests_on_a_failure(state, order))
    return unexpected{storage_error{storage_code::version_conflict, "what it rests on was not written"}};
  for (auto& event : order.request->events)
    event.time = state.options.time->now();
  return state.options.journal_log->stage(*order.request);
}

/// Takes what waits into the open commit, up to its limit.
void stage(journal_state& state) {
  auto& log = *state.options.journal_log;
  while (!state.waiting.empty()) {
    auto& order = state.waiting.front();
    if (log.staged() > 0 && log.staged() + order.request->events.size() > state.options.commit_limit)
      return;
    auto result = judge(state, order);
    if (!result)
      remember_failure(state, order);
    state.open.push_back({std::move(order), std::move(result)});
    state.waiting.pop_front();
  }
}

/// Has the open commit written, unless one is being written.
void start_write(journal_pointer self) {
  auto& state = self->state;
  auto& log = *state.options.journal_log;
  stage(state);
  if (state.write || log.staged() == 0)
    return;
  const bool small = log.staged() <= state.options.small_commit;
  state.closed = std::exchange(state.open, {});
  log.close();
  state.write = std::make_shared<stored<done>>(done{});
  if (!state.options.writer || small) {
    *state.write = log.write();
    self->send(self, work_done{});
    return;
  }
  // The writer holds the requests: they live until it ends, also when the actor does not.
  std::vector<std::shared_ptr<append_request>> requests;
  for (const auto& one : state.closed)
    requests.push_back(one.order.request);
  state.options.writer->run([&log, requests = std::move(requests), result = state.write] { *result = log.write(); },
                            self, 0);
  stage(state);
}

/// What was refused is told when nothing of its client's is still being written: clients hear in order.
void answer_refused(journal_pointer self) {
  if (!self->state.write)
    for (const auto& refused : std::exchange(self->state.open, {}))
      answer_order(self, refused.order, refused.result);
}

void written(journal_pointer self) {
  auto& state = self->state;
  const auto result = std::exchange(state.write, nullptr);
  const auto orders = std::exchange(state.closed, {});
  const auto before = state.options.journal_log->size();
  state.options.journal_log->settle(result->has_value());
  if (!*result) {
    // What was staged behind it is judged again.
    for (const auto& one : orders)
      remember_failure(state, one.order);
    for (auto one = state.open.rbegin(); one != state.open.rend(); ++one)
      state.waiting.push_front(std::move(one->order));
    state.open.clear();
  }
  start_write(self);
  for (const auto& one : orders)
    answer_order(self, one.order, *result ? one.result : stored<appended>{unexpected{result->error()}});
  answer_refused(self);
  if (!*result && state.options.failed)
    state.options.failed(result->error());
  if (*result && state.options.committed)
    state.options.committed(before + 1, state.options.journal_log->size() - before);
  write_checkpoint_when_due(state, false);
}

} // namespace

journal_actor::behavior_type journal(journal_pointer self, journal_options options) {
  self->state.options = std::move(options);
  self->attach_functor([self] { write_checkpoint_when_due(self->state, true); });
  return {
    [self](const work_done&) { written(self); },
    [self](const append_order& order) {
      auto& state = self->state;
      state.waiting.push_back(order);
      if (state.write)
        stage(state);
      else if (!std::exchange(state.scheduled, true))
        self->send(self, caf::ok_atom::value);
    },
    // Behind everything that was in the mailbox.
    [self](caf::ok_atom) {
      self->state.scheduled = false;
      start_write(self);
      answer_refused(self);
    },
  };
}

} // namespace oaksteel
