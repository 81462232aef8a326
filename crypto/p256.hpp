#pragma once
// NIST P-256 as the suite `p256` and the session agreement share it.

#include "crypto/openssl.hpp"
#include "crypto/suite.hpp"

#include <botan/ec_group.h>

#include <openssl/ec.h>

namespace oaksteel {

const Botan::EC_Group& p256_group();

/// 0x04 || X || Y (SEC 1, 2.3.3). The only form of a point that we read.
inline constexpr std::size_t p256_point_bytes = 65;
bool is_uncompressed_p256(byte_view point);
inline constexpr std::size_t p256_scalar_bytes = 32;

/// Wiped when it goes: a secret in the only form that OpenSSL reckons with.
using openssl_number = std::unique_ptr<BIGNUM, freed<BN_clear_free>>;

/// The private side of an agreement (SP 800-56A, 6.1.2.2). Any thread may use it.
class p256_agreement {
public:
  /// `scalar` is from 1 to the group's order less 1. Throws std::runtime_error when OpenSSL has no memory.
  explicit p256_agreement(const Botan::BigInt& scalar);
  /// The uncompressed point that belongs to it; computed. Throws likewise.
  bytes public_point() const;
  /// ANSI X9.63, 5.6.3, with SHA-256, over the shared secret and `shared_info`: 32 bytes. Nothing when `peer` is not an
  /// uncompressed point of the curve.
  std::optional<secret> agree(byte_view peer, byte_view shared_info) const;

private:
  openssl_number scalar_;
};

} // namespace oaksteel
