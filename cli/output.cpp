#include "cli/output.hpp"

#include <algorithm>
#include <cstdio>
#include <iostream>

#include <unistd.h>

namespace oaksteel {

namespace {

/// Length of the UTF-8 sequence at the front of `text` (Unicode 15, table 3-7); 0 when there is none, or when it
/// is a control character (C1 too: terminals obey those).
std::size_t good_sequence(std::string_view text) {
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto tail = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return at(i) >= low && at(i) <= high;
  };
  const unsigned c = at(0);
  if (c < 0x80)
    return c >= 0x20 && c != 0x7F ? 1 : 0;
  if (c >= 0xC2 && c <= 0xDF)
    return tail(1) && !(c == 0xC2 && at(1) < 0xA0) ? 2 : 0;
  if (c >= 0xE0 && c <= 0xEF)
    return tail(1, c == 0xE0 ? 0xA0 : 0x80, c == 0xED ? 0x9F : 0xBF) && tail(2) ? 3 : 0;
  if (c >= 0xF0 && c <= 0xF4)
    return tail(1, c == 0xF0 ? 0x90 : 0x80, c == 0xF4 ? 0x8F : 0xBF) && tail(2) && tail(3) ? 4 : 0;
  return 0;
}

} // namespace

int complain(std::string_view line, exit_status status) {
  std::cout.flush();
  std::cerr << "oaksteel: " << printable(line) << '\n';
  return status;
}

int complain(const storage_error& e) {
  return complain(e.text, e.code == storage_code::damaged || e.code == storage_code::exists ? exit_refused : exit_io);
}

exit_status status_of_mistake(const std::filesystem::path& file) {
  std::error_code none;
  return std::filesystem::is_regular_file(file, none) && access(file.c_str(), R_OK) == 0 ? exit_usage : exit_io;
}

std::string printable(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const auto n = good_sequence(text);
    if (n == 0)
      shown += '?';
    else
      shown += text.substr(0, n);
    text.remove_prefix(n == 0 ? 1 : n);
  }
  return shown;
}

void print_line(std::ostream& out, const nlohmann::ordered_json& value) {
  out << value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
}

void print_table(const std::vector<table_row>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& r : rows)
    for (std::size_t i = 0; i < r.size(); ++i)
      widths[i] = std::max(widths[i], r[i].size());
  for (const auto& r : rows) {
    std::string text;
    for (std::size_t i = 0; i < r.size(); ++i)
      text += r[i] + std::string(i + 1 < r.size() ? widths[i] - r[i].size() + 2 : 0, ' ');
    std::cout << printable(text) << '\n';
  }
}

bool output_arrived() {
  if (std::cout.flush() && std::fflush(stdout) == 0 && std::ferror(stdout) == 0)
    return true;
  complain("standard output cannot be written; is the disk full?", exit_io);
  return false;
}

record_progress::record_progress() : terminal_(isatty(STDERR_FILENO) == 1) {}

record_progress::~record_progress() {
  if (shown_)
    std::fputs("\r\033[K", stderr);
}

void record_progress::show(std::uint64_t records) {
  constexpr std::uint64_t step = 65'536;
  if (!terminal_ || records % step != 0)
    return;
  std::fprintf(stderr, "\r\033[K%llu records", static_cast<unsigned long long>(records));
  std::fflush(stderr);
  shown_ = true;
}

} // namespace oaksteel
