// Messages that are lost or changed on their way (EP-13b, EP-14, EP-28): what the fault matrix, one fault in each life,
// does not have. The expected outcomes are the specification's.

#include "scenarios/runner.hpp"
#include "tests/scenarios/finished_day.hpp"
#include "tests/scenarios/log_facts.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(message_faults)
namespace {

const domain_id ve{"VE"};

struct outcome {
  run_result result;
  std::vector<told_event> events;

  std::uint64_t keys(const std::string& status) const {
    const auto& of_ve = result.counts.keys.at(ve);
    const auto found = of_ve.find(status);
    return found == of_ve.end() ? 0 : found->second;
  }
  /// `archive/VE: command_unknown`, for every entry of the error log.
  std::multiset<std::string> errors() const {
    std::multiset<std::string> all;
    for (const auto& e : events)
      if (const auto* f = std::get_if<fault_recorded>(&e.event))
        all.insert(f->where + ": " + std::string{name(f->reason)});
    return all;
  }
};

/// The scenario that stands in `work` as day.toml, run to its end.
outcome run_in(const scratch_directory& work) {
  const auto day = load_scenario(work / "day.toml");
  BOOST_REQUIRE_MESSAGE(day, (day ? "" : day.error().text()));
  run_options options;
  options.data = work / "day";
  options.seed = day->plan.seed;
  auto result = run_scenario(*day, options);
  BOOST_REQUIRE_MESSAGE(result, (result ? "" : result.error().text));
  for (const auto& line : result->failures)
    BOOST_ERROR(line);
  BOOST_CHECK(result->finished);
  auto events = read_log(work / "day");
  BOOST_REQUIRE(events);
  BOOST_CHECK_EQUAL(broken_rules(*events), "");
  const auto audit = run_program({"audit", "all", "--data", (work / "day").string()});
  BOOST_CHECK_MESSAGE(audit.status == 0, audit.told() << audit.out);
  return {std::move(*result), std::move(*events)};
}

/// The small day with one fault of a message; its own expectations are left out.
outcome day_with(const std::string& fault) {
  const scratch_directory work;
  auto text = file_content(scenario_file("small-day.toml"));
  text.erase(text.find("[expect"));
  text.insert(text.find("[[domain]]"), "messages = \"commands\"\n");
  text.insert(text.find("[[step]]"), "[[fault]]\n" + fault + '\n');
  write_file(work / "day.toml", text);
  std::filesystem::copy_file(scenario_file("small-labels.csv"), work / "small-labels.csv");
  return run_in(work);
}

/// Meters that are installed one after the other by two Oak and two Steel boxes of one domain, and nothing else.
outcome installed(std::size_t meters, const std::string& tables) {
  const scratch_directory work;
  auto text = file_content(scenario_file("simulation.toml"));
  text.erase(text.find("# From here on"));
  text += tables + "\n[[step]]\ndo = \"install\"\nlabels = \"labels.csv\"\ndomains = [\"VE\"]\n";
  write_file(work / "day.toml", text);
  std::string labels = "product_code,sequence_number\n";
  for (std::size_t i = 1; i <= meters; ++i)
    labels += "DM400,M000000" + std::to_string(i) + '\n';
  write_file(work / "labels.csv", labels);
  return run_in(work);
}

template <class Event>
std::vector<Event> all_of(const outcome& day) {
  std::vector<Event> all;
  for (const auto& e : day.events)
    if (const auto* found = std::get_if<Event>(&e.event))
      all.push_back(*found);
  return all;
}

/// A `[[fault]]` of the nth message of a kind.
std::string nth_fault(const std::string& message, unsigned nth, const std::string& what) {
  return "[[fault]]\nmessage = \"" + message + "\"\nnth = " + std::to_string(nth) + "\nwhat = \"" + what + "\"\n";
}

std::string fault(const std::string& message, const std::string& what, const std::string& to = {},
                  const std::string& field = {}) {
  return "message = \"" + message + "\"\nwhat = \"" + what + '"' + (to.empty() ? "" : "\nto = \"" + to + '"') +
         (field.empty() ? "" : "\nfield = \"" + field + '"');
}

/// The day ends as it says: every order is complete, with so many keys Bad that are not Bad by a fault of the meter.
void comes_out(const outcome& day, std::uint64_t more_bad) {
  BOOST_CHECK_EQUAL(day.keys("Active"), 2u);
  BOOST_CHECK_EQUAL(day.keys("Obsolete"), 2u);
  BOOST_CHECK_EQUAL(day.keys("Bad"), 1 + more_bad);
}

} // namespace

// EP-28, EP-13b: Steel refuses an install record that Oak did not sign so; no key of it gets into a meter, and without
// MI7 it ends Bad.
BOOST_AUTO_TEST_CASE(an_altered_install_record_installs_nothing) {
  const auto day = day_with(fault("MI4'", "altered", "", "record"));
  comes_out(day, 1);
  BOOST_CHECK(day.errors().contains("steel/steel-1: signature_invalid"));
}

// Nobody signs which meter Steel is asked for. M0000002 and M0000003 differ in the bit that is altered, so the key of one
// would go into the other, which is on the same line; the PSR brings it there no more than anywhere.
BOOST_AUTO_TEST_CASE(a_key_gets_into_no_meter_but_the_one_that_it_is_for) {
  const auto day = day_with(fault("install key", "altered", "", "meter") + "\nnth = 3");
  comes_out(day, 1);
  BOOST_CHECK_EQUAL(day.errors().count("psr/steel-1: records_disagree"), 1u);
}

// Orders go one after the other, and each to VE first: the second key is the postal one of M0000001. The meter that it
// would get into is on no line, of which nobody but the PSR knows; Steel reports that it failed, and another key goes in.
BOOST_AUTO_TEST_CASE(a_key_for_a_meter_that_is_on_no_line_is_bad) {
  const auto day = day_with(fault("install key", "altered", "", "meter") + "\nnth = 2");
  comes_out(day, 0);
  BOOST_CHECK(day.errors() == std::multiset<std::string>{"psr/steel-2: meter_not_known"});
  BOOST_CHECK_EQUAL(day.result.counts.keys.at({"USPS"}).at("Bad"), 1u);
  BOOST_CHECK(all_of<leg_timed_out>(day).empty()); // by evidence
}

// Both keys of M0000001 have the number 1: changed into the other domain's, the commit of the postal one is the vendor's said
// again. The meter's answer names that key, and Steel does not take it for the postal one's.
BOOST_AUTO_TEST_CASE(a_commit_of_the_other_domains_key_commits_nothing_else) {
  const auto day = day_with(fault("MI6c", "wrong_domain", "meter") + "\nnth = 2");
  comes_out(day, 0);
  BOOST_CHECK((day.errors() == std::multiset<std::string>{"steel/steel-2: records_disagree", "psr/steel-2: records_disagree"}));
  std::map<key_id, int> committed;
  for (const auto& e : all_of<key_committed>(day))
    ++committed[e.key];
  BOOST_CHECK((committed[{ve, 1}] == 1 && committed[{{"USPS"}, 1}] == 1));
}

// EP-28: the record table of the archive. What was refused for its content is sent again; meanwhile Steel has seen later
// keys, takes this one no more (EP-14), and the meter gets another.
BOOST_AUTO_TEST_CASE(a_record_of_no_known_type_is_refused) {
  const auto day = day_with(fault("store record", "record_type", "", "record"));
  comes_out(day, 1);
  // Steel says so of the record, and each of the five times that it is asked what became of it.
  std::multiset<std::string> all{"archive/VE: record_type_unknown"};
  for (int i = 0; i < 6; ++i)
    all.insert("steel/steel-1: key_id_not_fresh");
  BOOST_CHECK(day.errors() == all);
}

// EP-13b: a key id is a gap when no MI3 of it was stored, and then only. MI4 of the first key is lost, and MI1, which is
// sent again, names another Steel box: Oak, which has made that key, says that its id is not fresh.
BOOST_AUTO_TEST_CASE(a_stored_key_that_oak_makes_no_more_is_bad_and_no_gap) {
  const auto day = installed(1, nth_fault("MI4", 1, "lost") + nth_fault("MI1", 2, "wrong_steel"));
  BOOST_CHECK(day.errors().contains("oak/oak-2: key_id_not_fresh"));
  const auto bad = all_of<key_marked_bad>(day);
  BOOST_REQUIRE_EQUAL(bad.size(), 1u);
  BOOST_CHECK_EQUAL(bad[0].key.text(), "VE/1");
  // By evidence: Steel has given it up, so that it cannot be installed later.
  BOOST_CHECK_EQUAL(name(bad[0].reason), name(refusal::installation_never_begun));
  BOOST_CHECK_EQUAL(day.keys("Installed"), 1u);
  // It was asked for at once, and not when nothing had been heard of it for ten minutes.
  BOOST_CHECK(all_of<leg_timed_out>(day).empty());
}

// The same before MI3 was stored: no key is to be ended, and nothing is asked of Steel.
BOOST_AUTO_TEST_CASE(an_id_that_oak_has_spent_and_nobody_stored_is_a_gap) {
  const auto day = installed(1, nth_fault("MI2", 1, "lost") + nth_fault("MI1", 2, "wrong_steel"));
  BOOST_CHECK(day.errors() == std::multiset<std::string>{"oak/oak-2: key_id_not_fresh"});
  BOOST_CHECK(all_of<key_marked_bad>(day).empty());
  BOOST_CHECK_EQUAL(day.keys("gap"), 1u);
  BOOST_CHECK_EQUAL(day.keys("Installed"), 1u);
}

// EP-14: a key id is one Oak's. When that Oak does not come back, the order takes an id of another one's.
BOOST_AUTO_TEST_CASE(another_oak_makes_the_key_when_one_is_gone) {
  const auto day = installed(4, "[[step]]\ndo = \"disable\"\nboxes = [\"oak-1\"]\n");
  BOOST_CHECK_EQUAL(day.keys("Installed"), 4u);
  BOOST_CHECK_GE(day.keys("gap"), 2u);
  BOOST_CHECK(all_of<key_marked_bad>(day).empty());
  std::set<box_id> makers;
  for (const auto& made : all_of<key_created>(day))
    makers.insert(made.oak);
  BOOST_CHECK_EQUAL(makers.size(), 1u);
}

// EP-29, EP-30: why a key is Bad stands in its record, and what was refused on the way names it.
BOOST_AUTO_TEST_CASE(a_key_whose_record_was_refused_as_no_command_says_why_it_is_bad) {
  const auto day = installed(1, nth_fault("MI4'", 1, "unknown_command"));
  const auto bad = all_of<key_marked_bad>(day);
  BOOST_REQUIRE_EQUAL(bad.size(), 1u);
  BOOST_CHECK_EQUAL(name(bad[0].reason), name(refusal::installation_never_begun));
  std::set<std::string> where;
  for (const auto& f : all_of<fault_recorded>(day)) {
    BOOST_CHECK_EQUAL(name(f.reason), name(refusal::command_unknown));
    if (std::ranges::find(f.involved, participant{participant_kind::key, "VE/1"}) != f.involved.end())
      where.insert(f.where.substr(0, f.where.find('/')));
  }
  BOOST_CHECK(where.contains("psr"));
}

// EP-30: `audit key` shows what a meter refused of the key.
BOOST_AUTO_TEST_CASE(what_a_meter_refuses_names_the_key) {
  const std::pair<const char*, const char*> all[] = {{"MI5", "sealed"}, {"MI6r", "meter"}, {"MI6c", "code"}};
  for (const auto& [message, field] : all) {
    const auto day = installed(1, "[[fault]]\nnth = 1\n" + fault(message, "altered", "meter", field) + '\n');
    const auto faults = all_of<fault_recorded>(day);
    const auto refused = std::ranges::find_if(faults, [](const auto& f) { return f.where.starts_with("meter/"); });
    BOOST_REQUIRE_MESSAGE(refused != faults.end(), message);
    BOOST_CHECK_MESSAGE(std::ranges::find(refused->involved, participant{participant_kind::key, "VE/1"})
                          != refused->involved.end(),
                        message);
  }
}

// EP-30: an answer about another key than the one that was asked about is on record with whose it should have been.
BOOST_AUTO_TEST_CASE(an_answer_about_another_key_is_on_record_with_the_right_one) {
  // The first says that the meter has no key yet.
  const auto day = installed(1, nth_fault("record fetched", 2, "wrong_steel"));
  const auto faults = all_of<fault_recorded>(day);
  BOOST_REQUIRE_EQUAL(faults.size(), 2u); // EP-28: whoever answered has it too
  BOOST_CHECK_EQUAL(faults[0].where, "kmc");
  BOOST_CHECK_EQUAL(faults[1].where, "archive/VE");
  BOOST_CHECK_EQUAL(name(faults[1].reason), name(refusal::records_disagree));
  BOOST_CHECK_EQUAL(name(faults[0].reason), name(refusal::records_disagree));
  std::set<std::string> named;
  for (const auto& p : faults[0].involved)
    named.insert(std::string{name(p.kind)} + ' ' + p.id);
  BOOST_CHECK((named == std::set<std::string>{"order 1", "domain VE", "key VE/1", "meter M0000001"}));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
