#pragma once
// A figure: a ratio with its bound. The names are stable, since others read the output of `script/bench --json`.

#include "bench/pairs.hpp"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace oaksteel::bench {

struct figure {
  std::string name;
  quartiles ratio;
  std::size_t pairs = 0;
  std::optional<double> at_least;
  std::optional<double> at_most;
  std::vector<std::string> notes; ///< what was measured, a line each

  bool within() const {
    return (!at_least || ratio.median >= *at_least) && (!at_most || ratio.median <= *at_most);
  }
};

struct bench_options {
  std::filesystem::path data; ///< on the disk that is measured; each figure makes its own directory in it
  bool quick = false;         ///< small logs and few slices: does it run at all?

  std::size_t pairs() const { return quick ? 3 : 15; }
  std::size_t scaled(std::size_t n) const { return quick ? std::max<std::size_t>(1, n / 20) : n; }
};

/// A measurement that could not be made. Caught by main alone.
struct bench_failed {
  std::string line;
};

// One function for each figure.
figure append_64_producers(const bench_options& options);
figure append_batch_64(const bench_options& options);
figure append_batch_512(const bench_options& options);
figure replay_figure(const bench_options& options);
figure install_figure(const bench_options& options);
figure verify_figure(const bench_options& options);
figure open_growth(const bench_options& options);
figure domain_creation(const bench_options& options);
figure share_entry(const bench_options& options);
figure box_enabling(const bench_options& options);
figure line_codec(const bench_options& options);
figure simulation_figure(const bench_options& options);
figure cluster_install(const bench_options& options);
figure cluster_verify(const bench_options& options);
figure cluster_recovery(const bench_options& options);

/// Three significant digits and a unit: `41,300 events/s`.
std::string rate_text(double value, std::string_view unit);

} // namespace oaksteel::bench
