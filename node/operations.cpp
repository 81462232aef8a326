#include "node/operation_task.hpp"

#include "crypto/enrolment.hpp"
#include "events/event.hpp"
#include "node/self_test.hpp"
#include "node/text.hpp"
#include "storage/archive.hpp"
#include "storage/find_domain_key.hpp"
#include "storage/media.hpp"

#include <caf/send.hpp>

#include <algorithm>

namespace oaksteel {

// --- what is there ---------------------------------------------------------------------------------------

const site_box& operations::task::box_named(const label& name) const {
  for (const auto& box : house_.site_.boxes())
    if (const auto id = id_of(box); box.plan.slot == name || (id && id->text() == name.text)) {
      if (!box.here)
        stop("box " + in_quotes(name.text) + " stands at node " + box.plan.node.text + "; operate it there");
      if (!box.common)
        stop(name.text + ": this version cannot host a box of that type");
      return box;
    }
  stop("there is no box " + in_quotes(name.text) + " at this node; `oaksteel box list` shows those that are");
}

const site_box* operations::task::find_source(const std::optional<domain_id>& domain, const site_box* except) {
  for (const auto& box : house_.site_.boxes()) {
    if (!box.manufacturing || &box == except)
      continue;
    const auto state = known_state_of(box);
    if (state && state->enabled && state->key_set && (!domain || state->processes.contains(*domain)))
      return &box;
  }
  return nullptr;
}

const site_box& operations::task::source(const std::optional<domain_id>& domain) {
  if (const auto* found = find_source(domain))
    return *found;
  if (domain && find_source())
    stop("no enabled Manufacturing box holds the keys of domain " + domain->text + "; enable one that does");
  stop("no Manufacturing box is enabled; its custodians must enter their shares with `oaksteel box enable`");
}

std::vector<domain_id> operations::task::domains() const {
  std::vector<domain_id> all;
  for (const auto& [id, position] :
       house_.log_.view().range(static_cast<std::uint8_t>(lookup::domain_keys), ""))
    all.push_back({id});
  return all;
}

secure_box operations::task::state_of(const site_box& box) {
  return ask<box_report>(box.common, ask_box{}, box.plan.slot.text).box;
}

std::optional<secure_box> operations::task::known_state_of(const site_box& box) {
  if (box.here)
    return id_of(box) ? std::optional{state_of(box)} : std::nullopt;
  caf::error nobody_to_be_told;
  auto said = try_to_ask<box_report>(box.common, ask_box{}, neighbour_limit, nobody_to_be_told);
  return said && said->box.id.number != 0 ? std::optional{std::move(said->box)} : std::nullopt;
}

std::vector<label> operations::task::custodians_of(const site_box& box) const {
  const auto id = id_of(box);
  return id ? requests::view_of(oaksteel::state_of(house_.log_, *id)).custodians : box.plan.custodians;
}

requests::box_view operations::task::view_of(const site_box& box) {
  return id_of(box) ? view_of(box, state_of(box)) : view_of(box, {});
}

/// Before its ceremony a box is what the configuration says of it.
requests::box_view operations::task::view_of(const site_box& box, const secure_box& state) const {
  auto v = requests::view_of(state);
  if (!v.id)
    v.threshold = box.plan.threshold, v.custodians = box.plan.custodians;
  v.slot = box.plan.slot;
  v.type = box.plan.type;
  return v;
}

template <class Message>
box_report operations::task::by_custodian(const site_box& box, Message m) {
  auto who = box.plan.slot.text + ", custodian " + m.custodian.text;
  // The box refuses a stranger itself: the attempt must be on record (EP-10).
  if (const auto known = custodians_of(box); std::ranges::find(known, m.custodian) == known.end())
    who += " (the box has " + joined(known) + ')';
  return ask<box_report>(box.common, std::move(m), who);
}

// --- who asks --------------------------------------------------------------------------------------------

requests::answer operations::task::perform(const signed_request& r) {
  const auto& who = r.body.by;
  sender_ = "operator " + who.text;
  const bool changes = !requests::only_asks(r.request);
  try {
    const auto begun = ask<operation_begun>(
      house_.operators_,
      begin_operation{{}, {who, r.body.id, r.who.der, r.command}, r.body, std::string{requests::name_of_request(r.request)},
                      requests::may_ask(r.request, who, r.who.roles), changes},
      who.text + ", " + std::string{requests::name_of_request(r.request)} + ", command " + r.body.id.text);
    if (begun.answer)
      return requests::read_answer(*begun.answer).value();
    follows_ = begun.head;
    auto a = [&] {
      try {
        return worked_on(r.request);
      } catch (operation_stopped& e) {
        if (e.for_now)
          throw;
        note(e, r.request, {{participant_kind::person, who.text}});
        return std::move(e.says);
      }
    }();
    if (auto line = line_of(a); line.size() > operation_answer_limit)
      a = requests::failed("it was done, but the answer is longer than a node keeps");
    if (changes)
      ask<acknowledged>(house_.operators_, end_operation{{}, {who, r.body.id, line_of(a)}, a.error.has_value()}, "the answer");
    return a;
  } catch (operation_stopped& e) {
    return std::move(e.says);
  }
}

requests::answer operations::task::about(const site_box& box) {
  answer a;
  a.boxes.push_back(view_of(box));
  return a;
}

requests::answer operations::task::perform(const requests::list_boxes&) {
  answer a;
  for (const auto& box : house_.site_.boxes())
    if (box.here)
      a.boxes.push_back(view_of(box));
  return a;
}

requests::answer operations::task::perform(const requests::list_domains&) {
  answer a;
  const auto view = house_.log_.view();
  for (const auto& id : domains()) {
    const auto row = view.row({stream_kind::domain, id.text});
    const auto state = row ? decode<domain>(row->state) : expected<domain, std::string>{unexpected{std::string{}}};
    if (!state)
      stop(refusal::storage_failed, id.text);
    a.domains.push_back(requests::view_of(id, *state, find_time_zone(view, id).value_or(time_zone{})));
  }
  return a;
}

// --- boxes -----------------------------------------------------------------------------------------------

/// Two enrolments of one slot would take the open one from each other, and neither come to its end.
class operations::only_one {
public:
  only_one(operations& house, const label& slot) : house_(house), slot_(slot) {
    const std::lock_guard lock{house_.beginning_};
    if (!house_.initialising_.insert(slot_).second)
      stop(slot_.text + ": another command initialises this box now; wait for its end");
  }
  ~only_one() {
    const std::lock_guard lock{house_.beginning_};
    house_.initialising_.erase(slot_);
  }

private:
  operations& house_;
  label slot_;
};

/// The first Manufacturing box by itself, each other box admitted by an enabled Manufacturing box (EP Figs. 22, 23).
requests::answer operations::task::perform(const requests::initialise_box& r) {
  const auto& box = box_named(r.box);
  const only_one at_work{house_, box.plan.slot};
  if (id_of(box))
    stop(refusal::box_already_initialised, r.box.text);
  // Before a number is reserved for a box that could not be made.
  const auto custodians = r.custodians.empty() ? box.plan.custodians : r.custodians;
  const auto threshold = r.threshold.value_or(box.plan.threshold);
  if (const auto why = wrong_set(threshold, custodians))
    stop(*why, r.box.text);
  auto operating = people(r.media);
  operating.share_among(static_cast<unsigned>(threshold), custodians);
  const bool first = box.manufacturing && std::ranges::none_of(house_.site_.boxes(), [this](const site_box& other) {
    return other.manufacturing && (id_of(other) || !other.here);
  });
  if (first)
    operating.carry_out({ceremony_act::set_first_id, box.plan.slot, {}, {}, {}});
  else
    enrol(operating, box, r.media);
  if (box.steel)
    bring_all_up_to_date();
  return about(box);
}

/// Where the officers have not typed an enrolment secret in, one is made up for them. It is cleared away in any case;
/// what they typed themselves when it is used up, so that they may try again.
void operations::task::enrol(ceremony_operator<task>& operating, const site_box& box,
                             const std::filesystem::path& where) {
  const auto& slot = box.plan.slot;
  const ceremony_step step{ceremony_act::enrol, slot, source().plan.slot, {}, {}};
  const auto officers = operating.officers(step);
  struct typing {
    const std::filesystem::path& where;
    const std::vector<label>& officers;
    const label& slot;
    bool to_clear = false;
    ~typing() {
      if (to_clear)
        clear_enrolment_secret(where, officers, slot);
    }
  } typed{where, officers, slot};
  std::error_code none;
  const auto there = [&](const label& officer) {
    return std::filesystem::exists(where / officer.text / enrolment_file_name(slot), none);
  };
  if (std::ranges::none_of(officers, there)) {
    typed.to_clear = true;
    const auto random = house_.random_.stream("officer/" + slot.text, house_.heads_);
    if (auto written = type_in_enrolment_secret(where, officers, slot, *random); !written)
      stop(written.error().text);
  }
  operating.carry_out(step);
  typed.to_clear = true;
}

requests::answer operations::task::perform(const requests::enable_box& r) {
  const auto& box = box_named(r.box);
  const auto report = by_custodian(box, put_share{{}, r.custodian, r.media});
  const auto id = id_of(box);
  if (report.box.enabled && id) {
    bring_up_to_date(box);
    // It may be the source that boxes lacked which came back before it.
    if (box.manufacturing)
      bring_all_up_to_date();
    if (box.steel)
      house_.site_.connect_steel(box, *id);
    // Orders that waited for the box go on; those that are under way already are left alone.
    take_up_orders again;
    again.head = head();
    caf::anon_send(house_.site_.kmc(), std::move(again));
  }
  return about(box);
}

requests::answer operations::task::perform(const requests::disable_box& r) {
  const auto& box = box_named(r.box);
  // What the box does meanwhile is not waited for, not even to say what it is now.
  answer a;
  a.boxes.push_back(view_of(box, by_custodian(box, take_share{{}, r.custodian}).box));
  return a;
}

/// EP: "Any time domains are added to a Manufacturing Box 23, other initialized Manufacturing Boxes must be updated".
/// A box that is disabled then is updated as soon as it and another one that is up to date are enabled.
void operations::task::bring_up_to_date(const site_box& box) {
  auto operating = people({});
  const auto& slot = box.plan.slot;
  if (box.manufacturing)
    if (const auto* from = find_source({}, &box))
      operating.carry_out({ceremony_act::hand_over_key_set, slot, from->plan.slot, {}, {}});
  const auto made = domains();
  const auto has = state_of(box).processes;
  const auto lacks = [&](const domain_id& domain) {
    const auto process = has.find(domain);
    return process == has.end() || (box.oak && !std::ranges::all_of(operating.steels_of(domain), [&](const box_id& s) {
                                      return process->second.steels.contains(s);
                                    }));
  };
  bool active_is_new = false;
  for (const auto& domain : box.manufacturing ? made : box.plan.domains) {
    const bool needed = std::ranges::find(made, domain) != made.end() && lacks(domain);
    const auto* from = needed ? find_source(domain, &box) : nullptr;
    if (!from)
      continue;
    give_domain(operating, {ceremony_act::make_domain_process, slot, from->plan.slot, {}, domain});
    active_is_new = active_is_new || (box.plan.active == domain && !has.contains(domain));
  }
  if (active_is_new)
    operating.carry_out({ceremony_act::activate_domain, slot, {}, {}, *box.plan.active});
}

requests::answer operations::task::perform(const requests::activate_domain& r) {
  const auto& box = box_named(r.box);
  const auto& slot = box.plan.slot.text;
  if (box.manufacturing)
    stop(slot + ": a Manufacturing box makes keys of every domain; none is active in it");
  // A box gets the keys of those domains that whoever planned the site wants it to have.
  if (!box.plan.lists(r.domain))
    stop("domain " + in_quotes(r.domain.text) + " is not served by box " + in_quotes(slot) +
         "; the configuration names those that are");
  if (!id_of(box))
    stop(refusal::box_not_initialised, slot);
  if (const auto made = domains(); std::ranges::find(made, r.domain) == made.end())
    stop("domain " + r.domain.text + " is not made yet; `oaksteel domain create " + r.domain.text + "` makes it");
  if (!state_of(box).processes.contains(r.domain)) {
    auto operating = people({});
    give_domain(operating, {ceremony_act::make_domain_process, box.plan.slot, source(r.domain).plan.slot, {}, r.domain});
  }
  if (state_of(box).active != r.domain)
    ask<acknowledged>(box.common, activate_domain{{}, r.domain}, slot);
  return about(box);
}

requests::answer operations::task::perform(const requests::test_box& r) {
  const auto& box = box_named(r.box);
  const auto tested = ask<box_tested>(box.common, oaksteel::test_box{}, r.box.text);
  answer a;
  a.lines.emplace();
  for (const auto& line : self_test_lines(tested))
    *a.lines += line + '\n';
  a.document = self_test_json(tested).dump();
  a.passed = tested.found.generators.state.health == generator_health::ok && !tested.found.wrong_answer;
  return a;
}

// --- domains ---------------------------------------------------------------------------------------------

requests::answer operations::task::perform(const requests::create_domain& r) {
  const auto& planned = house_.plan_.domains;
  const auto plan = std::ranges::find(planned, r.domain, &domain_plan::id);
  const bool known = plan != planned.end();
  if (!known && !house_.plan_.nodes.empty())
    stop("domain " + in_quotes(r.domain.text) + " is not in the plan, by which the other nodes know domains; name it there, "
         "at every node");
  if (!known && (!r.kind || !r.country))
    stop("domain " + in_quotes(r.domain.text) + " is not in the configuration; give its kind and country");
  const auto kind = r.kind.value_or(known ? plan->kind : "");
  const auto country = r.country.value_or(known ? plan->sub_domain : country_code{});
  const auto zone = r.zone.value_or(known ? plan->zone : time_zone{});
  if (!is_domain_kind(kind))
    stop("the kind of a domain must be vendor or postal, not " + in_quotes(kind));
  if (known && (kind != plan->kind || country != plan->sub_domain || zone != plan->zone))
    stop("the configuration says that domain " + r.domain.text + " is " + plan->kind + ", " + plan->sub_domain.text +
         ", in time zone " + plan->zone.text() + "; leave kind, country and zone out, or change it there");
  const auto& maker = source();
  if (!maker.here)
    stop("domain " + r.domain.text + " is created by Manufacturing box " + maker.plan.slot.text + ", which stands at node " +
         in_quotes(maker.plan.node.text) + "; ask there");
  ask<acknowledged>(maker.manufacturing, create_domain{{}, r.domain, kind, country, zone}, r.domain.text);
  bring_all_up_to_date();
  answer a = perform(requests::list_domains{});
  std::erase_if(a.domains, [&](const requests::domain_view& v) { return v.id != r.domain; });
  return a;
}

void operations::bring_up_to_date(caf::actor_system& system) {
  if (updating_.exchange(true))
    return;
  system.spawn<caf::detached>([this](caf::blocking_actor* self) {
    task{*this, self}.bring_up_what_can_be();
    updating_ = false;
  });
}

template <class Request>
void operations::work(caf::actor_system& system, Request request, std::function<void(requests::answer)> done) {
  system.spawn<caf::detached>([this, request = std::move(request), done = std::move(done)](caf::blocking_actor* self) mutable {
    // They go with the work: the actor itself may be taken apart when the node, and whoever is answered, are not there any
    // more.
    const auto asked = std::move(request);
    const auto answer = std::move(done);
    answer(task{*this, self}.perform(asked));
  });
}

void operations::start(caf::actor_system& system, requests::any_request request,
                       std::function<void(requests::answer)> done) {
  work(system, std::move(request), std::move(done));
}

/// Whoever hangs up does not end what he asked for: it is that which is counted.
void operations::start(caf::actor_system& system, signed_request request, std::function<void(requests::answer)> done) {
  const auto who = request.body.by;
  {
    const std::lock_guard lock{beginning_};
    unsigned all = 0;
    for (const auto& [name, tasks] : signed_tasks_)
      all += tasks;
    if (all >= signed_tasks_limit || signed_tasks_[who] >= signed_tasks_own_limit)
      return done(requests::failed(refusal::busy, who.text));
    ++signed_tasks_[who];
  }
  work(system, std::move(request), [this, who, done = std::move(done)](requests::answer a) {
    {
      const std::lock_guard lock{beginning_};
      if (--signed_tasks_[who] == 0)
        signed_tasks_.erase(who);
    }
    done(std::move(a));
  });
}

} // namespace oaksteel
