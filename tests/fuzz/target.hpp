#pragma once
// What a fuzz target is: frame.cpp, command.cpp and record.cpp. With the driver of this folder (main.cpp) it is a
// program that changes sound inputs at random; with libFuzzer it follows coverage (script/fuzz --coverage).

#include "events/ids.hpp"

#include <cstdio>
#include <cstdlib>
#include <span>
#include <vector>

namespace oaksteel::fuzz {

/// Sound inputs to begin from.
std::vector<bytes> samples();

/// Takes any input at all. What must not be ends the process (expect).
void take(std::span<const std::uint8_t> input);

inline void expect(bool holds, const char* what) {
  if (holds)
    return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

} // namespace oaksteel::fuzz
