#pragma once
// Everything that a master key is used for (EP-21). Test vectors: tests/crypto/token_test.cpp.

#include "crypto/secret.hpp"
#include "events/ids.hpp"

#include <array>
#include <memory>
#include <string>
#include <string_view>

namespace oaksteel {

/// The master key's uses, which label the derivation.
enum class key_use { test, commit, registration, token };

/// Computes tokens; keeps its cipher objects, since creating one costs more than using it
/// (field notes: 1.2 us against 0.1 us). One for each thread.
class token_engine {
public:
  token_engine();
  ~token_engine();

  /// K' = SP 800-108 counter-mode KDF with CMAC-AES-256, 256 bits, label `test`, `commit`,
  /// `registration` or `token`, and `context`. Master keys are 32 bytes.
  secret derive(const secret& master_key, key_use use, std::string_view context);
  /// First 8 bytes of CMAC-AES-256(K', data) big-endian, modulo 10^digits, zero-padded to `digits`
  /// (4 to 18).
  std::string mail_token(const secret& token_key, std::string_view data, unsigned digits);
  /// All 16 bytes of CMAC-AES-256(K', data): what Steel and the meter show each other in MI6c and MI6c'.
  std::array<std::uint8_t, 16> commit_code(const secret& commit_key, std::string_view data);
  /// All 16 bytes of CMAC-AES-256(K', data).
  std::array<std::uint8_t, 16> registration_token(const secret& registration_key, std::string_view data);
  /// AES-256 under K' of the test pattern; each 8 bytes big-endian modulo 10^8: 16 digits, of which
  /// `number` from `position` (0-based). Nothing outside 16 digits.
  std::string test_tokens(const secret& test_key, unsigned position, unsigned number);
  /// First 8 bytes of CMAC-AES-256(K, 16 zero bytes) under a key derived with label `check`: names a key, tells nothing
  /// else.
  std::array<std::uint8_t, 8> check_value(const secret& master_key);

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// The test pattern: two fixed 64-bit values, the same for all meters (EP, "Digital Meter Requirements").
inline constexpr std::array<std::uint64_t, 2> test_pattern{0x4f414b535445454cULL, 0x3031323334353637ULL};

} // namespace oaksteel
