#pragma once
// Reading what a node hosts: `[[domain]]` and `[[box]]`, the same in a scenario and in a node's configuration. Their
// keys are documented in scenarios/README.md.

#include "events/box.hpp"
#include "events/generators.hpp"
#include "node/plan.hpp"
#include "node/values.hpp"

namespace oaksteel {

/// Most nodes, domains and boxes of a file.
inline constexpr std::size_t node_limit = 32;
inline constexpr std::size_t domain_limit = 32;
inline constexpr std::size_t box_limit = 64;

/// A reader that knows the domains and boxes so far.
struct plan_reader : reader {
  std::vector<node_plan> nodes; ///< empty where everything is at one
  std::vector<domain_plan> domains;
  std::vector<box_plan> boxes;
  std::filesystem::path folder; ///< of the file

  words domain_ids() const;
};

/// A suite by its name.
suite_id read_suite(reader& r, const setting& value);

/// Whether a box with one generator out may work: "allowed" or "refused" (EP-11).
degraded_work read_degraded(reader& r, const setting& value);

/// One of the domains so far.
domain_id read_domain(plan_reader& r, const setting& value);

/// All `[[node]]`; before domains and boxes.
void read_node_plans(plan_reader& r, const setting& value);

/// All `[[domain]]`.
void read_domain_plans(plan_reader& r, const setting& value);

/// All `[[box]]`, at least one of them a manufacturing box; the domains must have been read.
void read_box_plans(plan_reader& r, const setting& value);

} // namespace oaksteel
