#pragma once
// Health tests of noise, a sample of eight bits at a time: SP 800-90B (January 2018), 4.4, and FIPS 140-1,
// 4.11.2. Nothing here reads a source or a clock, and no sample is kept longer than a test needs it.
//
//   a source that    is found by           no later than
//   is stuck         repetition_count      repetition_cutoff samples after it stuck (9 at 4 bits)
//   is biased        adaptive_proportion   the end of the first window that begins with the value too frequent
//                                          (71 of 512 at 4 bits)
//   repeats a block  repeated_block        the second of the blocks (2 x 16 samples at 4 bits)
//   goes round       repeated_block        the third round, in blocks, or three times as late as it began to;
//                                          a round of up to 512 / cutoff samples also by adaptive_proportion

#include <botan/secmem.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace oaksteel {

enum class fault_kind : std::uint8_t {
  stuck,      ///< repetition count
  biased,     ///< adaptive proportion
  repeating,  ///< the same block again
  slow,       ///< a read took longer than its bound
  dead,       ///< a read failed, or gave less than was asked for
  not_random, ///< the output failed a statistic of FIPS 140-1
};

inline bool valid(fault_kind k) {
  return k <= fault_kind::not_random;
}

/// Why a source or a generator may not be used any more.
struct generator_fault {
  fault_kind kind;
  std::uint64_t sample; ///< samples tested so far, the one that failed included; 0 for a combination
  std::string reason;   ///< a sentence for people; says nothing about the noise itself

  static auto fields(auto& self, auto take) { return take(self.kind, self.sample, self.reason); }
  bool operator==(const generator_fault&) const = default;
};

/// What is claimed of a noise source of eight-bit samples.
struct noise_claim {
  double min_entropy = 4;       ///< bits per sample, "H"; more than 0, at most 8
  unsigned false_positive = 30; ///< a good source fails a test with a probability of 2 to the minus this, "alpha"
};

constexpr unsigned window_of_bytes = 512;   ///< SP 800-90B, 4.4.2: W for a source that is not binary
constexpr unsigned window_of_bits = 1024;   ///< SP 800-90B, 4.4.2: W for a binary source
constexpr unsigned start_up_samples = 1024; ///< SP 800-90B, 4.3: "at least 1024 consecutive samples"

/// SP 800-90B, 4.4.1: C = 1 + ceil(-log2(alpha) / H), in samples.
unsigned repetition_cutoff(const noise_claim& claim);
/// SP 800-90B, 4.4.2: C = 1 + CRITBINOM(W, 2^-H, 1 - alpha), in samples. Throws std::invalid_argument for a
/// claim outside its bounds, and for one so low that C > W: the test could never fail.
unsigned adaptive_cutoff(const noise_claim& claim, unsigned window = window_of_bytes);
/// Samples that hold `bits` of min-entropy if the claim is true.
unsigned samples_with(const noise_claim& claim, unsigned bits);

/// SP 800-90B, 4.4.1.
class repetition_count {
public:
  explicit repetition_count(unsigned cutoff) : cutoff_(cutoff) {}
  /// False for a sample that makes `cutoff` equal ones in a row.
  bool take(std::uint8_t sample);

private:
  unsigned cutoff_;
  unsigned count_ = 0;
  std::uint8_t value_ = 0;
};

/// SP 800-90B, 4.4.2.
class adaptive_proportion {
public:
  adaptive_proportion(unsigned cutoff, unsigned window) : cutoff_(cutoff), window_(window) {}
  /// False for a sample by which the first value of the window has come `cutoff` times in it.
  bool take(std::uint8_t sample);

private:
  unsigned cutoff_;
  unsigned window_;
  unsigned count_ = 0;
  unsigned at_ = 0;
  std::uint8_t value_ = 0;
};

/// FIPS 140-1, 4.11.2: each block is compared with the one before. That alone misses a cycle that does not fill
/// whole blocks. So each is also compared with block 1, 2, 4, 8, ...: the last of these before it, which finds
/// every cycle (Brent, BIT 20, 1980).
class repeated_block {
public:
  explicit repeated_block(std::size_t samples) : samples_(samples) { current_.reserve(samples); }
  /// False for the sample that completes a block equal to the one before, or to the one marked.
  bool take(std::uint8_t sample);

private:
  std::size_t samples_;
  std::uint64_t blocks_ = 0;
  Botan::secure_vector<std::uint8_t> current_, previous_, marked_;
};

/// All three, for one source. The block holds 64 bits of min-entropy as claimed, so that two blocks of a good
/// source are equal with a probability of 2^-64.
class noise_tests {
public:
  /// Throws std::invalid_argument as adaptive_cutoff does.
  explicit noise_tests(const noise_claim& claim);
  /// The fault that this sample shows.
  std::optional<generator_fault> take(std::uint8_t sample);
  std::uint64_t samples() const noexcept { return samples_; }

private:
  repetition_count repetition_;
  adaptive_proportion proportion_;
  repeated_block block_;
  std::uint64_t samples_ = 0;
};

} // namespace oaksteel
