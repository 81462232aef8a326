#pragma once
// One commit of the log: first the requests are judged, then what was accepted is written. For storage/ only.

#include "crypto/merkle.hpp"
#include "storage/environment.hpp"

namespace oaksteel {

/// A stream that a commit touches, as the requests so far leave it.
struct commit_slot {
  const stream_id* stream = nullptr;
  std::uint64_t version = 0;
  std::uint64_t head = 0;
  const bytes* state = nullptr; ///< set once a request with this stream was accepted
  std::size_t judged = 0;       ///< the last request that named it, from 1
};

/// An accepted event; its bytes lie in `records`.
struct commit_entry {
  std::size_t offset = 0;
  std::size_t size = 0;
  const pending_event* event = nullptr;
};

/// What one commit works in, kept for the next one: fresh pages for it would cost as much as the hashes.
struct commit_memory {
  std::vector<commit_slot> slots;   ///< in the order of the keys
  std::vector<std::size_t> slot_of; ///< of every row of every request, in their order
  std::vector<commit_slot> working; ///< of the request being judged
  std::vector<commit_entry> entries;
  bytes records;
};

class commit {
public:
  /// `frontier` is the tree before this commit; `epoch` the writer's. `memory` is used by one commit at a time.
  commit(const environment& env, const lmdb_transaction& txn, const digest& id, std::uint32_t epoch,
         merkle_frontier frontier, commit_memory& memory);

  /// Takes or refuses each request, in order. Writes nothing. An LMDB error code, or 0.
  int judge(const std::vector<const append_request*>& requests, std::vector<stored<appended>>& results);
  /// Writes what was accepted; an LMDB error code, or 0.
  int write();

  bool empty() const { return entries_.empty(); }
  /// The tree with the accepted events, after write().
  const merkle_frontier& frontier() const { return frontier_; }

private:
  int load_slots(const std::vector<const append_request*>& requests);
  std::optional<storage_error> accept(const append_request& request, std::span<const std::size_t> slots);
  std::optional<storage_error> check_rows(const append_request& request, std::span<const std::size_t> slots);
  std::optional<storage_error> add(const append_request& request, const pending_event& event,
                                   std::span<commit_slot> working);
  int write_events();
  int write_node();
  int write_streams();
  int write_lookups();
  int write_frontier();

  const environment& env_;
  const lmdb_transaction& txn_;
  const digest& id_;
  std::uint32_t epoch_;
  std::uint64_t opened_ = 0; ///< the position that the last self-correlated event named
  std::size_t judging_ = 0;  ///< number of the request, from 1
  std::size_t row_ = 0;      ///< of the event before, in its request
  merkle_frontier frontier_;
  std::vector<commit_slot>& slots_;
  std::vector<std::size_t>& slot_of_;
  std::vector<commit_slot>& working_;
  std::vector<commit_entry>& entries_;
  bytes& records_;
};

} // namespace oaksteel
