#include "cli/survey.hpp"

#include "cli/output.hpp"

namespace oaksteel {

participant_kind kind_of(audit_subject s) {
  switch (s) {
    case audit_subject::meter: return participant_kind::meter;
    case audit_subject::box: return participant_kind::box;
    case audit_subject::domain: return participant_kind::domain;
    case audit_subject::custodian: return participant_kind::custodian;
    case audit_subject::order: return participant_kind::order;
    case audit_subject::person: return participant_kind::person;
    case audit_subject::key:
    case audit_subject::errors:
    case audit_subject::all: break;
  }
  return participant_kind::key;
}

bool is_well_formed(audit_subject s, const std::string& id) {
  switch (s) {
    case audit_subject::meter: return sequence_number::parse(id).has_value();
    case audit_subject::box: return box_id::parse(id).has_value();
    case audit_subject::domain: return domain_id::parse(id).has_value();
    case audit_subject::custodian:
    case audit_subject::person: return label::parse(id).has_value();
    case audit_subject::order: return order_id::parse(id).has_value();
    case audit_subject::key: return key_id::parse(id).has_value();
    case audit_subject::errors:
    case audit_subject::all: break;
  }
  return id.empty();
}

bool relation::names(const record& r, participant_kind kind, const std::string& id) const {
  for (const auto& p : r.participants)
    if (p.kind == kind && p.id == id)
      return true;
  return false;
}

std::optional<relation::place> relation::correlated_with(const record& r) {
  if (!r.correlation)
    return std::nullopt;
  return place{r.correlation->log.value_or(r.log), r.correlation->position};
}

void relation::learn(const record& r) {
  if (is_single(subject_) || !names(r, kind_of(subject_), id_))
    return;
  // All events of an order point at what began it: the order's first event, or what that one points at.
  if (subject_ == audit_subject::order && r.stream == stream_id{stream_kind::order, id_} && r.previous == 0)
    began_.insert(correlated_with(r).value_or(place{r.log, r.position}));
  // The log of its first event may have been lost: another's record that names the order tells what it points at.
  if (subject_ == audit_subject::order && r.stream.kind != stream_kind::order && r.stream.kind != stream_kind::faults
      && r.correlation && r.correlation->log && *r.correlation->log != r.log)
    began_.insert(*correlated_with(r));
  // And what follows from an operator's command points at it.
  if (subject_ == audit_subject::person && r.stream.kind == stream_kind::operation && r.previous == 0)
    began_.insert(place{r.log, r.position});
  if (subject_ != audit_subject::key && subject_ != audit_subject::meter)
    return;
  for (const auto& p : r.participants) {
    if (p.kind == participant_kind::order)
      orders_.insert(p.id);
    if (p.kind == participant_kind::key && subject_ == audit_subject::meter)
      keys_.insert(p.id);
  }
}

bool relation::concerns(const record& r) const {
  if (subject_ == audit_subject::all)
    return true;
  // A wrong share is an event of its box and an error like any other (EP-10, EP-29).
  if (subject_ == audit_subject::errors)
    return r.stream.kind == stream_kind::faults || r.tag == tag_of(share_refused{});
  if (names(r, kind_of(subject_), id_))
    return true;
  bool other_key = false, other_order = false;
  for (const auto& p : r.participants) {
    if (p.kind == participant_kind::key && keys_.contains(p.id))
      return true;
    other_key = other_key || p.kind == participant_kind::key;
    other_order = other_order || p.kind == participant_kind::order;
  }
  const auto begun = correlated_with(r);
  if (subject_ == audit_subject::person)
    return begun && began_.contains(*begun);
  if (subject_ == audit_subject::order)
    return !other_order && begun && began_.contains(*begun);
  if (other_key)
    return false; // another leg of the same order
  for (const auto& p : r.participants)
    if (p.kind == participant_kind::order && orders_.contains(p.id))
      return true;
  return false;
}

void survey::add(violation v) {
  ++violation_count;
  if (violations.size() < violations_limit)
    violations.emplace(v.position, std::move(v));
}

namespace {

void count(survey& s, const any_event& e, const record& r) {
  if (auto fault = std::get_if<fault_recorded>(&e))
    ++s.faults[fault->where][fault->reason][fault->source];
  if (auto share = std::get_if<share_refused>(&e))
    ++s.faults[r.actor][share->reason][share->custodian.text];
  if (auto verified = std::get_if<tokens_verified>(&e))
    for (auto v : unpack(verified->verdicts, verified->count))
      ++s.verdicts[verified->domain][v];
  if (auto opened = std::get_if<log_opened>(&e)) {
    s.node = opened->node;
    s.simulated = opened->simulated;
  }
  if (auto restored = std::get_if<log_restored>(&e))
    s.earlier[restored->parent] = restored->position;
  if (auto met = std::get_if<neighbour_met>(&e))
    s.met[met->log] = met->node;
}

void take(survey& s, relation& related, const replay_step& step, bool verify) {
  const auto& r = step.written;
  related.learn(r);
  if (!s.actors.contains(r.actor))
    s.actors.insert(r.actor);
  for (const auto& p : r.participants)
    s.known[p.kind].insert(p.id);
  count(s, step.event, r);
  const auto signs = s.signatures.check(step.event, r.actor, verify);
  if (auto broken = s.lives.take({{r.position, {}}, r.time, step.event, step.before.state, signs.facts}))
    s.add(std::move(*broken));
}

} // namespace

survey look_over(log_source& source, const audit_arguments& arguments, relation& related, bool verify) {
  survey s{arguments};
  record_progress progress;
  auto result = replay(source, {}, {[&](const replay_step& step) { take(s, related, step, verify); },
                                    [&](std::uint64_t n) { progress.show(n); }});
  s.log = std::move(result);
  return s;
}

std::string instead_of(const survey& s, const audit_arguments& arguments) {
  const auto kind = kind_of(arguments.subject);
  const auto found = s.known.find(kind);
  if (found == s.known.end() || found->second.empty())
    return "there is no " + std::string{name(kind)} + " in this log at all";
  const auto& all = found->second;
  constexpr std::size_t shown = 12;
  std::string list;
  std::size_t n = 0;
  for (auto it = all.begin(); it != all.end() && n < shown; ++it, ++n)
    list += (n ? ", " : "") + *it;
  if (all.size() > shown)
    list += " and " + std::to_string(all.size() - shown) + " more, the last " + *all.rbegin();
  return "there are " + list;
}

} // namespace oaksteel
