#pragma once
// The conversation between a Steel box and a meter (EP Fig. 25, steps 334-338): MI5q, MI5, MI6r, MI6c.
// It begins after the attempt is durable and ends with what MI7 will say.

#include "actors/boxes/box_behaviour.hpp"
#include "events/signed_bodies.hpp"

#include <functional>

namespace oaksteel {

struct installation_terms {
  box_id steel;
  box_id oak;
  key_id key;
  sequence_number meter;
  instant psr_install;
  secret_handle k;
  check_value check{};
  std::string test_tokens; ///< Oak's: the meter's must be the same (EP-16)
};

/// Associated data of (K) in MI5, and the shared info of the session's key: this Steel, this meter, this key.
bytes session_address(const box_id& steel, const sequence_number& meter, const key_id& key);

/// Calls `finished` exactly once.
void install_in_meter(steel_actor::stateful_pointer<box_state> self, const psr_actor& line, const message_head& head,
                      installation_terms terms, std::function<void(const mi7_body&)> finished);

} // namespace oaksteel
