#pragma once
// `oaksteel node`, `status`, `box`, `domain`, `key`, `meter register` and `verify`: running a node, and operating one that
// runs. Each returns the exit status (output.hpp).

#include "node/requests.hpp"

#include <filesystem>

namespace oaksteel {

/// Checks a configuration and says what it hosts.
int node_check(const std::filesystem::path& configuration, bool json);
/// Runs a node until SIGTERM or SIGINT.
int node_run(const std::filesystem::path& configuration);

/// Which node is asked: by its user on its own machine, through its data directory; or by an operator over the network.
struct operate_arguments {
  std::filesystem::path data;
  bool json = false;
  std::string node;           ///< its name in the plan
  std::filesystem::path plan; ///< of the deployment: where its nodes are
  std::filesystem::path as;   ///< the operator's folder (`oaksteel pki issue operator`)
  std::string id;             ///< of the command; drawn when left out
};

/// Asks the node and prints the boxes or domains of the answer. What only asks works without a node too, from
/// the log: no box is enabled then.
int operate(const operate_arguments& arguments, const requests::any_request& request);
/// Has a box test itself; exit_refused when it does not pass.
int box_selftest(const operate_arguments& arguments, const label& box);
/// Has something done with a meter's keys; exit_refused when it was not done in every domain.
int order_for(const operate_arguments& arguments, const sequence_number& meter, const requests::any_request& request);
int key_show(const operate_arguments& arguments, const key_id& key);
/// Verifies a file of mail (node/mail_file.hpp); exit_refused when a piece is not good.
int verify_file(const operate_arguments& arguments, const std::filesystem::path& file,
                const std::vector<domain_id>& domains);
/// One node, or all nodes of the plan where none is named; exit_io when one does not answer.
int show_status(const operate_arguments& arguments);
/// One box of the list.
int box_status(const operate_arguments& arguments, const label& box);

} // namespace oaksteel
