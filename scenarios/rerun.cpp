#include "scenarios/rerun.hpp"

#include "scenarios/chance.hpp"

#include "crypto/merkle.hpp"

#include "storage/any_event.hpp"
#include "storage/inspect.hpp"

namespace oaksteel {
namespace {

/// What is needed of the recorded log: the hash of each record, the inputs, and where the process ended.
struct recording {
  std::vector<digest> leaves;
  scenario_files files;
  std::uint64_t seed = 0;
  std::uint64_t chance = 0;
  std::deque<std::uint64_t> ends;
};

storage_error refused(const std::filesystem::path& path, const std::string& why) {
  return {storage_code::not_ours, path.string() + ": " + why};
}

stored<recording> read_recording(const std::filesystem::path& path) {
  auto source = log_source::open(path);
  if (!source)
    return unexpected{source.error()};
  recording found;
  input_collector inputs;
  bool simulated = false;
  bool started = false;
  while (const auto* item = source->next()) {
    auto scanned = std::get_if<scanned_record>(item);
    if (!scanned)
      continue;
    const auto position = std::to_string(scanned->position);
    auto record = decode_record(scanned->data);
    auto event = record ? decode_event(*record) : expected<any_event, std::string>{unexpected{record.error()}};
    if (!event)
      return unexpected{storage_error{storage_code::damaged,
                                      path.string() + ": record " + position + ": " + event.error()
                                        + "; `oaksteel log verify` says more"}};
    const auto leaf = leaf_hash(scanned->data);
    if (scanned->stored_leaf && *scanned->stored_leaf != leaf)
      return unexpected{storage_error{storage_code::damaged,
                                      path.string() + ": record " + position
                                        + " was changed after it was written; `oaksteel log verify` says more"}};
    found.leaves.push_back(leaf);
    if (auto opened = std::get_if<log_opened>(&*event))
      simulated = opened->simulated;
    else if (auto input = std::get_if<scenario_input>(&*event); input && !started)
      inputs.add(*input);
    else if (auto begin = std::get_if<scenario_started>(&*event)) {
      found.seed = begin->seed;
      started = true;
    } else if (auto step = std::get_if<scenario_step_finished>(&*event)) {
      found.chance = parse_chance(step->what).value_or(found.chance);
    } else if (auto restart = std::get_if<node_restarted>(&*event))
      found.ends.push_back(restart->durable);
  }
  if (source->damage())
    return unexpected{storage_error{storage_code::damaged, path.string() + ": record "
                                                             + std::to_string(source->damage()->position) + ": "
                                                             + source->damage()->text}};
  if (!simulated)
    return unexpected{unfit_log(path, "is the log of a production node, which is never run again")};
  auto files = inputs.complete();
  if (!started || !files)
    return unexpected{refused(path, "holds no complete scenario; it ended before the scenario began")};
  found.files = std::move(*files);
  return found;
}

std::string describe_record(std::span<const std::uint8_t> data) {
  auto record = decode_record(data);
  auto event = record ? decode_event(*record) : expected<any_event, std::string>{unexpected{std::string{}}};
  if (!event)
    return "an unreadable record";
  return std::string{name_of_event(*event)} + " in " + record->stream.text() + " at " + record->time.text();
}

} // namespace

stored<rerun_result> rerun_scenario(const std::filesystem::path& recorded, const std::filesystem::path& work,
                                    std::function<void(const std::string&)> progress) {
  auto recording = read_recording(recorded);
  if (!recording)
    return unexpected{recording.error()};
  auto what = load_scenario(recording->files);
  if (!what)
    return unexpected{refused(recorded, "the recorded scenario is not valid here: " + what.error().text())};
  rerun_result result;
  result.recorded = recording->leaves.size();
  result.restarts = static_cast<std::uint32_t>(recording->ends.size());
  run_options options;
  options.data = work;
  options.seed = recording->seed;
  options.chance = recording->chance;
  options.ends = recording->ends;
  options.recorded = true;
  options.progress = std::move(progress);
  bool beyond = false;
  options.follow = [&](std::uint64_t position, const bytes& record) {
    // A recorded run that was cut off ends here as well.
    if (position > result.recorded) {
      beyond = true;
      return false;
    }
    if (leaf_hash(record) != recording->leaves[position - 1]) {
      result.differs = position;
      result.difference = "run again, record " + std::to_string(position) + " is " + describe_record(record);
      return false;
    }
    result.identical = position;
    return true;
  };
  auto ran = run_scenario(*what, options);
  if (!ran)
    return unexpected{ran.error()};
  if (!result.differs && !beyond && result.identical < result.recorded) {
    result.differs = result.identical + 1;
    result.difference = "run again, the scenario ends after record " + std::to_string(result.identical);
  }
  return result;
}

} // namespace oaksteel
