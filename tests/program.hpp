#pragma once
// Runs the program as its users do: a command line in, exit status and text out, within a time limit. Its path comes
// in the environment variable OAKSTEEL (CTest sets it), else it is build/oaksteel of the source tree.

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include <sys/types.h>

namespace oaksteel::testing {

std::filesystem::path program_path();

/// Where tests put their files: in memory where that is possible, since a scenario's commits wait for the disk for most
/// of their time and no test here pulls a plug.
std::filesystem::path scratch_place();

/// A directory that goes with its owner.
class scratch_directory {
public:
  scratch_directory();
  scratch_directory(const scratch_directory&) = delete;
  scratch_directory& operator=(const scratch_directory&) = delete;
  ~scratch_directory();
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
};

struct program_result {
  int status = -1;   ///< exit status; -1 when a signal ended it
  int signal = 0;    ///< that signal
  bool hung = false; ///< it was still running at the time limit, and was killed
  std::string out, err;

  /// True when standard error holds exactly one line and it is ours.
  bool one_line() const;
  /// For messages of tests.
  std::string told() const;
};

/// The program while it runs.
class running_program {
public:
  /// `before` goes in front of the program: another user, say.
  explicit running_program(const std::vector<std::string>& arguments, const std::vector<std::string>& before = {});
  running_program(const running_program&) = delete;
  running_program& operator=(const running_program&) = delete;
  ~running_program();

  pid_t pid() const { return pid_; }
  bool ended() const; ///< by itself or by a signal; it is left to finish() to say how
  /// From now on nobody reads what it prints.
  void close_output();

  /// Reads and waits until it ends. After `limit` it gets SIGKILL; that is called a hang unless `killing`.
  program_result finish(std::chrono::microseconds limit = std::chrono::seconds{60}, bool killing = false);

private:
  pid_t pid_ = -1;
  int out_ = -1, err_ = -1;
};

program_result run_program(const std::vector<std::string>& arguments, const std::vector<std::string>& before = {});

} // namespace oaksteel::testing
