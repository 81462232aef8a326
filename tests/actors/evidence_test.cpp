// What Brass takes for evidence against a key (EP-13b), and for a key that is in a meter (EP-16).

#include "tests/actors/two_domains.hpp"

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(evidence)
namespace {

struct reported_key {
  std::unique_ptr<generator> random = seeded_randomness(12, 1)->stream("evidence", 0);
  work_context w{*random};
  test_domain ve = test_domain::make("VE", *random);
  test_life life = test_life::live(ve, w);

  /// MI7 [Installed] of Steel, with the test tokens of this key.
  signed_record mi7_of(const secret& k) {
    auto& engine = w.tokens();
    const auto digits = engine.test_tokens(engine.derive(k, key_use::test, ve.id.text), test_token_position, test_token_number);
    return ve.sign(*ve.steel->authentication,
                   encode_body(mi7_body{{}, oak_box_id, steel_box_id, life.key, test_meter, digits, test_time(3), test_time(4)}),
                   *random);
  }
  brass_work<key_condemned> condemn(const std::optional<signed_record>& mi7, refusal why) {
    auto m = life.as_mb1();
    m.mi7 = mi7;
    m.reason = why;
    return check_condemnation(m, brass_box_id, {test_time(6)}, *ve.brass, w);
  }
};

const secret other_key{bytes(32, 0x33)};

} // namespace

BOOST_FIXTURE_TEST_CASE(a_key_that_is_another_than_the_archive_s_is_not_installed, reported_key) {
  auto m = life.as_mi8();
  BOOST_TEST(!check_installation(m, brass_box_id, {test_time(5)}, *ve.brass, w).problem);
  m.mi7 = mi7_of(other_key);
  const auto refused = check_installation(m, brass_box_id, {test_time(5)}, *ve.brass, w);
  BOOST_TEST((refused.problem == refusal::test_tokens_differ));
  BOOST_TEST(refused.sealed.empty());
}

BOOST_FIXTURE_TEST_CASE(such_a_key_is_condemned_on_what_steel_signed, reported_key) {
  const auto bad = condemn(mi7_of(other_key), refusal::test_tokens_differ);
  BOOST_REQUIRE(!bad.problem);
  const auto mb2 = decode_body<mb2_body>(bad.event.mb2.body);
  BOOST_REQUIRE(mb2);
  BOOST_TEST((mb2->key == life.key && mb2->reason == refusal::test_tokens_differ));
}

// Whoever asks for MB1 signs nothing: his word alone ends no key that is in a meter.
BOOST_FIXTURE_TEST_CASE(a_key_that_is_installed_is_not_condemned_on_a_word, reported_key) {
  for (const auto why : {refusal::test_tokens_differ, refusal::no_answer, refusal::sealed_material_invalid}) {
    const auto refused = condemn(life.mi7, why);
    BOOST_TEST((refused.problem == refusal::records_disagree), name(why));
  }
}

// EP-13b: without MI7 there is the KMC's time-out, and nothing else.
BOOST_FIXTURE_TEST_CASE(without_a_report_a_key_ends_by_the_time_out_alone, reported_key) {
  BOOST_TEST(!condemn(std::nullopt, refusal::no_answer).problem);
  for (const auto why : {refusal::test_tokens_differ, refusal::meter_write_failed, refusal::signature_invalid})
    BOOST_TEST((condemn(std::nullopt, why).problem == refusal::records_disagree), name(why));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
