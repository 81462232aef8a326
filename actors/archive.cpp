#include "actors/archive.hpp"

#include "actors/kept_record.hpp"
#include "events/participants.hpp"
#include "events/signed_bodies.hpp"
#include "storage/signed_body.hpp"
#include "storage/find_domain_key.hpp"
#include "storage/find_event.hpp"

#include <caf/typed_response_promise.hpp>

#include <unordered_map>

namespace oaksteel {
namespace {

using archive_pointer = archive_actor::stateful_pointer<archive_state>;

stream_id counter_stream(const domain_id& domain) {
  return {stream_kind::key_counter, domain.text};
}
stream_id key_stream(const key_id& key) {
  return {stream_kind::key, key.text()};
}

/// The digest of sealed material that a stored body names; nothing when it names none.
std::optional<digest> sealed_digest(const bytes& body) {
  if (auto b = decode_body<mi3_body>(body))
    return b->sealed;
  if (auto b = decode_body<mi9_body>(body))
    return b->sealed;
  if (auto b = decode_body<mr3_body>(body))
    return b->sealed;
  if (auto b = decode_body<mo2_body>(body))
    return b->sealed;
  return std::nullopt;
}

/// Reads the domain's public keys once; the archive needs no secret to refuse what Oak or Brass did not sign.
bool know_keys(archive_state& state) {
  if (state.oak && state.brass)
    return true;
  const auto view = state.house->around().journal_log->view();
  state.oak = find_domain_key(view, state.domain, key_role::oak_authentication);
  state.brass = find_domain_key(view, state.domain, key_role::brass_authentication);
  return state.oak && state.brass;
}

struct stored_check {
  std::optional<master_key_event> proposed;
  record_check check;
};

/// EP-13: who signs which transition.
stored_check check_record(const store_record& m, const public_key& oak, const public_key& brass, work_context& w) {
  stored_check found;
  found.proposed = event_of(m.record);
  if (!found.proposed)
    return found;
  const bool by_oak = std::holds_alternative<key_created>(*found.proposed);
  const auto& r = m.record.record;
  const auto& key = std::visit([](const auto& e) -> const key_id& { return e.key; }, *found.proposed);
  found.check.signature_valid = w.proofs.check(by_oak ? oak : brass, {"record", key.domain.text}, r.body, r.proof);
  found.check.body_agrees = key == m.key;
  const auto digest = sealed_digest(r.body);
  found.check.sealed_agrees = digest ? *digest == sha256(m.record.sealed) : m.record.sealed.empty();
  return found;
}

/// True when another key of the domain has this indicia serial: one serial, one meter.
bool serial_taken(archive_state& state, const key_activated& e) {
  if (auto it = state.serials.find(e.serial.text); it != state.serials.end())
    return it->second != e.key;
  const auto view = state.house->around().journal_log->view();
  auto holder = find_event<key_activated>(view, lookup::key_of_serial, e.key.domain.text + '|' + e.serial.text);
  return holder && holder->event.key != e.key;
}

/// Whether a new key's record is for the Steel box that its id was assigned for. What was assigned before a restoration from a
/// backup nobody here knows any more.
bool is_as_assigned(archive_state& state, const key_created& e) {
  if (const auto known = state.assigned.find(e.key.number); known != state.assigned.end())
    return known->second == e.steel;
  const auto assigned = newest_event<key_id_assigned>(state.house->around().journal_log->view(), counter_stream(state.domain),
                                                      [&](const key_id_assigned& a) { return a.key == e.key; });
  return !assigned || assigned->event.steel == e.steel;
}

auto store(archive_pointer self, const store_record& m) {
  auto rp = self->make_response_promise<record_stored>();
  auto& state = self->state;
  // A serial is held for a key from the decision until the look-up row says so, or nothing was written.
  auto failed = [self, key = m.key, rp](const caf::error& e) mutable {
    std::erase_if(self->state.serials, [&](const auto& held) { return held.second == key; });
    rp.deliver(e);
  };
  const bool known = know_keys(state);
  auto answer = [m, known, oak = state.oak, brass = state.brass](work_context& w) {
    return known ? check_record(m, *oak, *brass, w) : stored_check{};
  };
  state.house->submit<stored_check>(
    {m.head, "store record", failed}, std::move(answer), [self, rp, m](transaction& t, stored_check& found) mutable {
      const std::vector<participant> who{{participant_kind::key, m.key.text()}};
      if (m.key.domain != self->state.domain)
        return t.refuse(refusal::domain_not_known, m.key.text(), who);
      if (!found.proposed)
        return t.refuse(refusal::record_malformed, m.key.text(), who);
      const auto last = t.state<key_counter>(counter_stream(self->state.domain)).last;
      auto events = decide(t.state<master_key>(key_stream(m.key)), *found.proposed, found.check, last);
      if (!events)
        return t.refuse(events.error(), m.key.text(), who);
      if (const auto* created = std::get_if<key_created>(&*found.proposed); created && !events->empty()) {
        if (!is_as_assigned(self->state, *created))
          return t.refuse(refusal::records_disagree, m.key.text(), who);
        self->state.assigned.erase(m.key.number);
      }
      if (auto activated = std::get_if<key_activated>(&*found.proposed)) {
        if (serial_taken(self->state, *activated))
          return t.refuse(refusal::serial_taken, activated->serial.text, who);
        self->state.serials[activated->serial.text] = m.key;
      }
      t.apply<master_key>(key_stream(m.key), std::move(*events), m.record.sealed);
      t.when_durable([self, rp, m, to = status_after(*found.proposed)](const message_head& next) mutable {
        std::erase_if(self->state.serials, [&](const auto& held) { return held.second == m.key; });
        rp.deliver(record_stored{{next}, m.key, to});
      });
    });
  return rp;
}

auto assign(archive_pointer self, const new_key_id& m) {
  auto rp = self->make_response_promise<mi0_answer>();
  self->state.house->submit({m.head, "MI0", fails(rp)}, [self, rp, m](transaction& t) mutable {
    const std::vector<participant> who{{participant_kind::domain, m.domain.text},
                                       {participant_kind::order, m.order.text()}};
    if (m.domain != self->state.domain)
      return t.refuse(refusal::domain_not_known, m.domain.text, who);
    const auto stream = counter_stream(m.domain);
    auto events = decide(t.state<key_counter>(stream), assign_key_id{m.domain, m.steel, m.order});
    if (!events)
      return t.refuse(events.error(), m.domain.text, who);
    const auto key = std::get<key_id_assigned>(events->front()).key;
    t.apply<key_counter>(stream, std::move(*events));
    auto& assigned = self->state.assigned;
    assigned[key.number] = m.steel;
    if (assigned.size() > assigned_limit)
      assigned.erase(assigned.begin());
    t.when_durable(
      [rp, m, key](const message_head& next) mutable { rp.deliver(mi0_answer{{next}, key, m.steel, m.order}); });
  });
  return rp;
}

/// The signed record of an event of a key, and its tag.
sealed_record record_in(const master_key_event& e) {
  struct part {
    sealed_record operator()(const key_created& x) const { return {x.mi3, {}, {}}; }
    sealed_record operator()(const key_installed& x) const { return {x.mi9, {}, {}}; }
    sealed_record operator()(const key_activated& x) const { return {x.mr3, {}, x.tag}; }
    sealed_record operator()(const key_retired& x) const { return {x.mo2, {}, x.tag}; }
    sealed_record operator()(const key_marked_bad& x) const { return {x.mb2, {}, {}}; }
  };
  return std::visit(part{}, e);
}

std::optional<master_key_event> key_event(const record& r) {
  if (auto e = read_as<key_created>(r))
    return *e;
  if (auto e = read_as<key_installed>(r))
    return *e;
  if (auto e = read_as<key_activated>(r))
    return *e;
  if (auto e = read_as<key_retired>(r))
    return *e;
  if (auto e = read_as<key_marked_bad>(r))
    return *e;
  return std::nullopt;
}

/// Every event of a key's stream changes its status, so the stream's head is the current record.
struct current_record {
  master_key key;
  sealed_record record;
};
std::optional<current_record> current(const log_view& view, const key_id& key) {
  auto row = view.row(key_stream(key));
  auto state = row ? decode<master_key>(row->state) : expected<master_key, std::string>{unexpected{std::string{}}};
  auto record = row ? view.at(row->head) : std::nullopt;
  auto event = record ? key_event(*record) : std::nullopt;
  if (!state || !event)
    return std::nullopt;
  current_record found{std::move(*state), record_in(*event)};
  found.record.sealed = view.sealed(row->head).value_or(bytes{});
  return found;
}

auto fetch(archive_pointer self, const fetch_record& m) {
  auto rp = self->make_response_promise<record_fetched>();
  self->state.house->submit({m.head, "fetch record", fails(rp)}, [self, rp, m](transaction& t) mutable {
    auto key = m.key;
    if (key.domain != self->state.domain)
      return t.refuse(refusal::domain_not_known, key.domain.text, taking_part(key, m.meter));
    // Whether a meter has a key, or an id a record, is a question, and that it has none an answer: no error.
    const auto none = [&t, rp, m] {
      t.when_durable([rp = rp, m](const message_head& next) mutable {
        record_fetched answer{{next}, {}, std::nullopt};
        answer.key.key = m.key;
        answer.key.meter = m.meter;
        rp.deliver(std::move(answer));
      });
    };
    if (key.number == 0) {
      const auto installed = find_event<key_installed>(self->state.house->around().journal_log->view(),
                                                       lookup::key_of_meter, key.domain.text + '|' + m.meter.text);
      if (!installed)
        return none();
      key = installed->event.key;
    } else if (t.state<master_key>(key_stream(key)).status == key_status::none) {
      return none();
    }
    // Read when everything before is durable: what is fetched is what an auditor would find.
    t.when_durable([self, rp, key](const message_head& next) mutable {
      auto found = current(self->state.house->around().journal_log->view(), key);
      if (!found) {
        rp.deliver(make_error(refusal::record_missing));
        return;
      }
      rp.deliver(record_fetched{{next}, std::move(found->key), std::move(found->record)});
    });
  });
  return rp;
}

/// What Brass needs of the key with this serial: MR3, and MO2 when it is retired.
std::optional<verification_key> verification_key_for(const log_view& view, const domain_id& domain,
                                                     const indicia_serial& serial) {
  auto found = find_event<key_activated>(view, lookup::key_of_serial, domain.text + '|' + serial.text);
  if (!found)
    return std::nullopt;
  verification_key key;
  key.mr3_body = std::move(found->event.mr3.body);
  key.mr3_tag = std::move(found->event.tag);
  key.sealed = view.sealed(found->position).value_or(bytes{});
  auto row = view.row(key_stream(found->event.key));
  auto state = row ? decode<master_key>(row->state) : expected<master_key, std::string>{unexpected{std::string{}}};
  if (!state)
    return std::nullopt;
  key.key = std::move(*state);
  if (key.key.status == key_status::obsolete) {
    auto last = view.at(row->head);
    if (auto retired = last ? read_as<key_retired>(*last) : std::nullopt) {
      key.mo2_body = std::move(retired->mo2.body);
      key.mo2_tag = std::move(retired->tag);
    }
  }
  return key;
}

auto fetch_for_verification(archive_pointer self, const fetch_verification& m) {
  auto rp = self->make_response_promise<verification_material>();
  self->state.house->submit({m.head, "fetch verification", fails(rp)}, [self, rp, m](transaction& t) mutable {
    if (m.domain != self->state.domain || !m.pieces)
      return t.refuse(refusal::domain_not_known, m.domain.text);
    t.when_durable([self, rp, m](const message_head& next) mutable {
      const auto view = self->state.house->around().journal_log->view();
      verification_material found;
      found.head = next;
      std::unordered_map<std::string, std::int32_t> known;
      for (const auto& mail : *m.pieces) {
        auto [it, fresh] = known.try_emplace(mail.serial.text, -1);
        if (fresh)
          if (auto key = verification_key_for(view, m.domain, mail.serial)) {
            it->second = static_cast<std::int32_t>(found.keys.size());
            found.keys.push_back(std::move(*key));
          }
        found.key_of_piece.push_back(it->second);
      }
      rp.deliver(std::move(found));
    });
  });
  return rp;
}

} // namespace

archive_actor::behavior_type archive(archive_pointer self, domain_id domain, surroundings around) {
  auto& state = self->state;
  state.domain = domain;
  state.house = std::make_unique<shell>("archive/" + domain.text, shell_client{self}, around);
  return {
    [self](const work_done& m) { self->state.house->on(m); },
    [self](const append_done& m) { self->state.house->on(m); },
    [self](const command_refused& m) { return note_refusal(self, *self->state.house, m); },
    [self](const new_key_id& m) { return assign(self, m); },
    [self](const store_record& m) { return store(self, m); },
    [self](const fetch_record& m) { return fetch(self, m); },
    [self](const fetch_verification& m) { return fetch_for_verification(self, m); },
  };
}

} // namespace oaksteel
