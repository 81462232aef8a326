#pragma once
// Lives of meters with faults by chance (scenarios/simulation.toml), and what each must leave whatever happened (EP-13,
// EP-13b, EP-14, EP-18, EP-29).

#include "scenarios/runner.hpp"

namespace oaksteel::testing {

/// A site after its ceremony, from which every life begins.
class prepared_site {
public:
  /// Holds the ceremony of `what` in `place`, a new directory. Throws std::runtime_error when that fails.
  prepared_site(scenario what, std::filesystem::path place);

  /// One life, in `data`, which does not exist yet. The log is the one that `scenario run --seed` leaves in a new
  /// directory, but for the position of the first restart.
  stored<run_result> live(std::uint64_t seed, const std::filesystem::path& data) const;

private:
  scenario what_;
  std::filesystem::path place_;
};

/// What a life broke, a line each; empty when nothing. Looks at the log, at the meters' own memory, and at what was
/// answered to the operator.
std::string broken_by(const std::filesystem::path& data, const run_result& life);

} // namespace oaksteel::testing
