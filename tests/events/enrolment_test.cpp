// EP-7, EP-8: box ids are reserved once, and boxes admitted when they have proved themselves.

#include "events/enrolment.hpp"

#include "tests/events/given.hpp"

#include <map>

using namespace oaksteel;
using namespace oaksteel::given_when_then;

BOOST_AUTO_TEST_SUITE(enrolments)
namespace {

decision<box_allocator_event> reserve(const box_allocator& state, const char* slot, box_type type) {
  return decide(state, reserve_box_id{{slot}, type});
}

} // namespace

// EP-7: "Box ids are unique whoever hands them out"; each type has its own numbers, from 1.
BOOST_AUTO_TEST_CASE(box_ids_are_handed_out_in_order) {
  struct {
    const char* slot;
    box_type type;
    std::string_view id; // empty: no event, the slot keeps what it has
  } const lines[] = {
    {"m", box_type::manufacturing, "M00000002"}, // EP-6: the first one's is given
    {"oak-a", box_type::oak, "O00000001"},
    {"oak-b", box_type::oak, "O00000002"},
    {"steel-a", box_type::steel, "S00000001"},
    {"oak-a", box_type::oak, ""}, // a ceremony that was interrupted: the same id
    {"oak-c", box_type::oak, "O00000003"},
    {"brass-a", box_type::brass, "B00000001"},
    {"tin-a", box_type::tin, "T00000001"},
    {"steel-b", box_type::steel, "S00000002"},
  };
  box_allocator allocator;
  std::map<std::string, std::string> held;
  for (const auto& l : lines)
    BOOST_TEST_CONTEXT(l.slot) {
      const auto d = reserve(allocator, l.slot, l.type);
      BOOST_TEST(outcome(d) == (l.id.empty() ? "-" : "box_id_reserved"));
      if (!l.id.empty()) {
        const auto e = event_in<box_id_reserved>(d);
        BOOST_TEST(e.box.text() == l.id);
        BOOST_TEST(e.slot.text == l.slot);
        evolve(allocator, e);
        held[l.slot] = l.id;
      }
      BOOST_TEST(reserved_for(allocator, {l.slot})->text() == held[l.slot]);
    }
  BOOST_CHECK(allocator.slots == held);
  BOOST_TEST(outcome(reserve(allocator, "oak-a", box_type::steel)) == "! wrong_box_type");
  BOOST_CHECK(!reserved_for(allocator, {"oak-z"}));
}

BOOST_AUTO_TEST_CASE(no_two_slots_ever_have_one_id) {
  BOOST_TEST(rc::check("allocator", [] {
    lived<box_allocator, box_allocator_event> allocator;
    std::map<std::string, std::string> slot_of;
    for (auto d : draws()) {
      const label slot{"slot-" + std::to_string(d.below(30))};
      const auto type = d.one_of({box_type::oak, box_type::steel, box_type::brass});
      const auto decided = decide(allocator.live, reserve_box_id{slot, type});
      if (allocator.take(decided))
        RC_ASSERT(slot_of.emplace(reserved_for(allocator.live, slot)->text(), slot.text).second);
      if (decided)
        RC_ASSERT(reserved_for(allocator.live, slot)->type == type);
    }
  }));
}

// EP-8: "a box that fails this gets no id and no keys".
BOOST_AUTO_TEST_CASE(a_box_is_admitted_when_it_has_proved_itself) {
  const box_id manufacturing_2{box_type::manufacturing, 2};
  const box_admitted proposed{oak_1, {"oak-a"}, manufacturing_2, suite_id::p256, {1, 2, 3}};
  const auto with = [&](auto change) {
    auto other = proposed;
    change(other);
    return other;
  };
  const admission none;
  const auto before = given<admission>(proposed);
  const auto another = with([](auto& e) { e.start_up_key = {4, 5, 6}; });
  const admission_check good{false, true};
  check<admission_event>({
    {"proved", decide(none, proposed, good), "box_admitted"},
    {"proved again, as long as it has no id", decide(before, proposed, good), "box_admitted"},
    {"not proved", decide(none, proposed, {false, false}), "! enrolment_refused"},
    {"has its id", decide(none, proposed, {true, true}), "! box_already_initialised"},
    {"another box in its place", decide(before, another, good), "box_admitted"},
    {"another one, when that has keys", decide(before, another, {false, true, true}), "! box_already_initialised"},
    {"the same, when it has keys", decide(before, proposed, {false, true, true}), "box_admitted"},
    {"by a box that makes none", decide(none, with([](auto& e) { e.source = brass_1; }), good), "! wrong_box_type"},
    {"without an id", decide(none, with([](auto& e) { e.box.number = 0; }), good), "! command_malformed"},
    {"without a key", decide(none, with([](auto& e) { e.start_up_key.clear(); }), good), "! command_malformed"},
  });
  BOOST_CHECK(before == (admission{{"oak-a"}, manufacturing_2, suite_id::p256, {1, 2, 3}}));
}

BOOST_AUTO_TEST_SUITE_END()
