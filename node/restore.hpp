#pragma once
// Makes a data directory of a backup (storage/backup.hpp): the log in it ends, and a new one begins behind it.

#include "storage/log.hpp"

namespace oaksteel {

/// The largest number by which an operator may have counters raised.
inline constexpr std::uint32_t raise_limit = 100'000;

/// What keeps a backup of `data` from being of use: a scenario's log, which nothing goes on with (exists).
std::optional<storage_error> no_log_to_back_up(const std::filesystem::path& data);

struct restored_log {
  std::string node;
  digest log;                 ///< the new one
  digest parent;              ///< the one that the backup holds
  std::uint64_t position = 0; ///< of its last record there
};

/// Checks everything that can be checked without a share, as `log verify` and `replay` do, and puts a directory that is
/// whole and durable in the place of `data`, which is empty or not there; or leaves nothing. `raise_by` is what the
/// node adds to each counter before it acts. exists: `data` is not empty, or the log is a simulated one; what
/// unpack_backup() refuses; damaged.
stored<restored_log> restore_backup(const std::filesystem::path& backup, const std::filesystem::path& data,
                                    std::uint32_t raise_by);

} // namespace oaksteel
