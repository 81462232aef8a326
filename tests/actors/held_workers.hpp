#pragma once
// Workers that do nothing until they are told to.

#include "actors/messages.hpp"
#include "actors/surroundings.hpp"

#include <caf/send.hpp>
#include <caf/typed_actor.hpp>

#include <vector>

namespace oaksteel::testing {

/// Keeps jobs until they are run, in any order; or, while `holding` is false, runs them at once.
class held_workers final : public workers {
public:
  void run(std::function<void()> job, const worker_client& client, std::uint64_t ticket) override {
    jobs.push_back({std::move(job), client, ticket});
    ++count;
    if (!holding)
      work(jobs.size() - 1);
  }
  void work(std::size_t index) {
    auto j = std::move(jobs.at(index));
    jobs.erase(jobs.begin() + static_cast<std::ptrdiff_t>(index));
    j.job();
    work_done notice;
    notice.ticket = j.ticket;
    caf::anon_send(j.client, std::move(notice));
  }
  struct held {
    std::function<void()> job;
    worker_client client;
    std::uint64_t ticket;
  };
  std::vector<held> jobs;
  std::size_t count = 0;
  bool holding = true; ///< else each job is done as it comes
};

} // namespace oaksteel::testing
