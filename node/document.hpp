#pragma once
// A TOML document as a tree with places. document.cpp makes it and alone knows the TOML library.

#include "node/text.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace oaksteel {

enum class setting_type : std::uint8_t { text, integer, boolean, fraction, time, array, table };

/// A value of a document, with its key where it is in a table.
struct setting {
  setting_type type = setting_type::table;
  place at;
  std::string key;
  place key_at;
  std::string text;              ///< of a text
  std::int64_t number = 0;       ///< of an integer; 1 for true
  std::vector<setting> children; ///< of an array or a table, in the order of the document

  bool is(setting_type t) const { return type == t; }

  /// The value of a key of this table, or null.
  const setting* find(std::string_view name) const {
    for (const auto& child : children)
      if (child.key == name)
        return &child;
    return nullptr;
  }
};

/// Largest document, in bytes.
inline constexpr std::size_t document_limit = 256 * 1024;

/// Reads a TOML document of at most `document_limit` bytes; `file` and what `kind` of file it is, such as "scenario",
/// are for messages only.
expected<setting, text_error> read_document(std::string_view text, const std::string& file, std::string_view kind);

} // namespace oaksteel
