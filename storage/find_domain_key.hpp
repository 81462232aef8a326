#pragma once
// A domain's public keys, found in the log.

#include "crypto/suite.hpp"
#include "events/domain.hpp"
#include "storage/log.hpp"

namespace oaksteel {

/// The public key of one role, from the event of the domain's creation (EP-9); nothing before that.
std::optional<public_key> find_domain_key(const log_view& view, const domain_id& domain, key_role role);

} // namespace oaksteel
