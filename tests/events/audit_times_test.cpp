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

// "A date compares as a calendar day in the domain's time zone."
BOOST_AUTO_TEST_CASE(a_date_is_a_day_of_the_domain) {
  const instant evening{1'772'494'200'000'000}, morning{1'772'431'200'000'000}; // 2026-03-02T23:30:00Z, 06:00:00Z
  constexpr time_zone utc{}, paris{60}, new_york{-300}, los_angeles{-480};
  BOOST_TEST(day_in_order(evening, {20260302}, evening, utc, 0us));
  BOOST_TEST(!day_in_order(evening, {20260301}, evening, utc, 0us));
  BOOST_TEST(!day_in_order(evening, {20260303}, evening, utc, 0us));
  BOOST_TEST(day_in_order(evening, {20260303}, evening, paris, 0us));
  BOOST_TEST(!day_in_order(evening, {20260302}, evening, paris, 0us));
  BOOST_TEST(day_in_order(morning, {20260302}, morning, new_york, 0us));
  BOOST_TEST(day_in_order(morning, {20260301}, morning, los_angeles, 0us));
  BOOST_TEST(!day_in_order(morning, {20260302}, morning, los_angeles, 0us));
  // Any day between both.
  BOOST_TEST(day_in_order(morning, {20260302}, evening, paris, 0us));
  BOOST_TEST(day_in_order(morning, {20260303}, evening, paris, 0us));
  BOOST_TEST(day_in_order({}, {20250101}, morning, utc, 0us));
  BOOST_TEST(day_in_order(morning, {20300101}, {}, utc, 0us));
}

// Logs of earlier programs name no zone; each lies within a day of UTC.
BOOST_AUTO_TEST_CASE(a_date_of_an_unknown_zone_may_be_a_day_off) {
  const instant morning{1'772'431'200'000'000}; // 2026-03-02T06:00:00Z
  BOOST_TEST(day_in_order(morning, {20260301}, morning, std::nullopt, 0us));
  BOOST_TEST(day_in_order(morning, {20260302}, morning, std::nullopt, 0us));
  BOOST_TEST(day_in_order(morning, {20260303}, morning, std::nullopt, 0us));
  BOOST_TEST(!day_in_order(morning, {20260228}, morning, std::nullopt, 0us));
  BOOST_TEST(!day_in_order(morning, {20260304}, morning, std::nullopt, 0us));
  BOOST_TEST(day_in_order({}, {20250101}, morning, std::nullopt, 0us));
  BOOST_TEST(day_in_order(morning, {20300101}, {}, std::nullopt, 0us));
}

// Clocks may differ by the tolerance also around midnight.
BOOST_AUTO_TEST_CASE(a_date_has_the_tolerance_of_its_times) {
  const instant midnight{1'772'496'000'000'000}; // 2026-03-03T00:00:00Z
  const instant just_before{midnight.us - 400'000}, just_after{midnight.us + 400'000};
  BOOST_TEST(!day_in_order({}, {20260303}, just_before, time_zone{}, 0us));
  BOOST_TEST(!day_in_order({}, {20260303}, just_before, time_zone{}, 400ms - 1us));
  BOOST_TEST(day_in_order({}, {20260303}, just_before, time_zone{}, 400ms));
  BOOST_TEST(!day_in_order(just_after, {20260302}, {}, time_zone{}, 0us));
  BOOST_TEST(!day_in_order(just_after, {20260302}, {}, time_zone{}, 400ms));
  BOOST_TEST(day_in_order(just_after, {20260302}, {}, time_zone{}, 400ms + 1us));
  constexpr auto least = std::numeric_limits<std::int64_t>::min(), most = std::numeric_limits<std::int64_t>::max();
  BOOST_TEST(day_in_order({least}, {20260302}, {most}, std::nullopt, 1h));
}

BOOST_AUTO_TEST_CASE(it_may_be_two_days_in_several_zones) {
  const instant evening{1'772'494'200'000'000}, morning{1'772'431'200'000'000}; // 2026-03-02T23:30:00Z, 06:00:00Z
  const auto days = [](const std::vector<time_zone>& zones, instant now) {
    const auto d = today_in(zones, now);
    return d.first.text() + " " + d.last.text();
  };
  BOOST_TEST(days({}, evening) == "20260302 20260302");
  BOOST_TEST(days({{60}}, evening) == "20260303 20260303");
  BOOST_TEST(days({{60}, {330}}, evening) == "20260303 20260303");
  BOOST_TEST(days({{60}, {-300}}, evening) == "20260302 20260303");
  BOOST_TEST(days({{60}, {-480}, {0}}, morning) == "20260301 20260302");
}

BOOST_AUTO_TEST_SUITE_END()
