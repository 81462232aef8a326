#pragma once
// What the tests of this folder share: literals in hex, a generator that says what it is told, one key of each suite.

#include "crypto/random.hpp"
#include "crypto/secret.hpp"
#include "crypto/suite.hpp"

#include <botan/hex.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace oaksteel::testing {

inline bytes hex_bytes(std::string_view hex) { return Botan::hex_decode(hex.data(), hex.size()); }
template <class Bytes>
std::string to_hex(const Bytes& raw) {
  return Botan::hex_encode(raw.data(), raw.size(), false);
}
inline byte_view view(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline secret secret_of(std::string_view text) { return secret{view(text)}; }
inline secret secret_from_hex(std::string_view hex) { return secret{byte_view{hex_bytes(hex)}}; }
inline std::string hex_of(const secret& s) { return to_hex(reveal(s)); }
inline std::string text_of(const secret& s) { return {reveal(s).begin(), reveal(s).end()}; }
inline secret copy_of(const secret& s) { return secret{reveal(s)}; }

/// Gives `output`, over and over.
class told_generator final : public Botan::RandomNumberGenerator {
public:
  explicit told_generator(bytes output) : output_(std::move(output)) {}
  void randomize(std::uint8_t out[], std::size_t n) override {
    for (std::size_t i = 0; i < n; ++i, ++at_)
      out[i] = output_[at_ % output_.size()];
  }
  bool accepts_input() const override { return false; }
  void add_entropy(const std::uint8_t[], std::size_t) override {}
  std::string name() const override { return "told"; }
  void clear() override { at_ = 0; }
  bool is_seeded() const override { return true; }

private:
  bytes output_;
  std::size_t at_ = 0;
};

/// A stream of the seeded source; the seed stands in the test that asks.
inline std::unique_ptr<generator> seeded(std::uint64_t seed, std::uint64_t number = 0) {
  return seeded_randomness(seed, 1)->stream("test", number);
}

/// RFC 6979, A.2.5, as PKCS#8 (vectors.py).
inline private_key standard_p256() {
  auto key = private_key::parse(
      suite_id::p256,
      secret_from_hex(
          "308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420c9afa9d845ba75166b5c215767b1"
          "d6934e50c3db36e89b127b8a622b120f6721a1440342000460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce6"
          "69622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"));
  if (!key)
    throw std::logic_error("the standard's key does not parse");
  return std::move(*key);
}

} // namespace oaksteel::testing
