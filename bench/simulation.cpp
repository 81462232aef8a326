// simulation: lives by chance with their faults, against the same lives without any.

#include "bench/figure.hpp"
#include "scenarios/prepared_site.hpp"

#include <unistd.h>

namespace oaksteel::bench {
namespace {

prepared_site prepare(const std::filesystem::path& place, bool faults) {
  auto what = load_scenario(std::filesystem::path{"scenarios"} / "simulation.toml");
  if (!what)
    throw bench_failed{what.error().text()};
  if (!faults)
    for (auto& s : what->plan.steps)
      if (auto terms = std::get_if<chance_step>(&s))
        *terms = {};
  auto site = prepared_site::make(std::move(*what), place);
  if (!site)
    throw bench_failed{site.error()};
  return std::move(*site);
}

} // namespace

figure simulation_figure(const bench_options& options) {
  // In memory, as script/simulate has it: what is measured is the process and not the disk.
  const std::filesystem::path memory = "/dev/shm";
  const auto place = (std::filesystem::is_directory(memory) ? memory : options.data)
                     / ("oaksteel-bench-" + std::to_string(getpid()));
  std::filesystem::create_directories(place);
  const auto with = prepare(place / "with", true), without = prepare(place / "without", false);
  const std::size_t lives = options.scaled(20);
  std::uint64_t seed = 0;
  const auto seconds_a_life = [&](const prepared_site& site) {
    const auto data = place / "life";
    return time_of([&] {
             for (std::size_t i = 0; i < lives; ++i) {
               if (!site.live(++seed, data))
                 throw bench_failed{"simulation: a life could not be run"};
               std::filesystem::remove_all(data);
             }
           }).count()
           / static_cast<double>(lives);
  };
  const auto result =
    alternate(options.pairs(), [&] { return seconds_a_life(with); }, [&] { return seconds_a_life(without); });
  std::filesystem::remove_all(place);
  figure f{"simulation", result.ratio, options.pairs(), {}, 2.0, {}};
  f.notes.push_back("runs of scenarios/simulation.toml on one core, in memory, without the checks after each: "
                    + rate_text(1 / result.ours.median, "runs/s") + " with faults, "
                    + rate_text(1 / result.reference.median, "runs/s") + " without");
  return f;
}

} // namespace oaksteel::bench
