#pragma once
// Reading one value of a document. A function here gives back some value even for a wrong one; the mistake is in the
// reader, which keeps the first, and what was read is thrown away.

#include "node/document.hpp"

#include <array>
#include <optional>
#include <set>
#include <span>

namespace oaksteel {

using words = std::vector<std::string_view>;

/// What is kept while a file is read: the first mistake, and the key that is being read. Readers of a kind of file
/// derive from it, and add what was read so far; their lists of keys name the derived one.
struct reader {
  std::string_view kind;             ///< of file, for messages: "scenario"
  std::optional<text_error> mistake; ///< without its file
  std::string_view key;              ///< for messages
  bool in_array = false;             ///< an element of `key` is being read, and not `key` itself

  bool failed() const { return mistake.has_value(); }
  void fail(place at, std::string problem);
  /// The value is not what it should be: its type, its form or its range.
  void must_be(const setting& value, std::string_view right);
};

/// The names of enum values, for read_word.
template <class Enum, std::size_t N>
words names_of(const std::array<Enum, N>& values) {
  words result;
  for (Enum value : values)
    result.push_back(name(value));
  return result;
}

/// Where a key's value is; the table, where the key was left out.
place place_in(const setting& table, std::string_view key);

/// A whole number from `low` to `high`.
std::uint64_t read_integer(reader& r, const setting& value, std::uint64_t low, std::uint64_t high);

/// A text of one line for people.
std::string read_line(reader& r, const setting& value);

/// The index of one of `known` words, which are not empty; `what` they name is for the message.
std::size_t read_word(reader& r, const setting& value, std::string_view what, std::span<const std::string_view> known);

/// A name in the form of `events/ids.hpp`.
template <class Name>
Name read_name(reader& r, const setting& value) {
  if (value.is(setting_type::text))
    if (auto name = Name::parse(value.text))
      return *std::move(name);
  r.must_be(value, form_in_words<Name>);
  return {};
}

/// An array of 1 to `most` elements without repetitions; `read` reads one.
template <class Name, class Reader, class Read>
std::vector<Name> read_array(Reader& r, const setting& value, std::size_t most, Read read) {
  if (!value.is(setting_type::array) || value.children.empty() || value.children.size() > most) {
    r.must_be(value, "an array of 1 to " + std::to_string(most) + " texts");
    return {};
  }
  std::vector<Name> result;
  std::set<Name> seen;
  r.in_array = true;
  for (const auto& element : value.children) {
    result.push_back(read(r, element));
    if (!seen.insert(result.back()).second)
      r.fail(element.at, in_quotes(result.back().text) + " is in `" + std::string{r.key} + "` twice; name each once");
    if (r.failed())
      break;
  }
  r.in_array = false;
  return result;
}

// --- tables --------------------------------------------------------------------------------------

/// A key that a table may have; the table is read into a `T`.
template <class Reader, class T>
struct known_key {
  std::string_view name;
  std::string_view example; ///< what to add when it is missing; empty when it may be left out
  void (*read)(Reader&, const setting& value, T& out);
};

/// The keys of `table` are among `known`, or there is a mistake; `title` is what the file calls the table.
void check_keys(reader& r, const setting& table, std::string_view title, std::span<const std::string_view> known);

/// Whether `value` is an array, as `[[key]]` makes it; else that is a mistake.
bool is_array_of_tables(reader& r, const setting& value);
/// Whether an element of `[[key]]` is a table and not one too many; else that is a mistake.
bool is_table_within(reader& r, const setting& table, std::size_t index, std::size_t most);

/// Calls `read` for each table of the array of tables `[[key]]`, at most `most`, up to the first mistake.
template <class Reader>
void read_tables(Reader& r, const setting& value, std::size_t most, void (*read)(Reader&, const setting&)) {
  const auto key = r.key;
  if (!is_array_of_tables(r, value))
    return;
  for (std::size_t i = 0; i < value.children.size() && !r.failed(); ++i) {
    r.key = key;
    if (is_table_within(r, value.children[i], i, most))
      read(r, value.children[i]);
  }
}

/// Reads `table` by the list of its keys; a `selector` is one more key, which was read before.
template <class Reader, class T, std::size_t N>
void read_keys(Reader& r, const setting& table, std::string_view title, const known_key<Reader, T> (&keys)[N], T& out,
               std::string_view selector = {}) {
  words known;
  if (!selector.empty())
    known.push_back(selector);
  for (const auto& key : keys)
    known.push_back(key.name);
  check_keys(r, table, title, known);
  for (const auto& key : keys) {
    if (r.failed())
      return;
    r.key = key.name;
    if (const auto* value = table.find(key.name))
      key.read(r, *value, out);
    else if (!key.example.empty())
      r.fail(table.at, "no `" + std::string{key.name} + "` in " + std::string{title} + "; add one, for example " +
                         std::string{key.example});
  }
}

// --- readers of a member, for the lists of keys --------------------------------------------------

template <auto Member, std::uint64_t Low, std::uint64_t High, class Reader, class T>
void whole(Reader& r, const setting& value, T& out) {
  out.*Member = static_cast<std::remove_reference_t<decltype(out.*Member)>>(read_integer(r, value, Low, High));
}

template <auto Member, class Reader, class T>
void named(Reader& r, const setting& value, T& out) {
  out.*Member = read_name<std::remove_reference_t<decltype(out.*Member)>>(r, value);
}

template <auto Member, class Reader, class T>
void line(Reader& r, const setting& value, T& out) {
  out.*Member = read_line(r, value);
}

} // namespace oaksteel
