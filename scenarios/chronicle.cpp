#include "scenarios/chronicle.hpp"

#include "actors/shell.hpp"
#include "scenarios/chance.hpp"
#include "scenarios/simulation.hpp"
#include "storage/find_event.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

namespace oaksteel {
namespace {

/// Parts stay well below the limit of a record.
constexpr std::size_t part_size = 32 * 1024;

std::vector<node_event> inputs_of(const scenario_files& files) {
  std::vector<node_event> parts;
  auto add = [&](const std::string& file, const std::string& text) {
    const auto count = static_cast<std::uint32_t>(std::max<std::size_t>(1, (text.size() + part_size - 1) / part_size));
    for (std::uint32_t i = 0; i < count; ++i)
      parts.push_back(scenario_input{file, i, count, text.substr(i * part_size, part_size)});
  };
  add(files.main, files.content.at(files.main));
  for (const auto& [file, text] : files.content)
    if (file != files.main)
      add(file, text);
  return parts;
}

/// The scenario's files as the log has them; parts are found by look-up.
bool same_inputs(const log& site, const scenario_files& files) {
  const auto view = site.view();
  for (const auto& input : inputs_of(files)) {
    const auto& part = std::get<scenario_input>(input);
    auto recorded =
      find_event<scenario_input>(view, lookup::scenario_part, part.file + '|' + std::to_string(part.part));
    if (!recorded || recorded->event.content != part.content || recorded->event.parts != part.parts)
      return false;
  }
  return true;
}

stored<opened_log> create_scenario_log(const std::filesystem::path& data, const script& plan, std::uint64_t seed) {
  return create_log(data, {plan.name, true, simulated_log_key(seed).public_bytes()}, plan.start);
}

/// As it is; nothing is written.
stored<opened_log> fitting_log(const std::filesystem::path& data, const scenario_files& files, std::uint64_t seed,
                               std::uint64_t chance) {
  auto opened = open_log(data);
  if (!opened)
    return opened;
  const auto refused = [&](const std::string& why) { return unexpected{unfit_log(data, why)}; };
  if (!opened->node.simulated)
    return refused("holds the log of a production node; a scenario needs a directory of its own");
  if (opened->node.scenario_running && (opened->node.seed != seed || !same_inputs(opened->written, files)))
    return refused("holds another scenario or seed; give a new directory, or the scenario that began here");
  if (const auto drawn = chance_in(opened->written.view()); drawn && *drawn != chance)
    return refused("holds a run whose chances have the seed " + std::to_string(*drawn)
                   + "; give that one, or a new directory");
  return opened;
}

stored<opened_log> reopen_log(const std::filesystem::path& data, const scenario_files& files, std::uint64_t seed,
                              std::uint64_t chance) {
  auto opened = fitting_log(data, files, seed, chance);
  if (!opened)
    return opened;
  // A second between the last record and the restart, as if the machine had taken it.
  opened->last.us += 1'000'000;
  if (auto failed = write_node_events(*opened, {node_restarted{opened->written.size(), {}}}))
    return unexpected{*failed};
  return opened;
}

struct chronicle_state {
  static inline const char* name = "chronicle";
  std::unique_ptr<shell> house;
};

chronicle_actor::behavior_type chronicle(chronicle_actor::stateful_pointer<chronicle_state> self,
                                         surroundings around) {
  self->state.house = std::make_unique<shell>("node", shell_client{self}, around);
  return {
    [self](const work_done& m) { self->state.house->on(m); },
    [self](const append_done& m) { self->state.house->on(m); },
    [self](const step_finished& m) {
      auto rp = self->make_response_promise<acknowledged>();
      auto failed = [rp](const caf::error& e) mutable { rp.deliver(e); };
      self->state.house->submit({m.head, "step_finished", failed}, [rp, m](transaction& t) mutable {
        t.apply<node_state, node_event>(node_stream, {scenario_step_finished{m.step, m.what}});
        t.when_durable([rp](const message_head& next) mutable { rp.deliver(acknowledged{{next}}); });
      });
      return rp;
    },
  };
}

} // namespace

log_key simulated_log_key(std::uint64_t seed) {
  auto random = seeded_randomness(seed, 0)->stream("log key", 0);
  return log_key::from_seed(secret{random->random_vec(32)});
}

stored<std::optional<opened_log>> finished_scenario_log(const std::filesystem::path& data, const scenario_files& files,
                                                        const script& plan, std::uint64_t seed, std::uint64_t chance) {
  if (!log::present(data))
    return std::optional<opened_log>{};
  auto opened = fitting_log(data, files, seed, chance);
  if (!opened)
    return unexpected{opened.error()};
  if (opened->node.scenario_running && opened->node.steps_done == plan.steps.size())
    return std::optional{std::move(*opened)};
  return std::optional<opened_log>{};
}

stored<opened_log> open_scenario_log(const std::filesystem::path& data, const scenario_files& files,
                                     const script& plan, std::uint64_t seed, std::uint64_t chance,
                                     const std::function<bool(const log&)>& stop) {
  auto opened = log::present(data) ? reopen_log(data, files, seed, chance) : create_scenario_log(data, plan, seed);
  if (!opened)
    return opened;
  if (stop(opened->written))
    throw simulation_stopped{};
  if (opened->node.scenario_running)
    return opened;
  if (auto failed = write_node_events(*opened, inputs_of(files)))
    return unexpected{*failed};
  if (stop(opened->written))
    throw simulation_stopped{};
  if (auto failed = write_node_events(*opened, {scenario_started{plan.name, seed}}))
    return unexpected{*failed};
  if (stop(opened->written))
    throw simulation_stopped{};
  return opened;
}

void input_collector::add(const scenario_input& part) {
  if (main_.empty())
    main_ = part.file;
  parts_[part.file][part.part] = part;
}

std::optional<scenario_files> input_collector::complete() const {
  scenario_files files;
  files.main = main_;
  for (const auto& [file, parts] : parts_) {
    auto& text = files.content[file];
    if (parts.empty() || parts.size() != parts.begin()->second.parts)
      return std::nullopt;
    for (const auto& [index, part] : parts)
      text += part.content;
  }
  if (main_.empty())
    return std::nullopt;
  return files;
}

chronicle_actor start_chronicle(caf::actor_system& system, const surroundings& around) {
  return system.spawn(chronicle, around);
}

} // namespace oaksteel
