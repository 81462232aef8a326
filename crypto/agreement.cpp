// ECDH on P-256 (SP 800-56A, 6.1.2.2) and the KDF of ANSI X9.63, 5.6.3, with SHA-256.

#include "crypto/agreement.hpp"

#include "crypto/p256.hpp"

namespace oaksteel {

struct ephemeral_key::impl {
  explicit impl(generator& random) : key(random, p256_group()), point(key.public_value()) {}
  Botan::ECDH_PrivateKey key;
  bytes point;
};

ephemeral_key::ephemeral_key(generator& random) : impl_(std::make_unique<impl>(random)) {}
ephemeral_key::~ephemeral_key() = default;
ephemeral_key::ephemeral_key(ephemeral_key&&) noexcept = default;

const bytes& ephemeral_key::public_point() const { return impl_->point; }

std::optional<secret> ephemeral_key::agree(byte_view peer_point, byte_view shared_info, generator&) const {
  // "5.6.2.3.3 ECC full public-key validation": Botan checks that the point is on the curve; P-256 has
  // no smaller subgroup, and the point at infinity has no uncompressed form.
  if (!is_uncompressed_p256(peer_point))
    return std::nullopt;
  try {
    const auto own = x963_agreement(impl_->key);
    return agree_x963(*own, peer_point, shared_info);
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

} // namespace oaksteel
