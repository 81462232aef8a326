#include "actors/noise_supply.hpp"

#include <chrono>

namespace oaksteel {
namespace {

class from_machine final : public noise_supply {
public:
  std::unique_ptr<noise_source> source(const label&, generator_part part) override {
    return part == generator_part::hardware ? hardware_source() : kernel_source();
  }
  noise_terms terms(generator_part part) const override {
    noise_terms terms{[] { return std::chrono::steady_clock::now().time_since_epoch(); }};
    if (part == generator_part::hardware)
      terms.requests_per_seed = 1'024;
    return terms;
  }
};

class from_streams final : public noise_supply {
public:
  explicit from_streams(randomness& random) : random_(random) {}

  std::unique_ptr<noise_source> source(const label& slot, generator_part part) override {
    const auto stream = "noise/" + slot.text + '/' + std::string{name(part)};
    return generator_source("simulated " + std::string{name(part)}, random_.stream(stream, 0));
  }
  noise_terms terms(generator_part) const override {
    return {[] { return std::chrono::nanoseconds{0}; }};
  }

private:
  randomness& random_;
};

} // namespace

std::unique_ptr<noise_supply> machine_noise() {
  return std::make_unique<from_machine>();
}
std::unique_ptr<noise_supply> seeded_noise(randomness& random) {
  return std::make_unique<from_streams>(random);
}

} // namespace oaksteel
