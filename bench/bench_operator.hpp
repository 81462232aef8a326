#pragma once
// Who works at a site: its operator, and meters on the lines of its PSRs.

#include "actors/errors.hpp"
#include "actors/messages.hpp"
#include "bench/figure.hpp"
#include "node/site.hpp"
#include "storage/log.hpp"
#include "storage/media.hpp"

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>

#include <future>

namespace oaksteel::bench {

inline const domain_id domain{"VE"};
inline const std::vector<label> custodians{{"Ada"}, {"Bela"}}; ///< of every box

/// Of installations, in one process or across several; a Steel box has room for 96 open ones.
inline constexpr std::size_t keys_in_flight = 80;
/// What a slice measures and what it installs: the first and the last that are in flight are not measured, since there are
/// fewer beside them.
inline constexpr std::size_t keys_of_a_slice = 240;
constexpr std::size_t installed_for(std::size_t measured) { return measured + 2 * keys_in_flight; }
/// Likewise of verifications.
inline constexpr std::size_t pieces_of_a_meter = 24, batch_size = 1000, batches_in_flight = 4;
/// Events of a long log.
inline constexpr std::uint64_t long_log = 1'000'000;

class bench_operator {
public:
  /// System, site and log outlive this; the slots, in which meters keep their keys, every actor.
  bench_operator(caf::actor_system& system, site& hosted, const log& written, erasable_slots& slots)
    : system_(system), hosted_(hosted), written_(written), slots_(slots) {}

  /// Puts meters on the line, with their labels.
  void add_meters(std::size_t count);
  const std::vector<sequence_number>& meters() const { return numbers_; }
  meter_actor meter(std::size_t i) const { return meters_[i]; }
  /// Of the Steel box in slot `steel-1`.
  psr_actor line() const { return hosted_.box_in({"steel-1"})->line; }
  /// An order to install a key in meter `i`.
  open_order installation(std::size_t i);
  message_head head() { return {{"operator", (std::uint64_t{written_.epoch()} << 32) + ++heads_}, {}, {}}; }

  /// Asks `count` times, `window` at a time; `make(i)` gives whom and what. The answers, in order. Throws
  /// bench_failed at a refusal. `answered` has when each answer came, in time order.
  using moments = std::vector<std::chrono::steady_clock::time_point>;
  template <class Answer, class Make>
  std::vector<Answer> ask_all(std::size_t count, std::size_t window, Make make, moments* answered = nullptr);
  /// Asks once.
  template <class Answer, class Handle, class Message>
  Answer ask(const Handle& whom, Message m, const std::string& = {}) {
    m.head = head();
    return ask_all<Answer>(1, 1, [&](std::size_t) { return std::pair{whom, m}; }).front();
  }

  /// Installs a key in each of installed_for(`count`) new meters, keys_in_flight at a time, from order to settled MI10; keys
  /// a second while all of these are under way.
  double install_rate(std::size_t count) { return rate_of(install(installed_for(count))); }
  /// Installs a key in `count` new meters; when each was done.
  moments install(std::size_t count);
  /// What `meters` new ones print once they are installed and registered, shuffled into batches.
  using batch = std::shared_ptr<const std::vector<indicium>>;
  std::vector<batch> make_mail(std::size_t meters);
  /// Has KMC or data capture system verify all of it, batches_in_flight at a time; pieces a second. Every piece is good.
  template <class Handle>
  double verify(const Handle& whom, const std::vector<batch>& mail) {
    std::size_t pieces = 0;
    const auto took = time_of([&] {
      const auto results = ask_all<mail_verified>(mail.size(), batches_in_flight, [&](std::size_t i) {
        return std::pair{whom, verify_mail{{head()}, "mail/" + std::to_string(i), {domain}, mail[i]}};
      });
      for (const auto& r : results)
        for (auto verdict_given : r.results.front().verdicts)
          if (++pieces; verdict_given != verdict::good)
            throw bench_failed{"a good piece got another verdict"};
    });
    return static_cast<double>(pieces) / took.count();
  }

private:
  static double rate_of(const moments& done);

  caf::actor_system& system_;
  site& hosted_;
  const log& written_;
  erasable_slots& slots_;
  std::vector<sequence_number> numbers_;
  std::vector<meter_actor> meters_;
  std::atomic<std::uint64_t> heads_ = 0;
};

/// Room for the keys of so many meters.
erasable_slots meter_memory(const std::filesystem::path& file, std::size_t meters);

// --- asking ---------------------------------------------------------------------------------------------

/// Many questions of one kind under way; lives until the last answer.
template <class Answer, class Make>
struct question_run : std::enable_shared_from_this<question_run<Answer, Make>> {
  question_run(std::size_t count, Make m) : make(std::move(m)), answers(count), open(count) {}

  Make make;
  std::vector<Answer> answers;
  bench_operator::moments answered;
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
          run->answered.push_back(std::chrono::steady_clock::now());
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
std::vector<Answer> bench_operator::ask_all(std::size_t count, std::size_t window, Make make, moments* answered) {
  auto run = std::make_shared<question_run<Answer, Make>>(count, std::move(make));
  auto ended = run->ended.get_future();
  system_.spawn([run, window](caf::event_based_actor* self) {
    for (std::size_t i = 0; i < window; ++i)
      run->ask_next(self);
  });
  if (auto problem = ended.get(); !problem.empty())
    throw bench_failed{problem};
  if (answered)
    *answered = std::move(run->answered);
  return std::move(run->answers);
}

} // namespace oaksteel::bench
