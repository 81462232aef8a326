#include "cli/audit.hpp"

#include "cli/event_json.hpp"
#include "cli/inspect.hpp"
#include "cli/output.hpp"
#include "cli/survey.hpp"
#include "cli/words.hpp"

#include <algorithm>
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

json as_json(const violation& v) {
  return {{"position", v.position}, {"rule", name(v.rule)}, {"text", v.text}};
}

std::string in_words(const violation& v) {
  return "record " + std::to_string(v.position) + ", " + std::string{name(v.rule)} + ": " + v.text;
}

std::string in_words(const std::vector<signed_part>& parts) {
  std::string s;
  for (const auto& p : parts)
    s += (s.empty() ? "" : ", ") + std::string{p.record}
         + (p.problem ? " BAD" : p.verified ? " good" : " by " + std::string{p.signer});
  return s;
}

/// One log's part of the audit.
class log_audit {
public:
  log_audit(const audit_arguments& a, std::filesystem::path path) : a_(a), path_(std::move(path)) {}

  /// Both passes; the exit status.
  int run() {
    auto source = log_source::open(path_);
    if (!source)
      return complain(source.error());
    // What belongs to the subject is known only at the end of this pass, and verifying costs the most.
    survey_.emplace(look_over(*source, a_, !shows_events()));
    auto& s = *survey_;
    if (s.log.problem)
      log_problem_ = "at record " + std::to_string(s.log.problem->position)
                     + (s.log.problem->stream ? ", stream " + s.log.problem->stream->text() : "") + ": "
                     + s.log.problem->text;
    else // events without a signature rest on hashes and checkpoint alone
      log_problem_ = unsound(path_);
    known_ = is_single(a_.subject) || s.known[kind_of(a_.subject)].contains(a_.id);
    if (!known_)
      return log_problem_ ? exit_refused : exit_done;
    if (int status = second_pass(); status != exit_done)
      return status;
    show_summary();
    return log_problem_ || first_ ? exit_refused : exit_done;
  }

  bool known() const { return known_; }
  /// False when the log could not be opened; it was said why.
  bool looked() const { return survey_.has_value(); }
  const std::optional<std::string>& log_problem() const { return log_problem_; }
  std::string instead() const { return survey_ ? instead_of(*survey_, a_) : ""; }

private:
  bool shows_events() const { return a_.subject != audit_subject::all || a_.from || a_.to; }

  int second_pass();
  void take(const record& r);
  void show(const record& r, const any_event& e, const signed_findings& signs, const violation* broken);
  void show_summary() const;
  void show_json_summary() const;

  const audit_arguments& a_;
  std::filesystem::path path_;
  std::optional<survey> survey_;
  std::optional<std::string> log_problem_; ///< what keeps the log from being folded
  std::optional<violation> first_;         ///< of those that concern the subject
  std::uint64_t of_subject_ = 0;           ///< violations
  std::uint64_t events_ = 0, shown_ = 0;
  bool known_ = false;
};

/// The records of the first pass again, as far as it went: a writer may have gone on meanwhile.
int log_audit::second_pass() {
  auto& s = *survey_;
  if (!shows_events()) {
    events_ = s.log.records;
    of_subject_ = s.violation_count;
    if (!s.violations.empty())
      first_ = s.violations.begin()->second;
    return exit_done;
  }
  auto source = log_source::open(path_);
  if (!source)
    return complain(source.error());
  for (const auto* item = source->next(); item && std::cout; item = source->next()) {
    const auto* scanned = std::get_if<scanned_record>(item);
    if (!scanned)
      continue;
    if (scanned->position > s.log.records)
      break;
    if (auto r = decode_record(scanned->data))
      take(*r);
  }
  return exit_done;
}

void log_audit::take(const record& r) {
  auto& s = *survey_;
  if (!s.related.concerns(r))
    return;
  const auto event = decode_event(r);
  if (!event)
    return;
  ++events_;
  const auto signs = s.signatures.check(*event, r.actor, true);
  auto found = s.violations.find(r.position);
  if (found == s.violations.end() && signs.facts.problem) {
    s.add({r.position, audit_rule::signature, *signs.facts.problem});
    found = s.violations.find(r.position);
  }
  const violation* broken = found == s.violations.end() ? nullptr : &found->second;
  if (broken) {
    ++of_subject_;
    if (!first_)
      first_ = *broken;
  }
  if ((a_.from && r.time < *a_.from) || (a_.to && r.time > *a_.to))
    return;
  ++shown_;
  show(r, *event, signs, broken);
}

void log_audit::show(const record& r, const any_event& e, const signed_findings& signs, const violation* broken) {
  if (!a_.json) {
    const auto parts = in_words(signs.parts);
    std::cout << r.time.text() << "  " << r.position << "  " << printable(r.actor) << "  " << name_of_event(e) << "  "
              << printable(oaksteel::in_words(e)) << (parts.empty() ? "" : " [" + parts + "]") << "  ("
              << printable(oaksteel::in_words(r.participants)) << ")\n";
    if (broken)
      std::cout << "  !! " << name(broken->rule) << ": " << printable(broken->text) << '\n';
    return;
  }
  auto out = oaksteel::as_json(r, name_of_event(e));
  out["log"] = survey_->log.id.hex();
  out["what"] = oaksteel::in_words(e);
  out["data"] = oaksteel::as_json(e);
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

void log_audit::show_summary() const {
  if (a_.json)
    return show_json_summary();
  const auto& s = *survey_;
  if (shown_ > 0)
    std::cout << '\n';
  std::cout << name(a_.subject) << (a_.id.empty() ? "" : " " + printable(a_.id)) << " at the end of the log\n";
  show_values(describe_subject(s, a_), 2);
  const auto set = s.signatures.domain_key_set();
  std::cout << "\nlog                     " << s.log.id.hex() << (s.simulated ? "  (simulated)" : "")
            << "\nroot                    " << s.log.root.hex() << " over " << s.log.records << " records"
            << "\ndomain key set          " << (set ? set->hex() : "not named in this log")
            << (a_.domain_key_set ? "  (as asked for)" : "") << "\nevents                  " << events_
            << (shows_events() && shown_ != events_ ? ", " + std::to_string(shown_) + " of them in the time asked for"
                                                    : "")
            << "\nsignatures              " << s.signatures.verified()
            << " verified (tags under Brass's secret key are not)\n";
  if (s.violation_count > of_subject_)
    std::cout << "elsewhere               " << s.violation_count - of_subject_
              << " violations in this log that do not concern it; see oaksteel audit all\n";
  if (log_problem_)
    std::cout << "NOT SOUND               the log itself, " << printable(*log_problem_)
              << "; what lies behind was not audited\n";
  if (first_)
    std::cout << "VIOLATIONS              " << of_subject_ << ", the first: " << printable(in_words(*first_)) << '\n';
  else if (!log_problem_)
    std::cout << "checks                  transitions, key ids, installations, names, times, signatures"
              << (s.log.compared ? ", rows" : "") << ": all good\n";
}

void log_audit::show_json_summary() const {
  const auto& s = *survey_;
  const auto set = s.signatures.domain_key_set();
  print_line(std::cout,
             {{"summary",
               {{"subject", name(a_.subject)},
                {"id", a_.id},
                {"log", s.log.id.hex()},
                {"simulated", s.simulated},
                {"records", s.log.records},
                {"root", s.log.root.hex()},
                {"domain_key_set", set ? json(set->hex()) : json()},
                {"events", events_},
                {"shown", shown_},
                {"signatures_verified", s.signatures.verified()},
                {"violations", of_subject_},
                {"violations_elsewhere", s.violation_count - of_subject_},
                {"first_violation", first_ ? as_json(*first_) : json()},
                {"log_problem", log_problem_ ? json(*log_problem_) : json()},
                {"about", describe_subject(s, a_)}}}});
}

} // namespace

int audit(const audit_arguments& arguments) {
  const bool several = arguments.data.size() > 1;
  if (several && !arguments.json)
    std::cout << arguments.data.size()
              << " logs, each audited by itself: lives that go through several are not joined\n";
  int worst = exit_done;
  bool known = false;
  std::string instead;
  for (const auto& path : arguments.data) {
    if (several && !arguments.json)
      std::cout << "\n== " << printable(path.string()) << '\n';
    log_audit one{arguments, path};
    const int status = one.run();
    worst = std::max(worst, status);
    if (!one.looked()) {
      known = true;
      continue;
    }
    if (!one.known() && status != exit_io) {
      instead += (instead.empty() ? "" : "; ") + path.string() + ": " + one.instead();
      if (several && !arguments.json)
        std::cout << "not in this log\n";
      if (one.log_problem())
        complain(path.string() + " is not sound " + *one.log_problem(), exit_refused);
    }
    known = known || one.known() || status == exit_io;
  }
  if (!output_arrived())
    return exit_io;
  if (!known)
    return complain(std::string{name(arguments.subject)} + " " + arguments.id + " is in no event; " + instead,
                    exit_refused);
  return worst;
}

} // namespace oaksteel
