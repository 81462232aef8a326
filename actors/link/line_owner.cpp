#include "actors/link/line_owner.hpp"

#include "actors/errors.hpp"

#include <caf/result.hpp>
#include <caf/typed_response_promise.hpp>

#include <algorithm>

namespace oaksteel {
namespace {

using namespace std::chrono_literals;
using time = std::chrono::milliseconds;
using line_pointer = line_actor::stateful_pointer<line_state>;

/// What errors are of: the line, or what came over it.
constexpr auto of_frames = "frames", of_commands = "commands", of_connections = "connections";

time now(line_pointer self) { return std::chrono::duration_cast<time>(self->clock().now().time_since_epoch()); }

/// Has line_due come at the first thing that is due.
void wake(line_pointer self) {
  auto& state = self->state;
  auto first = state.troubles.due();
  const auto also = [&](const std::optional<time>& due) {
    if (due && (!first || *due < *first))
      first = due;
  };
  if (state.end)
    also(state.end->due());
  for (const auto& one : state.waiting)
    also(one.until);
  if (!first || (state.woken_at && *state.woken_at <= *first))
    return;
  state.woken_at = first;
  self->delayed_send(self, std::max(time{0}, *first - now(self)), line_due{});
}

void trouble(line_pointer self, refusal why, const std::string& what, std::uint64_t count = 1) {
  self->state.troubles.add(of_frames, why, what, now(self), count);
}

/// Into the error log of whoever uses the line (EP-29).
void tell_troubles(line_pointer self) {
  auto& state = self->state;
  for (const auto& tale : state.troubles.take(now(self))) {
    auto involved = state.options.involved;
    for (const auto& one : tale.involved)
      if (std::ranges::find(involved, one) == involved.end())
        involved.push_back(one);
    const command_refused fault{{{state.options.name, ++state.tales}, {}, {}}, tale.why, tale.command, tale.about,
                                std::move(involved), {}};
    if (state.log_of)
      self->request(state.log_of, caf::infinite, fault).then([](const acknowledged&) {}, [](const caf::error&) {});
  }
}

void fail_if(line_pointer self, refusal why, const std::function<bool(const line_state::asked&)>& hit) {
  auto& waiting = self->state.waiting;
  const auto gone = std::stable_partition(waiting.begin(), waiting.end(), [&](const auto& one) { return !hit(one); });
  std::vector<line_state::asked> failed{std::make_move_iterator(gone), std::make_move_iterator(waiting.end())};
  waiting.erase(gone, waiting.end());
  for (auto& one : failed)
    one.answer.deliver(make_error(why));
}

bool on_line(const line_state::asked& one) { return one.data.empty(); }

/// What is awaited when the line breaks is lost: the meter may have heard it or not.
void lose_answers(line_pointer self, const std::string& how) {
  const auto lost = static_cast<std::uint64_t>(std::ranges::count_if(self->state.waiting, on_line));
  if (lost > 0)
    trouble(self, refusal::no_answer, how + ", commands lost", lost);
  fail_if(self, refusal::no_answer, on_line);
}

void put_on_line(line_pointer self, line_state::asked& one) {
  if (!self->state.end->send(std::move(one.data), now(self)))
    one.until = now(self); // too much waits to be sent
  one.data.clear();
}

// --- what came ---------------------------------------------------------------------------------------------------

/// An answer, at the end that asks.
void take_answer(line_pointer self, bytes data) {
  auto& waiting = self->state.waiting;
  const auto c = decode_command(data);
  if (!c)
    return trouble(self, refusal::command_malformed, "answer that cannot be read");
  const auto asked = std::ranges::find_if(waiting, [&](const line_state::asked& one) {
    return on_line(one) && one.what.request == c->request && one.what.from == c->to && one.what.to == c->from;
  });
  if (asked == waiting.end() || c->kind == command_kind::command)
    return trouble(self, refusal::sender_not_permitted, "answer that nobody awaits");
  auto promise = std::move(asked->answer);
  waiting.erase(asked);
  promise.deliver(carried{{}, std::move(data)});
}

void flush(line_pointer self);

/// What the component refuses it writes into its log itself, each by itself.
void count_refusal(line_pointer self, const bytes& answer) {
  auto& state = self->state;
  if (says_done(answer))
    return;
  if (state.gathered > 0)
    --state.gathered; // of the near end
  else
    state.refusals.use(now(self));
}

/// A command, at the end before a component. Its answer goes to nobody when the line has begun anew meanwhile.
void take_command(line_pointer self, bytes data) {
  auto& state = self->state;
  // Each that is worked on may be refused.
  if (state.working >= std::min(line_work_limit, state.refusals.left(now(self))))
    return trouble(self, refusal::busy, "command too many");
  ++state.working;
  self->request(state.options.near, caf::infinite, carried{{}, std::move(data)})
      .then(
          [self, connection = state.connections](const carried& answer) {
            auto& later = self->state;
            --later.working;
            count_refusal(self, answer.data);
            if (!later.end || later.connections != connection || answer.data.empty())
              return;
            if (!later.end->send(answer.data, now(self)))
              trouble(self, refusal::busy, "answer too long or too many");
            flush(self);
          },
          [self](const caf::error&) { --self->state.working; });
}

/// After anything was given to the end: what it has to write and to say.
void flush(line_pointer self) {
  auto& state = self->state;
  if (!state.end)
    return wake(self);
  while (auto data = state.end->delivered()) {
    if (state.options.near)
      take_command(self, std::move(*data));
    else
      take_answer(self, std::move(*data));
  }
  if (auto out = state.end->to_write(); !out.empty())
    state.options.write(std::move(out));
  for (const auto& [error, count] : state.end->errors())
    trouble(self, refusal::frame_malformed, std::string{name(error)}, count);
  if (state.end->broke()) {
    if (state.options.near)
      trouble(self, refusal::no_answer, "not acknowledged, answers lost");
    lose_answers(self, "not acknowledged");
    state.options.hang_up(state.connection);
  }
  wake(self);
}

// --- what is asked -------------------------------------------------------------------------------------------------

auto carry(line_pointer self, const carried& m) {
  auto rp = self->make_response_promise<carried>();
  auto& state = self->state;
  auto c = decode_command(m.data);
  if (!c || m.data.size() > state.options.terms.largest) {
    rp.deliver(make_error(refusal::command_malformed));
    return rp;
  }
  // Nobody answers a complaint (gate.cpp).
  if (c->kind == command_kind::response_error) {
    if (state.end)
      state.end->send(m.data, now(self));
    rp.deliver(carried{});
    flush(self);
    return rp;
  }
  if (state.waiting.size() >= state.options.terms.waiting) {
    rp.deliver(make_error(refusal::busy));
    return rp;
  }
  c->parameters.clear();
  state.waiting.push_back({std::move(*c), m.data, now(self) + state.options.answer_within, rp});
  if (state.end)
    put_on_line(self, state.waiting.back());
  flush(self);
  return rp;
}

void began(line_pointer self, std::uint64_t connection) {
  auto& state = self->state;
  lose_answers(self, "line began anew");
  ++state.connections;
  state.connection = connection;
  state.end.emplace(state.options.terms, state.options.session());
  for (auto& one : state.waiting)
    put_on_line(self, one);
  flush(self);
}

void ended(line_pointer self) {
  self->state.end = std::nullopt;
  lose_answers(self, "line ended");
  wake(self);
}

void heard(line_pointer self, const bytes& data) {
  if (self->state.end)
    self->state.end->received(data, now(self));
  flush(self);
}

void due(line_pointer self) {
  auto& state = self->state;
  const auto at = now(self);
  state.woken_at = std::nullopt;
  if (state.end)
    state.end->tick(at);
  const auto overdue = [at](const line_state::asked& one) { return one.until <= at; };
  if (const auto late = std::ranges::count_if(state.waiting, overdue); late > 0)
    trouble(self, refusal::no_answer, "no answer in time", static_cast<std::uint64_t>(late));
  fail_if(self, refusal::no_answer, overdue);
  tell_troubles(self);
  flush(self);
}

} // namespace

line_actor::behavior_type line_owner(line_pointer self, line_options options) {
  self->state.options = std::move(options);
  return {
      [self](const carried& m) { return carry(self, m); },
      [self](const sender_named& m) { self->state.log_of = m.sender; },
      [self](const line_began& m) { began(self, m.connection); },
      [self](const line_ended&) { ended(self); },
      [self](const line_turned_away&) {
        self->state.troubles.add(of_connections, refusal::sender_not_permitted, "another user of this machine", now(self));
        wake(self);
      },
      [self](const line_heard& m) {
        heard(self, m.data);
        return acknowledged{};
      },
      [self](const line_due&) { due(self); },
      // Its sender hears of it now, the error log with the rest.
      [self](const command_refused& m) -> caf::result<acknowledged> {
        ++self->state.gathered;
        self->state.troubles.add(of_commands, m.why, m.what, now(self), 1, m.involved);
        wake(self);
        return make_error(m.why);
      },
  };
}

} // namespace oaksteel
