// EP-21. The derivation is SP 800-108, 5.1 (KDF in counter mode) with CMAC-AES-256 (SP 800-38B):
//
//   K(i) = CMAC(K, [i] u32 | label | 0x00 | context | [L] u32),   L = 256, i = 1, 2
//
// written out, since two MACs with a kept object cost a fraction of Botan's SP800-108-Counter, which makes
// new ones for each call. token_test.cpp holds it against that and against OpenSSL.

#include "crypto/token.hpp"

#include <botan/block_cipher.h>
#include <botan/loadstor.h>
#include <botan/mac.h>

#include <algorithm>
#include <stdexcept>

namespace oaksteel {

namespace {

constexpr std::size_t key_bytes = 32;
constexpr std::size_t block_bytes = 16;
constexpr unsigned test_digits = 16;
constexpr unsigned digits_per_half = 8;

std::string_view label_of(key_use use) {
  switch (use) {
  case key_use::test:
    return "test";
  case key_use::commit:
    return "commit";
  case key_use::registration:
    return "registration";
  case key_use::token:
    return "token";
  }
  throw std::invalid_argument("derive: no such use");
}

/// `n` modulo 10^digits, in that many digits.
std::string last_digits(std::uint64_t n, unsigned digits) {
  std::string s(digits, '0');
  for (auto place = s.rbegin(); place != s.rend(); ++place, n /= 10)
    *place = static_cast<char>('0' + n % 10);
  return s;
}

} // namespace

struct token_engine::impl {
  std::unique_ptr<Botan::MessageAuthenticationCode> mac =
      Botan::MessageAuthenticationCode::create_or_throw("CMAC(AES-256)");
  std::unique_ptr<Botan::BlockCipher> cipher = Botan::BlockCipher::create_or_throw("AES-256");

  void use_key(const secret& key) {
    if (key.size() != key_bytes)
      throw std::invalid_argument("token_engine: a key of 32 bytes");
    mac->set_key(reveal(key).data(), key_bytes);
  }
  void add(std::string_view text) { mac->update(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()); }

  secret derive(const secret& key, std::string_view use, std::string_view context) {
    use_key(key);
    Botan::secure_vector<std::uint8_t> derived(key_bytes);
    constexpr std::uint32_t length_bits = 8 * key_bytes;
    for (std::uint32_t i = 1; i <= key_bytes / block_bytes; ++i) {
      std::uint8_t number[4];
      Botan::store_be(i, number);
      mac->update(number, sizeof number);
      add(use);
      mac->update(std::uint8_t{0x00});
      add(context);
      Botan::store_be(length_bits, number);
      mac->update(number, sizeof number);
      mac->final(derived.data() + (i - 1) * block_bytes);
    }
    mac->clear();
    return secret{std::move(derived)};
  }

  std::array<std::uint8_t, 16> cmac(const secret& key, std::string_view data) {
    use_key(key);
    add(data);
    std::array<std::uint8_t, 16> tag;
    mac->final(tag.data());
    // An engine outlives the keys of a box that is switched off; what is kept is the object, not the key.
    mac->clear();
    return tag;
  }
};

token_engine::token_engine() : impl_(std::make_unique<impl>()) {}
token_engine::~token_engine() = default;

secret token_engine::derive(const secret& master_key, key_use use, std::string_view context) {
  return impl_->derive(master_key, label_of(use), context);
}

std::string token_engine::mail_token(const secret& token_key, std::string_view data, unsigned digits) {
  if (digits < 4 || digits > 18)
    throw std::invalid_argument("mail_token: 4 to 18 digits");
  const auto tag = impl_->cmac(token_key, data);
  return last_digits(Botan::load_be<std::uint64_t>(tag.data(), 0), digits);
}

std::array<std::uint8_t, 16> token_engine::commit_code(const secret& commit_key, std::string_view data) {
  return impl_->cmac(commit_key, data);
}

std::array<std::uint8_t, 16> token_engine::registration_token(const secret& registration_key, std::string_view data) {
  return impl_->cmac(registration_key, data);
}

std::string token_engine::test_tokens(const secret& test_key, unsigned position, unsigned number) {
  if (position > test_digits || number > test_digits - position)
    return {};
  if (test_key.size() != key_bytes)
    throw std::invalid_argument("token_engine: a key of 32 bytes");
  std::uint8_t block[block_bytes];
  Botan::store_be(block, test_pattern[0], test_pattern[1]);
  impl_->cipher->set_key(reveal(test_key).data(), key_bytes);
  impl_->cipher->encrypt(block);
  impl_->cipher->clear();
  const auto digits = last_digits(Botan::load_be<std::uint64_t>(block, 0), digits_per_half) +
                      last_digits(Botan::load_be<std::uint64_t>(block, 1), digits_per_half);
  return digits.substr(position, number);
}

std::array<std::uint8_t, 8> token_engine::check_value(const secret& master_key) {
  const auto check_key = impl_->derive(master_key, "check", {});
  static constexpr char zeros[block_bytes] = {};
  const auto tag = impl_->cmac(check_key, {zeros, sizeof zeros});
  std::array<std::uint8_t, 8> value;
  std::copy_n(tag.begin(), value.size(), value.begin());
  return value;
}

} // namespace oaksteel
