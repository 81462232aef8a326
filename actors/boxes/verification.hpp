#pragma once
// Verification of a batch of tokens (EP Fig. 28, step 404; EP-23). Run by workers.

#include "actors/boxes/key_bundle.hpp"
#include "actors/messages.hpp"
#include "actors/work_context.hpp"

namespace oaksteel {

struct verified_batch {
  digest pieces; ///< RFC 6962 root over piece_bytes of each
  std::vector<verdict> verdicts;
};

/// What an event's root is made over: everything that was printed.
bytes piece_bytes(const indicium& mail);

verified_batch verify_batch(const verify_tokens& m, const domain_ring& ring, work_context& w);

} // namespace oaksteel
