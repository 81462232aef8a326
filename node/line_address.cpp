#include "node/line_address.hpp"

#include "node/text.hpp"

#include <charconv>

namespace oaksteel {
namespace {

constexpr std::string_view tcp = "tcp:";

} // namespace

std::string line_address::text() const {
  if (!is_tcp())
    return device.string();
  const bool brackets = host.find(':') != std::string::npos;
  return std::string{tcp} + (brackets ? '[' + host + ']' : host) + ':' + port;
}

expected<line_address, std::string> parse_line_address(std::string_view text, const std::filesystem::path& from) {
  const auto wrong =
      unexpected{in_quotes(text) + " is no line; it must be the path of a terminal device or tcp:HOST:PORT, "
                                   "with a port from 1 to 65535"};
  if (text.empty() || text.size() > 1024 || text.find('\0') != std::string_view::npos)
    return wrong;
  if (!text.starts_with(tcp))
    return line_address{(from / text).lexically_normal(), {}, {}};
  text.remove_prefix(tcp.size());
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos)
    return wrong;
  auto host = text.substr(0, colon);
  const auto port = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string_view::npos)
    return wrong;
  unsigned number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (host.empty() || error != std::errc{} || end != port.data() + port.size() || number == 0 || number > 65535)
    return wrong;
  return line_address{{}, std::string{host}, std::to_string(number)};
}

bool is_loopback_host(std::string_view host) {
  const bool numbers = host.find_first_not_of("0123456789.") == std::string_view::npos;
  return host == "localhost" || host == "::1" || (numbers && host.starts_with("127."));
}

} // namespace oaksteel
