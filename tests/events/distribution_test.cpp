// EP-15 (MI4, MI4r, MI10, MB3): the KDC hands each install record out once.

#include "events/distribution.hpp"

#include "tests/events/given.hpp"

using namespace oaksteel;
using namespace oaksteel::given_when_then;

BOOST_AUTO_TEST_SUITE(distributions)
namespace {

const install_record_received received{key(1), steel_1, {7}, meter_a, {}};
const install_record_handed_out handed_out{key(1), meter_a};
const install_record_settled settled{key(1), std::nullopt, {}};

const auto none = given<distribution>();
const auto waiting = given<distribution>(received);
const auto on_its_way = given<distribution>(received, handed_out);
const auto over = given<distribution>(received, handed_out, settled);
const auto never_went = given<distribution>(received, settled); // the key ended Bad before

} // namespace

BOOST_AUTO_TEST_CASE(each_record_goes_out_once) {
  const install_record_received for_b{key(1), steel_1, {7}, meter_b, {}};
  const install_record_received for_steel_2{key(1), steel_2, {7}, meter_a, {}};
  const install_record_received of_2{key(2), steel_1, {7}, meter_a, {}};
  const install_record_handed_out out_to_b{key(1), meter_b}, out_of_2{key(2), meter_a};
  const install_record_settled failed{key(1), refusal::no_answer, {}}, settled_2{key(2), std::nullopt, {}};
  check<distribution_event>({
    {"MI4", decide(none, received), "install_record_received"},
    {"MI4 again", decide(waiting, received), "-"},
    {"MI4 again, handed out", decide(on_its_way, received), "-"},
    {"MI4 again, settled", decide(over, received), "-"},
    {"MI4 for another meter", decide(waiting, for_b), "! records_disagree"},
    {"MI4 for another Steel", decide(waiting, for_steel_2), "! records_disagree"},
    {"MI4 of another key", decide(waiting, of_2), "! records_disagree"},

    {"MI4r too early", decide(none, handed_out), "! install_record_not_known"},
    {"MI4r", decide(waiting, handed_out), "install_record_handed_out"},
    {"MI4r again", decide(on_its_way, handed_out), "! install_record_handed_out"},
    {"MI4r when all is done", decide(over, handed_out), "! install_record_handed_out"},
    {"MI4r of a key that ended Bad", decide(never_went, handed_out), "! install_record_handed_out"},
    {"MI4r for another meter", decide(waiting, out_to_b), "! records_disagree"},
    {"MI4r of another key", decide(waiting, out_of_2), "! records_disagree"},

    {"MI10", decide(on_its_way, settled), "install_record_settled"},
    {"MB3", decide(on_its_way, failed), "install_record_settled"},
    {"MB3 before the record went out", decide(waiting, failed), "install_record_settled"},
    {"MI10 again", decide(over, settled), "-"},
    {"MB3 of what never came", decide(none, failed), "! install_record_not_known"},
    {"MI10 of another key", decide(on_its_way, settled_2), "! records_disagree"},
  });
  BOOST_CHECK(over == (distribution{key(1), steel_1, {7}, meter_a, true, true}));
  BOOST_CHECK(never_went == (distribution{key(1), steel_1, {7}, meter_a, false, true}));
}

BOOST_AUTO_TEST_CASE(any_messages_in_any_order_hand_it_out_at_most_once) {
  BOOST_TEST(rc::check("install record", [] {
    lived<distribution, distribution_event> kdc;
    unsigned times = 0;
    for (auto d : draws()) {
      const auto kind = d.below(4);
      const auto meter = d.mostly(5) ? meter_a : meter_b;
      const auto id = key(d.mostly(5) ? 1 : 2);
      const auto before = kdc.live;
      bool changed = false;
      if (kind == 0)
        changed = kdc.take(decide(before, install_record_received{id, steel_1, {7}, meter, {}}));
      else if (kind == 1)
        changed = kdc.take(decide(before, install_record_settled{id, std::nullopt, {}}));
      else
        times += (changed = kdc.take(decide(before, install_record_handed_out{id, meter})));
      RC_ASSERT(times <= 1u);
      RC_ASSERT(changed != (kdc.live == before));
      RC_ASSERT(before.key.number == 0 || (kdc.live.key == before.key && kdc.live.meter == before.meter));
    }
  }));
}

BOOST_AUTO_TEST_SUITE_END()
