#pragma once
// Secret sharing: `count` shares of which any `threshold` give the secret back (EP-10).

#include "crypto/random.hpp"
#include "crypto/secret.hpp"

#include <optional>
#include <vector>

namespace oaksteel {

/// Shamir's scheme (Comm. ACM 22, 11; Botan's RTSS). 1 <= threshold <= count <= 16 (a broken call throws
/// std::invalid_argument). A threshold of one still gives a share that must be combined.
std::vector<secret> split(const secret& whole, unsigned threshold, unsigned count, generator& random);
/// Nothing when there are too few, they differ in set, or one is damaged.
std::optional<secret> combine(const std::vector<const secret*>& shares);
/// SHA-256(salt || share): lets a share be recognised without the others. Shares have 256 bits of
/// entropy and more, so this tells nothing about them.
digest share_commitment(const digest& salt, const secret& share);

} // namespace oaksteel
