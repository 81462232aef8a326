#pragma once
// A domain's public keys, found in the log.

#include "crypto/suite.hpp"
#include "events/domain.hpp"
#include "storage/any_event.hpp"
#include "storage/log.hpp"

#include <map>

namespace oaksteel {

/// The public key of one role, from the event of the domain's creation or introduction (EP-9); nothing before that.
std::optional<public_key> find_domain_key(const log_view& view, const domain_id& domain, key_role role);

/// The time zone of a domain's days, from there too (EP-18); nothing when its event names none, as those of earlier
/// programs.
std::optional<time_zone> find_time_zone(const log_view& view, const domain_id& domain);

/// What the event of a domain's creation or introduction says of it; nothing for other events.
std::optional<time_zone> named_zone(const any_event& e);

/// The keys of one role that were found before. A domain's keys never change, and reading an RSA key takes as long as
/// several verifications with it.
class domain_keys_of {
public:
  explicit domain_keys_of(key_role role) : role_(role) {}
  /// Nothing before the domain was created.
  std::optional<public_key> find(const log_view& view, const domain_id& domain);

private:
  key_role role_;
  std::map<domain_id, public_key> known_;
};

} // namespace oaksteel
