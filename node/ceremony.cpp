#include "node/ceremony.hpp"

#include <algorithm>

namespace oaksteel {
namespace {

void append(ceremony_steps& steps, const ceremony_steps& more) {
  steps.insert(steps.end(), more.begin(), more.end());
}

/// The Manufacturing boxes in order; the first one is the source of all others.
std::vector<const box_plan*> manufacturing_boxes(const site_plan& plan) {
  std::vector<const box_plan*> found;
  for (const auto& box : plan.boxes)
    if (box.type == box_type::manufacturing)
      found.push_back(&box);
  return found;
}

bool among(const std::vector<domain_id>& domains, const domain_id& domain) {
  return std::find(domains.begin(), domains.end(), domain) != domains.end();
}

/// EP: "Any time domains are added to a Manufacturing Box 23, other initialized Manufacturing Boxes must be updated".
void create(ceremony_steps& steps, const std::vector<const box_plan*>& all, const domain_id& domain) {
  using enum ceremony_act;
  const auto& source = all.front()->slot;
  steps.push_back({create_domain, source, {}, {}, domain});
  for (std::size_t i = 1; i < all.size(); ++i)
    steps.push_back({make_domain_process, all[i]->slot, source, {}, domain});
}

} // namespace

ceremony_steps enabling(const box_plan& box) {
  using enum ceremony_act;
  ceremony_steps steps;
  for (std::size_t i = 0; i < box.threshold && i < box.custodians.size(); ++i)
    steps.push_back({enter_share, box.slot, {}, box.custodians[i], {}});
  return steps;
}

ceremony_steps disabling(const box_plan& box) {
  using enum ceremony_act;
  const auto last = std::min<std::size_t>(box.threshold, box.custodians.size());
  return last ? ceremony_steps{{remove_share, box.slot, {}, box.custodians[last - 1], {}}} : ceremony_steps{};
}

ceremony_steps activation(const box_plan& box, const domain_id& domain) {
  using enum ceremony_act;
  return {{activate_domain, box.slot, {}, {}, domain}};
}

ceremony_steps first_ceremony(const site_plan& plan, const std::vector<domain_id>& later) {
  using enum ceremony_act;
  ceremony_steps steps;
  const auto all = manufacturing_boxes(plan);
  const auto& source = *all.front();
  steps.push_back({set_first_id, source.slot, {}, {}, {}});
  append(steps, enabling(source));
  for (const auto& box : plan.boxes) {
    if (box.slot == source.slot)
      continue;
    steps.push_back({enrol, box.slot, source.slot, {}, {}});
    if (box.type != box_type::manufacturing)
      continue;
    append(steps, enabling(box));
    steps.push_back({hand_over_key_set, box.slot, source.slot, {}, {}});
  }
  for (const auto& domain : plan.domains)
    if (!among(later, domain.id))
      create(steps, all, domain.id);
  for (const auto& box : plan.boxes) {
    if (box.type == box_type::manufacturing)
      continue;
    append(steps, enabling(box));
    std::optional<domain_id> first;
    for (const auto& domain : box.domains)
      if (!among(later, domain)) {
        steps.push_back({make_domain_process, box.slot, source.slot, {}, domain});
        if (!first)
          first = domain;
      }
    if (box.active && box.active != first && !among(later, *box.active))
      append(steps, activation(box, *box.active));
  }
  for (const auto* box : all)
    append(steps, disabling(*box));
  return steps;
}

ceremony_steps deployment_ceremony(const site_plan& plan) {
  using enum ceremony_act;
  ceremony_steps steps;
  const auto& source = *manufacturing_boxes(plan).front();
  steps.push_back({set_first_id, source.slot, {}, {}, {}});
  append(steps, enabling(source));
  for (const auto& domain : plan.domains)
    steps.push_back({create_domain, source.slot, {}, {}, domain.id});
  for (const auto& box : plan.boxes) {
    if (box.slot == source.slot)
      continue;
    steps.push_back({enrol, box.slot, source.slot, {}, {}});
    append(steps, enabling(box));
    if (box.type == box_type::manufacturing) {
      steps.push_back({hand_over_key_set, box.slot, source.slot, {}, {}});
      for (const auto& domain : plan.domains)
        steps.push_back({make_domain_process, box.slot, source.slot, {}, domain.id});
      continue;
    }
    for (const auto& domain : box.domains)
      steps.push_back({make_domain_process, box.slot, source.slot, {}, domain});
    if (box.active && !box.domains.empty() && box.active != box.domains.front())
      append(steps, activation(box, *box.active));
  }
  return steps;
}

ceremony_steps domain_ceremony(const site_plan& plan, const domain_id& domain) {
  using enum ceremony_act;
  ceremony_steps steps;
  const auto all = manufacturing_boxes(plan);
  for (const auto* box : all)
    append(steps, enabling(*box));
  create(steps, all, domain);
  for (const auto& box : plan.boxes)
    if (box.type != box_type::manufacturing && box.lists(domain)) {
      steps.push_back({make_domain_process, box.slot, all.front()->slot, {}, domain});
      if (box.active == domain)
        append(steps, activation(box, domain));
    }
  for (const auto* box : all)
    append(steps, disabling(*box));
  return steps;
}

} // namespace oaksteel
