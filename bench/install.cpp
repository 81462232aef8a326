// install: keys installed a second, all stages, against what the private-key operations of a key allow.

#include "bench/bench_site.hpp"
#include "crypto/suite.hpp"
#include "node/live_node.hpp"

#include <atomic>
#include <thread>

namespace oaksteel::bench {
namespace {

constexpr auto bound_slice = std::chrono::seconds{2};

/// What one key costs when every batch holds one: actors/boxes/oak.cpp, steel.cpp and brass.cpp.
constexpr const char* operations = "a key in batches of one: Oak signs once (MI3 and MI4 share a root), Steel unwraps "
                                   "once (MI4) and signs once (MI7), Brass unwraps once (MI3) and signs once (MI9 and "
                                   "MI10 share a root)";

/// The private-key operations of keys and nothing else, on all threads.
class key_operations {
public:
  key_operations() : keys_(generate_keys(suite_id::rsa3072, 5, *random_)) {
    const secret some{random_->random_vec(32)};
    for (const auto* own : {&keys_[1], &keys_[3]})
      wrapped_.push_back(own->public_part().wrap(some, *random_));
  }

  /// Keys a second whose operations were done.
  double run() const {
    std::atomic<std::size_t> done = 0;
    const auto took = time_of([&] {
      std::vector<std::thread> threads;
      for (unsigned i = 0; i < worker_threads; ++i)
        threads.emplace_back([&] {
          const auto random = system_randomness()->stream("bench", 0);
          const auto end = std::chrono::steady_clock::now() + bound_slice;
          while (std::chrono::steady_clock::now() < end) {
            one_key(*random);
            ++done;
          }
        });
      for (auto& t : threads)
        t.join();
    });
    return static_cast<double>(done) / took.count();
  }

private:
  void one_key(generator& random) const {
    const bytes statement(120, 7); // about what is signed of a batch
    keys_[0].sign(statement, random);
    const auto first = keys_[1].unwrap(wrapped_[0], random);
    keys_[2].sign(statement, random);
    const auto second = keys_[3].unwrap(wrapped_[1], random);
    keys_[4].sign(statement, random);
    if (!first || !second)
      throw bench_failed{"a wrapped key could not be unwrapped"};
  }

  std::unique_ptr<generator> random_ = system_randomness()->stream("bench", 0);
  std::vector<private_key> keys_;
  std::vector<bytes> wrapped_;
};

} // namespace

figure install_figure(const bench_options& options) {
  const auto directory = options.data / "install";
  const auto pairs = options.quick ? std::size_t{2} : std::size_t{9};
  const auto count = options.quick ? keys_in_flight : keys_of_a_slice;
  const key_operations bound;
  comparison result;
  {
    bench_site site{directory, suite_id::rsa3072, {1, 2 * keys_in_flight}, (pairs + 1) * installed_for(count)};
    site.ceremony();
    result = alternate(pairs, [&] { return site.hands().install_rate(count); }, [&] { return bound.run(); });
  }
  std::vector<double> in_batches;
  {
    bench_site site{directory, suite_id::rsa3072, {64, 2}, (pairs + 1) * installed_for(count)};
    site.ceremony();
    for (std::size_t i = 0; i < 3; ++i)
      in_batches.push_back(site.hands().install_rate(count));
  }
  figure f{"install", result.ratio, pairs, 0.8, {}, {}};
  f.notes.push_back("rsa3072, one domain, " + std::to_string(keys_in_flight) + " keys in flight, " + std::to_string(count)
                    + " keys a slice, order to settled MI10");
  f.notes.push_back(operations);
  f.notes.push_back("batches of one " + rate_text(result.ours.median, "keys/s") + ", bound with "
                    + std::to_string(worker_threads) + " threads busy " + rate_text(result.reference.median, "keys/s"));
  f.notes.push_back("batches of up to 64 " + rate_text(quartiles_of(in_batches).median, "keys/s"));
  return f;
}

} // namespace oaksteel::bench
