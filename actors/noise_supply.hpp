#pragma once
// Where the noise of the boxes' generators comes from: the machine, or in a simulation the seed.

#include "crypto/generators.hpp"
#include "events/ids.hpp"

#include <memory>

namespace oaksteel {

class noise_supply {
public:
  virtual ~noise_supply() = default;
  /// The source of one generator of the box in this slot. A box takes new ones at each start.
  virtual std::unique_ptr<noise_source> source(const label& slot, generator_part part) = 0;
  virtual noise_terms terms(generator_part part) const = 0;
};

/// hardware_source() and kernel_source(), under the machine's monotonic clock. The kernel gives a seed for every
/// request. Hardware behind a device can take 10 ms for one, so that it gives a seed for every 1,024: 10 us a key.
std::unique_ptr<noise_supply> machine_noise();

/// Streams of `random`, which outlives it, for each slot and generator; under a clock that stands still. So a run
/// draws the same again, through the same tests as with the machine's noise.
std::unique_ptr<noise_supply> seeded_noise(randomness& random);

} // namespace oaksteel
