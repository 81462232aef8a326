#pragma once
// What log and log_view share: the environment and its idle read transactions. For storage/ only.

#include "storage/environment.hpp"

#include <mutex>

namespace oaksteel {

/// Keeps read transactions for the next view: renewing one takes no lock of LMDB and no memory.
class reading {
public:
  explicit reading(std::unique_ptr<environment> e) : env(std::move(e)) {}
  ~reading();

  /// A transaction over the newest commit. Stops the process when LMDB gives none: with a thousand slots a
  /// view was leaked, and a reader that went on would answer "no such record" for all.
  MDB_txn* begin();
  void end(MDB_txn* txn);

  const std::unique_ptr<environment> env;

private:
  std::mutex mutex_;
  std::vector<MDB_txn*> idle_;
};

struct log_view::impl {
  std::shared_ptr<reading> from; ///< a view may outlive its log
  MDB_txn* txn;

  ~impl() { from->end(txn); }
  std::optional<std::span<const std::uint8_t>> find(MDB_dbi table, MDB_val key) const;
};

log_view view_of(std::shared_ptr<reading> from);

} // namespace oaksteel
