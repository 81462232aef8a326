// The bytes of a line as they are: over TCP and over a pseudo-terminal, also when an end goes and comes back.

#include "node/line_port.hpp"
#include "tests/cli/running_node.hpp"
#include "tests/loopback.hpp"

#include <ctime>
#include <iostream>
#include <mutex>
#include <thread>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(line_ports)
namespace {

/// What a port told.
struct heard_bytes {
  std::mutex mutex;
  bytes all;
  int began = 0, ended = 0, turned_away = 0;

  line_listener listener() {
    return {[this](std::uint64_t) { count(began); }, [this] { count(ended); },
            [this](const bytes& data) {
              std::lock_guard lock{mutex};
              all.insert(all.end(), data.begin(), data.end());
            },
            [this] { count(turned_away); }};
  }
  void count(int& n) {
    std::lock_guard lock{mutex};
    ++n;
  }
  template <class F>
  bool waits_for(F f) {
    return until([&] {
      std::lock_guard lock{mutex};
      return f(*this);
    });
  }
  bool is(const bytes& wanted) {
    return waits_for([&](const heard_bytes& h) { return h.all == wanted; });
  }
};

line_address address(const std::string& text) { return *parse_line_address(text, "/"); }

line_port opened(const std::string& where, line_side side) {
  auto port = line_port::open(address(where), side);
  BOOST_REQUIRE_MESSAGE(port, (port ? "" : port.error().text));
  return std::move(*port);
}

/// Every byte, among them those that a terminal would act on.
bytes every_byte() {
  bytes all;
  for (int i = 0; i < 256; ++i)
    all.push_back(static_cast<std::uint8_t>(i));
  return all;
}

} // namespace

BOOST_AUTO_TEST_CASE(tcp_both_ways_and_begun_again) {
  const auto where = "tcp:127.0.0.1:" + std::to_string(free_port());
  heard_bytes at_a, at_b;
  auto b = opened(where, line_side::connects); // nobody is there yet
  b.start(at_b.listener());
  auto a = opened(where, line_side::listens);
  a.start(at_a.listener());
  BOOST_REQUIRE(at_a.waits_for([](const auto& h) { return h.began == 1; }));
  BOOST_REQUIRE(at_b.waits_for([](const auto& h) { return h.began == 1; }));
  a.write(every_byte());
  b.write(every_byte());
  BOOST_CHECK(at_a.is(every_byte()) && at_b.is(every_byte()));
  // The side that listens ends it; the other comes again.
  a.hang_up(1);
  BOOST_REQUIRE(at_a.waits_for([](const auto& h) { return h.began == 2 && h.ended == 1; }));
  BOOST_REQUIRE(at_b.waits_for([](const auto& h) { return h.began == 2 && h.ended == 1; }));
  b.write({1, 2, 3});
  auto longer = every_byte();
  longer.insert(longer.end(), {1, 2, 3});
  BOOST_CHECK(at_a.is(longer));
  // What was to end with the connection before does not end this one.
  a.hang_up(1);
  b.write({4});
  longer.push_back(4);
  BOOST_CHECK(at_a.is(longer));
  BOOST_CHECK(at_a.waits_for([](const auto& h) { return h.began == 2 && h.ended == 1; }));
  // Two cannot listen at one address.
  const auto second = line_port::open(address(where), line_side::listens);
  BOOST_REQUIRE(!second);
  BOOST_CHECK(second.error().text.find("cannot be listened on") != std::string::npos);
}

// `localhost` is ::1 and 127.0.0.1 on most machines, and a node listens at one of them.
BOOST_AUTO_TEST_CASE(every_address_of_a_host_is_tried) {
  const auto port = std::to_string(free_port());
  heard_bytes at_a, at_b;
  auto a = opened("tcp:127.0.0.1:" + port, line_side::listens);
  a.start(at_a.listener());
  auto b = opened("tcp:localhost:" + port, line_side::connects);
  b.start(at_b.listener());
  BOOST_REQUIRE(at_a.waits_for([](const auto& h) { return h.began == 1; }));
  b.write({1});
  BOOST_CHECK(at_a.is({1}));
}

// SYS-6: a meter of this machine is a process of the node's user. Another's connection is closed, and takes no line away.
BOOST_AUTO_TEST_CASE(another_user_of_the_machine_takes_no_line) {
  if (geteuid() != 0) {
    std::cout << "SKIPPED: another_user_of_the_machine_takes_no_line: only root can become another user" << std::endl;
    return;
  }
  const auto port = free_port();
  const auto where = "tcp:127.0.0.1:" + std::to_string(port);
  heard_bytes at_a, at_b;
  auto a = opened(where, line_side::listens);
  a.start(at_a.listener());
  const auto child = fork();
  if (child == 0) {
    if (setgid(65534) != 0 || setuid(65534) != 0)
      _exit(2);
    const auto there = connected_to(port);
    const timeval patience{5, 0};
    setsockopt(there.fd(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    char none = 0;
    _exit(there && recv(there.fd(), &none, 1, 0) == 0 ? 0 : 1); // it is closed
  }
  int status = -1;
  BOOST_REQUIRE(waitpid(child, &status, 0) == child);
  BOOST_CHECK_EQUAL(status, 0);
  BOOST_CHECK(at_a.waits_for([](const auto& h) { return h.began == 0 && h.turned_away == 1; }));
  auto b = opened(where, line_side::connects);
  b.start(at_b.listener());
  BOOST_CHECK(at_a.waits_for([](const auto& h) { return h.began == 1; }));
}

// Whoever knocks when no file can be opened waits, and the port's thread does not turn in a circle meanwhile.
BOOST_AUTO_TEST_CASE(a_process_without_files_lets_nobody_in_and_rests) {
  const auto port = free_port();
  heard_bytes at_a;
  auto a = opened("tcp:127.0.0.1:" + std::to_string(port), line_side::listens);
  a.start(at_a.listener());
  const open_file knocking{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  rlimit before{};
  BOOST_REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  auto few = before;
  few.rlim_cur = static_cast<rlim_t>(open("/dev/null", O_RDONLY | O_CLOEXEC)); // the next number to be given
  close(static_cast<int>(few.rlim_cur));
  BOOST_REQUIRE(setrlimit(RLIMIT_NOFILE, &few) == 0);
  const auto address = loopback(port);
  const auto connected = connect(knocking.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const auto busy = std::clock();
  std::this_thread::sleep_for(std::chrono::milliseconds{400});
  const auto spent = std::clock() - busy;
  BOOST_REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
  BOOST_REQUIRE_EQUAL(connected, 0);
  BOOST_CHECK_LT(static_cast<double>(spent) / CLOCKS_PER_SEC, 0.1);
  BOOST_CHECK(at_a.waits_for([](const auto& h) { return h.began == 1; }));
}

BOOST_AUTO_TEST_CASE(one_line_by_two_names) {
  const std::vector<std::tuple<std::string, std::string, bool>> table{
      {"tcp:127.0.0.1:7001", "tcp:127.0.0.1:7001", true}, {"tcp:127.0.0.1:7001", "tcp:localhost:7001", true},
      {"tcp:0.0.0.0:7001", "tcp:127.0.0.1:7001", true},   {"tcp:127.0.0.1:7001", "tcp:127.0.0.1:7002", false},
      {"tcp:127.0.0.1:7001", "tcp:127.0.0.2:7001", false}, {"line", "sub/../line", true},
      {"line", "other", false},                           {"tcp:127.0.0.1:7001", "line", false},
      {"tcp:127.0.0.1:7001", "tcp:no.such.host.invalid:7001", false}};
  for (const auto& [a, b, same] : table)
    BOOST_CHECK_MESSAGE(same_line(address(a), address(b)) == same, a << " and " << b);
  BOOST_CHECK(!same_line({}, {})); // two pseudo-terminals without a name
}

BOOST_AUTO_TEST_CASE(a_pseudo_terminal_both_ways_and_made_again) {
  scratch_directory work;
  const auto name = work / "line";
  heard_bytes at_a, at_b;
  std::optional<line_port> made;
  const auto make = [&] {
    auto port = line_port::make_terminal(name);
    BOOST_REQUIRE_MESSAGE(port, (port ? "" : port.error().text));
    made.emplace(std::move(*port));
    BOOST_CHECK_EQUAL(made->name(), name.string());
    made->start(at_a.listener());
  };
  make();
  auto user = opened(name.string(), line_side::connects);
  user.start(at_b.listener());
  BOOST_REQUIRE(at_b.waits_for([](const auto& h) { return h.began == 1; }));
  made->write(every_byte());
  user.write(every_byte());
  BOOST_CHECK(at_a.is(every_byte()) && at_b.is(every_byte()));
  // It has one user.
  const auto second = line_port::open(address(name.string()), line_side::connects);
  BOOST_REQUIRE(!second);
  BOOST_CHECK(second.error().code == storage_code::locked);
  // The cable out, and in again.
  made.reset();
  BOOST_REQUIRE(at_b.waits_for([](const auto& h) { return h.ended == 1; }));
  make();
  BOOST_REQUIRE(at_b.waits_for([](const auto& h) { return h.began == 2; }));
  // A link that a killed process left behind is in nobody's way.
  std::filesystem::create_symlink(work / "gone", work / "left");
  BOOST_CHECK(line_port::make_terminal(work / "left"));
  std::ofstream{work / "file"} << "x";
  BOOST_CHECK(!line_port::make_terminal(work / "file"));
  made->write({9});
  auto longer = every_byte();
  longer.push_back(9);
  BOOST_CHECK(at_b.is(longer));
}

// Whoever does not take what it gets loses it; the port neither blocks nor grows.
BOOST_AUTO_TEST_CASE(what_nobody_reads_is_lost) {
  auto made = line_port::make_terminal({});
  BOOST_REQUIRE(made);
  heard_bytes at_a;
  made->start(at_a.listener());
  for (int i = 0; i < 1000; ++i)
    made->write(bytes(line_port::piece));
  made->stop();
  BOOST_CHECK(at_a.all.empty());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
