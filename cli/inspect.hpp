#pragma once
// `oaksteel log ...` and `oaksteel replay`: what a log is, what it holds, whether it is sound. All of them take a
// data directory or an export, read only, and need no secret. Each returns the exit status (output.hpp).

#include "storage/replay.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace oaksteel {

struct log_arguments {
  std::filesystem::path data; ///< a data directory or an exported log
  bool json = false;
};

/// What the log is: whose, since when, how large, with what in it.
int log_stat(const log_arguments& arguments);

/// Which records `log list` shows.
struct list_filter {
  std::uint64_t from = 1;
  std::optional<std::uint64_t> to;
  std::string stream; ///< `key/VE/1`, or `key` for all streams of a kind
  std::string event;  ///< the name of an event
};
int log_list(const log_arguments& arguments, const list_filter& filter);

/// What `log verify` finds wrong with a log and the checkpoint beside it; nothing when they are sound.
std::optional<std::string> unsound(const std::filesystem::path& data);

/// Checks hashes, order, rows and the checkpoint; also one that was kept elsewhere.
int log_verify(const log_arguments& arguments, const std::optional<std::filesystem::path>& checkpoint);

/// Writes the records as an export; `-` is standard output.
int log_export(const log_arguments& arguments, const std::filesystem::path& file);

/// Folds the log and compares. `at` is a position or a time.
int log_replay(const log_arguments& arguments, const std::optional<std::string>& at);
} // namespace oaksteel
