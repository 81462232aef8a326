#include "events/permitted.hpp"

#include "events/unfinished_key.hpp"

#include <algorithm>
#include <limits>

namespace oaksteel {
namespace {

using answer = std::optional<std::string>;

/// What decide said, as a reason; `wanted` is what it should have said.
template <class Event, class Wanted>
answer held_against(const decision<Event>& decided, const Wanted& wanted) {
  if (!decided)
    return std::string{text(decided.error())};
  if (decided->empty())
    return std::string{"it was done already"};
  auto made = std::get_if<Wanted>(&decided->front());
  if (!made || !(*made == wanted))
    return std::string{"another event had to follow"};
  return std::nullopt;
}

answer unless(bool fine, std::string_view why) {
  return fine ? std::nullopt : answer{why};
}

/// One overload for each event; the state is that of its stream.
struct question {
  // the node
  answer operator()(const node_state& s, const log_opened&) const {
    return unless(s.name.empty(), "the log is open already");
  }
  answer operator()(const node_state&, const node_restarted& e) const {
    return unless(e.public_log_key.empty() || e.public_log_key.size() == 32, "the log's key has 32 bytes");
  }
  answer operator()(const node_state& s, const log_restored& e) const {
    return unless(e.node == s.name && !s.simulated && e.public_log_key.size() == 32,
                  "another node's log, or a simulated one, is not restored; and the log's key has 32 bytes");
  }
  answer operator()(const node_state& s, const counters_raised&) const {
    return unless(s.restored, "nothing was restored");
  }
  answer operator()(const node_state& s, const scenario_input&) const {
    return unless(!s.scenario_running, "the scenario has begun already");
  }
  answer operator()(const node_state& s, const scenario_started&) const {
    return unless(s.simulated, "the log is not a simulated one");
  }
  answer operator()(const node_state& s, const scenario_step_finished& e) const {
    return unless(e.step > s.steps_done, "that step was finished before");
  }
  answer operator()(const fault_log&, const fault_recorded&) const { return std::nullopt; }

  // boxes
  answer operator()(const box_allocator& s, const box_id_reserved& e) const {
    return held_against(decide(s, reserve_box_id{e.slot, e.box.type}), e);
  }
  answer operator()(const box_allocator& s, const box_ids_raised& e) const { return held_against(decide(s, e), e); }
  answer operator()(const secure_box& s, const box_initialised& e) const { return held_against(decide(s, e), e); }
  answer operator()(const secure_box& s, const last_seen_raised& e) const { return held_against(decide(s, e), e); }
  answer operator()(const secure_box& s, const share_entered& e) const {
    return held_against(decide(s, enter_share{e.custodian}, share_check{{}, e.share}), e);
  }
  answer operator()(const secure_box& s, const share_refused&) const {
    return unless(s.id.number != 0, "the box has no id yet");
  }
  answer operator()(const secure_box& s, const box_enabled&) const {
    return unless(!s.enabled && s.threshold > 0 && s.entered.size() >= s.threshold,
                  "the quorum of shares is not in, or the box was enabled already");
  }
  answer operator()(const secure_box& s, const box_disabled& e) const {
    return held_against(e.custodian ? decide(s, remove_share{*e.custodian}) : decide(s, lose_memory{e.reason}), e);
  }
  answer operator()(const admission& s, const box_admitted& e) const {
    return held_against(decide(s, e, admission_check{false, true}), e);
  }
  answer operator()(const secure_box& s, const keys_issued& e) const { return held_against(decide(s, e, true), e); }
  answer operator()(const secure_box& s, const key_set_received& e) const { return held_against(decide(s, e), e); }
  answer operator()(const secure_box& s, const domain_process_made& e) const { return held_against(decide(s, e), e); }
  answer operator()(const secure_box& s, const active_domain_switched& e) const {
    return held_against(decide(s, switch_domain{e.domain}), e);
  }
  answer operator()(const secure_box& s, const key_generated& e) const { return held_against(decide(s, e), e); }
  answer operator()(const secure_box& s, const installation_attempted& e) const {
    return held_against(decide(s, attempt_installation{e.key, e.oak, e.steel, e.meter, e.psr_install},
                               install_record_check{true, true, true}),
                        e);
  }
  answer operator()(const secure_box& s, const installation_finished& e) const { return held_against(decide(s, e), e); }
  answer operator()(const secure_box& s, const installation_confirmed& e) const { return by_brass(s, e); }
  answer operator()(const secure_box& s, const key_condemned& e) const { return by_brass(s, e); }
  answer operator()(const secure_box& s, const registration_confirmed& e) const { return by_brass(s, e); }
  answer operator()(const secure_box& s, const retirement_confirmed& e) const { return by_brass(s, e); }
  answer operator()(const secure_box& s, const tokens_verified& e) const { return held_against(decide(s, e), e); }
  answer operator()(const secure_box& s, const generators_changed& e) const {
    return held_against(decide(s, report_generators{{e.health, e.hardware, e.software, e.combination}}), e);
  }
  answer operator()(const neighbour& s, const neighbour_met& e) const { return held_against(decide(s, e), e); }
  answer operator()(const authority& s, const authority_introduced& e) const { return held_against(decide(s, e), e); }
  answer operator()(const domain& s, const domain_introduced& e) const { return held_against(decide(s, e, true), e); }
  answer operator()(const domain& s, const domain_created& e) const { return held_against(decide(s, e, true), e); }

  // operators
  answer operator()(const operation& s, const operation_asked& e) const {
    return held_against(decide(s, e, operation_check{true, true, true, true}), e);
  }
  answer operator()(const operation& s, const operation_answered& e) const { return held_against(decide(s, e), e); }

  // the archive
  answer operator()(const key_counter& s, const key_id_assigned& e) const {
    return unless(e.key.number > s.last, "key ids of a domain must increase");
  }
  answer operator()(const key_counter& s, const key_ids_raised& e) const { return held_against(decide(s, e), e); }
  template <class E>
    requires requires(master_key& k, const E& e) { evolve(k, e); }
  answer operator()(const master_key& s, const E& e) const {
    const record_check good{true, true, true};
    return held_against(decide(s, master_key_event{e}, good, std::numeric_limits<std::uint64_t>::max()), e);
  }

  // KMC and KDC
  answer operator()(const order_book& s, const order_numbered& e) const {
    return unless(e.order.number > s.last, "order numbers must increase");
  }
  answer operator()(const order_book& s, const order_numbers_raised& e) const { return held_against(decide(s, e), e); }
  answer operator()(const order& s, const order_opened& e) const { return held_against(decide(s, e), e); }
  answer operator()(const order& s, const order_closed& e) const {
    const auto stage = [&](leg_stage a, leg_stage b) {
      return std::all_of(s.legs.begin(), s.legs.end(),
                         [&](const order_leg& l) { return l.stage == a || l.stage == b; });
    };
    return unless(s.id.number != 0 && !s.closed && stage(leg_stage::finished, leg_stage::abandoned)
                    && e.complete == stage(leg_stage::finished, leg_stage::finished),
                  "its legs have not ended so");
  }
  template <class E>
    requires requires(order& o, const E& e) { evolve(o, e); }
  answer operator()(const order& s, const E& e) const {
    return held_against(decide(s, order_event{e}), e);
  }
  template <class E>
    requires requires(distribution& d, const E& e) { evolve(d, e); }
  answer operator()(const distribution& s, const E& e) const {
    return held_against(decide(s, e), e);
  }

  // meters
  answer operator()(const meter& s, const key_provisioned& e) const {
    return held_against(decide(s, provision_key{e.key, e.check}, memory_check{true, true}), e);
  }
  answer operator()(const meter& s, const meter_key_refused& e) const {
    if (e.reason == refusal::installation_interrupted) {
      const auto dropped = *decide(s, drop_unfinished{});
      return unless(std::ranges::find(dropped, meter_event{e}) != dropped.end(), "it holds no such key unfinished");
    }
    // The refused key's check value is not kept; any will do, since a refused key is not a stored one.
    return held_against(decide(s, provision_key{e.key, {}}, memory_check{true, false}), e);
  }
  answer operator()(const meter& s, const key_committed& e) const {
    return held_against(decide(s, commit_key{e.key, true}), e);
  }
  answer operator()(const meter& s, const indicia_printed& e) const {
    return held_against(decide(s, print_indicia{e.count, e.date}), e);
  }
  answer operator()(const meter& s, const tamper_detected& e) const {
    return held_against(decide(s, report_tamper{}), e);
  }
  answer operator()(const meter& s, const meter_labelled& e) const { return held_against(decide(s, e), e); }
  answer operator()(const meter& s, const meter_registered& e) const { return held_against(decide(s, e), e); }

  template <class E>
  static answer by_brass(const secure_box& s, const E& e) {
    return held_against(decide(s, e, brass_check{}), e);
  }
};

} // namespace

std::optional<std::string> not_permitted(const any_state& before, const any_event& e) {
  answer found;
  event_list::find([&]<class Entry>() {
    auto event = std::get_if<typename Entry::event>(&e);
    if (!event)
      return false;
    auto state = std::get_if<typename Entry::state>(&before);
    found = state ? question{}(*state, *event) : answer{"its stream is of another kind"};
    return true;
  });
  return found;
}

} // namespace oaksteel
