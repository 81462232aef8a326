#include "node/operation_task.hpp"

#include "events/event.hpp"
#include "storage/archive.hpp"

#include <cstdio>
#include <map>

namespace oaksteel {
namespace {

/// Keys that are counted while one view of the log is held.
constexpr std::uint64_t keys_at_once = 10'000;

/// How many keys of a domain its archive has of each status.
std::map<key_status, std::uint64_t> count_keys(const log& written, const domain_id& domain) {
  const auto row = written.view().row({stream_kind::key_counter, domain.text});
  const auto counter = row ? decode<key_counter>(row->state) : expected<key_counter, std::string>{key_counter{}};
  const auto last = counter ? counter->last : 0;
  std::map<key_status, std::uint64_t> counts;
  for (std::uint64_t first = 1; first <= last; first += keys_at_once) {
    const auto view = written.view();
    for (auto n = first; n <= std::min(last, first + keys_at_once - 1); ++n) {
      const auto key = view.row({stream_kind::key, key_id{domain, n}.text()});
      const auto state = key ? decode<master_key>(key->state) : expected<master_key, std::string>{master_key{}};
      ++counts[state ? state->status : key_status::none];
    }
  }
  return counts;
}

/// In seconds, to a thousandth.
std::optional<std::string> seconds(const std::optional<std::chrono::microseconds>& time) {
  if (!time)
    return std::nullopt;
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", static_cast<double>(time->count()) / 1e6);
  return text;
}

std::optional<std::string> problem_with(const neighbour_state& other) {
  if (!other.reached && !other.missed.empty())
    return other.missed;
  return other.plan_differs ? std::optional{std::string{text(refusal::plans_differ)}} : std::nullopt;
}

} // namespace

requests::answer operations::task::perform(const requests::node_status&) {
  answer a = perform(requests::list_boxes{});
  auto& v = a.node.emplace();
  const auto& written = house_.log_;
  v.node = {house_.plan_.name};
  v.log = written.id().hex();
  v.records = written.view().size();
  v.epoch = written.epoch();
  v.time = house_.time_.now().text();
  for (const auto& other : house_.seen_())
    v.neighbours.push_back({{other.node}, other.reached, other.came, seconds(other.ahead), problem_with(other)});
  for (const auto& domain : house_.plan_.domains)
    if (archived_here(domain))
      for (const auto& [status, count] : count_keys(written, domain.id))
        v.keys.push_back({domain.id, std::string{name(status)}, count});
  return a;
}

} // namespace oaksteel
