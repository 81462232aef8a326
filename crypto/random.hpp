#pragma once
// Where random numbers come from. Passed in, so that a scenario can run again from its seed.

#include "events/ids.hpp"

#include <botan/rng.h>

#include <memory>
#include <string>

namespace oaksteel {

using generator = Botan::RandomNumberGenerator;

/// Hands out a generator for each piece of work. Safe to call from any thread.
class randomness {
public:
  virtual ~randomness() = default;
  /// A generator for the work `number` of `actor`. A seeded source gives the same bytes for the same
  /// (seed, epoch, actor, number), whatever else runs meanwhile.
  virtual std::unique_ptr<generator> stream(const std::string& actor, std::uint64_t number) = 0;
};

/// The operating system's generator.
std::unique_ptr<randomness> system_randomness();

/// HMAC_DRBG (SP 800-90A, SHA-256) seeded with SHA-256 over seed, epoch, actor and number, each
/// length-prefixed. For simulation only: whoever knows the seed knows every key.
std::unique_ptr<randomness> seeded_randomness(std::uint64_t seed, std::uint32_t epoch);

/// Masks private-key operations against timing. It changes no result, so a scenario need not seed it,
/// and a kept key may draw from it at any time. Safe to call from any thread.
generator& blinding_generator();

/// HMAC_DRBG (SHA-256) seeded with 48 bytes of `parent`.
std::unique_ptr<generator> child_generator(generator& parent);

} // namespace oaksteel
