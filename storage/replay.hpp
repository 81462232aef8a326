#pragma once
// Rebuilds all state from a log and holds it against what the log's writer kept (SYS-3). Evolve only: nothing
// is decided again, no clock is read, nothing is written.

#include "storage/any_event.hpp"
#include "storage/inspect.hpp"

#include <functional>
#include <map>
#include <unordered_map>

namespace oaksteel {

/// How far to go; the whole log when neither is given. Both count the records that are folded last.
struct replay_limit {
  std::optional<std::uint64_t> position;
  std::optional<instant> time;
};

/// A stream as its events give it.
struct replayed_stream {
  any_state state;
  std::uint64_t version = 0; ///< events in the stream
  std::uint64_t head = 0;    ///< position of the last
};

/// An event on its way into its stream, which is still as it was before.
struct replay_step {
  const record& written;
  const any_event& event;
  const replayed_stream& before;
};

/// `each` sees every step, in the order of the log, on a thread of its own: never two at once, and none after
/// replay() has returned. `progress` hears the number of records that were read, now and then.
struct replay_watch {
  std::function<void(const replay_step&)> each;
  std::function<void(std::uint64_t)> progress;
};

/// The first difference: the record, and the stream where one is concerned.
struct replay_problem {
  std::uint64_t position = 0;
  std::optional<stream_id> stream;
  std::string text;
};

struct replay_result {
  digest id;
  digest origin; ///< id of the log that the records begin with: another one where a backup was restored
  std::uint64_t records = 0; ///< folded
  digest root;               ///< RFC 6962, over them
  instant first, last;       ///< times of the first and the last of them
  bool complete = false;     ///< the limit left no record out
  bool compared = false;     ///< the log's state rows were held against the folded states
  /// RFC 6962 root over the streams in their order; an entry is encode(stream), version(u64), state.
  digest states;
  std::unordered_map<stream_id, replayed_stream> folded;
  std::map<stream_kind, std::uint64_t> streams;
  std::map<std::string, std::uint64_t, std::less<>> events; ///< by name
  std::optional<replay_problem> problem;
};

/// Folds the events of `source` and checks, at each record: number, predecessor and version in its stream, log,
/// time, epoch; that the event can be decoded and belongs to the record's stream; that the participants are
/// those that it names (EP-30); that the stored leaf is the record's hash. After the last: the stored nodes and
/// the frontier of the tree, each state row against the folded state, byte for byte, with its version and head, and
/// each look-up row. An export has records only. Stops at the first difference.
replay_result replay(log_source& source, const replay_limit& limit = {}, const replay_watch& watch = {});

} // namespace oaksteel
