#pragma once
// FIPS 140-1 (11 January 1994), 4.11.1: statistics of a generator's output. The bounds are those of FIPS 140-1;
// FIPS 140-2 had narrower ones.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace oaksteel {

/// "A single bit stream of 20,000 consecutive bits of output", the first bit of a byte its most significant.
constexpr std::size_t fips140_bytes = 2'500;

/// One figure of the output, and what it may be.
struct statistic {
  std::string name;
  double value;
  double least; ///< passes
  double most;  ///< passes

  static auto fields(auto& self, auto take) { return take(self.name, self.value, self.least, self.most); }
  bool passed() const { return least <= value && value <= most; }
};

/// Monobit, poker, the longest run, then the runs of zeros and of ones by length.
std::vector<statistic> fips140_statistics(std::span<const std::uint8_t, fips140_bytes> output);

/// "If any of the tests fail, then the module shall enter an error state."
bool all_passed(const std::vector<statistic>& statistics);

} // namespace oaksteel
