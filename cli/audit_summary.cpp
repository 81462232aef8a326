// What an audit says in the end: of the subject, of each log, and of all of them together.

#include "cli/output.hpp"
#include "cli/whole_audit.hpp"

#include <algorithm>
#include <iostream>

namespace oaksteel {
namespace {

using json = nlohmann::ordered_json;

/// Lines about what is missing, at most; JSON has all.
constexpr std::size_t missing_shown = 100;

/// Names and values, indented; what is nested is a level deeper.
void show_values(const json& values, std::size_t indent) {
  for (const auto& [key, value] : values.items()) {
    std::cout << std::string(indent, ' ') << printable(key);
    if (value.is_object()) {
      std::cout << (value.empty() ? "  none\n" : "\n");
      show_values(value, indent + 2);
      continue;
    }
    std::string text = value.is_string() ? value.get<std::string>() : "";
    if (value.is_array())
      for (const auto& one : value)
        text += (text.empty() ? "" : ", ") + one.get<std::string>();
    else if (!value.is_string())
      text = value.dump();
    std::cout << std::string(key.size() < 22 ? 22 - key.size() : 2, ' ') << printable(text) << '\n';
  }
}

} // namespace

nlohmann::ordered_json as_json(const violation& v) {
  return {{"position", v.position}, {"rule", name(v.rule)}, {"text", v.text}};
}

std::string in_words(const violation& v) {
  return std::string{name(v.rule)} + ": " + v.text;
}

bool whole_audit::is_sound() const {
  return lacks_.empty() && !across_.first
         && std::ranges::none_of(logs_, [](const audited_log& l) { return l.problem || l.violations.first; });
}

nlohmann::ordered_json whole_audit::about() const {
  surveyed all{{}, lives()};
  for (const auto& log : logs_)
    all.logs.push_back(&log.found);
  return describe_subject(all, a_);
}

std::string whole_audit::placed(std::size_t log, const violation& v) const {
  return record_place{v.position, several_ ? logs_[log].node : std::string_view{}}.text() + ", "
         + in_words(v);
}

void whole_audit::show_summary() const {
  if (a_.json) {
    for (const auto& log : logs_)
      show_json(log);
    if (several_)
      show_joint_json();
    return;
  }
  if (std::ranges::any_of(logs_, [](const audited_log& l) { return l.shown > 0; }))
    std::cout << '\n';
  std::cout << name(a_.subject) << (a_.id.empty() ? "" : " " + printable(a_.id)) << " at the end of the "
            << (several_ ? "logs" : "log") << '\n';
  show_values(about(), 2);
  for (const auto& log : logs_)
    show_log(log);
  if (several_)
    show_joint();
}

void whole_audit::show_log(const audited_log& log) const {
  const auto& s = log.found;
  const auto set = s.signatures.domain_key_set();
  if (several_)
    std::cout << "\n== " << printable(log.node) << ", " << printable(log.path.string());
  std::cout << "\nlog                     " << s.log.id.hex() << (s.simulated ? "  (simulated)" : "")
            << "\nroot                    " << s.log.root.hex() << " over " << s.log.records << " records"
            << "\ndomain key set          " << (set ? set->hex() : "not named in this log")
            << (a_.domain_key_set ? "  (as asked for)" : "") << "\nevents                  " << log.events
            << (shows_events() && log.shown != log.events
                  ? ", " + std::to_string(log.shown) + " of them in the time asked for"
                  : "")
            << "\nsignatures              " << s.signatures.verified()
            << " verified (tags under Brass's secret key are not)\n";
  if (s.violation_count > log.violations.count)
    std::cout << "elsewhere               " << s.violation_count - log.violations.count
              << " violations in this log that do not concern it; see oaksteel audit all\n";
  if (log.problem)
    std::cout << "NOT SOUND               the log itself, " << printable(*log.problem)
              << "; what lies behind was not audited\n";
  if (log.violations.first)
    std::cout << "VIOLATIONS              " << log.violations.count << ", the first: "
              << printable(placed(log.violations.log, *log.violations.first)) << '\n';
  else if (!log.problem)
    std::cout << "checks                  transitions, key ids, installations, names, times, signatures"
              << (s.log.compared ? ", rows" : "") << ": all good\n";
}

void whole_audit::show_json(const audited_log& log) const {
  const auto& s = log.found;
  const auto set = s.signatures.domain_key_set();
  json summary{{"subject", name(a_.subject)},
               {"id", a_.id},
               {"log", s.log.id.hex()},
               {"node", s.node},
               {"simulated", s.simulated},
               {"records", s.log.records},
               {"root", s.log.root.hex()},
               {"domain_key_set", set ? json(set->hex()) : json()},
               {"events", log.events},
               {"shown", log.shown},
               {"signatures_verified", s.signatures.verified()},
               {"violations", log.violations.count},
               {"violations_elsewhere", s.violation_count - log.violations.count},
               {"first_violation", log.violations.first ? as_json(*log.violations.first) : json()},
               {"log_problem", log.problem ? json(*log.problem) : json()}};
  if (!several_)
    summary["about"] = about();
  print_line(std::cout, {{"summary", std::move(summary)}});
}

/// What is to be known of the logs, and is nothing wrong.
std::vector<std::string> whole_audit::remarks() const {
  auto all = copies_;
  for (std::size_t i = 0; i < logs_.size(); ++i) {
    const auto& l = (*joined_)[i];
    if (l.goes_on && !logs_[i].found.log.problem)
      all.push_back(l.name + " has gone on since it was read: what rests on that was left for the next time");
    for (const auto& [id, last] : logs_[i].found.earlier)
      all.push_back(l.name + " was restored behind record " + std::to_string(last) + " of " + id.hex());
  }
  return all;
}

std::vector<whole_audit::not_given> whole_audit::logs_not_given() const {
  std::vector<not_given> all;
  for (const auto& [id, how] : joint_->absent()) {
    if (left_out_.contains(id))
      continue;
    auto& one = all.emplace_back(not_given{id, {}, how});
    for (const auto& log : logs_)
      if (const auto met = log.found.met.find(id); met != log.found.met.end())
        one.node = met->second;
  }
  return all;
}

void whole_audit::show_joint() const {
  std::cout << "\n== " << logs_.size() << (logs_.size() == 1 ? " log" : " logs together") << '\n';
  for (const auto& remark : remarks())
    std::cout << "note                    " << printable(remark) << '\n';
  for (const auto& one : logs_not_given()) {
    std::string who;
    for (const auto by : one.how.named_by)
      who += (who.empty() ? "" : ", ") + (*joined_)[by].name;
    std::cout << "not given               log " << one.id.hex() << (one.node.empty() ? "" : " of " + printable(one.node))
              << ", named by " << printable(who) << '\n';
  }
  for (std::size_t i = 0; i < lacks_.size() && i < missing_shown; ++i)
    std::cout << "MISSING                 " << printable(lacks_[i].text) << '\n';
  if (lacks_.size() > missing_shown)
    std::cout << "MISSING                 " << lacks_.size() - missing_shown << " more; --json has them all\n";
  if (across_elsewhere_.count)
    std::cout << "elsewhere               " << across_elsewhere_.count
              << " violations across the logs that do not concern it; see oaksteel audit all\n";
  if (across_.first)
    std::cout << "VIOLATIONS              " << across_.count << ", the first: "
              << printable(placed(across_.log, *across_.first)) << '\n';
  else if (lacks_.empty() && !opened_all_)
    std::cout << "checks                  not all done: a log that was given could not be read\n";
  else if (lacks_.empty())
    std::cout << "checks                  lives, causes, times, makers and their records, across the logs: all good\n";
}

void whole_audit::show_joint_json() const {
  json logs = json::array(), absent = json::array(), missing = json::array();
  for (const auto& l : *joined_)
    logs.push_back({{"node", l.name}, {"log", l.id.hex()}, {"records", l.records}, {"goes_on", l.goes_on}});
  for (const auto& one : logs_not_given()) {
    json named_by = json::array();
    for (const auto by : one.how.named_by)
      named_by.push_back((*joined_)[by].name);
    absent.push_back({{"log", one.id.hex()},
                      {"node", one.node.empty() ? json() : json(one.node)},
                      {"references", one.how.references},
                      {"named_by", std::move(named_by)}});
  }
  for (const auto& l : lacks_)
    missing.push_back({{"node", (*joined_)[l.of].name},
                       {"claimed_by", (*joined_)[l.claimed_by].name},
                       {"position", l.position},
                       {"text", l.text}});
  json first = across_.first ? as_json(*across_.first) : json();
  if (across_.first)
    first["node"] = (*joined_)[across_.log].name;
  print_line(std::cout, {{"joined",
                          {{"subject", name(a_.subject)},
                           {"id", a_.id},
                           {"logs", std::move(logs)},
                           {"notes", remarks()},
                           {"not_given", std::move(absent)},
                           {"missing", std::move(missing)},
                           {"violations", across_.count},
                           {"violations_elsewhere", across_elsewhere_.count},
                           {"first_violation", std::move(first)},
                           {"about", about()}}}});
}

} // namespace oaksteel
