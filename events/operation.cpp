#include "events/operation.hpp"

namespace oaksteel {

decision<operation_event> decide(const operation& state, const operation_asked& proposed, const operation_check& check) {
  if (!check.signed_by_him)
    return refuse(refusal::signature_invalid);
  if (!check.permitted)
    return refuse(refusal::role_not_permitted);
  if (state.asked && !check.same_request)
    return refuse(refusal::operation_id_taken);
  if (state.asked)
    return std::vector<operation_event>{};
  if (!check.in_time)
    return refuse(refusal::operation_time_wrong);
  return std::vector<operation_event>{proposed};
}

decision<operation_event> decide(const operation& state, const operation_answered& proposed) {
  if (!state.asked)
    return refuse(refusal::order_stage_wrong);
  if (state.answered)
    return std::vector<operation_event>{};
  return std::vector<operation_event>{proposed};
}

void evolve(operation& state, const operation_asked&) { state.asked = true; }
void evolve(operation& state, const operation_answered&) { state.answered = true; }

} // namespace oaksteel
