// EP-6, EP-8, EP-10: "A crash in between leaves an uninitialised box, never half a one." The process is stopped at
// every call of a ceremony that changes a file (tests/stop; with OAKSTEEL_THOROUGH none is left out, else each second
// one is, by the seed), before it and in the middle of it; after it the files are as before the next one. Each time every box is uninitialised or whole, the log is sound, and the ceremony,
// run again, ends as one that nobody stopped.

#include "scenarios/rerun.hpp"
#include "scenarios/runner.hpp"
#include "storage/files.hpp"
#include "tests/random_seed.hpp"
#include "tests/scenarios/ceremony_site.hpp"
#include "tests/scenarios/stopped_program.hpp"
#include "tests/scenarios/whole_boxes.hpp"

#include <csignal>
#include <sstream>

#include <fcntl.h>
#include <sys/wait.h>

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(every_write)
namespace {

namespace fs = std::filesystem;

/// A box of each type, and a second Manufacturing box, which gets the key set and the domain of the first. What must be
/// there after a stop is read from the log.
const std::string whole_site =
  ceremony_site(second_manufacturing_box + oak_box + steel_box + brass_box + tin_box);

/// For more stops than one for each write: the least that has a domain and a box to be initialised by another.
const std::string small_site = ceremony_site(oak_box);

/// Calls `work` in two processes at once, with 0 and with 1. What they find they must write to files.
void in_two_processes(const std::function<void(unsigned)>& work) {
  pid_t started[2];
  for (unsigned i = 0; i < 2; ++i) {
    started[i] = fork();
    if (started[i] != 0)
      continue;
    int status = 1;
    try {
      work(i);
      status = 0;
    } catch (...) { // nothing may unwind into the parent's frames
    }
    _exit(status);
  }
  for (const auto pid : started) {
    int status = -1;
    BOOST_REQUIRE(pid > 0 && waitpid(pid, &status, 0) == pid);
    BOOST_REQUIRE_EQUAL(status, 0);
  }
}

class stopped_ceremonies {
public:
  explicit stopped_ceremonies(const std::string& text) {
    fs::create_directory(states_);
    write_file(file_, text);
    const auto what = load_scenario(file_);
    BOOST_REQUIRE_MESSAGE(what, (what ? "" : what.error().text()));
    for (const auto& box : what->plan.boxes)
      slots_.insert(box.slot.text);
  }

  /// What a run calls that begins with `from`, a directory, or with none; its records are kept as the ones to expect.
  std::vector<file_call> calls(moment when, const fs::path& from = {}) {
    const scratch_directory place;
    const auto data = begin(place, from);
    const auto r = run_stopped(command(data), data, {0, when}, place / "list");
    BOOST_REQUIRE_MESSAGE(r.status == 0, r.told() << r.out);
    const ceremony_traces traces{data};
    BOOST_REQUIRE_EQUAL(traces.not_finished(slots_), "");
    if (from.empty())
      undisturbed_ = traces.events();
    return listed_calls(place / "list", data);
  }

  /// Leaves in `into` what a run leaves that is stopped at `at`.
  void stop_in(const fs::path& into, const stop_point& at) const {
    const auto r = run_stopped(command(into), into, at);
    BOOST_REQUIRE_MESSAGE(r.signal == SIGKILL, at.text() << ": " << r.told());
  }

  /// Stops at every write of a run that begins with `from`, or at every second one. All of them are `writes`.
  void stop_everywhere(std::size_t writes, moment when, const fs::path& from = {}) {
    const unsigned every = std::getenv("OAKSTEEL_THOROUGH") ? 1 : 2;
    const auto passed_by = static_cast<unsigned>(random_seed() % every);
    const auto before = noted("stop").size();
    in_two_processes([&](unsigned process) {
      for (stop_point at{1 + passed_by + process * every, when};; at.call += 2 * every) {
        const scratch_directory place;
        const auto data = begin(place, from);
        const auto r = run_stopped(command(data), data, at);
        if (r.signal != SIGKILL) {
          if (r.status != 0)
            note("problem", at.text() + ", a run that was not stopped: " + r.told());
          return; // there are no more writes
        }
        note("stop", at.text());
        judge(at, data, from.empty());
      }
    });
    const auto stops = noted("stop").size() - before;
    std::cout << stops << " stops of " << writes << " writes, " << name(when) << std::endl;
    BOOST_CHECK_EQUAL(stops, (writes - passed_by + every - 1) / every);
  }

  /// What was noted of one kind, a line each: `stop`, `problem`; and for each different state of the files that a stop
  /// left, `state`, with `left_overs` if there were shares of unfinished sets and `part` if some boxes were whole.
  std::vector<std::string> noted(const std::string& kind) const {
    std::istringstream lines{file_content(notes_)};
    std::vector<std::string> all;
    for (std::string line; std::getline(lines, line);)
      if (line.starts_with(kind + ": "))
        all.push_back(line);
    return all;
  }
  std::string problems() const {
    std::string all;
    for (const auto& line : noted("problem"))
      all += line + '\n';
    return all;
  }

private:
  std::vector<std::string> command(const fs::path& data) const {
    return {"scenario", "run", file_.string(), "--data", data.string()};
  }

  static fs::path begin(const scratch_directory& place, const fs::path& from) {
    const auto data = fs::canonical(place.path()) / "data";
    if (!from.empty())
      fs::copy(from, data, fs::copy_options::recursive);
    return data;
  }

  /// Both processes write to the file: a line is one write.
  void note(const std::string& kind, std::string text) const {
    std::replace(text.begin(), text.end(), '\n', ' ');
    const open_file file{open(notes_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600)};
    const auto line = kind + ": " + text + '\n';
    if (write(file.fd(), line.data(), line.size()) != static_cast<ssize_t>(line.size()))
      throw std::runtime_error("no note");
  }

  /// The same files end in the same way: each state is judged once, at the first stop that leaves it.
  bool is_new(const fs::path& data) const { return fs::create_directory(states_ / content_digest(data).hex()); }

  void judge(const stop_point& at, const fs::path& data, bool first_run) const {
    if (!is_new(data))
      return;
    const auto problem = [&](const std::string& what) { note("problem", at.text() + ", " + what); };
    const ceremony_traces stopped{data};
    if (!stopped.problems().empty())
      problem("at the stop: " + stopped.problems());
    if (first_run && !grew_from(undisturbed_, stopped.events()))
      problem("the records are not those of a run that nobody stopped");
    const bool part = stopped.whole_boxes() > 0 && stopped.whole_boxes() < slots_.size();
    note("state", std::string{stopped.left_overs() > 0 ? "left_overs " : ""} + (part ? "part " : ""));
    const auto r = run_program(command(data));
    if (r.status != 0)
      return problem("run again: " + r.told() + r.out);
    const ceremony_traces finished{data};
    if (const auto wrong = finished.not_finished(slots_); !wrong.empty())
      problem("run again: " + wrong);
    if (!grew_from(finished.events(), stopped.events()))
      problem("records that were there are lost or changed");
    if (at.call % 5 != 0)
      return; // a replay takes as long as a run
    const auto again = rerun_scenario(data, data.parent_path() / "again", {});
    if (!again || again->differs || again->identical != again->recorded)
      problem("scenario replay: " + (again ? again->difference : again.error().text));
  }

  scratch_directory work_;
  fs::path file_ = work_ / "ceremony.toml", notes_ = work_ / "notes", states_ = work_ / "states";
  std::set<std::string> slots_;
  std::vector<told_event> undisturbed_;
};

std::size_t count_of(const std::vector<std::string>& lines, const std::string& word) {
  return static_cast<std::size_t>(std::count_if(lines.begin(), lines.end(), [&](const std::string& line) {
    return line.find(word) != std::string::npos;
  }));
}

/// Prints what all stops came upon, and checks that it was enough to be worth the name.
void conclude(const stopped_ceremonies& ceremony) {
  const auto states = ceremony.noted("state");
  const auto left_overs = count_of(states, "left_overs"), part = count_of(states, "part");
  std::cout << ceremony.noted("stop").size() << " stops left " << states.size() << " different states, " << left_overs
            << " with shares of unfinished sets, " << part << " with some boxes whole" << std::endl;
  BOOST_CHECK_EQUAL(ceremony.problems(), "");
  BOOST_CHECK_GT(left_overs, 0u);
  BOOST_CHECK_GT(part, 0u);
}

/// All stops of a ceremony that begins with nothing; what they found is printed.
void stop_everywhere(const std::string& site, moment when) {
  stopped_ceremonies ceremony{site};
  ceremony.stop_everywhere(ceremony.calls(when).size(), when);
  conclude(ceremony);
}

} // namespace

// Without it the enumeration would pass over what it cannot see.
BOOST_AUTO_TEST_CASE(the_calls_of_lmdb_and_of_the_media_are_seen) {
  stopped_ceremonies ceremony{small_site};
  std::map<std::string, std::set<std::string>> names; // of the calls, by the file's own name
  for (const auto& call : ceremony.calls(moment::before))
    names[call.path.filename().string()].insert(call.name);
  for (const auto& name : {"open", "pwrite", "fdatasync"})
    BOOST_CHECK_MESSAGE(names["data.mdb"].contains(name), "data.mdb: no " << name);
  for (const auto& name : {"open", "write", "fsync"})
    BOOST_CHECK_MESSAGE(names["M00000001.share.new"].contains(name), "share: no " << name);
  BOOST_CHECK(names["M00000001.share"].contains("renameat2"));
  BOOST_CHECK(names["lock.mdb"].contains("ftruncate"));
  BOOST_CHECK(names["Ada"].contains("mkdir"));
  BOOST_CHECK(names["meters.keys"].contains("posix_fallocate"));
}

BOOST_AUTO_TEST_CASE(a_ceremony_that_is_stopped_before_any_write_is_run_again) {
  stop_everywhere(whole_site, moment::before);
}

BOOST_AUTO_TEST_CASE(a_ceremony_that_is_stopped_in_the_middle_of_any_write_is_run_again) {
  stop_everywhere(small_site, moment::half);
}

// The recovery is at risk itself: it is stopped at every one of its writes too, after a first stop where all shares of a
// box are out and no event says so.
BOOST_AUTO_TEST_CASE(a_recovery_that_is_stopped_at_any_write_is_run_again) {
  stopped_ceremonies ceremony{small_site};
  const auto listed = ceremony.calls(moment::before);
  const auto last_share = std::find_if(listed.rbegin(), listed.rend(), [](const file_call& c) {
    return c.name == "renameat2" && c.path.filename() == "O00000001.share";
  });
  BOOST_REQUIRE(last_share != listed.rend());
  const stop_point first{static_cast<unsigned>(listed.rend() - last_share), moment::after};
  const scratch_directory place;
  const auto data = fs::canonical(place.path()) / "first";
  ceremony.stop_in(data, first);
  const auto writes = ceremony.calls(moment::before, data).size();
  std::cout << "after a first stop " << first.text() << ": ";
  ceremony.stop_everywhere(writes, moment::before, data);
  conclude(ceremony);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
