// Order of the times in a key's life (EP-18).

#include "events/audit_times.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>

using namespace oaksteel;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(orders_of_audit_times)

BOOST_AUTO_TEST_CASE(times_of_several_clocks_must_not_fall_by_more_than_the_tolerance) {
  BOOST_TEST(in_order({}, 0us));
  BOOST_TEST(in_order({{5}}, 0us));
  BOOST_TEST(in_order({{5}, {5}, {6}}, 0us)); // two clocks may show the same
  BOOST_TEST(!in_order({{5}, {4}}, 0us));
  BOOST_TEST(in_order({{5}, {4}}, 1us));
  BOOST_TEST(!in_order({{5}, {3}}, 1us));
  // small steps back do not add up to a large one
  BOOST_TEST(!in_order({{10}, {9}, {8}}, 1us));
  BOOST_TEST(in_order({{10}, {9}, {10}, {9}}, 1us));
}

BOOST_AUTO_TEST_CASE(a_time_that_is_not_known_says_nothing) {
  BOOST_TEST(in_order({{5}, {0}, {6}}, 0us));
  BOOST_TEST(!in_order({{5}, {0}, {4}}, 0us));
}

BOOST_AUTO_TEST_CASE(times_that_no_clock_shows_are_out_of_order) {
  constexpr auto least = std::numeric_limits<std::int64_t>::min();
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  BOOST_TEST(!in_order({{least}}, 1us));
  BOOST_TEST(!in_order({{5}, {least}}, 1us));
  BOOST_TEST(!in_order({{most}, {5}}, 1h));
  BOOST_TEST(in_order({{5}, {most}}, 0us));
}

BOOST_AUTO_TEST_CASE(one_clock_never_shows_the_same_twice) {
  BOOST_TEST(strictly_later({5}, {6}));
  BOOST_TEST(!strictly_later({5}, {5}));
  BOOST_TEST(!strictly_later({5}, {4}));
  BOOST_TEST(strictly_later({0}, {4}));
  BOOST_TEST(strictly_later({5}, {0}));
}

// "A date compares as a calendar day in the domain's time zone", which lies within a day of UTC.
BOOST_AUTO_TEST_CASE(a_date_may_be_a_day_off) {
  const instant morning{1'772'431'200'000'000}; // 2026-03-02T06:00:00Z
  BOOST_TEST(day_in_order(morning, {20260301}, morning));
  BOOST_TEST(day_in_order(morning, {20260302}, morning));
  BOOST_TEST(day_in_order(morning, {20260303}, morning));
  BOOST_TEST(!day_in_order(morning, {20260228}, morning));
  BOOST_TEST(!day_in_order(morning, {20260304}, morning));
  BOOST_TEST(day_in_order({}, {20250101}, morning));
  BOOST_TEST(day_in_order(morning, {20300101}, {}));
}

BOOST_AUTO_TEST_SUITE_END()
