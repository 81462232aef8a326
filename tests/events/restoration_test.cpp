// SYS-6: "a restored backup acts only after its counters have been raised above everything that any participant has seen";
// architecture.md: "a restored backup opens a new log with a parent; peers refuse later records of the old one".

#include "events/permitted.hpp"
#include "events/seen_numbers.hpp"
#include "tests/events/box_fixtures.hpp"

using namespace oaksteel;
using namespace oaksteel::given_when_then;

BOOST_AUTO_TEST_SUITE(restorations)
namespace {

digest log_of(std::uint8_t n) {
  digest d;
  d.value.fill(n);
  return d;
}
const digest log_a = log_of(1), log_b = log_of(2), log_c = log_of(3), stranger = log_of(9);

neighbour_met comes(const digest& log, std::uint32_t epoch, std::vector<digest> parents = {}) {
  return {"post", log, epoch, std::move(parents)};
}

neighbour then_met(neighbour state, const neighbour_met& e) {
  evolve(state, e);
  return state;
}

} // namespace

// --- the node itself -----------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_node_remembers_its_parents_and_that_its_counters_stand_low) {
  auto node = given<node_state>(log_opened{"n1", false, bytes(32, 1)}, log_restored{"n1", log_a, 9, bytes(32, 2), 5});
  BOOST_CHECK(node.restored && node.raise_by == 5u && node.ancestors == std::vector{log_a});
  const auto permitted = [&](const node_event& e) { return !not_permitted(any_state{node}, to_any(e)); };
  BOOST_TEST(permitted(counters_raised{7, {"n2"}}));
  evolve(node, counters_raised{7, {"n2"}});
  BOOST_CHECK(!node.restored && node.raise_by == 0u);
  BOOST_TEST(!permitted(counters_raised{8, {}})); // nothing was restored
  BOOST_TEST(permitted(log_restored{"n1", log_b, 20, bytes(32, 3), 0}));
  BOOST_TEST(!permitted(log_restored{"n2", log_b, 20, bytes(32, 3), 0}));
  BOOST_TEST(!permitted(log_restored{"n1", log_b, 20, bytes(31, 3), 0}));
  evolve(node, log_restored{"n1", log_b, 20, bytes(32, 3), 0});
  BOOST_CHECK((node.ancestors == std::vector{log_b, log_a}));
  for (std::uint8_t n = 10; n < 10 + 2 * ancestors_limit; ++n)
    evolve(node, log_restored{"n1", log_of(n), n, bytes(32, 3), 0});
  BOOST_TEST(node.ancestors.size() == ancestors_limit);
  BOOST_CHECK(node.ancestors.front() == log_of(9 + 2 * ancestors_limit));
  const auto simulated = given<node_state>(log_opened{"n1", true, bytes(32, 1)});
  BOOST_TEST(not_permitted(any_state{simulated}, log_restored{"n1", log_a, 1, bytes(32, 1), 0}).has_value());
}

// --- counters ------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(counters_are_raised_and_never_lowered) {
  const auto keys = given<key_counter>(key_id_assigned{key(5), steel_1, {1}});
  const auto book = given<order_book>(order_numbered{{5}});
  const auto boxes = given<box_allocator>(box_id_reserved{{box_type::oak, 5}, {"oak-a"}});
  for (const std::uint64_t number : {4, 5})
    BOOST_TEST_CONTEXT(number) {
      BOOST_TEST(outcome(decide(keys, key_ids_raised{key(number)})) == "-");
      BOOST_TEST(outcome(decide(book, order_numbers_raised{{number}})) == "-");
      BOOST_TEST(outcome(decide(boxes, box_ids_raised{{box_type::oak, static_cast<std::uint32_t>(number)}})) == "-");
    }
  // What comes next is above it.
  auto raised_keys = keys;
  evolve(raised_keys, event_in<key_ids_raised>(decide(keys, key_ids_raised{key(6)})));
  BOOST_CHECK(event_in<key_id_assigned>(decide(raised_keys, assign_key_id{ve, steel_1, {}})).key == key(7));
  auto raised_book = book;
  evolve(raised_book, event_in<order_numbers_raised>(decide(book, order_numbers_raised{{6}})));
  BOOST_TEST(raised_book.last == 6u);
  auto raised_boxes = boxes;
  evolve(raised_boxes, event_in<box_ids_raised>(decide(boxes, box_ids_raised{{box_type::oak, 6}})));
  const auto next = [&](const box_allocator& state, box_type type) {
    return event_in<box_id_reserved>(decide(state, reserve_box_id{{"new"}, type})).box.text();
  };
  BOOST_TEST(next(raised_boxes, box_type::oak) == "O00000007");
  BOOST_TEST(next(raised_boxes, box_type::steel) == "S00000001"); // each type has its own
  BOOST_TEST(reserved_for(raised_boxes, {"oak-a"})->text() == "O00000005");
  // EP-6: the first Manufacturing box's id is given and not reserved.
  BOOST_TEST(outcome(decide(box_allocator{}, box_ids_raised{{box_type::manufacturing, 1}})) == "-");
}

// EP-14: "refuse any that is not greater".
BOOST_AUTO_TEST_CASE(oak_and_steel_take_no_key_id_that_they_may_have_seen) {
  const auto raise = [](const secure_box& box, const key_id& k) { return decide(box, last_seen_raised{box.id, k}); };
  const auto oak = after(at_work(oak_1), raise(at_work(oak_1), key(7)));
  check<box_event>({
    {"Oak, up to it", generate(oak, key(7)), "! key_id_not_fresh"},
    {"Oak, beyond it", generate(oak, key(8)), "key_generated"},
    {"Oak, of another domain", generate(at_work(oak_1), key(1, usps)), "! domain_not_active"},
    {"again", raise(oak, key(7)), "-"},
    {"lower", raise(oak, key(6)), "-"},
    {"higher", raise(oak, key(8)), "last_seen_raised"},
    {"no id yet", raise(secure_box{}, key(7)), "! box_not_initialised"},
    {"Brass", raise(at_work(brass_1), key(7)), "! wrong_box_type"},
  });
  const auto steel = after(at_work(steel_1), raise(at_work(steel_1), key(7)));
  check<box_event>({
    {"Steel, up to it", attempt(steel, key(7)), "! key_id_not_fresh"},
    {"Steel, beyond it", attempt(steel, key(8)), "installation_attempted"},
  });
}

// A box had a domain's keys, and the backup is older: when it gets them again it has seen no less than before.
BOOST_AUTO_TEST_CASE(what_was_raised_holds_for_a_domain_whose_keys_come_later) {
  auto steel = after(enabled(steel_1), decide(enabled(steel_1), last_seen_raised{steel_1, key(7)}));
  BOOST_CHECK(steel.processes.empty());
  BOOST_TEST(outcome(decide(steel, last_seen_raised{steel_1, key(7)})) == "-");
  steel = then(steel, domain_process_made{steel_1, ve, suite_id::p256, {steel_1}});
  check<box_event>({
    {"up to it", attempt(steel, key(7)), "! key_id_not_fresh"},
    {"beyond it", attempt(steel, key(8)), "installation_attempted"},
  });
  BOOST_TEST(steel.raised.empty());
}

BOOST_AUTO_TEST_CASE(numbers_that_were_seen_are_the_highest_of_all) {
  seen_numbers seen;
  for (const auto& p : std::vector<participant>{{participant_kind::key, "VE/7"},
                                                {participant_kind::key, "VE/6"},
                                                {participant_kind::key, "USPS/1"},
                                                {participant_kind::key, "none"},
                                                {participant_kind::box, "O00000003"},
                                                {participant_kind::box, "O00000002"},
                                                {participant_kind::box, "S00000001"},
                                                {participant_kind::order, "9"},
                                                {participant_kind::meter, "99"},
                                                {participant_kind::domain, "UKRM"}})
    seen.add(p);
  BOOST_CHECK((seen == seen_numbers{{{ve, 7}, {usps, 1}}, {{box_type::oak, 3}, {box_type::steel, 1}}, 9, 0}));
  seen.add(seen_numbers{{{ve, 5}, {ukrm, 2}}, {{box_type::oak, 4}}, 8, 3});
  BOOST_CHECK((seen
               == seen_numbers{{{ve, 7}, {usps, 1}, {ukrm, 2}}, {{box_type::oak, 4}, {box_type::steel, 1}}, 9, 3}));
  auto more = seen;
  more.raise_by(0, {ve});
  BOOST_CHECK(more == seen);
  more.raise_by(10, {ve, {"NEW"}});
  BOOST_CHECK((more
               == seen_numbers{{{ve, 17}, {usps, 1}, {ukrm, 2}, {{"NEW"}, 10}},
                               {{box_type::brass, 10}, {box_type::manufacturing, 10}, {box_type::oak, 14},
                                {box_type::steel, 11}, {box_type::tin, 10}},
                               19, 13}));
}

// A peer that turned hostile must not use up all numbers that there are.
BOOST_AUTO_TEST_CASE(a_number_far_beyond_those_here_is_found) {
  const seen_numbers here{{{ve, 5}}, {{box_type::oak, 5}}, 5, 5};
  BOOST_TEST(!here.far_beyond(here, 10));
  BOOST_TEST(!seen_numbers({{{ve, 15}}, {{box_type::oak, 15}}, 15, 15}).far_beyond(here, 10));
  BOOST_TEST(seen_numbers({{{ve, 16}}, {}, 0, 0}).far_beyond(here, 10));
  BOOST_TEST(seen_numbers({{}, {{box_type::oak, 16}}, 0, 0}).far_beyond(here, 10));
  BOOST_TEST(seen_numbers({{}, {}, 16, 0}).far_beyond(here, 10));
  BOOST_TEST(seen_numbers({{}, {}, 0, 16}).far_beyond(here, 10));
  // Of what is not counted here others may have seen much.
  BOOST_TEST(!seen_numbers({{{usps, 10}}, {{box_type::steel, 10}}, 0, 0}).far_beyond(here, 10));
  BOOST_TEST(seen_numbers({{{usps, 11}}, {}, 0, 0}).far_beyond(here, 10));
  BOOST_TEST(seen_numbers({{}, {{box_type::steel, 11}}, 0, 0}).far_beyond(here, 10));
  // But not all that there are.
  BOOST_TEST(seen_numbers({{{usps, ~std::uint64_t{0}}}, {}, 0, 0}).far_beyond(here, 10));
  BOOST_TEST(seen_numbers({{}, {{box_type::steel, 100'000'000}}, 0, 0}).far_beyond(here, 10));
  BOOST_TEST(seen_numbers({{}, {}, ~std::uint64_t{0}, 0}).far_beyond(seen_numbers{}, 10));
}

// --- the others ----------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_node_comes_with_its_log_a_new_one_of_that_line_or_not_at_all) {
  const auto with_a = given<neighbour>(comes(log_a, 3));
  const auto with_b = then_met(with_a, comes(log_b, 2, {log_a}));
  check<neighbour_event>({
    {"for the first time", decide(neighbour{}, comes(log_a, 3)), "neighbour_met"},
    {"again", decide(with_a, comes(log_a, 3)), "-"},
    {"started again", decide(with_a, comes(log_a, 4)), "neighbour_met"},
    {"an old copy of its data, at an earlier start", decide(with_a, comes(log_a, 2)), "! peer_log_superseded"},
    {"many starts later", decide(with_a, comes(log_a, 3 + 100'000)), "neighbour_met"},
    {"more starts later than there can be", decide(with_a, comes(log_a, 3 + 100'001)), "! peer_log_unrelated"},
    {"the last start that there is", decide(with_a, comes(log_a, ~std::uint32_t{0})), "! peer_log_unrelated"},
    {"the same, for the first time", decide(neighbour{}, comes(log_a, ~std::uint32_t{0})), "! peer_log_unrelated"},
    {"another log", decide(with_a, comes(stranger, 9)), "! peer_log_unrelated"},
    {"another log of another line", decide(with_a, comes(log_b, 9, {stranger})), "! peer_log_unrelated"},
    {"restored, at a lower epoch", decide(with_a, comes(log_b, 2, {log_a})), "neighbour_met"},
    {"the old log after that", decide(with_b, comes(log_a, 9)), "! peer_log_superseded"},
    {"the new one again", decide(with_b, comes(log_b, 2, {log_a})), "-"},
    {"another log then", decide(with_b, comes(stranger, 9)), "! peer_log_unrelated"},
    {"the new directory lost too, its backup restored", decide(with_b, comes(log_c, 5, {log_b, log_a})),
     "neighbour_met"},
    {"the new directory lost too, the first backup restored again", decide(with_b, comes(log_c, 2, {log_a})),
     "neighbour_met"},
    {"a log between that never came", decide(with_a, comes(log_c, 2, {log_b, log_a})), "neighbour_met"},
  });
  BOOST_TEST(with_b.earlier_epoch == 3u);
  BOOST_CHECK(with_b.earlier == std::vector{log_a});
  // The log between is an earlier one from then on.
  const auto with_c = then_met(with_a, comes(log_c, 2, {log_b, log_a}));
  BOOST_CHECK((with_c.earlier == std::vector{log_a, log_b}));
  check<neighbour_event>({
    {"the log between", decide(with_c, comes(log_b, 9, {log_a})), "! peer_log_superseded"},
    {"the first", decide(with_c, comes(log_a, 9)), "! peer_log_superseded"},
  });
}

BOOST_AUTO_TEST_CASE(many_logs_of_a_node_take_bounded_memory_and_none_comes_back) {
  auto state = given<neighbour>(comes(log_of(0x40), 1));
  const auto log_number = [](unsigned n) {
    digest d;
    d.value[0] = static_cast<std::uint8_t>(n);
    d.value[1] = static_cast<std::uint8_t>(n >> 8);
    d.value[31] = 0x40;
    return d;
  };
  evolve(state, comes(log_number(0), 1, {log_of(0x40)}));
  for (unsigned n = 1; n < 300; ++n)
    evolve(state, comes(log_number(n), 1, {log_number(n - 1)}));
  BOOST_TEST(state.earlier.size() == earlier_logs_limit);
  for (unsigned n = 0; n < 299; ++n) {
    const std::vector<digest> parents{n == 0 ? log_of(0x40) : log_number(n - 1)};
    BOOST_TEST_CONTEXT(n) { BOOST_TEST(!decide(state, comes(log_number(n), 9, parents))); }
  }
}

BOOST_AUTO_TEST_SUITE_END()
