#include "actors/link/line_end.hpp"

#include <cstring>

namespace oaksteel {

bytes line_end::greeting() const {
  bytes session(sizeof session_);
  std::memcpy(session.data(), &session_, sizeof session_);
  return session;
}

bool line_end::send(bytes message, time now) {
  if (message.size() > terms_.largest || queue_.size() >= terms_.waiting)
    return false;
  const bool idle = queue_.empty();
  if (!std::exchange(greeted_, true))
    queue_.push_back({frame_class::hello, greeting()});
  queue_.push_back({frame_class::data, std::move(message)});
  if (idle)
    begin(now);
  return true;
}

void line_end::begin(time now) {
  attempts_ = 0;
  due_ = std::nullopt;
  if (queue_.empty())
    return;
  ++number_;
  transmit(now);
}

void line_end::transmit(time now) {
  if (attempts_ == terms_.attempts) {
    queue_.clear();
    due_ = std::nullopt;
    greeted_ = false;
    broke_ = true;
    return;
  }
  ++attempts_;
  write_frame(out_, queue_.front().kind, number_, queue_.front().payload);
  due_ = now + terms_.answer_within;
}

void line_end::tick(time now) {
  if (due_ && now >= *due_)
    transmit(now);
}

void line_end::received(std::span<const std::uint8_t> data, time now) {
  bool refused = false;
  reader_.read(
    data, [&](frame_class kind, std::uint8_t number, auto payload) { take(kind, number, payload, now); },
    [&](frame_error e) {
      ++errors_[e];
      // Once for what came in together, and not for noise between frames: two ends must not answer each other's noise.
      if (e == frame_error::outside || std::exchange(refused, true))
        return;
      refuse(e);
    });
}

void line_end::refuse(frame_error e) {
  const auto why = static_cast<std::uint8_t>(e);
  write_frame(out_, frame_class::not_acknowledged, 0, {&why, 1});
}

void line_end::take(frame_class kind, std::uint8_t number, std::span<const std::uint8_t> payload, time now) {
  switch (kind) {
    case frame_class::hello: {
      std::uint32_t session;
      if (payload.size() != sizeof session)
        return;
      std::memcpy(&session, payload.data(), sizeof session);
      if (session != peer_session_)
        last_delivered_ = std::nullopt;
      peer_session_ = session;
      return acknowledge(number);
    }
    case frame_class::data:
      if (!peer_session_) // from before our beginning
        return refuse(frame_error::session_unknown);
      if (number != last_delivered_)
        in_.emplace_back(payload.begin(), payload.end());
      last_delivered_ = number;
      return acknowledge(number);
    case frame_class::acknowledged:
      if (queue_.empty() || number != number_)
        return;
      queue_.pop_front();
      return begin(now);
    case frame_class::not_acknowledged:
      if (queue_.empty())
        return;
      if (payload.size() == 1 && payload[0] == static_cast<std::uint8_t>(frame_error::session_unknown)
          && queue_.front().kind != frame_class::hello) {
        queue_.push_front({frame_class::hello, greeting()});
        ++number_;
      }
      return transmit(now);
  }
}

std::optional<bytes> line_end::delivered() {
  if (in_.empty())
    return std::nullopt;
  auto first = std::move(in_.front());
  in_.pop_front();
  return first;
}

} // namespace oaksteel
