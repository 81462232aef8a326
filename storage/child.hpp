#pragma once
// Runs something that may crash or never end in a child process. A damaged LMDB file can do both to
// whoever maps it.

#include <functional>
#include <string>

namespace oaksteel {

/// A forked child that writes to a pipe. It has no other file of ours open, dumps no core, and is ended by
/// the system once it computes for `cpu_seconds` without calling still_alive().
class child_process {
public:
  static constexpr int cpu_seconds = 10;

  /// `work(fd)` runs in the child and writes to `fd`; its result is the exit status. Nothing it does reaches
  /// our memory. When no process can be had, `started()` is false.
  explicit child_process(const std::function<int(int fd)>& work);
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;
  /// Ends a child that still runs.
  ~child_process();

  bool started() const { return pid_ > 0; }
  /// Reads at most `size` bytes; 0 at the end of what the child wrote, or of the child.
  std::size_t read(void* into, std::size_t size);
  /// Waits for the end; nothing when the child ended with status 0, else how it ended: `signal 11`.
  std::string finish();

  /// Called in the child: it makes progress, or begins something that may take longer.
  static void still_alive(int seconds = cpu_seconds);
  /// Called in the child: writes all of it; false when nobody reads any more.
  static bool write_all(int fd, const void* data, std::size_t size);

private:
  int pid_ = -1;
  int read_end_ = -1;
};

} // namespace oaksteel
