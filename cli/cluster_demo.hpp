#pragma once
// `oaksteel cluster demo`: the nodes of a deployment as processes on this machine, with a day of work across them, over TLS.

#include <filesystem>

namespace oaksteel {

struct cluster_demo_arguments {
  std::filesystem::path deployment; ///< plan.toml and a NODE.toml for each node, all addresses on this machine
  std::filesystem::path data;       ///< new or empty; everything is in it, and stays
  unsigned meters = 24;             ///< that get keys; a sixth of them is not registered
  unsigned pieces = 20;             ///< that each registered one prints
};

/// The exit status (output.hpp): exit_refused when anything did not come out as it must.
int cluster_demo(const cluster_demo_arguments& arguments);

} // namespace oaksteel
