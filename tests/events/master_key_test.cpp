// EP-13, EP-14, EP-18, EP-19, EP-20: a master key's life, in its archive.

#include "events/master_key.hpp"

#include "tests/events/given.hpp"

#include <array>

using namespace oaksteel;
using namespace oaksteel::given_when_then;

BOOST_AUTO_TEST_SUITE(master_keys)
namespace {

const key_created created{key(1), oak_1, steel_1, {}};
const key_installed installed{key(1), brass_1, meter_a, {}};
const key_activated activated{key(1), brass_1, meter_a, product_1, serial_1, germany, march_2, {}, {}};
const key_retired retired{key(1), brass_1, meter_a, "worn out", march_3, {}, {}};
const key_marked_bad marked_bad{key(1), brass_1, refusal::meter_write_failed, {}};
const std::array<master_key_event, 5> records{created, installed, activated, retired, marked_bad};

/// The state in each status, in the order of key_status.
const std::array<master_key, 6> standing{given<master_key>(),
                                         given<master_key>(created),
                                         given<master_key>(created, installed),
                                         given<master_key>(created, installed, activated),
                                         given<master_key>(created, installed, activated, retired),
                                         given<master_key>(created, marked_bad)};
const master_key &none = standing[0], &is_new = standing[1], &is_installed = standing[2], &is_active = standing[3],
                 &is_obsolete = standing[4], &is_bad = standing[5];

constexpr record_check good{true, true, true};

decision<master_key_event> store(const master_key& state, const master_key_event& record,
                                 const record_check& facts = good, std::uint64_t last_assigned = 1) {
  return decide(state, record, facts, last_assigned);
}

/// The event with one thing changed.
template <class Event, class Change>
Event but(Event e, Change change) {
  change(e);
  return e;
}

} // namespace

BOOST_AUTO_TEST_CASE(statuses_have_their_names) {
  const std::string_view names[] = {"-", "New", "Installed", "Active", "Obsolete", "Bad"};
  for (unsigned n = 0; n < 256; ++n) {
    BOOST_TEST(valid(static_cast<key_status>(n)) == (n < 6));
    BOOST_TEST(name(static_cast<key_status>(n)) == (n < 6 ? names[n] : "?"));
  }
  for (unsigned n = 0; n < 6; ++n)
    BOOST_CHECK(standing[n].status == static_cast<key_status>(n));
}

// The table of EP-13: all pairs of statuses.
BOOST_AUTO_TEST_CASE(the_legal_transitions) {
  constexpr bool legal[6][6] = {
    // to: -, New, Installed, Active, Obsolete, Bad
    {0, 1, 0, 0, 0, 0}, // from -
    {0, 0, 1, 0, 0, 1}, // from New
    {0, 0, 0, 1, 1, 0}, // from Installed
    {0, 0, 0, 0, 1, 0}, // from Active
    {0, 0, 0, 0, 0, 0}, // from Obsolete
    {0, 0, 0, 0, 0, 0}, // from Bad
  };
  for (unsigned from = 0; from < 6; ++from)
    for (unsigned to = 0; to < 6; ++to)
      BOOST_TEST_CONTEXT(from << " to " << to)
        BOOST_TEST(may_follow(static_cast<key_status>(from), static_cast<key_status>(to)) == legal[from][to]);
  for (unsigned n = 0; n < 256; ++n) {
    BOOST_TEST(!may_follow(static_cast<key_status>(n), static_cast<key_status>(6)));
    BOOST_TEST((n < 4 || !may_follow(static_cast<key_status>(n), key_status::obsolete)));
  }
}

BOOST_AUTO_TEST_CASE(every_record_in_every_status) {
  constexpr std::string_view no = "! status_transition_illegal", done = "-";
  const std::string_view expected[6][5] = {
    // MI3, MI9, MR3, MO2, MB2; the stored one again is no change
    {"key_created", no, no, no, no},                // -
    {done, "key_installed", no, no, "key_marked_bad"}, // New
    {no, done, "key_activated", "key_retired", no}, // Installed
    {no, no, done, "key_retired", no},              // Active
    {no, no, no, done, no},                         // Obsolete
    {no, no, no, no, done},                         // Bad
  };
  for (unsigned from = 0; from < 6; ++from)
    for (unsigned e = 0; e < 5; ++e)
      BOOST_TEST_CONTEXT(name(standing[from].status) << ", " << name_of_event(to_any(records[e]))) {
        const auto d = store(standing[from], records[e]);
        BOOST_TEST(outcome(d) == expected[from][e]);
        auto after = standing[from];
        if (d)
          for (const auto& event : *d) {
            BOOST_CHECK(event == records[e]);
            apply(after, event);
          }
        BOOST_CHECK(d && !d->empty() ? after.status == status_after(records[e]) : after == standing[from]);
      }
}

BOOST_AUTO_TEST_CASE(a_record_that_is_not_sound_changes_nothing_in_any_status) {
  struct {
    record_check facts;
    std::uint64_t last_assigned;
    std::string_view then;
  } const lines[] = {
    {{false, true, true}, 1, "! signature_invalid"},
    {{false, false, false}, 0, "! signature_invalid"},
    {{true, false, true}, 1, "! records_disagree"},
    {{true, false, false}, 0, "! records_disagree"},
    {{true, true, false}, 1, "! sealed_material_invalid"},
    {{true, true, false}, 0, "! sealed_material_invalid"},
    {{true, true, true}, 0, "! key_id_not_assigned"},
  };
  for (const auto& state : standing)
    for (const auto& record : records)
      for (const auto& l : lines)
        BOOST_TEST_CONTEXT(name(state.status) << ", " << name_of_event(to_any(record)))
          BOOST_TEST(outcome(store(state, record, l.facts, l.last_assigned)) == l.then);
}

BOOST_AUTO_TEST_CASE(only_assigned_key_ids) {
  auto of = [](std::uint64_t number) { return key_created{key(number), oak_1, steel_1, {}}; };
  check<master_key_event>({
    {"zero is no key id", store(none, of(0), good, 5), "! key_id_not_assigned"},
    {"the last one assigned", store(none, of(5), good, 5), "key_created"},
    {"one that was assigned and left out", store(none, of(3), good, 5), "key_created"},
    {"the next one", store(none, of(6), good, 5), "! key_id_not_assigned"},
  });
}

// EP-14: "the archive accepts one New per key id, whichever Oak made it".
BOOST_AUTO_TEST_CASE(a_second_record_of_the_same_status_is_another_one) {
  const auto activation = [](auto change) { return store(is_active, but(activated, change)); };
  check<master_key_event>({
    {"New by another Oak", store(is_new, but(created, [](auto& e) { e.oak = oak_2; })), "! status_transition_illegal"},
    {"New for another Steel", store(is_new, but(created, [](auto& e) { e.steel = steel_2; })),
     "! status_transition_illegal"},
    {"Installed in another meter", store(is_installed, but(installed, [](auto& e) { e.meter = meter_b; })),
     "! status_transition_illegal"},
    {"Active in another meter", activation([](auto& e) { e.meter = meter_b; }), "! status_transition_illegal"},
    {"Active under another serial", activation([](auto& e) { e.serial = serial_2; }), "! status_transition_illegal"},
    {"Active in another country", activation([](auto& e) { e.country = france; }), "! status_transition_illegal"},
    {"Active as another product", activation([](auto& e) { e.product = product_2; }), "! status_transition_illegal"},
    {"Active from another day", activation([](auto& e) { e.date = march_3; }), "! status_transition_illegal"},
    {"Obsolete from another day", store(is_obsolete, but(retired, [](auto& e) { e.date = march_2; })),
     "! status_transition_illegal"},
    {"Obsolete in another meter", store(is_obsolete, but(retired, [](auto& e) { e.meter = meter_b; })),
     "! status_transition_illegal"},
    {"Bad again", store(is_bad, marked_bad), "-"},
  });
}

BOOST_AUTO_TEST_CASE(a_record_speaks_of_this_key_and_its_meter) {
  const auto scrapped = but(retired, [](auto& e) { e.date = {}; });
  check<master_key_event>({
    {"MI9 of another key", store(is_new, but(installed, [](auto& e) { e.key = key(2); }), good, 2),
     "! records_disagree"},
    {"MB2 of the same number in another domain", store(is_new, but(marked_bad, [](auto& e) { e.key = key(1, usps); })),
     "! records_disagree"},
    {"MR3 for another meter", store(is_installed, but(activated, [](auto& e) { e.meter = meter_b; })),
     "! records_disagree"},
    {"MO2 for another meter", store(is_active, but(retired, [](auto& e) { e.meter = meter_b; })),
     "! records_disagree"},
    {"MO2 before registration, for another meter",
     store(is_installed, but(retired, [](auto& e) { e.meter = meter_b; })), "! records_disagree"},
    // EP-18: "a message whose time precedes an earlier one is refused"; "a date compares as a calendar day".
    {"MO2 dated before the registration", store(is_active, but(retired, [](auto& e) { e.date = {20260301}; })),
     "! records_disagree"},
    {"MO2 on the day of the registration", store(is_active, but(retired, [](auto& e) { e.date = march_2; })),
     "key_retired"},
    {"MO2 without a date, never registered", store(is_installed, scrapped), "key_retired"},
    {"MO2 without a date", store(is_active, scrapped), "! records_disagree"},
  });
}

// EP-20: "Product code and indicia serial number must be defined before a key becomes Active"; MR1 holds the rest.
BOOST_AUTO_TEST_CASE(a_registration_is_complete) {
  const auto without = [](auto change) { return store(is_installed, but(activated, change)); };
  check<master_key_event>({
    {"no product code", without([](auto& e) { e.product = {}; }), "! meter_registration_incomplete"},
    {"no indicia serial", without([](auto& e) { e.serial = {}; }), "! meter_registration_incomplete"},
    {"no country", without([](auto& e) { e.country = {}; }), "! meter_registration_incomplete"},
    {"no date", without([](auto& e) { e.date = {}; }), "! meter_registration_incomplete"},
    {"all there", without([](auto&) {}), "key_activated"},
  });
}

BOOST_AUTO_TEST_CASE(what_the_archive_knows_after_each_record) {
  const master_key whole{key_status::obsolete, key(1),  oak_1,   steel_1, meter_a,           product_1,
                         serial_1,             germany, march_2, march_3, refusal::no_answer};
  BOOST_CHECK(is_obsolete == whole);
  BOOST_CHECK(is_bad == (master_key{key_status::bad, key(1), oak_1, steel_1, {}, {}, {}, {}, {}, {},
                                    refusal::meter_write_failed}));
  BOOST_CHECK(given<master_key>(created, installed, retired)
              == (master_key{key_status::obsolete, key(1), oak_1, steel_1, meter_a, {}, {}, {}, {}, march_3,
                             refusal::no_answer}));
}

// --- key ids (EP-14: "per domain, assigned by the archive, strictly increasing") ---------------------

BOOST_AUTO_TEST_CASE(key_ids_are_assigned_to_steel_boxes) {
  const auto ask = [](const box_id& steel) { return decide(key_counter{}, assign_key_id{ve, steel, {7}}); };
  check<key_counter_event>({
    {"a Steel box asks", ask(steel_1), "key_id_assigned"},
    {"an Oak", ask(oak_1), "! wrong_box_type"},
    {"a Brass", ask(brass_1), "! wrong_box_type"},
    {"a Tin", ask({box_type::tin, 1}), "! wrong_box_type"},
    {"a Manufacturing box", ask({box_type::manufacturing, 1}), "! wrong_box_type"},
    {"a Steel box without an id", ask({box_type::steel, 0}), "! wrong_box_type"},
  });
}

BOOST_AUTO_TEST_CASE(key_ids_increase) {
  key_counter counter;
  for (std::uint64_t expected : {1, 2, 3, 4}) {
    const auto d = decide(counter, assign_key_id{usps, expected % 2 ? steel_1 : steel_2, {expected}});
    const auto e = event_in<key_id_assigned>(d);
    BOOST_CHECK(e == (key_id_assigned{key(expected, usps), expected % 2 ? steel_1 : steel_2, {expected}}));
    evolve(counter, e);
  }
  // A counter that was raised after a backup was restored (SYS-6) goes on from there.
  BOOST_CHECK(event_in<key_id_assigned>(decide(key_counter{1000}, assign_key_id{ve, steel_1, {}})).key == key(1001));
}

// --- properties ---------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(any_records_in_any_order_move_a_key_along_the_table) {
  BOOST_TEST(rc::check("master key", [] {
    lived<master_key, master_key_event> archive;
    for (auto d : draws()) {
      const auto kind = d.below(5);
      const key_id id = d.mostly(8) ? key(1) : key(d.below(4), d.one_of({ve, usps}));
      const auto meter = d.mostly(8) ? meter_a : meter_b;
      const auto date = d.one_of({calendar_date{}, march_2, march_3});
      const record_check facts{d.mostly(9), d.mostly(9), d.mostly(9)};
      const std::uint64_t last_assigned = d.mostly(9) ? 3 : 0;
      const master_key_event record = std::array<master_key_event, 5>{
        key_created{id, d.one_of({oak_1, oak_2}), steel_1, {}}, key_installed{id, brass_1, meter, {}},
        key_activated{id, brass_1, meter, product_1, d.one_of({serial_1, indicia_serial{}}), germany, date, {}, {}},
        key_retired{id, brass_1, meter, "", date, {}, {}}, key_marked_bad{id, brass_1, refusal::no_answer, {}}}[kind];
      const auto before = archive.live;
      const bool changed = archive.take(decide(archive.live, record, facts, last_assigned));
      RC_ASSERT((changed ? may_follow(before.status, archive.live.status) : archive.live == before));
      RC_ASSERT(!changed || (facts.signature_valid && facts.body_agrees && facts.sealed_agrees && last_assigned));
      RC_ASSERT(archive.live.retired.yyyymmdd == 0 || archive.live.retired >= archive.live.registered);
      if (before.status != key_status::none)
        RC_ASSERT(archive.live.key == before.key && archive.live.oak == before.oak);
    }
  }));
}

BOOST_AUTO_TEST_SUITE_END()
