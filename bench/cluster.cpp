// cluster_install, cluster_verify: the same orders and the same mail across four processes, over TLS, and in one process.
// cluster_recovery: seconds from SIGKILL to the first answer of the node that was started again.

#include "bench/deployment.hpp"
#include "bench/story.hpp"

#include <atomic>
#include <thread>

namespace oaksteel::bench {
namespace {

constexpr std::size_t meters_with_mail = 500;

/// A deployment, and one of its nodes in this process.
struct side {
  deployment all;

  side(const std::filesystem::path& directory, suite_id suite, const std::vector<std::string>& nodes)
    : all(directory, suite, nodes) {
    all.ceremony();
  }
  /// Instead of its process.
  std::unique_ptr<node_here> take(const std::string& node, std::size_t most_meters = 1) {
    all.stop(node);
    return std::make_unique<node_here>(all, node, most_meters);
  }
};

} // namespace

figure cluster_install(const bench_options& options) {
  const auto directory = options.data / "cluster_install";
  const auto pairs = options.quick ? std::size_t{2} : std::size_t{9};
  const auto count = options.quick ? keys_in_flight : 3 * keys_of_a_slice; // a second or so: here batches are large
  side spread{directory / "four", suite_id::rsa3072, four_nodes}, alone{directory / "one", suite_id::rsa3072, {"whole"}};
  const auto meters = (pairs + 1) * installed_for(count);
  const auto factory = spread.take("factory", meters), whole = alone.take("whole", meters);
  const auto result = alternate(pairs, [&] { return factory->hands().install_rate(count); },
                                [&] { return whole->hands().install_rate(count); });
  figure f{"cluster_install", result.ratio, pairs, 0.7, {}, {}};
  f.notes.push_back("rsa3072, one domain, " + std::to_string(keys_in_flight) + " keys in flight, " + std::to_string(count)
                    + " keys a slice, order to settled MI10, batches as nodes make them");
  f.notes.push_back("KMC and Oak, KDC and Steel, archive and Brass each in a process of its own, over TLS: "
                    + rate_text(result.ours.median, "keys/s") + ", in one process "
                    + rate_text(result.reference.median, "keys/s"));
  return f;
}

figure cluster_verify(const bench_options& options) {
  const auto directory = options.data / "cluster_verify";
  const auto meters = options.quick ? std::size_t{50} : meters_with_mail;
  side spread{directory / "four", suite_id::p256, four_nodes}, alone{directory / "one", suite_id::p256, {"whole"}};
  const auto sent = [&] {
    const auto factory = spread.take("factory", meters);
    return factory->hands().make_mail(meters);
  }();
  spread.all.start("factory");
  const auto capture = spread.take("mail"), whole = alone.take("whole", meters);
  const auto kept = whole->hands().make_mail(meters);
  const auto verify = [](node_here& at, const std::vector<bench_operator::batch>& mail) {
    return at.hands().verify(at.actors().data_capture(), mail);
  };
  const auto result = alternate(options.pairs(), [&] { return verify(*capture, sent); }, [&] { return verify(*whole, kept); });
  figure f{"cluster_verify", result.ratio, options.pairs(), 0.5, {}, {}};
  f.notes.push_back(std::to_string(meters) + " registered meters, batches of " + std::to_string(batch_size) + ", "
                    + std::to_string(batches_in_flight) + " in flight");
  f.notes.push_back("from the data capture system over TLS to the KMC, from there to archive and Brass "
                    + rate_text(result.ours.median, "pieces/s") + ", in one process "
                    + rate_text(result.reference.median, "pieces/s"));
  return f;
}

figure cluster_recovery(const bench_options& options) {
  const auto directory = options.data / "cluster_recovery";
  const auto events = options.scaled(long_log);
  deployment all{directory, suite_id::rsa3072, {"centre", "mail"}};
  story{all.configuration("centre").data, "centre"}.grow_to(events);
  all.start("mail");
  all.start("centre");
  std::vector<double> seconds_needed;
  for (std::size_t i = 0; i < options.pairs(); ++i) {
    // It is killed at work: a command that an auditor may not give is an event each time.
    std::atomic<bool> killed = false;
    std::jthread busy{[&] {
      while (!killed && all.ask_over_tls("centre", requests::activate_domain{{"oak-1"}, domain}))
        ;
    }};
    std::this_thread::sleep_for(std::chrono::milliseconds{200 + 37 * i});
    seconds_needed.push_back(time_of([&] {
                               all.kill("centre");
                               killed = true;
                               all.spawn("centre");
                               all.await_answer("centre");
                             }).count());
  }
  figure f{"cluster_recovery", quartiles_of(seconds_needed), seconds_needed.size(), {}, 2, {}};
  f.notes.push_back("seconds, and no ratio: a node with a log of " + std::to_string(events) + " events, killed at work, to "
                    "the first answer over TLS of the process that was started then; the log is verified whole before");
  return f;
}

} // namespace oaksteel::bench
