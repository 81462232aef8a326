#pragma once
// What a scenario leaves in the log about itself: its inputs, so that it can be run again from the log alone,
// and the steps that are done, so that a run that was cut off goes on.

#include "actors/messages.hpp"
#include "actors/surroundings.hpp"
#include "crypto/note.hpp"
#include "node/node_log.hpp"
#include "scenarios/script.hpp"

#include <map>

namespace oaksteel {

/// The files that a scenario is made of, by name; `main` is the scenario file.
struct scenario_files {
  std::string main;
  std::map<std::string, std::string> content;
};

/// The log key of a simulated log, from its seed: as public as the seed.
log_key simulated_log_key(std::uint64_t seed);

/// The log of this scenario and seed when every step of it is done: nothing is left to write. Refuses as open_scenario_log().
stored<std::optional<opened_log>> finished_scenario_log(const std::filesystem::path& data, const scenario_files& files,
                                                        const script& plan, std::uint64_t seed, std::uint64_t chance);

/// Makes a log for the scenario, or opens the one that is there and says that the node restarted. Refuses a
/// log of another scenario, of another seed (`chance`: that of its `chance` step, when that is done), or of a production node.
stored<opened_log> open_scenario_log(const std::filesystem::path& data, const scenario_files& files,
                                     const script& plan, std::uint64_t seed, std::uint64_t chance,
                                     const std::function<bool(const log&)>& stop);

/// Puts the files together from the log's records.
class input_collector {
public:
  void add(const scenario_input& part);
  /// The files, when every part is there; `main` is the first one.
  std::optional<scenario_files> complete() const;

private:
  std::string main_;
  std::map<std::string, std::map<std::uint32_t, scenario_input>> parts_;
};

/// Records that a step is done; answered when that is durable.
struct step_finished {
  message_head head;
  std::uint32_t step = 0;
  std::string what;
};
using chronicle_actor = shell_client::extend<caf::replies_to<step_finished>::with<acknowledged>>;
chronicle_actor start_chronicle(caf::actor_system& system, const surroundings& around);

} // namespace oaksteel
