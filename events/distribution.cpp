#include "events/distribution.hpp"

#include "events/protections.hpp"

namespace oaksteel {
namespace {
using events = std::vector<distribution_event>;
}

decision<distribution_event> decide(const distribution& state, const install_record_received& proposed) {
  if (state.key.number == 0)
    return events{proposed};
  if (state.key != proposed.key || state.steel != proposed.steel || state.meter != proposed.meter)
    return refuse(refusal::records_disagree);
  return events{};
}

decision<distribution_event> decide(const distribution& state, const install_record_handed_out& proposed) {
  if (state.key.number == 0)
    return refuse(refusal::install_record_not_known);
  if (keeps(protection::handed_out_once) && (state.handed_out || state.settled))
    return refuse(refusal::install_record_handed_out);
  if (state.key != proposed.key || state.meter != proposed.meter)
    return refuse(refusal::records_disagree);
  return events{proposed};
}

decision<distribution_event> decide(const distribution& state, const install_record_settled& proposed) {
  if (state.key.number == 0)
    return refuse(refusal::install_record_not_known);
  if (state.key != proposed.key)
    return refuse(refusal::records_disagree);
  if (state.settled)
    return events{};
  return events{proposed};
}

void evolve(distribution& state, const install_record_received& e) {
  state.key = e.key;
  state.steel = e.steel;
  state.order = e.order;
  state.meter = e.meter;
}
void evolve(distribution& state, const install_record_handed_out&) {
  state.handed_out = true;
}
void evolve(distribution& state, const install_record_settled&) {
  state.settled = true;
}

} // namespace oaksteel
