// EP-28: an answer is about what was asked, whatever is right in it.

#include "actors/computers/answers.hpp"
#include "actors/kept_record.hpp"
#include "storage/signed_body.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(answers_to_the_kmc)
namespace {

const domain_id ve{"VE"}, usps{"USPS"};
const key_id key7{ve, 7}, key8{ve, 8}, foreign{usps, 7};
const box_id oak{box_type::oak, 1}, steel{box_type::steel, 1}, steel2{box_type::steel, 2}, brass{box_type::brass, 1};
const sequence_number meter1{"M1"}, meter2{"M2"};

template <class Body>
sealed_record record_of(const Body& body) {
  return {{encode_body(body), {}}, {}, {}};
}
sealed_record mi3_of(const key_id& k, const box_id& s) { return record_of(mi3_body{oak, s, k, {}, {}, {}, {}}); }
sealed_record mi4_of(const key_id& k, const box_id& s) { return record_of(mi4_body{oak, s, k, {}, {}, {}}); }
sealed_record mr3_of(const sequence_number& m) {
  return record_of(mr3_body{brass, key7, m, {"PC"}, {"100"}, {"US"}, {20260302}, {}, {}, {}, {}});
}

/// Key 7 of VE as its archive has it, with the record that led there.
record_fetched fetched(const sealed_record& led_there, const std::function<void(master_key&)>& change = {}) {
  record_fetched got{{}, {}, led_there};
  got.key.meter = meter1;
  std::visit([&](const auto& e) { evolve(got.key, e); }, *event_of(led_there));
  got.key.key = key7;
  if (change)
    change(got.key);
  return got;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_key_id_is_of_what_it_was_asked_for) {
  const new_key_id asked{{}, ve, steel, {3}};
  BOOST_CHECK(answers(asked, mi0_answer{{}, key7, steel, {3}}));
  BOOST_CHECK(!answers(asked, mi0_answer{{}, foreign, steel, {3}}));
  BOOST_CHECK(!answers(asked, mi0_answer{{}, key7, steel2, {3}}));
  BOOST_CHECK(!answers(asked, mi0_answer{{}, key7, steel, {4}}));
}

BOOST_AUTO_TEST_CASE(both_records_of_mi2_are_what_mi1_asked_for) {
  const mi1 asked{{}, key7, steel, {}};
  BOOST_CHECK(answers(asked, mi2{{}, key7, mi3_of(key7, steel), mi4_of(key7, steel)}));
  BOOST_CHECK(!answers(asked, mi2{{}, key8, mi3_of(key7, steel), mi4_of(key7, steel)}));
  BOOST_CHECK(!answers(asked, mi2{{}, key7, mi3_of(key8, steel), mi4_of(key7, steel)}));
  BOOST_CHECK(!answers(asked, mi2{{}, key7, mi3_of(key7, steel2), mi4_of(key7, steel)}));
  BOOST_CHECK(!answers(asked, mi2{{}, key7, mi3_of(key7, steel), mi4_of(key8, steel)}));
  BOOST_CHECK(!answers(asked, mi2{{}, key7, mi3_of(key7, steel), mi4_of(key7, steel2)}));
}

BOOST_AUTO_TEST_CASE(a_fetched_key_is_the_one_asked_for_and_stands_where_its_record_leads) {
  const fetch_record by_key{{}, key7, {}}, by_meter{{}, {ve, 0}, meter1};
  const auto mi3 = mi3_of(key7, steel), mr3 = mr3_of(meter1);
  BOOST_CHECK(answers(by_key, fetched(mi3)));
  BOOST_CHECK(answers(by_meter, fetched(mr3)));
  BOOST_CHECK(!answers(fetch_record{{}, key8, {}}, fetched(mi3)));
  BOOST_CHECK(!answers(fetch_record{{}, foreign, {}}, fetched(mi3)));
  BOOST_CHECK(!answers(fetch_record{{}, {ve, 0}, meter2}, fetched(mr3)));
  BOOST_CHECK(!answers(fetch_record{{}, {usps, 0}, meter1}, fetched(mr3))); // sound, and of another domain's archive
  const std::vector<std::function<void(master_key&)>> otherwise{
    [](master_key& k) { k.status = key_status::installed; }, [](master_key& k) { k.key = key8; },
    [](master_key& k) { k.product = {"QC"}; },               [](master_key& k) { k.serial = {"101"}; },
    [](master_key& k) { k.country = {"DE"}; },               [](master_key& k) { k.registered = {19700101}; }};
  for (const auto& change : otherwise)
    BOOST_CHECK(!answers(by_meter, fetched(mr3, change)));
  BOOST_CHECK(!answers(by_key, fetched(mi3, [](master_key& k) { k.steel = steel2; })));
  BOOST_CHECK(!answers(by_meter, fetched(mi3_of(key8, steel)))); // the record of another key
  auto unread = fetched(mi3);
  unread.record->record.body.clear();
  BOOST_CHECK(!answers(by_key, unread));
  // That there is none is an answer too, of what was asked and of nothing else.
  const auto none_of = [](const key_id& k, const sequence_number& m) {
    record_fetched got{{}, {}, std::nullopt};
    got.key.key = k;
    got.key.meter = m;
    return got;
  };
  BOOST_CHECK(answers(by_key, none_of(key7, {})));
  BOOST_CHECK(answers(by_meter, none_of({ve, 0}, meter1)));
  BOOST_CHECK(!answers(by_key, none_of(key8, {})));
  BOOST_CHECK(!answers(by_key, none_of(foreign, {})));
  BOOST_CHECK(!answers(by_key, none_of(key7, meter1)));
  BOOST_CHECK(!answers(by_meter, none_of({ve, 0}, meter2)));
  BOOST_CHECK(!answers(by_meter, none_of({usps, 0}, meter1)));
  BOOST_CHECK(!answers(by_meter, none_of(key7, meter1)));
  auto lost = fetched(mi3);
  lost.record.reset();
  BOOST_CHECK(!answers(by_key, lost));
}

BOOST_AUTO_TEST_CASE(mi7_is_of_the_orders_steel_and_an_installed_key_in_its_meter) {
  order asked;
  asked.details.meter = meter1;
  asked.legs.push_back({{ve, steel}});
  const auto mi7 = [](std::optional<refusal> failure, const box_id& s, const sequence_number& m, const key_id& k = key7) {
    return mi7_body{failure, oak, s, k, m, {}, {}, {}};
  };
  BOOST_CHECK(answers(asked, mi7({}, steel, meter1)));
  BOOST_CHECK(!answers(asked, mi7({}, steel, meter2)));
  BOOST_CHECK(!answers(asked, mi7({}, steel2, meter1)));
  BOOST_CHECK(!answers(asked, mi7({}, steel, meter1, foreign)));
  // EP-13b: a failure is evidence against the key, in whatever meter Steel was told to try it.
  BOOST_CHECK(answers(asked, mi7(refusal::meter_not_known, steel, meter2)));
  BOOST_CHECK(!answers(asked, mi7(refusal::meter_not_known, steel2, meter1)));
}

BOOST_AUTO_TEST_CASE(any_other_answer_names_the_key_that_was_asked_about) {
  BOOST_CHECK(answers(mi8{{}, key7, {}, {}, {}}, mi9{{}, key7, {}}));
  BOOST_CHECK(!answers(mi8{{}, key7, {}, {}, {}}, mi9{{}, key8, {}}));
  BOOST_CHECK(!answers(confirm_stored{{}, key7, key_status::bad}, confirmed{{}, foreign, {}}));
  BOOST_CHECK(answers(settle{{}, key7, {}, {}}, acknowledged{})); // which names none
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
