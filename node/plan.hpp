#pragma once
// What is to be where: which domains there are, which boxes stand in which slots, who their custodians are, and, where
// there are several nodes, what each of them hosts.

#include "actors/link/command.hpp"
#include "events/ids.hpp"
#include "node/line_address.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace oaksteel {

/// "vendor" or "postal" (EP Fig. 2).
inline constexpr std::string_view domain_kinds[] = {"vendor", "postal"};
inline bool is_domain_kind(std::string_view word) {
  return std::find(std::begin(domain_kinds), std::end(domain_kinds), word) != std::end(domain_kinds);
}

/// A node of a deployment over several machines.
struct node_plan {
  label name;
  line_address address;             ///< where it listens for the others
  std::vector<component> computers; ///< KMC, KDC, data capture system
  label kmc; ///< the node of the KMC that its KDC, boxes and data capture system work for (EP-4); empty: its own, or the only one

  bool has(component c) const { return std::find(computers.begin(), computers.end(), c) != computers.end(); }
};

/// The computers of a deployment, which may have several of a kind (EP-4). A party names the node of one where there are.
class computer_table {
public:
  computer_table() = default; ///< one of each, at the only node
  explicit computer_table(std::vector<node_plan> nodes) : nodes_(std::move(nodes)) {}

  /// All of a kind, in the order of their nodes.
  std::vector<party> all(component c) const;
  /// Whom a node works for. There is none where the plan must say so and does not.
  std::optional<party> kmc_for(const std::string& node) const;
  /// The KDC that works for the same KMC as a node.
  std::optional<party> kdc_for(const std::string& node) const;
  /// Where it is; empty when the plan has none.
  std::string node_of(const party& computer) const;

private:
  std::vector<node_plan> nodes_;
};

struct domain_plan {
  domain_id id;
  std::string kind; ///< one of domain_kinds
  country_code sub_domain;
  time_zone zone; ///< UTC when left out
  label archive; ///< the node that keeps its archive; empty where there is but one

  static auto fields(auto& self, auto take) { return take(self.id, self.kind, self.sub_domain, self.zone, self.archive); }
};

/// A secure box in a slot of the site; its id comes from the ceremony.
struct box_plan {
  label slot;
  label node; ///< where it stands; empty where there is but one
  box_type type = box_type::oak;
  std::vector<domain_id> domains;  ///< domain processes to make, in order; none for manufacturing
  std::optional<domain_id> active; ///< the domain that is active; the first of `domains` when left out
  unsigned threshold = 2;
  std::vector<label> custodians;   ///< one share each

  static auto fields(auto& self, auto take) {
    return take(self.slot, self.node, self.type, self.domains, self.active, self.threshold, self.custodians);
  }
  bool lists(const domain_id& domain) const {
    return std::find(domains.begin(), domains.end(), domain) != domains.end();
  }
};

/// All of a site.
struct site_plan {
  suite_id suite = suite_id::rsa3072;
  std::vector<domain_plan> domains;
  std::vector<box_plan> boxes; ///< one Manufacturing box or more among them
};

} // namespace oaksteel
