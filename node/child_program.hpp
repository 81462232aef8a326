#pragma once
// This program as a child process, with other arguments.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace oaksteel {

/// Thrown where no process can be had.
struct program_not_run {
  std::string line;
};

/// What it prints goes to a file. Ended by SIGTERM when this goes, or the thread that made it.
class child_program {
public:
  child_program(const std::vector<std::string>& arguments, std::filesystem::path prints);
  child_program(const child_program&) = delete;
  child_program& operator=(const child_program&) = delete;
  ~child_program();

  /// Waits for its end; its exit status, or -1 where a signal ended it.
  int finish();
  bool ended();
  /// Ends it by SIGKILL.
  void kill();
  /// The last line that it printed.
  std::string last_line() const;

private:
  std::filesystem::path prints_;
  pid_t pid_ = -1;
  std::optional<int> status_;
};

} // namespace oaksteel
