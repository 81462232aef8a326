#include "events/master_key.hpp"

#include "events/protections.hpp"

namespace oaksteel {

bool valid(key_status s) {
  return static_cast<std::uint8_t>(s) <= static_cast<std::uint8_t>(key_status::bad);
}

std::string_view name(key_status s) {
  switch (s) {
    case key_status::none: return "-";
    case key_status::new_key: return "New";
    case key_status::installed: return "Installed";
    case key_status::active: return "Active";
    case key_status::obsolete: return "Obsolete";
    case key_status::bad: return "Bad";
  }
  return "?";
}

bool may_follow(key_status from, key_status to) {
  using enum key_status;
  switch (to) {
    case new_key: return from == none;
    case installed: return from == new_key;
    case bad: return from == new_key;
    case active: return from == installed;
    case obsolete: return from == installed || from == active;
    case none: return false;
  }
  return false;
}

// EP Fig. 8, step 82: "a new monotonically increasing key ID from a domain archive".
decision<key_counter_event> decide(const key_counter& state, const assign_key_id& command) {
  if (command.steel.type != box_type::steel || command.steel.number == 0)
    return refuse(refusal::wrong_box_type);
  return std::vector<key_counter_event>{
      key_id_assigned{{command.domain, state.last + 1}, command.steel, command.order}};
}

decision<key_counter_event> decide(const key_counter& state, const key_ids_raised& proposed) {
  if (proposed.key.number <= state.last)
    return std::vector<key_counter_event>{};
  return std::vector<key_counter_event>{proposed};
}

void evolve(key_counter& state, const key_id_assigned& e) {
  state.last = e.key.number;
}
void evolve(key_counter& state, const key_ids_raised& e) {
  state.last = e.key.number;
}

namespace {

struct status_of {
  key_status operator()(const key_created&) const { return key_status::new_key; }
  key_status operator()(const key_installed&) const { return key_status::installed; }
  key_status operator()(const key_activated&) const { return key_status::active; }
  key_status operator()(const key_retired&) const { return key_status::obsolete; }
  key_status operator()(const key_marked_bad&) const { return key_status::bad; }
};

/// True when the key stands where this event would lead, with the same names.
struct carried_out {
  const master_key& key;

  bool operator()(const key_created& e) const { return e.oak == key.oak && e.steel == key.steel; }
  bool operator()(const key_installed& e) const { return e.meter == key.meter; }
  bool operator()(const key_activated& e) const {
    return e.meter == key.meter && e.serial == key.serial && e.country == key.country && e.product == key.product
           && e.date == key.registered;
  }
  bool operator()(const key_retired& e) const { return e.meter == key.meter && e.date == key.retired; }
  bool operator()(const key_marked_bad&) const { return true; }
};

} // namespace

key_status status_after(const master_key_event& e) {
  return std::visit(status_of{}, e);
}

decision<master_key_event> decide(const master_key& state, const master_key_event& proposed, const record_check& facts,
                                  std::uint64_t last_assigned) {
  if (!facts.signature_valid)
    return refuse(refusal::signature_invalid);
  if (!facts.body_agrees)
    return refuse(refusal::records_disagree);
  if (!facts.sealed_agrees)
    return refuse(refusal::sealed_material_invalid);
  const auto& id = std::visit([](const auto& e) -> const key_id& { return e.key; }, proposed);
  if (id.number == 0 || id.number > last_assigned)
    return refuse(refusal::key_id_not_assigned);
  if (state.key.number != 0 && id != state.key)
    return refuse(refusal::records_disagree);
  const auto to = status_after(proposed);
  if (state.status == to && std::visit(carried_out{state}, proposed))
    return std::vector<master_key_event>{};
  if (keeps(protection::status_table) && !may_follow(state.status, to))
    return refuse(refusal::status_transition_illegal);
  // EP-20: both must be defined before a key becomes Active; and MR3 says where and from when on.
  if (auto a = std::get_if<key_activated>(&proposed)) {
    if (a->product.empty() || a->serial.empty() || a->country.empty() || a->date.yyyymmdd == 0)
      return refuse(refusal::meter_registration_incomplete);
    if (a->meter != state.meter)
      return refuse(refusal::records_disagree);
  }
  // EP-18: times increase along a key's life.
  if (auto r = std::get_if<key_retired>(&proposed); r && (r->meter != state.meter || r->date < state.registered))
    return refuse(refusal::records_disagree);
  return std::vector<master_key_event>{proposed};
}

void evolve(master_key& state, const key_created& e) {
  state.status = key_status::new_key;
  state.key = e.key;
  state.oak = e.oak;
  state.steel = e.steel;
}

void evolve(master_key& state, const key_installed& e) {
  state.status = key_status::installed;
  state.meter = e.meter;
}

void evolve(master_key& state, const key_activated& e) {
  state.status = key_status::active;
  state.product = e.product;
  state.serial = e.serial;
  state.country = e.country;
  state.registered = e.date;
}

void evolve(master_key& state, const key_retired& e) {
  state.status = key_status::obsolete;
  state.retired = e.date;
}

void evolve(master_key& state, const key_marked_bad& e) {
  state.status = key_status::bad;
  state.reason = e.reason;
}

} // namespace oaksteel
