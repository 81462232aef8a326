// `oaksteel ceremony`: the script of a ceremony on paper, and the transcript of what was done of it. What is expected
// is written out here from what a ceremony is (EP-6, EP-7, EP-8, EP-10, EP-12), not from what the program printed.

#include "cli/ceremony_matching.hpp"
#include "cli/paper.hpp"
#include "tests/scenarios/finished_day.hpp"

#include <nlohmann/json.hpp>

#include <sstream>

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(ceremony_command)
namespace {

using json = nlohmann::json;
using enum ceremony_act;

std::string small_day() { return scenario_file("small-day.toml").string(); }

program_result printed(std::vector<std::string> arguments, int status) {
  arguments.insert(arguments.begin(), "ceremony");
  auto r = run_program(arguments);
  BOOST_REQUIRE_MESSAGE(r.status == status && r.err.empty(), r.told() << r.out);
  return r;
}
json printed_json(std::vector<std::string> arguments, int status) {
  arguments.push_back("--json");
  return json::parse(printed(std::move(arguments), status).out);
}
bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// Characters of the longest line.
std::size_t widest(const std::string& text) {
  std::size_t most = 0;
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);)
    most = std::max(most, line.size());
  return most;
}

/// A Manufacturing box with three custodians, of whom two are needed, and an Oak with two; one domain.
site_plan small_site() {
  site_plan plan;
  plan.suite = suite_id::p256;
  plan.domains = {{{"VE"}, "vendor", {"US"}}};
  plan.boxes = {{{"factory"}, {}, box_type::manufacturing, {}, {}, 2, {{"Ada"}, {"Bela"}, {"Clara"}}},
                {{"oak"}, {}, box_type::oak, {{"VE"}}, {}, 2, {{"Dora"}, {"Emil"}}}};
  return plan;
}

/// Its ceremony, and a log in which everything was done: each line one or more events.
struct small_ceremony {
  const box_id factory{box_type::manufacturing, 1}, oak{box_type::oak, 1};
  std::vector<worded_step> script = in_words(small_site(), first_ceremony(small_site(), {}));
  std::vector<std::vector<any_event>> log;

  small_ceremony() {
    log = {
      {made(factory, "factory", 3, true)},                                            // 1
      {share_entered{factory, {"Ada"}, {}}},                                          // 2
      {share_entered{factory, {"Bela"}, {}}, box_enabled{factory}},                   // 3
      {box_id_reserved{oak, {"oak"}}, made(oak, "oak", 2, false)},                    // 4
      {domain_created{{"VE"}, "vendor", {"US"}, suite_id::p256, factory, {}},
       domain_process_made{factory, {"VE"}, suite_id::p256, {}, {}, {}, check_value{}}}, // 5
      {share_entered{oak, {"Dora"}, {}}},                                             // 6
      {share_entered{oak, {"Emil"}, {}}, box_enabled{oak}},                           // 7
      {domain_process_made{oak, {"VE"}, suite_id::p256, {}, factory}},                // 8
      {box_disabled{factory, "share taken out", label{"Bela"}}},                       // 9
    };
  }

  static box_initialised made(const box_id& id, const std::string& slot, std::size_t count, bool first) {
    box_initialised e;
    e.box = id;
    e.slot = {slot};
    e.threshold = 2;
    e.shares.resize(count);
    if (first)
      e.domain_key_set = {1};
    return e;
  }

  ceremony_transcript transcript() const {
    std::vector<ceremony_event> events;
    std::uint64_t position = 0;
    for (const auto& line : log)
      for (const auto& e : line)
        if (++position; concerns_ceremony(e))
          events.push_back({position, {static_cast<std::int64_t>(position)}, e});
    return matched(script, events);
  }
};

/// All lines but those of steps that were done in order: `!! once more 2`, `3 not done`.
std::vector<std::string> out_of_the_ordinary(const ceremony_transcript& t) {
  std::vector<std::string> all;
  for (const auto& line : t.lines)
    if (line.exception || line.kind != transcript_kind::done)
      all.push_back((line.exception ? "!! " : "") + (line.step ? std::to_string(*line.step) + " " : std::string{})
                    + std::string{name(line.kind)});
  return all;
}

using lines = std::vector<std::string>;
void check(const small_ceremony& c, const lines& expected, const std::string& verdict) {
  const auto t = c.transcript();
  const auto found = out_of_the_ordinary(t);
  BOOST_CHECK_EQUAL_COLLECTIONS(found.begin(), found.end(), expected.begin(), expected.end());
  BOOST_CHECK_EQUAL(t.verdict(), verdict);
  BOOST_CHECK_EQUAL(t.as_written(), expected.empty());
}

} // namespace

BOOST_FIXTURE_TEST_CASE(every_step_says_who_what_and_what_is_shown, small_ceremony) {
  struct row {
    std::string section, who, what, display;
  };
  const row table[] = {
    {"First Manufacturing box", "operator", "set the first id of factory",
     "id M00000001 taken; 2 of 3 shares enable it"},
    {"First Manufacturing box", "Ada", "put the share for factory in", "1 of 2 shares is in"},
    {"First Manufacturing box", "Bela", "put the share for factory in", "2 of 2 shares are in; ENABLED"},
    {"The other boxes take their ids", "officer", "type the enrolment secret of oak at factory and at oak",
     "id O00000001 taken; 2 of 2 shares enable it"},
    {"Domains", "operator", "create the vendor domain VE (US) in factory", "domain VE created by M00000001"},
    {"Boxes get their domain keys", "Dora", "put the share for oak in", "1 of 2 shares is in"},
    {"Boxes get their domain keys", "Emil", "put the share for oak in",
     "2 of 2 shares are in; ENABLED"},
    {"Boxes get their domain keys", "operator",
     "hand the keys of domain VE over from factory to oak", "keys of domain VE received"},
    {"The Manufacturing boxes are disabled", "Bela", "take the share for factory out",
     "share of Bela is out; DISABLED"},
  };
  BOOST_REQUIRE_EQUAL(script.size(), std::size(table));
  for (std::size_t i = 0; i < script.size(); ++i) {
    BOOST_CHECK_EQUAL(script[i].section, table[i].section);
    BOOST_CHECK_EQUAL(script[i].who, table[i].who);
    BOOST_CHECK_EQUAL(script[i].what, table[i].what);
    BOOST_CHECK_EQUAL(script[i].display, table[i].display);
  }
  BOOST_CHECK_EQUAL(script[4].note, "fingerprint of the domain key set to be noted: ________");
}

BOOST_AUTO_TEST_CASE(acts_of_later_steps_have_words_too) {
  auto plan = small_site();
  plan.boxes.insert(plan.boxes.begin() + 1,
                    {{"second"}, {}, box_type::manufacturing, {}, {}, 1, {{"Gerd"}, {"Hugo"}}});
  auto steps = first_ceremony(plan, {{"VE"}});
  steps.push_back({restart, {}, {}, {}, {}});
  for (const auto& s : activation(plan.boxes[2], {"VE"}))
    steps.push_back(s);
  for (const auto& s : enabling(plan.boxes[2]))
    steps.push_back(s);
  const auto words = in_words(plan, steps);
  const auto find = [&](ceremony_act act, const std::string& slot) {
    const auto at = std::find_if(words.rbegin(), words.rend(), [&](const worded_step& w) {
      return w.step.act == act && w.step.slot.text == slot;
    });
    BOOST_REQUIRE(at != words.rend());
    return *at;
  };
  const auto second = find(enrol, "second");
  BOOST_CHECK_EQUAL(second.section, "Further Manufacturing boxes");
  BOOST_CHECK_EQUAL(second.display, "id M00000002 taken; 1 of 2 shares enables it");
  BOOST_CHECK_EQUAL(find(enter_share, "second").display, "1 of 1 share is in; ENABLED");
  BOOST_CHECK_EQUAL(find(enter_share, "second").section, "Further Manufacturing boxes");
  BOOST_CHECK_EQUAL(find(hand_over_key_set, "second").what,
                    "hand domain key set and start-up keys over from factory to second");
  BOOST_CHECK_EQUAL(find(hand_over_key_set, "second").display, "M00000002 received the domain key set");
  BOOST_CHECK_EQUAL(find(restart, "").display, "the node started again");
  BOOST_CHECK_EQUAL(find(activate_domain, "oak").what, "make VE the active domain of oak");
  BOOST_CHECK_EQUAL(find(activate_domain, "oak").display, "VE is the active domain");
  // Enabled before the restart, which disabled it: the shares count from the beginning.
  BOOST_CHECK_EQUAL(find(enter_share, "oak").section, "Boxes are enabled");
  BOOST_CHECK_EQUAL(find(enter_share, "oak").display, "2 of 2 shares are in; ENABLED");
}

BOOST_AUTO_TEST_CASE(a_script_on_paper) {
  const auto text = printed({"script", small_day()}, 0).out;
  BOOST_CHECK_LE(widest(text), 100u);
  BOOST_CHECK(text.starts_with("Key ceremony small-day\n======================\n\nSuite p256, 43 steps."));
  for (const char* part : {
         "Date: ____", "operator  ", "officer  ", "witness  ",
         "Ada       custodian: shares for manufacturing-1, domain", "Max       custodian: shares for steel-1 ",
         "Ada        M00000001.share, domain-key-set.share,     ", "Greta      O00000002.share  ",
         "Otto       S00000002.share",
         "manufacturing-2, oak-ve, oak-usps, brass-ve,", "First Manufacturing box\n-----------------------\n",
         "Signatures\n", "first witness   ____", "Karl  "})
    BOOST_CHECK_MESSAGE(holds(text, part), part);
  // One column for times and one for initials in each of 43 rows.
  std::size_t rows = 0;
  for (std::size_t at = 0; (at = text.find("_____  ________\n", at)) != std::string::npos; ++at)
    ++rows;
  BOOST_CHECK_EQUAL(rows, 43u);
}

BOOST_AUTO_TEST_CASE(a_script_as_markdown_and_json) {
  const auto page = printed({"script", small_day(), "--markdown"}, 0).out;
  BOOST_CHECK(page.starts_with("# Key ceremony small-day\n\n"));
  for (const char* part : {"\n## First Manufacturing box\n\n| step | who | what | display | time | initials |\n"
                           "| --- | --- | --- | --- | --- | --- |\n"
                           "| 1 | operator | set the first id of manufacturing-1; ",
                           "\n| 2 | Ada | put the share for manufacturing-1 in | 1 of 2 shares is in | | |\n",
                           "\n| Bela | M00000001.share, domain-key-set.share, M00000002.share | |\n"})
    BOOST_CHECK_MESSAGE(holds(page, part), part);
  const auto said = printed_json({"script", small_day()}, 0);
  BOOST_CHECK_EQUAL(said.at("name"), "small-day");
  BOOST_CHECK_EQUAL(said.at("suite"), "p256");
  BOOST_CHECK_EQUAL(said.at("custodians").size(), 17u);
  BOOST_REQUIRE_EQUAL(said.at("steps").size(), 43u);
  // Two Manufacturing boxes take seven steps; then the second Steel is the sixth to enrol.
  const auto& step = said.at("steps").at(12);
  BOOST_CHECK_EQUAL(step.at("step"), 13);
  BOOST_CHECK_EQUAL(step.at("act"), "enrol");
  BOOST_CHECK_EQUAL(step.at("slot"), "steel-2");
  BOOST_CHECK_EQUAL(step.at("source"), "manufacturing-1");
  BOOST_CHECK_EQUAL(step.at("display"), "id S00000002 taken; 2 of 2 shares enable it");
  BOOST_CHECK(step.at("custodian").is_null());
}

BOOST_AUTO_TEST_CASE(what_is_no_scenario_gets_one_line) {
  scratch_directory work;
  const auto refused = [](std::vector<std::string> arguments, int status, const std::string& part) {
    arguments.insert(arguments.begin(), "ceremony");
    const auto r = run_program(arguments);
    BOOST_CHECK_MESSAGE(r.status == status && r.one_line() && holds(r.err, part) && r.out.empty(), r.told() << r.out);
  };
  write_file(work / "wrong.toml", "name = \"x\"\nboxes = 3\n");
  write_file(work / "noise.toml", std::string("\0\1\2", 3));
  write_file(work / "no-log", "x");
  const auto day = finished_day::directory().string();
  refused({"script", (work / "none.toml").string()}, 3, "none.toml");
  refused({"script", work.path().string()}, 3, work.path().string());
  refused({"script", (work / "wrong.toml").string()}, 2, "wrong.toml:2:");
  refused({"script", (work / "noise.toml").string()}, 2, "noise.toml:");
  refused({"script", small_day(), "--markdown", "--json"}, 2, "--markdown");
  refused({"transcript", "--data", (work / "none").string()}, 3, "none");
  refused({"transcript", "--data", (work / "no-log").string()}, 3, "no-log");
  refused({"transcript", "--data", day, "--script", (work / "none.toml").string()}, 3, "none.toml");
  refused({"transcript", "--data", day, "--script", (work / "wrong.toml").string()}, 2, "wrong.toml:2:");
  refused({"transcript"}, 2, "--data");
  refused({}, 2, "script, transcript");
}

// --- matching ---------------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(everything_as_written, small_ceremony) {
  check(*this, {}, "9 of 9 steps done in order, no exception");
  const auto t = transcript();
  BOOST_REQUIRE_EQUAL(t.lines.size(), 9u);
  for (std::size_t i = 0; i < 9; ++i)
    BOOST_CHECK_EQUAL(t.lines[i].text, script[i].display);
  // Steps 3 and 4 are two events each, so the domain is the seventh; that its maker has its keys is no event more.
  BOOST_CHECK_EQUAL(t.lines[4].position, 7u);
}

BOOST_FIXTURE_TEST_CASE(a_days_work_is_no_exception, small_ceremony) {
  fault_recorded fault;
  fault.command = "MI1";
  log.insert(log.begin() + 8, {fault, key_id_assigned{}, meter_labelled{}, tokens_verified{}});
  log.push_back({order_numbered{}, scenario_step_finished{}});
  check(*this, {}, "9 of 9 steps done in order, no exception");
}

BOOST_FIXTURE_TEST_CASE(what_was_refused_stands_where_it_happened, small_ceremony) {
  fault_recorded fault;
  fault.where = "manufacturing/factory";
  fault.command = "create_domain";
  fault.reason = refusal::domain_exists;
  log[2].insert(log[2].begin(), share_refused{factory, {"Bela"}, refusal::share_damaged, {}});
  log[4].emplace_back(fault);
  check(*this, {"!! share refused", "!! command refused"}, "9 of 9 steps done in order, 2 exceptions");
  const auto t = transcript();
  BOOST_CHECK_EQUAL(t.lines[2].text, "manufacturing box M00000001 refused a share of Bela: "
                                       + std::string{text(refusal::share_damaged)});
  BOOST_CHECK_EQUAL(t.lines[2].position, 3u);
  BOOST_CHECK(t.lines[6].exception);
}

BOOST_FIXTURE_TEST_CASE(a_restart_in_between, small_ceremony) {
  // Behind step 6 the process ends; Ada, Bela and Dora come again.
  log.insert(log.begin() + 6, {node_restarted{8}, box_disabled{factory, "process restarted"},
                               box_disabled{oak, "process restarted"}, share_entered{factory, {"Ada"}, {}},
                               share_entered{factory, {"Bela"}, {}}, box_enabled{factory},
                               share_entered{oak, {"Dora"}, {}}});
  check(*this, {"!! restart", "!! 2 once more", "!! 3 once more", "!! 6 once more"},
        "9 of 9 steps done in order, 4 exceptions");
  BOOST_CHECK(transcript().lines[6].text.ends_with("; disabled: M00000001, O00000001"));
}

BOOST_FIXTURE_TEST_CASE(a_restart_after_the_end_is_ordinary, small_ceremony) {
  log.push_back({node_restarted{12}, box_disabled{oak, "process restarted"}, share_entered{oak, {"Dora"}, {}},
                 share_entered{oak, {"Emil"}, {}}, box_enabled{oak}});
  check(*this, {}, "9 of 9 steps done in order, no exception");
  const auto t = transcript();
  BOOST_CHECK_EQUAL(t.later_restarts, 1u);
  BOOST_CHECK_EQUAL(t.later_shares, 2u);
  BOOST_CHECK_EQUAL(t.later_enabled, 1u);
  // A second process may end before the box is enabled.
  log.back().insert(log.back().begin() + 2, node_restarted{14});
  check(*this, {}, "9 of 9 steps done in order, no exception");
  // The Manufacturing box was not enabled when the process ended; and a wrong share is one at any time.
  log.push_back({share_entered{factory, {"Ada"}, {}}, share_refused{oak, {"Dora"}, refusal::share_doubled, {}},
                 box_disabled{oak, "share taken out", label{"Emil"}}});
  check(*this, {"!! 2 once more", "!! share refused", "!! box disabled"}, "9 of 9 steps done in order, 3 exceptions");
}

BOOST_FIXTURE_TEST_CASE(an_end_that_was_not_reached_excuses_nothing, small_ceremony) {
  log.back() = {node_restarted{11}, box_disabled{oak, "process restarted"}, share_entered{oak, {"Dora"}, {}}};
  check(*this, {"9 not done", "!! restart", "!! 6 once more"}, "8 of 9 steps done in order, 1 not done, 2 exceptions");
}

BOOST_FIXTURE_TEST_CASE(steps_that_were_left_out_or_turned_round, small_ceremony) {
  auto first = *this;
  first.log.erase(first.log.begin() + 7);
  check(first, {"8 not done"}, "8 of 9 steps done in order, 1 not done, no exception");
  // Dora's and Emil's shares: what the box counted differs too.
  auto second = *this;
  second.log[5] = {share_entered{oak, {"Emil"}, {}}};
  second.log[6] = {share_entered{oak, {"Dora"}, {}}, box_enabled{oak}};
  check(second, {"!! 7 out of order", "!! 6 shown otherwise", "7 out of order", "!! 7 shown otherwise"},
        "8 of 9 steps done in order, 1 out of order, 3 exceptions");
  // The domain before the Oak: one of the two is out of order.
  auto third = *this;
  std::swap(third.log[3], third.log[4]);
  check(third, {"!! 5 out of order", "5 out of order"}, "8 of 9 steps done in order, 1 out of order, 1 exception");
  // Nothing was done at all.
  auto none = *this;
  none.log.clear();
  check(none, {"1 not done", "2 not done", "3 not done", "4 not done", "5 not done", "6 not done", "7 not done",
               "8 not done", "9 not done"},
        "0 of 9 steps done in order, 9 not done, no exception");
}

BOOST_FIXTURE_TEST_CASE(what_no_step_names, small_ceremony) {
  const box_id steel{box_type::steel, 1};
  log[4].emplace_back(domain_created{{"USPS"}, "postal", {"US"}, suite_id::p256, factory, {}});
  log[7].emplace_back(made(steel, "steel", 2, false));
  log[7].emplace_back(active_domain_switched{oak, {"VE"}});
  log[7].emplace_back(box_disabled{oak, "the quorum of shares opened nothing"});
  check(*this, {"!! no step says this", "!! no step says this", "!! no step says this", "!! box disabled"},
        "9 of 9 steps done in order, 4 exceptions");
}

BOOST_FIXTURE_TEST_CASE(what_a_box_says_is_held_against_the_script, small_ceremony) {
  log[3] = {made({box_type::oak, 7}, "oak", 2, false)};
  for (auto& line : log)
    for (auto& e : line)
      if (auto* entered = std::get_if<share_entered>(&e); entered && entered->box == oak)
        entered->box.number = 7;
      else if (auto* enabled = std::get_if<box_enabled>(&e); enabled && enabled->box == oak)
        enabled->box.number = 7;
      else if (auto* keys = std::get_if<domain_process_made>(&e))
        keys->box.number = 7;
  check(*this, {"!! 4 shown otherwise"}, "9 of 9 steps done in order, 1 exception");
  BOOST_CHECK_EQUAL(transcript().lines[4].text, "expected: id O00000001 taken; 2 of 2 shares enable it");
}

BOOST_FIXTURE_TEST_CASE(a_restart_that_is_a_step, small_ceremony) {
  auto steps = first_ceremony(small_site(), {});
  steps.push_back({restart, {}, {}, {}, {}});
  for (const auto& s : enabling(small_site().boxes[0]))
    steps.push_back(s);
  auto longer = *this;
  longer.script = in_words(small_site(), steps);
  longer.log.push_back({node_restarted{12}, box_disabled{oak, "process restarted"}});
  longer.log.push_back({share_entered{oak, {"Dora"}, {}}, share_entered{oak, {"Emil"}, {}}, box_enabled{oak}});
  longer.log.push_back({share_entered{factory, {"Ada"}, {}}, share_entered{factory, {"Bela"}, {}},
                        box_enabled{factory}});
  check(longer, {}, "12 of 12 steps done in order, no exception");
  BOOST_CHECK_EQUAL(longer.transcript().later_shares, 2u);
}

// --- the transcript of a log ------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_days_transcript_is_that_of_its_log) {
  const auto day = finished_day::directory().string();
  const auto said = printed_json({"transcript", "--data", day}, 0);
  BOOST_CHECK_EQUAL(said.at("verdict"), "43 of 43 steps done in order, no exception");
  BOOST_CHECK_EQUAL(said.at("boxes").size(), 9u);
  BOOST_CHECK_EQUAL(said.at("sets").size(), 10u);
  BOOST_CHECK_EQUAL(said.at("domains").size(), 2u);
  const auto audited = run_program({"audit", "all", "--data", day, "--json"});
  const auto summary = json::parse(audited.out).at("summary");
  for (const char* member : {"log", "root", "records", "domain_key_set"})
    BOOST_CHECK_EQUAL(said.at(member), summary.at(member));
  // Each line is the event at its position.
  const auto listed = run_program({"log", "list", "--data", day, "--json", "--to", "100"});
  std::map<std::uint64_t, std::string> events;
  std::istringstream lines{listed.out};
  for (std::string line; std::getline(lines, line);) {
    const auto event = json::parse(line);
    events[event.at("position")] = event.at("event");
  }
  const auto& told = said.at("lines");
  BOOST_CHECK_EQUAL(events[told.at(0).at("position")], "box_initialised");
  BOOST_CHECK_EQUAL(events[told.at(2).at("position")], "share_entered");
  BOOST_CHECK_EQUAL(events[told.at(14).at("position")], "domain_created");
  BOOST_CHECK_EQUAL(events[told.at(40).at("position")], "domain_process_made");
  BOOST_CHECK_EQUAL(events[told.at(42).at("position")], "box_disabled");
}

BOOST_AUTO_TEST_CASE(a_transcript_on_paper) {
  const auto day = finished_day::directory().string();
  const auto text = printed({"transcript", "--data", day}, 0).out;
  BOOST_CHECK_LE(widest(text), 100u);
  for (const char* part : {"Transcript of key ceremony small-day\n====",
                           "1     2026-03-02T06:00:00Z  5       operator: set",
                           "M00000001  manufacturing-1  disabled", "S00000002  steel-2          ENABLED",
                           "2 of 3  Ada, Bela, Clara", "domain key set  ",
                           "VE      vendor  US       M00000001"})
    BOOST_CHECK_MESSAGE(holds(text, part), part);
  BOOST_CHECK(text.ends_with("\n43 of 43 steps done in order, no exception\n"));
  const auto page = printed({"transcript", "--data", day, "--markdown"}, 0).out;
  BOOST_CHECK(holds(page, "\n| 2 | 2026-03-02T06:00:00Z | 6 | Ada: put the share for manufacturing-1 in "
                          "| 1 of 2 shares is in |\n"));
}

BOOST_AUTO_TEST_CASE(another_sites_script_fits_badly) {
  const auto day = finished_day::directory().string();
  const auto other = scenario_file("ceremony.toml").string();
  const auto text = printed({"transcript", "--data", day, "--script", other}, 1).out;
  BOOST_CHECK_LE(widest(text), 100u);
  for (const char* part : {"NOT DONE", "\n!!    2026-03-02T06:00:00Z", "no step says this"})
    BOOST_CHECK_MESSAGE(holds(text, part), part);
}

BOOST_AUTO_TEST_CASE(every_act_of_a_ceremony) {
  scratch_directory work;
  const auto data = (work / "ceremony").string();
  const auto file = scenario_file("ceremony.toml").string();
  BOOST_REQUIRE_EQUAL(run_program({"scenario", "run", file, "--data", data}).status, 0);
  const auto said = printed_json({"transcript", "--data", data}, 0);
  const auto steps = printed_json({"script", file}, 0).at("steps").size();
  BOOST_CHECK_EQUAL(said.at("in_order"), steps);
  // Behind the restart that is a step, custodians come back to oak-1, steel-2 and brass-1; 2 shares each.
  BOOST_CHECK_EQUAL(said.at("later"), (json{{"restarts", 0}, {"shares", 6}, {"enabled", 3}}));
}

BOOST_AUTO_TEST_CASE(an_export_and_a_damaged_log) {
  scratch_directory work;
  const auto file = (work / "day.log").string();
  BOOST_REQUIRE_EQUAL(run_program({"log", "export", file, "--data", finished_day::directory().string()}).status, 0);
  const auto whole = printed_json({"transcript", "--data", file, "--script", small_day()}, 0);
  BOOST_CHECK_EQUAL(whole.at("verdict"), "43 of 43 steps done in order, no exception");
  BOOST_CHECK(whole.at("problem").is_null());
  // One letter of Lena's first share: what lies before it is told.
  auto text = file_content(file);
  const auto at = text.rfind("Lena", text.find("key_generated"));
  BOOST_REQUIRE(at != std::string::npos);
  text[at] = 'X';
  write_file(file, text);
  const auto cut = printed_json({"transcript", "--data", file}, 1);
  BOOST_CHECK(cut.at("problem").is_string());
  BOOST_CHECK(cut.at("verdict").get<std::string>().ends_with("; the log is NOT SOUND"));
  BOOST_CHECK_GT(cut.at("in_order").get<int>(), 3);
  BOOST_CHECK(holds(printed({"transcript", "--data", file}, 1).out, "NOT SOUND: the log, record "));
}

// --- paper ------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(nothing_on_paper_can_pass_for_something_else) {
  const paper page{paper_heading{"a|b\x1b[2J", 2},
                   paper_table{{{"x", 8}, {"y", 3, true}}, {{"one_two three"}, {"<b>"}}}};
  BOOST_CHECK_EQUAL(as_text(page), "a|b?[2J\n-------\n\nx         y\none_two   ___\nthree\n<b>       ___\n");
  BOOST_CHECK_EQUAL(as_markdown(page),
                    "## a\\|b?\\[2J\n\n| x | y |\n| --- | --- |\n| one\\_two three | |\n| \\<b\\> | |\n");
  // A word that is longer than its column is cut, a character of several bytes is not.
  BOOST_CHECK_EQUAL(as_text({paper_table{{{"x", 4}}, {{"\xc3\xa4\xc3\xb6\xc3\xbcxyz"}}}}),
                    "x\n\xc3\xa4\xc3\xb6\xc3\xbcx\nyz\n");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
