// ECDH on P-256 (SP 800-56A, 6.1.2.2) and the KDF of ANSI X9.63, 5.6.3, with SHA-256. The points are OpenSSL's, in an eighth of
// Botan's time: a meter's session needs two keys and two agreements. The scalar comes from our generator.

#include "crypto/agreement.hpp"

#include "crypto/p256.hpp"

#include <botan/kdf.h>

#include <openssl/err.h>
#include <openssl/obj_mac.h>

#include <stdexcept>

namespace oaksteel {
namespace {

constexpr std::size_t agreed_bytes = 32;

/// Null when there is no memory.
const EC_GROUP* openssl_group() {
  static const std::unique_ptr<EC_GROUP, freed<EC_GROUP_free>> group{EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1)};
  return group.get();
}

/// `factor` times `point`, or times the base point; uncompressed. Nothing when `point` is not on the curve.
std::optional<Botan::secure_vector<std::uint8_t>> times(const BIGNUM* factor, std::optional<byte_view> point) {
  const auto* group = openssl_group();
  using openssl_point = std::unique_ptr<EC_POINT, freed<EC_POINT_clear_free>>;
  const openssl_point given{EC_POINT_new(group)}, product{EC_POINT_new(group)};
  Botan::secure_vector<std::uint8_t> raw(p256_point_bytes);
  if (given && product
      && (!point || EC_POINT_oct2point(group, given.get(), point->data(), point->size(), nullptr) == 1)
      && EC_POINT_mul(group, product.get(), point ? nullptr : factor, point ? given.get() : nullptr,
                      point ? factor : nullptr, nullptr)
           == 1
      && EC_POINT_point2oct(group, product.get(), POINT_CONVERSION_UNCOMPRESSED, raw.data(), raw.size(), nullptr) == raw.size())
    return raw;
  ERR_clear_error(); // a connection of this thread would take it for its own
  return std::nullopt;
}

} // namespace

p256_agreement::p256_agreement(const Botan::BigInt& scalar) {
  const auto raw = Botan::BigInt::encode_1363(scalar, p256_scalar_bytes);
  scalar_.reset(BN_bin2bn(raw.data(), static_cast<int>(raw.size()), nullptr));
  if (!scalar_ || !openssl_wipes())
    throw std::runtime_error{scalar_ ? "OpenSSL does not wipe what it frees" : "OpenSSL has no memory for a scalar"};
}

bytes p256_agreement::public_point() const {
  const auto point = times(scalar_.get(), std::nullopt);
  if (!point)
    throw std::runtime_error{"OpenSSL makes no point of P-256"};
  return {point->begin(), point->end()};
}

std::optional<secret> p256_agreement::agree(byte_view peer, byte_view shared_info) const {
  // "5.6.2.3.3 ECC full public-key validation": OpenSSL checks that the point is on the curve; P-256 has no smaller subgroup,
  // and the point at infinity has no uncompressed form.
  const auto shared = is_uncompressed_p256(peer) ? times(scalar_.get(), peer) : std::nullopt;
  if (!shared)
    return std::nullopt;
  // Botan's KDF2 is the KDF of X9.63; its salt goes where SharedInfo does. The shared secret is X (5.4.1).
  static const auto kdf = Botan::KDF::create_or_throw("KDF2(SHA-256)");
  const std::unique_ptr<Botan::KDF> own{kdf->clone()};
  return secret{own->derive_key(agreed_bytes, shared->data() + 1, p256_scalar_bytes, shared_info.data(), shared_info.size())};
}

// --- a session's key ---------------------------------------------------------------------------------------------

struct ephemeral_key::impl {
  explicit impl(generator& random) : own(p256_group().random_scalar(random)), point(own.public_point()) {}
  p256_agreement own;
  bytes point;
};

ephemeral_key::ephemeral_key(generator& random) : impl_(std::make_unique<impl>(random)) {}
ephemeral_key::~ephemeral_key() = default;
ephemeral_key::ephemeral_key(ephemeral_key&&) noexcept = default;

const bytes& ephemeral_key::public_point() const { return impl_->point; }

std::optional<secret> ephemeral_key::agree(byte_view peer_point, byte_view shared_info) const {
  return impl_->own.agree(peer_point, shared_info);
}

} // namespace oaksteel
