// The conversations by which the KMC moves a leg on. Every message in them may be sent again: the boxes, the
// archive and the KDC answer a repeated step as they did before.

#include "actors/computers/answers.hpp"
#include "actors/computers/kmc.hpp"
#include "actors/link/message_list.hpp"
#include "crypto/envelope.hpp"
#include "events/participants.hpp"
#include "events/signed_bodies.hpp"
#include "storage/find_event.hpp"
#include "storage/signed_body.hpp"

namespace oaksteel {
namespace {

using namespace std::chrono_literals;


/// What every step of a conversation carries along.
struct leg_talk {
  kmc_pointer self;
  order o;
  order_leg leg;

  key_id key() const { return {leg.plan.domain, leg.key}; }
  const domain_servers& servers() const { return self->state.options.domains.at(leg.plan.domain); }
  instant now() const { return self->state.house->around().time->now(); }

  /// MI7 of this key, which is in the order's own history.
  std::optional<signed_record> report() const {
    const auto view = self->state.house->around().journal_log->view();
    auto found = newest_event<leg_reported>(view, order_stream(o.id), [&](const auto& e) { return e.key == key(); });
    return found ? std::optional{found->event.mi7} : std::nullopt;
  }
  void trouble(const message_head& head, const caf::error& e) const {
    leg_trouble(self, head, o, leg, refusal_in(e));
  }

  /// What is wrong goes into the error log, and is trouble.
  /// `then` is what becomes of it; trouble when left out.
  void refuse(const message_head& head, std::string what, refusal why, std::function<void()> then = {}) const {
    auto failed = [talk = *this, head, then = std::move(then)](const caf::error& e) {
      if (then)
        then();
      else
        talk.trouble(head, e);
    };
    self->state.house->submit({head, std::move(what), failed}, [talk = *this, why](transaction& t) {
      t.refuse(why, "order " + talk.o.id.text(), taking_part(talk.o.id, talk.key(), talk.o.details.meter));
    });
  }

  /// Whoever answered a message of this kind hears what was wrong with it (EP-28).
  template <class Message, class Actor>
  void complain_to(const Actor& whom, const message_head& answer, refusal why) const {
    complain(self, whom,
             {self->state.house->next_head(answer), why, std::string{line_of<Message>.name} + ", answer",
              "order " + o.id.text(), taking_part(o.id, key(), o.details.meter), {}, line_of<Message>.code});
  }

  using otherwise = std::function<void(const message_head&, const caf::error&)>;

  /// Goes on with an answer of `whom` to this, if it is one.
  template <class Actor, class Message, class Answer>
  auto if_it_answers(const Actor& whom, const Message& m, std::function<void(const Answer&)> then, otherwise failed) const {
    return [talk = *this, whom, m, then = std::move(then), failed = std::move(failed)](const Answer& a) {
      if (answers(m, a))
        return then(a);
      constexpr auto why = refusal::records_disagree;
      talk.refuse(a.head, std::string{line_of<Answer>.name}, why, [talk, whom, head = a.head, failed] {
        talk.template complain_to<Message>(whom, head, why);
        failed(head, make_error(why));
      });
    };
  }

  /// Asks, and goes on with the answer; anything else ends the conversation, as trouble unless `failed` is given.
  template <class Actor, class Message, class Then>
  void ask(const Actor& whom, const message_head& head, Message m, Then then, otherwise failed = {}) const {
    if (!failed)
      failed = [talk = *this](const message_head& h, const caf::error& e) { talk.trouble(h, e); };
    m.head = self->state.house->next_head(head);
    self->request(whom, answer_timeout, m)
      .then(if_it_answers(whom, m, std::function{std::move(then)}, failed),
            [failed, head](const caf::error& e) { failed(head, e); });
  }

  /// Asks for this key, or with number 0 for that of the order's meter. Goes on with its record, or with `none`.
  void ask_archive(const message_head& head, const key_id& wanted,
                   std::function<void(const record_fetched&, const sealed_record&)> then,
                   std::function<void(const message_head&)> none, otherwise failed = {}) const {
    ask(servers().archive, head, fetch_record{{}, wanted, wanted.number == 0 ? o.details.meter : sequence_number{}},
        [then = std::move(then), none = std::move(none)](const record_fetched& got) {
          if (got.record)
            then(got, *got.record);
          else
            none(got.head);
        },
        std::move(failed));
  }
  /// Asks for the order's key, which has a record.
  void ask_for_record(const message_head& head,
                      std::function<void(const record_fetched&, const sealed_record&)> then) const {
    ask_archive(head, key(), std::move(then),
                [talk = *this](const message_head& h) { talk.trouble(h, make_error(refusal::record_missing)); });
  }
  /// Asks for the key of the order's meter. A meter that has none cannot be registered or taken out of service: that it has
  /// none is an answer, and nothing that may pass.
  void ask_for_key_of_meter(const message_head& head,
                            std::function<void(const record_fetched&, const sealed_record&)> then) const {
    ask_archive(head, {leg.plan.domain, 0}, std::move(then), [talk = *this](const message_head& h) {
      talk.refuse(h, "record fetched", refusal::record_missing,
                  [talk, h] { leave(talk.self, h, talk.o, talk.leg, refusal::record_missing); });
    });
  }

  void finish(const message_head& head, order_event event) const { progress(self, head, o, leg, std::move(event)); }
};

/// A talk about a domain that the table knows; otherwise the leg cannot go on.
std::optional<leg_talk> begin(kmc_pointer self, const message_head& head, const order& o, const order_leg& leg) {
  if (self->state.options.domains.contains(leg.plan.domain))
    return leg_talk{self, o, leg};
  leave(self, head, o, leg, refusal::domain_not_known);
  return std::nullopt;
}

/// The shape that MI8-MI10, MB1-MB3, MR2-MR4 and MO1-MO3 share: the archive stores what Brass made, Brass hears
/// of it and confirms (EP steps 344-348, 368-372, 382-386).
void store_and_confirm(const leg_talk& talk, const message_head& head, const key_id& key, const sealed_record& record,
                       std::function<void(const confirmed&)> then) {
  talk.ask(talk.servers().archive, head, store_record{{}, key, record},
           [talk, key, then](const record_stored& stored) {
             talk.ask(talk.servers().brass, stored.head, confirm_stored{{}, key, stored.status}, then);
           });
}

} // namespace

// EP Fig. 24, step 300: requests come from the KDC, with the Steel box's id.
void begin_installation(kmc_pointer self, const message_head& head, const order& o, const order_leg& leg) {
  auto begun = begin(self, head, o, leg);
  if (!begun)
    return;
  const auto talk = *begun;
  auto has_one = [talk](const record_fetched& got, const sealed_record&) {
    if (got.key.status == key_status::obsolete)
      return leg_trouble(talk.self, got.head, talk.o, talk.leg, refusal::meter_key_committed);
    talk.finish(got.head, leg_finished{talk.o.id, got.key.key});
  };
  talk.ask_archive(head, {leg.plan.domain, 0}, has_one, [talk](const message_head& h) {
    begin_leg m{{talk.self->state.house->next_head(h)}, talk.o.id, {talk.leg.plan.domain, 0},
                talk.leg.plan.steel, talk.o.details.meter};
    tell(talk.self, talk.self->state.kdc, std::move(m));
    // MI0 is what comes of it.
    talk.self->delayed_send(talk.self, answer_timeout, leg_again{{}, talk.o.id, place_of(talk.leg)});
  });
}

namespace {

/// Why a request for a key is none that an order waits for: no key id is spent on it.
std::optional<refusal> unfit_request(const order& o, const mi0& request) {
  if (o.id.number == 0)
    return refusal::order_not_known;
  const auto* leg = current_leg(o);
  if (!leg || leg->stage != leg_stage::waiting)
    return refusal::order_stage_wrong;
  if (leg->plan.domain != request.domain || leg->plan.steel != request.steel)
    return refusal::records_disagree;
  return std::nullopt;
}

void request_key_id(kmc_pointer self, const message_head& head, const order& o, const order_leg& leg) {
  auto begun = begin(self, head, o, leg);
  if (!begun)
    return;
  const auto talk = *begun;
  talk.ask(talk.servers().archive, head, new_key_id{{}, leg.plan.domain, leg.plan.steel, o.id},
           [talk](const mi0_answer& a) { talk.finish(a.head, leg_key_assigned{talk.o.id, a.key}); });
}

} // namespace

// EP Fig. 24, steps 300-304.
caf::typed_response_promise<acknowledged> obtain_key_id(kmc_pointer self, const mi0& request) {
  auto rp = self->make_response_promise<acknowledged>();
  self->state.house->submit({request.head, "MI0", fails(rp)}, [self, rp, request](transaction& t) mutable {
    const auto o = t.state<order>(order_stream(request.order));
    if (auto why = unfit_request(o, request))
      return t.refuse(*why, "order " + request.order.text(), {{participant_kind::order, request.order.text()}});
    t.when_durable([self, rp, o](const message_head& next) mutable {
      rp.deliver(acknowledged{{next}});
      request_key_id(self, next, o, *current_leg(o));
    });
  });
  return rp;
}

// EP Fig. 24, steps 306-318: MI1, MI2, MI3, the archive's response, Generate Response, MI4.
void generate_and_deliver(kmc_pointer self, const message_head& head, const order& o, const order_leg& leg) {
  auto begun = begin(self, head, o, leg);
  if (!begun)
    return;
  const auto talk = *begun;
  const auto& oaks = talk.servers().oaks;
  if (oaks.empty())
    return talk.trouble(head, make_error(refusal::box_not_known));
  // The same each time: another would make a second key of this id, and answer no repeated MI1 as the first did.
  const auto oak = oaks[leg.key % oaks.size()];
  const mi1 request{{}, talk.key(), leg.plan.steel, talk.now()};
  talk.ask(oak, head, request, [talk, oak](const mi2& made) {
    const store_record to_archive{{}, talk.key(), made.mi3};
    auto then = [talk, oak, mi4_record = made.mi4](const record_stored& stored) {
      const pass_response response{{}, talk.key(), stored.status};
      talk.ask(oak, stored.head, response, [talk, mi4_record](const generate_response& generated) {
        const mi4 delivery{{}, talk.o.id, talk.key(), talk.leg.plan.steel, talk.o.details.meter, mi4_record};
        talk.self->state.of_key[talk.key()] = talk.o.id.number;
        talk.ask(talk.self->state.kdc, generated.head, delivery, [talk](const acknowledged& received) {
          talk.finish(received.head, leg_delivered{talk.o.id, talk.key()});
        });
      });
    };
    talk.ask(talk.servers().archive, made.head, to_archive, std::move(then));
  });
}

// EP-13b: "A key id whose MI3 was never stored is a gap."
void pass_by(kmc_pointer self, const message_head& head, const order& o, const order_leg& leg, refusal why) {
  auto begun = begin(self, head, o, leg);
  if (!begun)
    return;
  const auto talk = *begun;
  // Of another id when Oak has seen a later one, and of another Oak when that id's does not work.
  const bool another_helps =
    why == refusal::key_id_not_fresh || (passing(why) && talk.servers().oaks.size() > 1);
  talk.ask_archive(
    head, talk.key(),
    // The KDC may have it and Steel may be at work on it: whatever became of it, they say so.
    [talk](const record_fetched& got, const sealed_record&) {
      if (!overtaken(talk.self, talk.o, talk.leg))
        ask_for_report(talk.self, got.head, talk.o, talk.leg);
    },
    [talk, why, another_helps](const message_head& h) {
      if (overtaken(talk.self, talk.o, talk.leg))
        return;
      if (another_helps)
        return talk.finish(h, leg_key_failed{talk.o.id, talk.key(), why});
      talk.finish(h, leg_abandoned{talk.o.id, talk.leg.plan.domain, why});
    },
    // Nobody knows whether it has a record, so the order stays open (EP-13b).
    [talk](const message_head&, const caf::error& e) {
      if (!overtaken(talk.self, talk.o, talk.leg))
        give_up(talk.self, talk.o.id, refusal_in(e));
    });
}

// EP Fig. 25, steps 342-348: MI8, MI9, MI10.
void confirm_installed(kmc_pointer self, const message_head& head, const order& o, const order_leg& leg) {
  auto begun = begin(self, head, o, leg);
  if (!begun)
    return;
  const auto talk = *begun;
  const auto reported = talk.report();
  if (!reported)
    return leg_trouble(self, head, o, leg, refusal::record_missing);
  const auto received = talk.now();
  talk.ask_for_record(head, [talk, received, mi7_record = *reported](const record_fetched& got, const sealed_record& mi3) {
    auto done = [talk](const confirmed& c) {
      talk.ask(talk.self->state.kdc, c.head, settle{{}, talk.key(), std::nullopt, c.record},
               [talk](const acknowledged& a) { talk.finish(a.head, leg_finished{talk.o.id, talk.key()}); });
    };
    if (got.key.status == key_status::installed) // the archive had it before a restart
      return talk.ask(talk.servers().brass, got.head, confirm_stored{{}, talk.key(), got.key.status}, done);
    talk.ask(talk.servers().brass, got.head, mi8{{}, talk.key(), mi3, mi7_record, received},
             [talk, done](const mi9& made) { store_and_confirm(talk, made.head, talk.key(), made.record, done); });
  });
}

// EP-13b: MB1, MB2, MB3.
void condemn_key(kmc_pointer self, const message_head& head, const order& o, const order_leg& leg, refusal why) {
  auto begun = begin(self, head, o, leg);
  if (!begun)
    return;
  const auto talk = *begun;
  self->state.of_key.erase(talk.key());
  const auto evidence = talk.report();
  auto failed_for_good = [talk, why](const message_head& h) {
    talk.finish(h, leg_key_failed{talk.o.id, talk.key(), why});
  };
  talk.ask_for_record(head, [talk, why, evidence, failed_for_good](const record_fetched& got, const sealed_record& mi3) {
    auto done = [talk, why, failed_for_good](const confirmed& c) {
      talk.ask(talk.self->state.kdc, c.head, settle{{}, talk.key(), why, c.record},
               [failed_for_good](const acknowledged& a) { failed_for_good(a.head); });
    };
    if (got.key.status == key_status::bad)
      return talk.ask(talk.servers().brass, got.head, confirm_stored{{}, talk.key(), got.key.status}, done);
    talk.ask(talk.servers().brass, got.head, mb1{{}, talk.key(), mi3, why, evidence},
             [talk, done](const mb2& made) { store_and_confirm(talk, made.head, talk.key(), made.record, done); });
  });
}

namespace {

/// Takes MR4 or MO3: what Brass of the domain signed about this meter finishes the leg (EP-28).
template <class Body, class Fits>
std::function<void(const confirmed&)> checked(const leg_talk& talk, const key_id& key, std::string what, Fits fits) {
  return [talk, key, what, fits](const confirmed& c) {
    struct facts {
      std::optional<refusal> why;
    };
    auto& state = talk.self->state;
    auto brass = state.brass_keys.find(state.house->around().journal_log->view(), key.domain);
    auto failed = [talk, head = c.head](const caf::error& e) {
      if (const auto why = refusal_in(e); why == refusal::signature_invalid || why == refusal::records_disagree)
        talk.complain_to<confirm_stored>(talk.servers().brass, head, why);
      talk.trouble(head, e);
    };
    state.house->submit<facts>(
      {c.head, what, failed},
      [c, key, brass, fits](work_context& w) {
        if (!brass || !w.proofs.check(*brass, {"record", key.domain.text}, c.record.body, c.record.proof))
          return facts{refusal::signature_invalid};
        const auto body = decode_body<Body>(c.record.body);
        return body && fits(*body) ? facts{} : facts{refusal::records_disagree};
      },
      [talk, key](transaction& t, facts& f) {
        if (f.why)
          return t.refuse(*f.why, key.text(), {{participant_kind::key, key.text()}});
        t.when_durable([talk, key](const message_head& next) { talk.finish(next, leg_finished{talk.o.id, key}); });
      });
  };
}

} // namespace

// EP Fig. 26, steps 366-372: MR2, MR3, MR4.
void register_key(kmc_pointer self, const message_head& head, const order& o, const order_leg& leg) {
  auto begun = begin(self, head, o, leg);
  if (!begun)
    return;
  const auto talk = *begun;
  std::size_t index = 0;
  while (o.legs[index].plan.domain != leg.plan.domain)
    ++index;
  const auto token = o.details.tokens[index];
  const auto received = talk.now();
  talk.ask_for_key_of_meter(head, [talk, token, received](const record_fetched& got, const sealed_record& mi9) {
    const auto key = got.key.key;
    auto done = checked<mr4_body>(
      talk, key, "MR4", [meter = talk.o.details.meter, serial = talk.o.details.serial](const mr4_body& b) {
        return b.meter == meter && b.serial == serial;
      });
    if (got.key.status == key_status::active && got.key.serial == talk.o.details.serial)
      return talk.ask(talk.servers().brass, got.head, confirm_stored{{}, key, got.key.status}, done);
    talk.ask(talk.servers().brass, got.head, mr2{{}, key, mi9, talk.o.details, token, received},
             [talk, key, done](const mr3& made) { store_and_confirm(talk, made.head, key, made.record, done); });
  });
}

// EP Fig. 27, steps 380-386: MO1, MO2, MO3.
void retire_key(kmc_pointer self, const message_head& head, const order& o, const order_leg& leg) {
  auto begun = begin(self, head, o, leg);
  if (!begun)
    return;
  const auto talk = *begun;
  const auto received = talk.now();
  talk.ask_for_key_of_meter(head, [talk, received](const record_fetched& got, const sealed_record& now) {
    const auto key = got.key.key;
    auto done = checked<mo3_body>(talk, key, "MO3", [key](const mo3_body& b) { return b.key == key; });
    if (got.key.status == key_status::obsolete)
      return talk.ask(talk.servers().brass, got.head, confirm_stored{{}, key, got.key.status}, done);
    const auto& d = talk.o.details;
    talk.ask(talk.servers().brass, got.head,
             mo1{{}, key, now, got.key.status, d.meter, d.reason, d.date, received},
             [talk, key, done](const mo2& made) { store_and_confirm(talk, made.head, key, made.record, done); });
  });
}

} // namespace oaksteel
