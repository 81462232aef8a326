// How often an event may be caused from elsewhere.

#include "actors/link/allowance.hpp"

#include <boost/test/unit_test.hpp>

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(allowances)

using namespace std::chrono_literals;

BOOST_AUTO_TEST_CASE(so_many_at_once_and_one_more_in_each_interval) {
  allowance some{3, 10s};
  BOOST_TEST(some.left(0ms) == 3u);
  BOOST_TEST(some.left(1h) == 3u); // time saves up nothing
  for (unsigned left = 3; left > 0; --left) {
    BOOST_TEST(some.left(1h) == left);
    some.use(1h);
  }
  BOOST_TEST(some.left(1h) == 0u);
  BOOST_TEST(some.left(1h + 10s - 1ms) == 0u);
  BOOST_TEST(some.left(1h + 10s) == 1u);
  BOOST_TEST(some.left(1h + 29s) == 2u);
  BOOST_TEST(some.left(1h + 30s) == 3u);
  BOOST_TEST(some.left(2h) == 3u);
}

// What was under way when none was left is waited for too.
BOOST_AUTO_TEST_CASE(who_uses_more_waits_longer) {
  allowance one{1, 10s};
  for (int i = 0; i < 3; ++i)
    one.use(0ms);
  BOOST_TEST(one.left(30s - 1ms) == 0u);
  BOOST_TEST(one.left(30s) == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
