#pragma once
// A network of hosts on this machine: network namespaces, a pair of virtual cables between each two. Where that is not
// permitted, or `ip` (iproute2) is not there, tests say so and leave it at that.

#include "tests/program.hpp"

#include <cstdlib>
#include <iostream>

#include <unistd.h>

namespace oaksteel::testing {

class network {
public:
  /// True when this process may make one; else says why not.
  static bool possible() {
    const auto probe = "oaksteel-" + std::to_string(getpid()) + "-probe";
    const bool made = run("ip netns add " + probe + " 2>/dev/null");
    const bool works =
        made && run("ip netns exec " + probe + " ip link add oak-a type veth peer name oak-b 2>/dev/null");
    if (made)
      run("ip netns del " + probe);
    if (!works)
      std::cout << "SKIPPED: no network namespaces here (they need root, or CAP_SYS_ADMIN, and iproute2)" << std::endl;
    return works;
  }

  explicit network(unsigned hosts) : hosts_(hosts) {
    try {
      make();
    } catch (...) {
      remove();
      throw;
    }
  }
  network(const network&) = delete;
  network& operator=(const network&) = delete;
  ~network() { remove(); }

  static std::string address(unsigned host) { return "10.77.0." + std::to_string(host + 1); }
  /// What goes in front of a command that is to run on a host.
  std::vector<std::string> on(unsigned host) const { return {"ip", "netns", "exec", name(host)}; }

  /// From now on nothing that one of two hosts sends reaches the other, and neither is told: frames go to nobody's
  /// address.
  void part(unsigned one, unsigned other) const {
    for (const auto& [i, j] : {std::pair{one, other}, {other, one}})
      in(i, "ip neigh replace " + address(j) + " lladdr 02:00:00:00:00:01 dev " + cable(i, j) + " nud permanent");
  }
  void join(unsigned one, unsigned other) const {
    for (const auto& [i, j] : {std::pair{one, other}, {other, one}})
      in(i, "ip neigh del " + address(j) + " dev " + cable(i, j));
  }

private:
  void make() const {
    for (unsigned i = 0; i < hosts_; ++i) {
      must("ip netns add " + name(i));
      in(i, "ip link set lo up");
      in(i, "ip addr add " + address(i) + "/32 dev lo");
    }
    for (unsigned i = 0; i < hosts_; ++i)
      for (unsigned j = i + 1; j < hosts_; ++j) {
        must("ip link add " + cable(i, j) + " netns " + name(i) + " type veth peer name " + cable(j, i) + " netns " +
             name(j));
        lead(i, j);
        lead(j, i);
      }
  }
  void remove() const {
    for (unsigned i = 0; i < hosts_; ++i)
      run("ip netns del " + name(i) + " 2>/dev/null");
  }
  static bool run(const std::string& command) { return std::system(command.c_str()) == 0; }
  static void must(const std::string& command) { BOOST_REQUIRE_MESSAGE(run(command), command); }
  static std::string name(unsigned host) { return "oaksteel-" + std::to_string(getpid()) + '-' + std::to_string(host); }
  static std::string cable(unsigned from, unsigned to) {
    return "oak" + std::to_string(from) + '-' + std::to_string(to);
  }
  void in(unsigned host, const std::string& command) const { must("ip netns exec " + name(host) + ' ' + command); }
  void lead(unsigned from, unsigned to) const {
    in(from, "ip link set " + cable(from, to) + " up");
    in(from, "ip route add " + address(to) + "/32 dev " + cable(from, to) + " src " + address(from));
  }

  unsigned hosts_;
};

} // namespace oaksteel::testing
