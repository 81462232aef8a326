#pragma once
// What a life of meters with faults by chance (scenarios/simulation.toml) must leave whatever happened (EP-13, EP-13b,
// EP-14, EP-18, EP-29).

#include "scenarios/runner.hpp"

namespace oaksteel::testing {

/// What a life broke, a line each; empty when nothing. Looks at the log and at the meters' own memory; what was answered to
/// the operator is among the failures of the run.
std::string broken_by(const std::filesystem::path& data, const run_result& life);

} // namespace oaksteel::testing
