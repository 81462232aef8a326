#include "events/unfinished_key.hpp"

#include "events/permitted.hpp"

#include <boost/test/unit_test.hpp>

namespace oaksteel {
BOOST_AUTO_TEST_SUITE(unfinished_keys)
namespace {

const sequence_number number{"M1"};
const key_id vendors{{"VE"}, 4}, posts{{"USPS"}, 2};

meter with(std::initializer_list<meter_event> events) {
  meter m;
  evolve(m, meter_labelled{number, {"DM400"}, 0});
  for (const auto& one : events)
    std::visit([&](const auto& e) { evolve(m, e); }, one);
  return m;
}

} // namespace

BOOST_AUTO_TEST_CASE(what_is_stored_and_not_committed_is_dropped) {
  const meter_key_refused dropped{number, vendors, refusal::installation_interrupted};
  auto state =
      with({key_provisioned{number, vendors, {}}, key_provisioned{number, posts, {}}, key_committed{number, posts}});
  const auto events = decide(state, drop_unfinished{});
  BOOST_REQUIRE(events);
  BOOST_CHECK(*events == std::vector<meter_event>{dropped});
  BOOST_CHECK(!not_permitted(any_state{state}, any_event{dropped}));
  evolve(state, dropped);
  BOOST_CHECK(!state.keys.at(vendors.domain).held && state.keys.at(posts.domain).held);
  BOOST_CHECK(decide(state, drop_unfinished{})->empty());
  BOOST_CHECK(not_permitted(any_state{state}, any_event{dropped}));
  // It cannot be committed any more, and only a later key follows it.
  BOOST_CHECK(decide(state, commit_key{vendors, true}).error() == refusal::meter_key_missing);
  BOOST_CHECK(decide(state, provision_key{vendors, {}}, {true, true}).error() == refusal::meter_key_not_fresh);
  BOOST_CHECK_EQUAL(decide(state, provision_key{{vendors.domain, 5}, {}}, {true, true})->size(), 1u);
}

BOOST_AUTO_TEST_CASE(without_such_a_key_nothing_happens) {
  BOOST_CHECK(decide(meter{}, drop_unfinished{})->empty());
  BOOST_CHECK(decide(with({}), drop_unfinished{})->empty());
  const auto refused = with({meter_key_refused{number, vendors, refusal::meter_write_failed}});
  BOOST_CHECK(decide(refused, drop_unfinished{})->empty());
  auto opened = with({key_provisioned{number, vendors, {}}, tamper_detected{number}});
  BOOST_CHECK(decide(opened, drop_unfinished{})->empty());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel
