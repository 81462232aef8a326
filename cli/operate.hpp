#pragma once
// `oaksteel node`, `box`, `domain` and `key`: running a node, and operating one that runs. Each returns the exit status
// (output.hpp).

#include "node/requests.hpp"

#include <filesystem>

namespace oaksteel {

/// Checks a configuration and says what it hosts.
int node_check(const std::filesystem::path& configuration, bool json);
/// Runs a node until SIGTERM or SIGINT.
int node_run(const std::filesystem::path& configuration);

struct operate_arguments {
  std::filesystem::path data;
  bool json = false;
};

/// Asks the node on `data` and prints the boxes or domains of the answer. What only asks works without a node too, from
/// the log: no box is enabled then.
int operate(const operate_arguments& arguments, const requests::any_request& request);
/// Has a box test itself; exit_refused when it does not pass.
int box_selftest(const operate_arguments& arguments, const label& box);
/// Has a meter get keys; exit_refused when one of them does not come in.
int key_request(const operate_arguments& arguments, const requests::request_key& request);
/// One box of the list.
int box_status(const operate_arguments& arguments, const label& box);

} // namespace oaksteel
