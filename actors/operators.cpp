#include "actors/operators.hpp"

#include "crypto/certificate.hpp"
#include "storage/find_event.hpp"
#include "storage/signed_body.hpp"

namespace oaksteel {
namespace {

using operators_pointer = operators_actor::stateful_pointer<operators_state>;

bool signed_by(const begin_operation& m, const label& node, work_context& w) {
  const auto holder = read_certificate(m.asked.certificate);
  const auto& b = m.body;
  return holder && holder->holder == operator_named(m.asked.operator_name) && b.by == m.asked.operator_name &&
         b.id == m.asked.id && b.node == node &&
         w.proofs.check(holder->key, {"operation", node.text}, m.asked.command.body, m.asked.command.proof);
}

/// What was asked first with this id.
bool same_request(const log_view& view, const std::string& key, const operation_body& body) {
  const auto first = find_event<operation_asked>(view, lookup::operation, key);
  const auto before = first ? decode_body<operation_body>(first->event.command.body) : std::nullopt;
  return before && before->request == body.request && before->attached == body.attached;
}

allowance::time now(const shell& house) {
  return std::chrono::duration_cast<allowance::time>(std::chrono::microseconds{house.around().time->now().us});
}

auto begin(operators_pointer self, const begin_operation& m) {
  auto rp = self->make_response_promise<operation_begun>();
  auto& house = *self->state.house;
  const auto refused = self->state.refusals.try_emplace(m.asked.operator_name, operator_refusals_limit,
                                                        operator_refusals_interval).first;
  if (refused->second.left(now(house)) == 0) {
    rp.deliver(make_error(refusal::busy));
    return rp;
  }
  const auto key = operation_key(m.asked.operator_name, m.asked.id);
  if (m.changes && !self->state.under_way.insert(key).second) {
    rp.deliver(make_error(refusal::busy));
    return rp;
  }
  const auto over = [self, m, key] {
    if (m.changes)
      self->state.under_way.erase(key);
  };
  const command_info info{m.head, m.what, [rp, over](const caf::error& e) mutable {
                            over();
                            rp.deliver(e);
                          }};
  house.submit<operation_check>(
    info,
    [m, node = self->state.node, log = house.around().journal_log, key](work_context& w) {
      return operation_check{signed_by(m, node, w), m.permitted, false, same_request(log->view(), key, m.body)};
    },
    [self, m, key, rp, over](transaction& t, operation_check& check) mutable {
      const auto& around = self->state.house->around();
      const auto tolerance = operator_clock_tolerance_us + around.clock_tolerance.count();
      const auto here = around.time->now().us;
      check.in_time = m.body.time.us >= here - tolerance && m.body.time.us <= here + tolerance;
      const stream_id stream{stream_kind::operation, key};
      const auto events = decide(m.changes ? t.state<operation>(stream) : operation{}, m.asked, check);
      if (!events) {
        auto& st = self->state;
        st.refusals.at(m.asked.operator_name).use(now(*st.house));
        return t.refuse(events.error(), "command " + m.asked.id.text,
                        {{participant_kind::person, m.asked.operator_name.text}});
      }
      if (!m.changes)
        return t.when_durable([rp](const message_head& next) mutable { rp.deliver(operation_begun{next, {}}); });
      const auto& view = around.journal_log->view();
      if (const auto answered = find_event<operation_answered>(view, lookup::answer, key)) {
        over();
        rp.deliver(operation_begun{{}, answered->event.answer});
        return;
      }
      t.apply<operation>(stream, *events);
      // What an interrupted command is done again for has the first one's event as its cause.
      const auto first = view.find(static_cast<std::uint8_t>(lookup::operation), key);
      t.when_durable([rp, first](message_head next) mutable {
        if (first)
          next.cause = next.correlation = {*first, {}};
        rp.deliver(operation_begun{next, {}});
      });
    });
  return rp;
}

auto end(operators_pointer self, const end_operation& m) {
  auto rp = self->make_response_promise<acknowledged>();
  const auto key = operation_key(m.answered.operator_name, m.answered.id);
  const auto failed = [self, key, rp](const caf::error& e) mutable {
    self->state.under_way.erase(key);
    rp.deliver(e);
  };
  self->state.house->submit({m.head, "end operation", failed}, [self, m, key, rp](transaction& t) {
    const stream_id stream{stream_kind::operation, key};
    const auto events = decide(t.state<operation>(stream), m.answered);
    if (!events)
      return t.refuse(events.error(), "command " + m.answered.id.text,
                      {{participant_kind::person, m.answered.operator_name.text}});
    t.apply<operation>(stream, *events);
    if (m.failed)
      self->state.refusals.at(m.answered.operator_name).use(now(*self->state.house));
    t.when_durable([self, key, rp](const message_head& next) mutable {
      self->state.under_way.erase(key);
      rp.deliver(acknowledged{{next}});
    });
  });
  return rp;
}

} // namespace

operators_actor::behavior_type operators(operators_pointer self, label node, surroundings around) {
  self->state.node = std::move(node);
  self->state.house = std::make_unique<shell>("operators", shell_client{self}, around);
  return {
    [self](const work_done& m) { self->state.house->on(m); },
    [self](const append_done& m) { self->state.house->on(m); },
    [self](const command_refused& m) { return note_refusal(self, *self->state.house, m); },
    [self](const begin_operation& m) { return begin(self, m); },
    [self](const end_operation& m) { return end(self, m); },
  };
}

} // namespace oaksteel
