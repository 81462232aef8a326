#pragma once
// The five boxes (EP Figs. 6, 8), one actor in one .cpp each.

#include "actors/boxes/box_behaviour.hpp"

namespace oaksteel {

/// A Manufacturing box, and the enrolments for which it waits for an answer.
struct manufacturing_state : box_state {
  struct open_enrolment {
    enrolment seen;
    box_type type = box_type::oak;
    secret enrolment_secret;
  };
  std::map<label, open_enrolment> open; ///< by slot; in memory only: a challenge does not outlive its box's enabling
};

manufacturing_actor::behavior_type manufacturing_box(manufacturing_actor::stateful_pointer<manufacturing_state> self,
                                                     box_place place, surroundings around);
oak_actor::behavior_type oak_box(oak_actor::stateful_pointer<box_state> self, box_place place, surroundings around);
/// `line` is the PSR that relays to the meters on this box's line.
steel_actor::behavior_type steel_box(steel_actor::stateful_pointer<box_state> self, box_place place,
                                     surroundings around, psr_actor line);
brass_actor::behavior_type brass_box(brass_actor::stateful_pointer<box_state> self, box_place place,
                                     surroundings around);
tin_actor::behavior_type tin_box(tin_actor::stateful_pointer<box_state> self, box_place place, surroundings around);

} // namespace oaksteel
