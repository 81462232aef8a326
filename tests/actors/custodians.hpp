#pragma once
// What all custodians of a site could do together: open what lies sealed in the log of a finished day.

#include "actors/boxes/initialisation.hpp"
#include "tests/actors/site_bench.hpp"

namespace oaksteel::testing {

/// What lies on a custodian's medium: `of` is a box id or `domain-key-set`.
secret share_on(const site_bench& bench, const label& custodian, std::string_view of);

/// The shares that enable a box, from the media of its custodians.
std::vector<secret> shares_of(const site_bench& bench, const site_box& box);
secret combination_of(const site_bench& bench, const site_box& box);

/// A bundle of a box: "box", what it made for itself; "key set", what a further Manufacturing box received; or the name
/// of a domain, that domain's process.
key_bundle bundle_of(const site_bench& bench, const site_box& box, const std::string& purpose);

/// Every part that a bundle may have.
std::vector<bundle_part> all_parts_of(const key_bundle& bundle);

/// Public halves are no secret.
bool is_public(bundle_part part);

/// The part of a stored key that tells the rest: the scalar of a P-256 key (crypto/p256.cpp), else all of it.
std::span<const std::uint8_t> essence(const secret& stored);

/// The whole of a domain, which a Manufacturing box opens with the domain key set.
key_bundle whole_domain(const site_bench& bench, const domain_id& domain);

} // namespace oaksteel::testing
