#include "tests/program.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace oaksteel::testing {
namespace {

/// False at the end of the file.
bool more(const pollfd& file, std::string& into) {
  if ((file.revents & (POLLIN | POLLHUP | POLLERR)) == 0)
    return true;
  char buffer[16 * 1024];
  const auto n = read(file.fd, buffer, sizeof buffer);
  if (n > 0)
    into.append(buffer, static_cast<std::size_t>(n));
  return n > 0;
}

} // namespace

std::filesystem::path program_path() {
  if (const char* given = std::getenv("OAKSTEEL"))
    return given;
  return "build/oaksteel"; // tests run in the project's folder
}

std::filesystem::path scratch_place() {
  const std::filesystem::path memory = "/dev/shm";
  return ::access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
}

scratch_directory::scratch_directory() {
  std::string name = (scratch_place() / "oaksteel_test_XXXXXX").string();
  if (!mkdtemp(name.data()))
    throw std::runtime_error("no temporary directory");
  path_ = name;
}

scratch_directory::~scratch_directory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

bool program_result::one_line() const {
  return err.starts_with("oaksteel: ") && err.ends_with('\n') && std::count(err.begin(), err.end(), '\n') == 1;
}

std::string program_result::told() const {
  return (hung     ? "hung"
          : signal ? "signal " + std::to_string(signal)
                   : "exit " + std::to_string(status)) +
         ", stderr: " + err.substr(0, 400);
}

running_program::running_program(const std::vector<std::string>& arguments, const std::vector<std::string>& before) {
  auto line = before;
  line.push_back(program_path().string());
  line.insert(line.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (auto& word : line)
    argv.push_back(word.data());
  argv.push_back(nullptr);
  const auto place = scratch_place();
  int out[2], err[2];
  if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0)
    throw std::runtime_error("no pipe");
  pid_ = fork();
  if (pid_ == 0) {
    dup2(open("/dev/null", O_RDONLY), 0);
    dup2(out[1], 1);
    dup2(err[1], 2);
    std::signal(SIGPIPE, SIG_DFL);
    setenv("TMPDIR", place.c_str(), 1);
    execvp(argv[0], argv.data());
    _exit(127);
  }
  close(out[1]);
  close(err[1]);
  out_ = out[0];
  err_ = err[0];
}

running_program::~running_program() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  close_output();
  close(err_);
}

bool running_program::ended() const {
  siginfo_t of{};
  return waitid(P_PID, static_cast<id_t>(pid_), &of, WEXITED | WNOHANG | WNOWAIT) == 0 && of.si_pid == pid_;
}

void running_program::close_output() {
  if (out_ >= 0)
    close(out_);
  out_ = -1;
}

program_result running_program::finish(std::chrono::microseconds limit, bool killing) {
  program_result r;
  const auto until = std::chrono::steady_clock::now() + limit;
  bool killed = false;
  for (bool out_open = out_ >= 0, err_open = true; out_open || err_open;) {
    pollfd files[] = {{out_open ? out_ : -1, POLLIN, 0}, {err_open ? err_ : -1, POLLIN, 0}};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
    if (!killed && left <= 0) {
      killed = true;
      r.hung = !killing;
      kill(pid_, SIGKILL);
    }
    poll(files, 2, killed ? 1000 : static_cast<int>(std::clamp<std::int64_t>(left, 1, 1000)));
    out_open = out_open && more(files[0], r.out);
    err_open = err_open && more(files[1], r.err);
  }
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  if (WIFEXITED(status))
    r.status = WEXITSTATUS(status);
  else
    r.signal = WTERMSIG(status);
  return r;
}

program_result run_program(const std::vector<std::string>& arguments, const std::vector<std::string>& before) {
  return running_program{arguments, before}.finish();
}

} // namespace oaksteel::testing
