#pragma once
// `oaksteel backup` and `oaksteel restore`. Each returns the exit status (output.hpp).

#include <cstdint>
#include <filesystem>

namespace oaksteel {

struct backup_arguments {
  std::filesystem::path backup; ///< the file
  std::filesystem::path data;
  std::uint64_t raise_by = 0;
  bool json = false;
};

/// Copies the log of a node, which may run meanwhile, into a file.
int backup(const backup_arguments& arguments);

/// Makes a data directory of it.
int restore(const backup_arguments& arguments);

} // namespace oaksteel
