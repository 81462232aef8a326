#pragma once
// Level 1: frames on a byte stream that may lose, double and change bytes (EP-26; EP Fig. 21, "framing through the use
// of STX and ETX control characters, class codes, error detection codes").
//
//   frame := STX escaped(content) ETX
//   content := class(u8) number(u8) length(u16) payload(length) crc(u32)
//
// Integers are little-endian. STX (02), ETX (03) and DLE (10) inside of the content are sent as DLE and the byte
// exclusive-or 20, so that a receiver that lost its place finds the next frame at the next STX. The CRC is CRC-32 of
// IEEE 802.3 over class, number, length and payload.

#include "events/ids.hpp"

#include <span>
#include <string_view>

namespace oaksteel {

/// What a frame is for. Letters, so that a trace of a line can be read.
enum class frame_class : std::uint8_t {
  hello = 'H',           ///< a sender begins: its session follows; numbers of before do not count any more
  data = 'D',            ///< a command or an answer (command.hpp)
  acknowledged = 'A',    ///< the frame of this number was received whole
  not_acknowledged = 'N' ///< something was received that is no frame; the payload is its frame_error
};
bool valid(frame_class c);

/// Why received bytes are no frame. Numbers are on the wire: never reused.
enum class frame_error : std::uint8_t {
  outside = 1,      ///< bytes between ETX and STX
  cut_off = 2,      ///< another STX before ETX
  too_long = 3,     ///< more than the receiver takes
  too_short = 4,    ///< less than a frame has
  escape_wrong = 5, ///< DLE before a byte that is never escaped
  crc_wrong = 6,
  length_wrong = 7, ///< another length than its bytes have
  class_unknown = 8,
  session_unknown = 9 ///< a whole frame, whose sender the receiver has not heard a hello of
};
bool valid(frame_error e);
/// `crc_wrong`.
std::string_view name(frame_error e);

/// Largest payload that a frame can say.
inline constexpr std::size_t frame_payload_limit = 65535;

/// Appends the frame as it goes on the line. The payload has at most frame_payload_limit bytes.
void write_frame(bytes& out, frame_class kind, std::uint8_t number, std::span<const std::uint8_t> payload);

/// Finds the frames in what is received, in any pieces. Holds at most one frame and never more than the largest.
class frame_reader {
public:
  /// `largest` payload that is taken, at most frame_payload_limit.
  explicit frame_reader(std::size_t largest) : largest_(largest) {}

  /// Hands each frame to `on_frame(frame_class, number, payload)`, and to `on_error(frame_error)` each piece that is
  /// none. A payload is valid during the call only.
  template <class OnFrame, class OnError>
  void read(std::span<const std::uint8_t> received, OnFrame on_frame, OnError on_error) {
    while (!received.empty()) {
      switch (next(received)) {
        case found::nothing: break;
        case found::frame: on_frame(kind_, number_, payload_); break;
        case found::error: on_error(error_); break;
      }
    }
  }

private:
  enum class found { nothing, frame, error };
  /// Takes bytes off the front of `received` up to the next thing that there is to say.
  found next(std::span<const std::uint8_t>& received);
  found finish();
  found fail(frame_error e);

  std::size_t largest_;
  bytes content_;          ///< unescaped
  bool within_ = false;    ///< after STX
  bool escaped_ = false;   ///< after DLE
  bool outside_ = false;   ///< bytes between frames were reported
  frame_class kind_ = frame_class::data;
  std::uint8_t number_ = 0;
  std::span<const std::uint8_t> payload_;
  frame_error error_ = frame_error::outside;
};

} // namespace oaksteel
