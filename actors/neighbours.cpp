#include "actors/neighbours.hpp"

#include "crypto/merkle.hpp"
#include "events/neighbour.hpp"
#include "events/signed_bodies.hpp"
#include "storage/signed_body.hpp"

#include <chrono>

namespace oaksteel {
namespace {

using neighbours_pointer = neighbours_actor::stateful_pointer<neighbours_state>;

/// Of what a stranger says, or causes to be said, so much is noted.
constexpr std::size_t text_limit = 160;

const stream_id authority_stream{stream_kind::authority, "authority"};

gathered_faults::time now(neighbours_pointer self) {
  return std::chrono::duration_cast<gathered_faults::time>(self->clock().now().time_since_epoch());
}

void wake(neighbours_pointer self) {
  auto& state = self->state;
  std::optional<gathered_faults::time> first;
  for (const auto& [holder, refusals] : state.refusals)
    if (const auto due = refusals.due(); due && (!first || *due < *first))
      first = due;
  if (!first || (state.wakes_at && *state.wakes_at <= *first))
    return;
  state.wakes_at = first;
  self->delayed_send(self, std::max(gathered_faults::time{0}, *first - now(self)), refusals_due{});
}

void gather(neighbours_pointer self, const peer_refused& m) {
  auto& all = self->state.refusals;
  const auto what = m.who.substr(0, text_limit) + (m.about.empty() ? "" : ": " + m.about.substr(0, text_limit));
  const bool apart = all.contains(m.holder) || all.size() < holders_limit;
  all[apart ? m.holder : ""].add("connection", m.why, what, now(self));
  wake(self);
}

void note(neighbours_pointer self) {
  auto& state = self->state;
  if (state.wakes_at && now(self) < *state.wakes_at)
    return; // one that was overtaken by an earlier one
  state.wakes_at = std::nullopt;
  for (auto& [holder, refusals] : state.refusals)
    for (const auto& tale : refusals.take(now(self)))
      state.house->submit({{{"neighbours", ++state.notes}, {}, {}}, tale.command, nullptr},
                          [tale](transaction& t) { t.refuse(tale.why, tale.about, tale.involved); });
  std::erase_if(state.refusals, [](const auto& one) { return !one.second.due(); });
  wake(self);
}

/// No refusal of the house: an old copy that comes again and again must not fill the log. The port tells who it was.
void admit(neighbours_pointer self, const peer_came& m) {
  auto failed = [m](const caf::error& e) { m.admit(refusal_in(e)); };
  self->state.house->submit({{{"neighbours", ++self->state.notes}, {}, {}}, "admit_peer", failed}, [self, m](transaction& t) {
    const stream_id stream{stream_kind::neighbour, m.node};
    const auto& h = m.hello;
    auto events = decide(t.state<neighbour>(stream), neighbour_met{m.node, h.log, h.epoch, h.parents});
    if (events && !events->empty()) {
      auto& meetings = self->state.meetings.try_emplace(m.node, meetings_limit, meetings_interval).first->second;
      if (meetings.left(now(self)) == 0)
        events = refuse(refusal::busy);
      else
        meetings.use(now(self));
    }
    const auto why = events ? std::nullopt : std::optional{events.error()};
    if (events)
      t.apply<neighbour>(stream, std::move(*events));
    t.when_durable([m, why](const message_head&) { m.admit(why); });
  });
}

auto introduce(neighbours_pointer self, const introduce_authority& m) {
  auto rp = self->make_response_promise<acknowledged>();
  self->state.house->submit({m.head, "introduce authority", fails(rp)}, [rp, m](transaction& t) {
    auto events = decide(t.state<authority>(authority_stream), m.told);
    if (events && m.expected && fingerprint{sha256(m.told.domain_key_set)} != *m.expected)
      events = refuse(refusal::wrong_signer);
    if (!events)
      return t.refuse(events.error(), "node " + m.told.node, {{participant_kind::box, m.told.box.text()}});
    t.apply<authority>(authority_stream, std::move(*events));
    t.when_durable([rp](const message_head& next) mutable { rp.deliver(acknowledged{{next}}); });
  });
  return rp;
}

/// The keys are for this domain, and signed with the domain key set that was introduced before (EP-12).
bool believable(const domain_introduced& told, const bytes& key_set, suite_id suite, work_context& w) {
  const auto signer = public_key::parse(suite, key_set);
  const auto body = decode_body<domain_keys_body>(told.signed_keys.body);
  return signer && body && body->domain == told.domain && body->kind == told.kind
         && body->sub_domain == told.sub_domain && body->suite == told.suite
         && (!body->zone || valid(*body->zone))
         && w.proofs.check(*signer, {"domain keys", told.domain.text}, told.signed_keys.body, told.signed_keys.proof);
}

auto introduce(neighbours_pointer self, const introduce_domain& m) {
  struct facts {
    bool valid = false;
  };
  auto rp = self->make_response_promise<acknowledged>();
  const auto row = self->state.house->around().journal_log->view().row(authority_stream);
  const auto known = row ? decode<authority>(row->state) : expected<authority, std::string>{authority{}};
  self->state.house->submit<facts>(
    {m.head, "introduce domain", fails(rp)},
    [told = m.told, known = known ? *known : authority{}](work_context& w) {
      return facts{believable(told, known.domain_key_set, known.suite, w)};
    },
    [rp, m](transaction& t, facts& f) {
      const stream_id stream{stream_kind::domain, m.told.domain.text};
      auto events = decide(t.state<domain>(stream), m.told, f.valid);
      if (!events)
        return t.refuse(events.error(), "node " + m.told.node, {{participant_kind::domain, m.told.domain.text}});
      t.apply<domain>(stream, std::move(*events));
      t.when_durable([rp](const message_head& next) mutable { rp.deliver(acknowledged{{next}}); });
    });
  return rp;
}

} // namespace

neighbours_actor::behavior_type neighbours(neighbours_pointer self, surroundings around) {
  self->state.house = std::make_unique<shell>("neighbours", shell_client{self}, around);
  return {
    [self](const work_done& m) { self->state.house->on(m); },
    [self](const append_done& m) { self->state.house->on(m); },
    [self](const command_refused& m) { return note_refusal(self, *self->state.house, m); },
    [self](const peer_refused& m) { gather(self, m); },
    [self](const refusals_due&) { note(self); },
    [self](const peer_came& m) { admit(self, m); },
    [self](const introduce_authority& m) { return introduce(self, m); },
    [self](const introduce_domain& m) { return introduce(self, m); },
  };
}

} // namespace oaksteel
