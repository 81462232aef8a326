// One event for a kind and an interval (EP-29), whatever comes.

#include "actors/link/gathered_faults.hpp"

#include <boost/test/unit_test.hpp>

namespace oaksteel {
BOOST_AUTO_TEST_SUITE(gathered)
namespace {

using time = gathered_faults::time;

} // namespace

BOOST_AUTO_TEST_CASE(one_tale_for_each_kind_with_the_counts) {
  gathered_faults faults;
  BOOST_CHECK(!faults.due());
  const participant meter{participant_kind::meter, "M1"}, key{participant_kind::key, "VE/1"};
  faults.add("frames", refusal::command_malformed, "outside", time{1000}, 7);
  faults.add("frames", refusal::command_malformed, "too long", time{1500});
  faults.add("commands", refusal::command_malformed, "MI5", time{1600}, 1, {meter, key});
  faults.add("commands", refusal::command_malformed, "MI5", time{1700}, 1, {meter});
  BOOST_CHECK(faults.due() == time{1000} + gathered_faults::first_interval);
  BOOST_CHECK(faults.take(*faults.due() - time{1}).empty());
  const auto told = faults.take(*faults.due());
  BOOST_REQUIRE_EQUAL(told.size(), 2u);
  BOOST_CHECK_EQUAL(told[0].command, "commands");
  BOOST_CHECK_EQUAL(told[0].about, "MI5 2");
  BOOST_CHECK((told[0].involved == std::vector{meter, key}));
  BOOST_CHECK_EQUAL(told[1].about, "outside 7, too long 1");
  BOOST_CHECK(told[1].involved.empty());
}

// A day of errors without a pause: the tales become rarer, and none is lost.
BOOST_AUTO_TEST_CASE(tales_become_rarer_while_it_goes_on) {
  gathered_faults faults;
  std::size_t tales = 0, counted = 0;
  const time day{24 * 3'600'000};
  for (time now{0}; now < day; now += time{100}) {
    faults.add("frames", refusal::command_malformed, "outside", now);
    for (const auto& one : faults.take(now)) {
      ++tales;
      counted += std::stoull(one.about.substr(8));
    }
  }
  BOOST_CHECK_LE(tales, 160u); // 144 of ten minutes, and those on the way there
  BOOST_CHECK_GT(counted, 860'000u - 6'000u);
  // A quiet interval, and it begins anew.
  faults.take(day + gathered_faults::last_interval);
  faults.take(day + 2 * gathered_faults::last_interval);
  BOOST_CHECK(!faults.due());
  faults.add("frames", refusal::command_malformed, "outside", day * 2);
  BOOST_CHECK(faults.due() == day * 2 + gathered_faults::first_interval);
}

BOOST_AUTO_TEST_CASE(nobody_makes_a_tale_long) {
  gathered_faults faults;
  for (int i = 0; i < 10'000; ++i)
    faults.add("commands", refusal::command_unknown, "command " + std::to_string(i), time{0}, 1,
               {{participant_kind::key, "VE/" + std::to_string(i)}});
  const auto told = faults.take(*faults.due());
  BOOST_REQUIRE_EQUAL(told.size(), 1u);
  BOOST_CHECK_EQUAL(told[0].involved.size(), gathered_faults::names_limit);
  BOOST_CHECK_EQUAL(static_cast<std::size_t>(std::ranges::count(told[0].about, ',')), gathered_faults::names_limit);
  BOOST_CHECK(told[0].about.ends_with("others " + std::to_string(10'000 - gathered_faults::names_limit)));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel
