#pragma once
// The audit of one log, or of several as one: both passes (audit.cpp), and what is said of them in the end
// (audit_summary.cpp).

#include "cli/survey.hpp"
#include "events/joint_history.hpp"

namespace oaksteel {

/// Violations: how many, and the first of them, with the log that it is in.
struct violations_found {
  std::uint64_t count = 0;
  std::size_t log = 0;
  std::optional<violation> first;

  void add(std::size_t of, const violation& v) {
    if (count++ == 0) {
      log = of;
      first = v;
    }
  }
};

/// One of the logs.
struct audited_log {
  std::filesystem::path path;
  survey found;                       ///< of the first pass
  std::optional<std::string> problem; ///< what keeps it from being folded, or from being believed
  std::string node;                   ///< its name among the logs
  std::uint64_t events = 0, shown = 0; ///< of the subject
  violations_found violations;         ///< likewise, by the rules within a log
};

/// The records of a log again, as far as the first pass went: a writer may have gone on meanwhile.
class second_reading {
public:
  /// `all`: to whose records those of this one may refer.
  static stored<second_reading> open(const audited_log& log, const std::vector<audited_log>& all);
  /// Goes on to the next record, or to the end.
  void step();

  struct step_data {
    record written;
    any_event event;
    joined_record place;
  };
  const std::optional<step_data>& now() const { return now_; }

private:
  second_reading(log_source source, std::uint64_t records, const std::vector<audited_log>& all)
    : source_(std::move(source)), records_(records), all_(&all) {}
  std::optional<reference> as_now(std::optional<reference> r) const;

  log_source source_;
  std::uint64_t records_;
  const std::vector<audited_log>* all_;
  std::optional<step_data> now_;
};

/// `transition: key VE/1 goes from ...`
std::string in_words(const violation& v);
nlohmann::ordered_json as_json(const violation& v);

/// The audit of one log, or of several as one.
class whole_audit {
public:
  explicit whole_audit(const audit_arguments& a)
    : a_(a), several_(a.data.size() > 1), related_(a.subject, a.id) {}

  /// Both passes; the exit status.
  int run();

private:
  bool shows_events() const { return a_.subject != audit_subject::all || a_.from || a_.to; }

  // first pass
  void look_at(const std::filesystem::path& path);
  void leave_out_copies();
  void leave_out_parents();
  void name_logs();
  bool known() const;
  int complain_unknown() const;

  // second pass
  int second_pass();
  std::vector<joined_log> joined_logs() const;
  void tell_all(std::vector<second_reading>& readings);
  void take(std::size_t log, const second_reading::step_data& step, const std::optional<violation>& joint);
  void show(std::size_t log, const second_reading::step_data& step, const signed_findings& signs,
            const violation* broken);

  // summary
  bool is_sound() const;
  const history& lives() const { return joint_ ? joint_->lives() : logs_.front().found.lives; }
  nlohmann::ordered_json about() const;
  std::string placed(std::size_t log, const violation& v) const;
  void show_summary() const;
  void show_log(const audited_log& log) const;
  void show_json(const audited_log& log) const;
  std::vector<std::string> remarks() const;
  /// A log that was not given: whose it is, where a log says so, and who refers to it.
  struct not_given {
    digest id;
    std::string node;
    absent_log how;
  };
  std::vector<not_given> logs_not_given() const;
  void show_joint() const;
  void show_joint_json() const;

  const audit_arguments& a_;
  bool several_;
  relation related_;
  std::vector<audited_log> logs_;
  std::vector<std::string> copies_; ///< what was left out, in words
  std::set<digest> left_out_;       ///< logs of which another one tells a part
  std::optional<std::vector<joined_log>> joined_;
  std::optional<joint_history> joint_;
  std::vector<lack> lacks_;
  violations_found across_, across_elsewhere_; ///< by the rules across logs: of the subject, and else
  bool opened_all_ = true;
  int status_ = 0;
};

} // namespace oaksteel
