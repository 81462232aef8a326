#pragma once
// The configuration table of Level 3 (EP-28; EP Fig. 21).

#include "events/ids.hpp"

#include <set>

namespace oaksteel {

/// What a component's node knows of.
struct configuration_table {
  std::set<domain_id> domains;
  bool every_domain = false; ///< any may come: a meter that is told none takes the keys of each
};

} // namespace oaksteel
