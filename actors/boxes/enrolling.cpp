#include "actors/boxes/initialisation.hpp"
#include "actors/boxes/manufacturing.hpp"
#include "storage/find_event.hpp"

namespace oaksteel {
namespace {

const stream_id allocator_stream{stream_kind::allocator, "boxes"};

/// Enrolments that may wait for an answer at once.
constexpr std::size_t open_enrolments_limit = 64;

bool has_id(const log& site, const label& slot) {
  return site.view().find(static_cast<std::uint8_t>(lookup::box_in_slot), slot.text).has_value();
}

/// Whether the box that was admitted with this id was given keys: it has its id then, though at another node.
bool was_given_keys(const log& site, const admission& before, const box_id& box) {
  return before.source.number != 0
         && newest_event<keys_issued>(site.view(), {stream_kind::box, before.source.text()},
                                      [&](const keys_issued& e) { return e.target == box; });
}

/// The private start-up authentication key of a type; nothing while the box is disabled.
std::optional<private_key> start_up_key_of(box_core& core, box_type type) {
  const auto keys = own_keys(core)();
  return keys ? keys->key(start_up_part(type), suite_of(core)) : std::nullopt;
}

/// Nonce and signature are made when it is decided who is meant; a worker draws what they need.
using drawn = std::shared_ptr<generator>;
drawn draw(work_context& w) {
  return child_generator(w.random);
}

void allocate_in(transaction& t, manufacturing_pointer self, const allocate_box_id& m, generator& random,
                 caf::typed_response_promise<box_id_allocated> rp) {
  auto& core = *self->state.core;
  const auto& site = *core.house().around().journal_log;
  if (auto why = not_ready_to_make(t.state<secure_box>(core.stream())))
    return t.refuse(*why, m.slot.text);
  if (has_id(site, m.slot))
    return t.refuse(refusal::box_already_initialised, m.slot.text, {},
                    "a slot has one box: if nodes have different plans and two claim it, put the plans right");
  if (self->state.open.size() >= open_enrolments_limit && !self->state.open.contains(m.slot))
    return t.refuse(refusal::busy, m.slot.text);
  auto typed = read_enrolment_secret(m.officer, m.media, m.slot);
  if (!typed)
    return t.refuse(typed.error().why, m.slot.text, custodian_named(m.officer), std::move(typed.error().told));
  const auto authority = start_up_key_of(core, m.type);
  if (!authority)
    return t.refuse(refusal::sealed_material_invalid, m.slot.text);
  auto events = decide(t.state<box_allocator>(allocator_stream), reserve_box_id{m.slot, m.type});
  if (!events)
    return t.refuse(events.error(), m.slot.text);
  t.apply<box_allocator>(allocator_stream, std::move(*events));

  manufacturing_state::open_enrolment begun{{}, m.type, std::move(*typed)};
  begun.seen = {site.origin(), *reserved_for(t.state<box_allocator>(allocator_stream), m.slot), m.slot, core.id(),
                fresh_nonce(random), {}, {}};
  box_id_allocated order{{}, begun.seen.id, core.id(), begun.seen.challenge,
                         authority->sign(order_text(begun.seen), random)};
  self->state.open.insert_or_assign(m.slot, std::move(begun));
  t.when_durable([rp, order = std::move(order)](const message_head& next) mutable {
    order.head = next;
    rp.deliver(std::move(order));
  });
}

void admit_in(transaction& t, manufacturing_pointer self, const admit_box& m, generator& random,
              caf::typed_response_promise<box_admission> rp) {
  auto& core = *self->state.core;
  const auto& site = *core.house().around().journal_log;
  if (auto why = not_ready_to_make(t.state<secure_box>(core.stream())))
    return t.refuse(*why, m.slot.text);
  auto waiting = self->state.open.extract(m.slot);
  if (!waiting)
    return t.refuse(refusal::enrolment_not_open, m.slot.text);
  auto& begun = waiting.mapped();
  begun.seen.answer = m.answer;
  begun.seen.start_up_key = m.start_up_key;
  const auto suite = suite_of(core);
  const stream_id stream{stream_kind::admission, begun.seen.id.text()};
  const admission_check found{has_id(site, m.slot),
                              public_key::parse(suite, m.start_up_key)
                                && proves(m.proof, begun.enrolment_secret, enrolment_side::box, begun.seen),
                              was_given_keys(site, t.state<admission>(stream), begun.seen.id)};
  auto events = decide(t.state<admission>(stream),
                       box_admitted{begun.seen.id, m.slot, core.id(), suite, m.start_up_key}, found);
  if (!events)
    return t.refuse(events.error(), m.slot.text, {{participant_kind::box, begun.seen.id.text()}});
  const auto authority = start_up_key_of(core, begun.type);
  if (!authority)
    return t.refuse(refusal::sealed_material_invalid, m.slot.text);
  t.apply<admission>(stream, std::move(*events));
  box_admission answer{{}, enrolment_proof(begun.enrolment_secret, enrolment_side::source, begun.seen),
                       authority->sign(admission_text(begun.seen), random)};
  t.when_durable([rp, answer = std::move(answer)](const message_head& next) mutable {
    answer.head = next;
    rp.deliver(std::move(answer));
  });
}

} // namespace

caf::typed_response_promise<box_id_allocated> allocate(manufacturing_pointer self, const allocate_box_id& m) {
  auto rp = self->make_response_promise<box_id_allocated>();
  self->state.core->house().submit<drawn>(
    {m.head, "allocate box id", fails(rp)}, draw,
    [self, rp, m](transaction& t, drawn& random) { allocate_in(t, self, m, *random, rp); });
  return rp;
}

caf::typed_response_promise<box_admission> admit(manufacturing_pointer self, const admit_box& m) {
  auto rp = self->make_response_promise<box_admission>();
  self->state.core->house().submit<drawn>(
    {m.head, "admit box", fails(rp)}, draw,
    [self, rp, m](transaction& t, drawn& random) { admit_in(t, self, m, *random, rp); });
  return rp;
}

} // namespace oaksteel
