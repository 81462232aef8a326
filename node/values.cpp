#include "node/values.hpp"

#include <algorithm>

namespace oaksteel {

namespace {

constexpr std::size_t line_limit = 200;

/// A value as a message shows it.
std::string shown(const setting& value) {
  switch (value.type) {
    case setting_type::text: return in_quotes(value.text);
    case setting_type::integer: return std::to_string(value.number);
    case setting_type::boolean: return value.number != 0 ? "true" : "false";
    case setting_type::fraction: return "a number with a fraction";
    case setting_type::time: return "a date or time without quotes";
    case setting_type::array: return "an array of " + std::to_string(value.children.size());
    case setting_type::table: return "a table";
  }
  return "?";
}

} // namespace

void reader::fail(place at, std::string problem) {
  if (!mistake)
    mistake = text_error{{}, at.line, at.column, std::move(problem)};
}

void reader::must_be(const setting& value, std::string_view right) {
  const std::string what = (in_array ? "a value in `" : "`") + std::string{key} + "`";
  fail(value.at, what + " is " + shown(value) + "; it must be " + std::string{right});
}

place place_in(const setting& table, std::string_view key) {
  const auto* value = table.find(key);
  return value ? value->at : table.at;
}

std::uint64_t read_integer(reader& r, const setting& value, std::uint64_t low, std::uint64_t high) {
  if (value.is(setting_type::integer) && value.number >= 0) {
    const auto number = static_cast<std::uint64_t>(value.number);
    if (low <= number && number <= high)
      return number;
  }
  r.must_be(value, "a whole number from " + std::to_string(low) + " to " + std::to_string(high));
  return low;
}

std::string read_line(reader& r, const setting& value) {
  const auto& text = value.text;
  const auto control = [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; };
  if (!value.is(setting_type::text) || text.empty() || text.size() > line_limit || std::ranges::any_of(text, control))
    r.must_be(value, "a text of 1 to " + std::to_string(line_limit) + " bytes on one line, in quotes");
  return text;
}

std::size_t read_word(reader& r, const setting& value, std::string_view what, std::span<const std::string_view> known) {
  const auto found = std::ranges::find(known, value.text);
  if (!value.is(setting_type::text))
    r.must_be(value, "the name of a " + std::string{what} + " in quotes");
  else if (found == known.end())
    r.fail(value.at, unknown_word(what, value.text, known));
  return found == known.end() ? 0 : static_cast<std::size_t>(found - known.begin());
}

void check_keys(reader& r, const setting& table, std::string_view title, std::span<const std::string_view> known) {
  for (const auto& child : table.children)
    if (std::ranges::find(known, child.key) == known.end())
      r.fail(child.key_at, unknown_word("key", child.key, known, title));
}

bool is_array_of_tables(reader& r, const setting& value) {
  if (!value.is(setting_type::array))
    r.must_be(value, "an array of tables; write [[" + std::string{r.key} + "]] above each");
  return value.is(setting_type::array);
}

bool is_table_within(reader& r, const setting& table, std::size_t index, std::size_t most) {
  const std::string title = "[[" + std::string{r.key} + "]]";
  if (!table.is(setting_type::table))
    r.fail(table.at, "a value where a table must be; write " + title + " above it");
  else if (index == most)
    r.fail(table.at, "too many " + title + "; a " + std::string{r.kind} + " must have at most " + std::to_string(most));
  return !r.failed();
}

} // namespace oaksteel
