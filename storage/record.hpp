#pragma once
// One record of the log: what happened, when, to which stream, who took part, and why.
//
//   record   := log(32) position(u64) stream previous(u64) time(i64) epoch(u32) actor command
//               cause? correlation? participants tag(u16) version(u8) payload sealed(32)?
//   stream   := kind(u8) name(string)            previous: position of the stream's event before, 0 = none
//   command  := sender(string) counter(u64)
//   cause?, correlation?  := 0(u8) | 1(u8) position(u64) [0(u8) | 1(u8) log(32)]
//   participants := count(u32) { kind(u8) id(string) }
//   string, payload := length(u32) bytes;  integers are little-endian, at their width
//   sealed?: SHA-256 of what lies sealed beside the event; nothing follows the payload where nothing does, and in the records
//   of programs before
//
// At most 65,535 bytes. Written bytes never change; tags are never reused; an older version of an
// event is lifted to the newest struct when it is read (`decode_event`).

#include "events/expected.hpp"
#include "events/ids.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace oaksteel {

inline constexpr std::size_t record_limit = 65'535;

struct record {
  digest log;                              ///< which log this is; zero in a log's first record
  std::uint64_t position = 0;              ///< from 1
  stream_id stream;
  std::uint64_t previous = 0;              ///< the position before in the same stream; 0 = none
  instant time;
  std::uint32_t epoch = 0;                 ///< writer epoch: counts the node's starts, from 1
  std::string actor;                       ///< who wrote it
  command_id command;                      ///< what it answers
  std::optional<reference> cause;          ///< the event that led to the command
  std::optional<reference> correlation;    ///< the event that opened the order
  std::vector<participant> participants;
  std::uint16_t tag = 0;
  std::uint8_t version = 1;
  bytes payload;
  std::optional<digest> sealed;            ///< SHA-256 of what lies sealed beside it; not among the fields

  static auto fields(auto& self, auto take) {
    return take(self.log, self.position, self.stream, self.previous, self.time, self.epoch, self.actor,
                self.command, self.cause, self.correlation, self.participants, self.tag, self.version,
                self.payload);
  }
};

bytes encode_record(const record& r);
/// The record, or a line that says what is wrong with the bytes.
expected<record, std::string> decode_record(std::span<const std::uint8_t> data);
/// The same into memory that is there already, for many records; why not, when it cannot be.
std::optional<std::string> decode_record_into(record& r, std::span<const std::uint8_t> data);

} // namespace oaksteel
