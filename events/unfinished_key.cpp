#include "events/unfinished_key.hpp"

namespace oaksteel {

decision<meter_event> decide(const meter& state, const drop_unfinished&) {
  std::vector<meter_event> dropped;
  for (const auto& [domain, key] : state.keys)
    if (key.held && !key.committed)
      dropped.push_back(meter_key_refused{state.number, {domain, key.number}, refusal::installation_interrupted});
  return dropped;
}

} // namespace oaksteel
