#pragma once
// Two generators, each tested on its own and combined by exclusive or (EP-11).
//
//   noise_source --> tested_source ----> tested_generator --+
//   (hardware)       start-up and         HMAC_DRBG, seeded |
//                    continuous tests     at every request; xor --> combined_generator --> keys
//   noise_source --> tested_source ----> tested_generator --+      a Botan generator
//   (software)                            FIPS 140-1 statistics
//
// A fault is latched: what failed stays out until the box builds its generators anew. Noise and output that are
// not handed out are wiped.

#include "crypto/fips140.hpp"
#include "crypto/noise.hpp"
#include "crypto/secret.hpp"

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
};

/// HMAC_DRBG (SP 800-90A, 10.1.2) with SHA-256, as yet without a seed.
std::unique_ptr<generator> hmac_drbg();

/// A DRBG that takes 384 bits of tested noise before every request (SP 800-90A, 8.8: prediction resistance). So the
/// noise is tested as often as the generator is used.
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

  tested_source noise_;
  std::unique_ptr<generator> drbg_;
  std::optional<generator_fault> fault_;
};

enum class generator_health {
  ok,
  degraded, ///< one generator failed, the other carries on
  failed,   ///< both did, or what they give together
};

/// What a site says about work with one generator (EP-11).
enum class degraded_work { allowed, refused };

/// To be compared with an earlier one: a difference is an event.
struct generator_state {
  generator_health health;
  bool refuses; ///< failed, or degraded at a site that refuses
  std::optional<generator_fault> hardware, software, combination;
  bool operator==(const generator_state&) const = default;
};

struct self_test_report {
  generator_report hardware, software, combination;
  generator_state state; ///< after the test
};

/// What a combined_generator throws instead of output.
class generators_refuse : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// The exclusive or of two generators. Safe to call from any thread.
class combined_generator final : public generator {
public:
  /// Tests the combination too: two generators that give the same would give zeros together.
  combined_generator(tested_generator hardware, tested_generator software, degraded_work degraded);

  /// Throws generators_refuse, with `out` as it was.
  void randomize(std::uint8_t out[], std::size_t n) override;
  generator_state state() const;
  /// Tests each and both on demand. What fails is latched.
  self_test_report self_test();

  std::string name() const override { return hardware_.name() + " xor " + software_.name(); }
  bool is_seeded() const override { return !state().refuses; }
  bool accepts_input() const override { return false; }
  void add_entropy(const std::uint8_t[], std::size_t) override {}
  void clear() override {}

private:
  generator_state state_now() const;
  bool fill(std::span<std::uint8_t> out);
  generator_report test_combination();

  mutable std::mutex mutex_;
  tested_generator hardware_, software_;
  degraded_work degraded_;
  std::optional<generator_fault> combination_fault_;
};

/// "stuck at sample 9: repetition count (SP 800-90B, 4.4.1)"
std::string describe(const generator_fault& fault);

} // namespace oaksteel
