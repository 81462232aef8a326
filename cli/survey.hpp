#pragma once
// The first pass of an audit over a log: folds it, checks every rule, and finds out what belongs to the subject.
// The second pass (audit.cpp) shows what belongs to it, and tells several logs as one (joint_history.hpp).

#include "cli/audit.hpp"
#include "events/history.hpp"
#include "events/mail.hpp"
#include "storage/replay.hpp"
#include "storage/signatures.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <set>

namespace oaksteel {

/// Which events of all logs concern the subject. An order's events are found by their correlation with its first one,
/// also where the log that has that one was not given; a key's and a meter's life take in the orders that were about them, and a meter's the lives of its keys.
class relation {
public:
  relation(audit_subject subject, std::string id) : subject_(subject), id_(std::move(id)) {}

  /// First pass, of every log: remembers which keys and orders belong to the subject.
  void learn(const record& r);
  /// Second pass.
  bool concerns(const record& r) const;

private:
  using place = std::pair<digest, std::uint64_t>; ///< log and position
  bool names(const record& r, participant_kind kind, const std::string& id) const;
  static std::optional<place> correlated_with(const record& r);

  audit_subject subject_;
  std::string id_;
  std::set<std::string> keys_, orders_;
  std::set<place> began_; ///< what the events of an order point at
};

/// How often, by component, code and who was told.
using refusal_counts = std::map<std::string, std::map<refusal, std::map<std::string, std::uint64_t>>>;

/// Everything that the first pass finds.
struct survey {
  survey(const audit_arguments& a) : lives(a.tolerance), signatures(a.domain_key_set) {}

  replay_result log;
  std::string node;
  bool simulated = false;
  /// Of a node that was restored: the logs that its first records were of, and the last position of each here.
  std::map<digest, std::uint64_t> earlier;
  std::map<digest, std::string> met; ///< nodes by the logs with which they came
  history lives;
  signature_checker signatures;
  std::map<std::uint64_t, violation> violations; ///< by position; at most `violations_limit`
  std::uint64_t violation_count = 0;
  std::map<participant_kind, std::set<std::string>> known; ///< every id that the log names
  std::set<std::string, std::less<>> actors;               ///< who wrote in it
  std::map<domain_id, std::map<verdict, std::uint64_t>> verdicts;
  /// The error log.
  refusal_counts faults;

  static constexpr std::size_t violations_limit = 10'000;
  void add(violation v);
};

/// Runs the first pass. `verify`: signatures too; else only what they say, and the second pass verifies them.
survey look_over(log_source& source, const audit_arguments& arguments, relation& related, bool verify);

/// What is known when all has been told.
struct surveyed {
  std::vector<const survey*> logs;
  const history& lives; ///< of the log, or of all of them together
};
/// What the subject is at the end of the logs, for people and programs: names and values in order.
nlohmann::ordered_json describe_subject(const surveyed& s, const audit_arguments& arguments);

/// Where the subject is not in the log: what there is instead.
std::string instead_of(const survey& s, const audit_arguments& arguments);

/// The kind of participant that a subject is; one without an id has none.
participant_kind kind_of(audit_subject s);

} // namespace oaksteel
