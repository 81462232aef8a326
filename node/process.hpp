#pragma once
// What every process that writes a log has: how it is ended, what stops it, and how its log begins.

#include "crypto/note.hpp"
#include "node/node_log.hpp"
#include "storage/files.hpp"

#include <functional>
#include <mutex>
#include <string>

namespace oaksteel {

/// SIGTERM and SIGINT as a file that can be read then. Made before any thread, so that none of them takes the signals.
open_file termination();

/// For a process that has secrets in its memory: no other process of its user may look into it, and none of it is left in a
/// core file.
void close_memory();

/// The first failure of the disk, told from any thread; `file` can be read from then on.
class disk_failure {
public:
  disk_failure();
  void tell(const storage_error& e);
  int file() const { return wake_.fd(); }
  std::optional<storage_error> first() const;

private:
  open_file wake_;
  mutable std::mutex mutex_;
  std::optional<storage_error> first_;
};

/// Whose log it is.
struct log_owner {
  std::filesystem::path data;
  std::string name; ///< of the node
  /// Why a log that is there cannot be gone on with; null: nothing speaks against it.
  std::function<std::optional<std::string>(const log& written)> unfit;
};

/// What begin_log() would say against the log that is there, but for its damage; locked where another process has it.
std::optional<storage_error> look_at_log(const log_owner& owner);

/// Makes the log or opens it. The key that signs checkpoints lives in this process alone: each start has a new one, and
/// says its public half.
stored<opened_log> begin_log(const log_owner& owner, const log_key& key);

} // namespace oaksteel
