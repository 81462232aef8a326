#pragma once
// A line with its port and its actor: how a process has one end of it.

#include "actors/link/line_owner.hpp"
#include "node/line_port.hpp"

#include <caf/actor_system.hpp>

namespace oaksteel {

class real_line {
public:
  /// Takes a port that is open; begin() starts it.
  explicit real_line(line_port port, std::string name) : port_(std::move(port)), name_(std::move(name)) {}
  ~real_line() { stop(); }
  real_line(const real_line&) = delete;
  real_line& operator=(const real_line&) = delete;

  /// Makes the actor: `near` at the end before a component, null at the PSR's. `involved` is named in its errors.
  line_actor begin(caf::actor_system& system, carrier_actor near, std::vector<participant> involved);
  /// Ends the port's thread; the actor is ended by whoever ends the others. Before the actor system goes.
  void stop() { port_.stop(); }

private:
  line_port port_;
  std::string name_;
};

} // namespace oaksteel
