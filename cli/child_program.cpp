#include "cli/child_program.hpp"

#include "storage/files.hpp"

#include <cerrno>
#include <csignal>
#include <fstream>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace oaksteel {

child_program::child_program(const std::vector<std::string>& arguments, std::filesystem::path prints)
  : prints_(std::move(prints)) {
  std::vector<std::string> words{"oaksteel"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (auto& word : words)
    argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, prints_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
  const int error = posix_spawn(&pid_, "/proc/self/exe", &files, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0)
    throw program_not_run{system_error(error, "cannot be run", "/proc/self/exe").text};
}

child_program::~child_program() {
  if (pid_ > 0 && !status_) {
    kill(pid_, SIGTERM);
    finish();
  }
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
  return last;
}

} // namespace oaksteel
