#include "node/operations.hpp"

#include "actors/errors.hpp"
#include "actors/messages.hpp"
#include "crypto/enrolment.hpp"
#include "events/event.hpp"
#include "node/carry_out.hpp"
#include "node/self_test.hpp"
#include "node/text.hpp"
#include "storage/archive.hpp"
#include "storage/media.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>

namespace oaksteel {
namespace {

/// A box makes keys and writes to media meanwhile.
constexpr std::chrono::seconds answer_limit{120};
/// Another node only says what a box is; one that is not there is not waited for as long.
constexpr std::chrono::seconds neighbour_limit{5};
/// How often whoever waits for an order looks whether the node is to end.
constexpr std::chrono::milliseconds glance{200};

/// Ends a task: why it cannot go on. Caught by the task alone.
struct stopped {
  requests::answer says;
};

[[noreturn]] void stop(refusal why, std::string_view about, std::string_view told = {}) {
  throw stopped{requests::failed(why, about, told)};
}
[[noreturn]] void stop(std::string line) { throw stopped{requests::failed(std::move(line))}; }

} // namespace

/// One request, worked on step by step in its own actor.
class operations::task {
public:
  task(operations& house, caf::blocking_actor* self) : house_(house), self_(self) {}

  requests::answer perform(const requests::any_request& request) {
    try {
      return std::visit([this](const auto& r) { return perform(r); }, request);
    } catch (stopped& e) {
      return std::move(e.says);
    }
  }

  /// For ceremony_operator too.
  template <class Answer, class Handle, class Message>
  Answer ask(const Handle& whom, Message m, std::string_view about) {
    caf::error problem;
    auto result = try_to_ask<Answer>(whom, std::move(m), answer_limit, problem);
    if (!result)
      stop(refusal_in(problem), about, told_in(problem));
    return std::move(*result);
  }

  /// Unasked: a box that cannot be given now what it lacks has to wait.
  void bring_up_what_can_be() {
    for (const auto& box : house_.site_.boxes())
      try {
        bring_up_if_enabled(box);
      } catch (const stopped&) {
        // The refusal is in the error log of whoever refused; the next time comes.
      }
  }

private:
  using answer = requests::answer;

  template <class Answer, class Handle, class Message>
  std::optional<Answer> try_to_ask(const Handle& whom, Message m, std::chrono::seconds limit, caf::error& problem) {
    m.head = head();
    std::optional<Answer> result;
    self_->request(whom, limit, std::move(m))
        .receive([&](const Answer& a) { result = a; }, [&](const caf::error& e) { problem = e; });
    return result;
  }

  answer perform(const requests::list_boxes&);
  answer perform(const requests::initialise_box& r);
  answer perform(const requests::enable_box& r);
  answer perform(const requests::disable_box& r);
  answer perform(const requests::activate_domain& r);
  answer perform(const requests::test_box& r);
  answer perform(const requests::list_domains&);
  answer perform(const requests::create_domain& r);
  answer perform(const requests::request_key& r);

  message_head head() {
    return {{"operator", (std::uint64_t{house_.log_.epoch()} << 32) + ++house_.heads_}, 0, 0};
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
  void bring_up_if_enabled(const site_box& box) {
    if (box.here && id_of(box) && state_of(box).enabled)
      bring_up_to_date(box);
  }
  void bring_all_up_to_date() {
    for (const auto& box : house_.site_.boxes())
      bring_up_if_enabled(box);
  }
  std::vector<domain_id> domains() const;
  /// The box of this type that works for a domain and `fits`; without one the order would wait for it in vain.
  template <class Fits>
  const site_box& at_work_for(const domain_id& domain, box_type type, std::string_view where, Fits fits);
  leg_plan leg_for(const meter_plan& meter, const domain_id& domain);
  order outcome_of(open_order m);

  operations& house_;
  caf::blocking_actor* self_;
};

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
    a.domains.push_back(requests::view_of(id, *state));
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
    operating.do_now({ceremony_act::make_domain_process, slot, from->plan.slot, {}, domain});
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
  if (!state_of(box).processes.contains(r.domain))
    people({}).carry_out({ceremony_act::make_domain_process, box.plan.slot, source(r.domain).plan.slot, {}, r.domain});
  if (state_of(box).active != r.domain)
    ask<acknowledged>(box.common, activate_domain{{}, r.domain}, slot);
  return about(box);
}

requests::answer operations::task::perform(const requests::test_box& r) {
  const auto& box = box_named(r.box);
  const auto tested = ask<box_tested>(box.common, oaksteel::test_box{}, r.box.text);
  answer a;
  a.test.emplace();
  for (const auto& line : self_test_lines(tested))
    *a.test += line + '\n';
  a.document = self_test_json(tested).dump();
  a.passed = tested.found.generators.state.health == generator_health::ok && !tested.found.wrong_answer;
  return a;
}

// --- domains ---------------------------------------------------------------------------------------------

requests::answer operations::task::perform(const requests::create_domain& r) {
  const auto& planned = house_.plan_.domains;
  const auto plan = std::ranges::find(planned, r.domain, &domain_plan::id);
  const bool known = plan != planned.end();
  if (!known && (!r.kind || !r.country))
    stop("domain " + in_quotes(r.domain.text) + " is not in the configuration; give its kind and country");
  const auto kind = r.kind.value_or(known ? plan->kind : "");
  const auto country = r.country.value_or(known ? plan->sub_domain : country_code{});
  if (!is_domain_kind(kind))
    stop("the kind of a domain must be vendor or postal, not " + in_quotes(kind));
  if (known && (kind != plan->kind || country != plan->sub_domain))
    stop("the configuration says that domain " + r.domain.text + " is " + plan->kind + ", " + plan->sub_domain.text +
         "; leave kind and country out, or change it there");
  const auto& maker = source();
  ask<acknowledged>(maker.manufacturing, create_domain{{}, r.domain, kind, country}, r.domain.text);
  bring_all_up_to_date();
  answer a = perform(requests::list_domains{});
  std::erase_if(a.domains, [&](const requests::domain_view& v) { return v.id != r.domain; });
  return a;
}

// --- keys ------------------------------------------------------------------------------------------------

template <class Fits>
const site_box& operations::task::at_work_for(const domain_id& domain, box_type type, std::string_view where,
                                              Fits fits) {
  for (const auto& box : house_.site_.boxes()) {
    if (box.plan.type != type || !fits(box))
      continue;
    const auto state = known_state_of(box);
    if (state && state->enabled && state->active == domain)
      return box;
  }
  stop("no " + std::string{name(type)} + " box" + std::string{where} + " is enabled with domain " + domain.text +
       " active; `oaksteel box list` shows what there is");
}

/// The KMC knows Oak and Brass by the plan; a Steel box may have been switched to the domain since.
leg_plan operations::task::leg_for(const meter_plan& meter, const domain_id& domain) {
  const auto made = domains();
  if (std::ranges::find(made, domain) == made.end())
    stop("domain " + in_quotes(domain.text) + " is not made yet; `oaksteel domain create` makes it");
  const auto planned = [&](const site_box& box) { return box.plan.active == domain; };
  at_work_for(domain, box_type::oak, "", planned);
  at_work_for(domain, box_type::brass, "", planned);
  const auto& steel = at_work_for(domain, box_type::steel, " beside the meter's line",
                                  [&](const site_box& box) { return box.here && meter.beside(box.plan.slot); });
  return {domain, *id_of(steel)};
}

/// An order may take as long as its boxes and time-outs do, but not beyond the end of the node.
order operations::task::outcome_of(open_order m) {
  m.head = head();
  const auto about = "order for meter " + m.details.meter.text;
  std::optional<order> outcome;
  std::optional<caf::error> problem;
  // A KMC at another node may take longer than a link waits; the same order again is the same order.
  const auto unanswered = [&] { return !problem || refusal_in(*problem) == refusal::no_answer; };
  while (!outcome && unanswered() && !house_.ending_) {
    problem.reset();
    const auto waiter = self_->spawn([kmc = house_.site_.kmc(), m, task = caf::actor{self_}](caf::event_based_actor* w) {
      w->request(kmc, caf::infinite, m)
          .then([w, task](const order_result& r) { w->send(task, r); },
                [w, task](const caf::error& e) { w->send(task, e); });
    });
    while (!outcome && !problem && !house_.ending_)
      self_->receive([&](const order_result& r) { outcome = r.outcome; }, [&](const caf::error& e) { problem = e; },
                     caf::after(glance) >> [] {});
    caf::anon_send_exit(waiter, caf::exit_reason::user_shutdown);
  }
  if (problem && !outcome && !house_.ending_)
    stop(refusal_in(*problem), about, told_in(*problem));
  if (!outcome)
    stop(about + ": the node ends; the order goes on when the node runs again and its boxes are enabled");
  return std::move(*outcome);
}

requests::answer operations::task::perform(const requests::request_key& r) {
  const auto& known = house_.plan_.meters;
  const auto meter = std::ranges::find(known, r.meter, &meter_plan::number);
  if (meter == known.end())
    stop("no meter " + in_quotes(r.meter.text) + " is on a line of this node; the configuration names those that are");
  if (r.domains.empty())
    stop("no domain is named for the keys of meter " + r.meter.text);
  std::vector<leg_plan> legs;
  for (const auto& domain : r.domains) {
    if (std::ranges::find(legs, domain, &leg_plan::domain) != legs.end())
      stop("domain " + domain.text + " is named twice");
    legs.push_back(leg_for(*meter, domain));
  }
  const auto line = std::ranges::find_if(house_.site_.boxes(),
                                         [&](const site_box& box) { return box.line && meter->beside(box.plan.slot); });
  ask<acknowledged>(line->line, load_label{{}, r.meter, r.product}, "meter " + r.meter.text);
  const order_details details{order_kind::install, r.meter, r.product, {}, {}, {}, {}, {}};
  const auto done = outcome_of({{}, details, legs});
  answer a;
  a.order = done.id.number;
  for (const auto& leg : done.legs)
    a.keys.push_back(requests::view_of(leg, house_.log_));
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

void operations::start(caf::actor_system& system, requests::any_request request,
                       std::function<void(requests::answer)> done) {
  system.spawn<caf::detached>([this, request = std::move(request), done = std::move(done)](caf::blocking_actor* self) {
    done(task{*this, self}.perform(request));
  });
}

} // namespace oaksteel
