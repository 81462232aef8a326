#pragma once
// Two generators, each tested on its own and combined by exclusive or (EP-11).
//
//   noise_source --> tested_source ----> tested_generator --+
//   (hardware)       start-up and         HMAC_DRBG, seeded |
//                    continuous tests     as it is used;    xor --> combined_generator --> keys
//   noise_source --> tested_source ----> tested_generator --+      a Botan generator
//   (software)                            FIPS 140-1 statistics
//
// Steel, Brass and Tin boxes have the software one alone (single_generator).
// A fault is latched: what failed stays out until the box builds its generators anew. Noise and output that are
// not handed out are wiped.

#include "crypto/fips140.hpp"
#include "crypto/noise.hpp"
#include "crypto/secret.hpp"
#include "events/generators.hpp"
#include "events/refusal.hpp"

#include <functional>
#include <mutex>
#include <stdexcept>

namespace oaksteel {

/// Under which a source is used.
struct noise_terms {
  /// Time since any fixed moment, never going back. Passed in: a scenario passes one that stands still.
  std::function<std::chrono::nanoseconds()> clock;
  noise_claim claim{};
  std::chrono::milliseconds bound{1'000}; ///< the longest that one read may take
  unsigned requests_per_seed = 1; ///< more for a source so slow that work would wait for it (an entropy device)
};

/// A noise source behind its health tests.
class tested_source {
public:
  /// Runs the start-up tests (SP 800-90B, 4.3). Throws std::invalid_argument for terms that test nothing.
  tested_source(std::unique_ptr<noise_source> source, noise_terms terms);
  std::string name() const { return source_->name(); }
  const noise_claim& claim() const noexcept { return terms_.claim; }
  std::uint64_t samples() const noexcept { return tests_.samples(); } ///< tested so far

  /// `samples` that passed, or nothing: then fault() says why, and no noise comes any more.
  std::optional<secret> draw(std::size_t samples);
  /// The start-up tests on demand (SP 800-90B, 4.3): their samples are discarded. False is a fault.
  bool test() { return draw(start_up_samples).has_value(); }
  const std::optional<generator_fault>& fault() const noexcept { return fault_; }

private:
  std::optional<unread> read(std::span<std::uint8_t> out);

  std::unique_ptr<noise_source> source_;
  noise_terms terms_;
  noise_tests tests_;
  std::optional<generator_fault> fault_;
};

/// What a test on demand found of one generator.
struct generator_report {
  std::string name;
  std::optional<generator_fault> fault;
  std::vector<statistic> statistics; ///< none if there was no output to count

  static auto fields(auto& self, auto take) { return take(self.name, self.fault, self.statistics); }
};

/// HMAC_DRBG (SP 800-90A, 10.1.2) with SHA-256, as yet without a seed.
std::unique_ptr<generator> hmac_drbg();

/// A DRBG that takes 384 bits of tested noise before every request (SP 800-90A, 8.8: prediction resistance), or before
/// every `requests_per_seed` of them. So the noise is tested as the generator is used; until the next seed, output
/// rests on noise that passed.
class tested_generator {
public:
  /// Runs the start-up tests of the noise, and the statistics. Throws as tested_source does.
  tested_generator(std::unique_ptr<noise_source> source, noise_terms terms,
                   std::unique_ptr<generator> drbg = hmac_drbg());
  std::string name() const { return noise_.name(); }

  /// False, with `out` as it was, once there is a fault.
  bool fill(std::span<std::uint8_t> out);
  /// The start-up tests of the noise, and FIPS 140-1 statistics of 20,000 bits of output. What fails is latched.
  generator_report self_test();
  const std::optional<generator_fault>& fault() const noexcept { return noise_.fault() ? noise_.fault() : fault_; }

private:
  generator_report count_output();

  unsigned requests_per_seed_;
  tested_source noise_;
  std::unique_ptr<generator> drbg_;
  unsigned requests_left_ = 0; ///< with the seed that it has
  std::optional<generator_fault> fault_;
};

/// To be compared with an earlier one: a difference is an event.
struct generator_state {
  generator_health health;
  bool refuses; ///< failed, or degraded at a site that refuses
  std::optional<generator_fault> hardware, software, combination;

  static auto fields(auto& self, auto take) {
    return take(self.health, self.refuses, self.hardware, self.software, self.combination);
  }
  bool operator==(const generator_state&) const = default;
};

/// The state in the words of an event: a line of at most 200 characters for each fault.
generator_condition condition_of(const generator_state& state);
/// Why a box in this state draws nothing: generators_failed or generators_degraded; nothing if it may.
std::optional<refusal> refusal_for(const generator_state& state);

struct self_test_report {
  std::optional<generator_report> hardware; ///< none where a box has the software generator alone
  generator_report software;
  std::optional<generator_report> combination; ///< likewise
  generator_state state;                       ///< after the test

  static auto fields(auto& self, auto take) { return take(self.hardware, self.software, self.combination, self.state); }
};

/// What a box's generator throws instead of output.
class generators_refuse : public std::runtime_error {
public:
  generators_refuse(refusal why, const std::string& text) : std::runtime_error(text), why_(why) {}
  refusal why() const noexcept { return why_; }

private:
  refusal why_;
};

/// What a box draws everything secret from. Safe to call from any thread.
class box_generator : public generator {
public:
  /// Throws generators_refuse, with `out` as it was.
  void randomize(std::uint8_t out[], std::size_t n) final;
  generator_state state() const;
  /// Tests each and both on demand. What fails is latched.
  self_test_report self_test();

  bool is_seeded() const final { return !state().refuses; }
  bool accepts_input() const final { return false; }
  void add_entropy(const std::uint8_t[], std::size_t) final {}
  void clear() final {}

protected:
  // Under the lock.
  virtual bool fill(std::span<std::uint8_t> out) = 0;
  virtual generator_state state_now() const = 0;
  virtual self_test_report test_now() = 0;

private:
  mutable std::mutex mutex_;
};

/// One generator. It is never degraded: it works or has failed.
class single_generator final : public box_generator {
public:
  explicit single_generator(tested_generator software) : software_(std::move(software)) {}
  std::string name() const override { return software_.name(); }

private:
  bool fill(std::span<std::uint8_t> out) override { return software_.fill(out); }
  generator_state state_now() const override;
  self_test_report test_now() override;

  tested_generator software_;
};

/// The exclusive or of two generators.
class combined_generator final : public box_generator {
public:
  /// Tests the combination too: two generators that give the same would give zeros together.
  combined_generator(tested_generator hardware, tested_generator software, degraded_work degraded);
  std::string name() const override { return hardware_.name() + " xor " + software_.name(); }

private:
  bool fill(std::span<std::uint8_t> out) override;
  generator_state state_now() const override;
  self_test_report test_now() override;
  generator_report test_combination();

  tested_generator hardware_, software_;
  degraded_work degraded_;
  std::optional<generator_fault> combination_fault_;
};

/// "stuck at sample 9: repetition count (SP 800-90B, 4.4.1)"
std::string describe(const generator_fault& fault);

} // namespace oaksteel
