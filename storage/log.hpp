#pragma once
// The log of one node: an LMDB environment in a data directory. The layout stands at the top of log.cpp.
//
// One process writes (a lock file says so); within it one thread appends, any thread reads. Every
// append is one durable commit. Nothing here knows what an event means.

#include "storage/record.hpp"

#include <filesystem>
#include <functional>
#include <memory>

namespace oaksteel {

enum class storage_code : std::uint8_t {
  io = 1,          ///< the operating system refused
  full,            ///< no space left: nothing of the commit was written
  locked,          ///< another process has the directory
  not_writable,
  not_ours,        ///< no oaksteel log
  newer_version,   ///< written by a later program
  damaged,
  missing,         ///< there is no such log
  exists,          ///< a log is there already
  version_conflict,///< a stream was not at the version that the writer saw
  older_version,   ///< written by an earlier program, whose states this one does not read
  too_large,       ///< a record over 65,535 bytes or a state row over 8 KiB
};

/// One clear line: what, where, what would be right.
struct storage_error {
  storage_code code = storage_code::io;
  std::string text;
};

template <class T>
using stored = expected<T, storage_error>;
/// The value of something that only succeeds.
struct done {};

/// A row of a look-up table: (index, key) leads to the position of the event that made it.
struct lookup_row {
  std::uint8_t index = 0; ///< `enum class lookup` in events/event.hpp
  std::string key;
  bool remove = false;    ///< take the row out instead
};

/// An event before it has a position.
struct pending_event {
  stream_id stream;
  instant time;
  std::string actor;
  command_id command;
  std::optional<reference> cause;
  std::optional<reference> correlation; ///< position 0: the first event of the same command in the request
  std::vector<participant> participants;
  std::uint16_t tag = 0;
  std::uint8_t version = 1;
  bytes payload;
  std::vector<lookup_row> lookups;
  bytes sealed; ///< kept beside the log under the event's position; empty = none
};

/// The state of a stream after the request's events.
struct stream_row {
  stream_id stream;
  std::uint64_t expected_version = 0; ///< events in the stream before this request
  bytes state;                        ///< at most 8 KiB
};

/// What one actor appends at once; all of it or nothing.
struct append_request {
  std::vector<pending_event> events;
  std::vector<stream_row> rows; ///< one for each stream that the events touch
};

/// The events of one request lie at `first`, `first + 1`, ...
struct appended {
  std::uint64_t first = 0;
};

/// A stream's state row as stored.
struct stored_row {
  std::uint64_t version = 0; ///< events in the stream
  std::uint64_t head = 0;    ///< position of the last
  bytes state;
};

/// The beginning and the end of a log.
struct log_position {
  std::uint64_t size = 0; ///< records
  digest root;            ///< RFC 6962 over them
};

/// One consistent view of the log, for many reads. Keep it short: it holds old pages.
class log_view {
public:
  std::uint64_t size() const; ///< records; positions are 1 to this
  /// The stored bytes of a record; nothing when there is none.
  std::optional<bytes> record_bytes(std::uint64_t position) const;
  /// The same, read; nothing also when it cannot be.
  std::optional<record> at(std::uint64_t position) const;
  /// Nothing for a stream without events.
  std::optional<stored_row> row(const stream_id& stream) const;
  /// The position that a look-up row leads to.
  std::optional<std::uint64_t> find(std::uint8_t index, std::string_view key) const;
  /// All rows of an index whose key begins with `prefix`, in order of the keys.
  std::vector<std::pair<std::string, std::uint64_t>> range(std::uint8_t index, std::string_view prefix) const;
  /// What lies sealed beside the event at this position.
  std::optional<bytes> sealed(std::uint64_t position) const;

  struct impl;
  explicit log_view(std::unique_ptr<impl> i);
  log_view(log_view&&) noexcept;
  ~log_view();

private:
  std::unique_ptr<impl> impl_;
};

/// The log of a node, for its one writer. It knows bytes, streams and hashes, and no event. Errors are lines for people; where
/// they are not named, any of storage_code may come.
class log {
public:
  /// Makes a new log in `dir` (made when absent, must hold no log: exists) with `first` as its first record;
  /// `first.log`, `position` and `epoch` are set here. The log's id is SHA-256 of that record's bytes.
  static stored<log> create(const std::filesystem::path& dir, record first, bytes first_state);
  /// Opens an existing log for writing and takes the lock. The next commit begins a new epoch. missing, locked, not_ours,
  /// newer_version, older_version, damaged.
  static stored<log> open(const std::filesystem::path& dir);
  /// True when `dir` holds a log (whole or damaged).
  static bool present(const std::filesystem::path& dir);

  const digest& id() const;
  /// Id of the log that the directory began with: another one than id() when it was restored from a backup. Shares and
  /// enrolments name it, for boxes and their custodians stay the same.
  const digest& origin() const;
  std::uint32_t epoch() const; ///< the epoch that this writer's events carry
  log_position position() const; ///< behind the last settled commit; hashes the tree's peaks
  std::uint64_t size() const;    ///< records, likewise
  const std::filesystem::path& directory() const;

  /// Ends this log where it is and begins a new one behind it, whose first record is the one event of `first`; its id is
  /// SHA-256 of that record's bytes. Nothing may be staged. An error means that nothing was written.
  stored<done> begin_next(const append_request& first);
  /// Events carry at least this epoch from now on. Nothing may be staged.
  void raise_epoch(std::uint32_t epoch);

  /// Appends all requests in one durable commit. A request whose stream versions do not fit gets
  /// `version_conflict` and leaves no trace, the others go on. An outer error means that nothing was
  /// written and that the log stands as before.
  stored<std::vector<stored<appended>>> append(const std::vector<const append_request*>& requests);

  /// The same in steps, for who makes the next commit ready while another thread writes one: stage() as often
  /// as there are requests, close(), then write() in any thread, then settle(). Only write() may run beside
  /// the others, and a request must live until the commit that holds it is settled.
  ///
  /// Takes a request into the open commit. Its position is final when that commit is written. Errors are the
  /// request's own: version_conflict, too_large, damaged.
  stored<appended> stage(const append_request& request);
  /// Events in the open commit.
  std::size_t staged() const;
  /// Closes the open commit, to be written, and opens the next. There is none closed.
  void close();
  /// Writes the closed commit. An error means that nothing was written.
  stored<done> write();
  /// After write(): goes on behind the closed commit, or, if it could not be written, drops what was staged
  /// behind it too.
  void settle(bool written);

  log_view view() const;

  log(log&&) noexcept;
  log& operator=(log&&) noexcept;
  ~log();
  struct impl;
  explicit log(std::unique_ptr<impl> i);

private:
  std::unique_ptr<impl> impl_;
};

} // namespace oaksteel
