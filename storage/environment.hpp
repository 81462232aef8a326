#pragma once
// The LMDB environment in a data directory: checked before it is mapped, then opened. For storage/ only.

#include "storage/files.hpp"

#include <lmdb.h>

#include <cstring>

namespace oaksteel {

inline constexpr std::uint32_t log_format = 3;
inline constexpr std::size_t leaves_per_node = 256; ///< a stored Merkle node stands for so many records
inline constexpr unsigned node_level = 8;
inline constexpr std::size_t state_limit = 8192;
inline constexpr std::size_t row_prefix = 16; ///< version and head before the state in a row of `streams`

/// Names of the rows in `meta` and of the one row in `merkle` that is not a node.
inline constexpr std::string_view format_row = "format", id_row = "id", epoch_row = "epoch", frontier_row = "f";

/// What the newest of a data file's two meta pages says.
struct file_header {
  std::uint64_t page_size = 0;
  std::uint64_t pages = 0;  ///< the file must hold so many
  std::uint64_t tables = 0; ///< 0: nothing was ever committed
};

/// A number as it lies in LMDB's pages and in values, at an offset that the caller has checked.
template <class T>
T number_at(std::span<const std::uint8_t> data, std::size_t offset) {
  T result;
  std::memcpy(&result, data.data() + offset, sizeof result);
  return result;
}

// What LMDB's files look like (mdb.c of 0.9: MDB_page, MDB_meta, MDB_db; 64 bits).
inline constexpr std::size_t page_header = 16, table_size = 48;
inline constexpr std::uint64_t no_page = ~std::uint64_t{0};

/// MDB_db: where a tree of pages begins and what it holds.
struct page_tree {
  /// `described` has table_size bytes.
  explicit page_tree(std::span<const std::uint8_t> described);

  std::uint32_t page_size; ///< in the tree of free pages only
  std::uint16_t flags, depth;
  std::uint64_t branches, leaves, overflows, entries;
  std::uint64_t root;
};

/// MDB_meta: one of the file's two first pages, which point to all others.
struct meta_page {
  std::uint32_t magic, version;
  page_tree free_pages, names;
  std::uint64_t last_page, transaction;
};

/// The meta page at an offset; nothing where the file is too short.
std::optional<meta_page> read_meta(int fd, std::uint64_t at);

std::filesystem::path data_file(const std::filesystem::path& dir);

/// Reads the meta pages with plain reads. A truncated file must be found before LMDB maps it: touching a
/// page that is not there ends the process. missing, not_ours, damaged, io.
stored<file_header> check_data_file(const std::filesystem::path& dir);
/// A data file without a record in it: what a creation that was cut short leaves (missing); with a checkpoint beside it, a file
/// that was cut off (damaged).
storage_error never_written(const std::filesystem::path& dir);

/// `rc` of an LMDB call as our code and one line.
storage_error lmdb_error(int rc, std::string_view doing, const std::filesystem::path& dir);

/// A key or value for LMDB.
inline MDB_val as_val(std::span<const std::uint8_t> data) {
  return {data.size(), const_cast<std::uint8_t*>(data.data())};
}
inline MDB_val as_val(std::string_view text) { return {text.size(), const_cast<char*>(text.data())}; }
inline MDB_val as_val(const std::uint32_t& n) { return {sizeof n, const_cast<std::uint32_t*>(&n)}; }
inline std::span<const std::uint8_t> as_span(const MDB_val& v) {
  return {static_cast<const std::uint8_t*>(v.mv_data), v.mv_size};
}

/// Positions are keys: big-endian, so that they sort as numbers.
std::array<std::uint8_t, 8> big_endian(std::uint64_t n);
/// The number in 8 big-endian bytes; 0 when it is not 8 bytes.
std::uint64_t from_big_endian(std::span<const std::uint8_t> data);

/// The key of a stream's row.
inline void stream_key(const stream_id& stream, std::string& into) {
  into.assign(1, static_cast<char>(stream.kind));
  into += stream.of;
}

/// Cuts a value of `streams` apart; nothing when it is too short. `state` stays where it lies.
struct row_view {
  std::uint64_t version = 0;
  std::uint64_t head = 0;
  std::span<const std::uint8_t> state;
};
std::optional<row_view> read_row(std::span<const std::uint8_t> value);

/// A transaction; aborted unless committed.
class lmdb_transaction {
public:
  lmdb_transaction() = default;
  lmdb_transaction(lmdb_transaction&& other) noexcept : txn_(std::exchange(other.txn_, nullptr)) {}
  lmdb_transaction& operator=(lmdb_transaction&& other) noexcept {
    std::swap(txn_, other.txn_);
    return *this;
  }
  ~lmdb_transaction() { abort(); }

  int begin(MDB_env* env, unsigned flags) { return mdb_txn_begin(env, nullptr, flags, &txn_); }
  int commit() { return mdb_txn_commit(std::exchange(txn_, nullptr)); }
  void abort() {
    if (txn_)
      mdb_txn_abort(std::exchange(txn_, nullptr));
  }
  MDB_txn* raw() const { return txn_; }
  /// The value, or nothing (also when the lookup fails).
  std::optional<std::span<const std::uint8_t>> find(MDB_dbi table, MDB_val key) const;

private:
  MDB_txn* txn_ = nullptr;
};

/// A cursor; closed before its transaction ends.
class cursor {
public:
  cursor() = default;
  cursor(const cursor&) = delete;
  cursor& operator=(const cursor&) = delete;
  ~cursor() {
    if (cursor_)
      mdb_cursor_close(cursor_);
  }

  int open(const lmdb_transaction& txn, MDB_dbi table) { return open(txn.raw(), table); }
  int open(MDB_txn* txn, MDB_dbi table) { return mdb_cursor_open(txn, table, &cursor_); }
  int move(MDB_val& key, MDB_val& value, MDB_cursor_op op) { return mdb_cursor_get(cursor_, &key, &value, op); }
  int put(MDB_val key, MDB_val& value, unsigned flags) { return mdb_cursor_put(cursor_, &key, &value, flags); }

private:
  MDB_cursor* cursor_ = nullptr;
};

enum class access : std::uint8_t { read, write, create };

/// An open environment with its tables. Opening one directory twice in a process is forbidden by LMDB:
/// the writer's lock prevents it, and inspection opens in a child.
class environment {
public:
  /// The file must have passed check_data_file(), unless it is to be created; then the tables are still to be
  /// made by open_tables().
  static stored<std::unique_ptr<environment>> open(const std::filesystem::path& dir, access how);
  ~environment();
  environment(const environment&) = delete;
  environment& operator=(const environment&) = delete;

  MDB_env* raw() const { return env_; }
  /// Opens the tables in `txn`; with MDB_CREATE it makes them. The handles last when `txn` commits.
  int open_tables(const lmdb_transaction& txn, unsigned flags);

  MDB_dbi events = 0, streams = 0, merkle = 0, lookups = 0, sealed = 0, meta = 0;

private:
  environment() = default;
  MDB_env* env_ = nullptr;
  open_file shared_lock_; ///< held only where LMDB's own lock file cannot be written
};

/// What the table `meta` says.
struct log_identification {
  digest id;
  std::uint32_t epoch = 0; ///< of the last commit
};
/// newer_version, not_ours, damaged.
stored<log_identification> read_identification(const environment& env, const lmdb_transaction& txn,
                                               const std::filesystem::path& dir);

/// What a writer needs to go on.
struct log_start {
  log_identification log;
  std::uint64_t size = 0;
  std::vector<digest> peaks; ///< of the frontier
};
/// Reads it in `txn` and checks that the parts fit one another. As read_identification().
stored<log_start> read_start(const environment& env, const lmdb_transaction& txn, const std::filesystem::path& dir);

/// Opens the log for reading in a child process and reads its start, so that a damaged file ends the child. What
/// it finds wrong is the error.
stored<done> probe(const std::filesystem::path& dir);

} // namespace oaksteel
