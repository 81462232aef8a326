// A scenario is run, run again, and run again from its log (SYS-5): the same seed gives the same records, another seed
// others, and a directory that holds something else is left as it is.

#include "scenarios/runner.hpp"

#include "scenarios/rerun.hpp"
#include "storage/archive.hpp"
#include "storage/event_codec.hpp"
#include "tests/scenarios/finished_day.hpp"
#include "tests/scenarios/log_facts.hpp"

#include <set>

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(runner)
namespace {

scenario small_day() {
  auto day = load_scenario(scenario_file("small-day.toml"));
  BOOST_REQUIRE(day);
  return std::move(*day);
}

stored<run_result> run_day(const scenario& day, const std::filesystem::path& data,
                           std::optional<std::uint64_t> seed = {}) {
  run_options options;
  options.data = data;
  options.seed = seed.value_or(day.plan.seed);
  return run_scenario(day, options);
}

/// A run that must come out as the scenario says.
run_result run_as_expected(const scenario& day, const std::filesystem::path& data,
                           std::optional<std::uint64_t> seed = {}) {
  auto result = run_day(day, data, seed);
  BOOST_REQUIRE_MESSAGE(result, (result ? "" : result.error().text));
  for (const auto& line : result->failures)
    BOOST_ERROR(line);
  BOOST_CHECK(result->finished);
  return std::move(*result);
}

std::vector<told_event> events_in(const std::filesystem::path& data) {
  auto events = read_log(data);
  BOOST_REQUIRE(events);
  return std::move(*events);
}

bool same_records(const std::vector<told_event>& a, const std::vector<told_event>& b) {
  return a.size() == b.size() && grew_from(a, b);
}

template <class Event>
std::size_t count_of(const std::vector<told_event>& events) {
  return static_cast<std::size_t>(std::count_if(
    events.begin(), events.end(), [](const told_event& e) { return std::holds_alternative<Event>(e.event); }));
}

/// Everything that lies in a directory, but for LMDB's table of readers.
std::map<std::string, std::string> contents(const std::filesystem::path& dir) {
  std::map<std::string, std::string> all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{dir})
    if (entry.is_regular_file() && entry.path().filename() != "lock.mdb")
      all[entry.path().string()] = file_content(entry.path());
  return all;
}

/// Refused with a line that holds `part`, and nothing in the directory is touched.
void check_refused(const scenario& day, const std::filesystem::path& data, std::optional<std::uint64_t> seed,
                   const std::string& part) {
  const auto before = contents(data);
  const auto result = run_day(day, data, seed);
  BOOST_REQUIRE(!result);
  BOOST_CHECK_MESSAGE(result.error().code == storage_code::exists
                        && result.error().text.find(part) != std::string::npos
                        && result.error().text.find(data.string()) != std::string::npos,
                      result.error().text);
  BOOST_CHECK(contents(data) == before);
}

rerun_result rerun(const std::filesystem::path& recorded, const std::filesystem::path& work) {
  auto again = rerun_scenario(recorded, work, {});
  BOOST_REQUIRE_MESSAGE(again, (again ? "" : again.error().text));
  return *again;
}

/// One meter and one domain, as small as a day can be.
constexpr auto tiny_day = R"(
name = "tiny-day"
suite = "rsa3072"
start = "2026-03-02T06:00:00Z"
[[domain]]
id = "VE"
kind = "vendor"
sub_domain = "US"
[[box]]
slot = "manufacturing-1"
type = "manufacturing"
threshold = 1
custodians = ["Ada"]
[[box]]
slot = "oak"
type = "oak"
domains = ["VE"]
threshold = 1
custodians = ["Dora"]
[[box]]
slot = "brass"
type = "brass"
domains = ["VE"]
threshold = 1
custodians = ["Hana"]
[[box]]
slot = "steel"
type = "steel"
domains = ["VE"]
threshold = 1
custodians = ["Lena"]
[[step]]
do = "ceremony"
[[step]]
do = "install"
labels = "labels.csv"
domains = ["VE"]
[[step]]
do = "wait"
hours = 24
[[step]]
do = "register"
count = 1
country = "US"
first_serial = 1000001
[[step]]
do = "mail"
pieces = 3
forged = 1
[expect.keys.VE]
Active = 1
Bad = 0
[expect.verdicts.VE]
good = 3
bad_token = 1
)";

} // namespace

BOOST_AUTO_TEST_CASE(the_small_day_comes_out_as_it_says) {
  const auto day = small_day();
  scratch_directory work;
  const auto result = run_as_expected(day, work / "day");
  BOOST_CHECK_EQUAL(result.epoch, 1u);
  BOOST_CHECK_EQUAL(result.counts.faults, 0u);
  BOOST_CHECK_EQUAL(result.counts.meters, 4u);
  BOOST_CHECK_EQUAL(result.counts.boxes, 9u);
  BOOST_CHECK_EQUAL(result.stages.size(), day.plan.steps.size());
  const auto events = events_in(work / "day");
  BOOST_CHECK_EQUAL(events.size(), result.records);
  BOOST_CHECK_EQUAL(broken_rules(events), "");
}

// Every message of a day as a command in bytes, through the command table of whoever takes it: the same comes out.
BOOST_AUTO_TEST_CASE(a_day_in_commands_comes_out_as_one_in_messages) {
  scratch_directory work;
  auto text = file_content(scenario_file("small-day.toml"));
  text.insert(text.find("[[domain]]"), "messages = \"commands\"\n");
  write_file(work / "day.toml", text);
  std::filesystem::copy_file(scenario_file("small-labels.csv"), work / "small-labels.csv");
  const auto day = load_scenario(work / "day.toml");
  BOOST_REQUIRE_MESSAGE(day, (day ? "" : day.error().text()));
  const auto direct = run_as_expected(small_day(), work / "direct");
  const auto result = run_as_expected(*day, work / "day");
  BOOST_CHECK_EQUAL(result.counts.faults, 0u);
  BOOST_CHECK(result.counts.events == direct.counts.events);
  BOOST_CHECK(result.counts.keys == direct.counts.keys && result.counts.verdicts == direct.counts.verdicts);
}

// EP-18: the day begins half an hour before midnight in UTC, so that a date of UTC would be the day before each domain's.
BOOST_AUTO_TEST_CASE(a_day_in_other_time_zones) {
  const scratch_directory work;
  auto text = file_content(scenario_file("small-day.toml"));
  const auto put = [&](const std::string& what, const std::string& instead) {
    const auto at = text.find(what);
    BOOST_REQUIRE(at != std::string::npos);
    text.replace(at, what.size(), instead);
  };
  put("2026-03-02T06:00:00Z", "2026-03-02T23:30:00Z");
  put("id = \"VE\"\n", "id = \"VE\"\nzone = \"+01:00\"\n");
  put("id = \"USPS\"\n", "id = \"USPS\"\nzone = \"+05:30\"\n");
  write_file(work / "day.toml", text);
  std::filesystem::copy_file(scenario_file("small-labels.csv"), work / "small-labels.csv");
  auto day = load_scenario(work / "day.toml");
  BOOST_REQUIRE(day);
  run_as_expected(*day, work / "day");
  std::set<std::uint32_t> dates;
  for (const auto& e : events_in(work / "day"))
    if (const auto* active = std::get_if<key_activated>(&e.event))
      dates.insert(active->date.yyyymmdd);
  BOOST_CHECK((dates == std::set<std::uint32_t>{20260304})); // a day after the installation
  const auto audit = run_program({"audit", "all", "--data", (work / "day").string()});
  BOOST_CHECK_MESSAGE(audit.status == 0, audit.told() << audit.out);
}

// A registration has one date, which must be of the same day in each domain: nothing is half done for it.
BOOST_AUTO_TEST_CASE(a_registration_waits_for_one_day_in_all_time_zones) {
  const scratch_directory work;
  auto text = file_content(scenario_file("small-day.toml"));
  for (const auto& [what, instead] : {std::pair{"id = \"VE\"\n", "id = \"VE\"\nzone = \"+14:00\"\n"},
                                      {"id = \"USPS\"\n", "id = \"USPS\"\nzone = \"-12:00\"\n"}})
    text.replace(text.find(what), std::string_view{what}.size(), instead);
  write_file(work / "day.toml", text);
  std::filesystem::copy_file(scenario_file("small-labels.csv"), work / "small-labels.csv");
  const auto r = run_program({"scenario", "run", (work / "day.toml").string(), "--data", (work / "day").string(), "--quiet"});
  BOOST_CHECK_MESSAGE(r.status == 1 && r.out.find("it is not the same day now in the time zones of the domains of meter M")
                                         != std::string::npos,
                      r.told() << r.out);
  for (const auto& e : events_in(work / "day"))
    BOOST_CHECK(!std::holds_alternative<meter_registered>(e.event));
}

BOOST_AUTO_TEST_CASE(a_seed_gives_the_same_records_and_another_seed_others) {
  const auto day = small_day();
  scratch_directory work;
  run_as_expected(day, work / "one");
  run_as_expected(day, work / "two");
  const auto seed = random_seed() % 1'000'000'000;
  run_as_expected(day, work / "other", seed);
  const auto one = events_in(work / "one"), two = events_in(work / "two"), other = events_in(work / "other");
  BOOST_CHECK(same_records(one, two));
  // The inputs are the same; keys, and all that hangs on them, are not.
  BOOST_CHECK_EQUAL(one.size(), other.size());
  std::size_t same = 0;
  for (std::size_t i = 0; i < std::min(one.size(), other.size()); ++i)
    same += one[i].data == other[i].data;
  BOOST_CHECK_EQUAL(same, 0u); // each record names its log, whose id comes from its key
}

BOOST_AUTO_TEST_CASE(what_follows_a_run_sees_every_record_once) {
  const auto day = small_day();
  scratch_directory work;
  std::vector<bytes> seen;
  run_options options;
  options.data = work / "day";
  options.seed = day.plan.seed;
  options.follow = [&](std::uint64_t position, const bytes& record) {
    BOOST_REQUIRE_EQUAL(position, seen.size() + 1);
    seen.push_back(record);
    return true;
  };
  BOOST_REQUIRE(run_scenario(day, options));
  const auto events = events_in(work / "day");
  BOOST_REQUIRE_EQUAL(seen.size(), events.size());
  for (std::size_t i = 0; i < seen.size(); ++i)
    BOOST_CHECK(seen[i] == events[i].data);
}

BOOST_AUTO_TEST_CASE(a_recorded_day_is_run_again_identically) {
  const auto day = small_day();
  scratch_directory work;
  run_as_expected(day, work / "day");
  const auto before = contents(work / "day");
  const auto again = rerun(work / "day", work / "again");
  BOOST_CHECK_EQUAL(again.identical, again.recorded);
  BOOST_CHECK_EQUAL(again.recorded, events_in(work / "day").size());
  BOOST_CHECK(!again.differs);
  BOOST_CHECK_EQUAL(again.restarts, 0u);
  BOOST_CHECK(contents(work / "day") == before);
}

BOOST_AUTO_TEST_CASE(a_finished_day_that_is_run_again_writes_nothing_and_says_the_same) {
  const auto day = small_day();
  scratch_directory work;
  const auto first = run_as_expected(day, work / "day");
  const auto before = contents(work / "day");
  const auto again = run_as_expected(day, work / "day");
  BOOST_CHECK(contents(work / "day") == before);
  BOOST_CHECK_EQUAL(again.records, first.records);
  BOOST_CHECK_EQUAL(again.epoch, first.epoch);
  BOOST_CHECK(again.counts.keys == first.counts.keys && again.counts.verdicts == first.counts.verdicts);
}

// The meters' memory is damaged, or gone: said before anything is written.
BOOST_AUTO_TEST_CASE(a_damaged_memory_of_meters_is_refused_before_the_restart) {
  const auto day = small_day();
  scratch_directory work;
  run_as_expected(day, work / "day");
  std::filesystem::resize_file(work / "day" / "meters.keys", 10);
  const auto before = contents(work / "day");
  const auto result = run_day(day, work / "day");
  BOOST_REQUIRE(!result);
  BOOST_CHECK_MESSAGE(result.error().text.find("meters.keys") != std::string::npos, result.error().text);
  BOOST_CHECK(contents(work / "day") == before);
  std::filesystem::resize_file(work / "day" / "meters.keys", 64);
  const auto cut = run_day(day, work / "day");
  BOOST_REQUIRE(!cut);
  BOOST_CHECK_MESSAGE(cut.error().text.find("meters.keys: was cut off: it has room for 2 of 4 meters") != std::string::npos,
                      cut.error().text);
  std::filesystem::remove(work / "day" / "meters.keys");
  const auto gone = run_day(day, work / "day");
  BOOST_REQUIRE(!gone);
  BOOST_CHECK_MESSAGE(gone.error().text.find("meters.keys: is not there") != std::string::npos, gone.error().text);
}

// EP-1: "every domain has at least one sub-domain, which registers and verifies".
BOOST_AUTO_TEST_CASE(a_country_that_no_sub_domain_registers_is_refused) {
  auto text = file_content(scenario_file("small-day.toml"));
  const auto at = text.find("country = \"US\"");
  BOOST_REQUIRE(at != std::string::npos);
  text.replace(at, 14, "country = \"DE\"");
  scratch_directory work;
  write_file(work / "day.toml", text);
  std::filesystem::copy_file(scenario_file("small-labels.csv"), work / "small-labels.csv");
  const auto day = load_scenario(work / "day.toml");
  BOOST_REQUIRE(!day);
  BOOST_CHECK_MESSAGE(day.error().text().find("country \"DE\" has no sub-domain here, which would register its meters; US has")
                        != std::string::npos,
                      day.error().text());
}

// A piece of an unregistered meter has a number that no meter has.
BOOST_AUTO_TEST_CASE(the_highest_serial_numbers_may_be_in_use) {
  auto day = small_day();
  auto& text = day.files.content[day.files.main];
  const std::string first = "first_serial = ";
  const auto at = text.find(first) + first.size();
  text.replace(at, text.find('\n', at) - at, "9999997");
  const auto read = load_scenario(day.files);
  BOOST_REQUIRE_MESSAGE(read, (read ? "" : read.error().text()));
  scratch_directory work;
  run_as_expected(*read, work / "day");
}

BOOST_AUTO_TEST_CASE(a_directory_of_another_run_is_refused_and_left_alone) {
  const auto day = small_day();
  scratch_directory work;
  run_as_expected(day, work / "day");
  check_refused(day, work / "day", day.plan.seed + 1, "another scenario or seed");
  auto other = day;
  other.files.content[other.files.main] += "\n# a remark\n";
  check_refused(other, work / "day", {}, "another scenario or seed");
  auto relabelled = day;
  auto& labels = relabelled.files.content["small-labels.csv"];
  labels.replace(labels.find("M0000004"), 8, "M0000005");
  check_refused(relabelled, work / "day", {}, "another scenario or seed");
}

BOOST_AUTO_TEST_CASE(the_log_of_a_production_node_is_refused) {
  const auto day = small_day();
  scratch_directory work;
  node_state node;
  const log_opened first{"vendor", false, simulated_log_key(1).public_bytes()};
  evolve(node, first);
  auto described = describe(first);
  record r;
  r.stream = {stream_kind::node, "node"};
  r.time = day.plan.start;
  r.actor = "node";
  r.command = {"node", 0};
  r.participants = described.participants;
  r.tag = described.tag;
  r.version = described.version;
  r.payload = described.payload;
  BOOST_REQUIRE(log::create(work / "vendor", std::move(r), encode(node)));
  check_refused(day, work / "vendor", {}, "production node");
  const auto again = rerun_scenario(work / "vendor", work / "again", {});
  BOOST_REQUIRE(!again);
  BOOST_CHECK(again.error().text.find("production node") != std::string::npos);
  BOOST_CHECK(!std::filesystem::exists(work / "again"));
}

// A record that the seed does not give is found, at its position; so are records too many and too few.
BOOST_AUTO_TEST_CASE(a_recording_that_the_scenario_does_not_give_differs) {
  std::mt19937_64 random{random_seed()};
  scratch_directory work;
  const auto events = events_in(finished_day::directory());
  const auto write_recording = [&](const std::vector<bytes>& records) {
    std::string text = "oaksteel export 1\n";
    const auto put = [&](std::size_t n) {
      for (int shift = 0; shift < 32; shift += 8)
        text += static_cast<char>(n >> shift);
    };
    for (const auto& r : records) {
      put(r.size());
      text.append(r.begin(), r.end());
    }
    put(0);
    put(0);
    write_file(work / "recording", text);
  };
  std::vector<bytes> records;
  for (const auto& e : events)
    records.push_back(e.data);
  for (int i = 0; i < 5; ++i) {
    // Another time of one record: still a record, and no other events follow from it.
    const auto at = 5 + random() % (records.size() - 5);
    auto changed = records;
    auto r = decode_record(changed[at]);
    BOOST_REQUIRE(r);
    r->time.us += 1;
    changed[at] = encode_record(*r);
    write_recording(changed);
    const auto again = rerun(work / "recording", work / ("changed-" + std::to_string(i)));
    BOOST_CHECK(again.differs == std::optional{at + 1});
  }
  records.resize(records.size() - 7); // a run that was cut off
  write_recording(records);
  BOOST_CHECK(!rerun(work / "recording", work / "shorter").differs);
  records = {};
  for (const auto& e : events)
    records.push_back(e.data);
  records.push_back(records.back());
  write_recording(records);
  BOOST_CHECK(rerun(work / "recording", work / "longer").differs == std::optional<std::uint64_t>{records.size()});
}

// The patent's own suite; everything else here runs on elliptic curves.
BOOST_AUTO_TEST_CASE(a_tiny_day_on_rsa) {
  scratch_directory work;
  write_file(work / "tiny.toml", tiny_day);
  write_file(work / "labels.csv", "product_code,sequence_number\nDM400,M0000001\n");
  auto day = load_scenario(work / "tiny.toml");
  BOOST_REQUIRE_MESSAGE(day, (day ? "" : day.error().text()));
  run_as_expected(*day, work / "day");
  const auto events = events_in(work / "day");
  BOOST_CHECK_EQUAL(broken_rules(events), "");
  BOOST_CHECK_EQUAL(count_of<key_activated>(events), 1u);
  BOOST_CHECK_EQUAL(run_program({"audit", "all", "--data", (work / "day").string()}).status, 0);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
