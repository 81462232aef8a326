#pragma once
// A check for CLI11, which turns -1 and numbers that are too large into others.

#include <charconv>
#include <cstdint>
#include <string>

namespace oaksteel {

/// What is wrong with the text of a number; empty when nothing is.
inline std::string whole_number(const std::string& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() ? ""
                                                                  : text + " is no whole number from 0 to 2^64 - 1";
}

} // namespace oaksteel
