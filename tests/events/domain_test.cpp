// EP-1, EP-9, EP-12: domains are created once.

#include "events/domain.hpp"

#include "tests/events/given.hpp"

using namespace oaksteel;
using namespace oaksteel::given_when_then;

BOOST_AUTO_TEST_SUITE(domains)
namespace {

const box_id manufacturing_1{box_type::manufacturing, 1};

domain_created creation(const box_id& creator = manufacturing_1) {
  return {usps, "postal", {"US"}, suite_id::p256, creator, {}};
}

} // namespace

BOOST_AUTO_TEST_CASE(a_domain_is_created_once_by_an_enabled_manufacturing_box) {
  const domain none;
  const auto created = given<domain>(creation());
  check<domain_event>({
    {"a new domain", decide(none, creation(), true), "domain_created"},
    {"in a disabled box", decide(none, creation(), false), "! box_disabled"},
    {"again", decide(created, creation(), true), "! domain_exists"},
    {"again, in a disabled box", decide(created, creation(), false), "! box_disabled"},
    {"by an Oak", decide(none, creation(oak_1), true), "! wrong_box_type"},
    {"by a Steel", decide(none, creation(steel_1), true), "! wrong_box_type"},
    {"by a Brass", decide(none, creation(brass_1), true), "! wrong_box_type"},
    {"by a Tin", decide(none, creation({box_type::tin, 1}), true), "! wrong_box_type"},
  });
  BOOST_CHECK(created == (domain{true, "postal", {"US"}, suite_id::p256, manufacturing_1}));
}

// EP-9: whose private half, and what for.
BOOST_AUTO_TEST_CASE(key_roles_have_their_names) {
  const std::string_view names[] = {"?",
                                    "oak authentication",
                                    "steel authentication",
                                    "steel confidentiality",
                                    "brass authentication",
                                    "brass confidentiality"};
  for (unsigned n = 0; n < 256; ++n) {
    BOOST_TEST(valid(static_cast<key_role>(n)) == (n >= 1 && n <= 5));
    BOOST_TEST(name(static_cast<key_role>(n)) == (n < 6 ? names[n] : "?"));
  }
}

BOOST_AUTO_TEST_SUITE_END()
