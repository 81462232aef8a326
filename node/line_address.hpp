#pragma once
// Where a line is: a terminal device (a serial port or a pseudo-terminal), or TCP.

#include "events/expected.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace oaksteel {

struct line_address {
  std::filesystem::path device; ///< or else
  std::string host;             ///< a name or an address; IPv6 without its brackets
  std::string port;             ///< 1 to 65535

  bool is_tcp() const { return device.empty(); }
  /// As it is written: `tcp:127.0.0.1:7001`, `tcp:[::1]:7001`, `/dev/ttyS0`.
  std::string text() const;
};

/// Only processes of this machine reach it: 127.0.0.0/8, ::1 or `localhost`.
bool is_loopback_host(std::string_view host);

/// `tcp:HOST:PORT`, or anything else as a path, which is made absolute from `from`. The error says what it must be.
expected<line_address, std::string> parse_line_address(std::string_view text, const std::filesystem::path& from);

} // namespace oaksteel
