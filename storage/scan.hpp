#pragma once
// What a scanning child tells its parent about a data directory. For storage/ only.
//
//   frame := kind(u32) length(u32) payload(length)
//
//   meta      id(32) epoch(u32)
//   record    position(u64) leaf(32) record
//   row       key_length(u32) key version(u64) head(u64) state
//   node      index(u64) root(32)
//   frontier  size(u64) peak(32)*
//   lookup    position(u64) key with its index in front
//   sealed    position(u64) SHA-256(32)
//   problem   position(u64) text        the scan ends here
//   failure   code(u8) text             it never began
//   end

#include <cstdint>
#include <filesystem>

namespace oaksteel {

enum class frame_kind : std::uint32_t { meta = 1, record, row, node, frontier, lookup, sealed, problem, failure, end };

inline constexpr std::size_t frame_limit = 128 * 1024;

/// Reads the log in `dir` and writes frames to `fd`. Runs in a child (child.hpp) and may crash there; the
/// frames before that are written.
int scan_log(const std::filesystem::path& dir, int fd);

} // namespace oaksteel
