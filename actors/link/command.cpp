#include "actors/link/command.hpp"

#include <array>

namespace oaksteel {
namespace {

constexpr std::array<std::string_view, 14> component_names{"",       "site",          "kmc", "kdc",   "psr",   "archive",
                                                      "manufacturing", "oak", "steel", "brass", "tin",   "meter",
                                                      "data capture", "neighbour"};

} // namespace

bool valid(component c) {
  return c >= component::site && c <= component::neighbour;
}

std::string_view name(component c) {
  return valid(c) ? component_names[static_cast<std::size_t>(c)] : "unknown";
}

std::string party::text() const {
  return std::string{name(part)} + (of.empty() ? "" : "/" + of);
}

bool valid(command_kind k) {
  switch (k) {
    case command_kind::command:
    case command_kind::response:
    case command_kind::command_error:
    case command_kind::response_code:
    case command_kind::response_error: return true;
  }
  return false;
}

expected<command, refusal> decode_command(std::span<const std::uint8_t> data) {
  auto c = decode<command>(data);
  if (!c || c->from.of.size() > party_name_limit || c->to.of.size() > party_name_limit)
    return refuse(refusal::command_malformed);
  return std::move(*c);
}

unsigned level_of(refusal r) {
  switch (r) {
    case refusal::command_unknown:
    case refusal::sender_not_permitted:
    case refusal::parameter_count_wrong:
    case refusal::command_malformed: return 2;
    default: return 3;
  }
}

command refusal_of(const command& asked, refusal why) {
  const auto kind = asked.kind == command_kind::response ? command_kind::response_error
                    : level_of(why) == 2                 ? command_kind::command_error
                                                         : command_kind::response_code;
  return {kind, asked.code, asked.request, asked.to, asked.from, {encode(why)}};
}

bool says_done(std::span<const std::uint8_t> answer) {
  return !answer.empty() && answer.front() == static_cast<std::uint8_t>(command_kind::response);
}

refusal refusal_in(const command& c) {
  const auto why = c.parameters.size() == 1 ? decode<refusal>(c.parameters.front())
                                            : expected<refusal, std::string>{unexpected{std::string{}}};
  return why ? *why : refusal::command_malformed;
}

} // namespace oaksteel
