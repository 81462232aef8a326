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

} // namespace

site::site(caf::actor_system& system, const site_options& options)
  : system_(system), around_(options.around), domains_(options.domains) {
  journal_ = options.detached ? system.spawn<caf::detached>(oaksteel::journal, options.journaling)
                              : system.spawn(oaksteel::journal, options.journaling);
  around_.journal = journal_;
  for (const auto& domain : options.domains)
    archives_[domain.id] = system.spawn(archive, domain.id, around_);

  // Oak and Brass come first, since the KMC's table names them; Steel boxes need their PSRs, and those the KDC.
  for (const auto& plan : options.boxes) {
    site_box box;
    box.plan = plan;
    const box_place place{plan.slot, plan.type};
    if (plan.type == box_type::manufacturing)
      box.common = box.manufacturing = system.spawn(manufacturing_box, place, around_);
    else if (plan.type == box_type::oak)
      box.common = box.oak = system.spawn(oak_box, place, around_);
    else if (plan.type == box_type::brass)
      box.common = box.brass = system.spawn(brass_box, place, around_);
    else if (plan.type == box_type::tin)
      box.common = box.tin = system.spawn(tin_box, place, around_);
    boxes_.push_back(std::move(box));
  }
  kmc_options table;
  for (const auto& domain : options.domains) {
    auto& servers = table.domains[domain.id];
    servers.archive = archives_[domain.id];
    for (const auto& box : boxes_) {
      if (box.oak && !servers.oak && serves(box.plan, domain.id))
        servers.oak = box.oak;
      if (box.brass && !servers.brass && serves(box.plan, domain.id))
        servers.brass = box.brass;
    }
  }
  kmc_ = system.spawn(key_management_computer, table, around_);
  kdc_ = system.spawn(key_distribution_computer, kmc_, around_);
  caf::anon_send(kmc_, kdc_connected{{}, kdc_});
  for (auto& box : boxes_) {
    if (box.plan.type != box_type::steel)
      continue;
    box.line = system.spawn(psr_computer, kdc_, around_.time);
    box.common = box.steel = system.spawn(steel_box, box_place{box.plan.slot, box.plan.type}, around_, box.line);
    caf::anon_send(box.line, steel_connected{{}, box.steel});
  }
  capture_ = system.spawn(data_capture_system, kmc_, options.mail_batch);
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
  for (const auto& box : boxes_)
    if (box.line)
      caf::anon_send(box.line, meter_connected{{}, options.number, line});
  return line;
}

void site::connect_steel(const site_box& box, const box_id& id) {
  caf::anon_send(kdc_, psr_connected{{}, id, box.line});
}

const site_box* site::steel_for(const domain_id& domain) const {
  for (const auto& box : boxes_)
    if (box.plan.type == box_type::steel && serves(box.plan, domain))
      return &box;
  return nullptr;
}

void site::stop() {
  auto end = [](const auto& actor) {
    if (actor)
      caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  };
  for (const auto& meter : meters_)
    end(meter);
  end(capture_);
  for (const auto& box : boxes_) {
    end(box.line);
    end(box.common);
  }
  end(kdc_);
  end(kmc_);
  for (const auto& [domain, actor] : archives_)
    end(actor);
  end(journal_);
}

} // namespace oaksteel
