#pragma once
// One run of a scenario's process over its log: the site in virtual time, and the people around it.

#include "node/site.hpp"
#include "scenarios/runner.hpp"
#include "scenarios/simulation.hpp"

#include <chrono>

namespace oaksteel {

/// A step did not come out as the scenario says. Caught by stage::run alone.
struct step_failed {
  std::string line;
};

class stage {
public:
  stage(const scenario& what, const run_options& options, opened_log& opened, std::function<bool()> stop,
        std::function<void(const storage_error&)> storage_failed, run_result& result);
  ~stage();

  /// Runs the steps that are not done yet. Throws simulation_stopped.
  void run();

private:
  // steps
  void take(const ceremony_step& s);
  void take(const install_step& s);
  void take(const scrap_step& s);
  void take(const register_step& s);
  void take(const retire_step& s);
  void take(const mail_step& s);
  void take(const wait_step& s);

  // ceremony.cpp
  void initialise(const site_box& box);
  void enable(const site_box& box);
  void make_processes(const site_box& box);
  /// What happens at each start: custodians come back, lines are connected, orders are taken up.
  void come_back();
  std::filesystem::path media() const;
  std::optional<box_id> id_of(const site_box& box) const;
  secure_box state_of(const box_id& id) const;

  // orders.cpp
  std::vector<leg_plan> legs_for(const std::vector<domain_id>& domains) const;
  void retire(const std::vector<sequence_number>& meters, const std::string& reason);
  meter meter_state_of(const sequence_number& number) const;

  // mail_run.cpp
  std::vector<indicium> print_all(const mail_step& s);

  /// Asks and waits; a refusal fails the step.
  template <class Answer, class Handle, class Message>
  Answer ask(const Handle& whom, Message m, const std::string& what) {
    m.head = head();
    return wait_for(world_.ask<Answer>(whom, std::move(m)), what);
  }
  template <class Answer>
  Answer wait_for(const pending_handle<Answer>& p, const std::string& what) {
    if (!world_.run_until([&] { return p->ready(); }))
      fail(what + ": no answer");
    if (p->failure)
      fail(what + ": " + std::string{text(*p->failure)});
    return std::move(*p->answer);
  }
  /// Runs a part of a scenario; false when it failed, with the line that says why.
  bool attempt(const std::function<void()>& part);
  message_head head();
  /// The operating system refused a file: the process ends here, and a later run goes on.
  [[noreturn]] void halt(const storage_error& why) {
    storage_failed_(why);
    throw simulation_stopped{};
  }
  /// Ends the step.
  [[noreturn]] void fail(std::string line) { throw step_failed{std::move(line)}; }
  void say(const std::string& line) const;
  void progress(std::size_t done, std::size_t of, const std::string& what) const;

  const scenario& scenario_;
  const run_options& options_;
  opened_log& opened_;
  run_result& result_;
  simulation world_;
  std::unique_ptr<randomness> random_;
  std::unique_ptr<workers> workers_;
  log_key log_key_;
  std::function<void(const storage_error&)> storage_failed_;
  std::optional<erasable_slots> slots_;
  std::unique_ptr<site> site_;
  chronicle_actor chronicle_;
  std::map<sequence_number, meter_actor> meters_;
  std::uint64_t heads_ = 0;
  std::uint32_t step_ = 0; ///< being run, from 1
};

} // namespace oaksteel
