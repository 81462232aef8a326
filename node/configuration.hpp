#pragma once
// A node's configuration file: TOML, with the same [[domain]] and [[box]] as a scenario.
//
//   name = "factory"          who the node is, in its log
//   data = "factory"          its data directory, relative to the file
//   suite = "p256"            of the boxes that it initialises; "rsa3072" when left out
//   degraded = "refused"      whether a box with one generator out may work; "allowed" when left out
//   clock_tolerance_ms = 250  by how much the clocks of others may differ from a box's (EP-18); 0 when left out
//   [[domain]] ... [[box]]    what it hosts (scenarios/README.md)

#include "events/generators.hpp"
#include "node/plan.hpp"
#include "node/text.hpp"

namespace oaksteel {

struct node_configuration {
  std::string name;
  std::filesystem::path data;
  suite_id suite = suite_id::rsa3072;
  degraded_work degraded = degraded_work::allowed;
  std::uint64_t clock_tolerance_ms = 0;
  std::vector<domain_plan> domains;
  std::vector<box_plan> boxes;
};

/// Reads a configuration; the error is one line for people.
expected<node_configuration, text_error> read_configuration(const std::filesystem::path& file);
/// The same from a text that lies in `file`.
expected<node_configuration, text_error> parse_configuration(std::string_view text, const std::filesystem::path& file);

} // namespace oaksteel
