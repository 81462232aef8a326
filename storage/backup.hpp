#pragma once
// A backup of a log: one file with a consistent copy of the LMDB environment, sealed material included, made beside the
// running writer. It holds no secret that did not lie sealed in the directory.
//
//   backup := "oaksteel backup 1\n" note_length(u32) note data_file size(u64) digest(32)
//
// The note is the checkpoint that lay beside the log before the copy began, or empty; `size` is that of the data file,
// the digest SHA-256 over everything before it. Integers are little-endian.

#include "storage/files.hpp"

namespace oaksteel {

/// Copies the log in `dir`, as the newest commit left it, to `file`, which appears whole and durable, with mode 0600, or
/// not at all. The writer goes on meanwhile. exists: a file lies there already; not_ours: no log, or one of a meter, whose
/// memory must stay erasable; as log_source::open().
stored<done> write_backup(const std::filesystem::path& dir, const std::filesystem::path& file);

/// Puts the log in `file` and its checkpoint into the directory `dir`, which holds none. not_ours, newer_version, damaged
/// (cut off or changed), io. What the log itself is worth is for who reads it.
stored<done> unpack_backup(const std::filesystem::path& file, const std::filesystem::path& dir);

} // namespace oaksteel
