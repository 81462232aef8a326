#pragma once
// What a running node does when its operator asks: it tells the actors, and answers when they do, which is when all is
// durable. What a step of a ceremony consists of stands in carry_out.hpp.

#include "actors/operators.hpp"
#include "node/configuration.hpp"
#include "node/requests.hpp"
#include "node/site.hpp"

#include <caf/blocking_actor.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <set>

namespace oaksteel {

struct signed_request;

/// Another node of the deployment, as this one sees it.
struct neighbour_state {
  std::string node;
  bool reached = false; ///< commands can go there
  bool came = false;    ///< commands can come from there
  bool plan_differs = false;
  std::string missed;   ///< why it is not reached, where a connection was tried and is not there
  std::optional<std::chrono::microseconds> ahead; ///< its clock, before this one's
};

class operations {
public:
  /// All of them must outlive every actor that start() makes. `operators` notes what is asked and refused; `seen`: how the
  /// other nodes are seen, where there are any.
  operations(const node_configuration& plan, site& hosted, const log& written, randomness& random, clock& time,
             operators_actor operators, std::function<std::vector<neighbour_state>()> seen)
    : plan_(plan), site_(hosted), log_(written), random_(random), time_(time), operators_(std::move(operators)),
      seen_(std::move(seen)) {}

  /// Works on a request in an actor of its own and hands over the answer, once.
  void start(caf::actor_system& system, requests::any_request request, std::function<void(requests::answer)> done);
  void start(caf::actor_system& system, signed_request request, std::function<void(requests::answer)> done);

  /// Gives the boxes of this node what they lack and another node's Manufacturing box has by now. Does nothing while it is
  /// at it already.
  void bring_up_to_date(caf::actor_system& system);

  /// The node is about to end: what would be waited for longer is answered now.
  void end() { ending_ = true; }

private:
  class task;
  class only_one;

  template <class Request>
  void work(caf::actor_system& system, Request request, std::function<void(requests::answer)> done);

  const node_configuration& plan_;
  site& site_;
  const log& log_;
  randomness& random_;
  clock& time_;
  operators_actor operators_;
  std::function<std::vector<neighbour_state>()> seen_;
  std::atomic<std::uint64_t> heads_ = 0;
  std::atomic<bool> ending_ = false;
  std::atomic<bool> updating_ = false;
  static constexpr unsigned signed_tasks_limit = 64, signed_tasks_own_limit = 8; ///< commands of operators at once, and of one
  std::mutex beginning_;
  std::map<label, unsigned> signed_tasks_; ///< by operator; under beginning_
  std::set<label> initialising_; ///< slots whose box takes its id now; under beginning_
};

} // namespace oaksteel
