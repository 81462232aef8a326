#include "storage/child.hpp"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

namespace oaksteel {

namespace {

constexpr int pipe_bytes = 1 << 20;

/// The signals of a crash go back to their defaults: a test framework or a sanitizer would catch and report
/// what we expect. All files but the pipe are closed: an inherited lock would outlive our parent's.
void become_child(int write_end) {
  for (int s : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM, SIGPROF, SIGPIPE, SIGTERM, SIGINT})
    std::signal(s, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  prctl(PR_SET_DUMPABLE, 0);
  constexpr int keep = 3;
  if (write_end != keep)
    dup2(write_end, keep);
  close_range(keep + 1, ~0U, 0);
  child_process::still_alive();
}

} // namespace

child_process::child_process(const std::function<int(int fd)>& work) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    return;
  fcntl(ends[1], F_SETPIPE_SZ, pipe_bytes); // fewer switches between the two; a refusal only costs time
  pid_ = fork();
  if (pid_ == 0) {
    become_child(ends[1]);
    int status = 99;
    try {
      status = work(3);
    } catch (...) { // nothing may unwind into the parent's frames
    }
    _exit(status);
  }
  close(ends[1]);
  read_end_ = ends[0];
}

child_process::~child_process() {
  if (read_end_ >= 0)
    close(read_end_);
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
}

std::size_t child_process::read(void* into, std::size_t size) {
  for (;;) {
    auto n = ::read(read_end_, into, size);
    if (n >= 0)
      return static_cast<std::size_t>(n);
    if (errno != EINTR)
      return 0;
  }
}

std::string child_process::finish() {
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0) {
    if (errno != EINTR)
      return "no status";
  }
  pid_ = -1;
  if (WIFEXITED(status))
    return WEXITSTATUS(status) == 0 ? std::string{} : "exit status " + std::to_string(WEXITSTATUS(status));
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF)
    return "it never came to an end";
  return "signal " + std::to_string(WTERMSIG(status));
}

void child_process::still_alive(int seconds) {
  // CPU time and not the clock: a slow reader of the pipe is no fault of the file.
  itimerval limit{{0, 0}, {seconds, 0}};
  setitimer(ITIMER_PROF, &limit, nullptr);
}

bool child_process::write_all(int fd, const void* data, std::size_t size) {
  auto at = static_cast<const std::uint8_t*>(data);
  while (size > 0) {
    auto n = ::write(fd, at, size);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return false;
    at += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

} // namespace oaksteel
