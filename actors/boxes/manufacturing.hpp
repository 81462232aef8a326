#pragma once
// What the two halves of a Manufacturing box share: how it admits other boxes (enrolling.cpp), and how it makes
// domains and gives keys away (manufacturing.cpp).

#include "actors/boxes/boxes.hpp"

namespace oaksteel {

using manufacturing_pointer = manufacturing_actor::stateful_pointer<manufacturing_state>;

/// A worker or the box itself opens domain key set and start-up keys; nothing while the box is disabled or has none.
std::function<std::optional<key_bundle>()> own_keys(box_core& core);
/// The suite of the site's keys, as the first Manufacturing box made them.
suite_id suite_of(box_core& core);

/// EP Fig. 23: "allocates the next [...] Secure Box ID, signs the message with the Private [...] Startup Authentication
/// Key"; EP-8: with a challenge that the box must answer.
caf::typed_response_promise<box_id_allocated> allocate(manufacturing_pointer self, const allocate_box_id& m);
/// Checks the box's answer. Whatever comes of it, the challenge is used up.
caf::typed_response_promise<box_admission> admit(manufacturing_pointer self, const admit_box& m);

} // namespace oaksteel
