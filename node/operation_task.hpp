#pragma once
// How a request to a running node is worked on: what operations.cpp (boxes, domains) and key_operations.cpp (keys, meters,
// mail) share.

#include "actors/errors.hpp"
#include "actors/messages.hpp"
#include "node/carry_out.hpp"
#include "node/operations.hpp"
#include "node/signed_request.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <functional>

namespace oaksteel {

/// A box makes keys and writes to media meanwhile.
inline constexpr std::chrono::seconds operation_limit{120};
/// Another node only says what a box is; one that is not there is not waited for as long.
inline constexpr std::chrono::seconds neighbour_limit{5};

/// How often whoever waits looks whether the node is to end, and how many more times he looks then.
inline constexpr std::chrono::milliseconds glance{200};
inline constexpr int last_glances = 25;

/// Ends a task: why it cannot go on. Caught by the task alone.
struct operation_stopped {
  requests::answer says;
  bool for_now = false; ///< the node ends; the same command may come to another end later
  bool noted = false;   ///< it is in the error log: a part of the node refused it
  refusal why = refusal::operation_not_possible;
};

/// The node refuses it by itself.
[[noreturn]] inline void stop(refusal why, std::string_view about) {
  throw operation_stopped{requests::failed(why, about), false, false, why};
}
[[noreturn]] inline void stop(std::string line) { throw operation_stopped{requests::failed(std::move(line))}; }
/// A part of it did, or did not answer.
[[noreturn]] inline void stop(const caf::error& problem, std::string_view about) {
  const auto why = refusal_in(problem);
  throw operation_stopped{requests::failed(why, about, told_in(problem)), false, why != refusal::no_answer, why};
}

/// One request, worked on step by step in its own actor.
class operations::task {
public:
  task(operations& house, caf::blocking_actor* self) : house_(house), self_(self) {}

  requests::answer perform(const requests::any_request& request) {
    try {
      return worked_on(request);
    } catch (operation_stopped& e) {
      note(e, request, {});
      return std::move(e.says);
    }
  }
  /// The same for an operator: the node notes what he asked before it is worked on, and what he is answered before he is.
  requests::answer perform(const signed_request& request);

  /// For ceremony_operator too.
  template <class Answer, class Handle, class Message>
  Answer ask(const Handle& whom, Message m, std::string_view about) {
    caf::error problem;
    auto result = try_to_ask<Answer>(whom, std::move(m), unasked_ ? neighbour_limit : operation_limit, problem);
    if (!result)
      stop(problem, about);
    return std::move(*result);
  }

  /// Unasked: a box that cannot be given now what it lacks has to wait.
  void bring_up_what_can_be() {
    unasked_ = true; // nobody waits for it, and the end of the node must not
    for (const auto& box : house_.site_.boxes())
      try {
        if (house_.ending_)
          return;
        bring_up_if_enabled(box);
      } catch (const operation_stopped&) {
        // The refusal is in the error log of whoever refused; the next time comes.
      }
  }

private:
  using answer = requests::answer;

  template <class Answer, class Handle, class Message>
  std::optional<Answer> try_to_ask(const Handle& whom, Message m, std::chrono::seconds limit, caf::error& problem) {
    m.head = head();
    std::optional<Answer> result;
    std::optional<caf::error> failed;
    // A node that ends waits for what is done here, and for nobody elsewhere: his answer may never come.
    auto left = last_glances;
    wait_for_answer(whom, m, limit, result, failed, [&] { return house_.ending_ && left-- == 0; });
    if (failed)
      problem = std::move(*failed);
    else if (!result)
      throw operation_stopped{requests::failed("the node ends; no answer came by then"), true};
    return result;
  }

  /// Asks, and waits for the answer or an error until `given_up`, which is looked at each time that nothing came.
  template <class Answer, class Handle, class Message>
  void wait_for_answer(const Handle& whom, const Message& m, auto limit, std::optional<Answer>& result,
                       std::optional<caf::error>& failed, auto given_up) {
    const auto waiter = self_->spawn([whom, limit, m, task = caf::actor{self_}](caf::event_based_actor* w) {
      w->request(whom, limit, m).then([w, task](const Answer& a) { w->send(task, a); },
                                      [w, task](const caf::error& e) { w->send(task, e); });
    });
    while (!result && !failed && !given_up())
      self_->receive([&](const Answer& a) { result = a; }, [&](const caf::error& e) { failed = e; },
                     caf::after(glance) >> [] {});
    caf::anon_send_exit(waiter, caf::exit_reason::user_shutdown);
  }

  /// What the node refuses by itself, before a part of it is asked, is in its error log too (EP-29).
  void note(const operation_stopped& e, const requests::any_request& request, std::vector<participant> involved) {
    if (e.for_now || e.noted)
      return;
    caf::error log_failed; // then everything is refused
    try_to_ask<acknowledged>(house_.operators_,
                             command_refused{{}, e.why, std::string{requests::name_of_request(request)}, *e.says.error,
                                             std::move(involved)},
                             operation_limit, log_failed);
  }

  answer worked_on(const requests::any_request& request) {
    return std::visit([this](const auto& r) { return perform(r); }, request);
  }
  answer perform(const requests::node_status&);
  answer perform(const requests::list_boxes&);
  answer perform(const requests::initialise_box& r);
  answer perform(const requests::enable_box& r);
  answer perform(const requests::disable_box& r);
  answer perform(const requests::activate_domain& r);
  answer perform(const requests::test_box& r);
  answer perform(const requests::list_domains&);
  answer perform(const requests::create_domain& r);
  answer perform(const requests::request_key& r);
  answer perform(const requests::show_key& r);
  answer perform(const requests::retire_keys& r);
  answer perform(const requests::register_meter& r);
  answer perform(const requests::verify_mail& r);

  message_head head() {
    return {{sender_, (std::uint64_t{house_.log_.epoch()} << 32) + ++house_.heads_}, follows_.cause, follows_.correlation};
  }

  /// Of a box that is here.
  std::optional<box_id> id_of(const site_box& box) const { return box_in_slot(house_.log_, box.plan.slot); }
  /// Of any; nothing when it has no id yet, or its node does not say.
  std::optional<secure_box> known_state_of(const site_box& box);
  const site_box& box_named(const label& name) const;
  secure_box state_of(const site_box& box);
  /// Those who hold its shares, as the log says: the box itself may be busy.
  std::vector<label> custodians_of(const site_box& box) const;
  requests::box_view view_of(const site_box& box);
  requests::box_view view_of(const site_box& box, const secure_box& state) const;
  answer about(const site_box& box);
  /// A custodian's command to a box. Who is none of it hears who is.
  template <class Message>
  box_report by_custodian(const site_box& box, Message m);

  /// An enabled Manufacturing box that holds the domain key set, and the keys of a domain where one is named, but for
  /// `except`: the source of others (EP-6, EP-7). Null when there is none.
  const site_box* find_source(const std::optional<domain_id>& domain = {}, const site_box* except = nullptr);
  /// The same for what cannot go on without one.
  const site_box& source(const std::optional<domain_id>& domain = {});
  ceremony_operator<task> people(const std::filesystem::path& media) {
    return {house_.site_, house_.log_, house_.plan_.suite, media, *this};
  }
  void enrol(ceremony_operator<task>& operating, const site_box& box, const std::filesystem::path& media);
  /// Gives an enabled box what it lacks: a Manufacturing box the domain key set and all domains, another the domains
  /// that it serves; an Oak hears of Steel boxes that came later. What no enabled Manufacturing box holds has to wait.
  void bring_up_to_date(const site_box& box);
  /// The keys of a domain, for a box that lacks them. Another task may be at it at the same time: one of them does it.
  static void give_domain(ceremony_operator<task>& operating, const ceremony_step& step) {
    try {
      operating.do_now(step);
    } catch (const operation_stopped& e) {
      if (e.why != refusal::domain_process_exists)
        throw;
    }
  }
  void bring_up_if_enabled(const site_box& box) {
    if (box.here && id_of(box) && state_of(box).enabled)
      bring_up_to_date(box);
  }
  void bring_all_up_to_date() {
    for (const auto& box : house_.site_.boxes())
      bring_up_if_enabled(box);
  }
  std::vector<domain_id> domains() const;
  /// The box of this type that works for a domain and `fits`; without one the order would wait for it in vain. One that is
  /// disabled, or at a node that is not reached, is waited for as long as the configuration says.
  template <class Fits>
  const site_box& at_work_for(const domain_id& domain, box_type type, std::string_view where, Fits fits);
  const site_box& brass_of(const domain_id& domain);
  bool is_reached(const label& node) const;
  leg_plan leg_for(const meter_plan& meter, const domain_id& domain);
  bool archived_here(const domain_plan& domain) const {
    return domain.archive.empty() || domain.archive.text == house_.plan_.name;
  }
  const meter_plan& meter_on_a_line(const sequence_number& meter) const;
  void must_have_a_domain_in(const country_code& country);
  /// Of the domains that are concerned (EP-18).
  std::vector<time_zone> zones_of(const std::function<bool(const domain_plan&)>& concerned) const;
  /// The PSR that has the meter's line.
  const site_box& beside(const meter_plan& meter) const;
  /// An order may take as long as its boxes and time-outs do, but not beyond the end of the node.
  template <class Handle, class Message>
  order outcome_of(const Handle& whom, Message m, const std::string& about);
  answer answer_about(const order& done);

  operations& house_;
  caf::blocking_actor* self_;
  std::string sender_ = "operator"; ///< of what is told to the actors
  message_head follows_;            ///< whose cause and correlation that has
  bool unasked_ = false;
};

} // namespace oaksteel
