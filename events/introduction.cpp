#include "events/introduction.hpp"

namespace oaksteel {

decision<authority_event> decide(const authority& state, const authority_introduced& proposed) {
  if (proposed.box.type != box_type::manufacturing)
    return refuse(refusal::wrong_box_type);
  if (proposed.domain_key_set.empty() || proposed.start_up_keys.empty())
    return refuse(refusal::record_malformed);
  if (state.domain_key_set.empty())
    return std::vector<authority_event>{proposed};
  if (state.domain_key_set != proposed.domain_key_set)
    return refuse(refusal::wrong_signer);
  return std::vector<authority_event>{};
}

void evolve(authority& state, const authority_introduced& e) {
  state.log = e.log;
  state.suite = e.suite;
  state.domain_key_set = e.domain_key_set;
}

} // namespace oaksteel
