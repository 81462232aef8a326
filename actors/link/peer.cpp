#include "actors/link/peer.hpp"

#include "actors/errors.hpp"
#include "actors/link/any_message.hpp"
#include "actors/link/message_list.hpp"

#include <algorithm>

namespace oaksteel {
namespace {

// --- link --------------------------------------------------------------------------------------------------------

using link_pointer = peer_link_actor::stateful_pointer<peer_link_state>;

void wake(link_pointer self) {
  auto& state = self->state;
  if (state.waiting.empty() || std::exchange(state.woken, true))
    return;
  const auto left = state.waiting.begin()->second.until - self->clock().now();
  self->delayed_send(self, std::max(left, decltype(left){0}), peer_due{});
}

caf::result<carried> carry(link_pointer self, const carried& m) {
  auto& state = self->state;
  if (m.data.size() > peer_message_limit)
    return make_error(refusal::command_malformed);
  if (state.waiting.size() >= peer_outstanding_limit || state.waiting_bytes + m.data.size() > peer_outstanding_bytes)
    return make_error(refusal::busy);
  auto rp = self->make_response_promise<carried>();
  const auto id = ++state.last;
  state.waiting[id] = {m.data, self->clock().now() + state.options.answer_within, rp};
  state.waiting_bytes += m.data.size();
  if (state.joined)
    state.options.send({peer_message_kind::command, id, m.data});
  wake(self);
  return rp;
}

/// Nobody waits for a command any more.
caf::typed_response_promise<carried> taken_out(peer_link_state& state, decltype(state.waiting)::iterator asked) {
  auto promise = std::move(asked->second.answer);
  state.waiting_bytes -= asked->second.data.size();
  state.waiting.erase(asked);
  return promise;
}

void answered(link_pointer self, const peer_heard& m) {
  auto& state = self->state;
  // One that is not awaited came too late, or for the second time: nobody is misled by it.
  if (const auto asked = state.waiting.find(m.id); asked != state.waiting.end())
    taken_out(state, asked).deliver(carried{{}, m.data});
}

void give_up_late(link_pointer self) {
  auto& state = self->state;
  state.woken = false;
  const auto now = self->clock().now();
  while (!state.waiting.empty() && state.waiting.begin()->second.until <= now)
    taken_out(state, state.waiting.begin()).deliver(make_error(refusal::no_answer));
  wake(self);
}

// --- door --------------------------------------------------------------------------------------------------------

using door_pointer = peer_door_actor::stateful_pointer<peer_door_state>;

/// A node that has started again counts its commands from the beginning.
void begin_session(door_pointer self, const peer_hello& peer) {
  auto& state = self->state;
  if (state.peer && state.peer->log == peer.log && state.peer->epoch == peer.epoch)
    return;
  state.peer = peer;
  ++state.sessions;
  state.answers.clear();
  state.kept.clear();
  state.kept_bytes = 0;
}

allowance::time now(door_pointer self) {
  return std::chrono::duration_cast<allowance::time>(self->clock().now().time_since_epoch());
}

/// Whether an answer tells of events that a log has though nothing came of the command.
using in_vain = bool (*)(const bytes& answer);

bool when_refused(const bytes& answer) { return !says_done(answer); }

bool when_refused_or_incomplete(const bytes& answer) {
  if (when_refused(answer))
    return true;
  const auto c = decode_command(answer);
  const auto result = c ? unpack<order_result>(*c) : refuse(c.error());
  return result && !result->outcome.complete;
}

in_vain judge_of(const command& c) {
  if (c.code == line_of<open_order>.code || c.code == line_of<mr1>.code)
    return when_refused_or_incomplete;
  return when_refused;
}

void answer(door_pointer self, peer_door_state::way_in& way, in_vain judge, std::uint64_t session, std::uint64_t id,
            bytes data) {
  auto& state = self->state;
  --state.working;
  --way.working;
  if (judge(data))
    way.refusals.use(now(self));
  if (session != state.sessions)
    return; // whoever asked has ended
  state.options.send({peer_message_kind::answer, id, data});
  state.kept.push_back(id);
  state.kept_bytes += data.size();
  state.answers[id] = std::move(data);
  while (state.kept.size() > kept_answers_limit || state.kept_bytes > kept_bytes_limit) {
    const auto oldest = state.answers.find(state.kept.front());
    state.kept_bytes -= oldest->second->size();
    state.answers.erase(oldest);
    state.kept.pop_front();
  }
}

/// No wire from that node has it, or too many that came over it were refused.
void refuse(door_pointer self, std::uint64_t id, const command& c, refusal why) {
  auto& state = self->state;
  state.options.trouble(why, name_of_message(c.code) + " from " + c.from.text() + " to " + c.to.text());
  state.options.send({peer_message_kind::answer, id, encode(refusal_of(c, why))});
}

void take(door_pointer self, const peer_heard& m) {
  auto& state = self->state;
  if (const auto before = state.answers.find(m.id); before != state.answers.end()) {
    if (before->second)
      state.options.send({peer_message_kind::answer, m.id, *before->second});
    return;
  }
  auto c = decode_command(m.data);
  if (!c)
    return refuse(self, m.id, {}, c.error());
  const auto found = state.wires.find({c->from.text(), c->to.text()});
  if (found == state.wires.end())
    return refuse(self, m.id, *c, refusal::sender_not_permitted);
  auto& way = found->second;
  // No error: it is asked again.
  if (state.working >= peer_outstanding_limit)
    return state.options.send({peer_message_kind::answer, m.id, encode(refusal_of(*c, refusal::busy))});
  if (way.working >= way.refusals.left(now(self)))
    return refuse(self, m.id, *c, refusal::busy);
  ++state.working;
  ++way.working;
  state.answers[m.id] = std::nullopt;
  auto done = [self, &way, judge = judge_of(*c), id = m.id, session = state.sessions](bytes data) {
    answer(self, way, judge, session, id, std::move(data));
  };
  c->parameters.clear(); // a refusal needs none
  self->request(way.near, caf::infinite, carried{{}, m.data})
    .then([done](const carried& back) { done(back.data); },
          [done, asked = *c](const caf::error& e) { done(encode(refusal_of(asked, refusal_in(e)))); });
}

} // namespace

peer_link_actor::behavior_type peer_link(link_pointer self, peer_link_options options) {
  self->state.options = std::move(options);
  return {
    [self](const carried& m) { return carry(self, m); },
    [self](const peer_joined&) {
      auto& state = self->state;
      state.joined = true;
      for (const auto& [id, asked] : state.waiting)
        state.options.send({peer_message_kind::command, id, asked.data});
    },
    [self](const peer_left&) { self->state.joined = false; },
    [self](const peer_heard& m) { answered(self, m); },
    [self](const peer_due&) { give_up_late(self); },
  };
}

peer_door_actor::behavior_type peer_door(door_pointer self, peer_door_options options) {
  self->state.options = std::move(options);
  return {
    [self](const peer_joined& m) { begin_session(self, m.peer); },
    [self](const peer_heard& m) { take(self, m); },
    [self](const wire_offered& m) {
      self->state.wires[{m.ends.from.text(), m.ends.to.text()}].near = m.near;
    },
  };
}

} // namespace oaksteel
