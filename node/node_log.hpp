#pragma once
// The log of a node as its process begins and ends: made or opened, with what the node says of itself in it.

#include "events/node.hpp"
#include "storage/inspect.hpp"
#include "storage/log.hpp"

#include <vector>

namespace oaksteel {

inline const stream_id node_stream{stream_kind::node, "node"};

/// An opened log with the state of its node.
struct opened_log {
  log written;
  node_state node;
  instant last; ///< time of the last record
};

/// What a record of the node says about the log's key; for verify().
std::optional<log_identity> identify(const record& r);

/// What keeps a new log out of a directory that has none: something else is in it.
std::optional<storage_error> taken_by_others(const std::filesystem::path& data);

/// What is wrong with the log in `data` or the checkpoint beside it, read whole by a child. A writer trusts LMDB's
/// pages and a damaged one would end it, so a process asks once before it writes to a log that it did not make. A log
/// that was put back to an earlier state lacks what its checkpoint speaks of.
std::optional<storage_error> damage_in(const std::filesystem::path& data);

/// Makes a log in a new or empty directory; `first` is its first record.
stored<opened_log> create_log(const std::filesystem::path& data, const log_opened& first, instant time);

/// Opens the log in `data` and reads the node's state out of it. Writes nothing.
stored<opened_log> open_log(const std::filesystem::path& data);

/// Writes events of the node before any actor runs, each a microsecond after the one before, and none before `time`.
std::optional<storage_error> write_node_events(opened_log& opened, const std::vector<node_event>& events,
                                               instant time = {});

/// Begins a new log behind the one that is open, with `first` as its first record. The error means that nothing was
/// written.
std::optional<storage_error> begin_next_log(opened_log& opened, const log_restored& first, instant time);

/// The log is whole but cannot serve here: a `storage_error` for it.
storage_error unfit_log(const std::filesystem::path& data, const std::string& why);

} // namespace oaksteel
