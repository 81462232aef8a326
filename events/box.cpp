#include "events/box.hpp"

#include "events/box_reasons.hpp"
#include "events/protections.hpp"

#include <algorithm>

namespace oaksteel {
namespace {

using events = std::vector<box_event>;

const domain_process* process_of(const secure_box& box, const domain_id& domain) {
  auto it = box.processes.find(domain);
  return it == box.processes.end() ? nullptr : &it->second;
}

std::vector<label> custodians(const std::vector<share_plan>& shares) {
  std::vector<label> names;
  for (const auto& s : shares)
    names.push_back(s.custodian);
  return names;
}

/// Why a share of the box's own set is refused all the same: it counts once, and from its own custodian.
std::optional<refusal> not_countable(const secure_box& state, const label& custodian, const share_check& facts) {
  if (!holds_share(state, custodian))
    return refusal::custodian_not_known;
  if (state.entered.contains(custodian.text))
    return refusal::share_doubled;
  if (!facts.share)
    return std::nullopt; // an event of version 1 does not say which
  if (facts.share->index == 0 || facts.share->index > state.shares.size())
    return refusal::share_wrong;
  const auto& owner = state.shares[facts.share->index - 1].custodian;
  if (state.entered.contains(owner.text))
    return refusal::share_doubled;
  return owner == custodian ? std::nullopt : std::optional{refusal::share_of_another_custodian};
}

bool too_far(const domain_process& process, const key_id& key) {
  return key.number - process.last_seen > key_id_step_limit;
}

/// Everything that Brass decides has this shape: ready, then what the worker found.
template <class Proposed>
decision<box_event> brass_decision(const secure_box& state, const Proposed& proposed, const brass_check& facts) {
  if (auto why = not_ready(state, box_type::brass, proposed.key.domain))
    return refuse(*why);
  if (facts.problem)
    return refuse(*facts.problem);
  if (proposed.brass != state.id)
    return refuse(refusal::wrong_box);
  return events{proposed};
}

} // namespace

decision<box_event> decide(const secure_box& state, const box_initialised& proposed) {
  if (state.id.number != 0)
    return refuse(refusal::box_already_initialised);
  if (proposed.box.number == 0)
    return refuse(refusal::command_malformed);
  if (auto why = wrong_set(proposed.threshold, custodians(proposed.shares)))
    return refuse(*why);
  return events{proposed};
}

std::optional<refusal> wrong_set(std::size_t threshold, const std::vector<label>& custodians) {
  const std::set<label> different{custodians.begin(), custodians.end()};
  if (custodians.empty() || custodians.size() > share_limit || different.size() != custodians.size()
      || !std::all_of(custodians.begin(), custodians.end(), [](const label& c) { return label::parse(c.text); }))
    return refusal::share_count_wrong;
  if (threshold == 0 || threshold > custodians.size())
    return refusal::share_threshold_wrong;
  return std::nullopt;
}

bool holds_share(const secure_box& box, const label& custodian) {
  return std::any_of(box.shares.begin(), box.shares.end(),
                     [&](const share_plan& s) { return s.custodian == custodian; });
}

decision<box_event> decide(const secure_box& state, const enter_share& command, const share_check& facts) {
  if (state.id.number == 0)
    return refuse(refusal::box_not_initialised);
  const auto wrong = facts.wrong ? facts.wrong : not_countable(state, command.custodian, facts);
  if (wrong)
    return events{share_refused{state.id, command.custodian, *wrong, facts.share}};
  events out{share_entered{state.id, command.custodian, facts.share}};
  if (!state.enabled && state.entered.size() + 1 >= state.threshold)
    out.emplace_back(box_enabled{state.id});
  return out;
}

decision<box_event> decide(const secure_box& state, const remove_share& command) {
  if (state.id.number == 0)
    return refuse(refusal::box_not_initialised);
  if (!holds_share(state, command.custodian))
    return refuse(refusal::custodian_not_known);
  if (!state.entered.contains(command.custodian.text))
    return refuse(refusal::share_not_entered);
  return events{box_disabled{state.id, std::string{share_taken_out}, command.custodian}};
}

decision<box_event> decide(const secure_box& state, const lose_memory& command) {
  if (!state.enabled && state.entered.empty())
    return events{};
  return events{box_disabled{state.id, command.reason, {}}};
}

decision<box_event> decide(const secure_box& state, const report_generators& command) {
  if (state.id.number == 0)
    return refuse(refusal::box_not_initialised);
  const auto& found = command.found;
  if (state.generators == found)
    return events{};
  return events{generators_changed{state.id, found.health, found.hardware, found.software, found.combination}};
}

decision<box_event> decide(const secure_box& state, const last_seen_raised& proposed) {
  if (state.id.number == 0)
    return refuse(refusal::box_not_initialised);
  if (state.id.type != box_type::oak && state.id.type != box_type::steel)
    return refuse(refusal::wrong_box_type);
  const auto process = state.processes.find(proposed.key.domain);
  const auto raised = state.raised.find(proposed.key.domain);
  const auto last = process != state.processes.end() ? process->second.last_seen
                    : raised != state.raised.end()   ? raised->second
                                                     : 0;
  return proposed.key.number <= last ? events{} : events{proposed};
}

decision<box_event> decide(const secure_box& state, const domain_process_made& proposed) {
  if (state.id.number == 0)
    return refuse(refusal::box_not_initialised);
  if (!state.enabled)
    return refuse(refusal::box_disabled);
  if (state.id.type == box_type::manufacturing && !state.key_set)
    return refuse(refusal::key_set_missing);
  // An Oak is told of Steel boxes that came later; what it had stays.
  const auto* process = process_of(state, proposed.domain);
  const auto known = [&](const box_id& steel) { return process->steels.contains(steel); };
  const bool news = process && state.id.type == box_type::oak && process->suite == proposed.suite
                    && !std::all_of(proposed.steels.begin(), proposed.steels.end(), known);
  if (process && !news)
    return refuse(refusal::domain_process_exists);
  return events{proposed};
}

decision<box_event> decide(const secure_box& state, const key_set_received& proposed) {
  if (state.id.number == 0)
    return refuse(refusal::box_not_initialised);
  if (state.id.type != box_type::manufacturing)
    return refuse(refusal::wrong_box_type);
  if (!state.enabled)
    return refuse(refusal::box_disabled);
  if (state.key_set)
    return refuse(refusal::key_set_exists);
  return events{proposed};
}

std::optional<refusal> not_ready_to_make(const secure_box& state) {
  if (state.id.number == 0)
    return refusal::box_not_initialised;
  if (state.id.type != box_type::manufacturing)
    return refusal::wrong_box_type;
  if (!state.enabled)
    return refusal::box_disabled;
  if (!state.key_set)
    return refusal::key_set_missing;
  return std::nullopt;
}

decision<box_event> decide(const secure_box& state, const keys_issued& proposed, bool admitted) {
  if (auto why = not_ready_to_make(state))
    return refuse(*why);
  if (!admitted)
    return refuse(refusal::box_not_admitted);
  if (!proposed.domain && proposed.target.type != box_type::manufacturing)
    return refuse(refusal::wrong_box_type);
  if (proposed.domain && !process_of(state, *proposed.domain))
    return refuse(refusal::domain_not_known);
  const bool steels_only = std::all_of(proposed.steels.begin(), proposed.steels.end(), [](const box_id& b) {
    return b.type == box_type::steel && b.number != 0;
  });
  if (!steels_only || (!proposed.steels.empty() && proposed.target.type != box_type::oak))
    return refuse(refusal::steel_not_valid_for_domain);
  return events{proposed};
}

decision<box_event> decide(const secure_box& state, const switch_domain& command) {
  if (state.id.type == box_type::manufacturing)
    return refuse(refusal::wrong_box_type);
  if (!state.enabled)
    return refuse(refusal::box_disabled);
  if (!process_of(state, command.domain))
    return refuse(refusal::domain_not_known);
  if (state.active == command.domain)
    return events{};
  return events{active_domain_switched{state.id, command.domain}};
}

std::optional<refusal> not_ready(const secure_box& state, box_type type, const domain_id& domain) {
  if (state.id.number == 0)
    return refusal::box_not_initialised;
  if (state.id.type != type)
    return refusal::wrong_box_type;
  if (!process_of(state, domain))
    return refusal::domain_not_known;
  if (!state.enabled)
    return refusal::box_disabled;
  if (state.active != domain)
    return refusal::domain_not_active;
  return std::nullopt;
}

// EP: "Oak Box 20 checks the request to determine the validity of the Domain, the validity of the Steel Box ID
// for the Domain and if the Key ID is higher than the last one processed for this Domain."
decision<box_event> decide(const secure_box& state, const key_generated& proposed) {
  if (auto why = not_ready(state, box_type::oak, proposed.key.domain))
    return refuse(*why);
  const auto& process = *process_of(state, proposed.key.domain);
  if (!process.steels.contains(proposed.steel))
    return refuse(refusal::steel_not_valid_for_domain);
  if (keeps(protection::oak_freshness) && proposed.key.number <= process.last_seen)
    return refuse(refusal::key_id_not_fresh);
  if (too_far(process, proposed.key))
    return refuse(refusal::key_id_not_assigned);
  return events{proposed};
}

// EP: "A steel box error occurs if the message signature test fails, the steel ID is not correct or the key ID
// is not new."
decision<box_event> decide(const secure_box& state, const attempt_installation& command,
                           const install_record_check& facts) {
  if (auto why = not_ready(state, box_type::steel, command.key.domain))
    return refuse(*why);
  if (!facts.signature_valid)
    return refuse(refusal::signature_invalid);
  if (keeps(protection::steel_id) && command.steel != state.id)
    return refuse(refusal::wrong_box);
  const auto& process = *process_of(state, command.key.domain);
  if (keeps(protection::steel_freshness) && command.key.number <= process.last_seen)
    return refuse(refusal::key_id_not_fresh);
  if (!facts.in_time)
    return refuse(refusal::time_out_of_order);
  if (!facts.opened)
    return refuse(refusal::sealed_material_invalid);
  if (process.open.size() >= open_installations_limit)
    return refuse(refusal::busy);
  return events{installation_attempted{command.key, command.oak, command.steel, command.meter, command.psr_install}};
}

decision<box_event> decide(const secure_box& state, const installation_finished& proposed) {
  // The domain need not be active: an attempt ends whichever is.
  if (auto why = not_ready(state, box_type::steel, proposed.key.domain); why && *why != refusal::domain_not_active)
    return refuse(*why);
  if (proposed.steel != state.id)
    return refuse(refusal::wrong_box);
  const auto* process = process_of(state, proposed.key.domain);
  if (process->open.contains(proposed.key.number))
    return events{proposed};
  // Never attempted: MI7 says so, and the key id is spent, so that the record cannot be installed later.
  if (!proposed.failure || proposed.key.number <= process->last_seen)
    return refuse(refusal::key_id_not_fresh);
  if (too_far(*process, proposed.key))
    return refuse(refusal::key_id_not_assigned);
  return events{proposed};
}

decision<box_event> decide(const secure_box& state, const installation_confirmed& proposed, const brass_check& facts) {
  return brass_decision(state, proposed, facts);
}
decision<box_event> decide(const secure_box& state, const key_condemned& proposed, const brass_check& facts) {
  return brass_decision(state, proposed, facts);
}
decision<box_event> decide(const secure_box& state, const registration_confirmed& proposed, const brass_check& facts) {
  return brass_decision(state, proposed, facts);
}
decision<box_event> decide(const secure_box& state, const retirement_confirmed& proposed, const brass_check& facts) {
  return brass_decision(state, proposed, facts);
}

decision<box_event> decide(const secure_box& state, const tokens_verified& proposed) {
  if (auto why = not_ready(state, box_type::brass, proposed.domain))
    return refuse(*why);
  if (proposed.verdicts.size() != proposed.count / 2 + proposed.count % 2)
    return refuse(refusal::command_malformed);
  return events{proposed};
}

void evolve(secure_box& state, const box_initialised& e) {
  state.id = e.box;
  state.slot = e.slot;
  state.suite = e.suite;
  state.threshold = e.threshold;
  state.salt = e.salt;
  state.shares = e.shares;
  state.key_set = e.key_set;
}
void evolve(secure_box& state, const share_entered& e) {
  state.entered.insert(e.custodian.text);
}
void evolve(secure_box&, const share_refused&) {}
void evolve(secure_box& state, const box_enabled&) {
  state.enabled = true;
}
void evolve(secure_box& state, const box_disabled&) {
  state.enabled = false;
  state.entered.clear();
}
void evolve(secure_box&, const keys_issued&) {}
void evolve(secure_box& state, const key_set_received& e) {
  state.key_set = e.key_set;
}
void evolve(secure_box& state, const domain_process_made& e) {
  auto& process = state.processes[e.domain];
  process.suite = e.suite;
  process.steels.insert(e.steels.begin(), e.steels.end());
  process.key_data = e.key_data;
  if (const auto raised = state.raised.extract(e.domain))
    process.last_seen = raised.mapped();
  // A Manufacturing box works for all of its domains.
  if (!state.active && state.id.type != box_type::manufacturing)
    state.active = e.domain;
}
void evolve(secure_box& state, const active_domain_switched& e) {
  state.active = e.domain;
}
void evolve(secure_box& state, const key_generated& e) {
  state.processes[e.key.domain].last_seen = e.key.number;
}
void evolve(secure_box& state, const installation_attempted& e) {
  auto& process = state.processes[e.key.domain];
  process.last_seen = e.key.number;
  process.open.emplace(e.key.number, e.meter);
}
void evolve(secure_box& state, const installation_finished& e) {
  auto& process = state.processes[e.key.domain];
  process.last_seen = std::max(process.last_seen, e.key.number);
  process.open.erase(e.key.number);
}
void evolve(secure_box&, const installation_confirmed&) {}
void evolve(secure_box&, const key_condemned&) {}
void evolve(secure_box&, const registration_confirmed&) {}
void evolve(secure_box&, const retirement_confirmed&) {}
void evolve(secure_box&, const tokens_verified&) {}
void evolve(secure_box& state, const generators_changed& e) {
  state.generators = {e.health, e.hardware, e.software, e.combination};
}
void evolve(secure_box& state, const last_seen_raised& e) {
  const auto process = state.processes.find(e.key.domain);
  (process != state.processes.end() ? process->second.last_seen : state.raised[e.key.domain]) = e.key.number;
}

} // namespace oaksteel
