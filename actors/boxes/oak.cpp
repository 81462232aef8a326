#include "actors/boxes/boxes.hpp"
#include "actors/boxes/record_addresses.hpp"
#include "events/audit_times.hpp"
#include "storage/signed_body.hpp"
#include "storage/find_event.hpp"

namespace oaksteel {
namespace {

using oak_pointer = oak_actor::stateful_pointer<box_state>;

/// Both ciphertexts, as they lie beside the key_generated event.
struct sealed_pair {
  bytes to_brass;
  bytes to_steel;

  static auto fields(auto& self, auto take) { return take(self.to_brass, self.to_steel); }
};

struct generated {
  key_generated event;
  sealed_pair sealed;
};

/// EP Fig. 24, step 306: a master key and its test tokens, encrypted to Brass (EP Fig. 16) and to Steel
/// (EP Fig. 17). K exists in clear in this function only.
generated generate(const mi1& m, const box_id& oak, const domain_ring& ring, instant now, work_context& w) {
  generated made;
  const secret k{w.random.random_vec(32)};
  const auto check = w.tokens().check_value(k);
  const auto digits = w.tokens().test_tokens(w.tokens().derive(k, key_use::test, m.key.domain.text),
                                             test_token_position, test_token_number);
  auto with_tokens = reveal(k);
  with_tokens.insert(with_tokens.end(), digits.begin(), digits.end());

  auto& sealed = made.sealed;
  sealed.to_brass =
    w.to(*ring.brass_confidentiality).seal(k, sealed_address(body_type::mi3, m.key, oak, m.steel));
  sealed.to_steel = w.to(*ring.steel_confidentiality)
                      .seal(secret{std::move(with_tokens)}, sealed_address(body_type::mi4, m.key, oak, m.steel));
  const mi3_body mi3{oak, m.steel, m.key, sha256(sealed.to_brass), check, m.kms_request, now};
  const mi4_body mi4{oak, m.steel, m.key, sha256(sealed.to_steel), check, now};
  made.event = {m.key, oak, m.steel, {encode_body(mi3), {}}, {encode_body(mi4), {}}};
  return made;
}

mi2 answer_from(const key_generated& e, const sealed_pair& sealed, const message_head& head) {
  return {{head}, e.key, {e.mi3, sealed.to_brass, {}}, {e.mi4, sealed.to_steel, {}}};
}

/// A repeated MI1 is answered again from the event, never done again.
std::optional<mi2> answered_before(const log& site, const box_id& oak, const mi1& m) {
  const auto view = site.view();
  auto found = find_event<key_generated>(view, lookup::generated_key, m.key.text());
  auto sealed = found ? view.sealed(found->position) : std::nullopt;
  if (!sealed || found->event.oak != oak || found->event.steel != m.steel)
    return std::nullopt;
  auto pair = decode<sealed_pair>(*sealed);
  if (!pair)
    return std::nullopt;
  return answer_from(found->event, *pair, {m.head.id, {found->position, {}}, m.head.correlation});
}

/// The response goes to the Oak that made MI3 (EP step 314).
bool made_here(box_core& box, const key_id& key) {
  const auto view = box.house().around().journal_log->view();
  const auto made = find_event<key_generated>(view, lookup::generated_key, key.text());
  return made && made->event.oak == box.id();
}

auto generate_key(oak_pointer self, const mi1& m) {
  auto rp = self->make_response_promise<mi2>();
  auto& core = *self->state.core;
  // As ready as when it was made: an Oak of another domain hands nothing out (EP-2), and a disabled one neither.
  if (auto again = answered_before(*core.house().around().journal_log, core.id(), m)) {
    core.repeat({m.head, "MI1", fails(rp)}, m.key,
                [rp, made = std::move(*again)](const message_head&) mutable { rp.deliver(std::move(made)); });
    return rp;
  }
  const auto clock = core.house().around().read_clock();
  auto answer = [m, oak = core.id(), keys = core.lent_ring(m.key.domain), now = clock.now](work_context& w) {
    const auto ring = keys.lock();
    return ring ? generate(m, oak, *ring, now, w) : generated{};
  };
  core.house().submit<generated>(
    {m.head, "MI1", fails(rp), true}, std::move(answer), [self, rp, m, clock](transaction& t, generated& made) mutable {
      auto& box = *self->state.core;
      auto proposed = made.event;
      proposed.key = m.key;
      proposed.steel = m.steel;
      auto events = decide(t.state<secure_box>(box.stream()), proposed);
      auto ring = box.ring(m.key.domain);
      if (events && (made.sealed.to_brass.empty() || !ring))
        return t.refuse(refusal::box_disabled, m.key.text(), {{participant_kind::key, m.key.text()}});
      if (!events)
        return t.refuse(events.error(), m.key.text(), {{participant_kind::key, m.key.text()}});
      if (!in_order({m.kms_request, clock.now}, clock.tolerance))
        return t.refuse(refusal::time_out_of_order, m.key.text(), {{participant_kind::key, m.key.text()}});
      auto shown = t.apply<secure_box>(box.stream(), std::move(*events), encode(made.sealed), ring->authentication,
                                       m.key.domain);
      t.when_durable([rp, shown, sealed = std::move(made.sealed)](const message_head& next) mutable {
        rp.deliver(answer_from(std::get<key_generated>(*shown.front()), sealed, next));
      });
    });
  return rp;
}

} // namespace

oak_actor::behavior_type oak_box(oak_pointer self, box_place place, surroundings around) {
  found_box(self, place, around);
  return box_behaviour<oak_actor>(
    self, [self](const mi1& m) { return generate_key(self, m); },
    // EP steps 314-316: the archive's response comes back, and Oak sends Generate Response.
    [self](const pass_response& m) {
      auto rp = self->make_response_promise<generate_response>();
      self->state.core->house().submit({m.head, "Generate Response", fails(rp)}, [self, rp, m](transaction& t) mutable {
        auto& box = *self->state.core;
        if (auto why = not_ready(t.state<secure_box>(box.stream()), box_type::oak, m.key.domain))
          return t.refuse(*why, m.key.text(), {{participant_kind::key, m.key.text()}});
        if (!made_here(box, m.key))
          return t.refuse(refusal::key_not_known, m.key.text(), {{participant_kind::key, m.key.text()}});
        if (m.status == key_status::none)
          return t.refuse(refusal::status_transition_illegal, m.key.text(), {{participant_kind::key, m.key.text()}});
        t.when_durable([rp, m](const message_head& next) mutable { rp.deliver(generate_response{{next}, m.key}); });
      });
      return rp;
    });
}

} // namespace oaksteel
