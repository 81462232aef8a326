#include "crypto/health.hpp"

#include "tests/crypto/fixtures.hpp"

#include <botan/bigint.h>

#include <boost/test/unit_test.hpp>
#include <rapidcheck.h>

#include <functional>

using namespace oaksteel;
using namespace oaksteel::testing;

BOOST_AUTO_TEST_SUITE(health)
namespace {

constexpr noise_claim at(double min_entropy, unsigned false_positive = 30) { return {min_entropy, false_positive}; }

/// Samples by their number, from 0.
using noise = std::function<std::uint8_t(std::uint64_t)>;

/// The first fault within `most` samples.
std::optional<generator_fault> first_fault(const noise_claim& claim, const noise& source, std::uint64_t most) {
  noise_tests tests{claim};
  for (std::uint64_t i = 0; i < most; ++i)
    if (auto fault = tests.take(source(i)))
      return fault;
  return std::nullopt;
}

/// Good noise, as much as is asked for in order.
noise good(std::uint64_t seed) {
  return [random = std::shared_ptr<generator>{seeded(seed)}](std::uint64_t) { return random->next_byte(); };
}

/// Good noise up to sample `from`, then `bad`.
noise failing(std::uint64_t seed, std::uint64_t from, noise bad) {
  return
      [good = good(seed), from, bad = std::move(bad)](std::uint64_t i) { return i < from ? good(i) : bad(i - from); };
}

} // namespace

BOOST_AUTO_TEST_CASE(the_repetition_cutoff_is_the_standard_s) {
  // SP 800-90B, 4.4.1: for 2^-30, 7.3 bits give 6.
  BOOST_TEST(repetition_cutoff(at(7.3)) == 6u);
  BOOST_TEST(repetition_cutoff(at(1)) == 31u);
  BOOST_TEST(repetition_cutoff(at(4)) == 9u);
  BOOST_TEST(repetition_cutoff(at(8)) == 5u);
  BOOST_TEST(repetition_cutoff(at(0.5, 20)) == 41u);
}

BOOST_AUTO_TEST_CASE(the_adaptive_cutoff_is_the_standard_s) {
  // SP 800-90B, 4.4.2, the table for 2^-20: binary, then not.
  const std::pair<double, unsigned> bits[] = {{0.2, 941}, {0.4, 840}, {0.6, 748}, {0.8, 664}, {1, 589}};
  for (const auto& [h, cutoff] : bits)
    BOOST_TEST(adaptive_cutoff(at(h, 20), window_of_bits) == cutoff);
  const std::pair<double, unsigned> bytes[] = {{0.5, 410}, {1, 311}, {2, 177}, {4, 62}, {8, 13}};
  for (const auto& [h, cutoff] : bytes)
    BOOST_TEST(adaptive_cutoff(at(h, 20)) == cutoff);
  // The formula for 2^-30 in Python, with 400 bits; Linux's jitterentropy has 325 and 422 too.
  const std::pair<double, unsigned> rarer[] = {{0.1, 507}, {0.5, 422}, {1, 325}, {2, 190}, {4, 71}, {6, 31}, {8, 16}};
  for (const auto& [h, cutoff] : rarer)
    BOOST_TEST(adaptive_cutoff(at(h)) == cutoff);
}

// SP 800-90B (January 2018), 4.4.2: C = 1 + CRITBINOM(W, 2^-H, 1 - alpha), "the smallest value for which the cumulative
// binomial distribution is greater than or equal to a criterion value". In whole numbers, without rounding: for a whole
// H, 2^(H W) P(X > k) is the sum of C(W, j) (2^H - 1)^(W - j) over j > k, and is held against 2^(H W) alpha.
BOOST_AUTO_TEST_CASE(the_adaptive_cutoff_is_that_of_exact_arithmetic) {
  const auto exact = [](unsigned h, unsigned alpha, unsigned window) {
    const Botan::BigInt others = (Botan::BigInt{1} << h) - 1, limit = Botan::BigInt{1} << (h * window - alpha);
    Botan::BigInt term{1}, tail{0}; // term: C(W, k) (2^H - 1)^(W - k), of k = W at first
    unsigned k = window;
    // `tail` is that of X > k.
    for (; k > 0 && tail <= limit; --k) {
      tail += term;
      term = term * others * k / (window - k + 1);
    }
    return 1 + k + 1; // the last k whose tail was small enough is one higher
  };
  for (const unsigned alpha : {20U, 30U, 40U})
    for (const unsigned h : {1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U})
      BOOST_TEST(adaptive_cutoff(at(h, alpha)) == exact(h, alpha, window_of_bytes));
  BOOST_TEST(adaptive_cutoff(at(1, 20), window_of_bits) == exact(1, 20, window_of_bits));
  BOOST_TEST(adaptive_cutoff(at(1, 30), window_of_bits) == exact(1, 30, window_of_bits));
}

// SP 800-90B, 4.4.1: the probability of C equal samples is at most 2^(-H (C - 1)), which is at most alpha for C and not
// for C - 1.
BOOST_AUTO_TEST_CASE(the_repetition_cutoff_is_the_least_that_keeps_alpha) {
  for (const unsigned alpha : {20U, 30U, 40U})
    for (const double h : {0.5, 1.0, 2.0, 4.0, 7.3, 8.0}) {
      const auto cutoff = repetition_cutoff(at(h, alpha));
      BOOST_TEST(h * (cutoff - 1) >= alpha);
      BOOST_TEST(h * (cutoff - 2) < alpha);
    }
}

BOOST_AUTO_TEST_CASE(a_claim_that_tests_nothing_is_refused) {
  for (const double h : {0.0, -1.0, 8.1, std::numeric_limits<double>::quiet_NaN()}) {
    BOOST_CHECK_THROW(noise_tests{at(h)}, std::invalid_argument);
    BOOST_CHECK_THROW(repetition_cutoff(at(h)), std::invalid_argument);
  }
  // 512 equal samples have a probability of 2^(-512 H): more than 2^-30 below 30 / 512 bits.
  BOOST_CHECK_THROW(noise_tests{at(0.058)}, std::invalid_argument);
  BOOST_TEST(adaptive_cutoff(at(0.059)) == 512u);
}

BOOST_AUTO_TEST_CASE(a_stuck_source_is_found_at_the_cutoff) {
  for (const double h : {0.5, 1.0, 4.0, 8.0})
    for (const std::uint64_t from : {0, 1, 1000}) {
      const auto cutoff = repetition_cutoff(at(h));
      const auto source = [&](std::uint64_t i) -> std::uint8_t { return i < from ? 1 + i % 251 : 0; };
      repetition_count test{cutoff};
      std::uint64_t i = 0;
      while (test.take(source(i)))
        ++i;
      BOOST_TEST(i + 1 == from + cutoff);
    }
  const auto fault = first_fault(
      at(1), [](auto) { return 0; }, 1'000);
  BOOST_REQUIRE(fault);
  BOOST_CHECK(fault->kind == fault_kind::stuck);
  BOOST_TEST(fault->sample == 31u);
}

BOOST_AUTO_TEST_CASE(a_run_one_short_of_the_cutoff_passes) {
  repetition_count test{9};
  for (int i = 0; i < 1'000; ++i)
    BOOST_REQUIRE(test.take(static_cast<std::uint8_t>(i / 8)));
  repetition_count first{2};
  BOOST_TEST(first.take(0)); // no sample before it
}

BOOST_AUTO_TEST_CASE(a_biased_source_is_found_in_its_first_window) {
  // The value comes at every seventh place: 74 times in 512.
  const auto every_seventh = [](std::uint64_t i) -> std::uint8_t { return i % 7 == 0 ? 0 : 1 + i % 255; };
  const auto fault = first_fault(at(4), every_seventh, 100'000);
  BOOST_REQUIRE(fault);
  BOOST_CHECK(fault->kind == fault_kind::biased);
  BOOST_TEST(fault->sample == 7u * 70 + 1); // the 71st
  // At every eighth, 64 times: as a source of 4 bits may.
  adaptive_proportion test{71, window_of_bytes};
  for (std::uint64_t i = 0; i < 100'000; ++i)
    BOOST_REQUIRE(test.take(i % 8 == 0 ? 0 : 1 + i % 251));
}

BOOST_AUTO_TEST_CASE(a_window_counts_its_first_value_only_in_itself) {
  for (const unsigned window : {window_of_bytes, window_of_bits})
    for (const bool last_too : {false, true}) {
      // The value stands first in the window, and at its last places: 10 times or 9.
      adaptive_proportion test{10, window};
      bool passed = true;
      for (unsigned i = 0; i < window; ++i)
        passed = test.take(i == 0 || (i >= window - 9 && (i + 1 < window || last_too)) ? 7 : 8) && passed;
      BOOST_TEST(passed == !last_too);
      // The next window counts anew.
      for (unsigned i = 0; i < 9; ++i)
        BOOST_TEST(test.take(7));
      BOOST_TEST(!test.take(7));
    }
}

BOOST_AUTO_TEST_CASE(a_block_that_comes_again_is_found_when_it_is_complete) {
  const auto block = seeded(5)->random_vec(16);
  const auto fault = first_fault(at(4), failing(6, 1'600, [&](auto i) { return block[i % 16]; }), 10'000);
  BOOST_REQUIRE(fault);
  BOOST_CHECK(fault->kind == fault_kind::repeating);
  BOOST_TEST(fault->sample == 1'632u);
  // Twice and never again, far from any mark.
  const auto twice = [&, later = good(7)](std::uint64_t i) { return i < 32 ? block[i % 16] : later(i); };
  const auto once = first_fault(at(4), failing(8, 16 * 1'000, twice), 100'000);
  BOOST_REQUIRE(once);
  BOOST_TEST(once->sample == 16u * 1'002);
  // Not the block before it, and not marked.
  repeated_block test{2};
  for (const std::uint8_t sample : {1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 5, 5})
    BOOST_TEST(test.take(sample));
}

BOOST_AUTO_TEST_CASE(a_source_that_goes_round_is_found_in_its_third_round_of_blocks) {
  BOOST_TEST(rc::check("round", [] {
    const auto claim = at(*rc::gen::element(1.0, 4.0, 8.0));
    const std::size_t length = *rc::gen::inRange(2, 2'000);
    const std::uint64_t from = *rc::gen::inRange(0, 5'000);
    const auto round = seeded(*rc::gen::arbitrary<std::uint64_t>())->random_vec(length);
    const auto fault = first_fault(claim, failing(9, from, [&](auto i) { return round[i % length]; }), 10'000'000);
    RC_ASSERT(fault.has_value());
    const std::uint64_t block = samples_with(claim, 64);
    RC_ASSERT(fault->sample <= 3 * block * std::max<std::uint64_t>(length, from / block + 1));
  }));
}

BOOST_AUTO_TEST_CASE(a_short_round_is_found_in_the_first_window) {
  // 4 bits: 512 / 71 = 7 values.
  const auto fault = first_fault(
      at(4), [](auto i) { return i % 7; }, 1'000);
  BOOST_REQUIRE(fault);
  BOOST_TEST(fault->sample <= 512u);
  adaptive_proportion test{71, window_of_bytes};
  unsigned i = 0;
  while (test.take(static_cast<std::uint8_t>(i % 7)))
    ++i;
  BOOST_TEST(i + 1 == 7u * 70 + 1);
}

BOOST_AUTO_TEST_CASE(a_good_source_raises_none) {
  for (const double h : {1.0, 4.0, 8.0})
    BOOST_CHECK(!first_fault(at(h), good(10), 1'000'000));
}

BOOST_AUTO_TEST_SUITE_END()
