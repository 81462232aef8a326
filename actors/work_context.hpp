#pragma once
// What a worker has at hand while it answers a batch: objects that are shared by the batch, so that the
// asymmetric cost of a key falls with the batch.

#include "crypto/envelope.hpp"
#include "crypto/random.hpp"
#include "crypto/token.hpp"

#include <map>

namespace oaksteel {

class work_context {
public:
  explicit work_context(generator& g) : random(g) {}

  generator& random;
  proof_checker proofs;

  /// One wrapped key for all that goes to the same public key.
  sealer& to(const public_key& recipient) {
    auto it = sealers_.find(recipient.name());
    if (it == sealers_.end())
      it = sealers_.emplace(recipient.name(), sealer{recipient, random}).first;
    return it->second;
  }
  /// This thread's token engine.
  static token_engine& tokens() {
    static thread_local token_engine engine;
    return engine;
  }

private:
  std::map<fingerprint, sealer> sealers_;
};

} // namespace oaksteel
