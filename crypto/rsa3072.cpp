// RSA with a modulus of 3072 bits and e = 65537 (RFC 8017): the patent's shape.
//
//   wrapped    RSAES-OAEP with SHA-256, MGF1-SHA-256 and an empty label (7.1): 384 bytes
//   signature  RSASSA-PSS with SHA-256, MGF1-SHA-256 and a salt of 32 bytes (8.1): 384 bytes
//   key        SubjectPublicKeyInfo with rsaEncryption (RFC 3279, 2.3.1): 422 bytes
//
// OpenSSL verifies signatures, in three quarters of Botan's time; Botan does everything else (docs/dependencies.md).

#include "crypto/openssl.hpp"
#include "crypto/suite_parts.hpp"

#include <botan/data_src.h>
#include <botan/pkcs8.h>
#include <botan/pubkey.h>
#include <botan/rsa.h>
#include <botan/x509_key.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

namespace oaksteel {

namespace {

constexpr std::size_t modulus_bits = 3072;
constexpr std::size_t block_bytes = modulus_bits / 8;
constexpr std::size_t spki_bytes = 422;
// About 1,800 bytes; the primes' leading zeros make it vary.
constexpr std::size_t most_pkcs8_bytes = 2048;
constexpr const char* padding = "OAEP(SHA-256)";
constexpr int salt_bytes = 32;
constexpr const char* signing = "EMSA4(SHA-256,MGF1,32)";

bool has_our_size(const Botan::RSA_PublicKey& key) {
  return key.get_n().bits() == modulus_bits && key.get_e() == 65537;
}

/// The relations of RFC 8017, 3.2. That the primes are prime was seen when they were made, and a test of it takes 70 ms
/// at each reading (Botan's check_key does it); whoever could put another number in their place could put primes that he
/// knows. That they work is seen by a signature.
bool is_sound(const Botan::RSA_PrivateKey& key) {
  const auto &p = key.get_p(), &q = key.get_q(), &e = key.get_e();
  const auto undoes = [&](const Botan::BigInt& exponent, const Botan::BigInt& prime) {
    return (e * exponent) % (prime - 1) == 1;
  };
  return p > 1 && q > 1 && p != q && p * q == key.get_n() && undoes(key.get_d1(), p) && undoes(key.get_d2(), q)
         && undoes(key.get_d(), p) && undoes(key.get_d(), q) && (key.get_c() * q) % p == 1;
}

/// A key of OpenSSL's, ready to verify one digest after another (RFC 8017, 8.1.2). For one thread at a time.
class pss_verifier {
public:
  explicit pss_verifier(byte_view spki) {
    const auto* at = spki.data();
    const std::unique_ptr<EVP_PKEY, freed<EVP_PKEY_free>> key{d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size()))};
    context_.reset(key ? EVP_PKEY_CTX_new(key.get(), nullptr) : nullptr);
    if (!context_ || EVP_PKEY_verify_init(context_.get()) != 1
        || EVP_PKEY_CTX_set_rsa_padding(context_.get(), RSA_PKCS1_PSS_PADDING) != 1
        || EVP_PKEY_CTX_set_signature_md(context_.get(), EVP_sha256()) != 1
        || EVP_PKEY_CTX_set_rsa_pss_saltlen(context_.get(), salt_bytes) != 1)
      throw std::runtime_error{"OpenSSL verifies no RSASSA-PSS"}; // for want of memory: it can
  }
  bool verify(const digest& of, byte_view signature) {
    const bool good =
      EVP_PKEY_verify(context_.get(), signature.data(), signature.size(), of.value.data(), of.value.size()) == 1;
    if (!good)
      ERR_clear_error(); // a connection of this thread would take it for its own
    return good;
  }

private:
  std::unique_ptr<EVP_PKEY_CTX, freed<EVP_PKEY_CTX_free>> context_; // which holds the key
};

class rsa_public final : public public_key::impl {
public:
  rsa_public(std::shared_ptr<const Botan::RSA_PublicKey> key, bytes der)
      : impl(suite_id::rsa3072, std::move(der)), key_(std::move(key)) {}

  bool verify(byte_view message, byte_view signature) const override {
    try {
      return signature.size() == block_bytes &&
             verifiers_.with([&] { return std::make_unique<pss_verifier>(spki); },
                             [&](pss_verifier& v) { return v.verify(sha256(message), signature); });
    } catch (const std::exception&) {
      return false;
    }
  }

  bytes wrap(const secret& key, generator& random) const override {
    return encryptors_.with([&] { return std::make_unique<Botan::PK_Encryptor_EME>(*key_, random, padding); },
                            [&](Botan::PK_Encryptor_EME& e) {
                              const auto& raw = reveal(key);
                              return bytes{e.encrypt(raw.data(), raw.size(), random)};
                            });
  }

private:
  std::shared_ptr<const Botan::RSA_PublicKey> key_;
  idle_pool<pss_verifier> verifiers_;
  idle_pool<Botan::PK_Encryptor_EME> encryptors_;
};

class rsa_private final : public private_key::impl {
public:
  explicit rsa_private(Botan::RSA_PrivateKey key)
      : impl(public_of(key)), key_(std::make_unique<Botan::RSA_PrivateKey>(std::move(key))) {}

  secret stored() const override { return secret{Botan::PKCS8::BER_encode(*key_)}; }

  bytes sign(byte_view message, generator& random) const override {
    return signers_.with(
        [&] { return std::make_unique<Botan::PK_Signer>(*key_, blinding_generator(), signing); },
        [&](Botan::PK_Signer& s) { return bytes{s.sign_message(message.data(), message.size(), random)}; });
  }

  std::optional<secret> unwrap(byte_view wrapped, generator&) const override {
    if (wrapped.size() != block_bytes)
      return std::nullopt;
    try {
      secret key = decryptors_.with(
          [&] { return std::make_unique<Botan::PK_Decryptor_EME>(*key_, blinding_generator(), padding); },
          [&](Botan::PK_Decryptor_EME& d) { return secret{d.decrypt(wrapped.data(), wrapped.size())}; });
      if (key.size() != 32)
        return std::nullopt;
      return key;
    } catch (const std::exception&) {
      return std::nullopt;
    }
  }

private:
  static public_key public_of(const Botan::RSA_PrivateKey& key) {
    auto half = std::make_shared<const Botan::RSA_PublicKey>(key.get_n(), key.get_e());
    auto der = Botan::X509::BER_encode(*half);
    return public_key{std::make_shared<const rsa_public>(std::move(half), std::move(der))};
  }

  std::unique_ptr<Botan::RSA_PrivateKey> key_;
  idle_pool<Botan::PK_Signer> signers_;
  idle_pool<Botan::PK_Decryptor_EME> decryptors_;
};

std::shared_ptr<const public_key::impl> read_public(byte_view spki) {
  if (spki.size() != spki_bytes)
    return nullptr;
  try {
    bytes der{spki.begin(), spki.end()};
    const std::shared_ptr<const Botan::Public_Key> read{Botan::X509::load_key(der)};
    auto key = std::dynamic_pointer_cast<const Botan::RSA_PublicKey>(read);
    // Equal when written again: one key has one encoding, hence one fingerprint.
    if (!key || !has_our_size(*key) || !key->check_key(blinding_generator(), false) ||
        Botan::X509::BER_encode(*key) != der)
      return nullptr;
    return std::make_shared<const rsa_public>(std::move(key), std::move(der));
  } catch (const std::exception&) {
    return nullptr;
  }
}

std::unique_ptr<private_key::impl> read_private(const secret& pkcs8) {
  if (pkcs8.empty() || pkcs8.size() > most_pkcs8_bytes)
    return nullptr;
  try {
    Botan::DataSource_Memory source{reveal(pkcs8)};
    const auto read = Botan::PKCS8::load_key(source);
    const auto* key = dynamic_cast<const Botan::RSA_PrivateKey*>(read.get());
    if (!key || !has_our_size(*key) || !is_sound(*key) || Botan::PKCS8::BER_encode(*key) != reveal(pkcs8))
      return nullptr;
    auto made = std::make_unique<rsa_private>(*key);
    constexpr std::uint8_t probe[] = {0};
    if (!made->public_part.verify(probe, made->sign(probe, blinding_generator())))
      return nullptr;
    return made;
  } catch (const std::exception&) {
    return nullptr;
  }
}

std::unique_ptr<private_key::impl> generate(generator& random) {
  // Botan searches the primes from this generator alone: same generator, same key.
  return std::make_unique<rsa_private>(Botan::RSA_PrivateKey{random, modulus_bits, 65537});
}

} // namespace

const suite_parts rsa3072_parts{read_public, read_private, generate};

} // namespace oaksteel
