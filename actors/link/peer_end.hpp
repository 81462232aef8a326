#pragma once
// One end of a connection between two nodes: commands and their answers, of any size, in numbered frames (frame.hpp) on
// a stream that neither loses nor changes bytes (TLS). So a frame that is wrong is a peer that is wrong, and ends the
// connection. Knows neither sockets nor clocks.
//
//   hello   := version(u16) node(string) log(32) epoch(u32) parents plan(32)   class H, once, first in each direction
//   parents := count(u32) log(32)*
//   piece   := id(u64) kind(u8) last(u8) bytes                class D; a message is one piece or more, in a row
//
// Frames are numbered from 0 in each direction, modulo 256.

#include "actors/link/frame.hpp"
#include "events/fields.hpp"
#include "events/node.hpp"
#include "events/refusal.hpp"

#include <deque>
#include <optional>
#include <string>

namespace oaksteel {

/// Of what stands above, and of the commands in it (command.hpp). A peer of another version is refused. 2: a head's
/// positions may be those of another log; a hello has parents, a pong a time. 3: a domain has a time zone. 4: MI6c and its
/// answer have codes, and that there is no record is an answer. 5: a hello has the plan, and who is sent away hears why.
inline constexpr std::uint16_t peer_version = 5;
/// Longest message, and longest name of a node.
inline constexpr std::size_t peer_message_limit = 8 * 1024 * 1024, node_name_limit = 32;

/// Who a node says it is. Its certificate says so too; log and epoch tell one start of it from another, the parents of its
/// log a node that was restored from an old copy of one (events/neighbour.hpp).
struct peer_hello {
  std::uint16_t version = peer_version;
  std::string node;
  digest log;
  std::uint32_t epoch = 0;
  std::vector<digest> parents; ///< logs before that one, nearest first; at most ancestors_limit
  digest plan;                 ///< of what all nodes share: those of two that work together are the same

  static auto fields(auto& self, auto take) {
    return take(self.version, self.node, self.log, self.epoch, self.parents, self.plan);
  }
};

/// Letters, so that a trace can be read.
enum class peer_message_kind : std::uint8_t {
  command = 'C',
  answer = 'R', ///< to the command or question with its id
  ask_seen = 'S', ///< what have you seen of me? Empty; the answer is seen_numbers (events/seen_numbers.hpp)
  ping = 'P',   ///< empty; answered by a pong
  pong = 'Q',   ///< the clock of who sends it: an instant
  turned_away = 'X', ///< the node may not come; a refusal. Nothing follows
};
bool valid(peer_message_kind k);

struct peer_message {
  peer_message_kind kind = peer_message_kind::command;
  std::uint64_t id = 0; ///< of the sender of the command, counting up while it runs
  bytes data;
};

class peer_end {
public:
  /// Its hello is the first thing to be written.
  explicit peer_end(const peer_hello& own);

  /// The message has at most peer_message_limit bytes.
  void send(peer_message m);
  void received(std::span<const std::uint8_t> data);

  /// Takes what is to be written next: a few pieces, so that a long message is made ready as it goes.
  bytes to_write();
  /// Bytes of messages that are not yet taken.
  std::size_t unsent() const { return unsent_; }
  /// Takes the next message that came in.
  std::optional<peer_message> delivered();
  /// The other end, once it has said who it is.
  const std::optional<peer_hello>& peer() const { return peer_; }
  /// Why the connection is to be ended: nothing is read or written any more. peer_version_unknown, frame_malformed.
  std::optional<refusal> broken() const { return broken_; }

private:
  void frame(frame_class kind, std::span<const std::uint8_t> payload);
  void write_piece();
  void take(frame_class kind, std::uint8_t number, std::span<const std::uint8_t> payload);
  void take_hello(std::span<const std::uint8_t> payload);
  void take_piece(std::span<const std::uint8_t> payload);

  frame_reader reader_{frame_payload_limit};
  bytes out_;
  std::deque<peer_message> going_; ///< of the first, the bytes up to gone_ are written
  std::size_t gone_ = 0, unsent_ = 0;
  std::uint8_t sent_ = 0, expected_ = 0; ///< numbers of the next frames
  std::optional<peer_hello> peer_;
  std::optional<peer_message> begun_; ///< whose last piece has not come
  std::deque<peer_message> in_;
  std::optional<refusal> broken_;
};

} // namespace oaksteel
