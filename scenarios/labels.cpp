// Label files: RFC 4180 ("Common Format and MIME Type for CSV Files"), with a header, and with two
// allowances: lines may end with LF alone, and empty lines are passed over.

#include "scenarios/script.hpp"
#include "node/text.hpp"

#include <array>
#include <unordered_map>

namespace oaksteel {

namespace {

constexpr std::string_view product_column = "product_code";
constexpr std::string_view meter_column = "sequence_number";
constexpr std::array known_columns{product_column, meter_column};
constexpr std::string_view right_header =
  "the first line must name the columns \"product_code\" and \"sequence_number\", separated by commas";

/// One value of a row, and where it begins.
struct field {
  std::string value;
  std::size_t offset = 0;
};

/// Cuts a text into rows of fields; never keeps more than one row.
class row_reader {
public:
  explicit row_reader(std::string_view text) : text_(text) {}

  bool at_end() const { return at_ == text_.size(); }

  /// Reads the next row into `fields`; a mistake ends the reading.
  std::optional<mistake> next(std::vector<field>& fields) {
    fields.clear();
    start_ = at_;
    for (;;) {
      field f{{}, at_};
      if (too_long())
        return line_too_long();
      if (auto wrong = looking_at('"') ? quoted_field(f) : plain_field(f))
        return wrong;
      fields.push_back(std::move(f));
      end_ = at_;
      if (!looking_at(','))
        break;
      ++at_;
    }
    if (looking_at('\r')) // its line feed follows: encoding_mistake() has seen to that
      ++at_;
    if (looking_at('\n'))
      ++at_;
    return std::nullopt;
  }

  /// Where the row that was read ends, before its line break.
  std::size_t row_end() const { return end_; }

private:
  bool looking_at(char c) const { return at_ < text_.size() && text_[at_] == c; }
  bool at_field_end() const { return at_end() || looking_at(',') || looking_at('\r') || looking_at('\n'); }
  bool too_long() const { return at_ - start_ > label_line_limit; }

  mistake line_too_long() const {
    return {start_ + label_line_limit,
            "this line is too long; it must have at most " + std::to_string(label_line_limit) + " bytes"};
  }

  std::optional<mistake> plain_field(field& f) {
    for (; !at_field_end(); f.value += text_[at_++]) {
      if (looking_at('"'))
        return mistake{at_, "a quote inside a value; put the whole value in quotes, and write this one twice"};
      if (at_ == start_ + label_line_limit)
        return line_too_long();
    }
    return std::nullopt;
  }

  /// RFC 4180, 2.6 and 2.7: "Fields containing line breaks (CRLF), double quotes, and commas should be enclosed in
  /// double-quotes"; "a double-quote appearing inside a field must be escaped by preceding it with another".
  std::optional<mistake> quoted_field(field& f) {
    const std::size_t opened = at_++;
    bool spans_lines = false;
    for (;; ++at_) {
      if (at_end() || too_long())
        return mistake{opened, "a quote that is not closed; the value must end with a quote, within " +
                                 std::to_string(label_line_limit) + " bytes"};
      if (looking_at('"')) {
        ++at_;
        if (!looking_at('"'))
          break;
      }
      spans_lines = spans_lines || text_[at_] == '\n';
      f.value += text_[at_];
    }
    if (at_field_end())
      return std::nullopt;
    // A closing quote on a later line that is followed by text is most likely the opening one of another value.
    if (spans_lines)
      return mistake{opened, "a quote that is not closed on its line; the value must end with a quote"};
    return mistake{at_, "text behind a closing quote; a comma or the end of the line must follow, and a quote inside a "
                        "value must be written twice"};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t start_ = 0;
  std::size_t end_ = 0;
};

bool is_empty_line(const std::vector<field>& row) { return row.size() == 1 && row[0].value.empty(); }

/// Where the two columns are, and how many there are.
struct columns {
  std::size_t product = 0;
  std::size_t meter = 0;
  std::vector<std::string> names;
};

expected<columns, mistake> read_header(const std::vector<field>& header, std::string_view line) {
  columns found;
  std::unordered_map<std::string_view, std::size_t> index;
  for (std::size_t i = 0; i < header.size(); ++i) {
    const auto& [name, offset] = header[i];
    if (!index.emplace(name, i).second && !name.empty())
      return unexpected{mistake{offset, "the column " + in_quotes(name) + " is already there; name each column once"}};
    found.names.push_back(name);
  }
  for (std::string_view wanted : known_columns)
    if (!index.contains(wanted))
      return unexpected{mistake{header[0].offset, "no column " + in_quotes(wanted) + " in " + in_quotes(line) + "; " +
                                                    std::string{right_header}}};
  found.product = index.at(product_column);
  found.meter = index.at(meter_column);
  return found;
}

std::optional<mistake> width_mistake(const std::vector<field>& row, std::size_t row_end, const columns& header) {
  const std::size_t wanted = header.names.size();
  if (row.size() == wanted)
    return std::nullopt;
  const std::string counts =
    "this row has " + std::to_string(row.size()) + " of the header's " + std::to_string(wanted) + " values";
  if (row.size() < wanted)
    return mistake{row_end, "no value for the column " + in_quotes(header.names[row.size()]) + "; " + counts};
  return mistake{row[wanted].offset, "a value too many; " + counts};
}

template <class Name>
expected<Name, mistake> read_name(const field& f, std::string_view column) {
  if (auto name = Name::parse(f.value))
    return std::move(*name);
  return unexpected{mistake{f.offset, std::string{column} + " is " + in_quotes(f.value) + "; it must be " +
                                        std::string{form_in_words<Name>}}};
}

/// Reads the rows under the header.
expected<std::vector<meter_label>, mistake> read_rows(row_reader& rows, const columns& header, std::string_view text) {
  std::vector<meter_label> labels;
  std::unordered_map<std::string, std::size_t> seen;
  for (std::vector<field> row; !rows.at_end();) {
    if (auto wrong = rows.next(row))
      return unexpected{*wrong};
    if (is_empty_line(row))
      continue;
    if (auto wrong = width_mistake(row, rows.row_end(), header))
      return unexpected{*wrong};
    auto product = read_name<product_code>(row[header.product], product_column);
    if (!product)
      return unexpected{product.error()};
    auto meter = read_name<sequence_number>(row[header.meter], meter_column);
    if (!meter)
      return unexpected{meter.error()};
    const std::size_t offset = row[header.meter].offset;
    if (const auto [first, fresh] = seen.emplace(meter->text, offset); !fresh)
      return unexpected{mistake{offset, "sequence_number " + in_quotes(meter->text) + " is already on line " +
                                          std::to_string(place_of(text, first->second).line) +
                                          "; each meter must have its own"}};
    if (labels.size() == label_limit)
      return unexpected{
        mistake{row[0].offset, "too many labels; a file must have at most " + std::to_string(label_limit)}};
    labels.push_back({*std::move(product), *std::move(meter)});
  }
  return labels;
}

expected<std::vector<meter_label>, mistake> read_labels(std::string_view text) {
  if (auto wrong = encoding_mistake(text))
    return unexpected{*wrong};
  row_reader rows{text};
  std::vector<field> header;
  while (!rows.at_end() && (header.empty() || is_empty_line(header)))
    if (auto wrong = rows.next(header))
      return unexpected{*wrong};
  if (header.empty() || is_empty_line(header))
    return unexpected{mistake{0, "no header; " + std::string{right_header}}};
  const std::size_t start = header[0].offset;
  auto found = read_header(header, text.substr(start, rows.row_end() - start));
  if (!found)
    return unexpected{found.error()};
  auto labels = read_rows(rows, *found, text);
  if (labels && labels->empty())
    return unexpected{mistake{text.size(), "no labels under the header; there must be a line for each meter"}};
  return labels;
}

} // namespace

expected<std::vector<meter_label>, text_error> parse_labels(std::string_view text, const std::string& file) {
  if (text.size() > label_file_limit)
    return unexpected{text_error{
      file, 0, 0, "the label file is too large; it must have at most " + std::to_string(label_file_limit) + " bytes"}};
  text = without_byte_order_mark(text);
  auto labels = read_labels(text);
  if (labels)
    return *std::move(labels);
  const place at = place_of(text, labels.error().offset);
  return unexpected{text_error{file, at.line, at.column, labels.error().problem}};
}

} // namespace oaksteel
