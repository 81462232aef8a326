#pragma once
// A node among others: its connections, with a link and a door for each other node, and what goes wrong on them in the
// node's error log. What the other nodes must tell this one before its boxes can be made is asked for here, until it is
// there.

#include "actors/link/peer.hpp"
#include "actors/neighbours.hpp"
#include "node/configuration.hpp"
#include "node/operations.hpp"
#include "node/peer_port.hpp"
#include "node/raising.hpp"
#include "node/site.hpp"

#include <caf/actor_system.hpp>

#include <map>
#include <mutex>

namespace oaksteel {

class peers {
public:
  /// Begins to listen at the node's address. The error is that of the certificates or of the address.
  static stored<std::unique_ptr<peers>> open(const node_configuration& plan);
  /// As the plan has the node and its peers.
  static peer_port_options port_options(const node_configuration& plan);
  peers(const node_configuration& plan, peer_port port) : plan_(plan), port_(std::move(port)) {}

  /// Makes links and doors; for the site's options.
  neighbourhood begin(caf::actor_system& system);
  /// Lets the connections begin, once the site is there. `lacking` is called now and then: boxes may lack what another
  /// node has by now. `operated` takes what operators ask.
  void start(caf::actor_system& system, const surroundings& around, const node_state& own, site& hosted,
             std::function<void()> lacking, operator_connection::handler operated);
  /// The other nodes, as they are seen now. From any thread.
  std::vector<neighbour_state> seen() const;
  /// Into the error log, gathered: what an operator sent that is none of what he may send.
  void note(refusal why, const certificate& who, const std::string& about) const;
  /// Operators who wait are answered, but are not waited for longer than that.
  void finish(std::chrono::milliseconds limit) { port_.finish(limit); }
  /// Ends the port's thread, and the actors.
  void stop();

private:
  struct peer {
    peer_link_actor link;
    peer_door_actor door;
  };
  peer_listener listener(operator_connection::handler operated);
  void note(refusal why, const std::string& node, const std::string& about) const;
  /// Whether the node has another plan.
  void hold_plans(const std::string& node, const peer_hello& h);
  void see(const std::string& node, bool neighbour_state::*what, bool is);

  const node_configuration& plan_;
  peer_port port_;
  std::map<std::string, peer> all_; ///< by node
  caf::actor seen_of_others_; ///< tells nodes that were restored
  mutable std::mutex seeing_;
  std::map<std::string, neighbour_state> seen_; ///< by node; under seeing_
  neighbours_actor neighbours_;
  caf::actor introductions_;
};

} // namespace oaksteel
