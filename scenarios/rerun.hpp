#pragma once
// Runs a recorded scenario again, from its log alone, and compares every record (SYS-5).

#include "scenarios/runner.hpp"

namespace oaksteel {

struct rerun_result {
  std::uint64_t recorded = 0;  ///< records in the log that was given
  std::uint64_t identical = 0; ///< from the first on
  std::uint32_t restarts = 0;  ///< ends of the process that were played again
  std::optional<std::uint64_t> differs; ///< the first record that differs
  std::string difference;      ///< one line about it
};

/// `recorded` is a data directory or an export; `work` an empty directory for the second run's log.
stored<rerun_result> rerun_scenario(const std::filesystem::path& recorded, const std::filesystem::path& work,
                                    std::function<void(const std::string&)> progress);

} // namespace oaksteel
