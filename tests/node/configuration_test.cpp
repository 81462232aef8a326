#include "node/configuration.hpp"
#include "tests/cli/running_node.hpp"

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(node_configurations)
namespace {

expected<node_configuration, text_error> with(const std::string& line) {
  return parse_configuration(line + '\n' + small_site, "node.toml");
}

} // namespace

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

BOOST_AUTO_TEST_CASE(meters_are_on_lines) {
  const std::string table = small_site + "[[meter]]\nnumber = \"M1\"\nline = \"tcp:127.0.0.1:7001\"\n";
  const auto read = parse_configuration(
      table + "[[meter]]\nnumber = \"M2\"\nline = \"lines/2\"\nsteel = [\"steel-2\"]\n", "/site/node.toml");
  BOOST_REQUIRE_MESSAGE(read, (read ? "" : read.error().text()));
  BOOST_REQUIRE_EQUAL(read->meters.size(), 2u);
  BOOST_CHECK_EQUAL(read->meters[0].line.text(), "tcp:127.0.0.1:7001");
  BOOST_CHECK(read->meters[0].beside({"steel-1"}) && read->meters[0].beside({"steel-2"}));
  BOOST_CHECK_EQUAL(read->meters[1].line.text(), "/site/lines/2");
  BOOST_CHECK(!read->meters[1].beside({"steel-1"}) && read->meters[1].beside({"steel-2"}));
  for (const auto* open : {"tcp:0.0.0.0:7001", "tcp:10.1.2.3:7001", "tcp:127.example.org:7001"}) {
    auto elsewhere = table;
    elsewhere.replace(elsewhere.find("tcp:127.0.0.1:7001"), 18, open);
    const auto off = parse_configuration(elsewhere, "node.toml");
    BOOST_REQUIRE_MESSAGE(!off, open);
    BOOST_CHECK_MESSAGE(off.error().problem.find("is open to other machines") != std::string::npos, off.error().text());
  }
  const auto twice = parse_configuration(table + "[[meter]]\nnumber = \"M1\"\nline = \"b\"\n", "node.toml");
  BOOST_REQUIRE(!twice);
  BOOST_CHECK(twice.error().problem.starts_with("there is a meter \"M1\" already"));
  auto without = table;
  for (auto at = without.find("\"steel\""); at != std::string::npos; at = without.find("\"steel\""))
    without.replace(at, 7, "\"tin\"");
  const auto none = parse_configuration(without, "node.toml");
  BOOST_REQUIRE(!none);
  BOOST_CHECK(none.error().problem.starts_with("no Steel box for this meter"));
}

BOOST_AUTO_TEST_CASE(the_time_out_of_a_report) {
  BOOST_CHECK_EQUAL(with("")->report_timeout_s, 0u); // the KMC's own
  BOOST_CHECK_EQUAL(with("report_timeout_s = 5")->report_timeout_s, 5u);
  for (const auto* wrong : {"0", "-1", "86401", "\"5\""})
    BOOST_CHECK_MESSAGE(!with("report_timeout_s = " + std::string{wrong}), wrong);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
