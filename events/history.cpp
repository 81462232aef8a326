#include "events/history.hpp"

#include "events/audit_times.hpp"
#include "events/permitted.hpp"

namespace oaksteel {

std::string_view name(audit_rule r) {
  switch (r) {
    case audit_rule::signature: return "signature";
    case audit_rule::transition: return "transition";
    case audit_rule::key_id_order: return "key_id_order";
    case audit_rule::installation: return "installation";
    case audit_rule::names: return "names";
    case audit_rule::times: return "times";
    case audit_rule::permitted: return "permitted";
    case audit_rule::cause: return "cause";
  }
  return "?";
}

std::string_view name(audit_time t) {
  switch (t) {
    case audit_time::kms_request: return "KMS request";
    case audit_time::oak: return "Oak";
    case audit_time::psr_install: return "PSR install";
    case audit_time::steel: return "Steel";
    case audit_time::kms_install: return "KMS install";
    case audit_time::brass_install: return "Brass install";
    case audit_time::kms_registration: return "KMS registration";
    case audit_time::brass_registration: return "Brass registration";
    case audit_time::kms_obsolete: return "KMS obsolete";
    case audit_time::brass_obsolete: return "Brass obsolete";
    case audit_time::brass_bad: return "Brass bad";
  }
  return "?";
}

std::string record_place::text() const {
  return "record " + std::to_string(position) + (log.empty() ? "" : " of " + std::string{log});
}

namespace {

/// Whose clock made a time.
enum class clock_of : std::uint8_t { kmc, oak, steel, brass };
clock_of maker(audit_time t) {
  switch (t) {
    case audit_time::kms_request:
    case audit_time::kms_install:
    case audit_time::kms_registration:
    case audit_time::kms_obsolete: return clock_of::kmc;
    case audit_time::oak: return clock_of::oak;
    case audit_time::psr_install: // a PSR stands beside its Steel box
    case audit_time::steel: return clock_of::steel;
    case audit_time::brass_install:
    case audit_time::brass_registration:
    case audit_time::brass_obsolete:
    case audit_time::brass_bad: break;
  }
  return clock_of::brass;
}

} // namespace

struct history::rules {
  history& all;
  const audited_event& at;
  std::optional<violation> found = std::nullopt;

  void wrong(audit_rule rule, std::string text) {
    if (!found)
      found = violation{at.position.position, rule, std::move(text)};
  }

  // --- rules that several events share ---------------------------------------------------------------

  void transition(const key_id& key, key_life& life, key_status to) {
    if (!may_follow(life.status, to))
      wrong(audit_rule::transition, "key " + key.text() + " goes from " + std::string{name(life.status)} + " to "
                                      + std::string{name(to)});
    life.status = to;
  }

  /// `last` is what the place that acts has seen.
  void increasing(const key_id& key, std::uint64_t& last, const std::string& where) {
    if (key.number <= last)
      wrong(audit_rule::key_id_order, "key " + key.text() + " " + where + " after key "
                                        + key_id{key.domain, last}.text());
    last = std::max(last, key.number);
  }

  void same_box(const key_id& key, box_id& known, const box_id& named, std::string_view what) {
    if (named.number == 0)
      return;
    if (known.number == 0)
      known = named;
    if (known != named)
      wrong(audit_rule::names, "key " + key.text() + " is of " + std::string{what} + " " + known.text()
                                 + "; this names " + named.text());
  }

  void same_meter(const key_id& key, key_life& life, const sequence_number& named) {
    if (named.empty())
      return;
    if (life.meter.empty())
      life.meter = named;
    if (life.meter != named)
      wrong(audit_rule::names, "key " + key.text() + " is for meter " + life.meter.text + "; this names "
                                 + named.text);
  }

  void of_steel(const key_id& key, key_life& life, const box_id& named) {
    same_box(key, life.steel, named, "Steel");
    if (life.steel.number == 0)
      return;
    if (const auto given_up = life.given_up.find(life.steel); given_up != life.given_up.end() && !life.finished) {
      life.finished = given_up->second;
      life.failure = refusal::installation_never_begun;
    }
    life.given_up.clear();
  }

  /// A record is for the Steel box that its id was assigned for, and that Oak made it for.
  void same_steel(const key_id& key, key_life& life, const box_id& named) {
    of_steel(key, life, named);
    if (life.made_for.number != 0)
      same_box(key, life.made_for, named, "Steel");
  }

  /// What the archive's records say of the key itself.
  void same_key(const key_id& key, key_life& life) {
    same_box(key, life.oak, at.facts.oak, "Oak");
    same_steel(key, life, at.facts.steel);
    if (!at.facts.check)
      return;
    if (!life.check)
      life.check = at.facts.check;
    if (life.check != at.facts.check)
      wrong(audit_rule::names, "this record of key " + key.text() + " has the check value of another key");
  }

  void times(const key_id& key, key_life& life) {
    for (const auto& [what, when] : at.facts.times) {
      if (when.us == 0)
        continue;
      const auto index = static_cast<std::size_t>(what);
      life.times[index] = when;
      for (std::size_t i = 0; i < index; ++i)
        if (life.times[i].us != 0 && !ordered(static_cast<audit_time>(i), life.times[i], what, when))
          return wrong(audit_rule::times, "key " + key.text() + ": its time " + std::string{name(what)} + ", "
                                            + when.text() + ", is not after its time "
                                            + std::string{name(static_cast<audit_time>(i))} + ", "
                                            + life.times[i].text());
    }
  }

  /// EP-18: strictly where one clock made both, within the tolerance across clocks. Nobody signs what the KMC says of its
  /// time, and a box takes one that is its own: so each counts as a clock, also where they are one machine's.
  bool ordered(audit_time before, instant earlier, audit_time after, instant later) const {
    return precedes(earlier, later, maker(before) == maker(after) ? clock_tolerance{} : all.tolerance_);
  }

  /// What a box of this node signed lies before the record that keeps it. What the KMC said to it may be of another clock.
  void signed_before_kept(const key_id& key) {
    for (const auto& [what, when] : at.facts.times)
      if (!precedes(when, at.time, maker(what) == clock_of::kmc ? all.tolerance_ : clock_tolerance{}))
        wrong(audit_rule::times, "key " + key.text() + ": its time " + std::string{name(what)} + ", " + when.text()
                                   + ", is not before the record that keeps it");
  }

  // --- the archive ------------------------------------------------------------------------------------

  void on(const key_id_assigned& e) {
    auto& life = all.keys_[e.key];
    increasing(e.key, all.assigned_[e.key.domain], "is assigned");
    of_steel(e.key, life, e.steel);
  }
  void on(const key_created& e) {
    auto& life = all.keys_[e.key];
    transition(e.key, life, key_status::new_key);
    if (auto last = all.assigned_.find(e.key.domain); last != all.assigned_.end() && e.key.number > last->second)
      wrong(audit_rule::key_id_order, "key " + e.key.text() + " was never assigned");
    same_key(e.key, life);
    times(e.key, life);
  }
  void on(const key_installed& e) {
    auto& life = all.keys_[e.key];
    transition(e.key, life, key_status::installed);
    if (all.boxes_.contains(life.steel) && (!life.finished || life.failure))
      wrong(audit_rule::installation, "key " + e.key.text() + " is stored as Installed, and Steel box "
                                        + life.steel.text() + " never reported it so");
    same_meter(e.key, life, e.meter);
    same_key(e.key, life);
    if (life.meter_check && life.check && *life.meter_check != *life.check)
      wrong(audit_rule::names, "meter " + e.meter.text + " holds another key than " + e.key.text());
    times(e.key, life);
  }
  void on(const key_activated& e) {
    auto& life = all.keys_[e.key];
    transition(e.key, life, key_status::active);
    same_meter(e.key, life, e.meter);
    same_key(e.key, life);
    registration_day(e, life);
    times(e.key, life);
  }
  void on(const key_retired& e) {
    auto& life = all.keys_[e.key];
    transition(e.key, life, key_status::obsolete);
    same_meter(e.key, life, e.meter);
    same_key(e.key, life);
    times(e.key, life);
  }
  void on(const key_marked_bad& e) {
    auto& life = all.keys_[e.key];
    transition(e.key, life, key_status::bad);
    // EP-13b: only by MI7 that says so, by a token mismatch at Brass, or by the KMC's time-out.
    const bool evidence = life.failure || life.timed_out || e.reason == refusal::test_tokens_differ;
    if ((life.followed || life.finished) && !evidence)
      wrong(audit_rule::transition, "key " + e.key.text() + " is Bad without evidence: no failure was reported and no "
                                                            "time had run out");
    same_key(e.key, life);
    times(e.key, life);
  }

  void registration_day(const key_activated& e, const key_life& life) {
    const auto installed = life.times[static_cast<std::size_t>(audit_time::kms_install)];
    const auto known = all.zones_.find(e.key.domain);
    const auto zone = known == all.zones_.end() ? std::nullopt : std::optional{known->second};
    if (!day_in_order(installed, e.date, {}, zone, all.tolerance_))
      wrong(audit_rule::times,
            "key " + e.key.text() + " is registered on " + e.date.text() + ", before it was installed");
    for (const auto& [what, when] : at.facts.times)
      if (what == audit_time::kms_registration && !day_in_order({}, e.date, when, zone, all.tolerance_))
        wrong(audit_rule::times, "key " + e.key.text() + " is registered on " + e.date.text()
                                   + ", after the registration was received");
  }

  // --- domains ------------------------------------------------------------------------------------------

  void on(const domain_created& e) { learn_zone(e.domain); }
  void on(const domain_introduced& e) { learn_zone(e.domain); }
  void learn_zone(const domain_id& domain) {
    if (at.facts.zone)
      all.zones_[domain] = *at.facts.zone;
  }

  // --- boxes --------------------------------------------------------------------------------------------

  void on(const box_initialised& e) { all.boxes_.insert(e.box); }
  void on(const key_generated& e) {
    auto& life = all.keys_[e.key];
    increasing(e.key, all.generated_[{e.oak, e.key.domain}], "is generated in " + e.oak.text());
    // Nobody signs MI1. What it says to Oak binds once somebody keeps what Oak made; until then the key is a gap (EP-13b).
    life.made_for = e.steel;
    signed_before_kept(e.key);
  }
  void on(const installation_attempted& e) {
    auto& life = all.keys_[e.key];
    increasing(e.key, all.last_seen_[{e.steel, e.key.domain}], "is attempted at " + e.steel.text());
    if (life.attempted)
      wrong(audit_rule::installation, "key " + e.key.text() + " is attempted again; the first attempt is "
                                        + life.attempted.text());
    if (life.finished)
      wrong(audit_rule::installation, "key " + e.key.text() + " is attempted after its report, "
                                        + life.finished.text());
    life.attempted = at.position;
    life.tried = e.meter;
    same_steel(e.key, life, e.steel);
  }
  void on(const installation_finished& e) {
    auto& life = all.keys_[e.key];
    auto& last = all.last_seen_[{e.steel, e.key.domain}];
    // Nobody signs the question what became of a key: any Steel box may be asked, and one that never had the key gives it up.
    // That is a report of the key if the key is that box's, which may be said later (EP-13b).
    if (e.failure == refusal::installation_never_begun && life.steel != e.steel) {
      increasing(e.key, last, "is given up at " + e.steel.text());
      if (life.steel.number == 0)
        life.given_up[e.steel] = at.position;
      return;
    }
    if (life.finished)
      wrong(audit_rule::installation, "key " + e.key.text() + " is reported again; the first report is "
                                        + life.finished.text());
    if (!life.attempted && !e.failure)
      wrong(audit_rule::installation, "key " + e.key.text() + " is reported as installed, and was never attempted");
    if (!life.attempted)
      increasing(e.key, last, "is given up at " + e.steel.text());
    last = std::max(last, e.key.number);
    life.finished = at.position;
    life.failure = e.failure;
    same_steel(e.key, life, e.steel);
    // Nobody signs which meter Steel is asked for: a key that is in none may have been tried in another.
    if (!e.failure)
      same_meter(e.key, life, e.meter);
    if (life.attempted && life.tried != e.meter)
      wrong(audit_rule::names, "key " + e.key.text() + " was attempted in meter " + life.tried.text
                                 + "; this reports of " + e.meter.text);
    // After the archive's last word on the key, its time is no part of the life any more (EP-13b).
    if (life.status == key_status::none || life.status == key_status::new_key)
      times(e.key, life);
    signed_before_kept(e.key);
  }
  void on(const installation_confirmed& e) { by_brass(e.key, e.meter); }
  void on(const key_condemned& e) { by_brass(e.key, {}); }
  void on(const registration_confirmed& e) { by_brass(e.key, e.meter); }
  void on(const retirement_confirmed& e) { by_brass(e.key, e.meter); }

  void by_brass(const key_id& key, const sequence_number& meter) {
    same_meter(key, all.keys_[key], meter);
    signed_before_kept(key);
  }

  // --- KMC, KDC, meters ---------------------------------------------------------------------------------

  void on(const leg_key_assigned& e) { all.keys_[e.key].followed = true; }
  void on(const leg_timed_out& e) { all.keys_[e.key].timed_out = true; }
  void on(const leg_reported& e) {
    if (e.failure)
      all.keys_[e.key].failure = e.failure;
  }
  void on(const install_record_received& e) {
    same_steel(e.key, all.keys_[e.key], e.steel);
    same_meter(e.key, all.keys_[e.key], e.meter);
  }
  void on(const install_record_handed_out& e) { same_meter(e.key, all.keys_[e.key], e.meter); }
  void on(const key_provisioned& e) {
    auto& life = all.keys_[e.key];
    same_meter(e.key, life, e.meter);
    life.meter_check = e.check;
    attempted_before(e.key, life, "stored in");
  }
  void on(const key_committed& e) {
    auto& life = all.keys_[e.key];
    same_meter(e.key, life, e.meter);
    if (life.committed)
      wrong(audit_rule::installation, "key " + e.key.text() + " is committed again; the first time is "
                                        + life.committed.text());
    life.committed = at.position;
    attempted_before(e.key, life, "committed in");
  }
  void attempted_before(const key_id& key, const key_life& life, std::string_view what) {
    if (!life.attempted && all.boxes_.contains(life.steel))
      wrong(audit_rule::installation, "key " + key.text() + " is " + std::string{what} + " meter " + life.meter.text
                                        + ", and was never attempted");
    if (life.attempted && life.tried != life.meter)
      wrong(audit_rule::installation, "key " + key.text() + " is " + std::string{what} + " meter " + life.meter.text
                                        + ", and was attempted in meter " + life.tried.text);
  }

  void on(const meter_labelled& e) { all.meters_.insert(e.meter); }
  /// Of a log that has the meter's own events. Of several logs joint_history asks it: the meter's may be told later.
  void kept_by_its_meter(const key_installed& e) {
    if (all.meters_.contains(e.meter) && !all.keys_[e.key].committed)
      wrong(audit_rule::installation, "key " + e.key.text() + " is stored as Installed, and meter " + e.meter.text
                                        + " never kept it for good");
  }

  /// Everything else concerns no key's life.
  void on(const auto&) {}
};

std::optional<violation> history::join(const audited_event& e) {
  rules r{*this, e};
  std::visit([&r](const auto& event) { r.on(event); }, e.event);
  return std::move(r.found);
}

std::optional<violation> history::take(const audited_event& e) {
  rules r{*this, e};
  if (e.facts.problem)
    r.wrong(audit_rule::signature, *e.facts.problem);
  std::visit([&r](const auto& event) { r.on(event); }, e.event);
  if (const auto* installed = std::get_if<key_installed>(&e.event))
    r.kept_by_its_meter(*installed);
  if (auto why = not_permitted(e.before, e.event))
    r.wrong(audit_rule::permitted, std::string{name_of_event(e.event)} + " of " + stream_of(e.event).text()
                                     + " cannot follow there: " + *why);
  return std::move(r.found);
}

} // namespace oaksteel
