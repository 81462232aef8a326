#pragma once
// What the house gives every actor: clock, random numbers, workers, the log to read and the journal to
// write through. Passed in, so that a scenario can run in virtual time from a seed.

#include "actors/actors.hpp"
#include "actors/noise_supply.hpp"
#include "crypto/random.hpp"
#include "crypto/self_test.hpp"
#include "events/audit_times.hpp"
#include "storage/log.hpp"

#include <functional>
#include <memory>

namespace oaksteel {

/// Never gives the same reading twice: max(now, last + 1). Safe from any thread.
class clock {
public:
  virtual ~clock() = default;
  virtual instant now() = 0;
};

/// The machine's clock, beginning after `last`.
std::unique_ptr<clock> system_clock_after(instant last);

/// Runs long work (RSA) away from the actors that others wait for.
class workers {
public:
  virtual ~workers() = default;
  /// Runs `job`, then sends work_done{ticket} to `client`. A job does not throw.
  virtual void run(std::function<void()> job, const worker_client& client, std::uint64_t ticket) = 0;
};

/// `threads` threads with one queue.
std::unique_ptr<workers> thread_workers(unsigned threads);
/// Runs each job at once, in the caller's thread: for simulation.
std::unique_ptr<workers> inline_workers();

/// How a shell groups its commands.
struct shell_limits {
  std::size_t batch = 64;     ///< commands that share one signature and one wrapped key
  std::size_t in_flight = 2;  ///< batches that may be with the workers at once
  /// How long a command that shares private-key operations with its batch waits for others to share them with: what one batch
  /// sent out comes to the next box one by one. 0: not at all, as in simulation.
  std::chrono::microseconds gather{0};
};

struct surroundings {
  log* journal_log = nullptr; ///< to read; only the journal writes
  clock* time = nullptr;
  randomness* random = nullptr;
  workers* work = nullptr;
  journal_actor journal;
  shell_limits limits;
  std::function<void(const storage_error&)> media_failed; ///< no share can be put there: for who runs the site
  noise_supply* noise = nullptr; ///< of the boxes' generators; null: taken from streams of `random`
  degraded_work degraded = degraded_work::allowed; ///< of a box with two generators (EP-11)
  std::chrono::microseconds clock_tolerance{0};    ///< by how much the clocks of others may differ (EP-18)
  const std::vector<known_answer>* answers = &known_answers(); ///< that a box computes when it tests itself

  box_clock read_clock() const { return {time->now(), clock_tolerance}; }
};

} // namespace oaksteel
