#pragma once
// One commit of the log: takes requests one by one, each judged, encoded and hashed as it comes, and writes them
// together. For storage/ only.

#include "crypto/merkle.hpp"
#include "storage/log_view.hpp"

#include <unordered_map>

namespace oaksteel {

/// Kept from commit to commit for its memory: fresh pages would cost as much as the hashes. What it has taken is
/// read again by write(), so the requests must live as long.
class commit {
public:
  explicit commit(std::shared_ptr<reading> from) : from_(std::move(from)) {}

  /// Empties it. The next events go behind `tree`, written by the writer of `epoch` into the log `id`.
  void begin(const digest& id, std::uint32_t epoch, merkle_frontier tree);
  /// Takes all of a request or nothing. `before` is a commit that may not be written yet and that this one
  /// follows. version_conflict, too_large, damaged.
  stored<appended> take(const append_request& request, const commit* before);
  /// Writes everything that was taken; an LMDB error code, or 0. Any thread, while nobody takes.
  int write(const lmdb_transaction& txn) const;

  std::size_t events() const { return entries_.size(); }
  /// The tree with everything that was taken.
  const merkle_frontier& tree() const { return tree_; }

private:
  /// A stream that the commit touches, as the requests so far leave it.
  struct slot {
    std::uint64_t version = 0;    ///< events in it
    std::uint64_t head = 0;       ///< position of the last
    const bytes* state = nullptr; ///< set once a request with this stream was taken
    std::uint64_t judged = 0;     ///< the last request that named it
  };
  /// An event; its bytes lie in `records_`.
  struct entry {
    std::size_t offset = 0;
    std::size_t size = 0;
    digest leaf;
    const pending_event* event = nullptr;
  };
  struct node {
    std::uint64_t number = 0;
    digest root;
  };

  std::optional<storage_error> judge(const append_request& request, const commit* before);
  std::optional<storage_error> judge_rows(const append_request& request, const commit* before);
  bool read_slot(cursor& rows, const stream_id& stream, const commit* before, slot& into);
  std::optional<storage_error> encode(const append_request& request, const pending_event& event);
  void keep(const append_request& request, std::size_t first);
  int write_events(const lmdb_transaction& txn) const;
  int write_streams(const lmdb_transaction& txn) const;
  int write_lookups(const lmdb_transaction& txn) const;
  int write_tree(const lmdb_transaction& txn) const;

  std::uint64_t position_of(std::size_t entry) const { return behind_ + entry + 1; }

  std::shared_ptr<reading> from_;
  digest id_;
  std::uint32_t epoch_ = 0;
  std::uint64_t behind_ = 0; ///< records before it
  merkle_frontier tree_;
  std::unordered_map<stream_id, slot> slots_;
  std::vector<entry> entries_;
  bytes records_;
  std::vector<node> nodes_; ///< subtrees that it completes

  // Of the request being judged:
  std::uint64_t judging_ = 0;                   ///< its number
  std::vector<std::pair<slot*, slot>> working_; ///< row by row: the slot, and what becomes of it
  std::size_t row_ = 0;                         ///< of the event before
  std::uint64_t opened_ = 0;                    ///< the position that the last self-correlated event named
  std::string key_;
};

} // namespace oaksteel
