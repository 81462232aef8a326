#include "actors/link/frame.hpp"

#include "crypto/crc32.hpp"

#include <algorithm>
#include <cstring>

namespace oaksteel {
namespace {

constexpr std::uint8_t stx = 0x02, etx = 0x03, dle = 0x10, escape_bit = 0x20;
constexpr std::size_t head_bytes = 4, crc_bytes = 4;

/// For each byte whether it cannot stand in a frame as it is.
constexpr auto special = [] {
  std::array<bool, 256> table{};
  table[stx] = table[etx] = table[dle] = true;
  return table;
}();

/// How many bytes from `at` on stand for themselves.
std::size_t plain(std::span<const std::uint8_t> data, std::size_t at) {
  const auto from = at;
  while (at < data.size() && !special[data[at]])
    ++at;
  return at - from;
}

void append_escaped(bytes& out, std::span<const std::uint8_t> content) {
  for (std::size_t at = 0; at < content.size(); ++at) {
    const auto n = plain(content, at);
    out.insert(out.end(), content.begin() + static_cast<std::ptrdiff_t>(at),
               content.begin() + static_cast<std::ptrdiff_t>(at + n));
    at += n;
    if (at < content.size())
      out.insert(out.end(), {dle, static_cast<std::uint8_t>(content[at] ^ escape_bit)});
  }
}

} // namespace

bool valid(frame_class c) {
  return c == frame_class::hello || c == frame_class::data || c == frame_class::acknowledged
         || c == frame_class::not_acknowledged;
}

bool valid(frame_error e) {
  return frame_error::outside <= e && e <= frame_error::session_unknown;
}

std::string_view name(frame_error e) {
  switch (e) {
    case frame_error::outside: return "outside";
    case frame_error::cut_off: return "cut_off";
    case frame_error::too_long: return "too_long";
    case frame_error::too_short: return "too_short";
    case frame_error::escape_wrong: return "escape_wrong";
    case frame_error::crc_wrong: return "crc_wrong";
    case frame_error::length_wrong: return "length_wrong";
    case frame_error::class_unknown: return "class_unknown";
    case frame_error::session_unknown: return "session_unknown";
  }
  return "unknown";
}

void write_frame(bytes& out, frame_class kind, std::uint8_t number, std::span<const std::uint8_t> payload) {
  const std::array<std::uint8_t, head_bytes> head{static_cast<std::uint8_t>(kind), number,
                                                  static_cast<std::uint8_t>(payload.size()),
                                                  static_cast<std::uint8_t>(payload.size() >> 8)};
  std::array<std::uint8_t, crc_bytes> crc;
  crc32 sum;
  sum.add(head);
  sum.add(payload);
  const auto value = sum.value();
  std::memcpy(crc.data(), &value, crc.size());
  out.reserve(out.size() + payload.size() + payload.size() / 32 + 24);
  out.push_back(stx);
  append_escaped(out, head);
  append_escaped(out, payload);
  append_escaped(out, crc);
  out.push_back(etx);
}

frame_reader::found frame_reader::fail(frame_error e) {
  within_ = escaped_ = false;
  error_ = e;
  return found::error;
}

frame_reader::found frame_reader::next(std::span<const std::uint8_t>& received) {
  if (!within_) {
    const auto n = static_cast<std::size_t>(std::ranges::find(received, stx) - received.begin());
    const bool noise = n > 0 && !outside_;
    outside_ = outside_ || n > 0;
    within_ = n < received.size();
    received = received.subspan(n + within_);
    content_.clear();
    if (within_)
      outside_ = false;
    if (noise) {
      error_ = frame_error::outside;
      return found::error;
    }
    return found::nothing;
  }
  if (!escaped_) {
    const auto n = plain(received, 0);
    if (content_.size() + n > head_bytes + largest_ + crc_bytes)
      return fail(frame_error::too_long);
    content_.insert(content_.end(), received.begin(), received.begin() + static_cast<std::ptrdiff_t>(n));
    received = received.subspan(n);
    if (received.empty())
      return found::nothing;
  }
  const auto byte = received.front();
  if (byte == stx) {
    fail(frame_error::cut_off); // the STX stays: the next frame begins with it
    return found::error;
  }
  received = received.subspan(1);
  if (byte == etx)
    return finish();
  if (!escaped_) {
    escaped_ = true; // plain() stopped at it: a DLE
    return found::nothing;
  }
  escaped_ = false;
  const auto meant = static_cast<std::uint8_t>(byte ^ escape_bit);
  if (!special[meant])
    return fail(frame_error::escape_wrong);
  if (content_.size() == head_bytes + largest_ + crc_bytes)
    return fail(frame_error::too_long);
  content_.push_back(meant);
  return found::nothing;
}

frame_reader::found frame_reader::finish() {
  const bool open_escape = escaped_;
  fail(frame_error::too_short); // back to between frames, whatever this one is
  if (open_escape)
    return fail(frame_error::escape_wrong);
  if (content_.size() < head_bytes + crc_bytes)
    return found::error;
  const auto covered = std::span<const std::uint8_t>{content_}.first(content_.size() - crc_bytes);
  std::uint32_t crc;
  std::memcpy(&crc, content_.data() + covered.size(), sizeof crc);
  crc32 sum;
  sum.add(covered);
  if (sum.value() != crc)
    return fail(frame_error::crc_wrong);
  payload_ = covered.subspan(head_bytes);
  if (payload_.size() != std::size_t{content_[2]} + 256 * std::size_t{content_[3]})
    return fail(frame_error::length_wrong);
  kind_ = static_cast<frame_class>(content_[0]);
  if (!valid(kind_))
    return fail(frame_error::class_unknown);
  number_ = content_[1];
  return found::frame;
}

} // namespace oaksteel
