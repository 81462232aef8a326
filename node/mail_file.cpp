#include "node/mail_file.hpp"

#include <algorithm>
#include <charconv>

namespace oaksteel {
namespace {

constexpr std::size_t origin_limit = 16, columns = 6;

/// Calls `each(line, offset)` for every line that is not empty, until one answers false.
void for_each_line(std::string_view text, const auto& each) {
  for (std::size_t at = 0; at < text.size();) {
    auto end = text.find('\n', at);
    end = end == std::string_view::npos ? text.size() : end;
    auto line = text.substr(at, end - at);
    if (line.ends_with('\r'))
      line.remove_suffix(1);
    if (!line.empty() && !each(line, at))
      return;
    at = end + 1;
  }
}

/// The values of one line, one after another; the first that is wrong is kept.
class line_reader {
public:
  line_reader(std::string_view line, std::size_t offset) : line_(line), offset_(offset) {}

  std::string_view next(char end = ',') {
    const auto found = std::min(line_.find(end, at_), line_.size());
    began_ = at_;
    at_ = std::min(found + 1, line_.size());
    return line_.substr(began_, found - began_);
  }
  bool at_end() const { return at_ == line_.size(); }
  void wrong(std::string must_be) {
    if (!mistake_)
      mistake_ = mistake{offset_ + began_, std::move(must_be)};
  }
  const std::optional<mistake>& problem() const { return mistake_; }

  template <class Name>
  void read(Name& out, std::string_view column, std::string_view form) {
    const auto word = next();
    if (auto parsed = Name::parse(word))
      out = std::move(*parsed);
    else
      wrong(std::string{column} + " is " + in_quotes(word) + "; it must be " + std::string{form});
  }
  void read(std::uint64_t& out, std::string_view column) {
    const auto word = next();
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), out);
    if (error != std::errc{} || end != word.data() + word.size())
      wrong(std::string{column} + " is " + in_quotes(word) + "; it must be a whole number from 0");
  }

private:
  std::string_view line_;
  std::size_t offset_, at_ = 0, began_ = 0;
  std::optional<mistake> mistake_;
};

bool digits(std::string_view s) {
  return !s.empty() && std::ranges::all_of(s, [](char c) { return '0' <= c && c <= '9'; });
}

void read_tokens(line_reader& in, indicium& piece) {
  while (!in.at_end()) {
    const auto word = in.next(' ');
    const auto equals = std::min(word.find('='), word.size());
    const auto domain = domain_id::parse(word.substr(0, equals));
    const auto token = word.substr(std::min(equals + 1, word.size()));
    if (!domain || !digits(token) || token.size() > 12)
      return in.wrong("token " + in_quotes(word) + "; it must be a domain and its digits, such as VE=123456");
    if (std::ranges::find(piece.tokens, *domain, &domain_token::domain) != piece.tokens.end())
      return in.wrong("a second token of domain " + domain->text + "; a piece has one of each");
    piece.tokens.push_back({*domain, std::string{token}});
  }
}

expected<indicium, mistake> read_piece(std::string_view line, std::size_t offset) {
  if (static_cast<std::size_t>(std::ranges::count(line, ',')) != columns - 1)
    return unexpected{mistake{offset, "this line has not the header's " + std::to_string(columns) + " values"}};
  indicium piece;
  line_reader in{line, offset};
  in.read(piece.serial, "serial", "1 to 12 digits");
  in.read(piece.date, "date", "a day as YYYYMMDD");
  in.read(piece.piece, "piece");
  in.read(piece.postage_thousandths, "postage_thousandths");
  piece.origin = in.next();
  if (piece.origin.size() > origin_limit)
    in.wrong("origin has more than " + std::to_string(origin_limit) + " characters");
  read_tokens(in, piece);
  if (in.problem())
    return unexpected{*in.problem()};
  return piece;
}

} // namespace

std::string mail_line(const indicium& piece) {
  auto line = piece.serial.text + ',' + piece.date.text() + ',' + std::to_string(piece.piece) + ',' +
              std::to_string(piece.postage_thousandths) + ',' + piece.origin + ',';
  for (const auto& token : piece.tokens)
    line += (&token == &piece.tokens.front() ? "" : " ") + token.domain.text + '=' + token.digits;
  return line;
}

expected<std::vector<indicium>, text_error> read_mail(std::string_view text, const std::string& file,
                                                      std::size_t most) {
  std::vector<indicium> all;
  const auto body = without_byte_order_mark(text);
  auto problem = encoding_mistake(body);
  bool header = false;
  if (!problem)
    for_each_line(body, [&](std::string_view line, std::size_t offset) {
      if (!std::exchange(header, true)) {
        if (line != mail_header)
          problem = mistake{offset, "the first line is " + in_quotes(line) + "; it must be \"" + std::string{mail_header} + '"'};
      } else if (all.size() == most) {
        problem = mistake{offset, "more than " + std::to_string(most) + " pieces at once"};
      } else if (auto piece = read_piece(line, offset)) {
        all.push_back(std::move(*piece));
      } else {
        problem = piece.error();
      }
      return !problem;
    });
  if (!problem && all.empty())
    problem = mistake{body.size(), std::string{"no mail in it; a line for each piece must follow the line \""} +
                                     std::string{mail_header} + '"'};
  if (!problem)
    return all;
  const auto at = place_of(body, problem->offset);
  return unexpected{text_error{file, at.line, at.column, problem->problem}};
}

std::vector<std::string> mail_files(const std::vector<indicium>& pieces, std::size_t most) {
  std::vector<std::string> files;
  std::size_t in_file = 0;
  for (const auto& piece : pieces) {
    const auto line = mail_line(piece) + '\n';
    if (files.empty() || in_file == mail_batch_limit || files.back().size() + line.size() > most) {
      files.push_back(std::string{mail_header} + '\n');
      in_file = 0;
    }
    files.back() += line;
    ++in_file;
  }
  return files;
}

} // namespace oaksteel
