#pragma once
// A key for one session between a Steel box and a meter (EP-15, MI5): ephemeral P-256 on both sides.

#include "crypto/suite.hpp"

#include <memory>
#include <optional>

namespace oaksteel {

/// One side's ephemeral key pair; used for one agreement and gone with the object.
class ephemeral_key {
public:
  explicit ephemeral_key(generator& random);
  ~ephemeral_key();
  ephemeral_key(ephemeral_key&&) noexcept;
  /// The uncompressed point, 65 bytes.
  const bytes& public_point() const;
  /// X9.63 KDF with SHA-256 over the shared secret and `shared_info`: 32 bytes, equal on both sides.
  /// Nothing when the peer's point is not on the curve.
  std::optional<secret> agree(byte_view peer_point, byte_view shared_info) const;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace oaksteel
