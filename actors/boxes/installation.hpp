#pragma once
// The conversation between a Steel box and a meter (EP Fig. 25, steps 334-338). It begins after the attempt is
// durable: MI5q, MI5, MI6r. What MI7 will say is durable before MI6c makes the key the meter's for good, so that
// a process that ends in between leaves a provisional key, which can be replaced, or a commit, which can be
// said again; MI7 goes out after it.

#include "actors/boxes/box_behaviour.hpp"
#include "events/signed_bodies.hpp"

#include <functional>

namespace oaksteel {

using steel_pointer = steel_actor::stateful_pointer<box_state>;

struct installation_terms {
  box_id steel;
  box_id oak;
  key_id key;
  sequence_number meter;
  instant psr_install;
  secret_handle k;
  check_value check{};
  std::string test_tokens; ///< Oak's: the meter's must be the same (EP-16)
  std::shared_ptr<generator> random; ///< for the session with the meter
};

/// Associated data of (K) in MI5, and the shared info of the session's key: this Steel, this meter, this key.
bytes session_address(const box_id& steel, const sequence_number& meter, const key_id& key);

/// Which side of a commit a code is of.
enum class commit_side { steel, meter };
/// The codes in MI6c and MI6c', under a key derived from K for this use (EP-21). So a line, which has not K, makes the meter
/// keep no other key of a commit, and Steel report none that the meter does not keep. Who put himself between the two before
/// MI5 is the meter to Steel, and Steel to the meter (EP-16, US-9).
commit_code code_of_commit(const secret& k, commit_side side, const sequence_number& meter, const key_id& key);
/// Both, as Steel keeps them.
commit_codes codes_of_commit(const secret& k, const sequence_number& meter, const key_id& key);

/// Up to the meter's test tokens. Calls `finished` exactly once.
void install_in_meter(steel_pointer self, const psr_actor& line, const message_head& head,
                      installation_terms terms, std::function<void(const mi7_body&)> finished);

/// How a commit ends.
struct commit_outcome {
  std::function<void()> committed; ///< the meter has shown that it keeps this key
  /// It does not, or the box is disabled: the KMC's time-out then takes care of the key.
  std::function<void(const caf::error&)> failed;
};

/// MI6c, for the key of an attempt that ended well. What brings no answer is said again a few times: the key is good and a
/// meter acknowledges a second MI6c, so a line that breaks once must not keep it waiting for the KMC's time-out.
void commit_in_meter(steel_pointer self, const psr_actor& line, const message_head& head,
                     const installation_finished& ended, commit_outcome outcome, unsigned attempt = 1);

} // namespace oaksteel
