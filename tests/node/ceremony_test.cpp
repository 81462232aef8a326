// A ceremony as a list of steps: its order is that of EP Figs. 22 and 23.

#include "node/ceremony.hpp"

#include <boost/test/unit_test.hpp>

using namespace oaksteel;

BOOST_AUTO_TEST_SUITE(ceremony_lists)
namespace {

const domain_id ve{"VE"}, usps{"USPS"};

box_plan box(const char* slot, box_type type, std::vector<domain_id> domains, std::vector<label> custodians) {
  box_plan plan{{slot}, {}, type, std::move(domains), {}, 2, std::move(custodians)};
  if (!plan.domains.empty())
    plan.active = plan.domains.front();
  return plan;
}

site_plan two_makers() {
  return {suite_id::p256,
          {{ve, "vendor", {"US"}}, {usps, "postal", {"US"}}},
          {box("oak", box_type::oak, {usps, ve}, {{"Dora"}, {"Emil"}}),
           box("m-1", box_type::manufacturing, {}, {{"Ada"}, {"Bela"}, {"Clara"}}),
           box("m-2", box_type::manufacturing, {}, {{"Pia"}, {"Rosa"}})}};
}

std::string text(const ceremony_steps& steps) {
  static constexpr std::string_view acts[] = {"first",  "enrol",  "enter",   "remove",  "key-set",
                                              "create", "domain", "activate", "restart"};
  std::string all;
  for (const auto& s : steps) {
    all += std::string{acts[static_cast<int>(s.act)]} + ' ' + s.slot.text;
    for (const auto& more : {s.source.text, s.custodian.text, s.domain.text})
      if (!more.empty())
        all += ' ' + more;
    all += '\n';
  }
  return all;
}

} // namespace

BOOST_AUTO_TEST_CASE(the_first_ceremony_of_a_site) {
  BOOST_CHECK_EQUAL(text(first_ceremony(two_makers(), {})), "first m-1\n"
                                                            "enter m-1 Ada\n"
                                                            "enter m-1 Bela\n"
                                                            "enrol oak m-1\n"
                                                            "enrol m-2 m-1\n"
                                                            "enter m-2 Pia\n"
                                                            "enter m-2 Rosa\n"
                                                            "key-set m-2 m-1\n"
                                                            "create m-1 VE\n"
                                                            "domain m-2 m-1 VE\n"
                                                            "create m-1 USPS\n"
                                                            "domain m-2 m-1 USPS\n"
                                                            "enter oak Dora\n"
                                                            "enter oak Emil\n"
                                                            "domain oak m-1 USPS\n"
                                                            "domain oak m-1 VE\n"
                                                            "remove m-1 Bela\n"
                                                            "remove m-2 Rosa\n");
}

BOOST_AUTO_TEST_CASE(a_domain_that_comes_later) {
  const auto plan = two_makers();
  const auto first = text(first_ceremony(plan, {usps}));
  BOOST_CHECK(first.find("USPS") == std::string::npos);
  BOOST_CHECK(first.find("domain oak m-1 VE\n") != std::string::npos);
  BOOST_CHECK_EQUAL(text(domain_ceremony(plan, usps)), "enter m-1 Ada\n"
                                                       "enter m-1 Bela\n"
                                                       "enter m-2 Pia\n"
                                                       "enter m-2 Rosa\n"
                                                       "create m-1 USPS\n"
                                                       "domain m-2 m-1 USPS\n"
                                                       "domain oak m-1 USPS\n"
                                                       "activate oak USPS\n"
                                                       "remove m-1 Bela\n"
                                                       "remove m-2 Rosa\n");
}

// The domain that is to be active is activated, unless it is the first that the box gets.
BOOST_AUTO_TEST_CASE(another_active_domain) {
  auto plan = two_makers();
  plan.boxes[0].active = ve;
  BOOST_CHECK(text(first_ceremony(plan, {})).find("domain oak m-1 VE\nactivate oak VE\n") != std::string::npos);
}

// The last share entered is the one that is taken out (EP-10).
BOOST_AUTO_TEST_CASE(enabling_and_disabling) {
  const auto plan = two_makers().boxes[1];
  BOOST_CHECK_EQUAL(text(enabling(plan)), "enter m-1 Ada\nenter m-1 Bela\n");
  BOOST_CHECK_EQUAL(text(disabling(plan)), "remove m-1 Bela\n");
}

BOOST_AUTO_TEST_SUITE_END()
