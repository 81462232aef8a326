// `script/simulate`: lives by chance, one seed after another, each checked.

#include "scenarios/prepared_site.hpp"
#include "tests/program.hpp"
#include "tests/simulation/lives.hpp"

#include <charconv>
#include <chrono>
#include <iostream>
#include <map>
#include <sstream>

#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace oaksteel;
using namespace oaksteel::testing;

/// A life that ends in the middle leaves its actors behind, and a process that has grown large takes long to make each of the
/// children that read its logs: after so many lives another one goes on.
constexpr std::uint64_t lives_of_a_process = 20;

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
  /// From one process to another.
  std::string text() const {
    std::ostringstream out;
    out << lives << ' ' << records << ' ' << ends << ' ' << errors << '\n';
    for (const auto& [status, count] : keys)
      out << count << ' ' << status << '\n';
    return out.str();
  }
  void add(const std::string& text) {
    std::istringstream in{text};
    totals more;
    in >> more.lives >> more.records >> more.ends >> more.errors;
    lives += more.lives, records += more.records, ends += more.ends, errors += more.errors;
    std::string status;
    for (std::uint64_t count; in >> count && std::getline(in >> std::ws, status);)
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

/// The lives from `first` to before `last`; the exit status.
int live(const arguments& a, const prepared_site& site, const std::filesystem::path& place, std::uint64_t first,
         std::uint64_t last, totals& all) {
  for (auto seed = first; seed < last; ++seed) {
    const auto data = place / std::to_string(seed);
    const auto life = site.live(seed, data);
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
    return 1;
  }
  return 0;
}

/// The same in another process.
int live_elsewhere(const arguments& a, const prepared_site& site, const std::filesystem::path& place, std::uint64_t first,
                   std::uint64_t last, totals& all) {
  int ends[2];
  if (pipe(ends) != 0)
    return 3;
  std::cout.flush();
  const auto process = fork();
  if (process == 0) {
    totals some;
    const int status = live(a, site, place, first, last, some);
    const auto said = some.text();
    const bool told = ::write(ends[1], said.data(), said.size()) == static_cast<ssize_t>(said.size());
    std::cout.flush();
    _exit(told ? status : 3); // what stands above is the first process's
  }
  close(ends[1]);
  std::string said;
  char piece[4096];
  for (ssize_t n; process > 0 && (n = ::read(ends[0], piece, sizeof piece)) > 0;)
    said.append(piece, static_cast<std::size_t>(n));
  close(ends[0]);
  int ended = 0;
  if (process < 0 || waitpid(process, &ended, 0) != process)
    return 3;
  all.add(said);
  if (WIFEXITED(ended))
    return WEXITSTATUS(ended);
  std::cerr << "seeds " << first << " to " << last - 1 << ": signal " << WTERMSIG(ended) << '\n';
  return 3;
}

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
  const auto end = a.first + a.runs;
  int status = 0;
  for (auto seed = a.first; seed < end && status == 0; seed += lives_of_a_process)
    status = live_elsewhere(a, *site, place.path(), seed, std::min(end, seed + lives_of_a_process), all);
  all.print(std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
  return status;
}

} // namespace

int main(int argc, char** argv) {
  const auto a = read(argc, argv);
  return a ? simulate(*a) : usage();
}
