#include "cli/paper.hpp"

#include "cli/output.hpp"

#include <algorithm>
#include <string_view>

namespace oaksteel {
namespace {

bool begins_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
}

/// Characters, where `text` is UTF-8.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

/// The first `count` characters of `text`.
std::string_view front_of(std::string_view text, std::size_t count) {
  std::size_t at = 0;
  while (at < text.size() && (count > 0 || !begins_character(text[at])))
    count -= begins_character(text[at++]);
  return text.substr(0, at);
}

/// Lines of at most `width` characters, broken at spaces where there are some; at least one line.
std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines(1);
  while (!text.empty()) {
    const auto space = text.find(' ');
    auto word = text.substr(0, space);
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
    if (!lines.back().empty() && width_of(lines.back()) + 1 + width_of(word) > width)
      lines.emplace_back();
    if (!lines.back().empty())
      lines.back() += ' ';
    for (; width_of(word) > width; lines.emplace_back()) {
      const auto part = front_of(word, width);
      lines.back() += part;
      word.remove_prefix(part.size());
    }
    lines.back() += word;
  }
  return lines;
}

/// A table with a cell for each column; rules stand in the blank ones.
struct full_table {
  std::vector<paper_column> columns;
  std::vector<std::vector<std::string>> rows;
};

full_table filled(const paper_table& table) {
  full_table full{table.columns, {}};
  for (const auto& row : table.rows) {
    auto cell = row.begin();
    auto& cells = full.rows.emplace_back();
    for (const auto& column : table.columns)
      cells.push_back(column.blank ? std::string{} : printable(cell == row.end() ? std::string{} : *cell++));
  }
  return full;
}

std::size_t width_in(const full_table& table, std::size_t column) {
  const auto& c = table.columns[column];
  if (c.blank)
    return c.width;
  auto width = width_of(c.title);
  for (const auto& row : table.rows)
    width = std::max(width, width_of(row[column]));
  return std::min(width, c.width);
}

void append_row(std::string& out, const std::vector<std::vector<std::string>>& cells,
                const std::vector<std::size_t>& widths) {
  std::size_t height = 0;
  for (const auto& c : cells)
    height = std::max(height, c.size());
  for (std::size_t line = 0; line < height; ++line) {
    std::string text;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const auto part = line < cells[i].size() ? cells[i][line] : std::string{};
      text += part + std::string(widths[i] - width_of(part) + 2, ' ');
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + '\n';
  }
}

struct text_writer {
  std::string out;

  void apart() { out += out.empty() ? "" : "\n"; }
  void operator()(const paper_heading& h) {
    apart();
    const auto text = printable(h.text);
    out += text + '\n' + std::string(std::min(width_of(text), paper_width), h.level == 1 ? '=' : '-') + '\n';
  }
  void operator()(const paper_line& l) {
    apart();
    for (const auto& line : wrapped(printable(l.text), paper_width))
      out += line + '\n';
  }
  void operator()(const paper_table& t) {
    apart();
    const auto table = filled(t);
    std::vector<std::size_t> widths;
    std::vector<std::vector<std::string>> titles;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      widths.push_back(width_in(table, i));
      titles.push_back({table.columns[i].title});
    }
    append_row(out, titles, widths);
    for (const auto& row : table.rows) {
      std::vector<std::vector<std::string>> cells;
      for (std::size_t i = 0; i < row.size(); ++i)
        cells.push_back(table.columns[i].blank ? std::vector{std::string(widths[i], '_')} : wrapped(row[i], widths[i]));
      append_row(out, cells, widths);
    }
  }
};

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view{"\\`*_[]<>|&#~"}.find(c) != std::string_view::npos)
      out += '\\';
    out += c;
  }
  return out;
}

struct markdown_writer {
  std::string out;

  void apart() { out += out.empty() ? "" : "\n"; }
  void operator()(const paper_heading& h) {
    apart();
    out += std::string(h.level, '#') + ' ' + escaped(printable(h.text)) + '\n';
  }
  void operator()(const paper_line& l) {
    apart();
    out += escaped(printable(l.text)) + '\n';
  }
  void row(const std::vector<std::string>& cells) {
    out += '|';
    for (const auto& c : cells)
      out += (c.empty() ? "" : ' ' + escaped(c)) + " |";
    out += '\n';
  }
  void operator()(const paper_table& t) {
    apart();
    const auto table = filled(t);
    std::vector<std::string> titles;
    for (const auto& c : table.columns)
      titles.push_back(c.title);
    row(titles);
    out += '|';
    for (std::size_t i = 0; i < titles.size(); ++i)
      out += " --- |";
    out += '\n';
    for (const auto& cells : table.rows)
      row(cells);
  }
};

template <class Writer>
std::string written(const paper& page) {
  Writer writer;
  for (const auto& block : page)
    std::visit(writer, block);
  return std::move(writer.out);
}

} // namespace

std::string as_text(const paper& page) {
  return written<text_writer>(page);
}

std::string as_markdown(const paper& page) {
  return written<markdown_writer>(page);
}

} // namespace oaksteel
