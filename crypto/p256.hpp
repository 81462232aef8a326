#pragma once
// NIST P-256 as the suite `p256` and the session agreement share it.

#include "crypto/suite.hpp"

#include <botan/ec_group.h>
#include <botan/ecdh.h>
#include <botan/pubkey.h>

namespace oaksteel {

const Botan::EC_Group& p256_group();

/// 0x04 || X || Y (SEC 1, 2.3.3). The only form of a point that we read.
inline constexpr std::size_t p256_point_bytes = 65;
bool is_uncompressed_p256(byte_view point);

/// ANSI X9.63, 5.6.3, with SHA-256, over the shared secret and `shared_info`: 32 bytes. Throws when the
/// point is not on the curve.
secret agree_x963(Botan::PK_Key_Agreement& own, byte_view point, byte_view shared_info);
/// An agreement object for agree_x963. `key` must outlive it.
std::unique_ptr<Botan::PK_Key_Agreement> x963_agreement(const Botan::ECDH_PrivateKey& key);

} // namespace oaksteel
