#pragma once
// Boxes in the states that box_test and box_work_test begin with.

#include "events/box.hpp"

#include "tests/events/given.hpp"

namespace oaksteel::given_when_then {

inline const label anna{"anna"}, boris{"boris"}, clara{"clara"}, nobody{"nobody"};

inline box_initialised initialised(const box_id& box, std::uint8_t threshold, const std::vector<label>& custodians) {
  box_initialised e{box, {"slot-1"}, suite_id::p256, threshold, {}, {}, {}, {}, {}};
  for (const auto& c : custodians)
    e.shares.push_back({c, {}});
  return e;
}

/// EP-10: two of two for all but Manufacturing boxes, two of three for those.
inline secure_box with_id(const box_id& box) {
  const bool three = box.type == box_type::manufacturing;
  return given<secure_box>(initialised(box, 2, three ? std::vector{anna, boris, clara} : std::vector{anna, boris}));
}

template <class... Event>
secure_box then(secure_box state, const Event&... events) {
  (evolve(state, events), ...);
  return state;
}

inline secure_box enabled(const box_id& box) {
  return then(with_id(box), share_entered{box, anna}, share_entered{box, boris}, box_enabled{box});
}

/// Serves VE, which is active, and USPS; an Oak knows the first Steel box for both.
inline secure_box at_work(const box_id& box) {
  return then(enabled(box), domain_process_made{box, ve, suite_id::p256, {steel_1}},
              domain_process_made{box, usps, suite_id::p256, {steel_1}});
}

inline secure_box disabled(const secure_box& state) { return then(state, box_disabled{state.id, "share taken out"}); }

inline decision<box_event> enter(const secure_box& state, const label& who, std::optional<refusal> wrong = {}) {
  return decide(state, enter_share{who}, share_check{wrong});
}

/// Carries out what was decided.
inline secure_box after(secure_box state, const decision<box_event>& d) {
  BOOST_REQUIRE(d);
  for (const auto& e : *d)
    apply(state, e);
  return state;
}

inline decision<box_event> generate(const secure_box& oak, const key_id& id, const box_id& steel = steel_1) {
  return decide(oak, key_generated{id, oak.id, steel, {}, {}});
}

inline decision<box_event> attempt(const secure_box& steel, const key_id& id,
                                   const install_record_check& facts = {true, true, true}, const box_id& named = steel_1) {
  return decide(steel, attempt_installation{id, oak_1, named, meter_a, {}}, facts);
}

} // namespace oaksteel::given_when_then
