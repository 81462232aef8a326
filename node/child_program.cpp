#include "node/child_program.hpp"

#include "storage/files.hpp"

#include <cerrno>
#include <csignal>
#include <fstream>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace oaksteel {

child_program::child_program(const std::vector<std::string>& arguments, std::filesystem::path prints)
  : prints_(std::move(prints)) {
  constexpr auto program = "/proc/self/exe";
  std::vector<std::string> words{"oaksteel"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (auto& word : words)
    argv.push_back(word.data());
  argv.push_back(nullptr);
  const auto nothing = open_file{open("/dev/null", O_RDONLY | O_CLOEXEC)};
  const auto out = open_file{open(prints_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)};
  if (!nothing || !out)
    throw program_not_run{system_error(errno, "cannot be written", prints_).text};
  const auto parent = getpid();
  pid_ = fork();
  if (pid_ < 0)
    throw program_not_run{system_error(errno, "cannot be run", program).text};
  if (pid_ > 0)
    return;
  // Other threads of the parent are not here: nothing may allocate or lock any more. Whoever loses its parent ends.
  sigset_t none;
  sigemptyset(&none);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent)
    _exit(127);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(nothing.fd(), STDIN_FILENO);
  dup2(out.fd(), STDOUT_FILENO);
  dup2(out.fd(), STDERR_FILENO);
  execv(program, argv.data());
  constexpr std::string_view why = "the program cannot be run again\n"; // last_line() has it
  [[maybe_unused]] const auto told = write(STDERR_FILENO, why.data(), why.size());
  _exit(127);
}

child_program::~child_program() {
  if (pid_ > 0 && !status_) {
    ::kill(pid_, SIGTERM);
    finish();
  }
}

void child_program::kill() {
  if (!ended())
    ::kill(pid_, SIGKILL);
  finish();
}

int child_program::finish() {
  int how = 0;
  while (!status_ && waitpid(pid_, &how, 0) < 0 && errno == EINTR) {
  }
  if (!status_)
    status_ = WIFEXITED(how) ? WEXITSTATUS(how) : -1;
  return *status_;
}

bool child_program::ended() {
  int how = 0;
  if (!status_ && waitpid(pid_, &how, WNOHANG) == pid_)
    status_ = WIFEXITED(how) ? WEXITSTATUS(how) : -1;
  return status_.has_value();
}

std::string child_program::last_line() const {
  std::ifstream in{prints_};
  std::string line, last;
  while (std::getline(in, line))
    last = line.empty() ? last : line;
  constexpr std::string_view own_name = "oaksteel: ";
  return last.starts_with(own_name) ? last.substr(own_name.size()) : last;
}

} // namespace oaksteel
