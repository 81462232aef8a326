#pragma once
// What an operator of a deployment may do. The roles of a person stand in his certificate (crypto/certificate.hpp).

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace oaksteel {

/// Numbers are on disk: never reused.
enum class operator_role : std::uint8_t {
  officer = 1,   ///< leads ceremonies: boxes, domains, admissions
  custodian = 2, ///< puts shares in and takes them out
  operating = 3, ///< "operator": the day's work, orders and meters
  verifier = 4,  ///< asks for verdicts of mail
  auditor = 5,   ///< reads all, changes nothing
};

/// Every role, in the order of its numbers.
inline constexpr std::array operator_roles{operator_role::officer, operator_role::custodian, operator_role::operating,
                                           operator_role::verifier, operator_role::auditor};

bool valid(operator_role role);
std::string_view name(operator_role role);
std::optional<operator_role> parse_operator_role(std::string_view s);

} // namespace oaksteel
