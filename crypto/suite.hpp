#pragma once
// The named suites of asymmetric cryptography.
//
//   rsa3072  RSA, 3072 bits, e = 65537: OAEP with SHA-256 and MGF1-SHA-256 (RFC 8017, 7.1),
//            PSS with SHA-256 and a 32-byte salt (RFC 8017, 8.1)
//   p256     NIST P-256: ECDSA with SHA-256 (FIPS 186-4, 6); confidentiality by ephemeral-static
//            ECDH, X9.63 KDF with SHA-256, AES-256-GCM
//
// A key pair serves either confidentiality or authentication; the caller keeps them apart.

#include "crypto/random.hpp"
#include "crypto/secret.hpp"
#include "events/ids.hpp"

#include <memory>
#include <optional>
#include <span>

namespace oaksteel {

using byte_view = std::span<const std::uint8_t>;

/// A public key of one of the suites. Cheap to copy.
class public_key {
public:
  /// Reads a SubjectPublicKeyInfo in DER. Nothing for bytes that are not a valid key of the suite
  /// (wrong algorithm, wrong size or curve, point not on the curve, trailing bytes).
  static std::optional<public_key> parse(suite_id suite, byte_view spki);

  suite_id suite() const;
  const bytes& spki() const;
  const fingerprint& name() const;

  /// True when `signature` is this key's over `message`.
  bool verify(byte_view message, byte_view signature) const;
  /// Encrypts a key of 32 bytes to this key.
  bytes wrap(const secret& key, generator& random) const;

  struct impl;
  explicit public_key(std::shared_ptr<const impl> i) : impl_(std::move(i)) {}

private:
  std::shared_ptr<const impl> impl_;
};

/// A private key of one of the suites; moves only.
class private_key {
public:
  static private_key generate(suite_id suite, generator& random);
  /// Reads what stored() gives. Nothing for anything else.
  static std::optional<private_key> parse(suite_id suite, const secret& pkcs8);

  suite_id suite() const;
  const public_key& public_part() const;
  /// PKCS#8 in DER, for sealing.
  secret stored() const;

  bytes sign(byte_view message, generator& random) const;
  /// Undoes public_key::wrap; nothing when the bytes were not wrapped to this key.
  std::optional<secret> unwrap(byte_view wrapped, generator& random) const;

  private_key(private_key&&) noexcept;
  private_key& operator=(private_key&&) noexcept;
  ~private_key();

  struct impl;
  explicit private_key(std::unique_ptr<impl> i);

private:
  std::unique_ptr<impl> impl_;
};

/// `count` key pairs, made on all cores. Each has a generator of its own that is seeded from `random`, so that
/// a seeded generator gives the same keys on every machine.
std::vector<private_key> generate_keys(suite_id suite, std::size_t count, generator& random);

} // namespace oaksteel
