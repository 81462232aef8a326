#pragma once
// How a box comes to its id: one allocator for all of them, and the admission of a box that has proved itself to a
// Manufacturing box (EP-7, EP-8; EP Fig. 23).

#include "events/ids.hpp"
#include "events/refusal.hpp"

#include <array>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace oaksteel {

/// 32 random bytes, drawn anew for each enrolment by each side.
using nonce = std::array<std::uint8_t, 32>;

/// A box id was reserved for the box in a slot, durably before it is used (EP-7). The same slot gets the
/// same id again until the box has taken it, so that an interrupted ceremony burns no id.
struct box_id_reserved {
  box_id box;
  label slot;

  static auto fields(auto& self, auto take) { return take(self.box, self.slot); }
};

/// After a restoration: ids of this type up to this one may have been handed out and are not handed out again.
struct box_ids_raised {
  box_id box;

  static auto fields(auto& self, auto take) { return take(self.box); }
};

struct box_allocator {
  std::map<std::string, std::string> slots; ///< slot to box id
  std::map<box_type, std::uint32_t> raised; ///< by a restoration: numbers up to this one are taken

  static auto fields(auto& self, auto take) { return take(self.slots, self.raised); }
};
using box_allocator_event = std::variant<box_id_reserved, box_ids_raised>;

struct reserve_box_id {
  label slot;
  box_type type = box_type::oak;
};
/// M00000001 is given and not reserved (EP Fig. 22): further Manufacturing boxes begin at 2.
decision<box_allocator_event> decide(const box_allocator& state, const reserve_box_id& command);
/// No event where no id up to it would be handed out anyway.
decision<box_allocator_event> decide(const box_allocator& state, const box_ids_raised& proposed);
void evolve(box_allocator& state, const box_id_reserved& e);
void evolve(box_allocator& state, const box_ids_raised& e);
/// The id that the allocator holds for a slot.
std::optional<box_id> reserved_for(const box_allocator& state, const label& slot);

/// A Manufacturing box found that the box in a slot knows its enrolment secret: from now on it gives keys to this
/// start-up key and to no other (EP-8). A box that was given no keys afterwards may be admitted again.
struct box_admitted {
  box_id box;
  label slot;
  box_id source; ///< the Manufacturing box
  suite_id suite = suite_id::rsa3072;
  bytes start_up_key; ///< public start-up confidentiality key, SubjectPublicKeyInfo

  static auto fields(auto& self, auto take) {
    return take(self.box, self.slot, self.source, self.suite, self.start_up_key);
  }
};

struct admission {
  label slot;
  box_id source;
  suite_id suite = suite_id::rsa3072;
  bytes start_up_key;

  static auto fields(auto& self, auto take) { return take(self.slot, self.source, self.suite, self.start_up_key); }
};
using admission_event = std::variant<box_admitted>;

/// What the source found.
struct admission_check {
  bool has_id = false; ///< the box took its id before
  bool proved = false; ///< the answer is that of a box that knows the secret and saw the challenge
  bool at_work = false; ///< keys were given to the box that was admitted before
};
decision<admission_event> decide(const admission& state, const box_admitted& proposed, const admission_check& facts);
void evolve(admission& state, const box_admitted& e);

} // namespace oaksteel
