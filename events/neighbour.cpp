#include "events/neighbour.hpp"

#include <algorithm>

namespace oaksteel {
namespace {

bool among(const std::vector<digest>& logs, const digest& log) {
  return std::ranges::find(logs, log) != logs.end();
}

} // namespace

decision<neighbour_event> decide(const neighbour& state, const neighbour_met& proposed) {
  const auto follows = [&](const digest& parent) { return parent == state.log || among(state.earlier, parent); };
  if (among(state.earlier, proposed.log) || (proposed.log == state.log && proposed.epoch < state.epoch))
    return refuse(refusal::peer_log_superseded);
  if (proposed.log == state.log && proposed.epoch == state.epoch)
    return std::vector<neighbour_event>{};
  const auto last = std::max(state.epoch, state.earlier_epoch);
  if (proposed.epoch > last && proposed.epoch - last > start_step_limit)
    return refuse(refusal::peer_log_unrelated);
  if (state.log != digest{} && proposed.log != state.log && std::ranges::none_of(proposed.parents, follows))
    return refuse(refusal::peer_log_unrelated);
  return std::vector<neighbour_event>{proposed};
}

void evolve(neighbour& state, const neighbour_met& e) {
  std::vector<digest> before;
  if (state.log != digest{} && state.log != e.log) {
    before.push_back(state.log);
    state.earlier_epoch = std::max(state.earlier_epoch, state.epoch);
  }
  // Parents that never came are earlier logs too: a copy of one may come yet.
  for (const auto& parent : e.parents)
    if (parent != e.log && !among(before, parent) && !among(state.earlier, parent))
      before.push_back(parent);
  state.earlier.insert(state.earlier.begin(), before.begin(), before.end());
  if (state.earlier.size() > earlier_logs_limit)
    state.earlier.resize(earlier_logs_limit);
  state.log = e.log;
  state.epoch = e.epoch;
}

} // namespace oaksteel
