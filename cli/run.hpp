#pragma once
// `oaksteel scenario run` and `oaksteel scenario replay`.

#include <cstdint>
#include <filesystem>
#include <optional>

namespace oaksteel {

struct scenario_arguments {
  std::filesystem::path file;        ///< the scenario file; for `replay` unused
  std::filesystem::path data;        ///< the data directory
  std::optional<std::uint64_t> seed; ///< instead of the scenario's own
  bool json = false;
  bool quiet = false;                ///< no progress, also on a terminal
};

/// Both return the exit status: 0 done, 1 refused or differences found, 2 wrong usage, 3 I/O.
int scenario_run(const scenario_arguments& arguments);
int scenario_replay(const scenario_arguments& arguments);

} // namespace oaksteel
