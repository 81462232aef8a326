// EP-1, EP-7, EP-12: domains are created once, box ids are reserved once.

#include "events/domain.hpp"

#include "tests/events/given.hpp"

#include <map>

using namespace oaksteel;
using namespace oaksteel::given_when_then;

namespace {

const box_id manufacturing_1{box_type::manufacturing, 1};

domain_created creation(const box_id& creator = manufacturing_1) {
  return {usps, "postal", {"US"}, suite_id::p256, creator, {}};
}

decision<box_allocator_event> reserve(const box_allocator& state, const char* slot, box_type type) {
  return decide(state, reserve_box_id{{slot}, type});
}

} // namespace

BOOST_AUTO_TEST_SUITE(domains)

BOOST_AUTO_TEST_CASE(a_domain_is_created_once_by_an_enabled_manufacturing_box) {
  const domain none;
  const auto created = given<domain>(creation());
  check<domain_event>({
    {"a new domain", decide(none, creation(), true), "domain_created"},
    {"in a disabled box", decide(none, creation(), false), "! box_disabled"},
    {"again", decide(created, creation(), true), "! domain_exists"},
    {"again, in a disabled box", decide(created, creation(), false), "! box_disabled"},
    {"by an Oak", decide(none, creation(oak_1), true), "! wrong_box_type"},
    {"by a Steel", decide(none, creation(steel_1), true), "! wrong_box_type"},
    {"by a Brass", decide(none, creation(brass_1), true), "! wrong_box_type"},
    {"by a Tin", decide(none, creation({box_type::tin, 1}), true), "! wrong_box_type"},
  });
  BOOST_CHECK(created == (domain{true, "postal", {"US"}, suite_id::p256, manufacturing_1}));
}

// EP-9: whose private half, and what for.
BOOST_AUTO_TEST_CASE(key_roles_have_their_names) {
  const std::string_view names[] = {"?",
                                    "oak authentication",
                                    "steel authentication",
                                    "steel confidentiality",
                                    "brass authentication",
                                    "brass confidentiality"};
  for (unsigned n = 0; n < 256; ++n) {
    BOOST_TEST(valid(static_cast<key_role>(n)) == (n >= 1 && n <= 5));
    BOOST_TEST(name(static_cast<key_role>(n)) == (n < 6 ? names[n] : "?"));
  }
}

// EP-7: "Box ids are unique whoever hands them out"; each type has its own numbers, from 1.
BOOST_AUTO_TEST_CASE(box_ids_are_handed_out_in_order) {
  struct {
    const char* slot;
    box_type type;
    std::string_view id; // empty: no event, the slot keeps what it has
  } const lines[] = {
    {"m", box_type::manufacturing, "M00000001"}, // EP-6
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

BOOST_AUTO_TEST_SUITE_END()
