#include "events/meter.hpp"

namespace oaksteel {
namespace {

using events = std::vector<meter_event>;

const meter_key* key_of(const meter& m, const domain_id& domain) {
  auto it = m.keys.find(domain);
  return it == m.keys.end() ? nullptr : &it->second;
}

std::optional<refusal> unusable(const meter& m) {
  if (m.tampered)
    return refusal::meter_tampered;
  if (m.number.empty())
    return refusal::meter_not_labelled;
  return std::nullopt;
}

} // namespace

decision<meter_event> decide(const meter& state, const meter_labelled& proposed) {
  if (state.tampered)
    return refuse(refusal::meter_tampered);
  if (proposed.meter.empty() || proposed.product.empty())
    return refuse(refusal::command_malformed);
  if (state.number.empty())
    return events{proposed};
  if (state.number == proposed.meter && state.product == proposed.product)
    return events{};
  return refuse(refusal::meter_already_labelled);
}

decision<meter_event> decide(const meter& state, const provision_key& command, const memory_check& facts) {
  if (auto why = unusable(state))
    return refuse(*why);
  if (auto held = key_of(state, command.key.domain)) {
    if (held->held && held->number == command.key.number && held->check == command.check)
      return events{};
    if (held->committed)
      return refuse(refusal::meter_key_committed);
    if (command.key.number <= held->number)
      return refuse(refusal::meter_key_not_fresh);
  }
  if (!facts.opened)
    return refuse(refusal::sealed_material_invalid);
  if (!facts.written)
    return events{meter_key_refused{state.number, command.key, refusal::meter_write_failed}};
  return events{key_provisioned{state.number, command.key, command.check}};
}

decision<meter_event> decide(const meter& state, const commit_key& command) {
  if (auto why = unusable(state))
    return refuse(*why);
  auto held = key_of(state, command.key.domain);
  if (!held || !held->held || held->number != command.key.number)
    return refuse(refusal::meter_key_missing);
  if (held->committed)
    return events{};
  if (!command.proven)
    return refuse(refusal::commit_code_wrong);
  return events{key_committed{state.number, command.key}};
}

decision<meter_event> decide(const meter& state, const meter_registered& proposed) {
  if (auto why = unusable(state))
    return refuse(*why);
  // EP-20: "Both Product Code Number and Indicia Serial Number values must be defined at Key Registration time".
  if (proposed.product.empty() || proposed.serial.empty() || proposed.country.empty() || proposed.date.yyyymmdd == 0)
    return refuse(refusal::meter_registration_incomplete);
  if (proposed.meter != state.number || proposed.product != state.product)
    return refuse(refusal::records_disagree);
  if (state.keys.empty())
    return refuse(refusal::meter_key_missing);
  for (const auto& [domain, key] : state.keys)
    if (!key.committed)
      return refuse(refusal::meter_key_missing);
  if (state.serial.empty())
    return events{proposed};
  // Asked again, perhaps on a later day: it keeps the first one.
  if (state.serial == proposed.serial && state.country == proposed.country)
    return events{};
  return refuse(refusal::meter_already_registered);
}

decision<meter_event> decide(const meter& state, const print_indicia& command) {
  if (auto why = unusable(state))
    return refuse(*why);
  if (state.serial.empty())
    return refuse(refusal::meter_not_registered);
  if (command.count == 0)
    return refuse(refusal::command_malformed);
  return events{indicia_printed{state.number, state.pieces + 1, command.count, command.date}};
}

decision<meter_event> decide(const meter& state, const report_tamper&) {
  if (state.number.empty())
    return refuse(refusal::meter_not_labelled);
  if (state.tampered)
    return events{};
  return events{tamper_detected{state.number}};
}

void evolve(meter& state, const meter_labelled& e) {
  state.number = e.meter;
  state.product = e.product;
  state.slot = e.slot;
}
void evolve(meter& state, const key_provisioned& e) {
  auto& key = state.keys[e.key.domain];
  key.number = e.key.number;
  key.held = true;
  key.check = e.check;
}
void evolve(meter& state, const meter_key_refused& e) {
  auto& key = state.keys[e.key.domain];
  key.number = e.key.number;
  key.held = false;
  ++key.refusals;
}
void evolve(meter& state, const key_committed& e) {
  state.keys[e.key.domain].committed = true;
}
void evolve(meter& state, const meter_registered& e) {
  state.serial = e.serial;
  state.country = e.country;
  state.registered = e.date;
}
void evolve(meter& state, const indicia_printed& e) {
  state.pieces = e.first + e.count - 1;
}
void evolve(meter& state, const tamper_detected&) {
  state.tampered = true;
  for (auto& [domain, key] : state.keys)
    key.held = false;
}

} // namespace oaksteel
