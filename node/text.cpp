#include "node/text.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>
#include <vector>

namespace oaksteel {

namespace {

constexpr std::size_t quoted_limit = 40; ///< characters of a wrong word that a message repeats

/// A Unicode code point and the bytes that it takes; no bytes when they are not UTF-8.
struct character {
  char32_t code = 0;
  std::size_t size = 0;
};

/// The character at `offset`. RFC 3629, 3: "Implementations of the decoding algorithm above MUST protect
/// against decoding invalid sequences": overlong forms, surrogates and what is above U+10FFFF have no size.
character character_at(std::string_view text, std::size_t offset) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[offset + i]); };
  const unsigned char first = byte(0);
  if (first < 0x80)
    return {first, 1};
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() - offset < size)
    return {};
  char32_t code = first & (0x7fu >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80)
      return {};
    code = code << 6 | (byte(i) & 0x3fu);
  }
  constexpr char32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  return code < smallest[size] || code > 0x10ffff || surrogate ? character{} : character{code, size};
}

/// How many characters must be changed, put in, left out or swapped with the next to make `b` of `a` (the
/// restricted Damerau-Levenshtein distance).
std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> rows(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        rows[i][j] = i + j;
        continue;
      }
      const std::size_t change = rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      rows[i][j] = std::min({rows[i - 1][j] + 1, rows[i][j - 1] + 1, change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        rows[i][j] = std::min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows.back().back();
}

/// The known word that `word` is a slip of, or nothing: up to a third of its letters may be wrong.
std::string_view nearest(std::string_view word, std::span<const std::string_view> known) {
  if (word.size() > quoted_limit)
    return {};
  std::string_view best;
  std::size_t fewest = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (std::string_view candidate : known) {
    if (const std::size_t n = edits(word, candidate); n < fewest) {
      fewest = n;
      best = candidate;
    }
  }
  return best;
}

text_error unreadable(const std::filesystem::path& file, const std::string& why) {
  return {file.string(), 0, 0, "cannot be read: " + why};
}

} // namespace

std::string text_error::text() const {
  const std::string where = line == 0 ? "" : ":" + std::to_string(line) + ":" + std::to_string(column);
  return file + where + ": " + problem;
}

place place_of(std::string_view text, std::size_t offset) {
  place at;
  for (char c : text.substr(0, offset)) {
    if (c == '\n')
      at = {at.line + 1, 1};
    else if ((static_cast<unsigned char>(c) & 0xc0) != 0x80)
      ++at.column;
  }
  return at;
}

std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view mark = "\xef\xbb\xbf";
  return text.starts_with(mark) ? text.substr(mark.size()) : text;
}

std::optional<mistake> encoding_mistake(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '\0')
      return mistake{at, "a NUL byte; this must be a text file in UTF-8"};
    if (text[at] == '\r' && (at + 1 == text.size() || text[at + 1] != '\n'))
      return mistake{at, "a carriage return alone; lines must end with a line feed (LF, or CR and LF)"};
    const character c = character_at(text, at);
    if (c.size == 0)
      return mistake{at, "bytes that are not UTF-8; this must be a text file in UTF-8"};
    at += c.size;
  }
  return std::nullopt;
}

std::string on_one_line(std::string_view text, std::size_t most) {
  std::string result;
  std::size_t characters = 0;
  for (std::size_t at = 0; at < text.size(); ++characters) {
    if (characters == most)
      return result + "...";
    const character c = character_at(text, at);
    // Control characters (C0, DEL, C1) and line separators would break the line or steer a terminal.
    const bool control = c.code < 0x20 || (c.code >= 0x7f && c.code < 0xa0) || c.code == 0x2028 || c.code == 0x2029;
    if (c.size != 0 && !control) {
      result += text.substr(at, c.size);
      at += c.size;
    } else {
      constexpr std::string_view hex = "0123456789abcdef";
      const auto byte = static_cast<unsigned char>(text[at++]);
      result += {'\\', 'x', hex[byte >> 4], hex[byte & 15]};
    }
  }
  return result;
}

std::string in_quotes(std::string_view text) { return "\"" + on_one_line(text, quoted_limit) + "\""; }

std::string unknown_word(std::string_view what, std::string_view word, std::span<const std::string_view> known,
                         std::string_view where) {
  std::string result = "unknown " + std::string{what} + " " + in_quotes(word);
  if (!where.empty())
    result += " in " + std::string{where};
  result += "; ";
  if (const std::string_view near = nearest(word, known); !near.empty())
    result += "did you mean " + in_quotes(near) + "? ";
  result += "known here: ";
  for (std::size_t i = 0; i < known.size(); ++i)
    result += (i == 0 ? "" : ", ") + std::string{known[i]};
  return result + (known.empty() ? "none" : "");
}

std::string joined(std::span<const label> names) {
  std::string all;
  for (const auto& name : names)
    all += (all.empty() ? "" : ", ") + name.text;
  return all;
}

expected<std::string, text_error> read_text(const std::filesystem::path& file, std::size_t limit) {
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored))
    return unexpected{unreadable(file, "it is a directory; name a file in it")};
  // A pipe would be waited for.
  if (std::filesystem::exists(file, ignored) && !std::filesystem::is_regular_file(file, ignored))
    return unexpected{unreadable(file, "it is not a regular file; name one that is")};
  errno = 0;
  std::ifstream in{file, std::ios::binary};
  if (!in)
    return unexpected{unreadable(file, errno != 0 ? std::generic_category().message(errno) : "it cannot be opened")};
  // Read to the limit whatever the size says: it may grow meanwhile.
  std::string text;
  char chunk[16 * 1024];
  while (in.read(chunk, sizeof chunk) || in.gcount() > 0) {
    text.append(chunk, static_cast<std::size_t>(in.gcount()));
    if (text.size() > limit)
      return unexpected{unreadable(file, "it is larger than " + std::to_string(limit) + " bytes")};
  }
  if (in.bad())
    return unexpected{unreadable(file, "reading stopped with an error")};
  return text;
}

} // namespace oaksteel
