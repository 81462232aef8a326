#pragma once
// A digital meter in the node: the actor that owns its memory (EP-20).

#include "actors/actors.hpp"
#include "actors/messages.hpp"
#include "actors/shell.hpp"
#include "crypto/agreement.hpp"
#include "storage/media.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <map>

namespace oaksteel {

/// A fault that a scenario builds into a meter: so often does the key installation of a domain fail.
struct meter_defect {
  domain_id domain;
  bool wrong_tokens = false; ///< else the memory cannot be written
  unsigned times = 0;
};

struct meter_options {
  sequence_number number;        ///< which meter this is; its label comes by message
  std::uint32_t slot = 0;        ///< where its memory key lies
  erasable_slots* memory = nullptr;
  std::vector<meter_defect> defects;
  /// A key that is not committed when the meter starts is none (events/unfinished_key.hpp).
  bool drops_unfinished = false;
};

/// A key in the meter's working memory.
struct loaded_key {
  std::uint64_t number = 0;
  secret_handle k;
};

struct meter_state {
  static inline const char* name = "meter";
  meter_options options;
  std::unique_ptr<shell> house;
  secret_handle memory_key;
  std::optional<secret> session; ///< with a Steel box, from MI5q to MI5
  box_id session_steel;
  bytes session_point;
  std::unique_ptr<ephemeral_key> own;
  std::map<domain_id, loaded_key> keys;
  std::map<domain_id, unsigned> defects_shown;
};

meter_actor::behavior_type digital_meter(meter_actor::stateful_pointer<meter_state> self, meter_options options,
                                         surroundings around);

} // namespace oaksteel
