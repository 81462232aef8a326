#pragma once
// Texts with random mistakes, for readers that must not crash or hang on any of them.

#include "tests/random_seed.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <random>
#include <string>
#include <string_view>

namespace oaksteel {

/// `text` with up to eight random changes.
inline std::string mutated(std::string text, std::mt19937_64& random) {
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  static constexpr std::string_view pieces[] = {"[",
                                                "]",
                                                "[[",
                                                "{",
                                                "}",
                                                "\"",
                                                "'",
                                                "\"\"\"",
                                                "=",
                                                ".",
                                                ",",
                                                "\n",
                                                "\r",
                                                "\r\n",
                                                "#",
                                                "\\",
                                                "-1",
                                                "0",
                                                "99999999999999999999",
                                                "1e9",
                                                "nan",
                                                "true",
                                                "2026-03-02",
                                                "\xef\xbb\xbf",
                                                "\xff",
                                                "\xc3\xa9",
                                                "a.b.c",
                                                "[[step]]\n",
                                                "do = \"mail\"\n"};
  for (std::size_t changes = 1 + below(8); changes > 0; --changes) {
    const std::size_t at = below(text.size() + 1);
    const std::size_t length = std::min(below(40), text.size() - at);
    switch (below(6)) {
      case 0:
        text.insert(at, pieces[below(std::size(pieces))]);
        break;
      case 1:
        text.erase(at, length);
        break;
      case 2:
        text.insert(below(text.size() + 1), text.substr(at, length));
        break;
      case 3:
        text.resize(at);
        break;
      case 4:
        text.insert(at, 1, static_cast<char>(below(256)));
        break;
      default:
        if (at < text.size())
          text[at] = static_cast<char>(below(256));
    }
  }
  return text;
}

/// Reads 20,000 mutations of `text` with `parse`; each must be quick, and give a script or one clear line.
template <class Parse>
void check_mutations(const std::string& text, Parse parse) {
  const std::uint64_t seed = random_seed();
  std::mt19937_64 random{seed};
  for (int i = 0; i < 20'000; ++i) {
    const std::string input = mutated(text, random);
    const auto start = std::chrono::steady_clock::now();
    const auto result = parse(input);
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    BOOST_TEST_INFO("seed " << seed << ", mutation " << i);
    BOOST_REQUIRE_LT(taken.count(), 5.0);
    if (result)
      continue;
    const auto& error = result.error();
    BOOST_TEST_INFO("seed " << seed << ", mutation " << i << ": " << error.text());
    BOOST_REQUIRE(error.line >= 1 && error.column >= 1 && !error.problem.empty() && error.text().size() < 600 &&
                  error.text().find_first_of("\r\n") == std::string::npos);
  }
}

/// A file of the project's scenarios folder.
inline std::filesystem::path scenario_file(const std::string& name) {
  return std::filesystem::path{"scenarios"} / name; // tests run in the project's folder
}

} // namespace oaksteel
