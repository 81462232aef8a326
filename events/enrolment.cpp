#include "events/enrolment.hpp"

#include <algorithm>

namespace oaksteel {

std::optional<box_id> reserved_for(const box_allocator& state, const label& slot) {
  auto it = state.slots.find(slot.text);
  return it == state.slots.end() ? std::nullopt : box_id::parse(it->second);
}

namespace {

std::uint32_t last_of(const box_allocator& state, box_type type) {
  std::uint32_t last = type == box_type::manufacturing ? 1 : 0;
  if (const auto raised = state.raised.find(type); raised != state.raised.end())
    last = std::max(last, raised->second);
  for (const auto& [slot, text] : state.slots)
    if (auto id = box_id::parse(text); id && id->type == type)
      last = std::max(last, id->number);
  return last;
}

} // namespace

decision<box_allocator_event> decide(const box_allocator& state, const reserve_box_id& command) {
  if (auto held = reserved_for(state, command.slot)) {
    if (held->type != command.type)
      return refuse(refusal::wrong_box_type);
    return std::vector<box_allocator_event>{};
  }
  return std::vector<box_allocator_event>{
    box_id_reserved{{command.type, last_of(state, command.type) + 1}, command.slot}};
}

decision<box_allocator_event> decide(const box_allocator& state, const box_ids_raised& proposed) {
  if (proposed.box.number <= last_of(state, proposed.box.type))
    return std::vector<box_allocator_event>{};
  return std::vector<box_allocator_event>{proposed};
}

void evolve(box_allocator& state, const box_id_reserved& e) {
  state.slots[e.slot.text] = e.box.text();
}
void evolve(box_allocator& state, const box_ids_raised& e) {
  state.raised[e.box.type] = e.box.number;
}

decision<admission_event> decide(const admission& state, const box_admitted& proposed, const admission_check& facts) {
  if (proposed.source.type != box_type::manufacturing)
    return refuse(refusal::wrong_box_type);
  if (proposed.box.number == 0 || proposed.start_up_key.empty())
    return refuse(refusal::command_malformed);
  // Two boxes with one id would be two Steel boxes with one record of the keys that were installed.
  const bool another = !state.start_up_key.empty() && state.start_up_key != proposed.start_up_key;
  if (facts.has_id || (another && facts.at_work))
    return refuse(refusal::box_already_initialised);
  if (!facts.proved)
    return refuse(refusal::enrolment_refused);
  return std::vector<admission_event>{proposed};
}

void evolve(admission& state, const box_admitted& e) {
  state.slot = e.slot;
  state.source = e.source;
  state.suite = e.suite;
  state.start_up_key = e.start_up_key;
}

} // namespace oaksteel
