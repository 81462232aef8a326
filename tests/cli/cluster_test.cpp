// The facilities of EP Figs. 1-5 as four processes over TLS (SYS-6).

#include "tests/cli/cluster.hpp"

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(clusters)

BOOST_AUTO_TEST_CASE(four_facilities_make_keys_together_and_come_back_after_kills) {
  cluster all;
  all.set_up();
  {
    line_meter meter{all, "M0000001"};
    const auto keys = installed_keys(run_program(all.key_request("M0000001")));
    // The same order again is answered, and nothing is done twice.
    BOOST_CHECK(installed_keys(run_program(all.key_request("M0000001"))) == keys);
  }
  // EP-2: the post's records end at the post, the vendor's at the vendor.
  for (const auto& [node, key, other] : {std::tuple{cluster::names[0], "VE/1", "USPS/1"}, {cluster::names[2], "USPS/1", "VE/1"}}) {
    const auto own = all.ask(node, {"audit", "key", key});
    BOOST_CHECK_MESSAGE(own.status == 0 && own.out.find("Installed") != std::string::npos, own.told() << own.out);
    const auto list = all.ask(node, {"log", "list", "--event", "key_installed"});
    BOOST_CHECK_MESSAGE(list.out.find(key) != std::string::npos && list.out.find(other) == std::string::npos, list.out);
  }
  // Each node in turn is killed; its custodians come back, and the next order goes through.
  for (const auto& name : cluster::names)
    all.kill_and_come_back(name);
  {
    line_meter meter{all, "M0000002"};
    installed_keys(run_program(all.key_request("M0000002")));
  }
  all.end();
}

BOOST_AUTO_TEST_CASE(a_box_is_operated_at_its_own_node_only) {
  cluster all;
  all.initialise(cluster::names[0], "factory-1");
  const auto r = all.ask(cluster::names[1], {"box", "enable", "factory-1", "--custodian", "Ada", "--media", all.media()});
  BOOST_CHECK_MESSAGE(r.status == 1 && r.one_line(), r.told());
  BOOST_CHECK(r.err.find("stands at node vendor-data-centre; operate it there") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
