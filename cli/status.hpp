#pragma once
// The nodes of a deployment, who is connected to whom, boxes and their state, keys by status.

#include "cli/operate.hpp"
#include "node/plan.hpp"
#include "storage/files.hpp"

namespace oaksteel {

/// What came of asking one node.
struct node_answer {
  label name;
  stored<requests::answer> said;

  /// Why nothing is known of it.
  std::optional<std::string> problem() const;
};

/// Each of these nodes, one after another; `as` is the operator's folder.
std::vector<node_answer> ask_nodes(const std::vector<node_plan>& nodes, const std::filesystem::path& as);

/// As tables, on standard output.
void print_status(const std::vector<node_answer>& nodes);

} // namespace oaksteel
