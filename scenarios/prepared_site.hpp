#pragma once
// Many runs of one scenario with faults by chance, whose ceremony is held once.

#include "scenarios/runner.hpp"

namespace oaksteel {

class prepared_site {
public:
  /// Runs the steps of `what` before its `chance` step in `place`, a new directory. The error says what failed.
  static expected<prepared_site, std::string> make(scenario what, std::filesystem::path place);

  /// Runs the rest, in `data`, which does not exist yet. Its records are those of `oaksteel scenario run --seed` with this
  /// seed in a new directory.
  stored<run_result> live(std::uint64_t seed, const std::filesystem::path& data) const;

private:
  prepared_site(scenario what, std::filesystem::path place) : what_(std::move(what)), place_(std::move(place)) {}

  scenario what_;
  std::filesystem::path place_;
};

} // namespace oaksteel
