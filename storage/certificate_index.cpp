#include "storage/certificate_index.hpp"

#include <charconv>

namespace oaksteel {

namespace {

constexpr std::string_view format_name = "oaksteel certificates 1";
constexpr std::string_view nothing = "-";

/// What stands before the next `end`, which is taken too; nothing when there is none.
std::optional<std::string_view> take(std::string_view& from, char end) {
  const auto at = from.find(end);
  if (at == std::string_view::npos)
    return std::nullopt;
  const auto taken = from.substr(0, at);
  from.remove_prefix(at + 1);
  return taken;
}

std::optional<std::uint64_t> numbered(std::optional<std::string_view> line, std::string_view word) {
  if (!line || !line->starts_with(word))
    return std::nullopt;
  line->remove_prefix(word.size());
  std::uint64_t n = 0;
  const auto [end, error] = std::from_chars(line->data(), line->data() + line->size(), n);
  if (error != std::errc{} || end != line->data() + line->size())
    return std::nullopt;
  return n;
}

std::optional<std::vector<operator_role>> parse_roles(std::string_view text) {
  std::vector<operator_role> roles;
  if (text == nothing)
    return roles;
  auto rest = std::string{text} + ",";
  for (std::string_view left{rest}; !left.empty();) {
    const auto role = parse_operator_role(*take(left, ','));
    if (!role)
      return std::nullopt;
    roles.push_back(*role);
  }
  return roles;
}

std::string line_of(const issued_certificate& c) {
  return c.serial.text() + ' ' + c.holder.text() + ' ' + roles_text(c.roles) + ' ' + c.valid.from.text() + ' ' +
         c.valid.to.text() + ' ' + c.fingerprint.hex() + ' ' + (c.revoked ? c.revoked->text() : std::string{nothing}) +
         '\n';
}

std::optional<issued_certificate> parse_line(std::string_view line) {
  const auto whole = std::string{line} + '\n';
  const auto word = [&] { return take(line, ' ').value_or(std::string_view{}); };
  const auto serial = certificate_serial::parse(word());
  const auto holder = holder_name::parse(word());
  const auto roles = parse_roles(word());
  const auto from = instant::parse(word()), to = instant::parse(word());
  const auto fingerprint = digest::parse(word());
  const auto revoked = line == nothing ? std::nullopt : instant::parse(line);
  if (!serial || !holder || !roles || !from || !to || !fingerprint)
    return std::nullopt;
  issued_certificate c{*holder, *roles, *serial, *fingerprint, {*from, *to}, revoked};
  return line_of(c) == whole ? std::optional{std::move(c)} : std::nullopt;
}

} // namespace

std::string roles_text(const std::vector<operator_role>& roles) {
  std::string text;
  for (const auto role : roles)
    text += (text.empty() ? "" : ",") + std::string{name(role)};
  return text.empty() ? std::string{nothing} : text;
}

std::string certificate_index::text() const {
  auto text =
      std::string{format_name} + "\nlist " + std::to_string(list) + "\ncount " + std::to_string(issued.size()) + '\n';
  for (const auto& c : issued)
    text += line_of(c);
  return text;
}

expected<certificate_index, std::string> certificate_index::parse(std::string_view text) {
  certificate_index index;
  const auto whole = text;
  if (take(text, '\n') != format_name)
    return unexpected{"the first line is not `" + std::string{format_name} + "`"};
  const auto list = numbered(take(text, '\n'), "list ");
  if (!list)
    return unexpected{std::string{"line 2 is not `list` and a number"}};
  index.list = *list;
  if (!numbered(take(text, '\n'), "count "))
    return unexpected{std::string{"line 3 is not `count` and a number"}};
  for (std::size_t number = 4; !text.empty(); ++number) {
    const auto line = take(text, '\n');
    auto entry = line ? parse_line(*line) : std::nullopt;
    if (!entry)
      return unexpected{"line " + std::to_string(number) + " is no certificate as it was written"};
    index.issued.push_back(std::move(*entry));
  }
  if (index.text() != whole)
    return unexpected{"there are " + std::to_string(index.issued.size()) +
                      " certificates, and lines 2 and 3 are not as they were written with them"};
  return index;
}

std::vector<revoked_serial> certificate_index::revoked() const {
  std::vector<revoked_serial> all;
  for (const auto& c : issued)
    if (c.revoked)
      all.push_back({c.serial, *c.revoked});
  return all;
}

} // namespace oaksteel
