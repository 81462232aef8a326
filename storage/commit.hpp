#pragma once
// One commit of the log: takes requests one by one, each judged, encoded and hashed as it comes, and writes them
// together. For storage/ only.

#include "crypto/merkle.hpp"
#include "storage/log_view.hpp"

#include <unordered_map>

namespace oaksteel {

/// A stream as the last request that was taken left it.
struct stream_end {
  std::uint64_t version = 0; ///< events in it
  std::uint64_t head = 0;    ///< position of the last
  std::uint64_t judged = 0;  ///< the last request that named it
  std::uint64_t commit = 0;  ///< the last commit that took it
  std::size_t row = 0;       ///< its place there
};

/// The ends of the streams that changed lately, written by now or not; the others are read from the log. Most streams
/// change again soon, and finding one here costs a small part of finding its row.
class stream_ends {
public:
  explicit stream_ends(std::shared_ptr<reading> from) : from_(std::move(from)) {}

  /// A commit begins; its number, from 1. What has changed neither in it nor in the one before, which may be unwritten
  /// yet, may be forgotten here and nowhere else.
  std::uint64_t begin_commit();
  /// A request begins; its number, from 1.
  std::uint64_t begin_request() { return ++requests_; }
  /// Stays where it is until it is forgotten; nullptr when its row is damaged.
  stream_end* find(const stream_id& stream);
  /// What was taken is not written after all.
  void forget();

private:
  using ends = std::unordered_map<stream_id, stream_end>;

  std::shared_ptr<reading> from_;
  ends young_, old_; ///< since the last change of generations, and before
  std::uint64_t commits_ = 0, requests_ = 0;
  std::string key_;
};

/// Kept from commit to commit for its memory: fresh pages would cost as much as the hashes. What it has taken is
/// read again by write(), so the requests must live as long.
class commit {
public:
  explicit commit(std::shared_ptr<reading> from) : from_(std::move(from)) {}

  /// Empties it. The next events go behind `tree`, written by the writer of `epoch` into the log `id`; `ends` is that
  /// log's, and used by take() alone.
  void begin(const digest& id, std::uint32_t epoch, merkle_frontier tree, stream_ends& ends);
  /// Takes all of a request or nothing. version_conflict, too_large, damaged.
  stored<appended> take(const append_request& request);
  /// Writes everything that was taken; an LMDB error code, or 0. Any thread, while nobody takes.
  int write(const lmdb_transaction& txn) const;

  std::size_t events() const { return entries_.size(); }
  /// An event's bytes, by the order in which it was taken.
  std::span<const std::uint8_t> record_bytes(std::size_t entry) const {
    return std::span{records_}.subspan(entries_[entry].offset, entries_[entry].size);
  }
  /// The tree with everything that was taken.
  const merkle_frontier& tree() const { return tree_; }

private:
  /// A stream that the commit changes, as it leaves it.
  struct changed_stream {
    const stream_row* row; ///< of the last request with it
    std::uint64_t version;
    std::uint64_t head;
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

  std::optional<storage_error> judge(const append_request& request);
  std::optional<storage_error> judge_rows(const append_request& request);
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
  stream_ends* ends_ = nullptr;
  std::uint64_t number_ = 0; ///< of the commit
  std::vector<changed_stream> streams_;
  std::vector<entry> entries_;
  bytes records_;
  std::vector<node> nodes_; ///< subtrees that it completes

  // Of the request being judged:
  std::vector<std::pair<stream_end*, stream_end>> working_; ///< row by row: the stream's end, and what becomes of it
  std::size_t row_ = 0;                                     ///< of the event before
  std::uint64_t opened_ = 0; ///< the position that the last self-correlated event named
};

} // namespace oaksteel
