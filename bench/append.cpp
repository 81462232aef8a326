// append_*: durable appends through the journal actor, against the same bytes appended to one LMDB table in the
// same batches on the same disk.

#include "actors/actor_config.hpp"
#include "actors/journal.hpp"
#include "bench/figure.hpp"
#include "bench/lives.hpp"
#include "bench/plain_table.hpp"

#include <caf/actor_system.hpp>
#include <caf/send.hpp>

#include <cmath>
#include <condition_variable>
#include <mutex>

namespace oaksteel::bench {
namespace {

/// Events that lie in both before the first slice.
constexpr std::size_t events_before = 200'000;
constexpr auto slice = std::chrono::milliseconds{250};

/// What the producers of a slice share.
struct slice_state {
  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> commits = 0;
  std::atomic<std::uint64_t> events = 0;
  std::atomic<bool> failed = false;

  void begin(std::size_t producers) {
    std::lock_guard guard{mutex_};
    stop = false;
    commits = events = 0;
    running_ = producers;
  }
  void one_ended() {
    std::lock_guard guard{mutex_};
    if (--running_ == 0)
      ended_.notify_all();
  }
  void wait_for_end() {
    std::unique_lock guard{mutex_};
    ended_.wait(guard, [this] { return running_ == 0; });
  }

private:
  std::mutex mutex_;
  std::condition_variable ended_;
  std::size_t running_ = 0;
};

/// Has one request with the journal at a time, from `ok_atom` until the slice is over.
using producer_actor = shell_client::extend<caf::reacts_to<caf::ok_atom>>;

struct producer_state {
  static inline const char* name = "producer";
  std::unique_ptr<life_source> source;
  std::uint64_t tickets = 0;
};

producer_actor::behavior_type producer(producer_actor::stateful_pointer<producer_state> self, journal_actor to,
                                       std::size_t batch, std::atomic<std::uint64_t>* lives, slice_state* shared) {
  self->state.source = std::make_unique<life_source>(batch, *lives);
  auto order = [self, to] {
    append_order next;
    next.client = shell_client{self};
    next.ticket = ++self->state.tickets;
    next.request = self->state.source->next();
    self->send(to, std::move(next));
  };
  return {
    [](const work_done&) {},
    [shared, order](const append_done& m) {
      if (m.failure)
        shared->failed = true;
      if (m.failure || shared->stop)
        shared->one_ended();
      else
        order();
    },
    [order](caf::ok_atom) { order(); },
  };
}

/// The journal with its producers.
class journal_side {
public:
  journal_side(const std::filesystem::path& directory, std::size_t producers, std::size_t batch, std::size_t before)
    : written_(new_log(directory)), time_(system_clock_after({1})), key_(log_key::generate(blinding_generator())),
      system_(config_) {
    fill(written_, before, lives_);
    journal_options options;
    options.journal_log = &written_;
    options.time = time_.get();
    options.key = &key_;
    options.writer = writer_.get();
    // Two requests that wait together would make a batch of twice the size.
    if (batch > 1)
      options.commit_limit = batch;
    options.committed = [this](std::uint64_t, std::uint64_t count) {
      ++slice_.commits;
      slice_.events += count;
    };
    journal_ = system_.spawn<caf::detached>(journal, options);
    for (std::size_t i = 0; i < producers; ++i)
      producers_.push_back(system_.spawn(producer, journal_, batch, &lives_, &slice_));
  }
  ~journal_side() {
    for (const auto& p : producers_)
      caf::anon_send_exit(p, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(journal_, caf::exit_reason::user_shutdown);
  }

  /// Events a second over one slice.
  double run() {
    slice_.begin(producers_.size());
    const auto took = time_of([this] {
      for (const auto& p : producers_)
        caf::anon_send(p, caf::ok_atom::value);
      std::this_thread::sleep_for(slice);
      slice_.stop = true;
      slice_.wait_for_end();
    });
    if (slice_.failed)
      throw bench_failed{"the journal refused an append"};
    batches_.push_back(mean_batch());
    return static_cast<double>(slice_.events) / took.count();
  }
  /// Of the last slice.
  double mean_batch() const { return static_cast<double>(slice_.events) / static_cast<double>(slice_.commits); }
  quartiles batches() const { return quartiles_of(batches_); }
  const log& written() const { return written_; }

private:
  std::atomic<std::uint64_t> lives_ = 0;
  slice_state slice_;
  log written_;
  std::unique_ptr<clock> time_;
  log_key key_;
  std::unique_ptr<workers> writer_ = thread_workers(1);
  actor_config config_;
  caf::actor_system system_; // its end waits for the actors, which use what stands above
  journal_actor journal_;
  std::vector<producer_actor> producers_;
  std::vector<double> batches_;
};

/// Rows a second over one slice.
double run_plain(plain_table& table, std::size_t batch, std::size_t row_bytes) {
  std::size_t rows = 0;
  const auto began = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - began < slice) {
    table.append(batch, row_bytes);
    rows += batch;
  }
  const seconds took = std::chrono::steady_clock::now() - began;
  return static_cast<double>(rows) / took.count();
}

/// The disk has good and bad moments of its own: more pairs than elsewhere.
std::size_t pairs_of(const bench_options& options) {
  return options.quick ? options.pairs() : 31;
}

figure append_figure(const bench_options& options, std::string name, std::size_t producers, std::size_t batch) {
  const auto directory = options.data / name;
  const auto before = options.scaled(events_before);
  journal_side ours{directory / "log", producers, batch, before};
  plain_table plain{directory / "plain"};
  const auto row = bytes_per_event(ours.written());
  for (std::size_t rows = 0; rows < before; rows += 4096)
    plain.append(4096, row.all());
  // The batch of the pair's other side; of the pair before where the plain slice comes first.
  double reached = 0;
  const auto result = alternate(
    pairs_of(options),
    [&] {
      const auto rate = ours.run();
      reached = ours.mean_batch();
      return rate;
    },
    [&] { return run_plain(plain, static_cast<std::size_t>(std::lround(reached)), row.all()); });
  figure f{std::move(name), result.ratio, pairs_of(options), 0.5, {}, {}};
  char line[200];
  std::snprintf(line, sizeof line, "mean batch reached %.1f (%.1f-%.1f); %zu producers, one request of %zu each",
                ours.batches().median, ours.batches().q1, ours.batches().q3, producers, batch);
  f.notes.push_back(line);
  std::snprintf(line, sizeof line, "%zu bytes an event: record, leaf hash and key %zu, state row %zu, look-up rows %zu",
                row.all(), row.event, row.state, row.lookups);
  f.notes.push_back(line);
  f.notes.push_back("journal " + rate_text(result.ours.median, "events/s") + ", plain MDB_APPEND " +
                    rate_text(result.reference.median, "rows/s"));
  return f;
}

} // namespace

figure append_64_producers(const bench_options& options) {
  return append_figure(options, "append_64_producers", 64, 1);
}

/// Two requests are under way, so that one is made while the other is written.
figure append_batch_64(const bench_options& options) {
  return append_figure(options, "append_batch_64", 2, 64);
}
figure append_batch_512(const bench_options& options) {
  return append_figure(options, "append_batch_512", 2, 512);
}

} // namespace oaksteel::bench
