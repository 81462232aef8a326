// SYS-6: nodes that do not reach one another, or one that stands still, hold up what needs them and nothing else; when
// it is over the work goes on by itself.

#include "tests/cli/key_orders.hpp"
#include "tests/random_seed.hpp"

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(partitions)
namespace {

/// Longer than a link waits before it takes its peer for gone (node/peer_port.hpp: 15 s), and shorter.
constexpr std::chrono::seconds beyond_silence{20}, within_silence{3}, a_moment{1};

} // namespace

BOOST_AUTO_TEST_CASE(two_nodes_that_do_not_reach_one_another_go_on_later) {
  if (!network::possible())
    return;
  const network hosts{static_cast<unsigned>(cluster::names.size())};
  cluster all{6, &hosts};
  all.set_up();
  key_orders orders{all};
  for (unsigned one = 0; one < cluster::names.size(); ++one)
    for (unsigned other = one + 1; other < cluster::names.size(); ++other) {
      bool first = true;
      hosts.part(one, other);
      orders.live_a_day([&](const running_program& asked) {
        const bool of_keys = std::exchange(first, false);
        hosts.part(one, other);
        std::this_thread::sleep_for(of_keys ? within_silence : a_moment);
        // KMC and KDC are at the first two; these are parted for so long that both close the connection.
        if (of_keys && one == 0 && other == 1) {
          BOOST_CHECK(!asked.ended());
          std::this_thread::sleep_for(beyond_silence);
        }
        hosts.join(one, other);
      });
    }
  orders.end();
}

BOOST_AUTO_TEST_CASE(a_node_that_stands_still_holds_up_only_what_needs_it) {
  cluster all;
  all.set_up();
  key_orders orders{all};
  bool went_on = false;
  const auto& still = cluster::names[random_seed() % 3]; // each of these is needed for a key
  all.signal(still, SIGSTOP);
  orders.live_a_day([&](const running_program& asked) {
    if (std::exchange(went_on, true))
      return;
    std::this_thread::sleep_for(within_silence);
    BOOST_CHECK(!asked.ended());
    std::this_thread::sleep_for(beyond_silence);
    for (const auto& [node, slot] : cluster::boxes)
      if (node != still)
        BOOST_CHECK(all.box(node, slot).at("enabled") == true);
    all.signal(still, SIGCONT);
  });
  orders.live_a_day([](const running_program&) {});
  orders.end();
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
