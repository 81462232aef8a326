#pragma once
// Share files as text, to be spoiled line by line.

#include "crypto/merkle.hpp"
#include "storage/share_file.hpp"

#include <string>
#include <vector>

namespace oaksteel::testing {

inline secret wiped(const std::string& text) {
  return secret{bytes{text.begin(), text.end()}};
}
inline std::string clear(const secret& text) {
  return {reveal(text).begin(), reveal(text).end()};
}

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at) + 1;
    lines.push_back(text.substr(at, end - at));
    at = end;
  }
  return lines;
}
inline std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& l : lines)
    text += l;
  return text;
}

/// The text with a checksum that fits again: what a forger does.
inline std::string summed_again(const std::string& text) {
  const auto end = text.rfind("checksum = ");
  const auto above = text.substr(0, end);
  return above + "checksum = \"" + sha256(bytes{above.begin(), above.end()}).hex() + "\"\n";
}

/// The text with the line of `key` replaced, and a checksum that fits.
inline std::string with_line(const std::string& text, const std::string& key, const std::string& line) {
  auto lines = lines_of(text);
  for (auto& l : lines)
    if (l.starts_with(key + " = "))
      l = line + '\n';
  return summed_again(joined(lines));
}

} // namespace oaksteel::testing
