#pragma once
// The random generators of one box (EP-11): made and tested when the box starts, drawn from by all its work.

#include "actors/surroundings.hpp"
#include "crypto/generators.hpp"

namespace oaksteel {

/// A Manufacturing or Oak box has a hardware and a software generator, combined by exclusive or; the others have the
/// software one. Safe to call from any thread.
class box_generators final : public randomness {
public:
  box_generators(const label& slot, box_type type, const surroundings& around);

  /// Draws from the box's own generators, whatever the work; it may outlive this object. Throws generators_refuse
  /// when they give nothing.
  std::unique_ptr<generator> stream(const std::string& actor, std::uint64_t number) override;

  generator_condition condition() const { return condition_of(own_->state()); }
  /// The tests on demand. What fails is latched.
  self_test_report self_test() { return own_->self_test(); }

private:
  std::shared_ptr<box_generator> own_;
};

/// Runs the tests on demand of generators and software; for a worker.
box_self_test test_box_now(box_generators& generators, const std::vector<known_answer>& answers);

/// Why a box may not take an id.
struct unfitness {
  refusal why;
  std::string detail; ///< for the error log, after the box's slot
};
/// Runs the same tests before a box takes its id (EP-8); nothing when it passes them.
std::optional<unfitness> find_unfitness(box_generators& generators, const std::vector<known_answer>& answers);

} // namespace oaksteel
