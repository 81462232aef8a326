#pragma once
// One history from the logs of several nodes (SYS-4): in which order their records are told, which rules they break
// together, and what one log says of another that is not there. Pure, as history.hpp, which judges lives here too.
//
// Logs tell of one another in two ways. A record's cause and correlation may be records of another log: claims of who
// wrote it, held against that log. And an event may rest on what another node must have made durable before: a signed
// record on the event of the box that made it, a meter's commit on Steel's report, a leg of the KMC on the archive.

#include "events/history.hpp"

#include <set>
#include <string>
#include <unordered_map>

namespace oaksteel {

/// One of the logs, as a first reading found it.
struct joined_log {
  digest id;
  std::string name;                        ///< of its node, as texts say it; no two are equal
  std::uint64_t records = 0;               ///< that were read
  bool goes_on = false;                    ///< it has more: its writer was at work, or it could not be read further
  std::set<std::string, std::less<>> actors; ///< who wrote in it
};

/// What decides about a record's place in the joined history.
struct joined_record {
  std::uint64_t position = 0;
  instant time;
  std::optional<reference> cause, correlation;
};

/// Tells the records of several logs in one order: each log in its own, none before a record that it refers to, and else
/// by time. What rests on a record that was not read is not told, nor what follows it in its log: so the whole is what
/// was so at one moment, also when the logs were read one after another while their writers went on.
class joining {
public:
  /// `logs` outlives it.
  explicit joining(const std::vector<joined_log>& logs);

  /// Which log goes on, by the next record of each, null where there is none; nothing when all has been told. Where each
  /// waits for another, which honest logs do not, the earliest goes on.
  std::optional<std::size_t> next(const std::vector<const joined_record*>& heads);
  /// How many records of a log were told.
  std::uint64_t told(std::size_t log) const { return told_[log]; }

private:
  enum class readiness { ready, waits, never };
  readiness ready(std::size_t log, const joined_record& r) const;
  readiness ready(std::size_t log, const std::optional<reference>& r) const;

  const std::vector<joined_log>& logs_;
  std::map<digest, std::size_t> by_id_;
  std::vector<std::uint64_t> told_;
  std::vector<bool> ended_;
};

/// What one log says of another that lacks it.
struct lack {
  std::size_t of = 0;         ///< the log that lacks it
  std::size_t claimed_by = 0; ///< the log that says so,
  std::uint64_t position = 0; ///< there, the first time
  std::string text;           ///< one sentence, which names both
};

/// A log that was not given, and which of those that were refer to it.
struct absent_log {
  std::uint64_t references = 0;
  std::set<std::size_t> named_by;
};

/// The rules that hold across logs. It is told every record in the order of joining.
class joint_history {
public:
  /// `logs` outlives it. `tolerance`: by how much the clocks of their nodes may differ.
  joint_history(const std::vector<joined_log>& logs, clock_tolerance tolerance);

  /// The first rule that the record breaks; its position is one of `log`.
  std::optional<violation> take(std::size_t log, const joined_record& r, const any_event& e, const signed_facts& facts);

  /// What is lacking when all has been told, in the order in which it was claimed. Of a log that goes on nothing is said.
  std::vector<lack> lacks() const;
  const std::map<digest, absent_log>& absent() const { return absent_; }
  const history& lives() const { return lives_; }

private:
  struct rules;

  /// What later records that refer to a record need to know of it.
  struct told_record {
    instant time;
    std::uint32_t subject = 0;
  };
  /// References of one log into what another does not have.
  struct missing_records {
    std::uint64_t references = 0, first_claim = 0, lowest = 0, highest = 0;
  };
  /// Something that must have happened elsewhere, by a text that says what; it may be told later.
  struct claim {
    std::size_t of = 0, claimed_by = 0;
    std::uint64_t position = 0;
    std::string needed; ///< as happened_ has it
    std::string text;
  };

  std::optional<std::size_t> log_with(const digest& id) const;
  std::optional<std::size_t> writer(std::string_view actor) const;
  std::uint32_t subject_of(const any_event& e);
  std::uint32_t root(std::uint32_t subject) const;

  const std::vector<joined_log>& logs_;
  clock_tolerance tolerance_;
  history lives_;
  std::map<digest, std::size_t> by_id_;
  std::vector<std::vector<told_record>> told_; ///< by log and position
  std::map<digest, absent_log> absent_;
  std::map<std::pair<std::size_t, std::size_t>, missing_records> missing_; ///< by who claims and who lacks
  // Keys, orders and meters that one event names are of one life.
  std::unordered_map<std::string, std::uint32_t> subjects_; ///< from 1
  mutable std::vector<std::uint32_t> joined_to_;            ///< towards the root of their life
  std::map<box_id, std::size_t> box_at_;                    ///< the log in which it was initialised
  std::map<domain_id, std::size_t> assigned_at_;            ///< likewise the domain's key ids
  std::optional<bytes> domain_key_set_;
  std::map<std::pair<std::size_t, std::uint64_t>, order_kind> orders_; ///< by log and number
  std::set<std::string, std::less<>> happened_;
  std::vector<claim> claims_;
};

} // namespace oaksteel
