#include "events/node.hpp"

namespace oaksteel {

void evolve(node_state& state, const log_opened& e) {
  state.name = e.node;
  state.simulated = e.simulated;
}
void evolve(node_state& state, const node_restarted&) {
  ++state.restarts;
}
void evolve(node_state& state, const log_restored& e) {
  state.ancestors.insert(state.ancestors.begin(), e.parent);
  if (state.ancestors.size() > ancestors_limit)
    state.ancestors.resize(ancestors_limit);
  state.restored = true;
  state.raise_by = e.raise_by;
}
void evolve(node_state& state, const counters_raised&) {
  state.restored = false;
  state.raise_by = 0;
}
void evolve(node_state&, const scenario_input&) {}
void evolve(node_state& state, const scenario_started& e) {
  state.scenario_running = true;
  state.seed = e.seed;
}
void evolve(node_state& state, const scenario_step_finished& e) {
  state.steps_done = e.step;
}

void evolve(fault_log& state, const fault_recorded&) {
  ++state.count;
}

} // namespace oaksteel
