// `script/simulate`: lives by chance, one seed after another, each checked.

#include "scenarios/prepared_site.hpp"
#include "tests/program.hpp"
#include "tests/simulation/lives.hpp"

#include <charconv>
#include <chrono>
#include <iostream>
#include <map>

namespace {

using namespace oaksteel;
using namespace oaksteel::testing;

struct arguments {
  std::uint64_t first = 1, runs = 0;
  bool until_broken = false; ///< a protection is missing: the first life that shows it is what is looked for
  std::string scenario;
};

int usage() {
  std::cerr << "simulate SCENARIO FIRST RUNS [until-broken]\n";
  return 2;
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t n = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), n);
  return failed == std::errc{} && end == text.data() + text.size() ? std::optional{n} : std::nullopt;
}

std::optional<arguments> read(int argc, char** argv) {
  if (argc != 4 && !(argc == 5 && std::string_view{argv[4]} == "until-broken"))
    return std::nullopt;
  const auto first = number(argv[2]), runs = number(argv[3]);
  if (!first || !runs || *runs == 0 || *first + *runs < *first)
    return std::nullopt;
  return arguments{*first, *runs, argc == 5, argv[1]};
}

/// What all lives together were, by event and by refusal in the error log.
struct totals {
  std::uint64_t lives = 0, records = 0, ends = 0, errors = 0;
  std::map<std::string, std::uint64_t> keys;

  void add(const run_result& life) {
    ++lives;
    records += life.records;
    ends += life.epoch - 2;
    errors += life.counts.faults;
    for (const auto& [domain, by_status] : life.counts.keys)
      for (const auto& [status, count] : by_status)
        keys[status] += count;
  }
  void print(double seconds) const {
    std::cout << lives << " lives, " << records << " records, " << ends << " ends of the process, " << errors
              << " entries of error logs; keys:";
    for (const auto& [status, count] : keys)
      std::cout << ' ' << status << ' ' << count;
    std::cout << "\n" << static_cast<double>(lives) / seconds << " lives a second on one core\n";
  }
};

int simulate(const arguments& a) {
  auto what = load_scenario(a.scenario);
  if (!what) {
    std::cerr << what.error().text() << '\n';
    return 2;
  }
  const scratch_directory place;
  const auto site = prepared_site::make(std::move(*what), place / "prepared");
  if (!site) {
    std::cerr << site.error() << '\n';
    return 2;
  }
  totals all;
  const auto began = std::chrono::steady_clock::now();
  const auto seconds = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count(); };
  for (auto seed = a.first; seed < a.first + a.runs; ++seed) {
    const auto data = place / std::to_string(seed);
    const auto life = site->live(seed, data);
    if (!life) {
      std::cerr << "seed " << seed << ": " << life.error().text << '\n';
      return 3;
    }
    const auto broken = broken_by(data, *life);
    all.add(*life);
    std::filesystem::remove_all(data);
    if (broken.empty())
      continue;
    std::cout << "seed " << seed << " broke this:\n" << broken;
    if (!a.until_broken)
      std::cout << "again: oaksteel scenario run " << a.scenario << " --seed " << seed << " --data DIR\n";
    all.print(seconds());
    return 1;
  }
  all.print(seconds());
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  const auto a = read(argc, argv);
  return a ? simulate(*a) : usage();
}
