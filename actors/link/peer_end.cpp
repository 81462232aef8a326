#include "actors/link/peer_end.hpp"

#include "storage/archive.hpp"

#include <algorithm>
#include <cstring>

namespace oaksteel {
namespace {

constexpr std::size_t piece_head = sizeof(std::uint64_t) + 2;
constexpr std::size_t piece_limit = 32 * 1024;
/// Of a message beside its bytes: many short ones take memory too.
constexpr std::size_t message_overhead = 128;
constexpr std::size_t write_at_once = 64 * 1024;
/// Before a peer has said who it is nothing longer is taken from it.
constexpr std::size_t hello_limit = 512;

} // namespace

bool valid(peer_message_kind k) {
  return k == peer_message_kind::command || k == peer_message_kind::answer || k == peer_message_kind::ask_seen
         || k == peer_message_kind::ping || k == peer_message_kind::pong || k == peer_message_kind::turned_away;
}

peer_end::peer_end(const peer_hello& own) {
  frame(frame_class::hello, encode(own));
}

void peer_end::frame(frame_class kind, std::span<const std::uint8_t> payload) {
  write_frame(out_, kind, sent_++, payload);
}

void peer_end::send(peer_message m) {
  if (m.data.size() < message_overhead)
    m.data.shrink_to_fit(); // many short ones wait, perhaps
  unsent_ += m.data.size() + message_overhead;
  going_.push_back(std::move(m));
}

bytes peer_end::to_write() {
  while (!going_.empty() && out_.size() < write_at_once)
    write_piece();
  return std::exchange(out_, {});
}

void peer_end::write_piece() {
  const auto& m = going_.front();
  const auto rest = std::span{m.data}.subspan(gone_);
  const auto now = rest.first(std::min(rest.size(), piece_limit));
  const bool last = now.size() == rest.size();
  bytes payload(piece_head);
  std::memcpy(payload.data(), &m.id, sizeof m.id);
  payload[sizeof m.id] = static_cast<std::uint8_t>(m.kind);
  payload[sizeof m.id + 1] = last;
  payload.insert(payload.end(), now.begin(), now.end());
  frame(frame_class::data, payload);
  unsent_ -= now.size();
  gone_ = last ? 0 : gone_ + now.size();
  if (last) {
    going_.pop_front();
    unsent_ -= message_overhead;
  }
}

void peer_end::received(std::span<const std::uint8_t> data) {
  if (broken_)
    return;
  reader_.read(
    data, [&](frame_class kind, std::uint8_t number, auto payload) { take(kind, number, payload); },
    [&](frame_error) { broken_ = broken_.value_or(refusal::frame_malformed); });
}

void peer_end::take(frame_class kind, std::uint8_t number, std::span<const std::uint8_t> payload) {
  if (broken_)
    return;
  if (number != expected_++)
    broken_ = refusal::frame_malformed;
  else if (kind == frame_class::hello && !peer_)
    take_hello(payload);
  else if (kind == frame_class::data && peer_)
    take_piece(payload);
  else
    broken_ = refusal::frame_malformed;
}

void peer_end::take_hello(std::span<const std::uint8_t> payload) {
  // What follows the version may be of another form in another version.
  std::uint16_t version;
  if (payload.size() < sizeof version || payload.size() > hello_limit) {
    broken_ = refusal::frame_malformed;
    return;
  }
  std::memcpy(&version, payload.data(), sizeof version);
  auto read = decode<peer_hello>(payload);
  if (version != peer_version)
    broken_ = refusal::peer_version_unknown;
  else if (!read || read->node.size() > node_name_limit || read->parents.size() > ancestors_limit)
    broken_ = refusal::frame_malformed;
  else
    peer_ = std::move(*read);
}

void peer_end::take_piece(std::span<const std::uint8_t> payload) {
  broken_ = refusal::frame_malformed; // unless all is well
  if (payload.size() < piece_head)
    return;
  std::uint64_t id;
  std::memcpy(&id, payload.data(), sizeof id);
  const auto kind = static_cast<peer_message_kind>(payload[sizeof id]);
  const auto last = payload[sizeof id + 1];
  const auto content = payload.subspan(piece_head);
  if (!valid(kind) || last > 1)
    return;
  if (!begun_)
    begun_ = peer_message{kind, id, {}};
  if (begun_->kind != kind || begun_->id != id || content.size() > peer_message_limit - begun_->data.size())
    return;
  begun_->data.insert(begun_->data.end(), content.begin(), content.end());
  broken_ = std::nullopt;
  if (last == 1) {
    in_.push_back(std::move(*begun_));
    begun_ = std::nullopt;
  }
}

std::optional<peer_message> peer_end::delivered() {
  if (in_.empty())
    return std::nullopt;
  auto first = std::move(in_.front());
  in_.pop_front();
  return first;
}

} // namespace oaksteel
