// The program behind script/bench: measures the figures, one after another, and prints them.

#include "bench/figure.hpp"
#include "node/node.hpp"

#include <cmath>
#include <cstdio>
#include <cstring>
#include <exception>

namespace {

using namespace oaksteel::bench;

struct entry {
  std::string_view name;
  figure (*measure)(const bench_options&);
};

/// The one list: `--only` takes these names.
constexpr entry figures[] = {
  {"append_64_producers", append_64_producers},
  {"append_batch_64", append_batch_64},
  {"append_batch_512", append_batch_512},
  {"replay", replay_figure},
  {"install", install_figure},
  {"verify", verify_figure},
  {"open_growth", open_growth},
  {"domain_creation", domain_creation},
  {"share_entry", share_entry},
  {"box_enabling", box_enabling},
  {"line_codec", line_codec},
  {"simulation", simulation_figure},
  {"cluster_install", cluster_install},
  {"cluster_verify", cluster_verify},
  {"cluster_recovery", cluster_recovery},
};

/// `script/bench cluster`: those whose names begin so.
constexpr std::string_view group = "cluster";

constexpr const char* usage =
  "usage: script/bench [cluster] [--json] [--quick] [--only NAME]... [--data DIR]\n"
  "  cluster      the figures of several nodes alone\n"
  "  --json       one object a line: name, ratio, q1, q3, at_least or at_most\n"
  "  --quick      small and coarse: shows that every figure runs, says little about speed\n"
  "  --only NAME  this figure; may be given again\n"
  "  --data DIR   where the measured logs lie meanwhile (build/bench-data)\n";

std::string as_json(const figure& f) {
  char line[256];
  std::snprintf(line, sizeof line, R"({"name": "%s", "ratio": %.4f, "q1": %.4f, "q3": %.4f, "%s": %.2f})",
                f.name.c_str(), f.ratio.median, f.ratio.q1, f.ratio.q3, f.at_least ? "at_least" : "at_most",
                f.at_least ? *f.at_least : f.at_most.value_or(0));
  return line;
}

void print_text(const figure& f) {
  std::printf("%-20s %.3f  (%.3f - %.3f, %zu pairs)  %s %.2f%s\n", f.name.c_str(), f.ratio.median, f.ratio.q1,
              f.ratio.q3, f.pairs, f.at_least ? "at least" : "at most",
              f.at_least ? *f.at_least : f.at_most.value_or(0), f.within() ? "" : f.at_least ? "  BELOW" : "  ABOVE");
  for (const auto& note : f.notes)
    std::printf("    %s\n", note.c_str());
}

/// A figure's data goes when it is measured, also when it could not be.
void measure(const entry& one, const bench_options& options, bool json) {
  const auto forget = [&] {
    std::error_code ignored;
    std::filesystem::remove_all(options.data / one.name, ignored);
  };
  forget();
  try {
    const auto found = one.measure(options);
    if (json)
      std::printf("%s\n", as_json(found).c_str());
    else
      print_text(found);
    std::fflush(stdout);
  } catch (...) {
    forget();
    throw;
  }
  forget();
}

} // namespace

std::string oaksteel::bench::rate_text(double value, std::string_view unit) {
  // Three digits say all that such a measurement does.
  const auto step = std::pow(10.0, std::max(0.0, std::floor(std::log10(std::max(value, 1.0))) - 2));
  char number[64];
  std::snprintf(number, sizeof number, value < 100 ? "%.1f" : "%.0f",
                value < 100 ? value : std::round(value / step) * step);
  return std::string{number} + ' ' + std::string{unit};
}

namespace {

/// A node of the bench is a process of this program.
int run_as_node(const char* configuration) {
  const auto plan = oaksteel::read_configuration(configuration);
  if (!plan)
    return std::fprintf(stderr, "%s\n", plan.error().text().c_str()), 1;
  if (const auto problem = oaksteel::run_node(*plan, [](auto) {}, [](const std::string&) {}))
    return std::fprintf(stderr, "%s\n", problem->text.c_str()), 1;
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  if (argc == 4 && std::string_view{argv[1]} == "node" && std::string_view{argv[2]} == "run")
    return run_as_node(argv[3]);
  bench_options options;
  options.data = "build/bench-data";
  bool json = false;
  std::vector<std::string_view> only;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const bool more = i + 1 < argc;
    if (word == "--json")
      json = true;
    else if (word == "--quick")
      options.quick = true;
    else if (word == group) {
      for (const auto& one : figures)
        if (one.name.starts_with(group))
          only.push_back(one.name);
    } else if (word == "--only" && more)
      only.emplace_back(argv[++i]);
    else if (word == "--data" && more)
      options.data = argv[++i];
    else
      return std::fputs(usage, word == "--help" ? stdout : stderr), word == "--help" ? 0 : 2;
  }
  for (auto name : only)
    if (std::none_of(std::begin(figures), std::end(figures), [&](const entry& e) { return e.name == name; }))
      return std::fprintf(stderr, "%.*s: no such figure\n%s", static_cast<int>(name.size()), name.data(), usage), 2;
  try {
    std::filesystem::create_directories(options.data);
    for (const auto& one : figures)
      if (only.empty() || std::find(only.begin(), only.end(), one.name) != only.end())
        measure(one, options, json);
  } catch (const bench_failed& e) {
    return std::fprintf(stderr, "%s\n", e.line.c_str()), 1;
  } catch (const std::exception& e) {
    return std::fprintf(stderr, "%s\n", e.what()), 1;
  }
  std::error_code ignored;
  std::filesystem::remove(options.data, ignored);
  return 0;
}
