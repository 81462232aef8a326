#include "crypto/fips140.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

BOOST_AUTO_TEST_SUITE(fips140)
namespace {

using namespace oaksteel;

constexpr std::size_t bits = 20'000;
using stream = std::array<std::uint8_t, fips140_bytes>;

/// Bit 0 is the most significant of byte 0; what `text` leaves is `rest`.
stream stream_of(const std::string& text, char rest) {
  stream s{};
  for (std::size_t i = 0; i < bits; ++i)
    if ((i < text.size() ? text[i] : rest) == '1')
      s[i / 8] = static_cast<std::uint8_t>(s[i / 8] | 0x80 >> i % 8);
  return s;
}

statistic figure(const stream& s, const std::string& name) {
  for (const auto& f : fips140_statistics(s))
    if (f.name == name)
      return f;
  throw std::logic_error("no statistic " + name);
}

/// `count` runs of `bit`, each of one of `lengths` in turn, with one other bit before each and others to the end.
stream with_runs(unsigned count, char bit, const std::vector<unsigned>& lengths) {
  const char other = bit == '0' ? '1' : '0';
  std::string text;
  for (unsigned i = 0; i < count; ++i)
    text += other + std::string(lengths[i % lengths.size()], bit);
  return stream_of(text, other);
}

stream with_nibbles(const std::array<unsigned, 16>& frequencies) {
  std::string text;
  for (unsigned value = 0; value < 16; ++value)
    for (unsigned i = 0; i < frequencies[value]; ++i)
      for (const unsigned bit : {8U, 4U, 2U, 1U})
        text += (value & bit) != 0 ? '1' : '0';
  return stream_of(text, '0');
}

/// 20,000 bits of a linear congruential generator.
stream congruential() {
  stream s{};
  std::uint32_t x = 1;
  for (auto& byte : s) {
    x = (x * 1103515245U + 12345U) & 0x7FFFFFFF;
    byte = static_cast<std::uint8_t>(x >> 16);
  }
  return s;
}

} // namespace

BOOST_AUTO_TEST_CASE(every_figure_is_what_python_counts) {
  const auto statistics = fips140_statistics(congruential());
  const std::pair<const char*, double> expected[] = {
      {"monobit", 10'000},         {"poker", 10.8288},          {"longest run", 14},
      {"runs of 1, zeros", 2'478}, {"runs of 2, zeros", 1'229}, {"runs of 3, zeros", 648},
      {"runs of 4, zeros", 314},   {"runs of 5, zeros", 157},   {"runs of 6 or more, zeros", 149},
      {"runs of 1, ones", 2'428},  {"runs of 2, ones", 1'266},  {"runs of 3, ones", 659},
      {"runs of 4, ones", 332},    {"runs of 5, ones", 147},    {"runs of 6 or more, ones", 143}};
  BOOST_REQUIRE(statistics.size() == std::size(expected));
  for (std::size_t i = 0; i < statistics.size(); ++i) {
    BOOST_TEST(statistics[i].name == expected[i].first);
    BOOST_TEST(statistics[i].value == expected[i].second, boost::test_tools::tolerance(1e-9));
    BOOST_TEST(statistics[i].passed());
  }
  BOOST_TEST(all_passed(statistics));
}

// FIPS 140-1 (11 January 1994), 4.11.1: "The test is passed if 9,654 < X < 10,346"; "if 1.03 < X < 57.4"; "a run of
// length 34 or more"; and the table of runs. Held against what good output gives: the middle of each interval is its
// mean, 20,000 / 2^(length + 2) runs, and monobit and poker fail by chance about once in a million on each side.
BOOST_AUTO_TEST_CASE(the_bounds_are_those_of_the_standard_and_fit_their_distributions) {
  struct bounds {
    double least, most;
  };
  const bounds monobit{9'654 + 1, 10'346 - 1}, poker{1.03, 57.4}, longest{0, 34 - 1};
  const bounds runs[] = {{2'267, 2'733}, {1'079, 1'421}, {502, 748}, {223, 402}, {90, 223}, {90, 223}};
  const auto statistics = fips140_statistics(congruential());
  const auto is = [&](std::size_t i, bounds b) {
    BOOST_TEST(statistics.at(i).least == b.least, statistics[i].name);
    BOOST_TEST(statistics[i].most == b.most, statistics[i].name);
  };
  is(0, monobit), is(1, poker), is(2, longest);
  for (std::size_t i = 0; i < 6; ++i) {
    is(3 + i, runs[i]), is(9 + i, runs[i]);
    // "6 or more" together are as many as those of 5.
    const double mean = 20'000 / std::pow(2, std::min<double>(static_cast<double>(i) + 1, 5) + 2);
    BOOST_TEST(std::abs((runs[i].least + runs[i].most) / 2 - mean) <= 0.5, statistics[3 + i].name);
  }
  // The number of ones is normal with mean 10,000 and variance 5,000.
  BOOST_TEST(std::abs(std::erfc(346 / std::sqrt(2 * 5'000.0)) - 1e-6) < 0.1e-6);
  // Poker is chi-square with 15 degrees of freedom; for an odd number its upper tail is a finite sum.
  const auto above = [](double x) {
    double sum = 0, term = 1;
    for (int i = 1; i <= 7; ++i, term *= x / (2 * i - 1))
      sum += term;
    return std::erfc(std::sqrt(x / 2)) + std::sqrt(2 * x / std::acos(-1)) * std::exp(-x / 2) * sum;
  };
  BOOST_TEST((above(57.4) > 0.2e-6 && above(57.4) < 1e-6));
  BOOST_TEST((1 - above(1.03) > 0.2e-6 && 1 - above(1.03) < 1e-6));
}

BOOST_AUTO_TEST_CASE(monobit_at_its_edges) {
  const std::pair<unsigned, bool> edges[] = {{9'654, false}, {9'655, true}, {10'345, true}, {10'346, false}};
  for (const auto& [ones, passes] : edges) {
    const auto f = figure(stream_of(std::string(ones, '1'), '0'), "monobit");
    BOOST_TEST(f.value == ones);
    BOOST_TEST(f.passed() == passes);
  }
}

BOOST_AUTO_TEST_CASE(poker_at_its_edges) {
  // The sum of squares is even as 5,000 is: these are the nearest to 1.03 and 57.4.
  struct edge {
    std::array<unsigned, 16> frequencies;
    double x;
    bool passes;
  };
  const edge edges[] = {
      {{306, 307, 307, 308, 310, 310, 311, 312, 312, 312, 314, 315, 318, 318, 320, 320}, 1.0240, false},
      {{306, 307, 307, 308, 310, 310, 311, 311, 312, 313, 314, 315, 318, 318, 320, 320}, 1.0304, true},
      {{251, 267, 273, 285, 292, 293, 299, 306, 324, 330, 330, 334, 334, 353, 361, 368}, 57.3952, true},
      {{251, 267, 273, 286, 292, 292, 299, 304, 325, 331, 331, 334, 334, 353, 361, 367}, 57.4016, false}};
  for (const auto& e : edges) {
    const auto f = figure(with_nibbles(e.frequencies), "poker");
    BOOST_TEST(f.value == e.x, boost::test_tools::tolerance(1e-9));
    BOOST_TEST(f.passed() == e.passes);
  }
}

BOOST_AUTO_TEST_CASE(runs_at_their_edges) {
  struct edge {
    const char* name;
    std::vector<unsigned> lengths;
    unsigned least, most;
  };
  const edge edges[] = {{"1", {1}, 2'267, 2'733}, {"2", {2}, 1'079, 1'421}, {"3", {3}, 502, 748},
                        {"4", {4}, 223, 402},     {"5", {5}, 90, 223},      {"6 or more", {6, 7, 40}, 90, 223}};
  for (const auto& e : edges)
    for (const char bit : {'0', '1'})
      for (const auto& [count, passes] : {std::pair{e.least - 1, false}, std::pair{e.least, true},
                                          std::pair{e.most, true}, std::pair{e.most + 1, false}}) {
        const auto name = std::string{"runs of "} + e.name + (bit == '0' ? ", zeros" : ", ones");
        const auto f = figure(with_runs(count, bit, e.lengths), name);
        BOOST_TEST_CONTEXT(name << " " << count) {
          BOOST_TEST(f.value == count);
          BOOST_TEST(f.passed() == passes);
        }
      }
}

BOOST_AUTO_TEST_CASE(a_run_of_33_passes_and_one_of_34_does_not) {
  for (const char bit : {'0', '1'})
    for (const unsigned length : {33U, 34U})
      for (const std::size_t at : {std::size_t{0}, std::size_t{101}, bits - length}) {
        std::string text;
        for (std::size_t i = 0; i < bits; ++i)
          text += i % 2 != 0 ? '1' : '0';
        text.replace(at, length, std::string(length, bit));
        // Its neighbours end it.
        if (at > 0)
          text[at - 1] = bit == '0' ? '1' : '0';
        if (at + length < bits)
          text[at + length] = bit == '0' ? '1' : '0';
        const auto f = figure(stream_of(text, '0'), "longest run");
        BOOST_TEST(f.value == length);
        BOOST_TEST(f.passed() == (length == 33));
      }
}

BOOST_AUTO_TEST_CASE(one_failed_figure_fails_all) {
  auto statistics = fips140_statistics(congruential());
  for (auto& s : statistics) {
    const auto value = s.value;
    s.value = s.most + 1;
    BOOST_TEST(!all_passed(statistics));
    s.value = value;
  }
  BOOST_TEST(!all_passed(fips140_statistics(stream{})));
}

BOOST_AUTO_TEST_SUITE_END()
