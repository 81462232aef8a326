#pragma once
// The names of things. A distinct type for each, so that a box id cannot be passed for a key id.
// Parsing checks the form and returns nothing for a bad one; text() gives back what was parsed.

#include "events/fields.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace oaksteel {

using bytes = std::vector<std::uint8_t>;

/// Two small digits for each byte.
std::string hex(std::span<const std::uint8_t> data);
/// Nothing for what hex() does not write.
std::optional<bytes> from_hex(std::string_view hex);

/// A name with a checked form; `Form` supplies `static bool valid(std::string_view)`.
template <class Form>
struct name_of {
  std::string text;

  static auto fields(auto& self, auto take) { return take(self.text); }
  static std::optional<name_of> parse(std::string_view s) {
    if (!Form::valid(s))
      return std::nullopt;
    return name_of{std::string{s}};
  }
  bool empty() const { return text.empty(); }
  friend auto operator<=>(const name_of& a, const name_of& b) { return a.text <=> b.text; }
};

/// 2 to 8 of A-Z and 0-9, a letter first: `VE`, `USPS` (EP, "Key Management System Addresses").
struct domain_form {
  static bool valid(std::string_view s);
};
/// 1 to 16 digits or capital letters, as printed on a label (EP, "Digital Meter Requirements").
struct sequence_number_form {
  static bool valid(std::string_view s);
};
/// 1 to 12 digits, capital letters or `-`.
struct product_code_form {
  static bool valid(std::string_view s);
};
/// 1 to 12 digits (EP-22: indicia serial numbers are numeric).
struct indicia_serial_form {
  static bool valid(std::string_view s);
};
/// Two capital letters, ISO 3166-1 alpha-2.
struct country_form {
  static bool valid(std::string_view s);
};
/// 1 to 32 letters, digits, `-`, `_`, `.`: custodians, actors, slots, media.
struct label_form {
  static bool valid(std::string_view s);
};

using domain_id = name_of<domain_form>;
using sequence_number = name_of<sequence_number_form>;
using product_code = name_of<product_code_form>;
using indicia_serial = name_of<indicia_serial_form>;
using country_code = name_of<country_form>;
using label = name_of<label_form>;

/// The five kinds of secure box, by their type letter.
enum class box_type : std::uint8_t { manufacturing = 'M', oak = 'O', steel = 'S', brass = 'B', tin = 'T' };
bool valid(box_type type);
std::string_view name(box_type type);

/// A type letter and an 8-digit number; number 0 is an uninitialised box: `O00000001`.
struct box_id {
  box_type type = box_type::manufacturing;
  std::uint32_t number = 0;

  static auto fields(auto& self, auto take) { return take(self.type, self.number); }
  static std::optional<box_id> parse(std::string_view s);
  std::string text() const;
  friend auto operator<=>(const box_id& a, const box_id& b) {
    return std::pair{a.type, a.number} <=> std::pair{b.type, b.number};
  }
};

/// A master key: its domain and the number that the domain's archive gave it, from 1: `VE/1`.
struct key_id {
  domain_id domain;
  std::uint64_t number = 0;

  static auto fields(auto& self, auto take) { return take(self.domain, self.number); }
  static std::optional<key_id> parse(std::string_view s);
  std::string text() const;
  friend auto operator<=>(const key_id& a, const key_id& b) {
    return std::tie(a.domain, a.number) <=> std::tie(b.domain, b.number);
  }
};

/// An order of the KMC, numbered from 1 in the order of arrival.
struct order_id {
  std::uint64_t number = 0;

  static auto fields(auto& self, auto take) { return take(self.number); }
  static std::optional<order_id> parse(std::string_view s);
  std::string text() const { return std::to_string(number); }
  friend auto operator<=>(const order_id& a, const order_id& b) { return a.number <=> b.number; }
};

/// SHA-256 of something that is named where it is used.
struct digest {
  std::array<std::uint8_t, 32> value{};

  static auto fields(auto& self, auto take) { return take(self.value); }
  std::string hex() const;
  static std::optional<digest> parse(std::string_view hex);
  friend auto operator<=>(const digest& a, const digest& b) { return a.value <=> b.value; }
};

/// Names a set of shares: 16 random bytes, drawn when the set is made.
struct share_set_id {
  std::array<std::uint8_t, 16> value{};

  static auto fields(auto& self, auto take) { return take(self.value); }
  std::string text() const;
  static std::optional<share_set_id> parse(std::string_view hex);
  friend auto operator<=>(const share_set_id& a, const share_set_id& b) { return a.value <=> b.value; }
};

/// SHA-256 of a public key's SubjectPublicKeyInfo (RFC 5280, 4.1.2.7): names the key.
struct fingerprint {
  digest of;

  static auto fields(auto& self, auto take) { return take(self.of); }
  std::string hex() const { return of.hex(); }
  friend auto operator<=>(const fingerprint& a, const fingerprint& b) { return a.of <=> b.of; }
};

/// Microseconds since 1970-01-01T00:00:00Z.
struct instant {
  std::int64_t us = 0;

  static auto fields(auto& self, auto take) { return take(self.us); }
  /// ISO 8601 with microseconds: `2026-03-02T06:00:00.000001Z`.
  std::string text() const;
  /// Reads what text() writes; the fraction, or the whole time of day, may be left out.
  static std::optional<instant> parse(std::string_view s);
  friend auto operator<=>(const instant& a, const instant& b) { return a.us <=> b.us; }
};

/// A time zone, as what its clocks show after UTC (EP-18). It knows no summer time: a zone that has one is named as it is
/// in winter or as it is in summer.
struct time_zone {
  std::int16_t minutes = 0; ///< east of Greenwich

  static auto fields(auto& self, auto take) { return take(self.minutes); }
  /// `+01:00`, `-05:00`; from -12:00 to +14:00.
  static std::optional<time_zone> parse(std::string_view s);
  std::string text() const;
  friend auto operator<=>(const time_zone& a, const time_zone& b) { return a.minutes <=> b.minutes; }
};
bool valid(const time_zone& zone);

/// A calendar day, as `YYYYMMDD` prints it (EP-18: a date compares as a day).
struct calendar_date {
  std::uint32_t yyyymmdd = 0;

  static auto fields(auto& self, auto take) { return take(self.yyyymmdd); }
  static std::optional<calendar_date> parse(std::string_view s);
  /// The day in a time zone; in UTC when none is named.
  static calendar_date of(instant t, time_zone zone = {});
  std::string text() const;
  /// `YYYYMM`, the default period of token keys (EP-21).
  std::string period() const { return text().substr(0, 6); }
  friend auto operator<=>(const calendar_date& a, const calendar_date& b) { return a.yyyymmdd <=> b.yyyymmdd; }
};

/// The named cryptographic suites (`crypto/suite.hpp`); recorded in every envelope.
enum class suite_id : std::uint8_t { rsa3072 = 1, p256 = 2 };
bool valid(suite_id suite);
std::string_view name(suite_id suite);
std::optional<suite_id> parse_suite(std::string_view s);

/// What a stream of events is about. Numbers are on disk: never reused.
enum class stream_kind : std::uint8_t {
  node = 1,         ///< this log's node: opened, restarted, scenario inputs
  box = 2,          ///< a secure box, by box id
  domain = 3,       ///< a domain's public side, by domain id
  key = 4,          ///< a master key in its archive, by key id
  key_counter = 5,  ///< an archive's last key id, by domain id
  order = 6,        ///< an order of the KMC, by number
  order_book = 7,   ///< the KMC's last order number
  distribution = 8, ///< an install record at the KDC, by key id
  meter = 9,        ///< a meter's own memory, by sequence number
  faults = 10,      ///< the error log of one actor, by actor name
  allocator = 11,   ///< box ids handed out
  admission = 12,   ///< a box that proved itself, by box id
  authority = 13,   ///< whom the boxes of this node believe
  neighbour = 14,   ///< another node, by its name
  operation = 15,   ///< a command of an operator, by his name and its id
};
bool valid(stream_kind kind);
std::string_view name(stream_kind kind);

/// One sequence of events with one state: `key/VE/1`.
struct stream_id {
  stream_kind kind = stream_kind::node;
  std::string of;

  static auto fields(auto& self, auto take) { return take(self.kind, self.of); }
  std::string text() const;
  friend auto operator<=>(const stream_id& a, const stream_id& b) {
    return std::tie(a.kind, a.of) <=> std::tie(b.kind, b.of);
  }
};

/// Points at a record: its position, and its log where that is another one. Position 0 points at none.
struct reference {
  std::uint64_t position = 0;
  std::optional<digest> log;

  static auto fields(auto& self, auto take) { return take(self.position, self.log); }
  explicit operator bool() const { return position != 0; }
};

/// A command is known by who sent it and that sender's count of commands.
struct command_id {
  std::string sender;
  std::uint64_t counter = 0;

  static auto fields(auto& self, auto take) { return take(self.sender, self.counter); }
};

/// Who or what took part in an event (EP-30).
enum class participant_kind : std::uint8_t {
  domain = 1,
  box = 2,
  key = 3,
  meter = 4,
  custodian = 5,
  order = 6,
  person = 7, ///< "operator"
};
bool valid(participant_kind kind);
std::string_view name(participant_kind kind);
struct participant {
  participant_kind kind = participant_kind::domain;
  std::string id;

  static auto fields(auto& self, auto take) { return take(self.kind, self.id); }
};

/// A record that a box signed: the exact bytes, and the proof over them (`crypto/envelope.hpp`).
/// Stored and sent as it is, never encoded again.
struct signed_record {
  bytes body;
  bytes proof;

  static auto fields(auto& self, auto take) { return take(self.body, self.proof); }
};

} // namespace oaksteel

template <class Form>
struct std::hash<oaksteel::name_of<Form>> {
  std::size_t operator()(const oaksteel::name_of<Form>& n) const { return std::hash<std::string>{}(n.text); }
};
template <>
struct std::hash<oaksteel::stream_id> {
  std::size_t operator()(const oaksteel::stream_id& s) const {
    return std::hash<std::string>{}(s.of) * 31 + static_cast<std::size_t>(s.kind);
  }
};
template <>
struct std::hash<oaksteel::key_id> {
  std::size_t operator()(const oaksteel::key_id& k) const {
    return std::hash<std::string>{}(k.domain.text) * 31 + static_cast<std::size_t>(k.number);
  }
};
