#pragma once
// A node as production runs it, on a log of its own: real clock, the system's generator, two scheduler threads,
// two workers, a journal with a thread of its own and its writer. The bench plays the operator and the custodians.

#include "actors/actor_config.hpp"
#include "actors/errors.hpp"
#include "actors/messages.hpp"
#include "bench/figure.hpp"
#include "events/node.hpp"
#include "node/carry_out.hpp"
#include "storage/media.hpp"

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>

#include <future>
#include <map>
#include <optional>

namespace oaksteel::bench {

inline const domain_id domain{"VE"};

class bench_site {
public:
  /// Makes a log in `directory`, or opens the one that is there.
  bench_site(const std::filesystem::path& directory, suite_id suite, shell_limits limits, std::size_t most_meters = 1);
  ~bench_site();

  /// Four boxes and one domain; on a log that has them, their custodians come back.
  void ceremony();
  /// Puts meters on the line, with their labels.
  void add_meters(std::size_t count);

  site& actors() { return *site_; }
  log& written() { return written_; }
  const std::vector<sequence_number>& meters() const { return numbers_; }
  meter_actor meter(std::size_t i) const { return meters_[i]; }
  psr_actor line() const { return site_->box_in({"steel-1"})->line; }
  /// An order to install a key in meter `i`.
  open_order installation(std::size_t i);
  message_head head() { return {{"operator", (std::uint64_t{written_.epoch()} << 32) + ++heads_}, {}, {}}; }

  /// Asks `count` times, `window` at a time; `make(i)` gives whom and what. The answers, in order. Throws
  /// bench_failed at a refusal.
  template <class Answer, class Make>
  std::vector<Answer> ask_all(std::size_t count, std::size_t window, Make make);
  /// Asks once.
  template <class Answer, class Handle, class Message>
  Answer ask(const Handle& whom, Message m, const std::string& = {}) {
    m.head = head();
    return ask_all<Answer>(1, 1, [&](std::size_t) { return std::pair{whom, m}; }).front();
  }

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
  std::vector<sequence_number> numbers_;
  std::vector<meter_actor> meters_;
  std::atomic<std::uint64_t> heads_ = 0;
};

// --- asking ---------------------------------------------------------------------------------------------

/// Many questions of one kind under way; lives until the last answer.
template <class Answer, class Make>
struct question_run : std::enable_shared_from_this<question_run<Answer, Make>> {
  question_run(std::size_t count, Make m) : make(std::move(m)), answers(count), open(count) {}

  Make make;
  std::vector<Answer> answers;
  std::size_t next = 0;
  std::size_t open;
  bool failed = false;
  std::promise<std::string> ended; ///< empty: every answer is there

  void ask_next(caf::event_based_actor* self) {
    if (next == answers.size() || failed)
      return;
    const auto i = next++;
    auto [whom, message] = make(i);
    self->request(whom, std::chrono::minutes{10}, std::move(message))
      .then(
        [run = this->shared_from_this(), self, i](const Answer& a) {
          run->answers[i] = a;
          if (--run->open == 0)
            run->ended.set_value({});
          else
            run->ask_next(self);
        },
        [run = this->shared_from_this()](const caf::error& e) {
          if (!std::exchange(run->failed, true))
            run->ended.set_value("refused: " + std::string{text(refusal_in(e))});
        });
  }
};

template <class Answer, class Make>
std::vector<Answer> bench_site::ask_all(std::size_t count, std::size_t window, Make make) {
  auto run = std::make_shared<question_run<Answer, Make>>(count, std::move(make));
  auto ended = run->ended.get_future();
  system_->spawn([run, window](caf::event_based_actor* self) {
    for (std::size_t i = 0; i < window; ++i)
      run->ask_next(self);
  });
  if (auto problem = ended.get(); !problem.empty())
    throw bench_failed{problem};
  return std::move(run->answers);
}

} // namespace oaksteel::bench
