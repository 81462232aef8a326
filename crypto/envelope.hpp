#pragma once
// Sealed boxes of bytes and signed records. The formats stand at the top of envelope.cpp.
//
// A batch costs one asymmetric operation on each side, whatever its size; a batch of one is ordinary.

#include "crypto/merkle.hpp"
#include "crypto/suite.hpp"

#include <string_view>
#include <vector>

namespace oaksteel {

/// Encrypts a batch to one public key: one wrapped key, one AES-256-GCM for each record.
class sealer {
public:
  sealer(const public_key& to, generator& random);
  /// `associated` names the addresses (domain, box ids, key id, record type) and is authenticated,
  /// not stored: the opener must name the same.
  bytes seal(const secret& plaintext, byte_view associated);

private:
  public_key to_;
  secret key_;
  bytes wrapped_;
  std::uint32_t count_ = 0;
};

/// Opens what was sealed to one private key; keeps the last unwrapped key, so that a batch costs one
/// private-key operation. Not for two threads at once.
class opener {
public:
  explicit opener(const private_key& own, generator& random) : own_(own), random_(random) {}
  /// Nothing when the bytes are damaged, were sealed to another key or for other addresses.
  std::optional<secret> open(byte_view sealed, byte_view associated);

private:
  const private_key& own_;
  generator& random_;
  bytes wrapped_;
  secret key_;
};

/// Encrypts under a secret key of 32 bytes (AES-256-GCM, random 96-bit nonce in front).
bytes seal_under(const secret& key, const secret& plaintext, byte_view associated, generator& random);
std::optional<secret> open_under(const secret& key, byte_view sealed, byte_view associated);

/// CMAC-AES-256 under a secret key of 32 bytes (SP 800-38B); 16 bytes.
bytes tag_under(const secret& key, byte_view message);
/// HMAC-SHA-256 (FIPS 198-1) over `prefix` and a secret; 32 bytes. It tells whether two have the same secret.
bytes check_under(const secret& key, std::string_view prefix, const secret& content);
/// Compares in constant time.
bool same_bytes(byte_view a, byte_view b);

/// What a proof speaks for: `oaksteel/1/<purpose>` and the domain are signed with the batch's root.
struct signing_scope {
  std::string_view purpose;
  std::string_view domain;
};

/// Signs a batch: one signature over the RFC 6962 root of the records; each proof carries suite,
/// signer's fingerprint, place in the batch, inclusion path and signature.
std::vector<bytes> prove(const private_key& own, const signing_scope& scope, const std::vector<byte_view>& records,
                         generator& random);
/// The key that a proof claims to be made with; nothing when it is not a proof.
std::optional<fingerprint> claimed_signer(byte_view proof);

/// Checks proofs; remembers the last batch signature found good, so that a batch costs one
/// verification. Not for two threads at once.
class proof_checker {
public:
  /// True when `proof` is `signer`'s over `record` in this scope.
  bool check(const public_key& signer, const signing_scope& scope, byte_view record, byte_view proof);

private:
  bytes last_good_;
};

} // namespace oaksteel
