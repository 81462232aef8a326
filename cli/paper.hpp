#pragma once
// A page to be printed: headings, lines and tables. What stands on it is made once and written in two ways, as plain
// text within 100 columns and as Markdown.

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

namespace oaksteel {

inline constexpr std::size_t paper_width = 100;

struct paper_heading {
  std::string text;
  unsigned level = 1; ///< 1 or 2
};
struct paper_line {
  std::string text;
};
/// A column is as wide as its longest word group, up to `width`; what is longer goes on below.
struct paper_column {
  std::string title;
  std::size_t width = 0;
  bool blank = false; ///< to be filled in by hand: a rule in text, an empty cell in Markdown
};
struct paper_table {
  std::vector<paper_column> columns;
  std::vector<std::vector<std::string>> rows; ///< a row has no cell for a blank column
};
using paper_block = std::variant<paper_heading, paper_line, paper_table>;
using paper = std::vector<paper_block>;

/// Control characters in any text become `?`, as everywhere (cli/output.hpp).
std::string as_text(const paper& page);
/// CommonMark with the tables of GitHub; what Markdown would read as its own in a text is escaped.
std::string as_markdown(const paper& page);

} // namespace oaksteel
