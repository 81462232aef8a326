#pragma once
// Noise sources that fail as a scenario says (EP-11), over those of a simulation.

#include "actors/noise_supply.hpp"
#include "scenarios/script.hpp"

namespace oaksteel {

/// Gives `after` samples of `good`, then fails in the way of `what`, one of noise_faults.
std::unique_ptr<noise_source> faulty_source(std::unique_ptr<noise_source> good, std::string_view what,
                                            std::uint64_t after);

/// seeded_noise, with the faults of the boxes. `random` outlives it.
std::unique_ptr<noise_supply> faulty_noise(randomness& random, std::vector<box_fault> faults);

} // namespace oaksteel
