// What a box's test on demand says, as lines and as JSON (EP-11).

#include "node/self_test.hpp"

#include <boost/test/unit_test.hpp>

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(self_test)
namespace {

/// An Oak whose hardware is out and whose combination has one figure outside its bounds.
box_tested degraded_oak() {
  box_tested tested;
  tested.box = {box_type::oak, 1};
  auto& generators = tested.found.generators;
  const generator_fault stuck{fault_kind::stuck, 9, "repetition count"};
  generators.hardware = generator_report{"rdseed", stuck, {}};
  generators.software = {"kernel", std::nullopt, {{"monobit", 10'010, 9'655, 10'345}, {"poker", 10.8288, 1.03, 57.4}}};
  generators.combination = generator_report{"rdseed xor kernel", std::nullopt, {{"longest run", 34, 0, 33}}};
  generators.state = {generator_health::degraded, false, stuck, std::nullopt, std::nullopt};
  return tested;
}

box_tested sound_steel() {
  box_tested tested;
  tested.box = {box_type::steel, 0};
  tested.found.generators.software = {"kernel", std::nullopt, {}};
  tested.found.generators.state.health = generator_health::ok;
  tested.found.wrong_answer = "SHA-256 gives a wrong answer";
  return tested;
}

} // namespace

BOOST_AUTO_TEST_CASE(lines_for_people) {
  const std::vector<std::string> oak{"oak box O00000001 says DEGRADED of its generators",
                                     "  hardware, rdseed: stuck at sample 9: repetition count",
                                     "  software, kernel: passes",
                                     "    monobit: 10010 (9655 to 10345)",
                                     "    poker: 10.8288 (1.03 to 57.4)",
                                     "  combination, rdseed xor kernel: passes",
                                     "    longest run: 34 (0 to 33), fails",
                                     "  known answers: all hold"};
  BOOST_TEST(self_test_lines(degraded_oak()) == oak, boost::test_tools::per_element());
  const std::vector<std::string> steel{"steel box without an id says OK of its generators",
                                       "  software, kernel: passes",
                                       "  known answers: SHA-256 gives a wrong answer"};
  BOOST_TEST(self_test_lines(sound_steel()) == steel, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_same_as_json) {
  using json = nlohmann::ordered_json;
  const auto oak = self_test_json(degraded_oak());
  BOOST_CHECK(oak.at("box") == "O00000001");
  BOOST_CHECK(oak.at("health") == "DEGRADED");
  BOOST_TEST(oak.at("generators").size() == 3u);
  BOOST_CHECK(oak.at("generators")[0]
              == json::parse(R"({"part": "hardware", "source": "rdseed",
                                 "fault": "stuck at sample 9: repetition count", "statistics": []})"));
  BOOST_CHECK(oak.at("generators")[2].at("statistics")[0]
              == json::parse(R"({"name": "longest run", "value": 34.0, "least": 0.0, "most": 33.0, "passed": false})"));
  BOOST_CHECK(oak.at("known_answers") == json::parse(R"({"hold": true, "wrong": null})"));
  const auto steel = self_test_json(sound_steel());
  BOOST_CHECK(steel.at("box").is_null());
  BOOST_TEST(steel.at("generators").size() == 1u);
  BOOST_CHECK(steel.at("known_answers")
              == json::parse(R"({"hold": false, "wrong": "SHA-256 gives a wrong answer"})"));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
