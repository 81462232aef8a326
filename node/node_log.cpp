#include "node/node_log.hpp"

#include "storage/archive.hpp"
#include "storage/event_codec.hpp"

#include <algorithm>

namespace oaksteel {
namespace {

pending_event node_record(const node_event& e, instant time) {
  auto pending = std::visit([](const auto& event) { return describe(event); }, e);
  pending.time = time;
  pending.actor = "node";
  pending.command = {"node", 0};
  return pending;
}

void follow(node_state& node, const node_event& e) {
  std::visit([&](const auto& event) { evolve(node, event); }, e);
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

} // namespace

std::optional<log_identity> identify(const record& r) {
  log_identity identity;
  if (const auto opened = read_as<log_opened>(r); opened && r.position == 1)
    identity = {opened->public_log_key, opened->simulated};
  else if (const auto restored = read_as<log_restored>(r))
    identity = {restored->public_log_key, false, reference{restored->position, restored->parent}};
  else if (const auto restarted = read_as<node_restarted>(r))
    identity = {restarted->public_log_key, false};
  return identity.public_key.size() == 32 ? std::optional{identity} : std::nullopt;
}

std::optional<storage_error> damage_in(const std::filesystem::path& data) {
  auto source = log_source::open(data);
  if (!source)
    return source.error();
  const auto found = verify(*source, identify).problem;
  if (!found)
    return std::nullopt;
  const auto where = found->position == 0 ? std::string{} : "record " + std::to_string(found->position) + ": ";
  return storage_error{storage_code::damaged, data.string() + ": " + where + found->text + "; nothing was written"};
}

std::optional<storage_error> taken_by_others(const std::filesystem::path& data) {
  const auto name = foreign_content(data);
  if (!name)
    return std::nullopt;
  return storage_error{storage_code::not_ours,
                       data.string() + " holds no log but " + *name + "; give a new or an empty directory"};
}

stored<opened_log> create_log(const std::filesystem::path& data, const log_opened& first, instant time) {
  if (auto taken = taken_by_others(data))
    return unexpected{std::move(*taken)};
  node_state node;
  evolve(node, first);
  auto described = node_record(first, time);
  record r;
  r.stream = node_stream;
  r.time = time;
  r.actor = described.actor;
  r.command = described.command;
  r.participants = described.participants;
  r.tag = described.tag;
  r.version = described.version;
  r.payload = described.payload;
  auto created = log::create(data, std::move(r), encode(node));
  if (!created)
    return unexpected{created.error()};
  return opened_log{std::move(*created), node, time};
}

stored<opened_log> open_log(const std::filesystem::path& data) {
  auto written = log::open(data);
  if (!written)
    return unexpected{written.error()};
  const auto view = written->view();
  const auto row = view.row(node_stream);
  auto node = row ? decode<node_state>(row->state) : expected<node_state, std::string>{unexpected{std::string{}}};
  const auto last = view.at(written->size());
  if (!node || !last)
    return unexpected{storage_error{storage_code::damaged, data.string() + ": the log's last record cannot be read; "
                                                                           "run `oaksteel log verify`"}};
  return opened_log{std::move(*written), std::move(*node), last->time};
}

std::optional<storage_error> write_node_events(opened_log& opened, const std::vector<node_event>& events,
                                               instant time) {
  append_request request;
  const auto row = opened.written.view().row(node_stream);
  for (const auto& e : events) {
    follow(opened.node, e);
    opened.last.us = std::max(opened.last.us + 1, time.us);
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

std::optional<storage_error> begin_next_log(opened_log& opened, const log_restored& first, instant time) {
  const auto row = opened.written.view().row(node_stream);
  auto next = opened.node;
  evolve(next, first);
  const instant at{std::max(opened.last.us + 1, time.us)};
  append_request request;
  request.events.push_back(node_record(first, at));
  request.rows.push_back({node_stream, row ? row->version : 0, encode(next)});
  if (auto begun = opened.written.begin_next(request); !begun)
    return begun.error();
  opened.node = std::move(next);
  opened.last = at;
  return std::nullopt;
}

storage_error unfit_log(const std::filesystem::path& data, const std::string& why) {
  return {storage_code::exists, data.string() + ": " + why};
}

} // namespace oaksteel
