// The ceremony of a scenario: the runner plays the KMC's operator and the custodians. Every part of it can be
// done again; what is there already is left alone.

#include "scenarios/stage.hpp"
#include "storage/archive.hpp"
#include "storage/event_codec.hpp"
#include "storage/files.hpp"
#include "storage/find_event.hpp"

namespace oaksteel {

std::optional<box_id> stage::id_of(const site_box& box) const {
  const auto view = opened_.written.view();
  auto initialised = find_event<box_initialised>(view, lookup::box_in_slot, box.plan.slot.text);
  return initialised ? std::optional{initialised->event.box} : std::nullopt;
}

secure_box stage::state_of(const box_id& id) const {
  auto row = opened_.written.view().row({stream_kind::box, id.text()});
  auto state = row ? decode<secure_box>(row->state) : expected<secure_box, std::string>{secure_box{}};
  return state ? *state : secure_box{};
}

std::filesystem::path stage::media() const {
  return options_.data / "media";
}

void stage::initialise(const site_box& box) {
  if (id_of(box))
    return;
  set_secure_box_id order;
  order.slot = box.plan.slot;
  order.threshold = static_cast<std::uint8_t>(box.plan.threshold);
  order.custodians = box.plan.custodians;
  order.suite = scenario_.plan.suite;
  order.media = media();
  if (&box == &site_->manufacturing()) {
    order.id = {box_type::manufacturing, 1};
    // The first box reserves nothing: its id is given (EP Fig. 22).
  } else {
    auto allocated = ask<box_id_allocated>(site_->manufacturing().manufacturing,
                                           allocate_box_id{{}, box.plan.slot, box.plan.type},
                                           "allocating an id for " + box.plan.slot.text);
    order.id = allocated.id;
    order.order_signature = allocated.order_signature;
  }
  ask<box_id_set>(box.common, order, "initialising " + box.plan.slot.text);
}

void stage::enable(const site_box& box) {
  const auto id = id_of(box);
  if (!id)
    return;
  for (const auto& custodian : box.plan.custodians) {
    if (state_of(*id).enabled)
      return;
    ask<box_report>(box.common, put_share{{}, custodian, media()},
                    "share of " + custodian.text + " for " + box.plan.slot.text);
  }
}

void stage::make_processes(const site_box& box) {
  const auto id = id_of(box);
  if (!id)
    return;
  for (const auto& domain : box.plan.domains) {
    if (state_of(*id).processes.contains(domain))
      continue;
    const auto what = "domain process of " + domain.text + " in " + box.plan.slot.text;
    auto offered = ask<start_up_key_offered>(box.common, offer_start_up_key{}, what);
    auto package = ask<domain_process_package>(site_->manufacturing().manufacturing,
                                               make_domain_process{{}, *id, domain, offered.spki}, what);
    take_domain_process delivery{{}, domain, package.sealed, {}};
    for (const auto& other : site_->boxes())
      if (other.plan.type == box_type::steel && box.plan.type == box_type::oak)
        if (std::find(other.plan.domains.begin(), other.plan.domains.end(), domain) != other.plan.domains.end())
          if (auto steel = id_of(other))
            delivery.steels.push_back(*steel);
    ask<acknowledged>(box.common, delivery, what);
  }
  const auto active = box.plan.active ? box.plan.active
                      : box.plan.domains.empty() ? std::nullopt
                                                 : std::optional{box.plan.domains.front()};
  if (active && state_of(*id).active != active)
    ask<acknowledged>(box.common, activate_domain{{}, *active}, "active domain of " + box.plan.slot.text);
}

void stage::take(const ceremony_step&) {
  const auto& boxes = site_->boxes();
  const auto all = 2 * boxes.size() + scenario_.plan.domains.size();
  std::size_t done = 0;
  // Each custodian brings a medium.
  for (const auto& box : boxes)
    for (const auto& custodian : box.plan.custodians) {
      std::error_code failed;
      std::filesystem::create_directories(media() / custodian.text, failed);
      for (const auto& folder : {media(), media() / custodian.text})
        if (!failed)
          std::filesystem::permissions(folder, std::filesystem::perms::owner_all, failed);
      if (failed)
        halt(system_error(failed.value(), "cannot be made ready", media() / custodian.text));
    }
  initialise(site_->manufacturing());
  enable(site_->manufacturing());
  for (const auto& box : boxes) {
    initialise(box);
    progress(++done, all, "box " + box.plan.slot.text);
  }
  for (const auto& domain : scenario_.plan.domains) {
    if (!opened_.written.view().row({stream_kind::domain, domain.id.text}))
      ask<acknowledged>(site_->manufacturing().manufacturing,
                        create_domain{{}, domain.id, domain.kind, domain.sub_domain}, "domain " + domain.id.text);
    progress(++done, all, "domain " + domain.id.text);
  }
  for (const auto& box : boxes) {
    enable(box);
    make_processes(box);
    progress(++done, all, "keys for " + box.plan.slot.text);
  }
  come_back();
}

void stage::come_back() {
  // Boxes that were enabled when the process ended say first that they are not any more.
  world_.settle();
  for (const auto& box : site_->boxes()) {
    const auto id = id_of(box);
    if (!id)
      continue;
    enable(box);
    if (box.plan.type == box_type::steel)
      site_->connect_steel(box, *id);
  }
  world_.settle();
  take_up_orders again;
  again.head = head();
  caf::anon_send(site_->kmc(), std::move(again));
  world_.settle();
}

} // namespace oaksteel
