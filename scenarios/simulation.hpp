#pragma once
// An actor system in virtual time, in one thread: the same messages in the same order on every run.

#include "actors/errors.hpp"
#include "actors/surroundings.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include <functional>
#include <memory>

namespace oaksteel {

/// Runs out of the middle of a step: the process is to end here (a crash that is played again, or a disk
/// that is full). Caught by the runner alone.
struct simulation_stopped {};

/// An answer that is awaited.
template <class Answer>
struct pending {
  std::optional<Answer> answer;
  std::optional<refusal> failure;
  bool ready() const { return answer || failure; }
};
template <class Answer>
using pending_handle = std::shared_ptr<pending<Answer>>;

class simulation {
public:
  /// Virtual time begins after `base`. `stop` is asked after each message.
  simulation(instant base, std::function<bool()> stop);
  ~simulation();

  caf::actor_system& system() { return *system_; }
  clock& time() { return *clock_; }

  /// Asks an actor; the answer comes while run_until runs.
  template <class Answer, class Handle, class Message>
  pending_handle<Answer> ask(const Handle& whom, Message m) {
    auto p = std::make_shared<pending<Answer>>();
    system_->spawn([whom, m, p](caf::event_based_actor* self) {
      self->request(whom, caf::infinite, m)
        .then([p](const Answer& a) { p->answer = a; }, [p](const caf::error& e) { p->failure = refusal_in(e); });
    });
    return p;
  }

  /// Runs messages, and time-outs when there is no message, until `ready`. False when nothing is left that
  /// could make it so. Throws simulation_stopped.
  bool run_until(const std::function<bool()>& ready);
  /// Runs what is there to run, without letting time pass.
  void settle();
  /// Lets virtual time pass.
  void advance(std::chrono::milliseconds time);

private:
  struct config;
  class virtual_clock;
  void step();

  std::function<bool()> stop_;
  std::unique_ptr<config> config_;
  std::unique_ptr<caf::actor_system> system_;
  caf::scheduler::test_coordinator* coordinator_ = nullptr;
  std::unique_ptr<clock> clock_;
};

} // namespace oaksteel
