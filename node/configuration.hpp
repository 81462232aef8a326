#pragma once
// A node's configuration file: TOML, with the same [[domain]] and [[box]] as a scenario.
//
//   name = "factory"          who the node is, in its log
//   data = "factory"          its data directory, relative to the file
//   suite = "p256"            of the boxes that it initialises; "rsa3072" when left out
//   degraded = "refused"      whether a box with one generator out may work; "allowed" when left out
//   clock_tolerance_ms = 250  by how much the clocks of others may differ from a box's (EP-18); 0 when left out
//   report_timeout_s = 60     how long the KMC waits for the report on a key before it asks; 600 when left out
//   domain_key_set = "3f0a..."    of a node among others: SHA-256 of the domain key set that it is to believe, as `audit`
//                             prints it; when left out, the first one that it is told
//   box_wait_s = 30           how long keys and mail wait for a box that is disabled or not reached; 0 to 600
//   [[domain]] ... [[box]]    what it hosts (scenarios/README.md)
//   plan = "plan.toml"        or else, of a deployment over several nodes: the file that all of them share, with
//                             suite, [[node]], [[domain]] and [[box]] (docs/deployment.md), relative to the file
//   certificates = "pki/factory"   likewise: the folder with NAME.cert.pem, NAME.key.pem, ca.cert.pem and ca.crl.pem
//   listen = "tcp:0.0.0.0:7700"    likewise: where the node listens for the others; its address in the plan when left out
//   [[meter]]                 a meter that is a process of its own, at the other end of a line
//   number = "M0000001"
//   line = "tcp:127.0.0.1:7001"   where the node listens for it, or the path of a terminal device, relative to the file
//   steel = ["steel-1"]       the Steel boxes whose PSRs have the line; all of them when left out

#include "events/generators.hpp"
#include "node/line_address.hpp"
#include "node/plan.hpp"
#include "node/text.hpp"

namespace oaksteel {

/// Most meters on lines of a file.
inline constexpr std::size_t meter_limit = 256;

/// A meter at the other end of a line.
struct meter_plan {
  sequence_number number;
  line_address line;
  std::vector<label> steel; ///< slots of the Steel boxes beside whose PSRs it is; empty: of all of them

  /// The line leads to the PSR of this Steel box.
  bool beside(const label& slot) const {
    return steel.empty() || std::find(steel.begin(), steel.end(), slot) != steel.end();
  }
};

struct node_configuration {
  std::string name;
  std::filesystem::path data;
  suite_id suite = suite_id::rsa3072;
  degraded_work degraded = degraded_work::allowed;
  std::uint64_t clock_tolerance_ms = 0;
  std::uint64_t report_timeout_s = 0; ///< 0: the KMC's own
  std::uint64_t box_wait_s = 30;
  std::filesystem::path certificates;
  std::optional<fingerprint> domain_key_set;
  std::optional<line_address> listen;
  std::vector<node_plan> nodes; ///< empty: this one is alone
  std::vector<domain_plan> domains;
  std::vector<box_plan> boxes;
  std::vector<meter_plan> meters;

  /// The other nodes of its plan.
  std::vector<std::string> others() const;
  computer_table computers() const { return computer_table{nodes}; }
  /// The node at which a component is.
  std::string node_of(const party& p) const;
  /// SHA-256 of what all nodes of the plan must have alike: all of it but addresses.
  digest shared() const;
};

/// Reads a configuration; the error is one line for people.
expected<node_configuration, text_error> read_configuration(const std::filesystem::path& file);
/// The same from a text that lies in `file`.
expected<node_configuration, text_error> parse_configuration(std::string_view text, const std::filesystem::path& file);
/// Of a deployment only what its nodes share.
expected<node_configuration, text_error> read_deployment(const std::filesystem::path& plan);

} // namespace oaksteel
