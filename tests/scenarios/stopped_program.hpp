#pragma once
// Runs the program so that it ends at a chosen call that changes a file of its data directory (tests/stop).

#include "crypto/merkle.hpp"
#include "tests/scenarios/finished_day.hpp"

#include <cstring>
#include <sstream>

namespace oaksteel::testing {

/// Where in a call the process ends; `half` counts only the calls that write at least two bytes. `spoil` counts only
/// calls of write(), and ends nothing: a bit of the file is another than what was to be written.
enum class moment { before, half, after, spoil };

inline std::string name(moment when) {
  static constexpr const char* names[] = {"before", "half", "after", "spoil"};
  return names[static_cast<int>(when)];
}

/// The call to end at, counted from 1; 0 ends nothing.
struct stop_point {
  unsigned call = 0;
  moment when = moment::before;

  std::string text() const { return name(when) + (when == moment::half ? " way through" : "") + " write " +
                                    std::to_string(call); }
};

/// A call of a run that nobody stopped.
struct file_call {
  std::string name;
  std::filesystem::path path; ///< below the data directory
};

/// The program, ended at `at`; with `list` it writes there what it called, unless it is ended.
inline program_result run_stopped(const std::vector<std::string>& arguments, const std::filesystem::path& below,
                                  const stop_point& at, const std::filesystem::path& list = {}) {
  const auto library = std::filesystem::absolute(program_path()).parent_path() / "libstop_at_write.so";
  BOOST_REQUIRE_MESSAGE(std::filesystem::exists(library), library << " is not there");
  std::vector<std::string> before{"env",
                                  "LD_PRELOAD=" + library.string(),
                                  "STOP_BELOW=" + below.string(),
                                  "STOP_AT=" + std::to_string(at.call),
                                  "STOP_WHEN=" + name(at.when)};
  if (!list.empty())
    before.push_back("STOP_LIST=" + list.string());
  // A sanitizer wants to be loaded first, or to be told that it need not be.
  const char* sanitizer = std::getenv("ASAN_OPTIONS");
  before.push_back("ASAN_OPTIONS=" + (sanitizer ? std::string{sanitizer} + ':' : "") + "verify_asan_link_order=0");
  return run_program(arguments, before);
}

/// What a run wrote to its `list`.
inline std::vector<file_call> listed_calls(const std::filesystem::path& list, const std::filesystem::path& below) {
  std::istringstream lines{file_content(list)};
  std::vector<file_call> calls;
  for (std::string name, path; lines >> name && std::getline(lines >> std::ws, path);)
    calls.push_back({name, std::filesystem::path{path}.lexically_relative(below)});
  return calls;
}

/// All that lies below a directory, as one digest. Of LMDB's table of readers only its size: who opens the log alone
/// begins it anew.
inline digest content_digest(const std::filesystem::path& at) {
  namespace fs = std::filesystem;
  std::map<std::string, std::string> all;
  if (fs::exists(at))
    for (const auto& entry : fs::recursive_directory_iterator{at}) {
      auto& what = all[entry.path().lexically_relative(at).string()];
      what = std::to_string(static_cast<unsigned>(entry.status().permissions()));
      if (entry.is_regular_file())
        what += '|' + (entry.path().filename() == "lock.mdb" ? std::to_string(entry.file_size())
                                                             : file_content(entry.path()));
    }
  std::string text;
  for (const auto& [path, what] : all)
    text += path + '|' + std::to_string(what.size()) + '|' + what;
  return sha256(bytes{text.begin(), text.end()});
}

} // namespace oaksteel::testing
