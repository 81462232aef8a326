#pragma once
// Checks the signed records of a log with nothing but the log (EP-9): the domain key set, named when the first
// Manufacturing box was initialised, vouches for each domain's public keys, and those for what the boxes
// signed. What lies under a secret key of Brass (the tags under s_B) cannot be checked without secrets.

#include "crypto/envelope.hpp"
#include "events/history.hpp"

#include <map>

namespace oaksteel {

/// One signed record of an event.
struct signed_part {
  std::string_view record; ///< "MI3"
  std::string_view signer; ///< "oak authentication", "domain key set"
  bool verified = false;   ///< the signature was checked and is good
  std::optional<std::string> problem;
};

/// What the signed records of one event are and say.
struct signed_findings {
  std::vector<signed_part> parts;
  signed_facts facts;
};

class signature_checker {
public:
  /// With a fingerprint, only that domain key set is believed.
  explicit signature_checker(std::optional<fingerprint> pinned = std::nullopt) : pinned_(std::move(pinned)) {}

  /// Reads the event's signed records, compares each with the event, and verifies the signatures when `verify`
  /// says so. Learns the public keys on the way, so it must see the events in the order of the log. `actor` is
  /// who wrote the event: what one actor signs comes in batches, which cost one verification each.
  signed_findings check(const any_event& e, const std::string& actor, bool verify);

  /// The domain key set that is believed; nothing before one was named.
  std::optional<fingerprint> domain_key_set() const;
  /// Signatures that were verified and found good.
  std::uint64_t verified() const { return verified_; }

private:
  struct reading;
  struct domain_keys {
    std::map<key_role, public_key> by_role;
  };

  std::optional<fingerprint> pinned_;
  std::optional<public_key> key_set_;
  std::map<domain_id, domain_keys> domains_;
  std::map<std::pair<std::string, fingerprint>, proof_checker> checkers_;
  std::uint64_t verified_ = 0;
};

} // namespace oaksteel
