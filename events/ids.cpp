// Text and back. Everything is strict: what parses is what text() would have written, so that a name has
// one spelling and two names that look different are different.

#include "events/ids.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <span>

namespace oaksteel {

namespace {

// Not <cctype>: a locale must not decide what a valid name is.
bool digit(char c) { return c >= '0' && c <= '9'; }
bool capital(char c) { return c >= 'A' && c <= 'Z'; }
bool small(char c) { return c >= 'a' && c <= 'z'; }

template <class Allowed>
bool made_of(std::string_view s, std::size_t least, std::size_t most, Allowed allowed) {
  return s.size() >= least && s.size() <= most && std::all_of(s.begin(), s.end(), allowed);
}

/// Exactly these digits as a number; at most nine of them.
std::optional<std::uint32_t> fixed_digits(std::string_view s) {
  if (s.empty() || s.size() > 9 || !std::all_of(s.begin(), s.end(), digit))
    return std::nullopt;
  std::uint32_t n = 0;
  for (char c : s)
    n = n * 10 + static_cast<std::uint32_t>(c - '0');
  return n;
}

/// A number from 1, without sign or leading zero.
std::optional<std::uint64_t> counting_number(std::string_view s) {
  if (s.empty() || !digit(s.front()) || s.front() == '0')
    return std::nullopt;
  std::uint64_t n = 0;
  auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), n);
  if (error != std::errc{} || end != s.data() + s.size())
    return std::nullopt;
  return n;
}

/// Exactly as many small digits as fill `data`.
bool from_hex(std::string_view hex, std::span<std::uint8_t> data) {
  if (hex.size() != 2 * data.size())
    return false;
  for (std::size_t i = 0; i < hex.size(); ++i) {
    const char c = hex[i];
    if (!digit(c) && !(c >= 'a' && c <= 'f'))
      return false;
    const int nibble = digit(c) ? c - '0' : c - 'a' + 10;
    data[i / 2] = static_cast<std::uint8_t>(data[i / 2] << 4 | nibble);
  }
  return true;
}

std::optional<std::chrono::year_month_day> calendar_day(std::uint32_t year, std::uint32_t month, std::uint32_t day) {
  const auto date = std::chrono::year{static_cast<int>(year)} / std::chrono::month{month} / std::chrono::day{day};
  if (!date.ok())
    return std::nullopt;
  return date;
}

/// Microseconds since midnight from `THH:MM:SSZ` or `THH:MM:SS.ffffffZ`.
std::optional<std::int64_t> time_of_day(std::string_view s) {
  if ((s.size() != 10 && s.size() != 17) || s[0] != 'T' || s[3] != ':' || s[6] != ':' || s.back() != 'Z')
    return std::nullopt;
  const auto hour = fixed_digits(s.substr(1, 2)), minute = fixed_digits(s.substr(4, 2)),
             second = fixed_digits(s.substr(7, 2));
  // No leap seconds: the clocks of the house are POSIX clocks, which do not have them either.
  if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 59)
    return std::nullopt;
  std::int64_t us = 0;
  if (s.size() == 17) {
    const auto fraction = fixed_digits(s.substr(10, 6));
    if (s[9] != '.' || !fraction)
      return std::nullopt;
    us = *fraction;
  }
  return ((*hour * 60 + *minute) * 60 + *second) * std::int64_t{1'000'000} + us;
}

struct civil_time {
  std::int64_t year = 0;
  unsigned month = 0;
  unsigned day = 0;
  std::int64_t us_of_day = 0;
};

/// The proleptic Gregorian calendar over the whole range of an instant. std::chrono::year ends at 32767,
/// and an instant that came from outside need not.
civil_time civil(instant t) {
  constexpr std::int64_t day_us = 86'400'000'000;
  std::int64_t days = t.us / day_us, us = t.us % day_us;
  if (us < 0) {
    us += day_us;
    --days;
  }
  // The calendar repeats after 400 years of 146,097 days.
  std::int64_t era = days / 146'097, day_of_era = days % 146'097;
  if (day_of_era < 0) {
    day_of_era += 146'097;
    --era;
  }
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day_of_era}}};
  return {static_cast<int>(date.year()) + 400 * era, static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()), us};
}

} // namespace

std::string hex(std::span<const std::uint8_t> data) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string s;
  s.reserve(2 * data.size());
  for (std::uint8_t b : data) {
    s += digits[b >> 4];
    s += digits[b & 15];
  }
  return s;
}

std::optional<bytes> from_hex(std::string_view hex) {
  bytes data(hex.size() / 2);
  return from_hex(hex, data) ? std::optional{std::move(data)} : std::nullopt;
}

bool domain_form::valid(std::string_view s) {
  return made_of(s, 2, 8, [](char c) { return capital(c) || digit(c); }) && capital(s.front());
}
bool sequence_number_form::valid(std::string_view s) {
  return made_of(s, 1, 16, [](char c) { return capital(c) || digit(c); });
}
bool product_code_form::valid(std::string_view s) {
  return made_of(s, 1, 12, [](char c) { return capital(c) || digit(c) || c == '-'; });
}
bool indicia_serial_form::valid(std::string_view s) { return made_of(s, 1, 12, digit); }
bool country_form::valid(std::string_view s) { return made_of(s, 2, 2, capital); }
bool label_form::valid(std::string_view s) {
  // Labels name folders and files: none made of dots alone.
  return s.find_first_not_of('.') != std::string_view::npos && made_of(s, 1, 32,
                 [](char c) { return capital(c) || small(c) || digit(c) || c == '-' || c == '_' || c == '.'; });
}

bool valid(box_type type) { return name(type) != "?"; }
std::string_view name(box_type type) {
  switch (type) {
  case box_type::manufacturing:
    return "manufacturing";
  case box_type::oak:
    return "oak";
  case box_type::steel:
    return "steel";
  case box_type::brass:
    return "brass";
  case box_type::tin:
    return "tin";
  }
  return "?";
}

std::optional<box_id> box_id::parse(std::string_view s) {
  if (s.size() != 9)
    return std::nullopt;
  const auto type = static_cast<box_type>(static_cast<std::uint8_t>(s.front()));
  const auto number = fixed_digits(s.substr(1));
  if (!valid(type) || !number)
    return std::nullopt;
  return box_id{type, *number};
}
std::string box_id::text() const {
  // Once for each box in each record that is replayed: printf would cost a tenth of it.
  char digits[10];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  const auto count = static_cast<std::size_t>(end - digits);
  std::string s(1, static_cast<char>(type));
  s.append(count < 8 ? 8 - count : 0, '0');
  return s.append(digits, count);
}

std::optional<key_id> key_id::parse(std::string_view s) {
  const auto slash = s.find('/');
  if (slash == std::string_view::npos)
    return std::nullopt;
  auto domain = domain_id::parse(s.substr(0, slash));
  const auto number = counting_number(s.substr(slash + 1));
  if (!domain || !number)
    return std::nullopt;
  return key_id{std::move(*domain), *number};
}
std::string key_id::text() const { return domain.text + "/" + std::to_string(number); }

std::optional<order_id> order_id::parse(std::string_view s) {
  const auto number = counting_number(s);
  if (!number)
    return std::nullopt;
  return order_id{*number};
}

std::string digest::hex() const { return oaksteel::hex(value); }
std::optional<digest> digest::parse(std::string_view hex) {
  digest d;
  return from_hex(hex, d.value) ? std::optional{d} : std::nullopt;
}

std::string share_set_id::text() const { return hex(value); }
std::optional<share_set_id> share_set_id::parse(std::string_view hex) {
  share_set_id id;
  return from_hex(hex, id.value) ? std::optional{id} : std::nullopt;
}

std::string instant::text() const {
  const auto c = civil(*this);
  const auto seconds = c.us_of_day / 1'000'000;
  char s[64];
  std::snprintf(s, sizeof s, "%04d-%02u-%02uT%02d:%02d:%02d.%06dZ", static_cast<int>(c.year), c.month, c.day,
                static_cast<int>(seconds / 3600), static_cast<int>(seconds / 60 % 60), static_cast<int>(seconds % 60),
                static_cast<int>(c.us_of_day % 1'000'000));
  return s;
}
std::optional<instant> instant::parse(std::string_view s) {
  if (s.size() < 10 || s[4] != '-' || s[7] != '-')
    return std::nullopt;
  const auto year = fixed_digits(s.substr(0, 4)), month = fixed_digits(s.substr(5, 2)),
             day = fixed_digits(s.substr(8, 2));
  if (!year || !month || !day)
    return std::nullopt;
  const auto date = calendar_day(*year, *month, *day);
  const auto time = s.size() == 10 ? std::optional<std::int64_t>{0} : time_of_day(s.substr(10));
  if (!date || !time)
    return std::nullopt;
  const std::int64_t days = std::chrono::sys_days{*date}.time_since_epoch().count();
  return instant{days * 86'400'000'000 + *time};
}

bool valid(const time_zone& zone) { return -12 * 60 <= zone.minutes && zone.minutes <= 14 * 60; }
std::optional<time_zone> time_zone::parse(std::string_view s) {
  if (s.size() != 6 || (s[0] != '+' && s[0] != '-') || s[3] != ':')
    return std::nullopt;
  const auto hours = fixed_digits(s.substr(1, 2)), minutes = fixed_digits(s.substr(4));
  if (!hours || !minutes || *minutes > 59)
    return std::nullopt;
  const auto east = static_cast<std::int16_t>(*hours * 60 + *minutes);
  const time_zone zone{s[0] == '-' ? static_cast<std::int16_t>(-east) : east};
  return valid(zone) ? std::optional{zone} : std::nullopt;
}
std::string time_zone::text() const {
  const auto east = std::abs(int{minutes});
  char s[16];
  std::snprintf(s, sizeof s, "%c%02d:%02d", minutes < 0 ? '-' : '+', east / 60, east % 60);
  return s;
}

std::optional<calendar_date> calendar_date::parse(std::string_view s) {
  const auto number = fixed_digits(s);
  if (s.size() != 8 || !number || !calendar_day(*number / 10'000, *number / 100 % 100, *number % 100))
    return std::nullopt;
  return calendar_date{*number};
}
calendar_date calendar_date::of(instant t, time_zone zone) {
  const auto shift = std::int64_t{zone.minutes} * 60'000'000;
  using limits = std::numeric_limits<std::int64_t>;
  const bool shown = shift < 0 ? t.us >= limits::min() - shift : t.us <= limits::max() - shift;
  const auto c = civil(shown ? instant{t.us + shift} : t);
  // Eight digits end at the year 9999; an instant can lie outside.
  const auto year = static_cast<std::uint32_t>(std::clamp<std::int64_t>(c.year, 0, 9999));
  return {year * 10'000 + c.month * 100 + c.day};
}
std::string calendar_date::text() const {
  char s[16];
  std::snprintf(s, sizeof s, "%08u", static_cast<unsigned>(yyyymmdd));
  return s;
}

bool valid(suite_id suite) { return name(suite) != "?"; }
std::string_view name(suite_id suite) {
  switch (suite) {
  case suite_id::rsa3072:
    return "rsa3072";
  case suite_id::p256:
    return "p256";
  }
  return "?";
}
std::optional<suite_id> parse_suite(std::string_view s) {
  for (const auto suite : {suite_id::rsa3072, suite_id::p256})
    if (s == name(suite))
      return suite;
  return std::nullopt;
}

bool valid(stream_kind kind) { return name(kind) != "?"; }
std::string_view name(stream_kind kind) {
  switch (kind) {
  case stream_kind::node:
    return "node";
  case stream_kind::box:
    return "box";
  case stream_kind::domain:
    return "domain";
  case stream_kind::key:
    return "key";
  case stream_kind::key_counter:
    return "key_counter";
  case stream_kind::order:
    return "order";
  case stream_kind::order_book:
    return "order_book";
  case stream_kind::distribution:
    return "distribution";
  case stream_kind::meter:
    return "meter";
  case stream_kind::faults:
    return "faults";
  case stream_kind::allocator:
    return "allocator";
  case stream_kind::admission:
    return "admission";
  case stream_kind::authority:
    return "authority";
  case stream_kind::neighbour:
    return "neighbour";
  case stream_kind::operation:
    return "operation";
  }
  return "?";
}
std::string stream_id::text() const {
  std::string s{name(kind)};
  // The node's own stream and the allocator's have nothing to add.
  return of.empty() ? s : s + "/" + of;
}

bool valid(participant_kind kind) { return name(kind) != "?"; }
std::string_view name(participant_kind kind) {
  switch (kind) {
  case participant_kind::domain:
    return "domain";
  case participant_kind::box:
    return "box";
  case participant_kind::key:
    return "key";
  case participant_kind::meter:
    return "meter";
  case participant_kind::custodian:
    return "custodian";
  case participant_kind::order:
    return "order";
  case participant_kind::person:
    return "operator";
  }
  return "?";
}

} // namespace oaksteel
