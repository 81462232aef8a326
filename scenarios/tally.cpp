#include "scenarios/tally.hpp"

#include "storage/any_event.hpp"
#include "storage/archive.hpp"

namespace oaksteel {
namespace {

struct verdict_list {
  bytes packed;
  std::uint32_t count = 0;
};

constexpr std::string_view interrupted = "Bad (interrupted)";

std::uint64_t number_of(const std::map<domain_id, std::map<std::string, std::uint64_t>>& counts,
                        const domain_id& domain, const std::string& kind) {
  auto by_kind = counts.find(domain);
  if (by_kind == counts.end())
    return 0;
  auto number = by_kind->second.find(kind);
  return number == by_kind->second.end() ? 0 : number->second;
}

/// What a key counts as. A key that a restart cost is no surprise of the scenario, so it is told apart.
std::string kind_of(const master_key& key) {
  if (key.status == key_status::none)
    return "gap";
  if (key.status == key_status::bad
      && (key.reason == refusal::installation_interrupted || key.reason == refusal::installation_never_begun))
    return std::string{interrupted};
  return std::string{name(key.status)};
}

/// What a Manufacturing box holds, by check values; equal for equal keys (EP-7).
std::map<std::string, check_value> key_data_of(const secure_box& box) {
  std::map<std::string, check_value> held;
  if (box.key_set)
    held[""] = *box.key_set;
  for (const auto& [domain, process] : box.processes)
    if (process.key_data)
      held[domain.text] = *process.key_data;
  return held;
}

/// How the boxes stand at the end.
void count_boxes(const log_view& view, const std::vector<box_id>& boxes, tally& t) {
  std::optional<std::map<std::string, check_value>> first;
  for (const auto& id : boxes) {
    auto row = view.row({stream_kind::box, id.text()});
    auto box = row ? decode<secure_box>(row->state) : expected<secure_box, std::string>{secure_box{}};
    if (!box)
      continue;
    t.enabled[box->slot] = box->enabled;
    if (box->generators.health != generator_health::ok)
      t.unwell[box->slot] = box->generators.health;
    if (id.type != box_type::manufacturing)
      continue;
    const auto held = key_data_of(*box);
    if (!first)
      first = held;
    else if (*first != held)
      t.out_of_date.push_back(id);
  }
}

} // namespace

tally count(const log& site, const std::vector<domain_plan>& domains) {
  tally t;
  const auto view = site.view();
  std::map<std::pair<domain_id, std::string>, verdict_list> requests;
  std::vector<box_id> boxes;
  for (std::uint64_t position = 1; position <= view.size(); ++position) {
    auto record = view.at(position);
    auto event = record ? decode_event(*record) : expected<any_event, std::string>{unexpected{std::string{}}};
    if (!event)
      continue;
    ++t.events[std::string{name_of_event(*event)}];
    if (auto verified = std::get_if<tokens_verified>(&*event))
      requests[{verified->domain, verified->request}] = {verified->verdicts, verified->count};
    t.meters += std::holds_alternative<meter_labelled>(*event);
    if (auto box = std::get_if<box_initialised>(&*event))
      boxes.push_back(box->box);
    t.faults += std::holds_alternative<fault_recorded>(*event);
  }
  t.boxes = boxes.size();
  count_boxes(view, boxes, t);
  for (const auto& [request, list] : requests)
    for (auto v : unpack(list.packed, list.count))
      ++t.verdicts[request.first][std::string{name(v)}];
  for (const auto& domain : domains) {
    auto& by_status = t.keys[domain.id];
    auto row = view.row({stream_kind::key_counter, domain.id.text});
    auto counter = row ? decode<key_counter>(row->state) : expected<key_counter, std::string>{key_counter{}};
    for (std::uint64_t number = 1; counter && number <= counter->last; ++number) {
      auto key_row = view.row({stream_kind::key, key_id{domain.id, number}.text()});
      auto key = key_row ? decode<master_key>(key_row->state) : expected<master_key, std::string>{master_key{}};
      ++by_status[key ? kind_of(*key) : "gap"];
    }
  }
  return t;
}

std::vector<std::string> unmet(const expectations& expect, const tally& counted) {
  std::vector<std::string> lines;
  auto compare = [&lines](const auto& wanted, const auto& got, const std::string& what) {
    for (const auto& [domain, counts] : wanted)
      for (const auto& [kind, number] : counts) {
        const auto found = number_of(got, domain, kind);
        // A restart may hit the very key that was to end Bad for another reason.
        const auto spare = kind == name(key_status::bad) ? number_of(got, domain, std::string{interrupted}) : 0;
        if (number < found || number > found + spare)
          lines.push_back(domain.text + ": " + what + ' ' + kind + ": expected " + std::to_string(number) + ", found "
                          + std::to_string(found));
      }
  };
  compare(expect.keys, counted.keys, "keys");
  compare(expect.verdicts, counted.verdicts, "verdicts");
  for (const auto& [slot, wanted] : expect.enabled) {
    const auto found = counted.enabled.find(slot);
    if (found == counted.enabled.end() || found->second != wanted)
      lines.push_back("box in " + slot.text + ": expected " + (wanted ? "enabled" : "disabled") + ", found "
                      + (found == counted.enabled.end() ? "no box" : found->second ? "enabled" : "disabled"));
  }
  for (const auto& box : counted.out_of_date)
    lines.push_back("box " + box.text() + " does not hold the key data of the first Manufacturing box");
  return lines;
}

} // namespace oaksteel
