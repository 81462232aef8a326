#include "scenarios/faulty_noise.hpp"

#include <algorithm>

namespace oaksteel {
namespace {

/// Of the block that a repeating source gives again and again, in samples: the tests compare blocks of 16.
constexpr std::size_t repeated_samples = 32;
/// Of a biased source: one sample in so many is the same; a good one of this many values has half as many.
constexpr std::size_t biased_to = 5;

class faulty final : public noise_source {
public:
  faulty(std::unique_ptr<noise_source> good, std::string_view what, std::uint64_t after)
    : good_(std::move(good)), what_(what), after_(after) {}
  std::string name() const override { return good_->name(); }

  std::optional<unread> read(std::span<std::uint8_t> out, std::chrono::milliseconds bound) override {
    auto why = good_->read(out, bound);
    const auto sound = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), after_ - std::min(after_, at_)));
    const auto rest = out.subspan(sound);
    at_ += sound;
    return why || rest.empty() ? why : spoil(rest);
  }

private:
  std::optional<unread> spoil(std::span<std::uint8_t> rest) {
    if (what_ == "dead")
      return unread{fault_kind::dead, "it was unplugged"};
    if (what_ == "slow")
      return unread{fault_kind::slow, "it had nothing to say"};
    for (auto& sample : rest) {
      const auto n = spoiled_++;
      if (what_ == "stuck" || (what_ == "biased" && n % biased_to == 0))
        sample = 0;
      if (what_ == "repeating") {
        if (block_.size() < repeated_samples)
          block_.push_back(sample);
        sample = block_[n % repeated_samples];
      }
    }
    return std::nullopt;
  }

  std::unique_ptr<noise_source> good_;
  std::string what_;
  std::uint64_t after_;
  std::uint64_t at_ = 0;      ///< sound samples so far
  std::uint64_t spoiled_ = 0; ///< those after them
  std::vector<std::uint8_t> block_;
};

class simulated final : public noise_supply {
public:
  simulated(randomness& random, std::vector<box_fault> faults)
    : good_(seeded_noise(random)), faults_(std::move(faults)) {}

  std::unique_ptr<noise_source> source(const label& slot, generator_part part) override {
    auto made = good_->source(slot, part);
    for (const auto& fault : faults_)
      if (fault.box == slot && fault.generator == part)
        made = faulty_source(std::move(made), fault.what, fault.after);
    return made;
  }
  noise_terms terms(generator_part part) const override { return good_->terms(part); }

private:
  std::unique_ptr<noise_supply> good_;
  std::vector<box_fault> faults_;
};

} // namespace

std::unique_ptr<noise_source> faulty_source(std::unique_ptr<noise_source> good, std::string_view what,
                                            std::uint64_t after) {
  return std::make_unique<faulty>(std::move(good), what, after);
}

std::unique_ptr<noise_supply> faulty_noise(randomness& random, std::vector<box_fault> faults) {
  return std::make_unique<simulated>(random, std::move(faults));
}

} // namespace oaksteel
