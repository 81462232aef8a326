// What users and machines get wrong, through the program: each gets one line that says what and where, and its exit
// status; nothing that was there is touched.

#include "storage/environment.hpp"
#include "tests/scenarios/finished_day.hpp"
#include "tests/small_disk.hpp"

#include <csignal>
#include <regex>

#include <sys/file.h>

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(bad_input)
namespace {

using command_line = std::vector<std::string>;

std::string in_words(const command_line& command) {
  std::string s = "oaksteel";
  for (const auto& word : command)
    s += ' ' + word;
  return s;
}

/// Exit status and one line, which holds `part`.
void check_refused(const command_line& command, int status, const std::string& part,
                   const command_line& before = {}) {
  const auto r = run_program(command, before);
  BOOST_CHECK_MESSAGE(r.status == status && r.one_line() && r.err.find(part) != std::string::npos,
                      in_words(command) << ": " << r.told() << " (wanted exit " << status << " and \"" << part
                                        << "\")");
}

command_line run_in(const std::filesystem::path& data) {
  return {"scenario", "run", scenario_file("small-day.toml").string(), "--data", data.string()};
}

/// The small day with one text in it changed, in files of its own.
class changed_day {
public:
  explicit changed_day(const std::filesystem::path& dir) : dir_(dir) {
    std::filesystem::create_directories(dir);
    scenario_ = file_content(scenario_file("small-day.toml"));
    labels_ = file_content(scenario_file("small-labels.csv"));
  }
  /// Exit 2, one line, `FILE:LINE:COLUMN: ...`; the line is that of `at` in the changed file, where given.
  void check(const std::string& file, std::string text, const std::string& what, const std::string& with,
             const std::string& at = {}) {
    const auto place = text.find(what);
    BOOST_REQUIRE_MESSAGE(place != std::string::npos, what);
    text.replace(place, what.size(), with);
    write_file(dir_ / "small-day.toml", file == "small-day.toml" ? text : scenario_);
    write_file(dir_ / "small-labels.csv", file == "small-day.toml" ? labels_ : text);
    const command_line command{"scenario", "run", (dir_ / "small-day.toml").string(), "--data", (dir_ / "d").string()};
    const auto r = run_program(command);
    const auto path = (dir_ / file).string();
    std::smatch found;
    const bool placed = std::regex_search(r.err, found, std::regex{"^oaksteel: (.*?):(\\d+):(\\d+): [^\n]+\n$"});
    BOOST_CHECK_MESSAGE(r.status == 2 && r.one_line() && placed && found[1] == path && found[3] != "0",
                        "\"" << with << "\" for \"" << what << "\": " << r.told());
    if (placed && !at.empty()) {
      const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(text.find(at)), '\n');
      BOOST_CHECK_MESSAGE(found[2] == std::to_string(line),
                          "\"" << with << "\": line " << line << " wanted: " << r.err);
    }
    BOOST_CHECK_MESSAGE(!std::filesystem::exists(dir_ / "d"), "a data directory was made for \"" << with << "\"");
  }
  void check_scenario(const std::string& what, const std::string& with, const std::string& at = {}) {
    check("small-day.toml", scenario_, what, with, at);
  }
  void check_labels(const std::string& what, const std::string& with, const std::string& at = {}) {
    check("small-labels.csv", labels_, what, with, at);
  }

private:
  std::filesystem::path dir_;
  std::string scenario_, labels_;
};

} // namespace

BOOST_AUTO_TEST_CASE(a_wrong_command_line_is_wrong_usage) {
  const auto day = finished_day::directory().string();
  const command_line lines[] = {
    {},
    {"bogus"},
    {"--bogus"},
    {"scenario"},
    {"scenario", "bogus"},
    {"scenario", "run"},
    {"scenario", "run", "day.toml"},
    {"scenario", "run", "--data", "d"},
    {"scenario", "run", "day.toml", "--data"},
    {"scenario", "run", "day.toml", "--data", "d", "--seed", "x"},
    {"scenario", "run", "day.toml", "--data", "d", "--seed", "-1"},
    {"scenario", "run", "day.toml", "--data", "d", "--seed", "99999999999999999999"},
    {"scenario", "run", "day.toml", "other.toml", "--data", "d"},
    {"scenario", "run", "day.toml", "--data", "d", "--data", "e"},
    {"scenario", "replay"},
    {"log"},
    {"log", "bogus"},
    {"log", "stat"},
    {"log", "verify", "--data"},
    {"log", "stat", "--data", ""},
    {"scenario", "run", "day.toml", "--data", ""},
    {"node", "check", ""},
    {""},
    {"log", "verify", "--data", day, "--checkpoint"},
    {"log", "export", "--data", day},
    {"log", "list", "--data", day, "--from", "x"},
    {"log", "list", "--data", day, "--event", "nonsense"},
    {"log", "list", "--data", day, "--stream", "nonsense"},
    {"log", "list", "--data", day, "--from", "5", "--to", "3"},
    {"log", "list", "--data", day, "--bogus"},
    {"audit", "key", "VE/01", "--data", day},
    {"audit", "box", "nonsense", "--data", day},
    {"audit", "all", "--from", "2026-03-03", "--to", "2026-03-02", "--data", day},
    {"replay"},
    {"replay", "--data", day, "--at", "0"},
    {"replay", "--data", day, "--at", "tomorrow"},
    {"replay", "--data", day, "--at", "2026-02-30"},
    {"audit"},
    {"audit", "key", "VE/1"},
    {"audit", "key", "--data", day},
    {"audit", "dog", "1", "--data", day},
    {"audit", "all", "VE/1", "--data", day},
    {"audit", "all", "--data", day, "--from", "yesterday"},
    {"audit", "all", "--data", day, "--to", "2026-13-01"},
    {"audit", "all", "--data", day, "--domain-key-set", "zz"},
    {"audit", "all", "--data", day, "--clock-tolerance", "-1"},
    {"audit", "all", "--data", day, "--clock-tolerance", "3600001"},
    {"share"},
    {"share", "bogus"},
    {"share", "verify"},
    {"share", "verify", "--data", day},
    {"share", "verify", "x.share", "--data"},
    {"ceremony"},
    {"ceremony", "bogus"},
    {"ceremony", "script"},
    {"ceremony", "script", "day.toml", "--markdown", "--json"},
    {"ceremony", "transcript"},
    {"ceremony", "transcript", "--data", day, "--script"},
  };
  for (const auto& line : lines)
    check_refused(line, 2, "");
}

BOOST_AUTO_TEST_CASE(help_is_everywhere) {
  for (const command_line& command :
       {command_line{}, {"scenario"}, {"scenario", "run"}, {"scenario", "replay"}, {"log"}, {"log", "stat"},
        {"log", "list"}, {"log", "verify"}, {"log", "export"}, {"replay"}, {"audit"}, {"share"}, {"share", "verify"},
        {"ceremony"}, {"ceremony", "script"}, {"ceremony", "transcript"}}) {
    auto line = command;
    line.push_back("--help");
    const auto r = run_program(line);
    BOOST_CHECK_MESSAGE(r.status == 0 && r.err.empty() && r.out.size() > 100, in_words(line) << ": " << r.told());
  }
  BOOST_CHECK_EQUAL(run_program({"--version"}).status, 0);
}

BOOST_AUTO_TEST_CASE(a_mistake_in_a_scenario_file_is_placed) {
  scratch_directory work;
  changed_day day{work / "day"};
  // TOML itself.
  day.check_scenario("suite = \"p256\"", "suite = \"p256", "suite =");
  day.check_scenario("suite = \"p256\"", "suite p256", "suite p256");
  day.check_scenario("seed = 19960402", "seed = 1\nseed = 2");
  day.check_scenario("name = \"small-day\"", "name = \"small\xff-day\"");
  // Keys.
  day.check_scenario("suite = \"p256\"", "suit = \"p256\"", "suit =");
  day.check_scenario("name = \"small-day\"", "");
  day.check_scenario("kind = \"vendor\"\n", "");
  day.check_scenario("[[domain]]\nid = \"VE\"", "[domain]\nid = \"VE\"");
  // Values.
  day.check_scenario("seed = 19960402", "seed = \"one\"", "seed =");
  day.check_scenario("seed = 19960402", "seed = -1", "seed =");
  day.check_scenario("suite = \"p256\"", "suite = \"rot13\"", "suite =");
  day.check_scenario("2026-03-02T06:00:00Z", "2026-02-30T06:00:00Z", "start =");
  day.check_scenario("id = \"VE\"", "id = \"ve\"", "id = \"ve\"");
  day.check_scenario("kind = \"vendor\"", "kind = \"seller\"", "kind =");
  day.check_scenario("threshold = 2", "threshold = 4", "threshold = 4");
  day.check_scenario("threshold = 2", "threshold = 0", "threshold = 0");
  day.check_scenario("custodians = [\"Ada\", \"Bela\", \"Clara\"]", "custodians = []", "custodians = []");
  day.check_scenario("hours = 24", "hours = 0", "hours = 0");
  day.check_scenario("pieces = 20", "pieces = 1000000000", "pieces = 1");
  // What refers to what, and the order of steps.
  day.check_scenario("domains = [\"VE\"]", "domains = [\"XX\"]", "domains = [\"XX\"]");
  day.check_scenario("active = \"VE\"", "active = \"UKRM\"", "active = \"UKRM\"");
  day.check_scenario("slot = \"oak-usps\"", "slot = \"oak-ve\"");
  day.check_scenario("do = \"ceremony\"", "do = \"dance\"", "do = \"dance\"");
  day.check_scenario("do = \"ceremony\"", "do = \"wait\"\nhours = 1");
  day.check_scenario("[expect.keys.VE]", "[expect.keys.XX]", "[expect.keys.XX]");
  day.check_scenario("Installed = 0", "Instaled = 0", "Instaled = 0");
  // What a fault or a step says of meters must fit the label files.
  day.check_scenario("meters = [\"M0000003\"]", "meters = [\"M0000009\"]", "M0000009");
  day.check_scenario("meter = \"M0000002\"", "meter = \"M0000099\"", "M0000099");
  day.check_scenario("count = 3\n", "count = 99\n", "count = 99");
}

BOOST_AUTO_TEST_CASE(a_mistake_in_a_label_file_is_placed) {
  scratch_directory work;
  changed_day day{work / "day"};
  day.check_labels("product_code,sequence_number", "product,sequence", "product,");
  day.check_labels("product_code,sequence_number\n", "");
  day.check_labels("DM400,M0000002", "DM400", "DM400\nDM400,M0000003");
  day.check_labels("DM400,M0000002", "DM400,M0000001,");
  day.check_labels("DM400,M0000003", "DM400,M0000002", "DM400,M0000002\nDM400,M0000004");
  day.check_labels("DM400,M0000002", "DM400,m2", "DM400,m2");
  day.check_labels("DM400,M0000002", ",M0000002", ",M0000002");
  day.check_labels("DM400,M0000002", "\"DM400,M0000002", "\"DM400");
  day.check_labels("DM400,M0000002", "DM400," + std::string(2000, '7'), "DM400,77");
  day.check_labels("DM400,M0000002", "DM\xff,M0000002", "DM\xff");
}

// Mistakes that no line of a file holds.
BOOST_AUTO_TEST_CASE(a_scenario_that_cannot_be_read_is_named) {
  scratch_directory work;
  const auto data = (work / "d").string();
  check_refused({"scenario", "run", (work / "none.toml").string(), "--data", data}, 3, "none.toml");
  check_refused({"scenario", "run", work.path().string(), "--data", data}, 3, work.path().string());
  write_file(work / "large.toml", std::string(300'000, '#'));
  check_refused({"scenario", "run", (work / "large.toml").string(), "--data", data}, 2, "large.toml");
  // A label file that is not there.
  write_file(work / "day.toml", file_content(scenario_file("small-day.toml")));
  check_refused({"scenario", "run", (work / "day.toml").string(), "--data", data}, 3, "small-labels.csv");
  BOOST_CHECK(!std::filesystem::exists(data));
}

BOOST_AUTO_TEST_CASE(a_directory_in_use_is_named) {
  scratch_directory work;
  const auto data = work / "day";
  finished_day::copy(data);
  const int lock = open((data / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  BOOST_REQUIRE(lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0);
  const auto before = file_content(data / "data.mdb");
  check_refused(run_in(data), 3, data.string() + ": another process is using this log");
  BOOST_CHECK(file_content(data / "data.mdb") == before);
  // Who only reads may do so beside the writer.
  for (const command_line& command :
       {command_line{"log", "verify", "--data", data.string()}, {"replay", "--data", data.string()}})
    BOOST_CHECK_EQUAL(run_program(command).status, 0);
  close(lock);
  BOOST_CHECK_EQUAL(run_program(run_in(data)).status, 0);
}

BOOST_AUTO_TEST_CASE(a_directory_that_cannot_be_written_is_named) {
  scratch_directory work;
  command_line nobody;
  if (getuid() == 0)
    nobody = {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"};
  namespace fs = std::filesystem;
  fs::permissions(work.path(), fs::perms::owner_all | fs::perms::group_exec | fs::perms::others_exec);
  if (run_program({"--version"}, nobody).status != 0)
    return skip("another user cannot run the program where it lies");
  const auto data = work / "day";
  finished_day::copy(data);
  const auto read_only =
      fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_read | fs::perms::others_exec;
  fs::permissions(data, read_only);
  check_refused(run_in(data / "new"), 3, data.string(), nobody);
  check_refused(run_in(data), 3, data.string(), nobody);
  // To read it, writing need not be allowed.
  for (const char* name : {"data.mdb", "checkpoint", "lock"})
    fs::permissions(data / name, fs::perms::owner_read | fs::perms::others_read);
  const auto r = run_program({"log", "verify", "--data", data.string()}, nobody);
  BOOST_CHECK_MESSAGE(r.status == 0, r.told());
  check_refused({"log", "export", (data / "x").string(), "--data", data.string()}, 3, (data / "x").string(), nobody);
  fs::permissions(data, fs::perms::owner_all);
}

BOOST_AUTO_TEST_CASE(a_full_disk_stops_a_run_which_goes_on_later) {
  for (const char* size : {"40k", "60k", "80k", "100k", "120k", "160k", "200k", "240k", "280k", "320k"}) {
    scratch_directory work;
    small_disk disk{work / "disk", size};
    if (!disk.mounted())
      return skip("no file system can be mounted here");
    const auto data = work / "disk" / "day";
    const auto r = run_program(run_in(data));
    BOOST_REQUIRE_MESSAGE(r.signal == 0 && !r.hung, size << ": " << r.told());
    BOOST_CHECK_MESSAGE(r.status == 3 && r.one_line() && r.err.find("No space left") != std::string::npos,
                        size << ": " << r.told() << ", stdout: " << r.out.substr(0, 2000));
    if (log::present(data)) {
      const auto verified = run_program({"log", "verify", "--data", data.string()});
      BOOST_CHECK_MESSAGE(verified.status == 0, size << ", log verify: " << verified.told());
    }
    BOOST_REQUIRE(disk.resize("16m"));
    const auto again = run_program(run_in(data));
    BOOST_CHECK_MESSAGE(again.status == 0, size << ", with more space: " << again.told() << again.out.substr(0, 3000));
    const auto replayed = run_program({"scenario", "replay", data.string()});
    BOOST_CHECK_MESSAGE(replayed.status == 0,
                        size << ", scenario replay: " << replayed.told() << replayed.out);
  }
}

BOOST_AUTO_TEST_CASE(a_log_of_a_newer_program_is_named) {
  scratch_directory work;
  const auto data = work / "day";
  finished_day::copy(data);
  {
    auto env = environment::open(data, oaksteel::access::write);
    BOOST_REQUIRE(env);
    lmdb_transaction txn;
    BOOST_REQUIRE_EQUAL(txn.begin((*env)->raw(), 0), 0);
    std::uint32_t newer = log_format + 1;
    MDB_val key = as_val(format_row), value = as_val(newer);
    BOOST_REQUIRE_EQUAL(mdb_put(txn.raw(), (*env)->meta, &key, &value, 0), 0);
    BOOST_REQUIRE_EQUAL(txn.commit(), 0);
  }
  const auto before = file_content(data / "data.mdb");
  check_refused(run_in(data), 3, "newer");
  for (const command_line& command :
       {command_line{"log", "verify", "--data", data.string()}, {"replay", "--data", data.string()},
        {"audit", "all", "--data", data.string()}, {"scenario", "replay", data.string()}})
    check_refused(command, 3, "newer");
  BOOST_CHECK(file_content(data / "data.mdb") == before);
}

BOOST_AUTO_TEST_CASE(what_is_not_ours_is_refused_and_left_alone) {
  scratch_directory work;
  std::filesystem::create_directory(work / "photos");
  write_file(work / "photos" / "beach.jpg", "sand");
  write_file(work / "file", "text");
  std::filesystem::create_directory(work / "empty");
  for (const auto& path : {work / "photos", work / "empty", work / "none"})
    for (const command_line& command :
         {command_line{"log", "verify", "--data", path.string()}, {"log", "stat", "--data", path.string()},
          {"log", "list", "--data", path.string()}, {"log", "export", (work / "x").string(), "--data", path.string()},
          {"replay", "--data", path.string()}, {"audit", "all", "--data", path.string()},
          {"audit", "key", "VE/1", "--data", path.string()}, {"scenario", "replay", path.string()}}) {
      check_refused(command, 3, path.string());
      BOOST_CHECK(!std::filesystem::exists(work / "none"));
    }
  BOOST_CHECK(std::filesystem::is_empty(work / "empty"));
  check_refused(run_in(work / "file"), 3, (work / "file").string());
  check_refused(run_in(work / "file" / "below"), 3, (work / "file").string());
  BOOST_CHECK_EQUAL(file_content(work / "file"), "text");
  BOOST_CHECK_EQUAL(file_content(work / "photos" / "beach.jpg"), "sand");
  // Somebody else's LMDB environment.
  std::filesystem::create_directory(work / "theirs");
  {
    auto env = environment::open(work / "theirs", oaksteel::access::create);
    BOOST_REQUIRE(env);
    lmdb_transaction txn;
    MDB_dbi table;
    BOOST_REQUIRE_EQUAL(txn.begin((*env)->raw(), 0), 0);
    BOOST_REQUIRE_EQUAL(mdb_dbi_open(txn.raw(), "theirs", MDB_CREATE, &table), 0);
    BOOST_REQUIRE_EQUAL(txn.commit(), 0);
  }
  const auto before = file_content(work / "theirs" / "data.mdb");
  check_refused(run_in(work / "theirs"), 3, (work / "theirs").string());
  check_refused({"replay", "--data", (work / "theirs").string()}, 3, (work / "theirs").string());
  BOOST_CHECK(file_content(work / "theirs" / "data.mdb") == before);
}

BOOST_AUTO_TEST_CASE(what_no_log_knows_is_refused) {
  const auto day = finished_day::directory().string();
  for (const command_line& command :
       {command_line{"audit", "key", "VE/99", "--data", day}, {"audit", "meter", "M9", "--data", day},
        {"audit", "box", "B00000009", "--data", day}, {"replay", "--data", day, "--at", "2020-01-01"},
        {"replay", "--data", day, "--at", "99999"}})
    check_refused(command, 1, "");
}

BOOST_AUTO_TEST_CASE(a_closed_pipe_ends_the_program_without_a_word) {
  const auto day = finished_day::directory().string();
  scratch_directory temporary;
  for (const command_line& command : {command_line{"log", "list", "--data", day},
                                      {"audit", "all", "--data", day},
                                      {"log", "list", "--json", "--data", day},
                                      {"log", "export", "-", "--data", day},
                                      {"replay", "--data", day},
                                      {"scenario", "replay", day}}) {
    running_program run{command, {"env", "TMPDIR=" + temporary.path().string()}};
    run.close_output();
    const auto r = run.finish();
    BOOST_CHECK_MESSAGE(!r.hung && r.err.empty() && (r.signal == SIGPIPE || r.status == 0),
                        in_words(command) << ": " << r.told());
  }
  BOOST_CHECK(std::filesystem::is_empty(temporary.path())); // the second run's log is gone
}

BOOST_AUTO_TEST_CASE(output_that_cannot_be_written_is_no_success) {
  const auto day = finished_day::directory().string();
  const command_line full{"sh", "-c", "exec \"$0\" \"$@\" > /dev/full"};
  for (const command_line& command :
       {command_line{"log", "list", "--data", day}, {"log", "verify", "--data", day}, {"log", "stat", "--data", day},
        {"log", "export", "-", "--data", day}, {"replay", "--data", day}, {"audit", "all", "--data", day},
        {"scenario", "replay", day}})
    check_refused(command, 3, "", full);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
