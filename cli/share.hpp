#pragma once
// `oaksteel share verify`: holds share files against themselves, one another and a log, without using them up.

#include <filesystem>
#include <optional>
#include <vector>

namespace oaksteel {

struct share_arguments {
  std::vector<std::filesystem::path> files;
  std::optional<std::filesystem::path> data; ///< the log that recorded their sets, a directory or an export
  bool json = false;
};

/// Says of each file which share of which set it is, and whether it is whole and signed; of each set, whether
/// the files make a quorum; with a log, whether it recorded the set. Prints nothing that is secret. Returns the
/// exit status (output.hpp): refused when a file is not right, also one that is given twice.
int share_verify(const share_arguments& arguments);

} // namespace oaksteel
