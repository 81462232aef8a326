#pragma once
// A node as production runs it, on a log of its own: real clock, the system's generator, two scheduler threads,
// two workers, a journal with a thread of its own and its writer. The bench plays the operator and the custodians.

#include "actors/actor_config.hpp"
#include "bench/bench_operator.hpp"
#include "node/carry_out.hpp"

namespace oaksteel::bench {

class bench_site {
public:
  /// Makes a log in `directory`, or opens the one that is there.
  bench_site(const std::filesystem::path& directory, suite_id suite, shell_limits limits, std::size_t most_meters = 1);
  ~bench_site();

  /// Four boxes and one domain; on a log that has them, their custodians come back.
  void ceremony();
  site& actors() { return *site_; }
  log& written() { return written_; }
  /// Who works there.
  bench_operator& hands() { return *hands_; }

private:
  void carry_out(const ceremony_step& step);

  std::filesystem::path media_;
  suite_id suite_;
  log written_;
  erasable_slots slots_;
  std::unique_ptr<clock> time_;
  std::unique_ptr<randomness> random_;
  std::unique_ptr<noise_supply> noise_ = machine_noise();
  std::unique_ptr<workers> workers_;
  std::unique_ptr<workers> writer_;
  log_key key_;
  actor_config config_;
  std::unique_ptr<caf::actor_system> system_;
  std::unique_ptr<site> site_;
  std::unique_ptr<bench_operator> hands_;
};

} // namespace oaksteel::bench
