#include "actors/computers/computers.hpp"
#include "events/signed_bodies.hpp"
#include "storage/find_event.hpp"
#include "storage/signed_body.hpp"

#include <caf/typed_response_promise.hpp>

namespace oaksteel {
namespace {

using namespace std::chrono_literals;
using kdc_pointer = kdc_actor::stateful_pointer<kdc_state>;

stream_id stream_of_record(const key_id& key) {
  return {stream_kind::distribution, key.text()};
}

std::vector<participant> who(const key_id& key, const sequence_number& meter) {
  return {{participant_kind::key, key.text()}, {participant_kind::meter, meter.text}};
}

/// Tells the Steel box's PSR that a record waits for a meter on its line.
void announce(kdc_pointer self, const message_head& head, const key_id& key, const box_id& steel,
              const sequence_number& meter) {
  auto it = self->state.lines.find(steel);
  if (it != self->state.lines.end())
    tell(self, it->second, record_ready{{self->state.house->next_head(head)}, key, meter});
}

/// Why MI4 is not kept: it goes to the Steel box that Oak made it for, as Oak signed it. One that was kept is what will be
/// handed out, so a forged one must not come before the right one (EP-13b).
std::optional<refusal> unfit(const mi4& m, const std::optional<public_key>& oak, work_context& w) {
  const auto& r = m.record.record;
  const auto body = decode_body<mi4_body>(r.body);
  if (!body)
    return refusal::record_malformed;
  if (body->key != m.key || body->steel != m.steel)
    return refusal::records_disagree;
  if (!oak || !w.proofs.check(*oak, {"record", m.key.domain.text}, r.body, r.proof))
    return refusal::signature_invalid;
  if (body->sealed != sha256(m.record.sealed))
    return refusal::sealed_material_invalid;
  return std::nullopt;
}

auto receive(kdc_pointer self, const mi4& m) {
  auto rp = self->make_response_promise<acknowledged>();
  struct facts {
    std::optional<refusal> problem = refusal::signature_invalid;
  };
  auto oak = self->state.oak_keys.find(self->state.house->around().journal_log->view(), m.key.domain);
  auto answer = [m, oak = std::move(oak)](work_context& w) { return facts{unfit(m, oak, w)}; };
  auto decide_it = [self, rp, m](transaction& t, facts& f) mutable {
    if (!self->state.lines.contains(m.steel))
      f.problem = refusal::box_not_known;
    if (f.problem)
      return t.refuse(*f.problem, m.key.text(), who(m.key, m.meter));
    const install_record_received proposed{m.key, m.steel, m.order, m.meter, m.record.record};
    auto events = decide(t.state<distribution>(stream_of_record(m.key)), proposed);
    if (!events)
      return t.refuse(events.error(), m.key.text(), who(m.key, m.meter));
    t.apply<distribution>(stream_of_record(m.key), std::move(*events), m.record.sealed);
    t.when_durable([self, rp, m](const message_head& next) mutable {
      rp.deliver(acknowledged{{next}});
      announce(self, next, m.key, m.steel, m.meter);
    });
  };
  self->state.house->submit<facts>({m.head, "MI4", fails(rp)}, std::move(answer), std::move(decide_it));
  return rp;
}

/// MI4r: the record goes out once, and the event that says so is durable before it does.
auto hand_out(kdc_pointer self, const mi4r& m) {
  auto rp = self->make_response_promise<mi4_prime>();
  self->state.house->submit({m.head, "MI4r", fails(rp)}, [self, rp, m](transaction& t) mutable {
    const auto stream = stream_of_record(m.key);
    auto events = decide(t.state<distribution>(stream), install_record_handed_out{m.key, m.meter});
    if (!events)
      return t.refuse(events.error(), m.key.text(), who(m.key, m.meter));
    t.apply<distribution>(stream, std::move(*events));
    const auto steel = t.state<distribution>(stream).steel;
    t.when_durable([self, rp, m, stream, steel](const message_head& next) mutable {
      // The record itself lies in the stream behind the event just written.
      const auto view = self->state.house->around().journal_log->view();
      auto received = newest_event<install_record_received>(view, stream, [](const auto&) { return true; });
      if (!received) {
        rp.deliver(make_error(refusal::install_record_not_known));
        return;
      }
      const auto sealed = view.sealed(received->position).value_or(bytes{});
      rp.deliver(mi4_prime{{next}, m.key, steel, {received->event.mi4, sealed, {}}});
    });
  });
  return rp;
}

/// True when Brass of the key's domain signed this end of its distribution: MI10, or MB3 after a failure.
bool confirmed_by_brass(const settle& m, const std::optional<public_key>& brass, work_context& w) {
  const auto mi10 = decode_body<mi10_body>(m.record.body);
  const auto mb3 = decode_body<mb3_body>(m.record.body);
  const bool says_so = m.failure ? mb3 && mb3->key == m.key && mb3->reason == *m.failure : mi10 && mi10->key == m.key;
  if (!says_so)
    return false;
  return brass && w.proofs.check(*brass, {"record", m.key.domain.text}, m.record.body, m.record.proof);
}

auto settle_record(kdc_pointer self, const settle& m) {
  auto rp = self->make_response_promise<acknowledged>();
  struct facts {
    bool valid = false;
  };
  auto brass = self->state.brass_keys.find(self->state.house->around().journal_log->view(), m.key.domain);
  auto answer = [m, brass = std::move(brass)](work_context& w) { return facts{confirmed_by_brass(m, brass, w)}; };
  auto decide_it = [rp, m](transaction& t, facts& f) mutable {
    const std::vector<participant> key{{participant_kind::key, m.key.text()}};
    if (!f.valid)
      return t.refuse(refusal::signature_invalid, m.key.text(), key);
    const auto stream = stream_of_record(m.key);
    auto events = decide(t.state<distribution>(stream), install_record_settled{m.key, m.failure, m.record});
    // A key that failed before its record came here has nothing to settle.
    if (!events && !(m.failure && events.error() == refusal::install_record_not_known))
      return t.refuse(events.error(), m.key.text(), key);
    if (events)
      t.apply<distribution>(stream, std::move(*events));
    t.when_durable([rp](const message_head& next) mutable { rp.deliver(acknowledged{{next}}); });
  };
  self->state.house->submit<facts>({m.head, "settle", fails(rp)}, std::move(answer), std::move(decide_it));
  return rp;
}

/// The KMC asks what became of a key: a record that still lies here goes on its way; else Steel is asked, also about a key that
/// is settled here: a KMC that was restored from a backup has forgotten that.
auto ask(kdc_pointer self, const ask_report& m) {
  auto rp = self->make_response_promise<acknowledged>();
  self->state.house->submit({m.head, "ask report", fails(rp)}, [self, rp, m](transaction& t) mutable {
    const auto record = t.state<distribution>(stream_of_record(m.key));
    const bool was_here = record.key.number != 0 && !record.handed_out; // Steel never had it
    const auto line = self->state.lines.find(m.steel);
    if (!was_here && line == self->state.lines.end())
      return t.refuse(refusal::box_not_known, m.key.text(), who(m.key, m.meter));
    t.when_durable([self, rp, m, record, was_here](const message_head& next) mutable {
      if (!was_here) {
        auto onward = m;
        onward.head = self->state.house->next_head(next);
        rp.delegate(self->state.lines.at(m.steel), std::move(onward));
        return;
      }
      rp.deliver(acknowledged{{next}});
      if (!record.settled)
        announce(self, next, m.key, record.steel, record.meter);
    });
  });
  return rp;
}

} // namespace

kdc_actor::behavior_type key_distribution_computer(kdc_pointer self, kmc_actor kmc, surroundings around) {
  self->state.kmc = std::move(kmc);
  self->state.house = std::make_unique<shell>("kdc", shell_client{self}, around);
  return {
    [self](const work_done& m) { self->state.house->on(m); },
    [self](const append_done& m) { self->state.house->on(m); },
    [self](const command_refused& m) { return note_refusal(self, *self->state.house, m); },
    [self](const psr_connected& m) { self->state.lines[m.steel] = m.psr; },
    [self](const begin_leg& m) {
      auto& house = *self->state.house;
      tell(self, self->state.kmc, mi0{{house.next_head(m.head)}, m.order, m.wanted.domain, m.steel});
      return acknowledged{{house.next_head(m.head)}};
    },
    [self](const mi4& m) { return receive(self, m); },
    [self](const mi4r& m) { return hand_out(self, m); },
    [self](const mi7& m) { return self->delegate(self->state.kmc, m); },
    [self](const ask_report& m) { return ask(self, m); },
    [self](const settle& m) { return settle_record(self, m); },
    [self](const mr1& m) { return self->delegate(self->state.kmc, m); },
  };
}

} // namespace oaksteel
