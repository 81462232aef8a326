// The ceremony of the scenarios folder, on elliptic curves: what it makes, that Manufacturing boxes hold identical keys
// (EP-7), that a restart finds every box disabled (EP-10), and that it goes on wherever it was cut off.

#include "node/carry_out.hpp"
#include "scenarios/runner.hpp"
#include "tests/random_seed.hpp"
#include "tests/scenarios/finished_day.hpp"
#include "tests/scenarios/log_facts.hpp"

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(ceremonies)
namespace {

scenario ceremony() {
  auto text = file_content(scenario_file("ceremony.toml"));
  const std::string rsa = "\"rsa3072\"";
  const auto at = text.find(rsa);
  BOOST_REQUIRE(at != std::string::npos);
  text.replace(at, rsa.size(), "\"p256\"");
  scenario_files files;
  files.main = "ceremony.toml";
  files.content[files.main] = text;
  auto what = load_scenario(files);
  BOOST_REQUIRE_MESSAGE(what, (what ? "" : what.error().text()));
  return std::move(*what);
}

/// Runs it; the process ends after each of these numbers of records.
run_result run_it(const scenario& what, const std::filesystem::path& data, std::deque<std::uint64_t> ends = {}) {
  run_options options;
  options.data = data;
  options.seed = what.plan.seed;
  options.ends = std::move(ends);
  auto ran = run_scenario(what, options);
  BOOST_REQUIRE_MESSAGE(ran, (ran ? "" : ran.error().text));
  return std::move(*ran);
}

std::string problems(const run_result& r) {
  std::string all = r.finished ? "" : "not finished; ";
  for (const auto& line : r.failures)
    all += line + "; ";
  return all;
}

std::vector<told_event> events_in(const std::filesystem::path& data) {
  auto events = read_log(data);
  BOOST_REQUIRE(events);
  return std::move(*events);
}

} // namespace

BOOST_AUTO_TEST_CASE(the_ceremony_comes_out_as_it_says) {
  const scratch_directory work;
  const auto result = run_it(ceremony(), work / "data");
  BOOST_CHECK_EQUAL(problems(result), "");
  BOOST_CHECK_EQUAL(result.counts.boxes, 8);
  BOOST_CHECK_EQUAL(result.counts.faults, 0);

  // Who holds which key data, by check values, at the end of the log and after each domain.
  std::map<box_id, std::map<std::string, check_value>> held;
  std::set<std::string> names;
  for (const auto& told : events_in(work / "data")) {
    if (const auto* e = std::get_if<box_initialised>(&told.event); e && e->key_set)
      held[e->box]["key set"] = *e->key_set;
    if (const auto* e = std::get_if<key_set_received>(&told.event))
      held[e->box]["key set"] = e->key_set;
    if (const auto* e = std::get_if<domain_process_made>(&told.event); e && e->key_data)
      held[e->box][e->domain.text] = *e->key_data;
    if (const auto* e = std::get_if<domain_created>(&told.event))
      names.insert(e->domain.text);
  }
  BOOST_CHECK(names == (std::set<std::string>{"UKRM", "USPS", "VE"}));
  BOOST_REQUIRE_EQUAL(held.size(), 3);
  for (const auto& [box, keys] : held) {
    BOOST_CHECK_EQUAL(keys.size(), 4);
    BOOST_CHECK(keys == held.begin()->second);
  }
}

// "restart the process and find every box disabled until its custodians come back"
BOOST_AUTO_TEST_CASE(a_restart_finds_every_box_disabled) {
  const scratch_directory work;
  run_it(ceremony(), work / "data");
  std::set<std::string> enabled;
  bool restarted = false;
  for (const auto& told : events_in(work / "data")) {
    if (const auto* e = std::get_if<box_enabled>(&told.event))
      enabled.insert(e->box.text());
    if (const auto* e = std::get_if<box_disabled>(&told.event))
      enabled.erase(e->box.text());
    if (std::holds_alternative<node_restarted>(told.event)) {
      BOOST_CHECK(enabled == (std::set<std::string>{"B00000001", "O00000001", "S00000002"}));
      restarted = true;
    }
    if (std::holds_alternative<share_entered>(told.event) && std::exchange(restarted, false))
      BOOST_CHECK(enabled.empty());
  }
  BOOST_CHECK(!restarted);
}

// The process ends after every fourth record, from any on, starts again, and the ceremony comes out all the same. (Before
// every write of a smaller one: every_write_test.cpp.)
BOOST_AUTO_TEST_CASE(it_goes_on_wherever_it_was_cut_off) {
  const auto what = ceremony();
  std::uint64_t records = 0;
  {
    const scratch_directory work;
    records = run_it(what, work / "data").records;
  }
  BOOST_REQUIRE_GT(records, 100);
  for (auto n = 1 + random_seed() % 4; n < records; n += 4) {
    const scratch_directory work;
    const auto result = run_it(what, work / "data", {n});
    BOOST_CHECK_MESSAGE(problems(result).empty(), "ended after record " << n << ": " << problems(result));
    BOOST_CHECK_EQUAL(result.counts.boxes, 8);
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
