#pragma once
// Text that people wrote: its encoding, where in it something is, and words for what is wrong with it.
// All readers of such texts (configurations, scenarios, label files) share these, so that their messages look alike.

#include "events/expected.hpp"
#include "events/ids.hpp"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace oaksteel {

/// A line and a column, both from 1; columns count characters and not bytes.
struct place {
  unsigned line = 1;
  unsigned column = 1;
};

/// Where byte `offset` of `text` is.
place place_of(std::string_view text, std::size_t offset);

/// Something wrong at a byte of a text, and what would be right.
struct mistake {
  std::size_t offset = 0;
  std::string problem;
};

/// Where a mistake is; `text()` is the one line for people.
struct text_error {
  std::string file;
  unsigned line = 0;
  unsigned column = 0;
  std::string problem; ///< what is wrong and what would be right

  std::string text() const;
};

/// Reads a whole file of at most `limit` bytes; the error says why not.
expected<std::string, text_error> read_text(const std::filesystem::path& file, std::size_t limit);

/// The text behind a UTF-8 byte-order mark, if it has one.
std::string_view without_byte_order_mark(std::string_view text);

/// The first NUL byte, carriage return without a line feed, or byte that is not UTF-8 (RFC 3629, 4).
std::optional<mistake> encoding_mistake(std::string_view text);

/// At most `most` characters of `text`, with `\xNN` for each byte that would break the line or steer a terminal.
std::string on_one_line(std::string_view text, std::size_t most);

/// `text` in double quotes, on one line and not long, whatever is in it.
std::string in_quotes(std::string_view text);

/// `Ada, Bela`.
std::string joined(std::span<const label> names);

/// `unknown <what> "<word>" in <where>; did you mean "<nearest>"? known here: <known>`; no question when nothing is
/// near, and no `in` when `where` is empty.
std::string unknown_word(std::string_view what, std::string_view word, std::span<const std::string_view> known,
                         std::string_view where = {});

/// The form of a name in words, as `events/ids.hpp` defines it: "it must be <form_in_words>".
template <class Name>
inline constexpr std::string_view form_in_words = "";
template <>
inline constexpr std::string_view form_in_words<time_zone> = "a time zone from -12:00 to +14:00";
template <>
inline constexpr std::string_view form_in_words<domain_id> =
  "a domain id (2 to 8 capital letters or digits, a letter first)";
template <>
inline constexpr std::string_view form_in_words<sequence_number> =
  "a manufacturing sequence number (1 to 16 digits or capital letters)";
template <>
inline constexpr std::string_view form_in_words<product_code> =
  "a product code (1 to 12 digits, capital letters or `-`)";
template <>
inline constexpr std::string_view form_in_words<indicia_serial> = "an indicia serial number (1 to 12 digits)";
template <>
inline constexpr std::string_view form_in_words<country_code> =
  "a country code (two capital letters, ISO 3166-1, such as \"US\")";
template <>
inline constexpr std::string_view form_in_words<label> = "1 to 32 letters, digits, `-`, `_` or `.`, not dots alone";

} // namespace oaksteel
