#pragma once
// A TOML document as a tree with places. script.cpp makes it and alone knows the TOML library; schema.cpp reads it.

#include "scenarios/text.hpp"

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

} // namespace oaksteel
