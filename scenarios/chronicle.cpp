#include "scenarios/chronicle.hpp"

#include "actors/shell.hpp"
#include "scenarios/simulation.hpp"
#include "storage/find_event.hpp"
#include "storage/inspect.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

namespace oaksteel {
namespace {

const stream_id node_stream{stream_kind::node, "node"};

/// Parts stay well below the limit of a record.
constexpr std::size_t part_size = 32 * 1024;

template <class Event>
pending_event node_record(const Event& e, instant time) {
  auto pending = describe(e);
  pending.time = time;
  pending.actor = "node";
  pending.command = {"node", 0};
  return pending;
}

/// Writes node events before any actor runs.
template <class Event>
std::optional<storage_error> write(opened_log& opened, const std::vector<Event>& events) {
  append_request request;
  const auto row = opened.written.view().row(node_stream);
  for (const auto& e : events) {
    evolve(opened.node, e);
    opened.last.us += 1;
    request.events.push_back(node_record(e, opened.last));
  }
  request.rows.push_back({node_stream, row ? row->version : 0, encode(opened.node)});
  auto results = opened.written.append({&request});
  if (!results)
    return results.error();
  if (!results->front())
    return results->front().error();
  return std::nullopt;
}

std::vector<scenario_input> inputs_of(const scenario_files& files) {
  std::vector<scenario_input> parts;
  auto add = [&](const std::string& file, const std::string& text) {
    const auto count = static_cast<std::uint32_t>(std::max<std::size_t>(1, (text.size() + part_size - 1) / part_size));
    for (std::uint32_t i = 0; i < count; ++i)
      parts.push_back({file, i, count, text.substr(i * part_size, part_size)});
  };
  add(files.main, files.content.at(files.main));
  for (const auto& [file, text] : files.content)
    if (file != files.main)
      add(file, text);
  return parts;
}

/// Something in a directory that holds no log, other than what a log that was just begun leaves.
std::optional<std::string> foreign_content(const std::filesystem::path& data) {
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator{data, none}) {
    const auto name = entry.path().filename().string();
    if (name != "lock" && name != "lock.mdb" && name != "data.mdb")
      return name;
  }
  return std::nullopt;
}

stored<opened_log> create_log(const std::filesystem::path& data, const script& plan, std::uint64_t seed) {
  if (auto name = foreign_content(data))
    return unexpected{storage_error{storage_code::not_ours, data.string() + " holds no log but " + *name
                                                              + "; give a new or an empty directory"}};
  const auto key = simulated_log_key(seed);
  const log_opened first{plan.name, true, key.public_bytes()};
  node_state node;
  evolve(node, first);
  auto described = node_record(first, plan.start);
  record r;
  r.stream = node_stream;
  r.time = plan.start;
  r.actor = described.actor;
  r.command = described.command;
  r.participants = described.participants;
  r.tag = described.tag;
  r.version = described.version;
  r.payload = described.payload;
  auto created = log::create(data, std::move(r), encode(node));
  if (!created)
    return unexpected{created.error()};
  return opened_log{std::move(*created), node, plan.start};
}

unexpected<storage_error> refused(const std::filesystem::path& data, const std::string& why) {
  return unexpected{storage_error{storage_code::exists, data.string() + ": " + why}};
}

/// The scenario's files as the log has them; parts are found by look-up.
bool same_inputs(const log& site, const scenario_files& files) {
  const auto view = site.view();
  for (const auto& part : inputs_of(files)) {
    auto recorded =
      find_event<scenario_input>(view, lookup::scenario_part, part.file + '|' + std::to_string(part.part));
    if (!recorded || recorded->event.content != part.content || recorded->event.parts != part.parts)
      return false;
  }
  return true;
}

stored<opened_log> reopen_log(const std::filesystem::path& data, const scenario_files& files, std::uint64_t seed) {
  auto written = log::open(data);
  if (!written)
    return unexpected{written.error()};
  const auto view = written->view();
  auto row = view.row(node_stream);
  auto node = row ? decode<node_state>(row->state) : expected<node_state, std::string>{unexpected{std::string{}}};
  auto last = view.at(written->size());
  if (!node || !last)
    return unexpected{storage_error{storage_code::damaged, data.string() + ": the log's last record cannot be read; "
                                                                           "run `oaksteel log verify`"}};
  if (!node->simulated)
    return refused(data, "holds the log of a production node; a scenario needs a directory of its own");
  if (node->scenario_running && (node->seed != seed || !same_inputs(*written, files)))
    return refused(data, "holds another scenario or seed; give a new directory, or the scenario that began here");
  opened_log opened{std::move(*written), std::move(*node), last->time};
  // A second between the last record and the restart, as if the machine had taken it.
  opened.last.us += 1'000'000;
  if (auto failed = write<node_restarted>(opened, {{opened.written.size()}}))
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

std::optional<storage_error> damage_in(const std::filesystem::path& data) {
  auto source = log_source::open(data);
  if (!source)
    return source.error();
  const auto found = verify(*source, {}).problem;
  if (!found)
    return std::nullopt;
  return storage_error{storage_code::damaged, data.string() + ": record " + std::to_string(found->position) + ": " +
                                                found->text + "; nothing was written"};
}

stored<opened_log> open_scenario_log(const std::filesystem::path& data, const scenario_files& files,
                                     const script& plan, std::uint64_t seed,
                                     const std::function<bool(const log&)>& stop) {
  auto opened = log::present(data) ? reopen_log(data, files, seed) : create_log(data, plan, seed);
  if (!opened)
    return opened;
  if (stop(opened->written))
    throw simulation_stopped{};
  if (opened->node.scenario_running)
    return opened;
  if (auto failed = write(*opened, inputs_of(files)))
    return unexpected{*failed};
  if (stop(opened->written))
    throw simulation_stopped{};
  if (auto failed = write<scenario_started>(*opened, {{plan.name, seed}}))
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
