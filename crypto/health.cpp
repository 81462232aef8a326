#include "crypto/health.hpp"

#include <bit>
#include <cmath>
#include <stdexcept>

namespace oaksteel {

namespace {

constexpr unsigned bits_in_a_block = 64;

double entropy_of(const noise_claim& claim) {
  if (!(claim.min_entropy > 0 && claim.min_entropy <= 8))
    throw std::invalid_argument("a sample of eight bits has more than 0 and at most 8 bits of min-entropy");
  return claim.min_entropy;
}

} // namespace

unsigned repetition_cutoff(const noise_claim& claim) { return 1 + samples_with(claim, claim.false_positive); }

unsigned samples_with(const noise_claim& claim, unsigned bits) {
  return static_cast<unsigned>(std::ceil(bits / entropy_of(claim)));
}

unsigned adaptive_cutoff(const noise_claim& claim, unsigned window) {
  // CRITBINOM is the least k with P(X > k) <= alpha. From the top: the first k with P(X >= k) > alpha.
  const long double p = std::exp2(static_cast<long double>(-entropy_of(claim)));
  const long double alpha = std::exp2(-static_cast<long double>(claim.false_positive));
  long double exactly_k = std::pow(p, static_cast<long double>(window)), k_or_more = exactly_k;
  unsigned k = window;
  for (; k > 0 && k_or_more <= alpha; --k) {
    exactly_k *= k / (window - k + 1.0L) * (1 - p) / p;
    k_or_more += exactly_k;
  }
  if (k >= window)
    throw std::invalid_argument("so little min-entropy is claimed that no window could fail");
  return 1 + k;
}

bool repetition_count::take(std::uint8_t sample) {
  count_ = sample == value_ ? count_ + 1 : 1;
  value_ = sample;
  return count_ < cutoff_;
}

bool adaptive_proportion::take(std::uint8_t sample) {
  if (at_ == 0) {
    value_ = sample;
    count_ = 0;
  }
  count_ += sample == value_;
  at_ = (at_ + 1) % window_;
  return sample != value_ || count_ < cutoff_;
}

bool repeated_block::take(std::uint8_t sample) {
  current_.push_back(sample);
  if (current_.size() < samples_)
    return true;
  const bool fresh = current_ != previous_ && current_ != marked_;
  if (std::has_single_bit(++blocks_))
    marked_ = current_;
  previous_.swap(current_);
  current_.clear();
  return fresh;
}

noise_tests::noise_tests(const noise_claim& claim)
    : repetition_(repetition_cutoff(claim)), proportion_(adaptive_cutoff(claim), window_of_bytes),
      block_(samples_with(claim, bits_in_a_block)) {}

std::optional<generator_fault> noise_tests::take(std::uint8_t sample) {
  ++samples_;
  const bool varied = repetition_.take(sample), even = proportion_.take(sample), fresh = block_.take(sample);
  if (!varied)
    return generator_fault{fault_kind::stuck, samples_, "repetition count (SP 800-90B, 4.4.1)"};
  if (!even)
    return generator_fault{fault_kind::biased, samples_, "adaptive proportion (SP 800-90B, 4.4.2)"};
  if (!fresh)
    return generator_fault{fault_kind::repeating, samples_, "a block came again (FIPS 140-1, 4.11.2)"};
  return std::nullopt;
}

} // namespace oaksteel
