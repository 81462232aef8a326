// NIST P-256 (FIPS 186-4, D.1.2.3).
//
//   wrapped    ephemeral point 65 | AES-256-GCM(key) 32 | tag 16: 113 bytes (the shape of ECIES, SEC 1, 5.1)
//              under X9.63-KDF(ECDH, ephemeral point || recipient fingerprint); the nonce is zero, since
//              each such key encrypts once
//   signature  ECDSA with SHA-256, r || s: 64 bytes (FIPS 186-4, 6; the nonce by RFC 6979)
//   key        SubjectPublicKeyInfo with id-ecPublicKey and the named curve (RFC 5480, 2): 91 bytes
//   stored     PKCS#8 around ECPrivateKey (RFC 5915, 3), as OpenSSL writes it: 138 bytes
//              36 fixed | scalar 32 | 5 fixed | point 65
//              Written by hand: Botan 2 drops the scalar's leading zeros, which RFC 5915 forbids.
//
// Signatures are verified and wrapping keys agreed by OpenSSL, in a fraction of Botan's time. It does not sign: OpenSSL 3.0
// has no deterministic nonce, and what is signed again must be the same (docs/dependencies.md).

#include "crypto/p256.hpp"

#include "crypto/envelope.hpp"
#include "crypto/suite_parts.hpp"

#include <botan/aead.h>
#include <botan/ecdsa.h>
#include <botan/pubkey.h>
#include <botan/x509_key.h>

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <array>

namespace oaksteel {

const Botan::EC_Group& p256_group() {
  static const Botan::EC_Group group{"secp256r1"};
  return group;
}

bool is_uncompressed_p256(byte_view point) { return point.size() == p256_point_bytes && point[0] == 0x04; }

namespace {

constexpr std::size_t spki_bytes = 91;
// SEQUENCE { 0, { id-ecPublicKey, secp256r1 }, OCTET STRING { SEQUENCE { 1, OCTET STRING ...
constexpr std::array<std::uint8_t, 36> before_scalar{
    0x30, 0x81, 0x87, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
    0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04, 0x6d, 0x30, 0x6b, 0x02, 0x01, 0x01, 0x04, 0x20};
// ... [1] BIT STRING
constexpr std::array<std::uint8_t, 5> before_point{0xa1, 0x44, 0x03, 0x42, 0x00};
constexpr std::size_t pkcs8_bytes = before_scalar.size() + p256_scalar_bytes + before_point.size() + p256_point_bytes;
constexpr std::size_t signature_bytes = 64;
constexpr std::size_t wrapped_bytes = p256_point_bytes + 32 + 16;
constexpr const char* signing = "EMSA1(SHA-256)";

bytes shared_info(byte_view ephemeral_point, const fingerprint& recipient) {
  bytes info{ephemeral_point.begin(), ephemeral_point.end()};
  info.insert(info.end(), recipient.of.value.begin(), recipient.of.value.end());
  return info;
}

/// AES-256-GCM with a zero nonce; throws when the tag is wrong.
void once_under(const secret& key, Botan::Cipher_Dir direction, Botan::secure_vector<std::uint8_t>& data) {
  const auto aead = Botan::AEAD_Mode::create_or_throw("AES-256/GCM", direction);
  const std::uint8_t nonce[12] = {};
  aead->set_key(reveal(key).data(), reveal(key).size());
  aead->start(nonce, sizeof nonce);
  aead->finish(data);
}

Botan::secure_vector<std::uint8_t> point_of(const Botan::EC_PublicKey& key) {
  const auto point = key.public_point().encode(Botan::PointGFp::UNCOMPRESSED);
  return {point.begin(), point.end()};
}

secret pkcs8_of(const Botan::ECDSA_PrivateKey& key) {
  const auto scalar = Botan::BigInt::encode_1363(key.private_value(), p256_scalar_bytes);
  const auto point = point_of(key);
  Botan::secure_vector<std::uint8_t> der{before_scalar.begin(), before_scalar.end()};
  der.insert(der.end(), scalar.begin(), scalar.end());
  der.insert(der.end(), before_point.begin(), before_point.end());
  der.insert(der.end(), point.begin(), point.end());
  return secret{std::move(der)};
}

using openssl_key = std::unique_ptr<EVP_PKEY, freed<EVP_PKEY_free>>;

/// Null when OpenSSL does not take it.
openssl_key openssl_key_of(bytes point) {
  std::string group = "prime256v1";
  const OSSL_PARAM parts[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), group.size()),
                              OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
                              OSSL_PARAM_construct_end()};
  const std::unique_ptr<EVP_PKEY_CTX, freed<EVP_PKEY_CTX_free>> making{EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr)};
  EVP_PKEY* made = nullptr;
  if (making && EVP_PKEY_fromdata_init(making.get()) == 1)
    EVP_PKEY_fromdata(making.get(), &made, EVP_PKEY_PUBLIC_KEY, const_cast<OSSL_PARAM*>(parts));
  return openssl_key{made};
}

/// r || s as OpenSSL wants it: SEQUENCE { INTEGER r, INTEGER s } (RFC 3279, 2.2.3). Empty when there is no memory.
bytes in_der(byte_view signature) {
  const std::unique_ptr<ECDSA_SIG, freed<ECDSA_SIG_free>> pair{ECDSA_SIG_new()};
  const auto half = static_cast<int>(signature_bytes / 2);
  if (!pair || ECDSA_SIG_set0(pair.get(), BN_bin2bn(signature.data(), half, nullptr),
                              BN_bin2bn(signature.data() + half, half, nullptr)) != 1)
    return {};
  bytes der(static_cast<std::size_t>(std::max(0, i2d_ECDSA_SIG(pair.get(), nullptr))));
  auto* at = der.data();
  i2d_ECDSA_SIG(pair.get(), &at);
  return der;
}

class p256_public final : public public_key::impl {
public:
  explicit p256_public(bytes der) : impl(suite_id::p256, std::move(der)) {}

  bool verify(byte_view message, byte_view signature) const override {
    if (signature.size() != signature_bytes)
      return false;
    std::call_once(verifier_made_, [&] { verifier_ = openssl_key_of(point()); });
    const auto pair = in_der(signature);
    const std::unique_ptr<EVP_MD_CTX, freed<EVP_MD_CTX_free>> digest{EVP_MD_CTX_new()};
    const bool good = verifier_ && digest &&
                      EVP_DigestVerifyInit(digest.get(), nullptr, EVP_sha256(), nullptr, verifier_.get()) == 1 &&
                      EVP_DigestVerify(digest.get(), pair.data(), pair.size(), message.data(), message.size()) == 1;
    if (!good)
      ERR_clear_error(); // a connection of this thread would take it for its own
    return good;
  }

  bytes wrap(const secret& key, generator& random) const override {
    const p256_agreement ephemeral{p256_group().random_scalar(random)};
    auto wrapped = ephemeral.public_point();
    const auto wrapping = ephemeral.agree(point(), shared_info(wrapped, name));
    if (!wrapping)
      throw std::runtime_error{"OpenSSL does not agree on P-256"}; // for want of memory: both points are good
    auto data = reveal(key);
    once_under(*wrapping, Botan::Cipher_Dir::ENCRYPTION, data);
    wrapped.insert(wrapped.end(), data.begin(), data.end());
    return wrapped;
  }

private:
  bytes point() const { return {spki.end() - p256_point_bytes, spki.end()}; }

  mutable std::once_flag verifier_made_;
  mutable openssl_key verifier_; ///< made when it is first needed
};

class p256_private final : public private_key::impl {
public:
  explicit p256_private(const Botan::ECDSA_PrivateKey& key) : impl(public_of(key)), key_(key) {}

  secret stored() const override { return pkcs8_of(key_); }

  bytes sign(byte_view message, generator& random) const override {
    return signers_.with(
        [&] { return std::make_unique<Botan::PK_Signer>(key_, blinding_generator(), signing); },
        [&](Botan::PK_Signer& s) { return bytes{s.sign_message(message.data(), message.size(), random)}; });
  }

  std::optional<secret> unwrap(byte_view wrapped, generator&) const override {
    if (wrapped.size() != wrapped_bytes)
      return std::nullopt;
    try {
      std::call_once(agreement_made_, [&] { agreement_.emplace(key_.private_value()); });
      const auto point = wrapped.first(p256_point_bytes);
      const auto wrapping = agreement_->agree(point, shared_info(point, public_part.name()));
      if (!wrapping)
        return std::nullopt;
      const auto rest = wrapped.subspan(p256_point_bytes);
      Botan::secure_vector<std::uint8_t> data{rest.begin(), rest.end()};
      once_under(*wrapping, Botan::Cipher_Dir::DECRYPTION, data);
      return secret{std::move(data)};
    } catch (const std::exception&) {
      return std::nullopt;
    }
  }

private:
  static public_key public_of(const Botan::ECDSA_PrivateKey& key) {
    const Botan::ECDSA_PublicKey half{p256_group(), key.public_point()};
    return public_key{std::make_shared<const p256_public>(Botan::X509::BER_encode(half))};
  }

  Botan::ECDSA_PrivateKey key_;
  idle_pool<Botan::PK_Signer> signers_;
  mutable std::once_flag agreement_made_;
  mutable std::optional<p256_agreement> agreement_; ///< the same key; made when it is first needed
};

/// SP 800-56A, 5.6.2.3.3: P-256 has the cofactor 1, so a point of the curve other than infinity is of the right order; the
/// multiplication by the order that Botan's own check makes would take as long as a signature.
bool on_our_curve(const Botan::EC_PublicKey& key) {
  const auto& point = key.public_point();
  return key.domain() == p256_group() && !point.is_zero() && point.on_the_curve();
}

std::shared_ptr<const public_key::impl> read_public(byte_view spki) {
  if (spki.size() != spki_bytes)
    return nullptr;
  try {
    bytes der{spki.begin(), spki.end()};
    const std::shared_ptr<const Botan::Public_Key> read{Botan::X509::load_key(der)};
    const auto key = std::dynamic_pointer_cast<const Botan::ECDSA_PublicKey>(read);
    // Equal when written again: one key has one encoding, hence one fingerprint.
    if (!key || !on_our_curve(*key) || Botan::X509::BER_encode(*key) != der)
      return nullptr;
    return std::make_shared<const p256_public>(std::move(der));
  } catch (const std::exception&) {
    return nullptr;
  }
}

std::unique_ptr<private_key::impl> read_private(const secret& pkcs8) {
  if (pkcs8.size() != pkcs8_bytes)
    return nullptr;
  try {
    const Botan::BigInt scalar{reveal(pkcs8).data() + before_scalar.size(), p256_scalar_bytes};
    if (scalar < 1 || scalar >= p256_group().get_order())
      return nullptr;
    const Botan::ECDSA_PrivateKey key{blinding_generator(), p256_group(), scalar};
    // Written again, the whole must be the same: the fixed parts, and the point that belongs to the scalar.
    if (!same_bytes(reveal(pkcs8_of(key)), reveal(pkcs8)))
      return nullptr;
    return std::make_unique<p256_private>(key);
  } catch (const std::exception&) {
    return nullptr;
  }
}

std::unique_ptr<private_key::impl> generate(generator& random) {
  return std::make_unique<p256_private>(Botan::ECDSA_PrivateKey{random, p256_group()});
}

} // namespace

const suite_parts p256_parts{read_public, read_private, generate};

} // namespace oaksteel
