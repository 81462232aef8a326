// The bytes of a line as they are: over TCP and over a pseudo-terminal, also when an end goes and comes back.

#include "node/line_port.hpp"
#include "tests/cli/running_node.hpp"
#include "tests/loopback.hpp"

#include <mutex>

namespace oaksteel::testing {
namespace {

/// What a port told.
struct heard_bytes {
  std::mutex mutex;
  bytes all;
  int began = 0, ended = 0;

  line_listener listener() {
    return {[this] { count(began); }, [this] { count(ended); },
            [this](const bytes& data) {
              std::lock_guard lock{mutex};
              all.insert(all.end(), data.begin(), data.end());
            }};
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

BOOST_AUTO_TEST_SUITE(line_ports)

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
  a.hang_up();
  BOOST_REQUIRE(at_a.waits_for([](const auto& h) { return h.began == 2 && h.ended == 1; }));
  BOOST_REQUIRE(at_b.waits_for([](const auto& h) { return h.began == 2 && h.ended == 1; }));
  b.write({1, 2, 3});
  auto longer = every_byte();
  longer.insert(longer.end(), {1, 2, 3});
  BOOST_CHECK(at_a.is(longer));
  // Two cannot listen at one address.
  const auto second = line_port::open(address(where), line_side::listens);
  BOOST_REQUIRE(!second);
  BOOST_CHECK(second.error().text.find("cannot be listened on") != std::string::npos);
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
