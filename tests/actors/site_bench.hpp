#pragma once
// The site of a finished small day, awake again: its real boxes, archives and computers in virtual time, to be sent
// whatever message a test likes. What they did is read from the log alone.

#include "node/site.hpp"
#include "scenarios/script.hpp"
#include "scenarios/simulation.hpp"
#include "tests/actors/held_workers.hpp"
#include "tests/scenarios/finished_day.hpp"
#include "tests/scenarios/log_facts.hpp"

namespace oaksteel::testing {

/// The rows of all streams but the error log.
using all_rows = std::map<std::string, bytes>;

class site_bench {
public:
  /// `more`: boxes beside those of the day, which have no id yet. `hands`: who works instead of the held workers.
  /// `overnight`: what is done to the log before the site awakes. `change` is asked at each start.
  explicit site_bench(const std::vector<box_plan>& more = {}, std::unique_ptr<workers> hands = nullptr,
                      const std::function<void(log&)>& overnight = {}, std::function<void(site_options&)> change = {});
  ~site_bench();

  /// The process ends, and another opens the log.
  void restart();

  site& all() { return *site_; }
  simulation& world() { return *world_; }
  held_workers& work() { return workers_; }
  std::filesystem::path media_folder() const { return data_ / "media"; }
  randomness& random() { return *random_; }
  const log& written() const { return *log_; }
  const site_box& box(const std::string& slot) const { return *site_->box_in({slot}); }
  box_id id_of(const std::string& slot) const;

  /// Sends a message and runs until nothing is left to do without a time-out.
  template <class Answer, class Handle, class Message>
  pending_handle<Answer> ask(const Handle& whom, Message m) {
    m.head.id = {"test", ++count_};
    auto p = world_->ask<Answer>(whom, std::move(m));
    world_->run_until([&] { return p->ready(); });
    world_->settle();
    return p;
  }
  /// The same where the answer must come.
  template <class Answer, class Handle, class Message>
  Answer get(const Handle& whom, Message m) {
    auto p = ask<Answer>(whom, std::move(m));
    BOOST_REQUIRE_MESSAGE(p->answer, (p->failure ? text(*p->failure) : "no answer"));
    return *p->answer;
  }
  /// Carries out a step of a ceremony, as an operator does.
  void carry_out(const ceremony_step& step);
  template <class Answer, class Handle, class Message>
  Answer ask(const Handle& whom, Message m, const std::string&) {
    return get<Answer>(whom, std::move(m));
  }
  /// Officers type the enrolment secret of a slot in.
  void type_in(const label& slot, const std::vector<label>& officers);
  /// An enrolment up to the source's admission.
  struct enrolled {
    box_id_allocated order;
    start_up_key_offered answer;
    take_box_id admission; ///< its shares are left to say
  };
  enrolled enrol(const std::string& slot, const label& officer = {"Ada"});
  set_secure_box_id begin_order(const std::string& slot, const box_id_allocated& order, const label& officer) const;
  /// A package of a domain's keys for a box.
  package package_for(const std::string& slot, const domain_id& domain);
  /// For messages that nobody answers.
  template <class Handle, class Message>
  void send(const Handle& whom, Message m) {
    m.head.id = {"test", ++count_};
    caf::anon_send(whom, std::move(m));
    world_->settle();
  }

  std::vector<told_event> events() const;
  /// The last event of a kind, for which `fits`.
  template <class Event, class Fits>
  Event last(Fits fits) const {
    const auto all = events();
    for (auto it = all.rbegin(); it != all.rend(); ++it)
      if (auto e = std::get_if<Event>(&it->event); e && fits(*e)) {
        found_at_ = it->position;
        return *e;
      }
    BOOST_FAIL("the day has no such event");
    return {};
  }
  template <class Event>
  Event last() const {
    return last<Event>([](const Event&) { return true; });
  }
  /// What lies sealed beside the event that last() found.
  bytes sealed() const { return log_->view().sealed(found_at_).value_or(bytes{}); }

  all_rows rows() const;

  /// EP-13b, EP-29: `what` leaves exactly one record, an error event with this reason, and no state is changed.
  void only_a_fault(const std::string& about, refusal why, const std::function<void()>& what);
  /// The same for a message that is answered: its sender hears of the reason.
  template <class Answer, class Handle, class Message>
  void only_refused(const std::string& about, refusal why, const Handle& whom, const Message& m) {
    only_a_fault(about, why, [&] {
      auto p = ask<Answer>(whom, m);
      BOOST_CHECK_MESSAGE(p->failure == std::optional{why},
                          about << ": answered " << (p->failure ? name(*p->failure) : "with success"));
    });
  }

private:
  void start();
  void stop();
  void enable(const site_box& box);

  scratch_directory work_;
  std::filesystem::path data_ = work_ / "day";
  script plan_;
  std::optional<log> log_;
  std::optional<erasable_slots> slots_;
  std::optional<simulation> world_;
  std::unique_ptr<randomness> random_;
  held_workers workers_;
  std::unique_ptr<workers> hands_;
  std::function<void(site_options&)> change_;
  std::size_t known_ = 0; ///< boxes of the day
  std::optional<site> site_;
  std::uint64_t count_ = 0;
  mutable std::uint64_t found_at_ = 0;
};

} // namespace oaksteel::testing
