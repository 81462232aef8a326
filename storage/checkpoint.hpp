#pragma once
// The signed checkpoint of a log, in DIR/checkpoint: so many records have this root. It proves something to
// whoever keeps a copy elsewhere; beside the log it only finds accidents.

#include "crypto/note.hpp"
#include "storage/files.hpp"

namespace oaksteel {

/// Longer notes are not read.
inline constexpr std::size_t note_limit = 64 * 1024;

/// The origin line of a log's checkpoints, also the name of its key: `oaksteel/log/<hex id>`, or
/// `oaksteel/simulated/<hex id>` for a log whose keys anyone can compute.
std::string log_origin(const digest& id, bool simulated);

std::filesystem::path checkpoint_file(const std::filesystem::path& dir);

/// Signs `position` of the log `id` and replaces the directory's checkpoint, durably.
stored<done> write_checkpoint(const std::filesystem::path& dir, const digest& id, bool simulated,
                              const log_position& position, const log_key& key);

/// The directory's checkpoint as it lies there, unchecked; nothing when there is none.
stored<std::optional<std::string>> read_checkpoint(const std::filesystem::path& dir);

} // namespace oaksteel
