// SYS-6, EP-14: one of four nodes after another ends at any moment, by chance, while orders run. The work is finished
// without a hand but the custodians' and whoever asks again. `script/soak` makes a hundred kills.

#include "tests/cli/key_orders.hpp"
#include "tests/random_seed.hpp"

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(soak)

BOOST_AUTO_TEST_CASE(nodes_that_are_killed_at_any_moment_lose_nothing) {
  const auto* given = std::getenv("OAKSTEEL_KILLS");
  const auto wanted = given ? static_cast<unsigned>(std::stoul(given)) : 10u;
  // Longer than an order takes here, so that some kills come when it is answered.
  constexpr unsigned longest_pause_ms = 600;
  std::mt19937_64 random{random_seed()};
  cluster all{wanted};
  all.set_up();
  key_orders orders{all};
  unsigned kills = 0;
  while (kills < wanted)
    orders.live_a_day([&](const running_program&) {
      if (kills == wanted)
        return;
      std::this_thread::sleep_for(std::chrono::milliseconds{random() % longest_pause_ms});
      all.kill_and_come_back(cluster::names[random() % cluster::names.size()]);
      ++kills;
    });
  orders.end();
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
