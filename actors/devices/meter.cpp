#include "actors/devices/meter.hpp"

#include "actors/boxes/installation.hpp"
#include "crypto/envelope.hpp"
#include "crypto/token.hpp"
#include "events/event.hpp"
#include "events/unfinished_key.hpp"

#include <caf/typed_response_promise.hpp>

namespace oaksteel {
namespace {

using meter_pointer = meter_actor::stateful_pointer<meter_state>;

stream_id stream_of_meter(const meter_state& state) {
  return {stream_kind::meter, state.options.number.text};
}

bytes memory_address(const sequence_number& number, const key_id& key) {
  const auto text = "oaksteel/1/meter|" + number.text + '|' + key.text();
  return {text.begin(), text.end()};
}

const meter& own_state(transaction& t, const meter_state& state) {
  return t.state<meter>(stream_of_meter(state));
}

std::vector<participant> who(const meter_state& state, const std::optional<key_id>& key = {}) {
  std::vector<participant> all{{participant_kind::meter, state.options.number.text}};
  if (key)
    all.push_back({participant_kind::key, key->text()});
  return all;
}

/// A message that names another meter is none for this one (EP-30); true when it was refused.
bool refuse_stray(transaction& t, const meter_state& state, const sequence_number& named,
                  const std::optional<key_id>& key = {}) {
  if (named == state.options.number)
    return false;
  t.refuse(refusal::meter_not_known, named.text, who(state, key));
  return true;
}

/// The key of this meter's own memory; made on first use.
secret_handle memory_key(meter_state& state) {
  if (state.memory_key)
    return state.memory_key;
  auto held = state.options.memory->read(state.options.slot);
  if (held && *held)
    state.memory_key = std::make_shared<const secret>(std::move(**held));
  return state.memory_key;
}

bool make_memory_key(meter_state& state) {
  if (memory_key(state))
    return true;
  auto random = state.house->around().random->stream("memory/" + state.options.number.text, 0);
  secret fresh{random->random_vec(32)};
  if (!state.options.memory->write(state.options.slot, fresh))
    return false;
  state.memory_key = std::make_shared<const secret>(std::move(fresh));
  return true;
}

/// A key that the meter holds: from working memory, or from what is sealed beside its event.
secret_handle key_of(meter_state& state, const meter& facts, const domain_id& domain) {
  auto it = facts.keys.find(domain);
  if (facts.tampered || it == facts.keys.end() || !it->second.held)
    return nullptr;
  auto& loaded = state.keys[domain];
  if (loaded.k && loaded.number == it->second.number)
    return loaded.k;
  const auto view = state.house->around().journal_log->view();
  auto position =
      view.find(static_cast<std::uint8_t>(lookup::meter_key), state.options.number.text + '|' + domain.text);
  auto sealed = position ? view.sealed(*position) : std::nullopt;
  auto under = memory_key(state);
  if (!sealed || !under)
    return nullptr;
  auto k = open_under(*under, *sealed, memory_address(state.options.number, {domain, it->second.number}));
  if (!k)
    return nullptr;
  loaded = {it->second.number, std::make_shared<const secret>(std::move(*k))};
  return loaded.k;
}

/// True while a built-in defect of this kind is to show once more. How often the memory has failed is in the
/// meter's state; how often tokens were wrong, in the actor's.
bool shows_defect(const meter_state& state, const meter& facts, const domain_id& domain, bool wrong_tokens) {
  auto it = facts.keys.find(domain);
  auto wrong = state.defects_shown.find(domain);
  const auto refusals = it == facts.keys.end() ? 0u : it->second.refusals;
  const auto shown = !wrong_tokens ? refusals : wrong == state.defects_shown.end() ? 0u : wrong->second;
  for (const auto& d : state.options.defects)
    if (d.domain == domain && d.wrong_tokens == wrong_tokens && shown < d.times)
      return true;
  return false;
}

auto take_label(meter_pointer self, const load_label& m) {
  auto rp = self->make_response_promise<acknowledged>();
  auto failed = [rp](const caf::error& e) mutable { rp.deliver(e); };
  self->state.house->submit({m.head, "load label", failed}, [self, rp, m](transaction& t) mutable {
    auto& state = self->state;
    if (refuse_stray(t, state, m.meter))
      return;
    auto events = decide(own_state(t, state), meter_labelled{m.meter, m.product, state.options.slot});
    if (!events)
      return t.refuse(events.error(), m.meter.text, who(state));
    t.apply<meter>(stream_of_meter(state), std::move(*events));
    t.when_durable([rp](const message_head& next) mutable { rp.deliver(acknowledged{{next}}); });
  });
  return rp;
}

auto identify(meter_pointer self, const mi5q& m) {
  auto rp = self->make_response_promise<mi5i>();
  auto failed = [rp](const caf::error& e) mutable { rp.deliver(e); };
  self->state.house->submit({m.head, "MI5q", failed}, [self, rp, m](transaction& t) mutable {
    auto& state = self->state;
    if (refuse_stray(t, state, m.meter))
      return;
    const auto& facts = own_state(t, state);
    if (facts.number.empty())
      return t.refuse(refusal::meter_not_labelled, m.meter.text, who(state));
    auto random = state.house->around().random->stream("session/" + facts.number.text, m.head.id.counter);
    state.own = std::make_unique<ephemeral_key>(*random);
    state.session.reset();
    state.session_steel = m.steel;
    state.session_point = m.point;
    mi5i answer{{}, facts.number, facts.product, "oaksteel meter 1", {}, state.own->public_point()};
    for (const auto& [domain, key] : facts.keys)
      if (key.held)
        answer.keys.push_back({domain, key.number});
    t.when_durable([rp, answer](const message_head& next) mutable {
      answer.head = next;
      rp.deliver(std::move(answer));
    });
  });
  return rp;
}

/// MI5: opens (K) with the session's key and stores it, provisionally.
auto provision(meter_pointer self, const mi5& m) {
  auto rp = self->make_response_promise<mi5s>();
  auto failed = [rp](const caf::error& e) mutable { rp.deliver(mi5s{{}, refusal_in(e)}); };
  self->state.house->submit({m.head, "MI5", failed}, [self, rp, m](transaction& t) mutable {
    auto& state = self->state;
    if (refuse_stray(t, state, m.meter, m.key))
      return;
    const auto& facts = own_state(t, state);
    auto random = state.house->around().random->stream("provision/" + facts.number.text, m.head.id.counter);
    const auto address = session_address(m.steel, facts.number, m.key);
    std::optional<secret> k;
    if (state.own && m.steel == state.session_steel)
      if (auto session = state.own->agree(state.session_point, address))
        k = open_under(*session, m.sealed, address);
    memory_check check;
    check.opened = k && k->size() == 32 && work_context::tokens().check_value(*k) == m.check;
    check.written = !shows_defect(state, facts, m.key.domain, false) && make_memory_key(state);
    auto events = decide(facts, provision_key{m.key, m.check}, check);
    if (!events)
      return t.refuse(events.error(), m.key.text(), who(state, m.key));
    bytes sealed;
    std::optional<refusal> problem;
    if (!events->empty()) {
      if (std::holds_alternative<key_provisioned>(events->front())) {
        sealed = seal_under(*state.memory_key, *k, memory_address(facts.number, m.key), *random);
        state.keys[m.key.domain] = {m.key.number, std::make_shared<const secret>(std::move(*k))};
      } else {
        problem = refusal::meter_write_failed;
      }
    }
    t.apply<meter>(stream_of_meter(state), std::move(*events), std::move(sealed));
    t.when_durable([rp, problem](const message_head& next) mutable { rp.deliver(mi5s{{next}, problem}); });
  });
  return rp;
}

auto give_test_tokens(meter_pointer self, const mi6r& m) {
  auto rp = self->make_response_promise<mi6>();
  auto failed = [rp](const caf::error& e) mutable { rp.deliver(e); };
  self->state.house->submit({m.head, "MI6r", failed}, [self, rp, m](transaction& t) mutable {
    auto& state = self->state;
    if (refuse_stray(t, state, m.meter, m.key))
      return;
    const auto& facts = own_state(t, state);
    auto k = key_of(state, facts, m.key.domain);
    auto it = facts.keys.find(m.key.domain);
    if (!k || it->second.number != m.key.number)
      return t.refuse(refusal::meter_key_missing, m.key.text(), who(state, m.key));
    auto& engine = work_context::tokens();
    auto digits = engine.test_tokens(engine.derive(*k, key_use::test, m.key.domain.text), m.position, m.number);
    if (shows_defect(state, facts, m.key.domain, true) && !digits.empty()) {
      ++state.defects_shown[m.key.domain];
      digits[0] = digits[0] == '9' ? '0' : static_cast<char>(digits[0] + 1);
    }
    t.when_durable([rp, number = facts.number, digits](const message_head& next) mutable {
      rp.deliver(mi6{{next}, number, digits});
    });
  });
  return rp;
}

/// MI6c. The code is held against one of the meter's own, under the key that it would commit.
auto commit(meter_pointer self, const mi6c& m) {
  auto rp = self->make_response_promise<mi6c_answer>();
  auto failed = [rp](const caf::error& e) mutable { rp.deliver(e); };
  self->state.house->submit({m.head, "MI6c", failed}, [self, rp, m](transaction& t) mutable {
    auto& state = self->state;
    if (refuse_stray(t, state, m.meter, m.key))
      return;
    const auto& facts = own_state(t, state);
    const auto k = key_of(state, facts, m.key.domain);
    const auto proven = k && same_bytes(code_of_commit(*k, commit_side::steel, m.meter, m.key), m.code);
    auto events = decide(facts, commit_key{m.key, proven});
    if (!events)
      return t.refuse(events.error(), m.key.text(), who(state, m.key));
    if (!k) // committed once, and not to be read any more
      return t.refuse(refusal::meter_key_missing, m.key.text(), who(state, m.key));
    t.apply<meter>(stream_of_meter(state), std::move(*events));
    mi6c_answer answer{{}, m.meter, m.key, code_of_commit(*k, commit_side::meter, m.meter, m.key)};
    t.when_durable([rp, answer](const message_head& next) mutable {
      answer.head = next;
      rp.deliver(answer);
    });
  });
  return rp;
}

/// A meter keeps its registration date for ever, so it takes none but today's. It is for several domains and knows the time
/// zone of none, so that today may be a day off in UTC; Brass judges it in its domain's (EP-18).
bool about_today(calendar_date date, instant now) {
  constexpr std::int64_t day_us = 86'400'000'000;
  return calendar_date::of({now.us - day_us}) <= date && date <= calendar_date::of({now.us + day_us});
}

/// MR1: the report with a registration token under each master key (EP Fig. 20; Fig. 26, steps 360-362).
auto register_here(meter_pointer self, const register_meter& m) {
  auto rp = self->make_response_promise<mr1>();
  auto failed = [rp](const caf::error& e) mutable { rp.deliver(e); };
  self->state.house->submit({m.head, "register meter", failed}, [self, rp, m](transaction& t) mutable {
    auto& state = self->state;
    if (own_state(t, state).serial.empty() && !about_today(m.date, state.house->around().time->now()))
      return t.refuse(refusal::time_out_of_order, m.date.text(), who(state));
    auto events = decide(own_state(t, state), meter_registered{m.meter, m.product, m.serial, m.country, m.date});
    if (!events)
      return t.refuse(events.error(), m.serial.text, who(state));
    t.apply<meter>(stream_of_meter(state), std::move(*events));
    const auto& facts = own_state(t, state);
    mr1 report{{}, m.meter, m.product, m.serial, m.country, facts.registered, {}};
    auto& engine = work_context::tokens();
    for (const auto& [domain, key] : facts.keys) {
      auto k = key_of(state, facts, domain);
      if (!k)
        continue;
      const auto token =
          engine.registration_token(engine.derive(*k, key_use::registration, domain.text),
                                    registration_data(domain, m.meter, m.product, m.serial, m.country, facts.registered));
      report.tokens.push_back({domain, {token.begin(), token.end()}});
    }
    t.when_durable([rp, report](const message_head& next) mutable {
      report.head = next;
      rp.deliver(std::move(report));
    });
  });
  return rp;
}

indicium printed_piece(meter_state& state, const meter& facts, const print_request& m, std::uint64_t piece) {
  indicium mail{facts.serial, m.date, piece, m.postage_thousandths, m.origin, {}};
  auto& engine = work_context::tokens();
  for (const auto& [domain, key] : facts.keys)
    if (auto k = key_of(state, facts, domain)) {
      const auto token_key = engine.derive(*k, key_use::token, token_context(domain, mail));
      mail.tokens.push_back({domain, engine.mail_token(token_key, token_data(domain, mail), mail_token_digits)});
    }
  return mail;
}

/// The piece count is durable before an indicium leaves: no count is printed twice.
auto print(meter_pointer self, const print_request& m) {
  auto rp = self->make_response_promise<printed>();
  auto failed = [rp](const caf::error& e) mutable { rp.deliver(e); };
  self->state.house->submit({m.head, "print", failed}, [self, rp, m](transaction& t) mutable {
    auto& state = self->state;
    if (refuse_stray(t, state, m.meter))
      return;
    auto events = decide(own_state(t, state), print_indicia{m.count, m.date});
    if (!events)
      return t.refuse(events.error(), m.meter.text, who(state));
    const auto first = std::get<indicia_printed>(events->front()).first;
    t.apply<meter>(stream_of_meter(state), std::move(*events));
    printed all;
    for (std::uint32_t i = 0; i < m.count; ++i)
      all.pieces.push_back(printed_piece(state, own_state(t, state), m, first + i));
    t.when_durable([rp, all = std::move(all)](const message_head& next) mutable {
      all.head = next;
      rp.deliver(std::move(all));
    });
  });
  return rp;
}

void drop_unfinished_keys(meter_pointer self) {
  auto& house = *self->state.house;
  house.submit({house.next_head(), "start", nullptr}, [self](transaction& t) {
    auto& state = self->state;
    auto events = decide(own_state(t, state), drop_unfinished{});
    t.apply<meter>(stream_of_meter(state), std::move(*events));
  });
}

/// The event first, then the wipe; a wipe that a crash cut off is done again at the next start.
auto opened(meter_pointer self, const tamper& m) {
  auto rp = self->make_response_promise<acknowledged>();
  auto failed = [rp](const caf::error& e) mutable { rp.deliver(e); };
  self->state.house->submit({m.head, "tamper", failed}, [self, rp, m](transaction& t) mutable {
    auto& state = self->state;
    if (refuse_stray(t, state, m.meter))
      return;
    auto events = decide(own_state(t, state), report_tamper{});
    if (!events)
      return t.refuse(events.error(), state.options.number.text, who(state));
    t.apply<meter>(stream_of_meter(state), std::move(*events));
    t.when_durable([self, rp](const message_head& next) mutable {
      self->state.keys.clear();
      self->state.memory_key = nullptr;
      if (self->state.options.memory->wipe(self->state.options.slot))
        rp.deliver(acknowledged{{next}});
      else
        rp.deliver(make_error(refusal::storage_failed));
    });
  });
  return rp;
}

} // namespace

meter_actor::behavior_type digital_meter(meter_pointer self, meter_options options, surroundings around) {
  auto& state = self->state;
  state.options = std::move(options);
  state.house = std::make_unique<shell>("meter/" + state.options.number.text, shell_client{self}, around);
  if (auto row = around.journal_log->view().row(stream_of_meter(state)))
    if (auto facts = decode<meter>(row->state); facts && facts->tampered)
      state.options.memory->wipe(state.options.slot);
  if (state.options.drops_unfinished)
    drop_unfinished_keys(self);
  return {
    [self](const work_done& m) { self->state.house->on(m); },
    [self](const append_done& m) { self->state.house->on(m); },
    [self](const command_refused& m) { return note_refusal(self, *self->state.house, m); },
    [self](const load_label& m) { return take_label(self, m); },
    [self](const mi5q& m) { return identify(self, m); },
    [self](const mi5& m) { return provision(self, m); },
    [self](const mi6r& m) { return give_test_tokens(self, m); },
    [self](const mi6c& m) { return commit(self, m); },
    [self](const register_meter& m) { return register_here(self, m); },
    [self](const print_request& m) { return print(self, m); },
    [self](const tamper& m) { return opened(self, m); },
  };
}

} // namespace oaksteel
