#include "node/plan.hpp"

namespace oaksteel {

std::vector<party> computer_table::all(component c) const {
  if (nodes_.empty())
    return {{c, {}}};
  std::vector<party> found;
  for (const auto& n : nodes_)
    if (n.has(c))
      found.push_back({c, n.name.text});
  if (found.size() == 1)
    found.front().of.clear();
  return found;
}

std::optional<party> computer_table::kmc_for(const std::string& node) const {
  const auto kmcs = all(component::kmc);
  if (kmcs.size() == 1)
    return kmcs.front();
  for (const auto& n : nodes_)
    if (n.name.text == node) {
      const auto& at = n.has(component::kmc) ? n.name : n.kmc;
      return at.empty() ? std::nullopt : std::optional{party{component::kmc, at.text}};
    }
  return std::nullopt;
}

std::optional<party> computer_table::kdc_for(const std::string& node) const {
  const auto kmc = kmc_for(node);
  for (const auto& kdc : all(component::kdc))
    if (kmc && kmc_for(node_of(kdc)) == kmc)
      return kdc;
  return std::nullopt;
}

std::string computer_table::node_of(const party& computer) const {
  for (const auto& n : nodes_)
    if (n.has(computer.part) && (computer.of.empty() || computer.of == n.name.text))
      return n.name.text;
  return {};
}

} // namespace oaksteel
