#include "actors/boxes/boxes.hpp"
#include "actors/boxes/brass_checks.hpp"
#include "actors/boxes/verification.hpp"
#include "storage/find_domain_key.hpp"
#include "storage/signed_body.hpp"
#include "storage/find_event.hpp"

namespace oaksteel {
namespace {

using brass_pointer = brass_actor::stateful_pointer<box_state>;

/// Everything that Brass makes goes this way: a worker checks and makes, the box decides, signs and keeps;
/// `reply` builds the answer from the durable event.
template <class Reply, class Event, class Message>
caf::typed_response_promise<Reply> make_record(brass_pointer self, const Message& m, std::string what,
                                               std::function<brass_work<Event>(const domain_ring&, work_context&)> work,
                                               std::function<Reply(const Event&, const bytes& sealed)> reply) {
  auto rp = self->make_response_promise<Reply>();
  auto answer = [keys = self->state.core->lent_ring(m.key.domain), work = std::move(work)](work_context& w) {
    const auto ring = keys.lock();
    return ring ? work(*ring, w) : brass_work<Event>{};
  };
  self->state.core->house().template submit<brass_work<Event>>(
    {m.head, std::move(what), fails(rp), true}, std::move(answer),
    [self, rp, key = m.key, reply = std::move(reply)](transaction& t, brass_work<Event>& made) mutable {
      auto& box = *self->state.core;
      made.event.key = key;
      made.event.brass = box.id();
      auto ring = box.ring(key.domain);
      auto events = decide(t.state<secure_box>(box.stream()), made.event, brass_check{made.problem});
      if (events && !ring)
        return t.refuse(refusal::box_disabled, key.text(), {{participant_kind::key, key.text()}});
      if (!events)
        return t.refuse(events.error(), key.text(), {{participant_kind::key, key.text()}});
      auto shown = t.apply<secure_box>(box.stream(), std::move(*events), made.sealed, ring->authentication, key.domain);
      t.when_durable([rp, shown, reply, sealed = made.sealed](const message_head& next) mutable {
        auto record = reply(std::get<Event>(*shown.front()), sealed);
        record.head = next;
        rp.deliver(std::move(record));
      });
    });
  return rp;
}

/// What this box did with a key before, from its own log. A repeated step is answered again and not done again; a
/// step that the key has passed is refused here, before the archive refuses it too (EP-13).
template <class Event>
std::optional<found_event<Event>> made_before(brass_pointer self, std::string_view purpose, const key_id& key) {
  auto& core = *self->state.core;
  const auto view = core.house().around().journal_log->view();
  auto found = find_event<Event>(view, lookup::confirmation, std::string{purpose} + '|' + key.text());
  if (found && found->event.brass != core.id())
    return std::nullopt;
  return found;
}

template <class Reply, class Message>
caf::typed_response_promise<Reply> answer_again(brass_pointer self, Reply reply, const Message& m, std::string what,
                                                std::uint64_t position) {
  auto rp = self->make_response_promise<Reply>();
  auto& core = *self->state.core;
  const auto view = core.house().around().journal_log->view();
  if constexpr (requires { reply.record.sealed; })
    reply.record.sealed = view.sealed(position).value_or(bytes{});
  reply.head = {m.head.id, {position, {}}, m.head.correlation};
  core.repeat({m.head, std::move(what), fails(rp)}, m.key,
              [rp, reply = std::move(reply)](const message_head&) mutable { rp.deliver(std::move(reply)); });
  return rp;
}

template <class Reply, class Message>
caf::typed_response_promise<Reply> refuse_step(brass_pointer self, const Message& m, std::string what) {
  auto rp = self->make_response_promise<Reply>();
  self->state.core->house().submit({m.head, std::move(what), fails(rp)}, [self, key = m.key](transaction& t) {
    const auto unready = not_ready(t.state<secure_box>(self->state.core->stream()), box_type::brass, key.domain);
    t.refuse(unready.value_or(refusal::status_transition_illegal), key.text(), {{participant_kind::key, key.text()}});
  });
  return rp;
}

auto confirm_installation(brass_pointer self, const mi8& m) {
  auto& core = *self->state.core;
  if (auto before = made_before<installation_confirmed>(self, "installation", m.key))
    return answer_again(self, mi9{{}, m.key, {before->event.mi9, {}, {}}}, m, "MI8", before->position);
  if (made_before<key_condemned>(self, "condemnation", m.key))
    return refuse_step<mi9>(self, m, "MI8");
  return make_record<mi9, installation_confirmed>(
    self, m, "MI8",
    [m, brass = core.id(), clock = core.house().around().read_clock()](const domain_ring& ring, work_context& w) {
      return check_installation(m, brass, clock, ring, w);
    },
    [](const installation_confirmed& e, const bytes& sealed) { return mi9{{}, e.key, {e.mi9, sealed, {}}}; });
}

auto condemn(brass_pointer self, const mb1& m) {
  auto& core = *self->state.core;
  if (auto before = made_before<key_condemned>(self, "condemnation", m.key))
    return answer_again(self, mb2{{}, m.key, {before->event.mb2, {}, {}}}, m, "MB1", before->position);
  if (made_before<installation_confirmed>(self, "installation", m.key))
    return refuse_step<mb2>(self, m, "MB1");
  return make_record<mb2, key_condemned>(
    self, m, "MB1",
    [m, brass = core.id(), clock = core.house().around().read_clock()](const domain_ring& ring, work_context& w) {
      return check_condemnation(m, brass, clock, ring, w);
    },
    [](const key_condemned& e, const bytes&) { return mb2{{}, e.key, {e.mb2, {}, {}}}; });
}

auto confirm_registration(brass_pointer self, const mr2& m) {
  auto& core = *self->state.core;
  if (auto before = made_before<registration_confirmed>(self, "registration", m.key)) {
    if (before->event.serial != m.report.serial || before->event.meter != m.report.meter)
      return refuse_step<mr3>(self, m, "MR2");
    return answer_again(self, mr3{{}, m.key, {before->event.mr3, {}, before->event.mr3_tag}}, m, "MR2",
                        before->position);
  }
  if (made_before<retirement_confirmed>(self, "retirement", m.key))
    return refuse_step<mr3>(self, m, "MR2");
  return make_record<mr3, registration_confirmed>(
    self, m, "MR2",
    [m, brass = core.id(), clock = core.house().around().read_clock(),
     zone = find_time_zone(core.house().around().journal_log->view(), m.key.domain)](const domain_ring& ring,
                                                                                     work_context& w) {
      return check_registration(m, brass, clock, zone, ring, w);
    },
    [](const registration_confirmed& e, const bytes& sealed) { return mr3{{}, e.key, {e.mr3, sealed, e.mr3_tag}}; });
}

auto confirm_retirement(brass_pointer self, const mo1& m) {
  auto& core = *self->state.core;
  if (auto before = made_before<retirement_confirmed>(self, "retirement", m.key))
    return answer_again(self, mo2{{}, m.key, {before->event.mo2, {}, before->event.mo2_tag}}, m, "MO1",
                        before->position);
  // A registered key is retired with its MR3, whatever the KMC says its status is.
  const bool registered = made_before<registration_confirmed>(self, "registration", m.key).has_value();
  if (registered != (m.status == key_status::active))
    return refuse_step<mo2>(self, m, "MO1");
  return make_record<mo2, retirement_confirmed>(
    self, m, "MO1",
    [m, brass = core.id(), clock = core.house().around().read_clock()](const domain_ring& ring, work_context& w) {
      return check_retirement(m, brass, clock, ring, w);
    },
    [](const retirement_confirmed& e, const bytes& sealed) { return mo2{{}, e.key, {e.mo2, sealed, e.mo2_tag}}; });
}

/// The confirmation that Brass made with the record, now that the archive has it (EP steps 348, 372, 386).
std::optional<signed_record> confirmation_for(brass_pointer self, const confirm_stored& m) {
  auto read = [&]<class Event>(std::string_view purpose, signed_record Event::* part) -> std::optional<signed_record> {
    auto found = made_before<Event>(self, purpose, m.key);
    return found ? std::optional{found->event.*part} : std::nullopt;
  };
  switch (m.status) {
    case key_status::installed: return read("installation", &installation_confirmed::mi10);
    case key_status::bad: return read("condemnation", &key_condemned::mb3);
    case key_status::active: return read("registration", &registration_confirmed::mr4);
    case key_status::obsolete: return read("retirement", &retirement_confirmed::mo3);
    case key_status::none:
    case key_status::new_key: break;
  }
  return std::nullopt;
}

auto confirm(brass_pointer self, const confirm_stored& m) {
  auto rp = self->make_response_promise<confirmed>();
  self->state.core->house().submit({m.head, "confirm stored", fails(rp)}, [self, rp, m](transaction& t) mutable {
    auto& box = *self->state.core;
    if (auto why = not_ready(t.state<secure_box>(box.stream()), box_type::brass, m.key.domain))
      return t.refuse(*why, m.key.text(), {{participant_kind::key, m.key.text()}});
    auto record = confirmation_for(self, m);
    if (!record)
      return t.refuse(refusal::record_missing, m.key.text(), {{participant_kind::key, m.key.text()}});
    t.when_durable([rp, m, record](const message_head& next) mutable {
      rp.deliver(confirmed{{next}, m.key, *record});
    });
  });
  return rp;
}

/// EP Fig. 28, step 404. One event for the batch.
auto verify(brass_pointer self, const verify_tokens& m) {
  auto rp = self->make_response_promise<tokens_checked>();
  auto answer = [m, keys = self->state.core->lent_ring(m.domain)](work_context& w) {
    const auto ring = keys.lock();
    return ring ? verify_batch(m, *ring, w) : verified_batch{};
  };
  self->state.core->house().submit<verified_batch>(
      {m.head, "verify tokens", fails(rp)}, std::move(answer),
      [self, rp, m](transaction& t, verified_batch& found) mutable {
        auto& box = *self->state.core;
        const tokens_verified proposed{m.domain,     box.id(),
                                       m.request,    static_cast<std::uint32_t>(m.pieces->size()),
                                       found.pieces, pack(found.verdicts)};
        auto events = decide(t.state<secure_box>(box.stream()), proposed);
        if (events && !box.ring(m.domain))
          return t.refuse(refusal::box_disabled, m.request, {{participant_kind::domain, m.domain.text}});
        if (!events)
          return t.refuse(events.error(), m.request, {{participant_kind::domain, m.domain.text}});
        t.apply<secure_box>(box.stream(), std::move(*events));
        t.when_durable([rp, m, verdicts = std::move(found.verdicts)](const message_head& next) mutable {
          rp.deliver(tokens_checked{{next}, {m.domain, std::move(verdicts)}});
        });
      });
  return rp;
}

} // namespace

brass_actor::behavior_type brass_box(brass_pointer self, box_place place, surroundings around) {
  found_box(self, place, around);
  return box_behaviour<brass_actor>(
    self, [self](const mi8& m) { return confirm_installation(self, m); },
    [self](const mb1& m) { return condemn(self, m); }, [self](const mr2& m) { return confirm_registration(self, m); },
    [self](const mo1& m) { return confirm_retirement(self, m); },
    [self](const confirm_stored& m) { return confirm(self, m); },
    [self](const verify_tokens& m) { return verify(self, m); });
}

} // namespace oaksteel
