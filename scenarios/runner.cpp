#include "scenarios/runner.hpp"

#include "node/text.hpp"
#include "scenarios/matrix_report.hpp"
#include "scenarios/stage.hpp"
#include "storage/archive.hpp"

#include <algorithm>
#include <set>

namespace oaksteel {
namespace {

expected<scenario, text_error> assemble(scenario_files files) {
  scenario what;
  auto plan = parse_script(files.content.at(files.main), files.main);
  if (!plan)
    return unexpected{plan.error()};
  what.plan = std::move(*plan);
  what.files = std::move(files);
  for (const auto& s : what.plan.steps) {
    auto install = std::get_if<install_step>(&s);
    if (!install || what.label_files.contains(install->labels))
      continue;
    auto text = what.files.content.find(install->labels);
    if (text == what.files.content.end())
      return unexpected{text_error{install->labels, 0, 0, "the label file is missing"}};
    auto labels = parse_labels(text->second, install->labels);
    if (!labels)
      return unexpected{labels.error()};
    what.labels.insert(what.labels.end(), labels->begin(), labels->end());
    what.label_files[install->labels] = std::move(*labels);
  }
  return what;
}

/// What the scenario says of meters must fit its label files, which have each of them once.
std::optional<text_error> unknown_meter(const scenario& what) {
  std::map<sequence_number, unsigned> known;
  for (const auto& label : what.labels)
    if (++known[label.meter] > 1)
      return text_error{what.files.main, 0, 0, "meter " + label.meter.text + " is in two label files"};
  for (const auto& m : what.plan.mentions)
    if (!known.contains(m.meter))
      return text_error{what.files.main, m.line, m.column,
                          "meter " + m.meter.text + " is in no label file; name one that is, or add it there"};
  return std::nullopt;
}

/// A step cannot register more meters than the steps before it leave.
std::optional<text_error> too_many_registrations(const scenario& what) {
  std::size_t left = 0;
  std::set<std::string> installed;
  for (const auto& s : what.plan.steps) {
    if (auto install = std::get_if<install_step>(&s)) {
      if (installed.insert(install->labels).second)
        left += what.label_files.at(install->labels).size();
    } else if (auto scrap = std::get_if<scrap_step>(&s)) {
      left -= std::min(left, scrap->meters.size());
    } else if (auto some = std::get_if<register_step>(&s)) {
      if (some->count > left)
        return text_error{what.files.main, some->line, some->column,
                            "`count` is " + std::to_string(some->count) + ", but the steps before leave " +
                              std::to_string(left) + " meters to register"};
      left -= some->count;
    }
  }
  return std::nullopt;
}

/// A meter is registered by the sub-domain of its country (EP-1).
std::optional<text_error> country_without_domain(const scenario& what) {
  for (const auto& step : what.plan.steps) {
    const auto* some = std::get_if<register_step>(&step);
    if (!some || std::ranges::any_of(what.plan.domains, [&](const domain_plan& d) { return d.sub_domain == some->country; }))
      continue;
    std::string countries;
    for (const auto& d : what.plan.domains)
      if (countries.find(d.sub_domain.text) == std::string::npos)
        countries += (countries.empty() ? "" : ", ") + d.sub_domain.text;
    return text_error{what.files.main, some->line, some->column,
                      "country " + in_quotes(some->country.text) + " has no sub-domain here, which would register its meters; "
                        + countries + " has"};
  }
  return std::nullopt;
}

/// The operator remembers what was answered while the process ran: the log must have it so, also when it has ended.
void recall_answers(const log& site, run_result& result) {
  for (const auto& o : std::exchange(result.answered, {})) {
    const auto row = site.view().row({stream_kind::order, o.id.text()});
    const auto known = row ? decode<order>(row->state) : expected<order, std::string>{order{}};
    if (!known || *known != o)
      result.failures.push_back("order " + o.id.text() + " was answered as " + (o.complete ? "complete" : "incomplete")
                                + ", and the log does not have it so");
  }
}

/// Follows the log record by record and knows when the process is to end.
struct follower {
  const run_options& options;
  std::deque<std::uint64_t> ends;
  std::uint64_t seen = 0;
  bool differs = false;
  std::optional<storage_error> storage;

  /// True when the process is to end here.
  bool stop(const log& site) {
    if (differs || storage)
      return true;
    const auto size = site.size();
    if (options.follow && seen < size) {
      const auto view = site.view();
      while (seen < size && !differs) {
        ++seen;
        auto stored_bytes = view.record_bytes(seen);
        differs = !stored_bytes || !options.follow(seen, *stored_bytes);
      }
    }
    return differs || (!ends.empty() && size >= ends.front());
  }
};

/// What the log of a run says, held against what the scenario expects.
void sum_up(const scenario& what, const log& written, run_result& result) {
  result.records = written.size();
  result.epoch = written.epoch();
  result.counts = count(written, what.plan.domains);
  result.matrix = cells_in(written, what.plan);
  if (result.finished) {
    auto lines = unmet(what.plan.expect, result.counts);
    result.failures.insert(result.failures.end(), lines.begin(), lines.end());
  }
  const auto lines = differences(result.matrix);
  result.failures.insert(result.failures.end(), lines.begin(), lines.end());
}

/// What must not be found out when a record is written already: meters' memory that is damaged, or gone.
std::optional<storage_error> unfit_memory(const scenario& what, const std::filesystem::path& data) {
  const auto file = memory_of_meters(data);
  std::error_code none;
  const auto opened = log::present(data) ? open_log(data) : stored<opened_log>{unexpected{storage_error{}}};
  const bool made = opened && opened->node.steps_done > 0;
  if (!std::filesystem::exists(file, none)) {
    if (!made)
      return std::nullopt;
    return storage_error{storage_code::missing, file.string() + ": is not there; the meters of this log keep their keys in it"};
  }
  const auto memory = erasable_slots::open(file, 1);
  if (!memory)
    return memory.error();
  if (made && memory->count() < slots_of(what))
    return storage_error{storage_code::damaged, file.string() + ": was cut off: it has room for " + std::to_string(memory->count())
                                                  + " of " + std::to_string(slots_of(what)) + " meters"};
  return std::nullopt;
}

} // namespace

expected<scenario, text_error> load_scenario(const scenario_files& files) {
  auto what = assemble(files);
  if (!what)
    return what;
  if (auto problem = unknown_meter(*what))
    return unexpected{*problem};
  if (auto problem = too_many_registrations(*what))
    return unexpected{*problem};
  if (auto problem = country_without_domain(*what))
    return unexpected{*problem};
  return what;
}

expected<scenario, text_error> load_scenario(const std::filesystem::path& file) {
  scenario_files files;
  files.main = file.filename().string();
  auto text = read_text(file, scenario_limit);
  if (!text)
    return unexpected{text.error()};
  files.content[files.main] = std::move(*text);
  // Mistakes of the scenario itself come first, with the path that was given.
  auto plan = parse_script(files.content[files.main], file.string());
  if (!plan)
    return unexpected{plan.error()};
  for (const auto& s : plan->steps) {
    auto install = std::get_if<install_step>(&s);
    if (!install || files.content.contains(install->labels))
      continue;
    const auto path = file.parent_path() / install->labels;
    auto labels = read_text(path, label_file_limit);
    if (!labels)
      return unexpected{labels.error()};
    if (auto read = parse_labels(*labels, path.string()); !read)
      return unexpected{read.error()};
    files.content[install->labels] = std::move(*labels);
  }
  auto what = load_scenario(files);
  if (what || what.error().file != files.main)
    return what;
  auto mistake = what.error();
  mistake.file = file.string();
  return unexpected{std::move(mistake)};
}

stored<run_result> run_scenario(const scenario& what, const run_options& options) {
  if (log::present(options.data))
    if (auto damage = damage_in(options.data))
      return unexpected{std::move(*damage)};
  if (auto damage = unfit_memory(what, options.data))
    return unexpected{std::move(*damage)};
  run_result result;
  const auto done = finished_scenario_log(options.data, what.files, what.plan, options.seed, options.chance);
  if (!done)
    return unexpected{done.error()};
  if (*done) {
    result.finished = true;
    sum_up(what, (*done)->written, result);
    --result.epoch; // this start writes nothing
    return result;
  }
  follower watch{options, options.ends, 0, false, std::nullopt};
  for (;;) {
    std::optional<opened_log> opened;
    try {
      auto got = open_scenario_log(options.data, what.files, what.plan, options.seed, options.chance,
                                   [&](const log& site) { return watch.stop(site); });
      if (!got)
        return unexpected{got.error()};
      opened = std::move(*got);
      recall_answers(opened->written, result);
      stage play{what,   options, *opened, [&] { return watch.stop(opened->written); },
                 [&](const storage_error& e) { watch.storage = e; }, result};
      play.run();
    } catch (const restart_wanted&) {
      continue;
    } catch (const simulation_stopped&) {
      if (watch.storage)
        return unexpected{*watch.storage};
      if (watch.differs)
        return result;
      // The process ends here, as it did when it was recorded, by a fault of the scenario or by chance, and starts again.
      if (!watch.ends.empty() && (!opened || opened->written.size() >= watch.ends.front()))
        watch.ends.pop_front();
      continue;
    }
    recall_answers(opened->written, result);
    watch.stop(opened->written);
    sum_up(what, opened->written, result);
    return result;
  }
}

} // namespace oaksteel
