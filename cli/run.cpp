#include "cli/run.hpp"

#include "cli/output.hpp"
#include "scenarios/rerun.hpp"
#include "scenarios/runner.hpp"

#include <nlohmann/json.hpp>

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>

namespace oaksteel {
namespace {

using json = nlohmann::ordered_json;

/// One line that is written over, on a terminal; nothing in a pipe.
class progress_line {
public:
  explicit progress_line(bool quiet) : on_(!quiet && isatty(STDERR_FILENO)) {}
  ~progress_line() { clear(); }
  void show(const std::string& text) {
    if (!on_)
      return;
    std::fprintf(stderr, "\r\033[K%s", text.c_str());
    std::fflush(stderr);
    shown_ = true;
  }
  void clear() {
    if (std::exchange(shown_, false))
      std::fprintf(stderr, "\r\033[K");
  }

private:
  bool on_;
  bool shown_ = false;
};

json counts_as_json(const std::map<domain_id, std::map<std::string, std::uint64_t>>& counts) {
  json out = json::object();
  for (const auto& [domain, by_kind] : counts)
    out[domain.text] = by_kind;
  return out;
}

json as_json(const std::vector<cell_result>& cells) {
  json all = json::array();
  for (const auto& cell : cells)
    all.push_back({{"message", cell.message},
                   {"fault", cell.fault},
                   {"expected", cell.expected},
                   {"found", cell.found},
                   {"differs", cell.differs()}});
  return all;
}

void print_json(const scenario& what, const run_result& r, const scenario_arguments& a) {
  json stages = json::array();
  for (const auto& s : r.stages)
    stages.push_back({{"step", s.what}, {"seconds", s.seconds}});
  json unwell = json::object();
  for (const auto& [slot, health] : r.counts.unwell)
    unwell[slot.text] = name(health);
  json out{{"scenario", what.plan.name},
           {"data", a.data.string()},
           {"finished", r.finished},
           {"failures", r.failures},
           {"records", r.records},
           {"epoch", r.epoch},
           {"boxes", r.counts.boxes},
           {"generators", unwell},
           {"meters", r.counts.meters},
           {"keys", counts_as_json(r.counts.keys)},
           {"verdicts", counts_as_json(r.counts.verdicts)},
           {"events", r.counts.events},
           {"error_log", r.counts.faults},
           {"stages", stages}};
  if (!r.matrix.empty())
    out["matrix"] = as_json(r.matrix);
  std::cout << out.dump(2) << '\n';
}

/// A line for each cell: what happened to the message, and what came of it. One that differs says what was expected.
void print_matrix(const std::vector<cell_result>& cells) {
  if (cells.empty())
    return;
  std::string_view message;
  for (const auto& cell : cells) {
    if (cell.message != std::exchange(message, cell.message))
      std::printf("%s\n", cell.message.c_str());
    std::printf("%s %-24s %s\n", cell.differs() ? "!" : " ", cell.fault.c_str(), cell.found.c_str());
    if (cell.differs())
      std::printf("  %-24s %s\n", "  expected", cell.expected.c_str());
  }
  std::printf("\n%zu cells, %zu as expected\n\n", cells.size(),
              static_cast<std::size_t>(std::ranges::count_if(cells, [](const auto& c) { return !c.differs(); })));
}

void print_counts(const char* title, const std::map<domain_id, std::map<std::string, std::uint64_t>>& counts) {
  if (std::ranges::all_of(counts, [](const auto& row) { return row.second.empty(); }))
    return;
  std::printf("%s\n", title);
  for (const auto& [domain, by_kind] : counts) {
    std::printf("  %-8s", domain.text.c_str());
    for (const auto& [kind, number] : by_kind)
      std::printf("  %s %llu", kind.c_str(), static_cast<unsigned long long>(number));
    std::printf("\n");
  }
  std::printf("\n");
}

void print_text(const scenario& what, const run_result& r, const scenario_arguments& a) {
  std::printf("scenario %s, suite %s, seed %llu\n\n", what.plan.name.c_str(),
              std::string{name(what.plan.suite)}.c_str(),
              static_cast<unsigned long long>(a.seed.value_or(what.plan.seed)));
  std::printf("made\n  %llu secure boxes, %zu domains, %llu meters labelled\n",
              static_cast<unsigned long long>(r.counts.boxes), what.plan.domains.size(),
              static_cast<unsigned long long>(r.counts.meters));
  for (const auto& [slot, health] : r.counts.unwell)
    std::printf("  box in %s says %s of its generators\n", slot.text.c_str(), std::string{name(health)}.c_str());
  std::printf("\n");
  print_matrix(r.matrix);
  print_counts("master keys by status", r.counts.keys);
  print_counts("verdicts of mail", r.counts.verdicts);
  std::printf("log\n  %llu records in %s, written in %u start%s; %llu in the error log\n",
              static_cast<unsigned long long>(r.records), a.data.c_str(), r.epoch, r.epoch == 1 ? "" : "s",
              static_cast<unsigned long long>(r.counts.faults));
  std::printf("\ntime by stage\n");
  double total = 0;
  for (const auto& s : r.stages) {
    std::printf("  %-28s %8.3f s\n", s.what.c_str(), s.seconds);
    total += s.seconds;
  }
  std::printf("  %-28s %8.3f s\n\n", "all", total);
  for (const auto& failure : r.failures)
    std::printf("NOT AS EXPECTED  %s\n", failure.c_str());
  if (r.failures.empty() && r.finished)
    std::printf("as expected\n");
}

/// A directory for the second run, gone with this object.
class scratch {
public:
  scratch() {
    auto pattern = (std::filesystem::temp_directory_path() / "oaksteel-replay-XXXXXX").string();
    if (auto made = mkdtemp(pattern.data()))
      path_ = made;
  }
  ~scratch() {
    std::error_code ignored;
    if (!path_.empty())
      std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
};

} // namespace

int scenario_run(const scenario_arguments& a) {
  auto what = load_scenario(a.file);
  if (!what)
    return complain(what.error().text(), status_of_mistake(what.error().file));
  progress_line line{a.quiet || a.json};
  run_options options;
  options.data = a.data;
  // Where faults come by chance the seed is theirs: the site is the same for all of them.
  const bool by_chance = chance_of(what->plan).first != nullptr;
  options.chance = a.seed.value_or(what->plan.seed);
  options.seed = by_chance ? what->plan.seed : options.chance;
  options.progress = [&line](const std::string& text) { line.show(text); };
  auto result = run_scenario(*what, options);
  line.clear();
  if (!result)
    return complain(result.error());
  a.json ? print_json(*what, *result, a) : print_text(*what, *result, a);
  if (!output_arrived())
    return exit_io;
  return result->finished && result->failures.empty() ? exit_done : exit_refused;
}

int scenario_replay(const scenario_arguments& a) {
  std::optional<scratch> work{std::in_place};
  if (work->path().empty())
    return complain("no temporary directory could be made; set TMPDIR to one that can be written", exit_io);
  progress_line line{a.quiet || a.json};
  auto result = rerun_scenario(a.data, work->path() / "data", [&line](const std::string& text) { line.show(text); });
  line.clear();
  // Before anything is printed: a closed pipe ends the program there.
  work.reset();
  if (!result)
    return complain(result.error());
  if (a.json) {
    json out{{"recorded", result->recorded}, {"identical", result->identical}, {"restarts", result->restarts}};
    out["differs"] = result->differs ? json(*result->differs) : json(nullptr);
    if (result->differs)
      out["difference"] = result->difference;
    std::cout << out.dump(2) << '\n';
  } else if (result->differs) {
    std::printf("record %llu differs: %s\n", static_cast<unsigned long long>(*result->differs),
                result->difference.c_str());
  } else {
    std::printf("%llu of %llu records identical, with %u restart%s\n",
                static_cast<unsigned long long>(result->identical), static_cast<unsigned long long>(result->recorded),
                result->restarts, result->restarts == 1 ? "" : "s");
  }
  if (!output_arrived())
    return exit_io;
  return result->differs ? exit_refused : exit_done;
}

} // namespace oaksteel
