#include "events/joint_history.hpp"

#include <algorithm>

namespace oaksteel {
namespace {

std::map<digest, std::size_t> by_id(const std::vector<joined_log>& logs) {
  std::map<digest, std::size_t> all;
  for (std::size_t i = 0; i < logs.size(); ++i)
    all.emplace(logs[i].id, i);
  return all;
}

} // namespace

// --- the order -----------------------------------------------------------------------------------------------------

joining::joining(const std::vector<joined_log>& logs)
  : logs_(logs), by_id_(by_id(logs)), told_(logs.size()), ended_(logs.size()) {}

joining::readiness joining::ready(std::size_t log, const std::optional<reference>& r) const {
  if (!r || !*r || !r->log)
    return readiness::ready;
  const auto found = by_id_.find(*r->log);
  if (found == by_id_.end() || found->second == log)
    return readiness::ready;
  const auto of = found->second;
  if (r->position <= told_[of])
    return readiness::ready;
  if (r->position > logs_[of].records && !logs_[of].goes_on)
    return readiness::ready; // there is nothing to wait for: it is missing
  return r->position > logs_[of].records || ended_[of] ? readiness::never : readiness::waits;
}

joining::readiness joining::ready(std::size_t log, const joined_record& r) const {
  return std::max(ready(log, r.cause), ready(log, r.correlation));
}

std::optional<std::size_t> joining::next(const std::vector<const joined_record*>& heads) {
  const auto earliest = [&](readiness wanted) {
    std::optional<std::size_t> first;
    for (std::size_t i = 0; i < heads.size(); ++i)
      if (heads[i] && !ended_[i] && ready(i, *heads[i]) == wanted && (!first || heads[i]->time < heads[*first]->time))
        first = i;
    return first;
  };
  // What rests on a log that ends here ends too.
  while (const auto cut_off = earliest(readiness::never))
    ended_[*cut_off] = true;
  auto chosen = earliest(readiness::ready);
  if (!chosen)
    chosen = earliest(readiness::waits);
  if (chosen)
    told_[*chosen] = heads[*chosen]->position;
  return chosen;
}

// --- the rules -----------------------------------------------------------------------------------------------------

joint_history::joint_history(const std::vector<joined_log>& logs, clock_tolerance tolerance)
  : logs_(logs), tolerance_(tolerance), lives_(tolerance), by_id_(by_id(logs)), told_(logs.size()), joined_to_(1) {}

std::optional<std::size_t> joint_history::log_with(const digest& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? std::nullopt : std::optional{found->second};
}

std::optional<std::size_t> joint_history::writer(std::string_view actor) const {
  for (std::size_t i = 0; i < logs_.size(); ++i)
    if (logs_[i].actors.contains(actor))
      return i;
  return std::nullopt;
}

std::uint32_t joint_history::root(std::uint32_t subject) const {
  while (joined_to_[subject] != subject)
    subject = joined_to_[subject] = joined_to_[joined_to_[subject]];
  return subject;
}

/// The life that an event is of, by the keys, orders and meters that it names; 0 when it names none.
std::uint32_t joint_history::subject_of(const any_event& e) {
  // What was refused may speak of anything.
  if (std::holds_alternative<fault_recorded>(e))
    return 0;
  std::uint32_t all = 0;
  for (const auto& p : participants(e)) {
    if (p.kind != participant_kind::key && p.kind != participant_kind::order && p.kind != participant_kind::meter)
      continue;
    auto [it, fresh] = subjects_.try_emplace(std::string{name(p.kind)} + ' ' + p.id, joined_to_.size());
    if (fresh)
      joined_to_.push_back(it->second);
    const auto one = root(it->second);
    if (all)
      joined_to_[one] = all;
    else
      all = one;
  }
  return all;
}

struct joint_history::rules {
  joint_history& all;
  std::size_t log;
  const joined_record& at;
  const signed_facts& facts;
  std::uint32_t subject;
  std::optional<violation> found;

  void wrong(audit_rule rule, std::string text) {
    if (!found)
      found = violation{at.position, rule, std::move(text)};
  }
  const std::string& name_of(std::size_t l) const { return all.logs_[l].name; }

  // --- what it refers to -----------------------------------------------------------------------------------

  void follows(const std::optional<reference>& r, const std::string& what, bool may_be_itself) {
    if (!r || !*r)
      return;
    const auto of = r->log ? all.log_with(*r->log) : std::optional{log};
    if (!of) {
      auto& absent = all.absent_[*r->log];
      ++absent.references;
      absent.named_by.insert(log);
      return;
    }
    const auto its = "its " + what + ", " + record_place{r->position, name_of(*of)}.text() + ", ";
    if (*of == log) {
      if (r->position >= at.position + may_be_itself)
        wrong(audit_rule::cause, its + "is not before it");
    } else if (r->position > all.logs_[*of].records) {
      miss(*of, r->position);
    } else if (r->position > all.told_[*of].size()) {
      wrong(audit_rule::cause, its + "rests on it in turn");
    } else
      fits(all.told_[*of][r->position - 1], its);
  }

  void fits(const told_record& cause, const std::string& its) {
    using namespace std::chrono_literals;
    if (!precedes(cause.time, at.time, all.tolerance_.value_or(0us)))
      wrong(audit_rule::cause, its + "is of " + cause.time.text() + ", later than this one's " + at.time.text()
                                 + (all.tolerance_ ? " by more than clocks may differ" : ""));
    if (subject && cause.subject && all.root(subject) != all.root(cause.subject))
      wrong(audit_rule::cause, its + "is of another key, order or meter");
  }

  void miss(std::size_t of, std::uint64_t position) {
    if (all.logs_[of].goes_on)
      return;
    auto& m = all.missing_[{log, of}];
    if (m.references++ == 0) {
      m.first_claim = at.position;
      m.lowest = position;
    }
    m.lowest = std::min(m.lowest, position);
    m.highest = std::max(m.highest, position);
  }

  // --- what must have happened elsewhere ---------------------------------------------------------------------

  void happened(std::string what) { all.happened_.insert(std::move(what)); }

  /// `text`: what the log lacks.
  void needs(std::optional<std::size_t> of, std::string what, const std::string& text) {
    if (of && !all.happened_.contains(what))
      all.claims_.push_back({*of, log, at.position, std::move(what),
                             "the log of " + name_of(*of) + " lacks " + text + ", on which "
                               + record_place{at.position, name_of(log)}.text() + " rests"});
  }

  std::optional<std::size_t> log_of(const box_id& box) const {
    const auto known = all.box_at_.find(box);
    return known == all.box_at_.end() ? std::nullopt : std::optional{known->second};
  }
  std::optional<std::size_t> archive_of(const key_id& key) const { return all.writer("archive/" + key.domain.text); }
  /// The log of the KDC, where it is there that the record's cause was written: there may be others.
  std::optional<std::size_t> kdc_that_led_here() const {
    if (!at.cause || !*at.cause)
      return std::nullopt;
    const auto led = at.cause->log ? all.log_with(*at.cause->log) : std::optional{log};
    return led && all.logs_[*led].actors.contains("kdc") ? led : std::nullopt;
  }
  static std::string stage(key_status s, const key_id& key) { return std::string{name(s)} + ' ' + key.text(); }
  void needs_status(const key_id& key, key_status s) {
    needs(archive_of(key), stage(s, key), "that key " + key.text() + " became " + std::string{name(s)});
  }
  void needs_assignment(const key_id& key) {
    needs(archive_of(key), "assigned " + key.text(), "that key id " + key.text() + " was assigned");
  }

  static std::string digest_text(std::string_view what, const digest& d) {
    return std::string{what} + std::string{d.value.begin(), d.value.end()};
  }

  /// The event by which a box made the records in it; all others keep what was made elsewhere.
  template <class Event>
  static constexpr bool makes_records =
    std::is_same_v<Event, key_generated> || std::is_same_v<Event, installation_finished>
    || std::is_same_v<Event, installation_confirmed> || std::is_same_v<Event, key_condemned>
    || std::is_same_v<Event, registration_confirmed> || std::is_same_v<Event, retirement_confirmed>
    || std::is_same_v<Event, domain_created>;

  template <class Event>
  void records_of(const Event& e) {
    for (const auto& r : facts.records) {
      const auto known_as = digest_text(name(r.type), r.body);
      if constexpr (makes_records<Event>)
        happened(known_as);
      else if (r.maker)
        needs(log_of(*r.maker), known_as, std::string{name(r.type)} + about(e) + " by box " + r.maker->text());
    }
  }
  template <class Event>
  static std::string about(const Event& e) {
    if constexpr (requires { e.key.text(); })
      return " of key " + e.key.text();
    else if constexpr (requires { e.domain.text; })
      return " of domain " + e.domain.text;
    else
      return "";
  }

  // --- events --------------------------------------------------------------------------------------------------

  void on(const box_initialised& e) {
    const auto [other, fresh] = all.box_at_.try_emplace(e.box, log);
    if (!fresh && other->second != log)
      wrong(audit_rule::names, "box " + e.box.text() + " was initialised at " + name_of(other->second)
                                 + " too: two nodes claim it");
    same_key_set(e.domain_key_set);
    if (e.source)
      needs(log_of(*e.source), "admitted " + e.box.text(),
            "that box " + e.source->text() + " admitted box " + e.box.text());
  }
  void on(const box_admitted& e) { happened("admitted " + e.box.text()); }
  void on(const authority_introduced& e) { same_key_set(e.domain_key_set); }
  void same_key_set(const bytes& key) {
    if (key.empty())
      return;
    if (!all.domain_key_set_)
      all.domain_key_set_ = key;
    if (all.domain_key_set_ != key)
      wrong(audit_rule::names, "it names another domain key set than the logs told so far");
  }
  void on(const keys_issued& e) { happened(digest_text("issued ", e.package)); }
  void on(const domain_process_made& e) { received(e); }
  void on(const key_set_received& e) { received(e); }
  void received(const auto& e) {
    const std::optional<box_id> source = e.source;
    if (source)
      needs(log_of(*source), digest_text("issued ", e.package),
            "that box " + source->text() + " gave box " + e.box.text() + " these keys");
  }

  void on(const key_id_assigned& e) {
    const auto [other, fresh] = all.assigned_at_.try_emplace(e.key.domain, log);
    if (!fresh && other->second != log)
      wrong(audit_rule::names, "key ids of domain " + e.key.domain.text + " are assigned at " + name_of(other->second)
                                 + " too: it has two archives");
    happened("assigned " + e.key.text());
  }
  void on(const key_created& e) { happened(stage(key_status::new_key, e.key)); }
  void on(const key_installed& e) {
    happened(stage(key_status::installed, e.key));
    needs(all.writer("meter/" + e.meter.text), kept(e.key, e.meter),
          "that meter " + e.meter.text + " keeps key " + e.key.text() + " for good");
  }
  void on(const key_activated& e) { happened(stage(key_status::active, e.key)); }
  void on(const key_retired& e) { happened(stage(key_status::obsolete, e.key)); }
  void on(const key_marked_bad& e) { happened(stage(key_status::bad, e.key)); }

  void on(const key_generated& e) { needs_assignment(e.key); }
  void on(const leg_key_assigned& e) { needs_assignment(e.key); }
  void on(const install_record_received& e) { happened("received " + e.key.text()); }
  void on(const install_record_handed_out& e) { happened("handed out " + e.key.text()); }
  void on(const leg_delivered& e) {
    needs(kdc_that_led_here(), "received " + e.key.text(), "that the KDC received key " + e.key.text());
  }
  void on(const installation_attempted& e) {
    needs(kdc_that_led_here(), "handed out " + e.key.text(), "that the KDC handed out key " + e.key.text());
  }
  void on(const installation_finished& e) {
    if (!e.failure)
      happened("in its meter " + e.key.text());
  }
  static std::string kept(const key_id& key, const sequence_number& meter) {
    return "kept " + key.text() + ' ' + meter.text;
  }
  // Whoever sits between Steel and a meter may give it a key of his own (EP-16).
  void on(const key_provisioned& e) { needs_assignment(e.key); }
  // MI7 is durable before MI6c goes out.
  void on(const key_committed& e) {
    happened(kept(e.key, e.meter));
    const auto life = all.lives_.keys().find(e.key);
    if (life != all.lives_.keys().end())
      needs(log_of(life->second.steel), "in its meter " + e.key.text(),
            "that Steel box " + life->second.steel.text() + " reported key " + e.key.text() + " as installed");
  }
  void on(const order_opened& e) { all.orders_[{log, e.order.number}] = e.details.kind; }
  void on(const leg_finished& e) {
    const auto order = all.orders_.find({log, e.order.number});
    if (order == all.orders_.end())
      return;
    switch (order->second) {
      case order_kind::install: return needs_status(e.key, key_status::installed);
      case order_kind::registration: return needs_status(e.key, key_status::active);
      case order_kind::retirement: return needs_status(e.key, key_status::obsolete);
    }
  }
  void on(const leg_key_failed& e) {
    // One that was never stored is a gap (EP-13b).
    if (all.happened_.contains(stage(key_status::new_key, e.key)))
      needs_status(e.key, key_status::bad);
  }
  void on(const auto&) {}
};

std::optional<violation> joint_history::take(std::size_t log, const joined_record& r, const any_event& e,
                                             const signed_facts& facts) {
  static const any_state none;
  auto broken = lives_.join({{r.position, logs_[log].name}, r.time, e, none, facts});
  const auto subject = subject_of(e);
  told_[log].resize(r.position);
  told_[log].back() = {r.time, subject};
  rules all{*this, log, r, facts, subject, std::move(broken)};
  std::visit([&all](const auto& event) {
    all.on(event);
    all.records_of(event);
  }, e);
  all.follows(r.cause, "cause", false);
  all.follows(r.correlation, "correlation", true);
  return std::move(all.found);
}

std::vector<lack> joint_history::lacks() const {
  std::vector<lack> all;
  for (const auto& [between, m] : missing_) {
    const auto& [by, of] = between;
    const auto which = m.lowest == m.highest ? "record " + std::to_string(m.lowest)
                                             : "records " + std::to_string(m.lowest) + " to " + std::to_string(m.highest);
    all.push_back({of, by, m.first_claim, "the log of " + logs_[of].name + " has " + std::to_string(logs_[of].records)
                                            + " records and lacks " + which + ", to which that of " + logs_[by].name
                                            + " refers " + (m.references == 1 ? "once, in record "
                                                                              : std::to_string(m.references)
                                                                                  + " times, first in record ")
                                            + std::to_string(m.first_claim)});
  }
  std::set<std::string> said;
  for (const auto& c : claims_)
    if (!happened_.contains(c.needed) && !logs_[c.of].goes_on && said.insert(c.needed).second)
      all.push_back({c.of, c.claimed_by, c.position, c.text});
  return all;
}

} // namespace oaksteel
