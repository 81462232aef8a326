#pragma once
// What a running node does when its operator asks: it tells the actors, and answers when they do, which is when all is
// durable. What a step of a ceremony consists of stands in carry_out.hpp.

#include "node/configuration.hpp"
#include "node/requests.hpp"
#include "node/site.hpp"

#include <caf/blocking_actor.hpp>

#include <atomic>
#include <functional>
#include <mutex>
#include <set>

namespace oaksteel {

class operations {
public:
  /// All of them must outlive every actor that start() makes.
  operations(const node_configuration& plan, site& hosted, const log& written, randomness& random)
    : plan_(plan), site_(hosted), log_(written), random_(random) {}

  /// Works on a request in an actor of its own and hands over the answer, once.
  void start(caf::actor_system& system, requests::any_request request, std::function<void(requests::answer)> done);

  /// Gives the boxes of this node what they lack and another node's Manufacturing box has by now. Does nothing while it is
  /// at it already.
  void bring_up_to_date(caf::actor_system& system);

  /// The node is about to end: what would be waited for longer is answered now.
  void end() { ending_ = true; }

private:
  class task;
  class only_one;

  const node_configuration& plan_;
  site& site_;
  const log& log_;
  randomness& random_;
  std::atomic<std::uint64_t> heads_ = 0;
  std::atomic<bool> ending_ = false;
  std::atomic<bool> updating_ = false;
  std::mutex beginning_;
  std::set<label> initialising_; ///< slots whose box takes its id now; under beginning_
};

} // namespace oaksteel
