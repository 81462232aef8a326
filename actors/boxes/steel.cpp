#include "actors/boxes/boxes.hpp"
#include "actors/boxes/installation.hpp"
#include "actors/boxes/record_addresses.hpp"
#include "events/audit_times.hpp"
#include "storage/find_event.hpp"
#include "storage/signed_body.hpp"

namespace oaksteel {
namespace {

/// What a worker found in MI4.
struct opened_record {
  bool disabled = false; ///< the box was, when MI4 came
  install_record_check check;
  mi4_body body;
  secret_handle k;
  std::string test_tokens; ///< Oak's
  commit_codes commit;
  std::shared_ptr<generator> random; ///< for the session with the meter
};

/// EP Fig. 25, step 334: Oak's signature over the body, the body over the ciphertext, the ciphertext to this box.
opened_record open_record(const install_key& m, const box_clock& clock, const domain_ring& ring, work_context& w) {
  opened_record found;
  const auto& signed_part = m.record.record;
  auto body = decode_body<mi4_body>(signed_part.body);
  if (!body || body->key != m.key)
    return found;
  found.body = *body;
  // A PSR stands beside its Steel box: theirs is one clock, and no tolerance is between them (EP-18).
  found.check.in_time = in_order({body->oak_time, m.psr_install, clock.now}, clock.tolerance) && m.psr_install <= clock.now;
  found.check.signature_valid = w.proofs.check(*ring.oak_authentication, {"record", ring.domain.text},
                                               signed_part.body, signed_part.proof);
  if (!found.check.signature_valid || body->sealed != sha256(m.record.sealed))
    return found;
  auto plain = opener{*ring.confidentiality, w.random, ring.unwrapped}.open(
    m.record.sealed, sealed_address(body_type::mi4, body->key, body->oak, body->steel));
  if (!plain || plain->size() != 32 + test_token_number)
    return found;
  const std::span<const std::uint8_t> content{reveal(*plain)};
  found.k = std::make_shared<const secret>(content.first(32));
  found.test_tokens.assign(content.begin() + 32, content.end());
  found.commit = codes_of_commit(*found.k, m.meter, m.key);
  found.random = child_generator(w.random);
  found.check.opened = true;
  return found;
}

/// Sends MI7 on its way; one that says installed goes after the meter's key is committed.
void hand_over(steel_pointer self, const psr_actor& line, const installation_finished& e, const message_head& head,
               caf::typed_response_promise<mi7> rp) {
  auto send = [rp, report = mi7{{head}, e.key, e.mi7}]() mutable { rp.deliver(std::move(report)); };
  if (e.failure)
    send();
  else
    commit_in_meter(self, line, head, e, {send, fails(rp)});
}

/// The end of an attempt: MI7, signed, and durable before anybody hears of it (EP Fig. 25, step 340).
void finish_in(transaction& t, steel_pointer self, const psr_actor& line, const mi7_body& outcome,
               std::optional<commit_codes> commit, caf::typed_response_promise<mi7> rp) {
  auto& box = *self->state.core;
  const installation_finished proposed{outcome.key, box.id(), outcome.meter, outcome.failure,
                                       {encode_body(outcome), {}}, commit};
  auto ring = box.ring(outcome.key.domain);
  auto events = decide(t.state<secure_box>(box.stream()), proposed);
  if (events && !ring)
    return t.refuse(refusal::box_disabled, outcome.key.text(), {{participant_kind::key, outcome.key.text()}});
  if (!events)
    return t.refuse(events.error(), outcome.key.text(), {{participant_kind::key, outcome.key.text()}});
  auto shown = t.apply<secure_box>(box.stream(), std::move(*events), {}, ring->authentication, outcome.key.domain);
  t.when_durable([self, line, rp, shown](const message_head& next) {
    hand_over(self, line, std::get<installation_finished>(*shown.front()), next, rp);
  });
}

void finish(steel_pointer self, const psr_actor& line, const message_head& head, const mi7_body& outcome,
            const commit_codes& codes, caf::typed_response_promise<mi7> rp) {
  self->state.core->house().submit_signing({head, "MI7", fails(rp)}, [self, line, outcome, codes, rp](transaction& t) {
    finish_in(t, self, line, outcome, outcome.failure ? std::nullopt : std::optional{codes}, rp);
  });
}

auto install(steel_pointer self, const install_key& m, const psr_actor& line) {
  auto rp = self->make_response_promise<mi7>();
  auto& core = *self->state.core;
  auto answer = [m, keys = core.lent_ring(m.key.domain), clock = core.house().around().read_clock()](work_context& w) {
    const auto ring = keys.lock();
    return ring ? open_record(m, clock, *ring, w) : opened_record{.disabled = true};
  };
  core.house().submit<opened_record>(
    {m.head, "MI4", fails(rp), true}, std::move(answer), [self, rp, m, line](transaction& t, opened_record& found) mutable {
      auto& box = *self->state.core;
      const attempt_installation command{m.key, found.body.oak, found.body.steel, m.meter, m.psr_install};
      auto events = decide(t.state<secure_box>(box.stream()), command, found.check);
      if (found.disabled || (events && !box.ring(m.key.domain)))
        return t.refuse(refusal::box_disabled, m.key.text(), {{participant_kind::key, m.key.text()}});
      if (!events)
        return t.refuse(events.error(), m.key.text(),
                        {{participant_kind::key, m.key.text()}, {participant_kind::meter, m.meter.text}});
      t.apply<secure_box>(box.stream(), std::move(*events));
      // The attempt is durable before the meter hears of it: at most once rests on that (EP-14).
      t.when_durable([self, rp, m, line, found](const message_head& next) mutable {
        installation_terms terms{self->state.core->id(), found.body.oak, m.key, m.meter,
                                 m.psr_install,          found.k,        found.body.check, found.test_tokens,
                                 found.random};
        install_in_meter(self, line, next, std::move(terms),
                         [self, line, next, codes = found.commit, rp](const mi7_body& outcome) {
                           finish(self, line, next, outcome, codes, rp);
                         });
      });
    });
  return rp;
}

/// The KMC asks what became of a key. One that was never attempted is given up here, so that it cannot be
/// installed later.
auto report(steel_pointer self, const ask_report& m, const psr_actor& line) {
  auto rp = self->make_response_promise<mi7>();
  auto& core = *self->state.core;
  // An attempt that has ended is reported again from the log.
  const auto view = core.house().around().journal_log->view();
  auto before = find_event<installation_finished>(view, lookup::installation, m.key.text());
  if (before && before->event.steel == core.id()) {
    core.repeat({m.head, "ask report", fails(rp)}, m.key,
                [self, line, rp, m, found = std::move(*before)](const message_head&) {
                  hand_over(self, line, found.event, {m.head.id, {found.position, {}}, m.head.correlation}, rp);
                });
    return rp;
  }
  core.house().submit_signing({m.head, "ask report", fails(rp)}, [self, rp, m, line](transaction& t) mutable {
    auto& box = *self->state.core;
    if (m.steel != box.id())
      return t.refuse(refusal::wrong_box, m.key.text(), {{participant_kind::key, m.key.text()}});
    const auto& state = t.state<secure_box>(box.stream());
    auto process = state.processes.find(m.key.domain);
    if (process != state.processes.end() && process->second.open.contains(m.key.number))
      return t.refuse(refusal::installation_open, m.key.text(), {{participant_kind::key, m.key.text()}});
    const mi7_body outcome{refusal::installation_never_begun, m.oak, box.id(), m.key, m.meter, {}, {},
                           box.house().around().time->now()};
    finish_in(t, self, line, outcome, std::nullopt, rp);
  });
  return rp;
}

using attempts = std::vector<std::pair<key_id, sequence_number>>;

attempts open_attempts(const secure_box& box) {
  attempts all;
  for (const auto& [domain, process] : box.processes)
    for (const auto& [number, meter] : process.open)
      all.push_back({{domain, number}, meter});
  return all;
}

/// Attempts that were open when the process ended are closed as failed: nobody knows what the meter did.
void close_attempts(steel_pointer self, transaction& t, const attempts& left) {
  auto& box = *self->state.core;
  for (const auto& [key, meter] : left) {
    const auto& state = t.state<secure_box>(box.stream());
    const auto ring = box.ring(key.domain);
    // Disabled meanwhile: they are closed when the box is enabled again.
    if (!state.enabled || !ring || !state.processes.at(key.domain).open.contains(key.number))
      continue;
    const mi7_body outcome{refusal::installation_interrupted, {box_type::oak, 0}, state.id, key, meter, {}, {},
                           box.house().around().time->now()};
    installation_finished closing{key, state.id, meter, outcome.failure, {encode_body(outcome), {}}};
    t.apply<secure_box, box_event>(box.stream(), {closing}, {}, ring->authentication, key.domain);
  }
}

} // namespace

steel_actor::behavior_type steel_box(steel_pointer self, box_place place, surroundings around, psr_actor line) {
  // Those of now: what is attempted while this becomes durable has a conversation of its own.
  found_box(self, place, around).when_enabled = [self](transaction& t) {
    auto left = open_attempts(t.state<secure_box>(self->state.core->stream()));
    if (left.empty())
      return;
    t.when_durable([self, left = std::move(left)](const message_head& next) {
      self->state.core->house().submit_signing({next, "close_attempts", nullptr}, [self, left](transaction& later) {
        close_attempts(self, later, left);
      });
    });
  };
  return box_behaviour<steel_actor>(
    self, [self, line](const install_key& m) { return install(self, m, line); },
    [self, line](const ask_report& m) { return report(self, m, line); });
}

} // namespace oaksteel
