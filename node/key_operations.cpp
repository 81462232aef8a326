#include "node/operation_task.hpp"

#include "events/audit_times.hpp"
#include "events/event.hpp"
#include "node/mail_file.hpp"
#include "node/text.hpp"
#include "storage/archive.hpp"
#include "storage/find_domain_key.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <set>
#include <thread>

namespace oaksteel {
namespace {

/// How often whoever waits for a disabled box looks at it.
constexpr std::chrono::seconds look_again{1};
/// How long he waits: longer than the KMC asks what became of a key (EP-13b).
constexpr std::chrono::minutes order_limit{15};

} // namespace

template <class Fits>
const site_box& operations::task::at_work_for(const domain_id& domain, box_type type, std::string_view where,
                                              Fits fits) {
  const auto missing = "no " + std::string{name(type)} + " box" + std::string{where} + " is enabled with domain " + domain.text +
                       " active; `oaksteel box list` shows what there is";
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{house_.plan_.box_wait_s};
  for (;;) {
    const label *disabled = nullptr, *silent = nullptr;
    for (const auto& box : house_.site_.boxes()) {
      if (box.plan.type != type || !fits(box))
        continue;
      const auto state = known_state_of(box);
      if (state && state->enabled && state->active == domain)
        return box;
      if (state && !state->enabled)
        disabled = &box.plan.slot;
      if (!state && !box.here && !is_reached(box.plan.node))
        silent = &box.plan.node;
    }
    if (!disabled && !silent)
      stop(missing);
    if (house_.ending_)
      throw operation_stopped{requests::failed("the node ends; ask again when it runs and its boxes are enabled"), true};
    if (std::chrono::steady_clock::now() >= until)
      throw operation_stopped{
        requests::failed((disabled ? "busy: box disabled: " + disabled->text : "busy: node " + silent->text + " is not reached") +
                         "; " + missing),
        false, false, disabled ? refusal::box_disabled : refusal::no_answer};
    std::this_thread::sleep_for(look_again);
  }
}

const site_box& operations::task::brass_of(const domain_id& domain) {
  return at_work_for(domain, box_type::brass, "", [&](const site_box& box) { return box.plan.active == domain; });
}

/// Another node, as it is seen now.
bool operations::task::is_reached(const label& node) const {
  const auto all = house_.seen_();
  const auto found = std::ranges::find(all, node.text, &neighbour_state::node);
  return found != all.end() && found->reached;
}

/// The KMC knows Oak and Brass by the plan; a Steel box may have been switched to the domain since.
leg_plan operations::task::leg_for(const meter_plan& meter, const domain_id& domain) {
  const auto made = domains();
  if (std::ranges::find(made, domain) == made.end())
    stop("domain " + in_quotes(domain.text) + " is not made yet; `oaksteel domain create` makes it");
  const auto planned = [&](const site_box& box) { return box.plan.active == domain; };
  // EP-4: another vendor's Oak boxes make no keys for this one.
  const auto computers = house_.plan_.computers();
  at_work_for(domain, box_type::oak, "", [&](const site_box& box) {
    return planned(box) && computers.kmc_for(box.plan.node.text) == computers.kmc_for(house_.plan_.name);
  });
  brass_of(domain);
  const auto& steel = at_work_for(domain, box_type::steel, " beside the meter's line",
                                  [&](const site_box& box) { return box.here && meter.beside(box.plan.slot); });
  return {domain, *id_of(steel)};
}

template <class Handle, class Message>
order operations::task::outcome_of(const Handle& whom, Message m, const std::string& about) {
  m.head = head();
  std::optional<order_result> outcome;
  std::optional<caf::error> problem;
  // A KMC at another node may take longer than a link waits; the same order again is the same order.
  const auto unanswered = [&] { return !problem || refusal_in(*problem) == refusal::no_answer; };
  const auto until = std::chrono::steady_clock::now() + order_limit;
  const auto given_up = [&] { return house_.ending_ || std::chrono::steady_clock::now() > until; };
  while (!outcome && unanswered() && !given_up()) {
    problem.reset();
    wait_for_answer(whom, m, caf::infinite, outcome, problem, given_up);
  }
  if (problem && !outcome && !given_up())
    stop(*problem, about);
  if (!outcome)
    throw operation_stopped{
      requests::failed(about + (house_.ending_ ? ": the node ends; the order goes on when the node runs again and its boxes are enabled"
                                               : ": no end in 15 minutes; the order goes on, ask again")),
      true};
  return std::move(outcome->outcome);
}

requests::answer operations::task::answer_about(const order& done) {
  answer a;
  a.order = done.id.number;
  for (const auto& leg : done.legs)
    a.keys.push_back(requests::view_of(done.details.kind, leg, house_.log_));
  return a;
}

const meter_plan& operations::task::meter_on_a_line(const sequence_number& meter) const {
  const auto& known = house_.plan_.meters;
  const auto found = std::ranges::find(known, meter, &meter_plan::number);
  if (found == known.end())
    stop("no meter " + in_quotes(meter.text) + " is on a line of this node; the configuration names those that are");
  return *found;
}

const site_box& operations::task::beside(const meter_plan& meter) const {
  return *std::ranges::find_if(house_.site_.boxes(),
                               [&](const site_box& box) { return box.line && meter.beside(box.plan.slot); });
}

namespace {

/// Each once, and at least one.
void must_be_distinct(const std::vector<domain_id>& domains, const sequence_number& meter) {
  if (domains.empty())
    stop("no domain is named for the keys of meter " + meter.text);
  for (auto d = domains.begin(); d != domains.end(); ++d)
    if (std::find(domains.begin(), d, *d) != d)
      stop("domain " + d->text + " is named twice");
}

} // namespace

requests::answer operations::task::perform(const requests::request_key& r) {
  const auto& meter = meter_on_a_line(r.meter);
  must_be_distinct(r.domains, r.meter);
  std::vector<leg_plan> legs;
  for (const auto& domain : r.domains)
    legs.push_back(leg_for(meter, domain));
  ask<acknowledged>(beside(meter).line, load_label{{}, r.meter, r.product}, "meter " + r.meter.text);
  const order_details details{order_kind::install, r.meter, r.product, {}, {}, {}, {}, {}};
  return answer_about(
    outcome_of(house_.site_.kmc(), open_order{{}, details, legs}, "order for meter " + r.meter.text));
}

/// As the domain key set signed them; before it is made, as the plan has it.
std::vector<time_zone> operations::task::zones_of(const std::function<bool(const domain_plan&)>& concerned) const {
  std::vector<time_zone> zones;
  for (const auto& domain : house_.plan_.domains)
    if (concerned(domain))
      zones.push_back(find_time_zone(house_.log_.view(), domain.id).value_or(domain.zone));
  return zones;
}

/// Whoever registers a meter is a sub-domain of its country (EP-1).
void operations::task::must_have_a_domain_in(const country_code& country) {
  std::set<std::string> countries;
  for (const auto& domain : house_.plan_.domains)
    countries.insert(domain.sub_domain.text);
  for (const auto& domain : perform(requests::list_domains{}).domains)
    countries.insert(domain.country.text);
  if (countries.contains(country.text))
    return;
  std::string there;
  for (const auto& one : countries)
    there += (there.empty() ? "" : ", ") + one;
  stop("no domain is in country " + country.text + "; there are domains in " + there);
}

/// EP Fig. 26; the meter reports, and its report opens the order.
requests::answer operations::task::perform(const requests::register_meter& r) {
  const auto& meter = meter_on_a_line(r.meter);
  must_have_a_domain_in(r.country);
  // Its domains are not known here: a post of that country, and whoever makes meters.
  const auto concerned = [&](const domain_plan& domain) {
    return domain.sub_domain == r.country || domain.kind == "vendor";
  };
  const auto today = today_in(zones_of(concerned), house_.time_.now());
  if (today.first != today.last)
    stop("it is not the same day now in the time zones of the vendors and of the posts of " + r.country.text +
         ", and a registration has one date; try again when it is");
  return answer_about(outcome_of(
    beside(meter).line, register_meter{{}, r.meter, r.product, r.serial, r.country, today.first},
    "registration of meter " + r.meter.text));
}

/// EP Fig. 27, MO0.
requests::answer operations::task::perform(const requests::retire_keys& r) {
  must_be_distinct(r.domains, r.meter);
  if (r.reason.empty() || r.reason.size() > requests::reason_limit || on_one_line(r.reason, r.reason.size()) != r.reason)
    stop("the reason of a retirement must be one line of 1 to " + std::to_string(requests::reason_limit) + " characters");
  std::vector<leg_plan> legs;
  for (const auto& domain : r.domains) {
    brass_of(domain);
    legs.push_back({domain, {box_type::steel, 0}});
  }
  // Of the latest day, that of a meter's clock among them: what was printed before is not behind it.
  auto zones = zones_of([&](const domain_plan& domain) { return std::ranges::count(r.domains, domain.id) != 0; });
  zones.push_back({});
  const order_details details{
    order_kind::retirement, r.meter, {}, {}, {}, today_in(zones, house_.time_.now()).last, r.reason, {}};
  return answer_about(
    outcome_of(house_.site_.kmc(), open_order{{}, details, legs}, "retirement of meter " + r.meter.text));
}

requests::answer operations::task::perform(const requests::show_key& r) {
  const auto plan = std::ranges::find(house_.plan_.domains, r.key.domain, &domain_plan::id);
  if (plan == house_.plan_.domains.end())
    stop("domain " + in_quotes(r.key.domain.text) + " is not in the configuration");
  if (!archived_here(*plan))
    stop("the archive of domain " + r.key.domain.text + " is at node " + in_quotes(plan->archive.text) + "; ask there");
  const auto row = house_.log_.view().row({stream_kind::key, r.key.text()});
  const auto key = row ? decode<master_key>(row->state) : expected<master_key, std::string>{master_key{}};
  if (!key)
    stop(refusal::storage_failed, r.key.text());
  if (key->status == key_status::none)
    stop(refusal::key_not_known, r.key.text());
  answer a;
  a.held = requests::view_of(*key);
  return a;
}

requests::answer operations::task::perform(const requests::verify_mail& r) {
  if (!house_.site_.data_capture())
    stop("the data capture system is not at this node; the plan says where it is");
  auto pieces = read_mail(r.mail, "mail");
  if (!pieces)
    stop(pieces.error().text());
  verify_mail request{{}, "", r.domains, std::make_shared<const std::vector<indicium>>(std::move(*pieces))};
  const auto has_brass = [&](const domain_id& domain) {
    return std::ranges::any_of(house_.plan_.boxes, [&](const box_plan& box) {
      return box.type == box_type::brass && box.active == domain;
    });
  };
  if (request.domains.empty())
    for (const auto& domain : house_.plan_.domains)
      if (has_brass(domain.id))
        request.domains.push_back(domain.id);
  for (const auto& domain : request.domains)
    if (!has_brass(domain))
      stop("domain " + in_quotes(domain.text) + " has no Brass box in the configuration; nobody verifies its tokens");
  request.request = sender_ + ' ' + std::to_string(house_.heads_ + 1);
  const auto count = request.pieces->size();
  // A link waits longer for a node that is away than anybody at a terminal does.
  for (const auto& box : house_.site_.boxes())
    if (box.plan.type == box_type::brass && std::ranges::count(request.domains, box.plan.active.value_or(domain_id{})) != 0
        && !box.here && !is_reached(box.plan.node))
      brass_of(*box.plan.active);
  caf::error problem;
  auto verified = try_to_ask<mail_verified>(house_.site_.data_capture(), request, operation_limit, problem);
  if (!verified && (refusal_in(problem) == refusal::box_disabled || refusal_in(problem) == refusal::no_answer)) {
    for (const auto& domain : request.domains)
      brass_of(domain);
    verified = try_to_ask<mail_verified>(house_.site_.data_capture(), request, operation_limit, problem);
  }
  if (!verified)
    stop(problem, "verification");
  answer a;
  for (const auto& result : verified->results)
    a.verdicts.push_back({result.domain, count, hex(pack(result.verdicts))});
  return a;
}

} // namespace oaksteel
