#include "cli/ceremony_transcript.hpp"

#include "cli/ceremony_log.hpp"
#include "cli/ceremony_script.hpp"
#include "cli/output.hpp"
#include "cli/words.hpp"
#include "node/text.hpp"

#include <iostream>

namespace oaksteel {
namespace {

using json = nlohmann::ordered_json;

expected<planned_ceremony, no_script> script_for(const ceremony_transcript_arguments& a, const ceremony_log& log) {
  if (a.script)
    return load_ceremony(*a.script);
  const auto data = a.data.string();
  if (!log.scenario && log.problem)
    return unexpected{no_script{data + " is not sound at " + *log.problem + "; no script lies before it",
                                exit_refused}};
  if (!log.scenario)
    return unexpected{no_script{data + " holds no scenario; give the ceremony's with --script FILE", exit_usage}};
  const auto& [main, content] = *log.scenario;
  auto read = read_ceremony(content.at(main), main);
  if (!read)
    return unexpected{no_script{"the scenario in " + data + " cannot be read, " + read.error().text()
                                  + "; give one with --script FILE",
                                exit_refused}};
  return std::move(*read);
}

/// All that a transcript says.
struct told {
  const planned_ceremony& script;
  const ceremony_log& log;
  const ceremony_transcript& found;

  bool good() const { return found.as_written() && !log.problem; }
  std::string verdict() const { return found.verdict() + (log.problem ? "; the log is NOT SOUND" : ""); }
};

/// To the second: what came first, the positions say.
std::string second_of(instant time) {
  return time.text().substr(0, 19) + "Z";
}

std::vector<std::string> row_of(const transcript_line& line, const planned_ceremony& script) {
  const auto number = line.step ? std::to_string(*line.step) : "";
  const auto position = std::to_string(line.position);
  if (line.exception)
    return {"!!", second_of(line.time), position,
            std::string{name(line.kind)} + (number.empty() ? "" : " (step " + number + ")"), line.text};
  const auto& step = script.steps[*line.step - 1];
  const auto what = step.who + ": " + step.what;
  if (line.kind == transcript_kind::not_done)
    return {number, "-", "-", what, "NOT DONE"};
  return {number, second_of(line.time), position, what,
          line.text + (line.kind == transcript_kind::out_of_order ? " (out of order)" : "")};
}

/// The steps by sections, as in the script; what is out of the ordinary goes where it happened.
void add_lines(paper& page, const told& t) {
  const std::vector<paper_column> columns{{"step", 5}, {"time", 20}, {"record", 10}, {"what", 28}, {"display", 29}};
  std::string section;
  const auto last = t.found.steps;
  bool over = last == 0;
  for (const auto& line : t.found.lines) {
    // An exception stands above the step before which it happened.
    auto next = section;
    if (!line.exception)
      next = t.script.steps[*line.step - 1].section;
    else if (over)
      next = "After the last step";
    if (next != section || page.empty() || !std::holds_alternative<paper_table>(page.back())) {
      section = next;
      page.push_back(paper_heading{section.empty() ? "Before the first step" : section, 2});
      page.push_back(paper_table{columns, {}});
    }
    std::get<paper_table>(page.back()).rows.push_back(row_of(line, t.script));
    over = over || line.step == last;
  }
  if (t.found.later_restarts + t.found.later_shares > 0)
    page.push_back(paper_line{"Not counted as exceptions: custodians who came back after a restart ("
                              + counted(t.found.later_shares, "share") + ", which enabled "
                              + counted(t.found.later_enabled, "box", "boxes") + "), and "
                              + counted(t.found.later_restarts, "restart") + " after the last step."});
}

void add_end(paper& page, const told& t) {
  const auto& log = t.log;
  page.push_back(paper_heading{"What there is now", 2});
  paper_table boxes{{{"box", 9}, {"slot", 32}, {"", 10}}, {}};
  for (const auto& [id, box] : log.boxes)
    boxes.rows.push_back({id.text(), box.slot.text, box.enabled ? "ENABLED" : "disabled"});
  paper_table sets{{{"set of shares", 32}, {"of", 14}, {"needed", 8}, {"custodians", 40}}, {}};
  for (const auto& s : log.sets)
    sets.rows.push_back({s.id ? s.id->text() : "no id", s.of,
                         std::to_string(s.threshold) + " of " + std::to_string(s.custodians.size()),
                         joined(s.custodians)});
  paper_table domains{{{"domain", 8}, {"kind", 6}, {"country", 7}, {"created by", 10}}, {}};
  for (const auto& [id, d] : log.domains)
    domains.rows.push_back({id.text, d.kind, d.sub_domain.text, d.creator.text()});
  for (auto& table : {boxes, sets, domains})
    if (!table.rows.empty())
      page.push_back(table);
  paper_table facts{{{"log", 14}, {log.id.hex() + (log.simulated ? " (simulated)" : ""), 80}},
                    {{"domain key set", log.domain_key_set ? log.domain_key_set->hex() : "not named in this log"},
                     {"root", log.root.hex()},
                     {"records", std::to_string(log.records)}}};
  page.push_back(std::move(facts));
  if (log.problem)
    page.push_back(paper_line{"NOT SOUND: the log, " + *log.problem + ". The transcript ends before it."});
  page.push_back(paper_line{t.verdict()});
}

paper on_paper(const told& t) {
  paper page;
  page.push_back(paper_heading{"Transcript of key ceremony " + t.script.name, 1});
  page.push_back(paper_line{"From the log alone, held against the script of " + std::to_string(t.found.steps)
                            + " steps. Times are UTC; a record is a position in the log; !! is an exception."});
  add_lines(page, t);
  add_end(page, t);
  return page;
}

json lines_as_json(const told& t) {
  json lines = json::array();
  for (const auto& line : t.found.lines) {
    const auto* step = line.step ? &t.script.steps[*line.step - 1] : nullptr;
    const bool done = line.position > 0;
    lines.push_back({{"step", line.step ? json(*line.step) : json()},
                     {"exception", line.exception},
                     {"kind", name(line.kind)},
                     {"time", done ? json(line.time.text()) : json()},
                     {"position", done ? json(line.position) : json()},
                     {"who", step ? json(step->who) : json()},
                     {"what", step ? json(step->what) : json()},
                     {"said", done ? json(line.text) : json()}});
  }
  return lines;
}

json as_json(const told& t) {
  const auto& log = t.log;
  json boxes = json::array(), sets = json::array(), domains = json::array();
  for (const auto& [id, box] : log.boxes)
    boxes.push_back({{"box", id.text()}, {"slot", box.slot.text}, {"enabled", box.enabled}});
  for (const auto& s : log.sets) {
    json names = json::array();
    for (const auto& c : s.custodians)
      names.push_back(c.text);
    sets.push_back({{"set", s.id ? json(s.id->text()) : json()},
                    {"for", s.of},
                    {"threshold", s.threshold},
                    {"count", s.custodians.size()},
                    {"custodians", names}});
  }
  for (const auto& [id, d] : log.domains)
    domains.push_back(
      {{"domain", id.text}, {"kind", d.kind}, {"sub_domain", d.sub_domain.text}, {"creator", d.creator.text()}});
  const auto& f = t.found;
  return {{"name", t.script.name},
          {"lines", lines_as_json(t)},
          {"later", {{"restarts", f.later_restarts}, {"shares", f.later_shares}, {"enabled", f.later_enabled}}},
          {"boxes", boxes},
          {"sets", sets},
          {"domains", domains},
          {"domain_key_set", log.domain_key_set ? json(log.domain_key_set->hex()) : json()},
          {"log", log.id.hex()},
          {"simulated", log.simulated},
          {"root", log.root.hex()},
          {"records", log.records},
          {"problem", log.problem ? json(*log.problem) : json()},
          {"steps", f.steps},
          {"in_order", f.in_order},
          {"out_of_order", f.out_of_order},
          {"not_done", f.not_done},
          {"exceptions", f.exceptions},
          {"verdict", t.verdict()}};
}

} // namespace

int ceremony_transcript_of(const ceremony_transcript_arguments& a) {
  const auto log = read_ceremony_log(a.data);
  if (!log)
    return complain(log.error());
  const auto script = script_for(a, *log);
  if (!script)
    return complain(script.error().line, script.error().status);
  const auto found = matched(script->steps, log->events);
  const told t{*script, *log, found};
  if (a.json)
    print_line(std::cout, as_json(t));
  else
    std::cout << (a.markdown ? as_markdown(on_paper(t)) : as_text(on_paper(t)));
  if (!output_arrived())
    return exit_io;
  return t.good() ? exit_done : exit_refused;
}

} // namespace oaksteel
