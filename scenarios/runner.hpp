#pragma once
// Runs a scenario on a data directory: from the beginning, or on from where an earlier run ended.

#include "scenarios/chronicle.hpp"
#include "scenarios/script.hpp"
#include "scenarios/tally.hpp"

#include <deque>
#include <functional>
#include <limits>

namespace oaksteel {

/// Where the meters of a run keep their memories' keys.
inline std::filesystem::path memory_of_meters(const std::filesystem::path& data) { return data / "meters.keys"; }

/// A scenario with all its files, read and checked.
struct scenario {
  scenario_files files;
  script plan;
  std::vector<meter_label> labels;                       ///< of all label files, in order
  std::map<std::string, std::vector<meter_label>> label_files;
};

/// Reads a scenario file and what it names. Errors as text_error.
expected<scenario, text_error> load_scenario(const std::filesystem::path& file);
/// The same from files that were recorded.
expected<scenario, text_error> load_scenario(const scenario_files& files);

struct run_options {
  std::filesystem::path data;
  std::uint64_t seed = 0;
  /// What a `chance` step draws from; a log in which it is done has its own.
  std::uint64_t chance = 0;
  /// The run ends after this step.
  std::uint32_t last_step = std::numeric_limits<std::uint32_t>::max();
  /// Positions after which the process is to be ended and started again, ascending (re-execution).
  std::deque<std::uint64_t> ends;
  bool recorded = false; ///< those are all: by chance it does not end
  /// Told of every new record: position and stored bytes. False ends the run.
  std::function<bool(std::uint64_t position, const bytes& record)> follow;
  /// Progress for people.
  std::function<void(const std::string& line)> progress;
};

struct stage_time {
  std::string what;
  double seconds = 0;
};

struct run_result {
  bool finished = false;               ///< every step is done
  std::vector<std::string> failures;   ///< expectations that were not met, orders that did not complete
  tally counts;
  std::vector<order> answered;         ///< while it runs: orders that were answered since the process started
  std::vector<cell_result> matrix;     ///< every cell that is done
  std::vector<stage_time> stages;
  std::uint64_t records = 0;
  std::uint32_t epoch = 0;
};

/// The error is a storage_error when the directory cannot be used or the disk is full.
stored<run_result> run_scenario(const scenario& what, const run_options& options);

} // namespace oaksteel
