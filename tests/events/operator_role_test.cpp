#include "events/operator_role.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>

using namespace oaksteel;

BOOST_AUTO_TEST_SUITE(operator_role_names)

// Roles stand in certificates by name and in logs by number: neither may change.
BOOST_AUTO_TEST_CASE(roles_have_their_numbers_and_names) {
  const std::pair<int, std::string> roles[] = {
      {1, "officer"}, {2, "custodian"}, {3, "operator"}, {4, "verifier"}, {5, "auditor"}};
  BOOST_TEST(operator_roles.size() == std::size(roles));
  for (const auto& [number, text] : roles) {
    const auto role = static_cast<operator_role>(number);
    BOOST_TEST(valid(role));
    BOOST_TEST(name(role) == text);
    BOOST_TEST((parse_operator_role(text) == role));
    BOOST_TEST((operator_roles[static_cast<std::size_t>(number - 1)] == role));
  }
  for (int number : {0, 6, 255})
    BOOST_TEST(!valid(static_cast<operator_role>(number)));
  for (const auto* text : {"", "Officer", "officer ", "?", "admin"})
    BOOST_TEST(!parse_operator_role(text));
}

BOOST_AUTO_TEST_SUITE_END()
