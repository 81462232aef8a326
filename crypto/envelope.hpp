#pragma once
// Sealed boxes of bytes and signed records. The formats stand at the top of envelope.cpp.
//
// A batch costs one asymmetric operation on each side, whatever its size; a batch of one is ordinary.

#include "crypto/merkle.hpp"
#include "crypto/suite.hpp"

#include <deque>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>
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

/// The batch keys that one private key has unwrapped, the last of them: they open nothing that it does not. For any thread.
class unwrapped_keys {
public:
  static constexpr std::size_t limit = 64; ///< beyond it the oldest goes

  /// Null when it is not among them.
  std::shared_ptr<const secret> find(byte_view wrapped) const;
  /// `key` is what `wrapped` unwraps to. Two threads that met it at once both keep it: no matter.
  void keep(byte_view wrapped, std::shared_ptr<const secret> key);

private:
  mutable std::mutex lock_;
  std::deque<std::pair<bytes, std::shared_ptr<const secret>>> last_;
};

/// Opens what was sealed to one private key. A batch costs one private-key operation, also when its records come one by one
/// and among others: keys that were unwrapped are kept, by this opener or by all that share `kept`.
/// Not for two threads at once.
class opener {
public:
  opener(const private_key& own, generator& random,
         std::shared_ptr<unwrapped_keys> kept = std::make_shared<unwrapped_keys>())
    : own_(own), random_(random), kept_(std::move(kept)) {}
  /// Nothing when the bytes are damaged, were sealed to another key or for other addresses.
  std::optional<secret> open(byte_view sealed, byte_view associated);

private:
  const private_key& own_;
  generator& random_;
  std::shared_ptr<unwrapped_keys> kept_;
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
