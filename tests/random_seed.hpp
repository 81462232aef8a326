#pragma once
// The seed of a test with random numbers, so that a failure can be run again.

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <iostream>
#include <random>
#include <string>

namespace oaksteel {

/// The seed of a random test: the number behind `--` on the command line, or another one on each run. It is printed.
inline std::uint64_t random_seed() {
  const auto& suite = boost::unit_test::framework::master_test_suite();
  const std::string given = suite.argc > 1 ? suite.argv[1] : "";
  const bool number = !given.empty() && given.find_first_not_of("0123456789") == std::string::npos;
  const std::uint64_t seed = number ? std::stoull(given) : std::random_device{}();
  std::cout << "seed " << seed << " (again: -- " << seed << ")" << std::endl;
  return seed;
}

} // namespace oaksteel
