#include "events/operator_role.hpp"

namespace oaksteel {

bool valid(operator_role role) { return name(role) != "?"; }

std::string_view name(operator_role role) {
  switch (role) {
  case operator_role::officer:
    return "officer";
  case operator_role::custodian:
    return "custodian";
  case operator_role::operating:
    return "operator";
  case operator_role::verifier:
    return "verifier";
  case operator_role::auditor:
    return "auditor";
  }
  return "?";
}

std::optional<operator_role> parse_operator_role(std::string_view s) {
  for (const auto role : operator_roles)
    if (s == name(role))
      return role;
  return std::nullopt;
}

} // namespace oaksteel
