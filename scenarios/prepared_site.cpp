#include "scenarios/prepared_site.hpp"

namespace oaksteel {

expected<prepared_site, std::string> prepared_site::make(scenario what, std::filesystem::path place) {
  const auto chance_step = chance_of(what.plan).second;
  if (chance_step == 0)
    return unexpected{what.files.main + ": there is no `chance` step"};
  run_options options;
  options.data = place;
  options.seed = what.plan.seed;
  options.last_step = chance_step - 1;
  const auto done = run_scenario(what, options);
  if (!done)
    return unexpected{done.error().text};
  if (!done->failures.empty())
    return unexpected{done->failures.front()};
  return prepared_site{std::move(what), std::move(place)};
}

stored<run_result> prepared_site::live(std::uint64_t seed, const std::filesystem::path& data) const {
  std::filesystem::copy(place_, data, std::filesystem::copy_options::recursive);
  run_options options;
  options.data = data;
  options.seed = what_.plan.seed;
  options.chance = seed;
  return run_scenario(what_, options);
}

} // namespace oaksteel
