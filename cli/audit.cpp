#include "cli/audit.hpp"

#include "cli/event_json.hpp"
#include "cli/inspect.hpp"
#include "cli/output.hpp"
#include "cli/whole_audit.hpp"
#include "cli/words.hpp"

#include <algorithm>
#include <functional>
#include <iostream>

namespace oaksteel {

namespace {

/// In the order of the enum.
constexpr std::string_view subjects[] = {"key", "meter", "box", "domain", "custodian", "operator", "order", "errors", "all"};

} // namespace

std::string_view name(audit_subject s) { return subjects[static_cast<std::size_t>(s)]; }

std::optional<audit_subject> parse_audit_subject(std::string_view s) {
  const auto found = std::ranges::find(subjects, s);
  if (found == std::end(subjects))
    return std::nullopt;
  return static_cast<audit_subject>(found - std::begin(subjects));
}

std::string audit_subjects() {
  std::string all;
  for (auto s : subjects)
    all += (all.empty() ? "" : s == subjects[std::size(subjects) - 1] ? " or " : ", ") + std::string{s};
  return all;
}

namespace {

using json = nlohmann::ordered_json;

std::string in_words(const std::vector<signed_part>& parts) {
  std::string s;
  for (const auto& p : parts)
    s += (s.empty() ? "" : ", ") + std::string{p.record}
         + (p.problem ? " BAD" : p.verified ? " good" : " by " + std::string{p.signer});
  return s;
}

/// How many records there are by now; 0 when that cannot be told.
std::uint64_t records_in(const std::filesystem::path& path) {
  auto source = log_source::open(path);
  std::uint64_t last = 0;
  while (const auto* item = source ? source->next() : nullptr)
    if (const auto* r = std::get_if<scanned_record>(item))
      last = r->position;
  return last;
}

/// The first record that differs in two readings of one log; nothing when one is how the other begins.
std::optional<std::uint64_t> parting(const std::filesystem::path& one, const std::filesystem::path& other) {
  auto a = log_source::open(one), b = log_source::open(other);
  const auto next = [](auto& source) -> const scanned_record* {
    while (const auto* item = source ? source->next() : nullptr)
      if (const auto* r = std::get_if<scanned_record>(item))
        return r;
    return nullptr;
  };
  for (;;) {
    const auto *x = next(a), *y = next(b);
    if (!x || !y)
      return std::nullopt;
    if (!std::ranges::equal(x->data, y->data))
      return x->position;
  }
}

} // namespace

int whole_audit::run() {
  for (const auto& path : a_.data)
    look_at(path);
  if (several_) {
    leave_out_copies();
    leave_out_parents();
  }
  name_logs();
  if (!known())
    return opened_all_ ? complain_unknown() : status_;
  if (const int status = second_pass(); status != exit_done)
    return status;
  show_summary();
  return std::max<int>(status_, is_sound() ? exit_done : exit_refused);
}

// --- first pass ----------------------------------------------------------------------------------------------------

void whole_audit::look_at(const std::filesystem::path& path) {
  auto source = log_source::open(path);
  if (!source) {
    opened_all_ = false;
    status_ = std::max(status_, complain(source.error()));
    return;
  }
  // What belongs to the subject is known only at the end of this pass, and verifying costs the most.
  audited_log log{path, look_over(*source, a_, related_, !shows_events()), {}, {}};
  if (const auto& p = log.found.log.problem)
    log.problem = "at record " + std::to_string(p->position)
                  + (p->stream ? ", stream " + p->stream->text() : "") + ": " + p->text;
  else // events without a signature rest on hashes and checkpoint alone
    log.problem = unsound(path);
  logs_.push_back(std::move(log));
}

/// Of readings of one log the longest stands for all, if the others are how it begins.
void whole_audit::leave_out_copies() {
  std::ranges::stable_sort(logs_, std::greater{}, [](const audited_log& l) { return l.found.log.records; });
  for (std::size_t i = 0; i < logs_.size(); ++i)
    for (std::size_t j = logs_.size(); j-- > i + 1;) {
      const auto &kept = logs_[i], &other = logs_[j];
      if (kept.found.log.id != other.found.log.id)
        continue;
      const auto both = other.path.string() + " and " + kept.path.string();
      if (const auto differs = parting(other.path, kept.path)) {
        copies_.push_back(both + " are the same log and differ from record " + std::to_string(*differs)
                          + " on: one of them was changed; the first was left out");
        status_ = std::max<int>(status_, exit_refused);
      } else
        copies_.push_back(both + " are the same log: the first, with " + std::to_string(other.found.log.records)
                          + " of " + std::to_string(kept.found.log.records) + " records, was left out");
      logs_.erase(logs_.begin() + static_cast<std::ptrdiff_t>(j));
    }
  // In the order in which they were given.
  std::ranges::stable_sort(logs_, {}, [&](const audited_log& l) { return std::ranges::find(a_.data, l.path); });
}

/// A log that a restored node had before: the node's log of now begins as it did, and tells that part.
void whole_audit::leave_out_parents() {
  for (std::size_t i = logs_.size(); i-- > 0;) {
    const auto& parent = logs_[i];
    const auto child = std::ranges::find_if(
      logs_, [&](const audited_log& l) { return l.found.earlier.contains(parent.found.log.id); });
    if (child == logs_.end())
      continue;
    const auto shared = child->found.earlier.at(parent.found.log.id);
    const auto differs = parting(parent.path, child->path);
    auto text = child->path.string() + " was restored from " + parent.path.string() + " as it was after record "
                + std::to_string(shared) + "; the latter, with " + std::to_string(parent.found.log.records)
                + " records, was left out: audit it alone for what it did after that";
    if (parent.found.log.records > shared)
      status_ = std::max<int>(status_, exit_refused); // what it did after that is told by nobody here
    if (differs && *differs <= shared) {
      text += ". They differ from record " + std::to_string(*differs) + " on: one of them was changed";
      status_ = std::max<int>(status_, exit_refused);
    }
    copies_.push_back(std::move(text));
    left_out_.insert(parent.found.log.id);
    logs_.erase(logs_.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

/// By their nodes; two of one node by their ids too.
void whole_audit::name_logs() {
  std::map<std::string, std::size_t> count;
  for (const auto& log : logs_)
    ++count[log.found.node];
  for (auto& log : logs_)
    log.node = log.found.node + (count[log.found.node] > 1 ? "/" + log.found.log.id.hex().substr(0, 8) : "");
}

bool whole_audit::known() const {
  return std::ranges::any_of(logs_, [&](const audited_log& log) {
    const auto names = log.found.known.find(kind_of(a_.subject));
    return is_single(a_.subject) || (names != log.found.known.end() && names->second.contains(a_.id));
  });
}

int whole_audit::complain_unknown() const {
  std::string instead;
  for (const auto& log : logs_) {
    if (log.problem)
      complain(log.path.string() + " is not sound " + *log.problem, exit_refused);
    instead += (instead.empty() ? "" : "; ") + log.path.string() + ": " + instead_of(log.found, a_);
  }
  return complain(std::string{name(a_.subject)} + " " + a_.id + " is in no event; " + instead, exit_refused);
}

// --- second pass ---------------------------------------------------------------------------------------------------

stored<second_reading> second_reading::open(const audited_log& log, const std::vector<audited_log>& all) {
  auto source = log_source::open(log.path);
  if (!source)
    return unexpected{source.error()};
  return second_reading{std::move(*source), log.found.log.records, all};
}

/// A record of a log that a restored node had before has its place in the node's log of now.
std::optional<reference> second_reading::as_now(std::optional<reference> r) const {
  if (r && r->log)
    for (const auto& log : *all_)
      if (const auto before = log.found.earlier.find(*r->log);
          before != log.found.earlier.end() && r->position <= before->second)
        r->log = log.found.log.id;
  return r;
}

void second_reading::step() {
  now_.reset();
  while (const auto* item = source_.next()) {
    const auto* scanned = std::get_if<scanned_record>(item);
    if (!scanned)
      continue;
    if (scanned->position > records_)
      return;
    auto r = decode_record(scanned->data);
    auto e = r ? decode_event(*r) : expected<any_event, std::string>{unexpected{std::string{}}};
    if (!e)
      continue; // it was read before: the file has been changed since
    const joined_record place{r->position, r->time, as_now(r->cause), as_now(r->correlation)};
    now_ = step_data{std::move(*r), std::move(*e), place};
    return;
  }
}

std::vector<joined_log> whole_audit::joined_logs() const {
  std::vector<joined_log> all;
  for (const auto& log : logs_) {
    const auto& l = log.found.log;
    all.push_back({l.id, log.node, l.records, l.problem || records_in(log.path) > l.records, log.found.actors});
  }
  return all;
}

int whole_audit::second_pass() {
  if (!shows_events())
    for (std::size_t i = 0; i < logs_.size(); ++i) {
      auto& log = logs_[i];
      log.events = log.found.log.records;
      if (!log.found.violations.empty())
        log.violations = {log.found.violation_count, i, log.found.violations.begin()->second};
    }
  if (!shows_events() && !several_)
    return exit_done;
  if (several_) {
    joined_ = joined_logs();
    joint_.emplace(*joined_, a_.tolerance);
  }
  std::vector<second_reading> readings;
  for (const auto& log : logs_) {
    auto reading = second_reading::open(log, logs_);
    if (!reading)
      return complain(reading.error());
    readings.push_back(std::move(*reading));
  }
  tell_all(readings);
  if (joint_)
    lacks_ = joint_->lacks();
  return exit_done;
}

void whole_audit::tell_all(std::vector<second_reading>& readings) {
  for (auto& r : readings)
    r.step();
  if (!joint_) {
    for (auto& only = readings.front(); only.now() && std::cout; only.step())
      take(0, *only.now(), {});
    return;
  }
  joining order{*joined_};
  std::vector<signature_checker> said(readings.size()); // what signed records say; the surveys' own verify them
  std::vector<const joined_record*> heads(readings.size());
  while (std::cout) {
    for (std::size_t i = 0; i < readings.size(); ++i)
      heads[i] = readings[i].now() ? &readings[i].now()->place : nullptr;
    const auto next = order.next(heads);
    if (!next)
      return;
    const auto& step = *readings[*next].now();
    const auto facts = said[*next].check(step.event, step.written.actor, false).facts;
    take(*next, step, joint_->take(*next, step.place, step.event, facts));
    readings[*next].step();
  }
}

/// `joint`: the rule across logs that it breaks. One that it breaks within its log says more.
void whole_audit::take(std::size_t index, const second_reading::step_data& step,
                       const std::optional<violation>& joint) {
  auto& log = logs_[index];
  auto& s = log.found;
  const auto& r = step.written;
  const auto within = s.violations.find(r.position);
  const bool concerned = related_.concerns(r);
  if (joint && within == s.violations.end())
    (concerned ? across_ : across_elsewhere_).add(index, *joint);
  if (!concerned || !shows_events())
    return;
  ++log.events;
  const auto signs = s.signatures.check(step.event, r.actor, true);
  if (within == s.violations.end() && signs.facts.problem)
    s.add({r.position, audit_rule::signature, *signs.facts.problem});
  const auto found = s.violations.find(r.position);
  const violation* broken = found != s.violations.end() ? &found->second : joint ? &*joint : nullptr;
  if (found != s.violations.end())
    log.violations.add(index, found->second);
  if ((a_.from && r.time < *a_.from) || (a_.to && r.time > *a_.to))
    return;
  ++log.shown;
  show(index, step, signs, broken);
}

void whole_audit::show(std::size_t index, const second_reading::step_data& step, const signed_findings& signs,
                       const violation* broken) {
  const auto& log = logs_[index];
  const auto& [r, e, place] = step;
  if (!a_.json) {
    const auto parts = in_words(signs.parts);
    std::cout << r.time.text() << "  " << (several_ ? printable(log.node) + "  " : "") << r.position << "  "
              << printable(r.actor) << "  " << name_of_event(e) << "  " << printable(in_words(e))
              << (parts.empty() ? "" : " [" + parts + "]") << "  (" << printable(in_words(r.participants))
              << ")\n";
    if (broken)
      std::cout << "  !! " << printable(in_words(*broken)) << '\n';
    return;
  }
  auto out = as_json(r, name_of_event(e));
  out["log"] = log.found.log.id.hex();
  out["node"] = log.found.node;
  out["what"] = in_words(e);
  out["data"] = as_json(e);
  json signed_records = json::array();
  for (const auto& p : signs.parts)
    signed_records.push_back({{"record", p.record},
                              {"signer", p.signer},
                              {"verified", p.verified},
                              {"problem", p.problem ? json(*p.problem) : json()}});
  out["signed"] = std::move(signed_records);
  out["violation"] = broken ? as_json(*broken) : json();
  print_line(std::cout, out);
}

int audit(const audit_arguments& arguments) {
  if (arguments.data.size() > 1 && !arguments.json)
    std::cout << arguments.data.size()
              << " logs, told as one: no event before what led to it, otherwise by time\n\n";
  const int status = whole_audit{arguments}.run();
  return output_arrived() ? status : exit_io;
}

} // namespace oaksteel
