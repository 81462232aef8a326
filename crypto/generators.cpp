#include "crypto/generators.hpp"

#include <botan/hmac_drbg.h>

namespace oaksteel {

namespace {

/// SP 800-90A, 8.6.7: entropy of the security strength, 256 bits, and half of that for the nonce.
constexpr unsigned seed_bits = 256 + 128;
/// Of a fault, in characters: a box's state must fit its row.
constexpr std::size_t longest_line = 200;

std::string_view word_for(fault_kind kind) {
  switch (kind) {
  case fault_kind::stuck:
    return "stuck";
  case fault_kind::biased:
    return "biased";
  case fault_kind::repeating:
    return "repeating";
  case fault_kind::slow:
    return "slow";
  case fault_kind::dead:
    return "dead";
  case fault_kind::not_random:
    return "not random";
  }
  return "?";
}

/// Counts `output`; the first figure outside its bounds is a fault.
std::optional<generator_fault> judge(std::span<const std::uint8_t, fips140_bytes> output, std::uint64_t sample,
                                     std::vector<statistic>& statistics) {
  statistics = fips140_statistics(output);
  for (const auto& s : statistics)
    if (!s.passed())
      return generator_fault{fault_kind::not_random, sample, s.name + " (FIPS 140-1, 4.11.1)"};
  return std::nullopt;
}

} // namespace

tested_source::tested_source(std::unique_ptr<noise_source> source, noise_terms terms)
    : source_(std::move(source)), terms_(std::move(terms)), tests_(terms_.claim) {
  if (!terms_.clock || terms_.bound.count() <= 0)
    throw std::invalid_argument("a source needs a clock and a bound, or a slow one is never found");
  if (terms_.requests_per_seed == 0)
    throw std::invalid_argument("a seed serves a request at least");
  test();
}

std::optional<unread> tested_source::read(std::span<std::uint8_t> out) {
  const auto began = terms_.clock();
  try {
    if (auto why = source_->read(out, terms_.bound))
      return why;
  } catch (const std::exception& error) {
    return unread{fault_kind::dead, error.what()};
  }
  if (terms_.clock() - began > terms_.bound)
    return unread{fault_kind::slow, "a read took longer than " + std::to_string(terms_.bound.count()) + " ms"};
  return std::nullopt;
}

std::optional<secret> tested_source::draw(std::size_t samples) {
  if (fault_)
    return std::nullopt;
  // Zeros, so that a source that says it filled them and did not is stuck.
  Botan::secure_vector<std::uint8_t> noise(samples);
  if (const auto why = read(noise)) {
    fault_ = generator_fault{why->kind, tests_.samples(), why->reason};
    return std::nullopt;
  }
  for (const auto sample : noise)
    if ((fault_ = tests_.take(sample)))
      return std::nullopt;
  return secret{std::move(noise)};
}

std::unique_ptr<generator> hmac_drbg() { return std::make_unique<Botan::HMAC_DRBG>("SHA-256"); }

tested_generator::tested_generator(std::unique_ptr<noise_source> source, noise_terms terms,
                                   std::unique_ptr<generator> drbg)
    : requests_per_seed_(terms.requests_per_seed), noise_(std::move(source), std::move(terms)), drbg_(std::move(drbg)) {
  count_output();
}

bool tested_generator::fill(std::span<std::uint8_t> out) {
  if (fault())
    return false;
  if (requests_left_ == 0) {
    const auto seed = noise_.draw(samples_with(noise_.claim(), seed_bits));
    if (!seed)
      return false;
    // The first of these is HMAC_DRBG_Instantiate, the others HMAC_DRBG_Reseed: both are Update with the seed.
    drbg_->add_entropy(reveal(*seed).data(), seed->size());
    requests_left_ = requests_per_seed_;
  }
  --requests_left_;
  drbg_->randomize(out.data(), out.size());
  return true;
}

generator_report tested_generator::self_test() {
  noise_.test();
  requests_left_ = 0; // the output that is counted rests on fresh noise
  return count_output();
}

generator_report tested_generator::count_output() {
  generator_report report{name(), std::nullopt, {}};
  Botan::secure_vector<std::uint8_t> output(fips140_bytes);
  if (fill(output))
    fault_ = judge(std::span<const std::uint8_t, fips140_bytes>{output}, noise_.samples(), report.statistics);
  report.fault = fault();
  return report;
}

generator_condition condition_of(const generator_state& state) {
  const auto line = [](const std::optional<generator_fault>& fault) {
    return fault ? std::optional{describe(*fault).substr(0, longest_line)} : std::nullopt;
  };
  return {state.health, line(state.hardware), line(state.software), line(state.combination)};
}

std::optional<refusal> refusal_for(const generator_state& state) {
  if (!state.refuses)
    return std::nullopt;
  return state.health == generator_health::degraded ? refusal::generators_degraded : refusal::generators_failed;
}

void box_generator::randomize(std::uint8_t out[], std::size_t n) {
  const std::lock_guard lock{mutex_};
  if (fill({out, n}))
    return;
  const auto state = state_now();
  std::string why = "no random numbers";
  for (const auto& [name, fault] : {std::pair{"hardware", state.hardware}, std::pair{"software", state.software},
                                    std::pair{"combination", state.combination}})
    if (fault)
      why += std::string{"; "} + name + " " + describe(*fault);
  throw generators_refuse(refusal_for(state).value_or(refusal::generators_failed), why);
}

generator_state box_generator::state() const {
  const std::lock_guard lock{mutex_};
  return state_now();
}

self_test_report box_generator::self_test() {
  const std::lock_guard lock{mutex_};
  return test_now();
}

generator_state single_generator::state_now() const {
  const bool failed = software_.fault().has_value();
  return {failed ? generator_health::failed : generator_health::ok, failed, std::nullopt, software_.fault(),
          std::nullopt};
}

self_test_report single_generator::test_now() {
  auto software = software_.self_test();
  return {std::nullopt, std::move(software), std::nullopt, state_now()};
}

combined_generator::combined_generator(tested_generator hardware, tested_generator software, degraded_work degraded)
    : hardware_(std::move(hardware)), software_(std::move(software)), degraded_(degraded) {
  test_combination();
}

generator_state combined_generator::state_now() const {
  generator_state state{generator_health::ok, false, hardware_.fault(), software_.fault(), combination_fault_};
  if (state.combination || (state.hardware && state.software))
    state.health = generator_health::failed;
  else if (state.hardware || state.software)
    state.health = generator_health::degraded;
  state.refuses = state.health == generator_health::failed ||
                  (state.health == generator_health::degraded && degraded_ == degraded_work::refused);
  return state;
}

bool combined_generator::fill(std::span<std::uint8_t> out) {
  // One that fails leaves zeros, which change nothing in the exclusive or.
  Botan::secure_vector<std::uint8_t> hardware(out.size()), software(out.size());
  hardware_.fill(hardware);
  software_.fill(software);
  if (state_now().refuses)
    return false;
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = hardware[i] ^ software[i];
  return true;
}

generator_report combined_generator::test_combination() {
  generator_report report{name(), std::nullopt, {}};
  Botan::secure_vector<std::uint8_t> output(fips140_bytes);
  if (fill(output))
    combination_fault_ = judge(std::span<const std::uint8_t, fips140_bytes>{output}, 0, report.statistics);
  report.fault = combination_fault_;
  return report;
}

self_test_report combined_generator::test_now() {
  auto hardware = hardware_.self_test(), software = software_.self_test();
  auto combination = test_combination();
  return {std::move(hardware), std::move(software), std::move(combination), state_now()};
}

std::string describe(const generator_fault& fault) {
  return std::string{word_for(fault.kind)} + " at sample " + std::to_string(fault.sample) + ": " + fault.reason;
}

} // namespace oaksteel
