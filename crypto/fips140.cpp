#include "crypto/fips140.hpp"

#include <algorithm>
#include <array>

namespace oaksteel {

namespace {

/// Runs longer than this count as this long.
constexpr std::size_t longest_counted = 6;

struct interval {
  double least, most;
};

// "The test is passed if 9,654 < X < 10,346."
constexpr interval monobit{9'655, 10'345};
// "The test is passed if 1.03 < X < 57.4." X is a multiple of 2/625, so neither bound is a value of it.
constexpr interval poker{1.03, 57.4};
// "A long run is defined to be a run of length 34 or more (of either zeros or ones)."
constexpr interval longest_run{0, 33};
// "The number of runs [...] is each within the corresponding interval", both ends included.
constexpr std::array<interval, longest_counted> runs{
    {{2'267, 2'733}, {1'079, 1'421}, {502, 748}, {223, 402}, {90, 223}, {90, 223}}};

struct counts {
  unsigned ones = 0;
  std::array<unsigned, 16> nibbles{};
  std::array<std::array<unsigned, longest_counted>, 2> runs{}; ///< by bit and length - 1
  unsigned longest = 0;
};

counts count(std::span<const std::uint8_t, fips140_bytes> output) {
  counts c;
  unsigned length = 0;
  const auto bit_at = [&](std::size_t i) { return output[i / 8] >> (7 - i % 8) & 1U; };
  for (std::size_t i = 0; i < output.size() * 8; ++i) {
    c.ones += bit_at(i);
    ++length;
    if (i + 1 < output.size() * 8 && bit_at(i + 1) == bit_at(i))
      continue;
    ++c.runs[bit_at(i)][std::min<std::size_t>(length, longest_counted) - 1];
    c.longest = std::max(c.longest, length);
    length = 0;
  }
  for (const auto byte : output) {
    ++c.nibbles[byte >> 4];
    ++c.nibbles[byte & 15];
  }
  return c;
}

} // namespace

std::vector<statistic> fips140_statistics(std::span<const std::uint8_t, fips140_bytes> output) {
  const auto c = count(output);
  double squares = 0;
  for (const double n : c.nibbles)
    squares += n * n;
  std::vector<statistic> result;
  const auto add = [&](std::string name, double value, interval bounds) {
    result.push_back({std::move(name), value, bounds.least, bounds.most});
  };
  add("monobit", c.ones, monobit);
  add("poker", 16.0 / 5'000 * squares - 5'000, poker);
  add("longest run", c.longest, longest_run);
  for (const unsigned bit : {0U, 1U})
    for (std::size_t i = 0; i < longest_counted; ++i)
      add("runs of " + std::to_string(i + 1) + (i + 1 == longest_counted ? " or more" : "") +
              (bit == 0 ? ", zeros" : ", ones"),
          c.runs[bit][i], runs[i]);
  return result;
}

bool all_passed(const std::vector<statistic>& statistics) {
  return std::all_of(statistics.begin(), statistics.end(), [](const statistic& s) { return s.passed(); });
}

} // namespace oaksteel
