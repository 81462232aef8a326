#pragma once
// Level 2: a message as bytes, for a line or a network (EP-27; EP Fig. 21, "Command Level"). One codec for every message:
// its fields (events/fields.hpp) are its parameters, in their order.
//
//   command    := kind(u8) code(u16) request(u32) from to parameters
//   from, to   := component(u8) name
//   parameters := count(u32) { length(u32) bytes }
//
// Integers are little-endian, a name is length(u32) and its characters, and a parameter's bytes are as storage/archive.hpp
// writes a field. Command Error, Command Response and Command Response Error have one parameter, the refusal.

#include "actors/messages/message.hpp"
#include "storage/archive.hpp"

namespace oaksteel {

/// The parts of the system that send and receive messages (EP Figs. 1-5). Numbers are on the wire: never reused.
enum class component : std::uint8_t {
  site = 1, ///< an operator, and whoever runs the ceremony
  kmc = 2,
  kdc = 3,
  psr = 4,
  archive = 5,
  manufacturing = 6,
  oak = 7,
  steel = 8,
  brass = 9,
  tin = 10,
  meter = 11,
  data_capture = 12,
  neighbour = 13, ///< the operator of another node, or that node itself (SYS-6)
};
bool valid(component c);
/// `kmc`, `data capture`.
std::string_view name(component c);

/// Who sends or receives (EP-30): a component, and which one where there are several: a box by its slot, an archive by its
/// domain, a PSR by the slot of its Steel box, a meter by its sequence number, a neighbour by the node's name.
struct party {
  component part = component::site;
  std::string of;

  static auto fields(auto& self, auto take) { return take(self.part, self.of); }
  std::string text() const;
};

enum class command_kind : std::uint8_t {
  command = 'C',
  response = 'R',
  command_error = 'E',       ///< Level 2: the command is not in the table, or not of its form (EP-27)
  response_code = 'X',       ///< Level 3: Command Response with a response code; the command was not carried out (EP-28)
  response_error = 'Y',      ///< to whoever answered: the response was faulty (EP-28)
};
bool valid(command_kind k);

/// Longest name of a party.
inline constexpr std::size_t party_name_limit = 32;

struct command {
  command_kind kind = command_kind::command;
  std::uint16_t code = 0;    ///< of the message (message_list.hpp); in an error, of the one that it is about
  std::uint32_t request = 0; ///< answers have that of their command; 0: none is awaited
  party from;
  party to;
  std::vector<bytes> parameters;

  static auto fields(auto& self, auto take) {
    return take(self.kind, self.code, self.request, self.from, self.to, self.parameters);
  }
};

/// The refusal is command_malformed. Allocates no more than a small multiple of `data`.
expected<command, refusal> decode_command(std::span<const std::uint8_t> data);

/// 2 for what Command Error says, 3 for response codes (EP Fig. 21).
unsigned level_of(refusal r);

/// A refusal as the answer to `asked`, at its level.
command refusal_of(const command& asked, refusal why);
/// Whether an answer, as bytes, says that the command was carried out. Reads no more than its kind.
bool says_done(std::span<const std::uint8_t> answer);
/// What a refusal's parameter says; command_malformed when it is none.
refusal refusal_in(const command& c);

/// A message's fields as parameters.
template <described Message>
std::vector<bytes> parameters_in(const Message& m) {
  std::vector<bytes> all;
  Message::fields(m, [&](const auto&... field) { (all.push_back(encode(field)), ...); });
  return all;
}

/// The message, when number and form of the parameters are right: parameter_count_wrong, command_malformed.
template <described Message>
expected<Message, refusal> unpack(const command& c) {
  Message m{};
  if (c.parameters.size() != field_count<Message>)
    return refuse(refusal::parameter_count_wrong);
  auto next = c.parameters.begin();
  const bool good = Message::fields(m, [&](auto&... field) { return (!decode_into(*next++, field) && ...); });
  if (!good)
    return refuse(refusal::command_malformed);
  return m;
}

} // namespace oaksteel
