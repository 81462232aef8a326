#pragma once
// The four boxes (EP Figs. 6, 8), one actor in one .cpp each.

#include "actors/boxes/box_behaviour.hpp"

namespace oaksteel {

manufacturing_actor::behavior_type manufacturing_box(manufacturing_actor::stateful_pointer<box_state> self,
                                                     box_place place, surroundings around);
oak_actor::behavior_type oak_box(oak_actor::stateful_pointer<box_state> self, box_place place, surroundings around);
/// `line` is the PSR that relays to the meters on this box's line.
steel_actor::behavior_type steel_box(steel_actor::stateful_pointer<box_state> self, box_place place,
                                     surroundings around, psr_actor line);
brass_actor::behavior_type brass_box(brass_actor::stateful_pointer<box_state> self, box_place place,
                                     surroundings around);

} // namespace oaksteel
