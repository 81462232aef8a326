// From the text of a TOML file to its document.

// The parser comes compiled in libtomlplusplus, without assertions: some of those stop the process on a wrong text
// (toml++ pull request 301).
#define TOML_HEADER_ONLY 0
#include <toml++/toml.h>

#include "node/document.hpp"

#include <algorithm>

namespace oaksteel {

namespace {

constexpr unsigned bracket_limit = 8; ///< arrays and inline tables within one another
constexpr unsigned dot_limit = 16;    ///< in one line, outside of texts: dotted keys
constexpr std::size_t description_limit = 200;

/// The byte behind the text that opens at `at`, or the end of its line when it does not close there.
std::size_t text_end(std::string_view text, std::size_t at) {
  const char quote = text[at];
  for (++at; at < text.size() && text[at] != '\n'; ++at) {
    if (text[at] == quote)
      return at + 1;
    if (quote == '"' && text[at] == '\\' && at + 1 < text.size() && text[at + 1] != '\n')
      ++at;
  }
  return at;
}

/// Finds what the TOML library (3.3) does not survive, and our files do not need:
/// - nesting: tables are destroyed by recursion, one long dotted key ends the process (its pull request 242);
/// - characters outside of texts and comments that are not ASCII: for most, its test for a space has no defined end.
/// Texts over several lines are not read, so that this stays a scan of single lines.
std::optional<mistake> library_mistake(std::string_view text) {
  unsigned brackets = 0;
  unsigned dots = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"' || c == '\'') {
      if (text.substr(at, 3) == std::string(3, c))
        return mistake{at, "a text over several lines; it must be on one line, in single quotes or double quotes"};
      at = text_end(text, at);
      continue;
    }
    if (c == '#') {
      at = std::min(text.find('\n', at), text.size());
      continue;
    }
    if (static_cast<unsigned char>(c) >= 0x80)
      return mistake{at, "a character outside of quotes that is not ASCII; texts must be in quotes"};
    if (c == '\n')
      dots = 0;
    else if (c == '.' && ++dots > dot_limit)
      return mistake{at, "too many dots; a key must have at most " + std::to_string(dot_limit + 1) + " parts"};
    else if ((c == '[' || c == '{') && ++brackets > bracket_limit)
      return mistake{at, "too many brackets; at most " + std::to_string(bracket_limit) + " may be open at once"};
    else if ((c == ']' || c == '}') && brackets > 0)
      --brackets;
    ++at;
  }
  return std::nullopt;
}

place begin_of(const toml::source_region& region) { return {region.begin.line, region.begin.column}; }

void append(setting& parent, const toml::node& node, const toml::key* key);

/// Copies a value of the library into the document.
void copy(setting& to, const toml::node& node) {
  to.at = begin_of(node.source());
  if (const auto* table = node.as_table()) {
    for (const auto& [key, child] : *table)
      append(to, child, &key);
    // The library keeps keys by the alphabet; the first mistake of a file is the first by place.
    std::ranges::sort(to.children, {}, [](const setting& s) { return std::pair{s.key_at.line, s.key_at.column}; });
  } else if (const auto* array = node.as_array()) {
    to.type = setting_type::array;
    for (const auto& child : *array)
      append(to, child, nullptr);
  } else if (const auto* text = node.as_string()) {
    to.type = setting_type::text;
    to.text = text->get();
  } else if (const auto* integer = node.as_integer()) {
    to.type = setting_type::integer;
    to.number = integer->get();
  } else if (const auto* boolean = node.as_boolean()) {
    to.type = setting_type::boolean;
    to.number = boolean->get() ? 1 : 0;
  } else {
    to.type = node.is_floating_point() ? setting_type::fraction : setting_type::time;
  }
}

void append(setting& parent, const toml::node& node, const toml::key* key) {
  auto& child = parent.children.emplace_back();
  if (key) {
    child.key = key->str();
    child.key_at = begin_of(key->source());
  }
  copy(child, node);
}

/// The document of a text without a byte-order mark; the error has no file.
expected<setting, text_error> parse(std::string_view text) {
  auto wrong = encoding_mistake(text);
  if (!wrong)
    wrong = library_mistake(text);
  if (wrong) {
    const place at = place_of(text, wrong->offset);
    return unexpected{text_error{{}, at.line, at.column, wrong->problem}};
  }
  try {
    setting document;
    copy(document, toml::parse(text));
    return document;
  } catch (const toml::parse_error& error) {
    // Some of the library's descriptions repeat a part of the file.
    const std::string problem = on_one_line(error.description(), description_limit);
    const place at = begin_of(error.source());
    return unexpected{text_error{{}, std::max(at.line, 1u), std::max(at.column, 1u),
                                   problem + "; the file must be TOML: `key = value`, [table] or [[table]]"}};
  }
}

} // namespace

expected<setting, text_error> read_document(std::string_view text, const std::string& file, std::string_view kind) {
  if (text.size() > document_limit)
    return unexpected{text_error{file, 0, 0, "the " + std::string{kind} + " file is too large; it must have at most " +
                                               std::to_string(document_limit) + " bytes"}};
  auto document = parse(without_byte_order_mark(text));
  if (!document) {
    auto error = document.error();
    error.file = file;
    return unexpected{std::move(error)};
  }
  return document;
}

} // namespace oaksteel
