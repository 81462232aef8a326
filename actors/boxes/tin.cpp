#include "actors/boxes/boxes.hpp"

namespace oaksteel {

tin_actor::behavior_type tin_box(tin_actor::stateful_pointer<box_state> self, box_place place, surroundings around) {
  found_box(self, place, around);
  return box_behaviour<tin_actor>(self);
}

} // namespace oaksteel
