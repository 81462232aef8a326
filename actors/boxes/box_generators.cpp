#include "actors/boxes/box_generators.hpp"

namespace oaksteel {
namespace {

/// One piece of work's view of the box's generators.
class drawing final : public generator {
public:
  explicit drawing(std::shared_ptr<box_generator> from) : from_(std::move(from)) {}
  void randomize(std::uint8_t out[], std::size_t n) override { from_->randomize(out, n); }
  std::string name() const override { return from_->name(); }
  bool is_seeded() const override { return from_->is_seeded(); }
  bool accepts_input() const override { return false; }
  void add_entropy(const std::uint8_t[], std::size_t) override {}
  void clear() override {}

private:
  std::shared_ptr<box_generator> from_;
};

std::shared_ptr<box_generator> make(const label& slot, box_type type, noise_supply& noise, degraded_work degraded) {
  const auto tested = [&](generator_part part) {
    return tested_generator{noise.source(slot, part), noise.terms(part)};
  };
  if (!has_two_generators(type))
    return std::make_shared<single_generator>(tested(generator_part::software));
  auto hardware = tested(generator_part::hardware);
  return std::make_shared<combined_generator>(std::move(hardware), tested(generator_part::software), degraded);
}

} // namespace

box_generators::box_generators(const label& slot, box_type type, const surroundings& around) {
  if (around.noise)
    own_ = make(slot, type, *around.noise, around.degraded);
  else
    own_ = make(slot, type, *seeded_noise(*around.random), around.degraded);
}

std::unique_ptr<generator> box_generators::stream(const std::string&, std::uint64_t) {
  return std::make_unique<drawing>(own_);
}

box_self_test test_box_now(box_generators& generators, const std::vector<known_answer>& answers) {
  return {generators.self_test(), wrong_answer(answers)};
}

std::optional<unfitness> find_unfitness(box_generators& generators, const std::vector<known_answer>& answers) {
  const auto found = test_box_now(generators, answers);
  if (found.wrong_answer)
    return unfitness{refusal::self_test_failed, ": " + *found.wrong_answer};
  if (const auto why = refusal_for(found.generators.state))
    return unfitness{*why, {}};
  return std::nullopt;
}

} // namespace oaksteel
