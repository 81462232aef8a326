// The ceremonies of a scenario: the runner plays the KMC's operator and the custodians. Every step can be
// done again; what is there already is left alone.

#include "node/carry_out.hpp"
#include "scenarios/stage.hpp"
#include "storage/files.hpp"

#include <set>

namespace oaksteel {
namespace {

const box_plan& box_of(const script& plan, const label& slot) {
  return *std::find_if(plan.boxes.begin(), plan.boxes.end(), [&](const box_plan& b) { return b.slot == slot; });
}

/// What each kind of step has of a ceremony.
struct lister {
  const script& plan;

  std::vector<domain_id> created_later() const {
    std::vector<domain_id> later;
    for (const auto& s : plan.steps)
      if (auto domains = std::get_if<domain_step>(&s))
        later.insert(later.end(), domains->domains.begin(), domains->domains.end());
    return later;
  }
  ceremony_steps for_each(const auto& names, auto steps_of) const {
    ceremony_steps all;
    for (const auto& name : names)
      for (auto& step : steps_of(name))
        all.push_back(std::move(step));
    return all;
  }

  ceremony_steps operator()(const first_ceremony_step&) const { return first_ceremony(plan, created_later()); }
  ceremony_steps operator()(const domain_step& s) const {
    return for_each(s.domains, [&](const domain_id& d) { return domain_ceremony(plan, d); });
  }
  ceremony_steps operator()(const enable_step& s) const {
    return for_each(s.boxes, [&](const label& slot) { return enabling(box_of(plan, slot)); });
  }
  ceremony_steps operator()(const disable_step& s) const {
    return for_each(s.boxes, [&](const label& slot) { return disabling(box_of(plan, slot)); });
  }
  ceremony_steps operator()(const activate_step& s) const { return activation(box_of(plan, s.box), s.domain); }
  ceremony_steps operator()(const restart_step&) const { return {{ceremony_act::restart, {}, {}, {}, {}}}; }
  ceremony_steps operator()(const auto&) const { return {}; }
};

} // namespace

ceremony_steps ceremony_of(const script& plan, const step& s) {
  return std::visit(lister{plan}, s);
}

ceremony_steps ceremony_of(const script& plan) {
  return lister{plan}.for_each(plan.steps, [&](const step& s) { return ceremony_of(plan, s); });
}

std::filesystem::path stage::media() const {
  return options_.data / "media";
}

/// Each custodian brings a medium.
void stage::bring_media() {
  for (const auto& box : site_->boxes())
    for (const auto& custodian : box.plan.custodians) {
      std::error_code failed;
      std::filesystem::create_directories(media() / custodian.text, failed);
      for (const auto& folder : {media(), media() / custodian.text})
        if (!failed)
          std::filesystem::permissions(folder, std::filesystem::perms::owner_all, failed);
      if (failed)
        halt(system_error(failed.value(), "cannot be made ready", media() / custodian.text));
    }
}

struct stage::asker {
  stage& play;

  template <class Answer, class Handle, class Message>
  Answer ask(const Handle& whom, Message m, const std::string& what) {
    return play.ask<Answer>(whom, std::move(m), what);
  }
};

void stage::hold(const ceremony_steps& ceremony) {
  asker asks{*this};
  ceremony_operator people{*site_, opened_.written, scenario_.plan.suite, media(), asks};
  std::size_t done = 0;
  for (const auto& s : ceremony) {
    const auto officers = s.act == ceremony_act::enrol ? people.officers(s) : std::vector<label>{};
    if (!officers.empty() && !done_before(opened_.written, s)) {
      const auto typing = random_->stream("officer/" + s.slot.text, 0);
      if (auto typed = type_in_enrolment_secret(media(), officers, s.slot, *typing); !typed)
        halt(typed.error());
    }
    people.carry_out(s);
    clear_enrolment_secret(media(), officers, s.slot); // also what a run before left, if it ended here
    progress(++done, ceremony.size(), "steps of the ceremony");
  }
}

void stage::take(const first_ceremony_step& s) {
  bring_media();
  hold(ceremony_of(scenario_.plan, step{s}));
  connect();
}
void stage::take(const domain_step& s) {
  hold(ceremony_of(scenario_.plan, step{s}));
}
void stage::take(const enable_step& s) {
  hold(ceremony_of(scenario_.plan, step{s}));
}
void stage::take(const disable_step& s) {
  hold(ceremony_of(scenario_.plan, step{s}));
}
void stage::take(const activate_step& s) {
  hold(ceremony_of(scenario_.plan, step{s}));
}
/// The process ends when the step is on record: see run().
void stage::take(const restart_step&) {}

std::set<label> stage::boxes_left_alone() const {
  std::set<label> alone;
  for (const auto& box : scenario_.plan.boxes)
    if (box.type == box_type::manufacturing)
      alone.insert(box.slot);
  for (std::size_t i = 0; i < opened_.node.steps_done; ++i) {
    if (auto disabled = std::get_if<disable_step>(&scenario_.plan.steps[i]))
      alone.insert(disabled->boxes.begin(), disabled->boxes.end());
    if (auto enabled = std::get_if<enable_step>(&scenario_.plan.steps[i]))
      for (const auto& slot : enabled->boxes)
        alone.erase(slot);
  }
  return alone;
}

void stage::come_back() {
  // Boxes that were enabled when the process ended say first that they are not any more.
  world_.settle();
  for (const auto& box : site_->boxes())
    if (const auto id = box_in_slot(opened_.written, box.plan.slot); id && state_of(opened_.written, *id).enabled)
      fail("box " + id->text() + " is enabled after a restart, before its custodians came back");
  if (opened_.node.steps_done == 0)
    return; // the first ceremony goes on where it was
  const auto alone = boxes_left_alone();
  for (const auto& box : site_->boxes())
    if (!alone.contains(box.plan.slot))
      hold(enabling(box.plan));
  connect();
}

void stage::connect() {
  for (const auto& box : site_->boxes())
    if (const auto id = box_in_slot(opened_.written, box.plan.slot); id && box.plan.type == box_type::steel)
      site_->connect_steel(box, *id);
  know_names();
  world_.settle();
  take_up_orders again;
  again.head = head();
  caf::anon_send(site_->kmc(), std::move(again));
  world_.settle();
}

} // namespace oaksteel
