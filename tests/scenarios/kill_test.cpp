// The process ends at any moment and starts again (EP-14, SYS-2, SYS-6): nothing durable is lost, no key is attempted
// twice, and the day comes out as it should. Killed from outside at random moments, and ended at chosen commits.

#include "scenarios/rerun.hpp"
#include "scenarios/runner.hpp"
#include "tests/program.hpp"
#include "tests/scenarios/log_facts.hpp"
#include "tests/scenarios/mutation.hpp"

#include <cmath>
#include <csignal>
#include <numeric>

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(kill)
namespace {

using std::chrono::microseconds;

constexpr unsigned kills_wanted = 50;
/// So many kills in one day at most: then it is left to finish.
constexpr unsigned kills_in_a_day = 15;
/// What the enumeration of all commits may take; beyond it every n-th is taken.
constexpr double enumeration_seconds = 15;

microseconds time_of(const std::function<void()>& what) {
  const auto start = std::chrono::steady_clock::now();
  what();
  return std::chrono::duration_cast<microseconds>(std::chrono::steady_clock::now() - start);
}

std::vector<std::string> run_of(const std::filesystem::path& data, std::uint64_t seed) {
  return {"scenario", "run", scenario_file("small-day.toml").string(), "--data", data.string(), "--seed",
          std::to_string(seed)};
}

void require_success(const program_result& r, const std::string& what) {
  BOOST_REQUIRE_MESSAGE(r.status == 0, what << ": " << r.told() << ", stdout: " << r.out.substr(0, 3000));
}

/// A copy of a directory that shows a mistake, which stays.
std::string keep(const std::filesystem::path& data) {
  const auto kept = std::filesystem::temp_directory_path() / ("oaksteel_kept_" + std::to_string(getpid()));
  std::error_code ignored;
  std::filesystem::copy(data, kept, std::filesystem::copy_options::recursive, ignored);
  return kept.string();
}

/// A finished day, looked at from every side.
void check_finished(const std::filesystem::path& data, const std::vector<told_event>& events,
                    const std::string& about) {
  BOOST_CHECK_MESSAGE(broken_rules(events).empty(), about << ": " << broken_rules(events));
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"log", "verify", "--data", data.string()},
        {"replay", "--data", data.string()},
        {"audit", "all", "--data", data.string()},
        {"scenario", "replay", data.string()}}) {
    const auto r = run_program(command);
    BOOST_CHECK_MESSAGE(r.status == 0, about << ", " << command[0] << ' ' << command[1] << ": " << r.told()
                                             << ", stdout: " << r.out.substr(0, 3000));
  }
}

/// Runs a day, killing the process again and again; the number of kills that met a log.
unsigned killed_day(const std::filesystem::path& data, std::uint64_t seed, microseconds whole,
                    std::mt19937_64& random) {
  std::vector<told_event> before;
  unsigned kills = 0;
  const auto about = [&] { return "day " + std::to_string(seed) + " after " + std::to_string(kills) + " kills"; };
  for (;;) {
    const bool leave_alone = kills >= kills_in_a_day;
    const microseconds delay{1000 + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(whole.count()))};
    running_program run{run_of(data, seed)};
    const auto r = leave_alone ? run.finish() : run.finish(delay / 2, true);
    if (r.hung)
      BOOST_FAIL(about() << ": " << r.told() << "; the directory is kept: " << keep(data));
    if (r.signal == 0) {
      require_success(r, about());
      break;
    }
    BOOST_REQUIRE_MESSAGE(r.signal == SIGKILL, about() << ": " << r.told());
    if (!log::present(data))
      continue;
    ++kills;
    require_success(run_program({"log", "verify", "--data", data.string()}), about() + ", log verify");
    auto now = read_log(data);
    BOOST_REQUIRE_MESSAGE(now, about() << ": the log cannot be read");
    BOOST_REQUIRE_MESSAGE(grew_from(*now, before), about() << ": records that were there are lost or changed");
    BOOST_REQUIRE_MESSAGE(broken_rules(*now).empty(), about() << ": " << broken_rules(*now));
    before = std::move(*now);
  }
  auto events = read_log(data);
  BOOST_REQUIRE(events);
  BOOST_CHECK_MESSAGE(grew_from(*events, before), about() << ": records that were there are lost or changed");
  check_finished(data, *events, about());
  return kills;
}

/// One run of a day that ends at the given positions; the number of records at which it did end.
std::vector<std::uint64_t> ended_day(const scenario& day, const std::filesystem::path& data,
                                     std::deque<std::uint64_t> ends) {
  std::string asked;
  for (auto e : ends)
    asked += ' ' + std::to_string(e);
  run_options options;
  options.data = data;
  options.seed = day.plan.seed;
  options.ends = std::move(ends);
  auto result = run_scenario(day, options);
  BOOST_REQUIRE_MESSAGE(result, "ends" << asked << ": " << (result ? "" : result.error().text));
  const auto why = std::accumulate(result->failures.begin(), result->failures.end(), std::string{},
                                   [](std::string a, const std::string& b) { return std::move(a) + b + "; "; });
  BOOST_CHECK_MESSAGE(result->finished && why.empty(), "ends" << asked << ": " << why);
  auto events = read_log(data);
  BOOST_REQUIRE(events);
  BOOST_CHECK_MESSAGE(broken_rules(*events).empty(), "ends" << asked << ": " << broken_rules(*events));
  std::vector<std::uint64_t> ended;
  for (const auto& e : *events)
    if (auto restart = std::get_if<node_restarted>(&e.event))
      ended.push_back(restart->durable);
  return ended;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_process_that_is_killed_at_any_moment_goes_on_where_it_was) {
  const auto seed = random_seed();
  std::mt19937_64 random{seed};
  scratch_directory work;
  // How long a day takes here and now; kills come in the first half of that.
  const auto whole =
    time_of([&] { require_success(run_program(run_of(work / "alone", seed % 1000)), "a day without kills"); });
  unsigned kills = 0, days = 0;
  while (kills < kills_wanted && days < 40) {
    const auto data = work / ("day-" + std::to_string(++days));
    kills += killed_day(data, random() % 1'000'000, whole, random);
    std::filesystem::remove_all(data);
  }
  BOOST_TEST_MESSAGE(kills << " kills in " << days << " days");
  BOOST_CHECK_GE(kills, kills_wanted);
}

BOOST_AUTO_TEST_CASE(a_process_that_ends_after_any_commit_goes_on_where_it_was) {
  std::mt19937_64 random{random_seed()};
  auto day = load_scenario(scenario_file("small-day.toml"));
  BOOST_REQUIRE(day);
  scratch_directory work;
  const auto whole = time_of([&] { ended_day(*day, work / "alone", {}); });
  const auto records = read_log(work / "alone")->size();
  // About two records of three end a commit. However slow the machine is, some twenty are tried.
  const auto all = static_cast<double>(records) * 0.67 * static_cast<double>(whole.count()) / 1e6;
  const auto affordable = static_cast<std::uint64_t>(std::ceil(all / enumeration_seconds));
  const auto stride = std::getenv("OAKSTEEL_THOROUGH") ? 1 : std::clamp<std::uint64_t>(affordable, 1, records / 60);
  unsigned tried = 0;
  for (std::uint64_t at = 1 + random() % stride; at < records;) {
    const auto data = work / ("end-" + std::to_string(at));
    const auto ended = ended_day(*day, data, {at});
    BOOST_REQUIRE_MESSAGE(ended.size() == 1 && ended[0] >= at, "the run did not end at " << at);
    std::filesystem::remove_all(data);
    at = ended[0] + stride; // the next commit's first record, or one of a later commit
    ++tried;
  }
  BOOST_TEST_MESSAGE("ended after " << tried << " commits of " << records << " records, stride " << stride);
  BOOST_CHECK_GE(tried, 20u);
}

// A restart is itself at risk: the boxes are disabled, orders are half taken up.
BOOST_AUTO_TEST_CASE(a_process_that_ends_again_while_it_comes_back_goes_on_where_it_was) {
  std::mt19937_64 random{random_seed()};
  auto day = load_scenario(scenario_file("small-day.toml"));
  BOOST_REQUIRE(day);
  scratch_directory work;
  for (int i = 0; i < 12; ++i) {
    std::deque<std::uint64_t> ends{1 + random() % 250};
    while (ends.size() < 6)
      ends.push_back(ends.back() + 2 + random() % 30);
    const auto data = work / ("ends-" + std::to_string(i));
    const auto ended = ended_day(*day, data, ends);
    auto again = rerun_scenario(data, work / ("again-" + std::to_string(i)), {});
    BOOST_REQUIRE_MESSAGE(again, (again ? "" : again.error().text));
    BOOST_CHECK_MESSAGE(!again->differs && again->identical == again->recorded && again->restarts == ended.size(),
                        "ends " << ends.front() << "...: " << again->difference);
    std::filesystem::remove_all(data);
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
