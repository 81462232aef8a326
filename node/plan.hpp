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
  std::vector<component> computers; ///< KMC, KDC, data capture system: each at one node
};

struct domain_plan {
  domain_id id;
  std::string kind; ///< one of domain_kinds
  country_code sub_domain;
  label archive; ///< the node that keeps its archive; empty where there is but one
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
