#include "events/domain.hpp"

namespace oaksteel {

bool valid(key_role r) {
  auto v = static_cast<std::uint8_t>(r);
  return v >= 1 && v <= 5;
}

std::string_view name(key_role r) {
  switch (r) {
    case key_role::oak_authentication: return "oak authentication";
    case key_role::steel_authentication: return "steel authentication";
    case key_role::steel_confidentiality: return "steel confidentiality";
    case key_role::brass_authentication: return "brass authentication";
    case key_role::brass_confidentiality: return "brass confidentiality";
  }
  return "?";
}

decision<domain_event> decide(const domain& state, const domain_created& proposed, bool enabled) {
  if (!enabled)
    return refuse(refusal::box_disabled);
  if (state.exists)
    return refuse(refusal::domain_exists);
  if (proposed.creator.type != box_type::manufacturing)
    return refuse(refusal::wrong_box_type);
  return std::vector<domain_event>{proposed};
}

decision<domain_event> decide(const domain& state, const domain_introduced& proposed, bool believable) {
  if (!believable)
    return refuse(refusal::signature_invalid);
  if (proposed.creator.type != box_type::manufacturing)
    return refuse(refusal::wrong_box_type);
  if (state.exists)
    return std::vector<domain_event>{};
  return std::vector<domain_event>{proposed};
}

namespace {

void begin(domain& state, const auto& e) {
  state.exists = true;
  state.kind = e.kind;
  state.sub_domain = e.sub_domain;
  state.suite = e.suite;
  state.creator = e.creator;
}

} // namespace

void evolve(domain& state, const domain_created& e) { begin(state, e); }
void evolve(domain& state, const domain_introduced& e) { begin(state, e); }

} // namespace oaksteel
