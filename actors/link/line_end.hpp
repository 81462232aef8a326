#pragma once
// One end of a line, Level 1 (EP-26): sends messages one after another, each in a numbered frame that is sent again
// until it is acknowledged, and delivers what comes in once and in order. Knows neither the line nor a clock: whoever
// owns both hands in what was received and what time it is, and takes out what is to be written.
//
// A sender begins with a hello that carries its session; a receiver that hears a new session forgets the numbers of the
// one before. A frame whose number is the last delivered one is acknowledged again and not delivered again.

#include "actors/link/frame.hpp"

#include <chrono>
#include <deque>
#include <map>
#include <optional>

namespace oaksteel {

struct line_terms {
  std::size_t largest = 4096;                       ///< bytes in a message
  std::chrono::milliseconds answer_within{1000};    ///< before a frame is sent again
  unsigned attempts = 10;                           ///< of one frame, before the line counts as broken
  std::size_t waiting = 64;                         ///< messages that may wait to be sent
};

class line_end {
public:
  using time = std::chrono::milliseconds; ///< since any beginning

  /// `session` differs from that of the process that had this end before.
  line_end(line_terms terms, std::uint32_t session) : terms_(terms), session_(session), reader_(terms.largest) {}

  /// False when the message is too long or too many wait already.
  bool send(bytes message, time now);
  void received(std::span<const std::uint8_t> data, time now);
  /// To be called at due(), or later.
  void tick(time now);
  std::optional<time> due() const { return due_; }

  /// Takes what is to be written.
  bytes to_write() { return std::exchange(out_, {}); }
  /// Takes the next message that came in.
  std::optional<bytes> delivered();
  /// True once after the line was given up; what waited to be sent is gone. The next send() begins anew.
  bool broke() { return std::exchange(broke_, false); }
  /// How often what came in was no frame, by kind. Takes the counts.
  std::map<frame_error, std::uint64_t> errors() { return std::exchange(errors_, {}); }

private:
  struct outgoing {
    frame_class kind = frame_class::data;
    bytes payload;
  };
  void take(frame_class kind, std::uint8_t number, std::span<const std::uint8_t> payload, time now);
  void begin(time now);
  void transmit(time now);
  bytes greeting() const;
  void refuse(frame_error e);
  void acknowledge(std::uint8_t number) { write_frame(out_, frame_class::acknowledged, number, {}); }

  line_terms terms_;
  std::uint32_t session_;
  frame_reader reader_;
  bytes out_;
  std::deque<bytes> in_;
  std::map<frame_error, std::uint64_t> errors_;
  std::deque<outgoing> queue_; ///< the first is on the line
  std::uint8_t number_ = 0;    ///< of the first
  unsigned attempts_ = 0;      ///< of the first
  bool greeted_ = false;       ///< a hello was acknowledged, or leads the queue
  bool broke_ = false;
  std::optional<time> due_;
  std::optional<std::uint32_t> peer_session_;
  std::optional<std::uint8_t> last_delivered_;
};

} // namespace oaksteel
