// Two ends on a bad line (EP-26): each message arrives once and in order, or the sender hears that it does not.

#include "actors/link/line_end.hpp"

#include "actors/link/noisy_line.hpp"
#include "tests/random_seed.hpp"

#include <boost/test/unit_test.hpp>

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(lines)
namespace {

using time = std::chrono::milliseconds;

/// Two ends and the line between them, in virtual time.
struct bad_line {
  line_end a, b;
  noisy_line to_b, to_a;
  time now{0};
  std::vector<bytes> at_a, at_b;

  bad_line(line_faults faults, std::uint64_t seed, line_terms terms = {})
    : a(terms, 1), b(terms, 2), to_b(faults, seed), to_a(faults, seed + 1) {}

  void carry() {
    for (bool moved = true; moved;) {
      to_b.write(a.to_write(), now);
      to_a.write(b.to_write(), now);
      const auto for_b = to_b.read(now), for_a = to_a.read(now);
      b.received(for_b, now);
      a.received(for_a, now);
      while (auto m = a.delivered())
        at_a.push_back(std::move(*m));
      while (auto m = b.delivered())
        at_b.push_back(std::move(*m));
      moved = !for_a.empty() || !for_b.empty();
    }
  }
  /// Until nothing is due any more.
  void run() {
    carry();
    for (;;) {
      std::optional<time> next;
      for (auto due : {a.due(), b.due(), to_a.due(), to_b.due()})
        if (due && (!next || *due < *next))
          next = due;
      if (!next)
        return;
      now = std::max(now, *next);
      a.tick(now);
      b.tick(now);
      carry();
    }
  }
};

bytes message(std::uint32_t n, std::size_t size) {
  bytes m(size, static_cast<std::uint8_t>(n));
  for (int i = 0; i < 4; ++i)
    m[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(n >> 8 * i);
  return m;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_good_line_takes_each_frame_once) {
  bad_line line{{}, 1};
  for (std::uint32_t i = 0; i < 60; ++i)
    BOOST_REQUIRE(line.a.send(message(i, 20), line.now));
  line.run();
  BOOST_TEST(line.at_b.size() == 60u);
  BOOST_TEST(line.now.count() == 0); // no time-out was needed
  BOOST_TEST(line.a.errors().empty());
}

// The rate and worse, both ways at once, over more messages than there are numbers.
BOOST_AUTO_TEST_CASE(a_bad_line_loses_doubles_and_swaps_nothing) {
  std::mt19937_64 random{random_seed()};
  for (double rate : {0.001, 0.003}) {
    const line_faults faults{rate / 4, rate / 4, rate / 4, rate / 4, time{300}};
    bad_line line{faults, random(), {4096, time{1000}, 30, 64}};
    std::vector<bytes> from_a, from_b;
    for (std::uint32_t i = 0; i < 600; ++i) {
      from_a.push_back(message(i, 4 + random() % 300));
      from_b.push_back(message(i, 4 + random() % 300));
      BOOST_REQUIRE(line.a.send(from_a.back(), line.now));
      BOOST_REQUIRE(line.b.send(from_b.back(), line.now));
      line.run();
    }
    BOOST_TEST(!line.a.broke());
    BOOST_TEST(!line.b.broke());
    BOOST_TEST_MESSAGE(line.to_a.faults() + line.to_b.faults() << " faults at " << rate);
    BOOST_TEST(line.to_a.faults() > 50u * rate * 1000); // some 130 are likely
    BOOST_TEST((line.at_b == from_a));
    BOOST_TEST((line.at_a == from_b));
    BOOST_TEST(!line.a.errors().empty());
  }
}

BOOST_AUTO_TEST_CASE(a_cut_line_is_given_up_after_its_attempts) {
  bad_line line{{}, 1, {4096, time{1000}, 5, 64}};
  line.to_b.cut();
  BOOST_REQUIRE(line.a.send(message(1, 10), line.now));
  line.run();
  BOOST_TEST(line.a.broke());
  BOOST_TEST(!line.a.broke()); // said once
  BOOST_TEST(line.now.count() == 5000);
  BOOST_TEST(line.at_b.empty());
}

// The receiver has it, the acknowledgement is lost: it is sent again, and not delivered again.
BOOST_AUTO_TEST_CASE(a_lost_acknowledgement_delivers_nothing_twice) {
  bad_line line{{}, 1};
  line.to_a.cut();
  BOOST_REQUIRE(line.a.send(message(1, 10), line.now));
  line.run(); // the hello is never acknowledged
  BOOST_TEST(line.at_b.empty());
  line_end a{{}, 1}, b{{}, 2};
  BOOST_REQUIRE(a.send(message(1, 10), time{0}));
  b.received(a.to_write(), time{0});
  a.received(b.to_write(), time{0});
  const auto first = a.to_write();
  for (int times = 0; times < 3; ++times) {
    b.received(first, time{0});
    BOOST_TEST(!b.to_write().empty()); // acknowledged each time
  }
  BOOST_TEST(b.delivered().has_value());
  BOOST_TEST(!b.delivered().has_value());
}

BOOST_AUTO_TEST_CASE(either_end_may_begin_again) {
  bad_line line{{}, 1};
  for (std::uint32_t i = 0; i < 3; ++i)
    BOOST_REQUIRE(line.a.send(message(i, 10), line.now));
  line.run();
  line.b = line_end{{}, 3}; // a process that knows nothing of before
  BOOST_REQUIRE(line.a.send(message(3, 10), line.now));
  line.run();
  line.a = line_end{{}, 4};
  for (std::uint32_t i = 4; i < 7; ++i)
    BOOST_REQUIRE(line.a.send(message(i, 10), line.now));
  line.run();
  BOOST_REQUIRE(line.at_b.size() == 7u);
  for (std::uint32_t i = 0; i < 7; ++i)
    BOOST_TEST((line.at_b[i] == message(i, 10)));
  BOOST_TEST(line.now.count() == 0); // nobody waited for a time-out
}

BOOST_AUTO_TEST_CASE(what_is_too_much_is_refused) {
  line_end end{{100, time{1000}, 10, 3}, 1};
  BOOST_TEST(!end.send(bytes(101), time{0}));
  BOOST_TEST(end.send(bytes(100), time{0})); // and its hello
  BOOST_TEST(end.send(bytes(100), time{0}));
  BOOST_TEST(!end.send(bytes(100), time{0}));
}

// A peer that says no to everything makes no end send for ever.
BOOST_AUTO_TEST_CASE(refusals_are_counted_as_attempts) {
  line_end end{{100, time{1000}, 10, 3}, 1};
  BOOST_REQUIRE(end.send(bytes(10), time{0}));
  for (auto error : {frame_error::crc_wrong, frame_error::session_unknown}) {
    const auto why = static_cast<std::uint8_t>(error);
    bytes no;
    write_frame(no, frame_class::not_acknowledged, 0, {&why, 1});
    int sent = !end.to_write().empty();
    for (int i = 0; i < 100; ++i) {
      end.received(no, time{0});
      sent += !end.to_write().empty();
    }
    BOOST_TEST(sent == 10);
    BOOST_TEST(end.broke());
    BOOST_REQUIRE(end.send(bytes(10), time{0}));
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
