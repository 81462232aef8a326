// Faults by chance (scenarios/simulation.toml): the same seed gives the same records, whether the ceremony was held in
// this run or before, and again from the log alone (SYS-5).

#include "scenarios/prepared_site.hpp"
#include "scenarios/rerun.hpp"
#include "tests/scenarios/finished_day.hpp"
#include "tests/scenarios/log_facts.hpp"
#include "tests/simulation/lives.hpp"

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(chance)
namespace {

scenario simulated() {
  auto what = load_scenario(scenario_file("simulation.toml"));
  BOOST_REQUIRE_MESSAGE(what, (what ? "" : what.error().text()));
  return std::move(*what);
}

program_result run_with_seed(const std::string& seed, const std::filesystem::path& data) {
  return run_program(
    {"scenario", "run", scenario_file("simulation.toml").string(), "--seed", seed, "--data", data.string()});
}

} // namespace

BOOST_AUTO_TEST_CASE(a_life_can_be_run_again_by_its_seed) {
  const scratch_directory work;
  const auto site = prepared_site::make(simulated(), work / "prepared");
  BOOST_REQUIRE_MESSAGE(site, (site ? "" : site.error()));
  std::size_t ends = 0;
  for (const std::uint64_t seed : {3, 4, 5}) {
    const auto life = work / std::to_string(seed), again = work / ("again" + std::to_string(seed));
    const auto lived = site->live(seed, life);
    BOOST_REQUIRE(lived);
    BOOST_CHECK_EQUAL(broken_by(life, *lived), "");
    ends += lived->epoch - 2;
    const auto r = run_with_seed(std::to_string(seed), again);
    BOOST_REQUIRE_MESSAGE(r.status == 0, r.told());
    const auto first = read_log(life), second = read_log(again);
    BOOST_REQUIRE(first && second);
    BOOST_CHECK_EQUAL(first->size(), second->size());
    BOOST_CHECK(grew_from(*second, *first));

    const auto replayed = rerun_scenario(again, work / ("replay" + std::to_string(seed)), {});
    BOOST_REQUIRE_MESSAGE(replayed, (replayed ? "" : replayed.error().text));
    BOOST_CHECK_MESSAGE(!replayed->differs, replayed->difference);
    BOOST_CHECK_EQUAL(replayed->identical, second->size());
  }
  BOOST_CHECK_GT(ends, 0u);
}

BOOST_AUTO_TEST_CASE(another_seed_does_not_go_on_with_it) {
  const scratch_directory work;
  BOOST_REQUIRE_EQUAL(run_with_seed("3", work / "day").status, 0);
  const auto before = read_log(work / "day");
  const auto r = run_with_seed("4", work / "day");
  BOOST_CHECK_EQUAL(r.status, 1);
  BOOST_CHECK_MESSAGE(r.one_line() && r.err.find("seed 3") != std::string::npos, r.told());
  const auto after = read_log(work / "day");
  BOOST_REQUIRE(before && after);
  BOOST_CHECK_EQUAL(before->size(), after->size());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
