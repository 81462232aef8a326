#include "node/configuration.hpp"
#include "tests/cli/running_node.hpp"

namespace oaksteel::testing {
namespace {

expected<node_configuration, text_error> with(const std::string& line) {
  return parse_configuration(line + '\n' + small_site, "node.toml");
}

} // namespace

BOOST_AUTO_TEST_SUITE(node_configurations)

BOOST_AUTO_TEST_CASE(what_is_left_out) {
  const auto plain = with("");
  BOOST_REQUIRE_MESSAGE(plain, (plain ? "" : plain.error().text()));
  BOOST_CHECK(plain->degraded == degraded_work::allowed);
  BOOST_CHECK_EQUAL(plain->clock_tolerance_ms, 0u);
  BOOST_CHECK_EQUAL(plain->boxes.size(), 8u);
}

BOOST_AUTO_TEST_CASE(degraded_work_is_allowed_or_refused) {
  BOOST_CHECK(with("degraded = \"allowed\"")->degraded == degraded_work::allowed);
  BOOST_CHECK(with("degraded = \"refused\"")->degraded == degraded_work::refused);
  const auto no = with("degraded = \"no\"");
  BOOST_REQUIRE(!no);
  BOOST_CHECK_EQUAL(no.error().line, 1u);
  BOOST_CHECK(no.error().problem.starts_with("unknown word for degraded work \"no\""));
}

BOOST_AUTO_TEST_CASE(clocks_may_differ_by_up_to_an_hour) {
  for (const std::uint64_t ms : {0u, 250u, 3'600'000u})
    BOOST_CHECK_EQUAL(with("clock_tolerance_ms = " + std::to_string(ms))->clock_tolerance_ms, ms);
  for (const auto* wrong : {"-1", "3600001", "\"250\"", "2.5"}) {
    const auto read = with("clock_tolerance_ms = " + std::string{wrong});
    BOOST_REQUIRE_MESSAGE(!read, wrong);
    BOOST_CHECK_EQUAL(read.error().line, 1u);
    BOOST_CHECK_MESSAGE(read.error().problem.find("clock_tolerance_ms") != std::string::npos, read.error().text());
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
