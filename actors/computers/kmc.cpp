#include "actors/computers/kmc.hpp"

#include "actors/computers/answers.hpp"
#include "actors/link/command.hpp"
#include "crypto/envelope.hpp"
#include "events/protections.hpp"
#include "events/signed_bodies.hpp"
#include "storage/signed_body.hpp"
#include "storage/find_event.hpp"

namespace oaksteel {
namespace {

using namespace std::chrono_literals;

/// How long the KMC waits for MI7 when it has asked for it, before it asks again, and how often before the key is Bad
/// (EP-13b). A meter that has committed a key is of no use when the archive has it as Bad, so one lost answer must not do.
constexpr std::chrono::seconds last_timeout = 2min;
constexpr unsigned asks_limit = 5;
/// Between attempts after something passing, and how many there are.
constexpr auto again_after = 30s;
constexpr unsigned attempts_limit = 20;
/// The same after a refusal of what a message holds.
constexpr unsigned content_attempts_limit = 3;

const stream_id book_stream{stream_kind::order_book, "orders"};

void await_report(kmc_pointer self, const order& o, const order_leg& leg, bool last) {
  const auto run = self->state.orders.find(o.id.number);
  if (run == self->state.orders.end())
    return; // given up meanwhile
  const key_id key{leg.plan.domain, leg.key};
  self->state.of_key[key] = o.id.number;
  run->second.reminder = ++self->state.reminders;
  self->delayed_send(self, last ? last_timeout : self->state.options.report_timeout,
                     leg_overdue{{}, o.id, key, last, run->second.reminder});
}

void close(kmc_pointer self, const message_head& head, const order& o) {
  // Also of a key whose MI7 came before it was awaited.
  std::erase_if(self->state.of_key, [&](const auto& known) { return known.second == o.id.number; });
  auto it = self->state.orders.find(o.id.number);
  if (it == self->state.orders.end())
    return;
  auto waiting = std::move(it->second.waiting);
  self->state.orders.erase(it);
  std::vector<leg_plan> legs;
  for (const auto& leg : o.legs)
    legs.push_back(leg.plan);
  self->state.of_meter.erase(order_key(o.details, legs));
  for (auto& rp : waiting)
    rp.deliver(order_result{{head}, o});
}

/// A leg has got on: what passes is tried as often again.
void has_got_on(kmc_pointer self, const order_id& id) {
  if (auto it = self->state.orders.find(id.number); it != self->state.orders.end())
    it->second.attempts = it->second.asked = 0;
}

void try_later(kmc_pointer self, const order_id& id, const order_leg& leg) {
  self->delayed_send(self, again_after, leg_again{{}, id, place_of(leg)});
}

/// The KMC ended when the KDC had MI4 and it did not know that yet: Steel may report before MI4 is there again. The report
/// is refused as all are that are not awaited, and asked for as soon as MI4 is there: Steel has it in its log.
void note_early_report(kmc_pointer self, transaction& t, const key_id& key) {
  for (auto& [number, run] : self->state.orders) {
    const auto* leg = current_leg(t.state<order>(order_stream({number})));
    if (leg && leg->stage == leg_stage::assigned && leg->plan.domain == key.domain && leg->key == key.number)
      run.reported_early = key;
  }
}

bool reported_early(kmc_pointer self, const order& o, const order_leg& leg) {
  const auto run = self->state.orders.find(o.id.number);
  return run != self->state.orders.end() && run->second.reported_early == key_id{leg.plan.domain, leg.key};
}

void proceed_installation(kmc_pointer self, const message_head& head, const order& o, const order_leg& leg,
                          bool resumed) {
  switch (leg.stage) {
    case leg_stage::waiting:
      if (leg.tries >= tries_limit)
        return progress(self, head, o, leg, leg_abandoned{o.id, leg.plan.domain, leg.reason});
      return begin_installation(self, head, o, leg);
    case leg_stage::assigned: return generate_and_deliver(self, head, o, leg);
    case leg_stage::delivered:
      if (resumed || reported_early(self, o, leg))
        return ask_for_report(self, head, o, leg);
      return await_report(self, o, leg, false);
    case leg_stage::reported: return confirm_installed(self, head, o, leg);
    case leg_stage::failed: return condemn_key(self, head, o, leg, leg.reason);
    case leg_stage::finished:
    case leg_stage::abandoned: return;
  }
}

/// The next step of an order follows from its state alone.
void proceed(kmc_pointer self, const message_head& head, const order& o, bool resumed = false) {
  if (o.closed)
    return close(self, head, o);
  const auto* leg = current_leg(o);
  if (!leg)
    return;
  switch (o.details.kind) {
    case order_kind::install: return proceed_installation(self, head, o, *leg, resumed);
    case order_kind::registration: return register_key(self, head, o, *leg);
    case order_kind::retirement: return retire_key(self, head, o, *leg);
  }
}

/// Goes on with an order as it stands in the log; not when it is past `from`.
void resume(kmc_pointer self, const message_head& head, const order_id& id, const std::optional<leg_place>& from = {}) {
  self->state.house->submit({head, "resume", nullptr}, [self, id, from](transaction& t) {
    const auto o = t.state<order>(order_stream(id));
    if (from && !is_at(o, *from))
      return;
    t.when_durable([self, o](const message_head& next) { proceed(self, next, o, true); });
  });
}

/// Whether a meter has been taken out of service in one of these domains: what was done for it before is done no more.
bool was_retired(transaction& t, const log_view& view, order_details details, const std::vector<leg_plan>& legs) {
  details.kind = order_kind::retirement;
  const auto done = [&](const std::vector<leg_plan>& domains) {
    const auto opened = find_event<order_opened>(view, lookup::order_of_meter, order_key(details, domains));
    return opened && t.state<order>(order_stream(opened->event.order)).complete;
  };
  return done(legs) || std::ranges::any_of(legs, [&](const leg_plan& leg) { return done({leg}); });
}

caf::typed_response_promise<order_result> open(kmc_pointer self, const message_head& head, const order_details& details,
                                               const std::vector<leg_plan>& legs) {
  auto rp = self->make_response_promise<order_result>();
  auto& state = self->state;
  const auto key = order_key(details, legs);
  if (auto it = state.of_meter.find(key); it != state.of_meter.end()) {
    state.orders[it->second].waiting.push_back(rp);
    return rp;
  }
  auto failed = [self, rp, key](const caf::error& e) mutable {
    if (auto it = self->state.of_meter.find(key); it != self->state.of_meter.end()) {
      self->state.orders.erase(it->second);
      self->state.of_meter.erase(it);
    }
    rp.deliver(e);
  };
  state.house->submit({head, "open order", failed}, [self, rp, details, legs, key](transaction& t) mutable {
    auto& st = self->state;
    // The same order again is the same order: it is answered, or goes on where it stood.
    if (auto it = st.of_meter.find(key); it != st.of_meter.end()) {
      st.orders[it->second].waiting.push_back(rp);
      return;
    }
    const auto view = st.house->around().journal_log->view();
    if (auto opened = find_event<order_opened>(view, lookup::order_of_meter, key)) {
      const auto known = t.state<order>(order_stream(opened->event.order));
      if (known.complete && details.kind != order_kind::retirement && was_retired(t, view, details, legs))
        return t.refuse(refusal::status_transition_illegal, details.meter.text, {{participant_kind::meter, details.meter.text}});
      if (!known.closed || known.complete) {
        st.of_meter[key] = known.id.number;
        st.orders[known.id.number].waiting.push_back(rp);
        return t.when_durable([self, known](const message_head& next) { proceed(self, next, known, true); });
      }
    }
    if (st.orders.size() >= open_orders_limit)
      return t.refuse(refusal::busy, details.meter.text, {{participant_kind::meter, details.meter.text}});
    const order_id id{t.state<order_book>(book_stream).last + 1};
    auto events = decide(t.state<order>(order_stream(id)), order_opened{id, details, legs});
    if (!events)
      return t.refuse(events.error(), details.meter.text, {{participant_kind::meter, details.meter.text}});
    st.of_meter[key] = id.number;
    st.orders[id.number].waiting.push_back(rp);
    t.apply<order>(order_stream(id), std::move(*events));
    t.apply<order_book, order_book_event>(book_stream, {order_numbered{id}});
    const auto fresh = t.state<order>(order_stream(id));
    t.when_durable([self, fresh](const message_head& next) { proceed(self, next, fresh); });
  });
  return rp;
}

/// MI7: only what Steel signed counts; anything else is an error event and changes nothing (EP-13b).
auto report(kmc_pointer self, const mi7& m) {
  auto rp = self->make_response_promise<acknowledged>();
  struct facts {
    bool valid = false;
  };
  auto& state = self->state;
  auto key = state.steel_keys.find(state.house->around().journal_log->view(), m.key.domain);
  state.house->submit<facts>(
    {m.head, "MI7", fails(rp)},
    [m, key](work_context& w) {
      return facts{key && w.proofs.check(*key, {"record", m.key.domain.text}, m.record.body, m.record.proof)};
    },
    [self, rp, m](transaction& t, facts& f) mutable {
      const std::vector<participant> who{{participant_kind::key, m.key.text()}};
      auto body = decode_body<mi7_body>(m.record.body);
      if (!body || !f.valid || body->key != m.key)
        return t.refuse(refusal::signature_invalid, m.key.text(), who);
      auto it = self->state.of_key.find(m.key);
      if (it == self->state.of_key.end()) {
        note_early_report(self, t, m.key);
        return t.refuse(refusal::order_not_known, m.key.text(), who);
      }
      const order_id id{it->second};
      const auto& asked = t.state<order>(order_stream(id));
      if (!answers(asked, *body))
        return t.refuse(refusal::records_disagree, m.key.text(), who);
      auto events = decide(asked, order_event{leg_reported{id, m.key, body->failure, m.record}});
      if (!events)
        return t.refuse(events.error(), m.key.text(), who);
      const bool news = !events->empty();
      if (news) {
        self->state.of_key.erase(it);
        has_got_on(self, id);
        t.apply<order>(order_stream(id), std::move(*events));
      }
      t.when_durable([self, rp, news, o = t.state<order>(order_stream(id))](const message_head& next) mutable {
        rp.deliver(acknowledged{{next}});
        if (news)
          proceed(self, next, o);
      });
    });
  return rp;
}

void overdue(kmc_pointer self, const leg_overdue& m) {
  self->state.house->submit({m.head, "leg overdue", nullptr}, [self, m](transaction& t) {
    const auto o = t.state<order>(order_stream(m.order));
    const auto* leg = leg_of(o, m.key.domain);
    if (!leg || (leg->stage != leg_stage::delivered && leg->stage != leg_stage::assigned) || leg->key != m.key.number)
      return;
    t.when_durable([self, o, m](const message_head& next) {
      const auto run = self->state.orders.find(o.id.number);
      if (run == self->state.orders.end() || run->second.reminder != m.number)
        return; // given up meanwhile, or asked since
      const auto& late = *leg_of(o, m.key.domain);
      if (m.last && ++run->second.asked >= asks_limit)
        progress(self, next, o, late, leg_timed_out{o.id, m.key});
      else
        ask_for_report(self, next, o, late);
    });
  });
}

acknowledged take_up(kmc_pointer self, const message_head& head) {
  const auto view = self->state.house->around().journal_log->view();
  for (const auto& [number, position] : view.range(static_cast<std::uint8_t>(lookup::open_order), "")) {
    auto id = order_id::parse(number);
    auto record = view.at(position);
    auto opened = record ? read_as<order_opened>(*record) : std::nullopt;
    if (!id || !opened || self->state.orders.contains(id->number))
      continue;
    self->state.orders[id->number];
    self->state.of_meter[order_key(opened->details, opened->legs)] = id->number;
    auto of_order = head;
    of_order.correlation = {position, {}};
    resume(self, of_order, *id);
  }
  return {self->state.house->next_head(head)};
}

auto registration_order(kmc_pointer self, const mr1& m) {
  order_details details{order_kind::registration, m.meter, m.product, m.serial, m.country, m.date, {}, {}};
  std::vector<leg_plan> legs;
  for (const auto& token : m.tokens) {
    legs.push_back({token.domain, {box_type::steel, 0}});
    details.tokens.push_back(token.token);
  }
  return open(self, m.head, details, legs);
}

} // namespace

void ask_for_report(kmc_pointer self, const message_head& head, const order& o, const order_leg& leg) {
  ask_report m;
  m.head = self->state.house->next_head(head);
  m.key = {leg.plan.domain, leg.key};
  m.steel = leg.plan.steel;
  m.oak = {box_type::oak, 0};
  m.meter = o.details.meter;
  tell(self, self->state.kdc, std::move(m));
  await_report(self, o, leg, true);
}

void give_up(kmc_pointer self, const order_id& id, refusal why) {
  auto it = self->state.orders.find(id.number);
  if (it == self->state.orders.end())
    return;
  auto waiting = std::move(it->second.waiting);
  self->state.orders.erase(it);
  std::erase_if(self->state.of_meter, [&](const auto& known) { return known.second == id.number; });
  for (auto& rp : waiting)
    rp.deliver(make_error(why));
}

bool passing(refusal why) {
  // What was refused as a command is not what was sent: it is sent again (EP-27).
  return level_of(why) == 2 || why == refusal::box_disabled || why == refusal::busy || why == refusal::no_answer
         || why == refusal::storage_failed || why == refusal::domain_not_active || why == refusal::installation_open;
}

void progress(kmc_pointer self, const message_head& head, const order& o, const order_leg& leg, order_event event) {
  const auto id = o.id;
  // What cannot be written now is tried again: the order stays where it was. Any other refusal is in the error
  // log; the order waits to be taken up again.
  auto failed = [self, id, leg](const caf::error& e) {
    // A doubled message, or a conversation that another one has overtaken: the order goes on without it.
    if (refusal_in(e) == refusal::order_stage_wrong)
      return;
    if (!passing(refusal_in(e)))
      return give_up(self, id, refusal_in(e));
    try_later(self, id, leg);
  };
  self->state.house->submit({head, "progress", failed}, [self, id, event = std::move(event)](transaction& t) {
    auto events = decide(t.state<order>(order_stream(id)), event);
    if (!events)
      return t.refuse(events.error(), "order " + id.text(), {{participant_kind::order, id.text()}});
    if (events->empty())
      return;
    t.apply<order>(order_stream(id), std::move(*events));
    has_got_on(self, id);
    auto go_on = [self, after = t.state<order>(order_stream(id))](const message_head& next) {
      proceed(self, next, after);
    };
    if (keeps(protection::durable_first))
      t.when_durable(std::move(go_on));
    else
      go_on(t.head());
  });
}

/// What may have been changed on its way: when it is sent again, what was sent arrives, or the refusal is the same
/// (EP-28).
static bool of_content(refusal why) {
  switch (why) {
    case refusal::signature_invalid:
    case refusal::wrong_signer:
    case refusal::record_malformed:
    case refusal::record_type_unknown:
    case refusal::records_disagree:
    case refusal::record_missing:
    case refusal::sealed_material_invalid:
    case refusal::wrong_box:
    case refusal::box_not_known:
    case refusal::steel_not_valid_for_domain:
    case refusal::domain_not_known:
    case refusal::key_not_known:
    case refusal::key_id_not_assigned:
    case refusal::status_transition_illegal:
    case refusal::time_out_of_order:
    case refusal::registration_tokens_differ: return true;
    default: return false;
  }
}

void leave(kmc_pointer self, const message_head& head, const order& o, const order_leg& leg, refusal why) {
  if (leg.stage == leg_stage::waiting)
    return progress(self, head, o, leg, leg_abandoned{o.id, leg.plan.domain, why});
  give_up(self, o.id, why);
}

bool overtaken(kmc_pointer self, const order& o, const order_leg& leg) {
  const auto row = self->state.house->around().journal_log->view().row(order_stream(o.id));
  const auto now = row ? decode<order>(row->state) : expected<order, std::string>{o};
  return now && !is_at(*now, place_of(leg));
}

void leg_trouble(kmc_pointer self, const message_head& head, const order& o, const order_leg& leg, refusal why) {
  const auto found = self->state.orders.find(o.id.number);
  if (found == self->state.orders.end() || overtaken(self, o, leg))
    return; // given up meanwhile, or gone on
  auto& run = found->second;
  const auto limit = passing(why) ? attempts_limit : of_content(why) ? content_attempts_limit : 0;
  if (run.attempts + 1 < limit) {
    ++run.attempts;
    return try_later(self, o.id, leg);
  }
  if (leg.stage == leg_stage::assigned)
    return pass_by(self, head, o, leg, why);
  // The meter does not hold what the archive holds: evidence against the key.
  if (leg.stage == leg_stage::reported && why == refusal::test_tokens_differ)
    return condemn_key(self, head, o, leg, why);
  leave(self, head, o, leg, why);
}

kmc_actor::behavior_type key_management_computer(kmc_pointer self, kmc_options options, surroundings around) {
  self->state.options = std::move(options);
  self->state.house = std::make_unique<shell>("kmc", shell_client{self}, around);
  return {
    [self](const work_done& m) { self->state.house->on(m); },
    [self](const append_done& m) { self->state.house->on(m); },
    [self](const command_refused& m) { return note_refusal(self, *self->state.house, m); },
    [self](const open_order& m) { return open(self, m.head, m.details, m.legs); },
    [self](const mi0& m) { return obtain_key_id(self, m); },
    [self](const mi7& m) { return report(self, m); },
    [self](const mr1& m) { return registration_order(self, m); },
    [self](const verify_mail& m) { return verify_for_capture(self, m); },
    [self](const take_up_orders& m) { return take_up(self, m.head); },
    [self](const kdc_connected& m) { self->state.kdc = m.kdc; },
    [self](const leg_overdue& m) { overdue(self, m); },
    [self](const leg_again& m) { resume(self, m.head, m.order, m.from); },
  };
}

} // namespace oaksteel
