#pragma once
// One run of a scenario's process over its log: the site in virtual time, and the people around it.

#include "events/audit_times.hpp"
#include "node/site.hpp"
#include "scenarios/chance.hpp"
#include "scenarios/faulty_noise.hpp"
#include "scenarios/faulty_wires.hpp"
#include "scenarios/runner.hpp"
#include "scenarios/simulation.hpp"

#include <chrono>
#include <set>

namespace oaksteel {

/// The scenario, or chance, wants the process to end here and to start again. Caught by the runner alone.
struct restart_wanted {};

/// A step did not come out as the scenario says. Caught by stage::run alone.
struct step_failed {
  std::string line;
};

/// Slots of the meters' memory (memory_of_meters): each attempt at a cell has a meter of its own, and beside them is a spare
/// one.
std::size_t slots_of(const scenario& what);

class stage {
public:
  stage(const scenario& what, const run_options& options, opened_log& opened, std::function<bool()> stop,
        std::function<void(const storage_error&)> storage_failed, run_result& result);
  ~stage();

  /// Runs the steps that are not done yet. Throws simulation_stopped and restart_wanted.
  void run();

private:
  // steps
  void take(const first_ceremony_step& s);
  void take(const domain_step& s);
  void take(const enable_step& s);
  void take(const disable_step& s);
  void take(const activate_step& s);
  void take(const restart_step& s);
  void take(const install_step& s);
  void take(const scrap_step& s);
  void take(const register_step& s);
  void take(const retire_step& s);
  void take(const mail_step& s);
  void take(const wait_step& s);
  void take(const cell_step& s);
  void take(const chance_step& s);

  // by_chance.cpp
  /// From now on there are faults, and somewhere the process ends.
  void begin_chance();
  /// Asked after each message: true where it does.
  bool ends_by_chance();
  /// Somebody who has kept install records sends some of them again.
  void send_old_records();
  /// A part that may fail where faults come by chance.
  void unless_by_chance(const std::function<void()>& part);

  // ceremony.cpp
  struct asker;
  void bring_media();
  /// Carries out the steps of a ceremony.
  void hold(const ceremony_steps& ceremony);
  /// What happens at each start: every box is disabled, custodians come back, lines are connected.
  void come_back();
  /// Boxes to which no custodian comes back: the Manufacturing boxes, and what a step disabled.
  std::set<label> boxes_left_alone() const;
  /// Lines are connected and orders taken up.
  void connect();
  std::filesystem::path media() const;

  // orders.cpp
  std::vector<leg_plan> legs_for(const std::vector<domain_id>& domains);
  void retire(const std::vector<sequence_number>& meters, const std::string& reason);
  void retire(const sequence_number& meter, const std::string& reason);
  meter meter_state_of(const sequence_number& number) const;
  /// In the time zones of the domains that a meter has keys of (EP-18).
  days_now today(const meter& m);
  /// A registration has one date, which must be of today in each of them; ends the run where it cannot be.
  calendar_date registration_day(const meter& m);
  /// Sends an order, or what becomes one.
  template <class Handle, class Message>
  pending_handle<order_result> order_by(const Handle& whom, Message m) {
    m.head = head();
    return asked_.emplace_back(world_.ask<order_result>(whom, std::move(m)));
  }
  /// Waits for an order; one that is incomplete fails the step.
  void complete(const pending_handle<order_result>& p, const std::string& what);

  // matrix_run.cpp
  struct cell_run;
  /// Those of a cell, which may be begun already; of another step, none.
  void connect_meters_of(std::uint32_t step);

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
    return *p->answer;
  }
  /// Runs a part of a scenario; false when it failed, with the line that says why.
  bool attempt(const std::function<void()>& part);
  /// Tells the wires what stands in place of a message's own names: there are none before the ceremony.
  void know_names();
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
  std::shared_ptr<wire_faults> faults_;
  simulation world_;
  std::unique_ptr<randomness> random_;
  std::unique_ptr<noise_supply> noise_;
  std::unique_ptr<workers> workers_;
  std::optional<chance> chance_;  ///< where faults come by chance
  std::unique_ptr<workers> disk_; ///< of the journal, there
  std::optional<chance_end> end_; ///< `records` is a size of the log
  std::vector<pending_handle<order_result>> asked_; ///< orders, answered or not
  log_key log_key_;
  std::function<void(const storage_error&)> storage_failed_;
  std::optional<erasable_slots> slots_;
  std::unique_ptr<site> site_;
  chronicle_actor chronicle_;
  std::map<sequence_number, meter_actor> meters_;
  std::uint64_t heads_ = 0;
  std::uint32_t step_ = 0; ///< being run, from 1
  std::string found_;      ///< what came of a cell
};

} // namespace oaksteel
