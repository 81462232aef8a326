// The control socket against peers that mean no good, with a handler that repeats the line.

#include "node/client.hpp"
#include "node/control.hpp"
#include "node/local_socket.hpp"
#include "tests/program.hpp"

#include <boost/test/unit_test.hpp>

#include <iostream>
#include <thread>

#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/wait.h>

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(control_socket_of_a_node)
namespace {

/// A server in a thread of its own.
struct served {
  scratch_directory work;
  open_file stop{eventfd(0, 0)};
  std::vector<std::pair<std::string, control_server::reply>> held; ///< lines that begin with "hold"
  std::optional<control_server> server;
  std::thread thread;

  served() {
    auto opened = control_server::open(work.path(), [this](std::string line, const control_server::reply& reply) {
      if (line.starts_with("hold"))
        held.emplace_back(line, reply);
      else
        reply("you said " + line);
    });
    BOOST_REQUIRE_MESSAGE(opened, (opened ? "" : opened.error().text));
    server.emplace(std::move(*opened));
    thread = std::thread{[this] {
      const int stops[] = {stop.fd()};
      server->serve(stops);
    }};
  }
  ~served() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto n = write(stop.fd(), &one, sizeof one);
    thread.join();
  }

  open_file connected() const {
    open_file file{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const auto address = socket_address(control_socket(work.path()));
    BOOST_REQUIRE(connect(file.fd(), as_sockaddr(*address), sizeof *address) == 0);
    const timeval limit{30, 0};
    setsockopt(file.fd(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(file.fd(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    return file;
  }
  /// Up to the end of the connection.
  static std::string heard(const open_file& file) {
    std::string all;
    char buffer[4096];
    for (;;) {
      const auto n = recv(file.fd(), buffer, sizeof buffer, 0);
      if (n <= 0)
        return all;
      all.append(buffer, static_cast<std::size_t>(n));
    }
  }
  static void say(const open_file& file, const std::string& bytes) {
    for (std::size_t sent = 0; sent < bytes.size();) {
      const auto n = send(file.fd(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (n <= 0)
        return;
      sent += static_cast<std::size_t>(n);
    }
  }
  std::string answer_to(const std::string& bytes, bool and_no_more = false) const {
    const auto file = connected();
    say(file, bytes);
    if (and_no_more)
      shutdown(file.fd(), SHUT_WR);
    return heard(file);
  }
};

bool one_error(const std::string& answer, const std::string& says) {
  return answer.find(says) != std::string::npos && answer.find('\n') == answer.size() - 1;
}

} // namespace

BOOST_FIXTURE_TEST_CASE(a_line_in_and_a_line_out, served) {
  BOOST_CHECK_EQUAL(answer_to("hello\n"), "you said hello\n");
  struct stat s {};
  BOOST_REQUIRE(stat(control_socket(work.path()).c_str(), &s) == 0);
  BOOST_CHECK_EQUAL(s.st_mode & 0777, 0600u);
}

BOOST_FIXTURE_TEST_CASE(half_long_and_many_lines, served) {
  BOOST_CHECK(one_error(answer_to("hel", true), "ends before its line feed"));
  BOOST_CHECK(one_error(answer_to("", true), "ends before its line feed"));
  BOOST_CHECK(one_error(answer_to("a\nb\n"), "more than one line"));
  BOOST_CHECK(one_error(answer_to(std::string(10'000'000, 'x') + "\n"), "longer than 1048576 bytes"));
  BOOST_CHECK_EQUAL(answer_to(std::string("\0\xff", 2) + "\n"), "you said " + std::string("\0\xff\n", 3));
  BOOST_CHECK_EQUAL(answer_to("still here\n"), "you said still here\n");
}

BOOST_FIXTURE_TEST_CASE(silent_peers_are_let_go_and_a_seventeenth_is_turned_away, served) {
  std::vector<open_file> silent;
  for (std::size_t i = 0; i < control_server::connection_limit; ++i)
    silent.push_back(connected());
  std::this_thread::sleep_for(std::chrono::milliseconds{300});
  BOOST_CHECK(one_error(answer_to("hello\n"), "busy"));
  const auto began = std::chrono::steady_clock::now();
  for (const auto& file : silent)
    BOOST_CHECK(one_error(heard(file), "no request came in time"));
  const auto took = std::chrono::steady_clock::now() - began;
  BOOST_CHECK(took < std::chrono::milliseconds{4 * control_server::patience_ms});
  BOOST_CHECK_EQUAL(answer_to("hello\n"), "you said hello\n");
}

BOOST_FIXTURE_TEST_CASE(a_peer_that_goes_leaves_nothing_behind, served) {
  {
    const auto file = connected();
    say(file, "hold on\n");
    std::this_thread::sleep_for(std::chrono::milliseconds{200});
  }
  std::this_thread::sleep_for(std::chrono::milliseconds{200});
  BOOST_REQUIRE_EQUAL(held.size(), 1u);
  held.front().second("too late");
  BOOST_CHECK_EQUAL(answer_to("hello\n"), "you said hello\n");
}

// Who waits can tell a node that works from one that is not there.
BOOST_FIXTURE_TEST_CASE(a_peer_that_waits_hears_signs_of_life, served) {
  const auto file = connected();
  say(file, "hold on\n");
  char first = 0;
  BOOST_REQUIRE(recv(file.fd(), &first, 1, 0) == 1); // up to 30 s are waited for it
  BOOST_CHECK_EQUAL(first, ' ');
  BOOST_REQUIRE_EQUAL(held.size(), 1u);
  held.front().second("done");
  const auto rest = heard(file);
  BOOST_CHECK(rest.ends_with("done\n") && rest.find_first_not_of(' ') == rest.size() - 5);
}

/// What ask_node() says of a node that has its socket and does nothing with it, like one that is stopped.
std::string said_of_a_stopped_node(bool full) {
  const scratch_directory work;
  const auto address = socket_address(control_socket(work.path()));
  const auto new_socket = [] { return open_file{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)}; };
  const auto listener = new_socket();
  BOOST_REQUIRE(bind(listener.fd(), as_sockaddr(*address), sizeof *address) == 0 && listen(listener.fd(), 0) == 0);
  std::vector<open_file> waiting;
  if (full) {
    waiting.push_back(new_socket());
    BOOST_REQUIRE(connect(waiting.back().fd(), as_sockaddr(*address), sizeof *address) == 0);
  }
  const auto answer = ask_node(work.path(), requests::list_boxes{});
  BOOST_REQUIRE(!answer && answer.error().code == storage_code::io);
  return answer.error().text;
}

BOOST_AUTO_TEST_CASE(a_node_that_does_not_answer_is_not_waited_for) {
  BOOST_CHECK(said_of_a_stopped_node(false).find("nothing came from the node") != std::string::npos);
  BOOST_CHECK(said_of_a_stopped_node(true).find("the node took no connection for 10 seconds") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(only_the_own_user_and_root_may_operate) {
  BOOST_CHECK(may_operate(1000, 1000));
  BOOST_CHECK(may_operate(0, 1000));
  BOOST_CHECK(!may_operate(1001, 1000));
  BOOST_CHECK(!may_operate(65534, 0));
}

// Even where somebody opened directory and socket to all, the kernel says who it is.
BOOST_FIXTURE_TEST_CASE(another_user_is_refused, served) {
  if (geteuid() != 0) {
    std::cout << "SKIPPED: another_user_is_refused: only root can become another user" << std::endl;
    return;
  }
  chmod(work.path().c_str(), 0755);
  chmod(control_socket(work.path()).c_str(), 0666);
  int results[2];
  BOOST_REQUIRE(pipe(results) == 0);
  const auto child = fork();
  if (child == 0) {
    if (setgid(65534) != 0 || setuid(65534) != 0)
      _exit(1);
    const open_file file{socket(AF_UNIX, SOCK_STREAM, 0)};
    const auto address = socket_address(control_socket(work.path()));
    if (connect(file.fd(), as_sockaddr(*address), sizeof *address) != 0)
      _exit(2);
    say(file, "hello\n");
    const auto answer = heard(file);
    _exit(write(results[1], answer.data(), answer.size()) > 0 ? 0 : 3);
  }
  int status = 0;
  waitpid(child, &status, 0);
  BOOST_REQUIRE_EQUAL(status, 0);
  char buffer[1024];
  const auto n = read(results[0], buffer, sizeof buffer);
  BOOST_CHECK(one_error({buffer, static_cast<std::size_t>(std::max<ssize_t>(n, 0))}, "only the user of the node"));
  close(results[0]);
  close(results[1]);
}

BOOST_FIXTURE_TEST_CASE(an_old_socket_is_replaced_and_the_own_one_taken_away, served) {
  scratch_directory other;
  for (int i = 0; i < 2; ++i) {
    auto first = control_server::open(other.path(), nullptr);
    BOOST_REQUIRE(first);
    // As a process that was killed leaves it.
    std::filesystem::create_hard_link(control_socket(other.path()), other / "kept");
    { auto gone = std::move(*first); }
    BOOST_CHECK(!std::filesystem::exists(control_socket(other.path())));
    std::filesystem::rename(other / "kept", control_socket(other.path()));
  }
  const auto nobody = ask_node(other.path(), requests::list_boxes{});
  BOOST_REQUIRE(!nobody);
  BOOST_CHECK_EQUAL(nobody.error().text,
                    "no node runs on " + other.path().string() + "; start one with `oaksteel node run`");
  const auto long_path = ask_node(work.path() / std::string(200, 'x'), requests::list_boxes{});
  BOOST_CHECK(!long_path && long_path.error().text.find("too long for the path of a socket") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
