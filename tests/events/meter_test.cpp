// EP-15 (MI5, MI5s, MI6c), EP-20: a digital meter. Label first; keys go in once; registration is one-way.

#include "events/meter.hpp"

#include "tests/events/given.hpp"

using namespace oaksteel;
using namespace oaksteel::given_when_then;

BOOST_AUTO_TEST_SUITE(meters)
namespace {

constexpr check_value check_1{1}, check_2{2};
const meter_labelled labelled{meter_a, product_1, 7};
const meter_registered registered{meter_a, product_1, serial_1, germany, march_2};
const key_provisioned ve_5{meter_a, key(5), check_1}, usps_8{meter_a, key(8, usps), check_2};
const key_committed ve_5_committed{meter_a, key(5)}, usps_8_committed{meter_a, key(8, usps)};
const tamper_detected tampered{meter_a};

const auto blank = given<meter>();
const auto with_label = given<meter>(labelled);
const auto provisional = given<meter>(labelled, ve_5);
const auto refused_6 =
  given<meter>(labelled, ve_5, meter_key_refused{meter_a, key(6), refusal::meter_write_failed});
const auto one_committed = given<meter>(labelled, ve_5, ve_5_committed);
const auto one_of_two = given<meter>(labelled, ve_5, ve_5_committed, usps_8);
const auto both = given<meter>(labelled, ve_5, ve_5_committed, usps_8, usps_8_committed);
const auto in_service = given<meter>(labelled, ve_5, ve_5_committed, usps_8, usps_8_committed, registered);
const auto opened = given<meter>(labelled, ve_5, ve_5_committed, usps_8, usps_8_committed, registered, tampered);

decision<meter_event> provision(const meter& m, const key_id& id, const check_value& value = check_1,
                                const memory_check& facts = {true, true}) {
  return decide(m, provision_key{id, value}, facts);
}
decision<meter_event> commit(const meter& m, const key_id& id, bool proven = true) {
  return decide(m, commit_key{id, proven});
}
decision<meter_event> print(const meter& m, std::uint32_t count) { return decide(m, print_indicia{count, march_3}); }

constexpr memory_check unreadable{false, true}, unwritable{true, false}, neither{false, false};

} // namespace

BOOST_AUTO_TEST_CASE(a_label_is_loaded_once) {
  const auto load = [](const meter& m, const sequence_number& number, const product_code& product) {
    return decide(m, meter_labelled{number, product, 7});
  };
  check<meter_event>({
    {"a new meter", load(blank, meter_a, product_1), "meter_labelled"},
    {"the same label", load(with_label, meter_a, product_1), "-"},
    {"the same label, in service", load(in_service, meter_a, product_1), "-"},
    {"another number", load(with_label, meter_b, product_1), "! meter_already_labelled"},
    {"another product", load(with_label, meter_a, product_2), "! meter_already_labelled"},
    {"no number", load(blank, {}, product_1), "! command_malformed"},
    {"no product code", load(blank, meter_a, {}), "! command_malformed"},
    {"an opened meter", load(opened, meter_a, product_1), "! meter_tampered"},
  });
}

// EP-15: "A provisional key can be replaced by one of a new key id, a committed one never; a repeated frame is
// acknowledged again and not delivered twice."
BOOST_AUTO_TEST_CASE(a_key_goes_in_once) {
  check<meter_event>({
    {"label first", provision(blank, key(5)), "! meter_not_labelled"},
    {"a first key", provision(with_label, key(5)), "key_provisioned"},
    {"the same frame again", provision(provisional, key(5)), "-"},
    {"the same frame again, whatever the memory says", provision(provisional, key(5), check_1, neither), "-"},
    {"another key of the same id", provision(provisional, key(5), check_2), "! meter_key_not_fresh"},
    {"a later one", provision(provisional, key(6)), "key_provisioned"},
    {"an earlier one", provision(provisional, key(4)), "! meter_key_not_fresh"},
    {"a first key of another domain", provision(provisional, key(1, usps)), "key_provisioned"},
    {"the committed one again", provision(one_committed, key(5)), "-"},
    {"a later one over a committed one", provision(one_committed, key(6)), "! meter_key_committed"},
    {"an earlier one over a committed one", provision(one_committed, key(4)), "! meter_key_committed"},
    {"another of the same id over a committed one", provision(one_committed, key(5), check_2), "! meter_key_committed"},
    {"the other domain's key, one being committed", provision(one_committed, key(8, usps)), "key_provisioned"},
    {"the session's cipher is not good", provision(with_label, key(5), check_1, unreadable),
     "! sealed_material_invalid"},
    {"nothing can be written", provision(with_label, key(5), check_1, unwritable), "meter_key_refused"},
    {"neither", provision(with_label, key(5), check_1, neither), "! sealed_material_invalid"},
    {"a stale key and nothing can be written", provision(provisional, key(4), check_1, unwritable),
     "! meter_key_not_fresh"},
    {"after a refused one, the same id", provision(refused_6, key(6)), "! meter_key_not_fresh"},
    {"after a refused one, the one before", provision(refused_6, key(5)), "! meter_key_not_fresh"},
    {"after a refused one, a later id", provision(refused_6, key(7)), "key_provisioned"},
    {"an opened meter", provision(opened, key(9)), "! meter_tampered"},
    {"an opened meter, the same frame", provision(opened, key(5)), "! meter_tampered"},
  });
  BOOST_CHECK(event_in<key_provisioned>(provision(with_label, key(5))) == ve_5);
  BOOST_CHECK(event_in<meter_key_refused>(provision(with_label, key(5), check_1, unwritable))
              == (meter_key_refused{meter_a, key(5), refusal::meter_write_failed}));
}

BOOST_AUTO_TEST_CASE(a_key_is_committed) {
  check<meter_event>({
    {"no label", commit(blank, key(5)), "! meter_not_labelled"},
    {"no key", commit(with_label, key(5)), "! meter_key_missing"},
    {"the provisional one", commit(provisional, key(5)), "key_committed"},
    {"another one", commit(provisional, key(6)), "! meter_key_missing"},
    {"the other domain's", commit(provisional, key(5, usps)), "! meter_key_missing"},
    {"one that could not be written", commit(refused_6, key(6)), "! meter_key_missing"},
    {"the one before it, which is gone", commit(refused_6, key(5)), "! meter_key_missing"},
    {"again", commit(one_committed, key(5)), "-"},
    {"again, while another waits", commit(one_of_two, key(5)), "-"},
    {"again, when both are", commit(both, key(5)), "-"},
    {"the second domain's", commit(one_of_two, key(8, usps)), "key_committed"},
    {"by somebody who has not the key", commit(provisional, key(5), false), "! commit_code_wrong"},
    {"again, by such", commit(one_committed, key(5), false), "-"},
    {"another one, by such", commit(provisional, key(6), false), "! meter_key_missing"},
    {"an opened meter", commit(opened, key(5)), "! meter_tampered"},
  });
}

// EP-20: "Product code and indicia serial number must be defined before a key becomes Active."
BOOST_AUTO_TEST_CASE(registration_is_complete_and_one_way) {
  const auto enter = [](const meter& m, auto change) {
    auto r = registered;
    change(r);
    return decide(m, r);
  };
  const auto as_is = [](auto&) {};
  check<meter_event>({
    {"both keys committed", enter(both, as_is), "meter_registered"},
    {"a meter of one domain", enter(one_committed, as_is), "meter_registered"},
    {"no label", enter(blank, as_is), "! meter_not_labelled"},
    {"no key", enter(with_label, as_is), "! meter_key_missing"},
    {"a provisional key", enter(provisional, as_is), "! meter_key_missing"},
    {"one of two keys is provisional", enter(one_of_two, as_is), "! meter_key_missing"},
    {"no product code", enter(both, [](auto& r) { r.product = {}; }), "! meter_registration_incomplete"},
    {"no indicia serial", enter(both, [](auto& r) { r.serial = {}; }), "! meter_registration_incomplete"},
    {"no country", enter(both, [](auto& r) { r.country = {}; }), "! meter_registration_incomplete"},
    {"no date", enter(both, [](auto& r) { r.date = {}; }), "! meter_registration_incomplete"},
    {"another product than on the label", enter(both, [](auto& r) { r.product = product_2; }), "! records_disagree"},
    {"another meter", enter(both, [](auto& r) { r.meter = meter_b; }), "! records_disagree"},
    {"the same again", enter(in_service, as_is), "-"},
    {"another serial", enter(in_service, [](auto& r) { r.serial = serial_2; }), "! meter_already_registered"},
    {"another country", enter(in_service, [](auto& r) { r.country = france; }), "! meter_already_registered"},
    {"the same on another day", enter(in_service, [](auto& r) { r.date = march_3; }), "-"},
    {"an opened meter", enter(opened, as_is), "! meter_tampered"},
  });
}

BOOST_AUTO_TEST_CASE(pieces_are_counted_before_they_are_printed) {
  check<meter_event>({
    {"no label", print(blank, 1), "! meter_not_labelled"},
    {"not registered", print(both, 1), "! meter_not_registered"},
    {"none", print(in_service, 0), "! command_malformed"},
    {"one", print(in_service, 1), "indicia_printed"},
    {"an opened meter", print(opened, 1), "! meter_tampered"},
  });
  auto m = in_service;
  std::uint64_t next = 1;
  for (std::uint32_t count : {1u, 3u, 1000u, 1u}) {
    const auto e = event_in<indicia_printed>(print(m, count));
    BOOST_CHECK(e == (indicia_printed{meter_a, next, count, march_3}));
    evolve(m, e);
    next += count;
  }
  BOOST_TEST(m.pieces == 1005u);
}

// EP-20: "a tamper event wipes them".
BOOST_AUTO_TEST_CASE(an_opened_meter_has_no_keys) {
  const auto report = [](const meter& m) { return decide(m, report_tamper{}); };
  check<meter_event>({
    {"with a label only", report(with_label), "tamper_detected"},
    {"in service", report(in_service), "tamper_detected"},
    {"again", report(opened), "-"},
    {"no label: nothing is in it yet", report(blank), "! meter_not_labelled"},
  });
  for (const auto& [domain, key] : opened.keys)
    BOOST_TEST(!key.held);
  BOOST_TEST(opened.keys.size() == 2u);
}

BOOST_AUTO_TEST_CASE(what_a_meter_knows_of_itself) {
  const meter whole{meter_a,
                    product_1,
                    7,
                    {{ve, {5, true, true, check_1, 0}}, {usps, {8, true, true, check_2, 0}}},
                    serial_1,
                    germany,
                    march_2,
                    0,
                    false};
  BOOST_CHECK(in_service == whole);
  BOOST_CHECK(refused_6.keys.at(ve) == (meter_key{6, false, false, check_1, 1}));
}

// --- properties ---------------------------------------------------------------------------------------------

namespace {

decision<meter_event> any_command(const meter& m, draw d) {
  const auto kind = d.below(12);
  const key_id id = key(1 + d.below(6), d.one_of({ve, usps}));
  const auto value = d.mostly(4) ? check_1 : check_2;
  const auto meter = d.mostly(6) ? meter_a : meter_b;
  const auto product = d.mostly(6) ? product_1 : product_2;
  const memory_check facts{d.mostly(5), d.mostly(5)};
  const auto serial = d.one_of({serial_1, serial_1, serial_2, indicia_serial{}});
  const auto count = static_cast<std::uint32_t>(d.below(3));
  switch (kind) {
    case 0: return decide(m, meter_labelled{meter, product, 7});
    case 1: return d.below(8) ? provision(m, id) : decide(m, report_tamper{});
    case 2:
    case 3: return decide(m, meter_registered{meter, product, serial, germany, march_2});
    case 4: return print(m, count);
    case 5:
    case 6:
    case 7: return commit(m, id);
    default: return provision(m, id, value, facts);
  }
}

} // namespace

BOOST_AUTO_TEST_CASE(any_commands_in_any_order_keep_the_rules) {
  BOOST_TEST(rc::check("meter", [] {
    lived<meter, meter_event> box;
    if (*rc::gen::inRange(0, 4) != 0)
      box.take(std::vector<meter_event>{labelled});
    for (auto d : draws()) {
      const auto before = box.live;
      const bool changed = box.take(any_command(before, d));
      const auto& now = box.live;
      RC_ASSERT(!changed || !before.tampered);
      RC_ASSERT(before.number.empty() || (now.number == before.number && now.product == before.product));
      RC_ASSERT(before.serial.empty() || (now.serial == before.serial && now.registered == before.registered));
      RC_ASSERT(now.pieces >= before.pieces && (now.pieces == 0 || !now.serial.empty()));
      RC_ASSERT(!now.number.empty() || now.keys.empty());
      for (const auto& [domain, old] : before.keys) {
        const auto& key = now.keys.at(domain);
        RC_ASSERT(key.number >= old.number && (!old.committed || (key.committed && key.check == old.check)));
        RC_ASSERT(!old.committed || key.number == old.number);
        RC_ASSERT(key.number != old.number || key.check == old.check || !key.held);
        // What could not be written, or was wiped, never comes back under its id.
        RC_ASSERT(old.held || !key.held || key.number > old.number);
      }
    }
  }));
}

BOOST_AUTO_TEST_SUITE_END()
