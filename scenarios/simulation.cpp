#include "scenarios/simulation.hpp"

#include <algorithm>

namespace oaksteel {

struct simulation::config : caf::actor_system_config {
  config() {
    set("scheduler.policy", caf::atom("testing"));
    set("logger.file-verbosity", caf::atom("quiet"));
    set("logger.console", caf::atom("none"));
  }
};

class simulation::virtual_clock final : public clock {
public:
  virtual_clock(instant base, const caf::detail::test_actor_clock& source)
    : base_(base), source_(source), began_(source.current_time), last_(base) {}

  instant now() override {
    const auto passed = std::chrono::duration_cast<std::chrono::microseconds>(source_.current_time - began_).count();
    last_.us = std::max<std::int64_t>(base_.us + passed, last_.us + 1);
    return last_;
  }

private:
  instant base_;
  const caf::detail::test_actor_clock& source_;
  caf::detail::test_actor_clock::time_point began_;
  instant last_;
};

simulation::simulation(instant base, std::function<bool()> stop)
  : stop_(std::move(stop)), config_(std::make_unique<config>()),
    system_(std::make_unique<caf::actor_system>(*config_)) {
  system_->await_actors_before_shutdown(false);
  coordinator_ = &dynamic_cast<caf::scheduler::test_coordinator&>(system_->scheduler());
  clock_ = std::make_unique<virtual_clock>(base, coordinator_->clock());
}

/// A process that ends: nothing that is queued runs any more.
simulation::~simulation() {
  for (auto* job : coordinator_->jobs)
    caf::intrusive_ptr_release(job);
  coordinator_->jobs.clear();
  coordinator_->clock().cancel_all();
}

void simulation::step() {
  coordinator_->try_run_once();
  if (stop_())
    throw simulation_stopped{};
}

bool simulation::run_until(const std::function<bool()>& ready) {
  while (!ready()) {
    if (coordinator_->has_job())
      step();
    else if (!coordinator_->trigger_timeout())
      return false;
  }
  settle();
  return true;
}

void simulation::settle() {
  while (coordinator_->has_job())
    step();
}

void simulation::advance(std::chrono::milliseconds time) {
  coordinator_->advance_time(std::chrono::duration_cast<caf::timespan>(time));
  settle();
}

} // namespace oaksteel
