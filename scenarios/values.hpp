#pragma once
// Reading one value of a scenario file. A function here gives back some value even for a wrong one; the
// mistake is in the reader, which keeps the first, and what was read is thrown away.

#include "scenarios/document.hpp"
#include "scenarios/script.hpp"

#include <set>
#include <span>

namespace oaksteel {

using words = std::vector<std::string_view>;

/// What is kept while a file is read: the script so far, the first mistake, and the key that is being read.
struct reader {
  script out;
  std::optional<script_error> mistake; ///< without its file
  std::string_view key;                ///< for messages
  bool in_array = false;               ///< an element of `key` is being read, and not `key` itself
  std::set<std::string_view> done;     ///< names of the steps that came before
  std::set<sequence_number> gone;      ///< meters scrapped or retired by the steps before
  unsigned hours = 0;                  ///< waited by the steps before

  bool failed() const { return mistake.has_value(); }
  void fail(place at, std::string problem);
  /// The value is not what it should be: its type, its form or its range.
  void must_be(const setting& value, std::string_view right);
  /// Ids of the domains so far.
  words domain_ids() const;
};

/// A whole number from `low` to `high`.
std::uint64_t read_integer(reader& r, const setting& value, std::uint64_t low, std::uint64_t high);

/// A text of one line for people.
std::string read_line(reader& r, const setting& value);

/// The index of one of `known` words, which are not empty; `what` they name is for the message.
std::size_t read_word(reader& r, const setting& value, std::string_view what, std::span<const std::string_view> known);

/// A domain of this scenario.
domain_id read_domain(reader& r, const setting& value);

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
template <class Name>
std::vector<Name> read_array(reader& r, const setting& value, std::size_t most, Name (*read)(reader&, const setting&)) {
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
template <class T>
struct known_key {
  std::string_view name;
  std::string_view example; ///< what to add when it is missing; empty when it may be left out
  void (*read)(reader&, const setting& value, T& out);
};

/// The keys of `table` are among `known`, or there is a mistake; `title` is what the file calls the table.
void check_keys(reader& r, const setting& table, std::string_view title, std::span<const std::string_view> known);

/// Calls `read` for each table of the array of tables `[[key]]`, at most `most`.
void read_tables(reader& r, const setting& value, std::size_t most, void (*read)(reader&, const setting&));

/// Reads `table` by the list of its keys; a `selector` is one more key, which was read before.
template <class T, std::size_t N>
void read_keys(reader& r, const setting& table, std::string_view title, const known_key<T> (&keys)[N], T& out,
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

template <auto Member, std::uint64_t Low, std::uint64_t High, class T>
void whole(reader& r, const setting& value, T& out) {
  out.*Member = static_cast<std::remove_reference_t<decltype(out.*Member)>>(read_integer(r, value, Low, High));
}

template <auto Member, class T>
void named(reader& r, const setting& value, T& out) {
  out.*Member = read_name<std::remove_reference_t<decltype(out.*Member)>>(r, value);
}

template <auto Member, class T>
void line(reader& r, const setting& value, T& out) {
  out.*Member = read_line(r, value);
}

template <auto Member, class T>
void a_domain(reader& r, const setting& value, T& out) {
  out.*Member = read_domain(r, value);
}

} // namespace oaksteel
