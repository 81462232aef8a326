#include "node/site.hpp"

#include "actors/archive.hpp"
#include "actors/boxes/boxes.hpp"
#include "actors/computers/computers.hpp"
#include "actors/computers/kmc.hpp"

#include <caf/send.hpp>

#include <algorithm>

namespace oaksteel {
namespace {

/// A box works for the domain that is active in it (EP-3).
bool serves(const box_plan& plan, const domain_id& domain) {
  if (plan.active)
    return *plan.active == domain;
  return !plan.domains.empty() && plan.domains.front() == domain;
}

/// How commands name the components of a site.
const party site_party{component::site, {}};
party neighbour_party(const std::string& node) { return {component::neighbour, node}; }
party archive_party(const domain_id& domain) { return {component::archive, domain.text}; }
party psr_party(const label& slot) { return {component::psr, slot.text}; }
party meter_party(const sequence_number& number) { return {component::meter, number.text}; }
party box_party(const box_plan& plan) {
  switch (plan.type) {
    case box_type::manufacturing: return {component::manufacturing, plan.slot.text};
    case box_type::oak: return {component::oak, plan.slot.text};
    case box_type::steel: return {component::steel, plan.slot.text};
    case box_type::brass: return {component::brass, plan.slot.text};
    case box_type::tin: break;
  }
  return {component::tin, plan.slot.text};
}

} // namespace

template <class Actor>
Actor site::reached(const Actor& component, const party& from, const party& to) {
  if (!spread_)
    return reached_from_here(component, from, to);
  const wire ends{from, to, false, around_.journal_log};
  if (here(from) && here(to))
    return reached_from_here(component, from, to);
  if (here(from)) {
    const auto carrier = spread_->link(spread_->node_of(to));
    const auto far = far_end(system_, carrier, ends, known_);
    wires_.push_back({from, nullptr, nullptr, far}); // the link is the node's
    return caf::actor_cast<Actor>(far);
  }
  if (here(to)) {
    const auto near = near_end(system_, caf::actor_cast<caf::actor>(component), ends, known_);
    wires_.push_back({from, caf::actor_cast<caf::actor>(near), nullptr, nullptr});
    spread_->admit(spread_->node_of(from), ends, near);
  }
  return {};
}

template <class Actor>
Actor site::reached_from_here(const Actor& component, const party& from, const party& to) {
  if (!carry_ || !component)
    return component;
  const wire ends{from, to};
  const auto near = near_end(system_, caf::actor_cast<caf::actor>(component), ends, known_);
  const auto carrier = carry_(ends, near);
  const auto far = far_end(system_, carrier, ends, known_);
  wires_.push_back({from, caf::actor_cast<caf::actor>(near), caf::actor_cast<caf::actor>(carrier), far});
  return caf::actor_cast<Actor>(far);
}

template <class Actor>
Actor site::operated(const Actor& component, const party& to) {
  if (!here(to))
    return reached(component, neighbour_party(spread_->own), to);
  if (spread_)
    for (const auto& other : spread_->others)
      reached(component, neighbour_party(other), to);
  return component;
}

void site::name_sender(const party& from, const component_client& sender) {
  for (const auto& one : wires_)
    if (one.from == from)
      caf::anon_send(one.far, sender_named{{}, sender});
}

site::site(caf::actor_system& system, const site_options& options)
  : system_(system), around_(options.around), carry_(options.carry), spread_(options.spread),
    computers_(spread_ ? spread_->computers : computer_table{}), domains_(options.domains) {
  journal_ = options.detached ? system.spawn<caf::detached>(oaksteel::journal, options.journaling)
                              : system.spawn(oaksteel::journal, options.journaling);
  around_.journal = journal_;
  for (const auto& domain : options.domains) {
    known_.domains.insert(domain.id);
    if (here(archive_party(domain.id)))
      archives_[domain.id] = system.spawn(archive, domain.id, around_);
  }

  // Oak and Brass come first, since the KMC's table names them; Steel boxes need their PSRs, and those the KDC.
  for (const auto& plan : options.boxes) {
    site_box box;
    box.plan = plan;
    box.here = here(box_party(plan));
    const box_place place{plan.slot, plan.type};
    if (box.here && plan.type == box_type::manufacturing)
      box.common = box.manufacturing = system.spawn(manufacturing_box, place, around_);
    else if (box.here && plan.type == box_type::oak)
      box.common = box.oak = system.spawn(oak_box, place, around_);
    else if (box.here && plan.type == box_type::brass)
      box.common = box.brass = system.spawn(brass_box, place, around_);
    else if (box.here && plan.type == box_type::tin)
      box.common = box.tin = system.spawn(tin_box, place, around_);
    if (plan.type == box_type::manufacturing)
      box.common = box.manufacturing = operated(box.manufacturing, box_party(plan));
    else if (plan.type != box_type::steel)
      box.common = operated(box.common, box_party(plan));
    boxes_.push_back(std::move(box));
  }
  const auto own = spread_ ? spread_->own : std::string{};
  for (const auto& kmc : computers_.all(component::kmc)) {
    const auto table = table_of(kmc, options);
    if (here(kmc))
      kmc_ = system.spawn(key_management_computer, table, around_);
    // Whoever works for this KMC operates it.
    if (here(kmc))
      orders_ = reached(kmc_, site_party, kmc);
    else if (computers_.kmc_for(own) == kmc)
      orders_ = reached(kmc_actor{}, neighbour_party(own), kmc);
    for (const auto& other : here(kmc) && spread_ ? spread_->others : std::vector<std::string>{})
      if (computers_.kmc_for(other) == kmc)
        reached(kmc_, neighbour_party(other), kmc);
  }
  for (const auto& kdc : computers_.all(component::kdc)) {
    const auto kmc = *computers_.kmc_for(computers_.node_of(kdc));
    const auto kmc_for_kdc = reached(kmc_, kdc, kmc);
    if (here(kdc)) {
      kdc_ = system.spawn(key_distribution_computer, kmc_for_kdc, around_);
      name_sender(kdc, kdc_);
    }
    if (const auto reachable = reached(kdc_, kmc, kdc); here(kmc)) {
      caf::anon_send(kmc_, kdc_connected{{}, reachable});
      name_sender(kmc, kmc_);
    }
  }
  for (auto& box : boxes_) {
    const auto& plan = box.plan;
    if (plan.type != box_type::steel)
      continue;
    const auto psr_itself = psr_party(plan.slot);
    const auto kdc = reached(kdc_, psr_itself, kdc_of(plan));
    if (!box.here) {
      box.common = operated(box.common, box_party(plan));
      continue;
    }
    const auto psr = system.spawn(psr_computer, plan.slot, kdc, around_);
    psrs_[plan.slot] = psr;
    box.line = reached(psr, site_party, psr_itself);
    box.common = box.steel = system.spawn(steel_box, box_place{plan.slot, plan.type}, around_,
                                          reached(psr, box_party(plan), psr_itself));
    name_sender(box_party(plan), box.steel);
    caf::anon_send(psr, steel_connected{{}, reached(box.steel, psr_itself, box_party(plan))});
    name_sender(psr_itself, psr);
    box.common = operated(box.common, box_party(plan));
  }
  for (const auto& capture : computers_.all(component::data_capture)) {
    const auto kmc = *computers_.kmc_for(computers_.node_of(capture));
    const auto kmc_for_capture = reached(kmc_, capture, kmc);
    if (here(capture))
      capture_ = system.spawn(data_capture_system, kmc_for_capture, options.mail_batch);
  }
}

/// EP-4: each KMC reaches the archive and the Brass of every domain, and those Oak boxes that work for it.
kmc_options site::table_of(const party& kmc, const site_options& options) {
  kmc_options table;
  table.report_timeout = options.report_timeout.value_or(table.report_timeout);
  for (const auto& domain : options.domains) {
    auto& servers = table.domains[domain.id];
    servers.archive = reached(archives_[domain.id], kmc, archive_party(domain.id));
    bool has_brass = false;
    for (const auto& box : boxes_) {
      if (!serves(box.plan, domain.id))
        continue;
      if (box.plan.type == box_type::oak && computers_.kmc_for(box.plan.node.text) == kmc)
        servers.oaks.push_back(reached(box.oak, kmc, box_party(box.plan)));
      if (box.plan.type == box_type::brass && !std::exchange(has_brass, true))
        servers.brass = reached(box.brass, kmc, box_party(box.plan));
    }
  }
  return table;
}

const site_box* site::box_in(const label& slot) const {
  auto it = std::find_if(boxes_.begin(), boxes_.end(), [&](const site_box& b) { return b.plan.slot == slot; });
  return it == boxes_.end() ? nullptr : &*it;
}

const site_box& site::manufacturing() const {
  return *std::find_if(boxes_.begin(), boxes_.end(),
                       [](const site_box& b) { return b.plan.type == box_type::manufacturing; });
}

const domain_plan& site::plan_of(const domain_id& domain) const {
  return *std::find_if(domains_.begin(), domains_.end(), [&](const domain_plan& d) { return d.id == domain; });
}

meter_actor site::connect_meter(const meter_options& options) {
  auto line = system_.spawn(digital_meter, options, around_);
  meters_.push_back(line);
  for (const auto& [slot, psr] : psrs_) {
    const auto itself = psr_party(slot);
    const auto wires = wires_.size();
    caf::anon_send(psr, meter_connected{{}, options.number, reached(line, itself, meter_party(options.number))});
    if (wires_.size() > wires)
      caf::anon_send(wires_.back().far, sender_named{{}, psr});
  }
  return line;
}

void site::connect_line(const sequence_number& meter, const line_actor& line, const std::vector<label>& slots) {
  for (const auto& [slot, psr] : psrs_) {
    if (!slots.empty() && std::ranges::find(slots, slot) == slots.end())
      continue;
    const wire ends{psr_party(slot), meter_party(meter), false, around_.journal_log};
    const auto far = far_end(system_, line, ends, known_);
    wires_.push_back({ends.from, nullptr, caf::actor_cast<caf::actor>(line), far});
    caf::anon_send(far, sender_named{{}, psr});
    caf::anon_send(line, sender_named{{}, psr});
    caf::anon_send(psr, meter_connected{{}, meter, caf::actor_cast<meter_actor>(far)});
  }
}

void site::connect_steel(const site_box& box, const box_id& id) {
  const auto psr = box.here ? psrs_.at(box.plan.slot) : psr_actor{};
  const auto kdc = kdc_of(box.plan);
  if (const auto reachable = reached(psr, kdc, psr_party(box.plan.slot)); kdc_ && here(kdc))
    caf::anon_send(kdc_, psr_connected{{}, id, reachable});
  name_sender(kdc, kdc_);
}

std::vector<const site_box*> site::steels_for(const domain_id& domain) const {
  std::vector<const site_box*> steels;
  for (const auto& box : boxes_)
    if (box.plan.type == box_type::steel && serves(box.plan, domain))
      steels.push_back(&box);
  return steels;
}

void site::stop() {
  auto end = [](const auto& actor) {
    if (actor)
      caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  };
  for (const auto& meter : meters_)
    end(meter);
  end(capture_);
  for (const auto& [slot, psr] : psrs_)
    end(psr);
  for (const auto& box : boxes_)
    end(box.common);
  end(kdc_);
  end(kmc_);
  for (const auto& [domain, actor] : archives_)
    end(actor);
  for (const auto& one : wires_) {
    end(one.far);
    end(one.carrier);
    end(one.near);
  }
  end(journal_);
}

} // namespace oaksteel
