// EP-11 in a scenario: generators that fail as it says. The day goes on with one, is the same on every run, and stops
// at a site that works with both only.

#include "scenarios/rerun.hpp"
#include "scenarios/runner.hpp"
#include "tests/scenarios/finished_day.hpp"
#include "tests/scenarios/log_facts.hpp"

#include <nlohmann/json.hpp>

#include <map>

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(generators)
namespace {

/// The small day, with this in front of its first [[domain]].
scenario small_day_with(const scratch_directory& work, const std::string& top, const std::string& faults) {
  auto text = file_content(scenario_file("small-day.toml"));
  text.insert(text.find("[[domain]]"), top + '\n');
  text.insert(text.find("[[step]]"), faults);
  write_file(work / "day.toml", text);
  std::filesystem::copy_file(scenario_file("small-labels.csv"), work / "small-labels.csv");
  auto day = load_scenario(work / "day.toml");
  BOOST_REQUIRE_MESSAGE(day, (day ? "" : day.error().text()));
  return std::move(*day);
}

std::string fault(const std::string& box, const std::string& generator, const std::string& what, unsigned after) {
  return "[[fault]]\nbox = \"" + box + "\"\ngenerator = \"" + generator + "\"\nwhat = \"" + what +
         "\"\nafter = " + std::to_string(after) + "\n";
}

run_result run(const scenario& day, const std::filesystem::path& data, std::deque<std::uint64_t> ends = {}) {
  run_options options;
  options.data = data;
  options.seed = day.plan.seed;
  options.ends = std::move(ends);
  auto result = run_scenario(day, options);
  BOOST_REQUIRE_MESSAGE(result, (result ? "" : result.error().text));
  return std::move(*result);
}

std::vector<told_event> events_in(const std::filesystem::path& data) {
  auto events = read_log(data);
  BOOST_REQUIRE(events);
  return std::move(*events);
}

std::vector<generators_changed> changes_in(const std::vector<told_event>& events) {
  std::vector<generators_changed> all;
  for (const auto& e : events)
    if (const auto* change = std::get_if<generators_changed>(&e.event))
      all.push_back(*change);
  return all;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_day_with_a_bad_generator_in_every_box_of_two_comes_out_and_is_the_same_again) {
  scratch_directory work;
  // One fault of each kind, at the start and later.
  const auto day = small_day_with(work, "", fault("manufacturing-1", "hardware", "biased", 0) +
                                              fault("oak-ve", "hardware", "stuck", 3'000) +
                                              fault("oak-usps", "software", "repeating", 3'000));
  const auto first = run(day, work / "first");
  for (const auto& line : first.failures)
    BOOST_ERROR(line);
  const auto events = events_in(work / "first");
  BOOST_CHECK_EQUAL(broken_rules(events), "");
  const auto changes = changes_in(events);
  BOOST_REQUIRE_EQUAL(changes.size(), 3u);
  for (const auto& change : changes)
    BOOST_CHECK(change.health == generator_health::degraded);
  BOOST_CHECK_EQUAL(run_program({"audit", "all", "--data", (work / "first").string()}).status, 0);

  // It is said wherever a box is looked at: in the summary, in the list of boxes, in the transcript of the ceremony.
  const std::map<label, generator_health> unwell{{{"manufacturing-1"}, generator_health::degraded},
                                                 {{"oak-ve"}, generator_health::degraded},
                                                 {{"oak-usps"}, generator_health::degraded}};
  BOOST_CHECK(first.counts.unwell == unwell);
  const auto of_boxes = run_program({"box", "list", "--json", "--data", (work / "first").string()});
  const auto boxes = nlohmann::json::parse(of_boxes.out);
  for (const auto& box : boxes.at("boxes"))
    BOOST_CHECK_EQUAL(box.at("generators"), unwell.contains({box.at("slot")}) ? "DEGRADED" : "OK");
  const auto listed = run_program({"box", "list", "--data", (work / "first").string()}).out;
  BOOST_CHECK_MESSAGE(listed.find("DEGRADED") != std::string::npos, listed);
  const auto transcript = run_program({"ceremony", "transcript", "--json", "--data", (work / "first").string()});
  const auto lines = nlohmann::json::parse(transcript.out);
  std::size_t exceptions = 0;
  for (const auto& line : lines.at("lines"))
    exceptions += line.at("kind") == "generators" && line.at("exception") == true ? 1 : 0;
  BOOST_CHECK_EQUAL(exceptions, 3u);
  BOOST_CHECK_EQUAL(transcript.status, 1);

  run(day, work / "second");
  const auto second = events_in(work / "second");
  BOOST_CHECK(second.size() == events.size() && grew_from(events, second));
  const auto again = rerun_scenario(work / "first", work / "again", {});
  BOOST_REQUIRE(again);
  BOOST_CHECK_EQUAL(again->identical, events.size());
  BOOST_CHECK(!again->differs);
}

BOOST_AUTO_TEST_CASE(a_process_that_ends_finds_its_generators_good_again_and_is_the_same_again) {
  scratch_directory work;
  const auto day = small_day_with(work, "", fault("oak-ve", "hardware", "dead", 4'000));
  run(day, work / "whole");
  const auto whole = events_in(work / "whole");
  const auto at = std::find_if(whole.begin(), whole.end(), [](const told_event& e) {
    return std::holds_alternative<generators_changed>(e.event);
  });
  BOOST_REQUIRE(at != whole.end());
  // The process ends behind the event; counted anew, the source is good for a while.
  const auto end = static_cast<std::uint64_t>(at - whole.begin()) + 3;
  const auto result = run(day, work / "ended", {end});
  for (const auto& line : result.failures)
    BOOST_ERROR(line);
  const auto events = events_in(work / "ended");
  BOOST_CHECK_EQUAL(broken_rules(events), "");
  const auto changes = changes_in(events);
  BOOST_REQUIRE_GE(changes.size(), 2u);
  BOOST_CHECK(changes[0].health == generator_health::degraded && changes[1].health == generator_health::ok);
  const auto again = rerun_scenario(work / "ended", work / "again", {});
  BOOST_REQUIRE(again);
  BOOST_CHECK_EQUAL(again->identical, events.size());
  BOOST_CHECK_EQUAL(again->restarts, 1u);
}

BOOST_AUTO_TEST_CASE(a_site_that_works_with_both_only_makes_no_key_with_one) {
  scratch_directory work;
  const auto day =
    small_day_with(work, "degraded = \"refused\"", fault("oak-ve", "hardware", "stuck", 12'000));
  run(day, work / "day");
  const auto events = events_in(work / "day");
  BOOST_CHECK_EQUAL(broken_rules(events), "");
  BOOST_REQUIRE_EQUAL(changes_in(events).size(), 1u);
  const auto oak = changes_in(events)[0].box;
  bool said = false;
  std::size_t refused = 0;
  for (const auto& e : events) {
    said = said || std::holds_alternative<generators_changed>(e.event);
    if (const auto* key = std::get_if<key_generated>(&e.event))
      BOOST_CHECK(!said || key->oak != oak);
    if (const auto* f = std::get_if<fault_recorded>(&e.event))
      refused += f->reason == refusal::generators_degraded;
  }
  BOOST_CHECK_GT(refused, 0u);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
