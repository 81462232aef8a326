#pragma once
// EP-6, seen from outside: a box is either uninitialised or whole, never half a one. Held against each other are what
// the log's events say and what lies on the custodians' media; no secret is used.

#include "storage/replay.hpp"
#include "storage/share_file.hpp"
#include "tests/scenarios/log_facts.hpp"

namespace oaksteel::testing {

/// What a directory holds after a ceremony that may have been cut short.
class ceremony_traces {
public:
  explicit ceremony_traces(const std::filesystem::path& data) : data_(data) { read(); }

  /// What is wrong, one line each; nothing when every box is uninitialised or whole.
  const std::string& problems() const { return problems_; }
  /// None where no log was written yet.
  const std::vector<told_event>& events() const { return events_; }
  /// Boxes that have their id.
  std::size_t whole_boxes() const { return slots_.size(); }
  /// Shares of sets that never came to be, and files that were begun beside them.
  std::size_t left_overs() const { return left_overs_; }

  /// What is wrong with a site where the ceremony of `slots` is done.
  std::string not_finished(const std::set<std::string>& slots) const {
    std::string all = problems_;
    if (slots_ != slots)
      all += std::to_string(slots_.size()) + " of " + std::to_string(slots.size()) + " boxes have an id\n";
    if (left_overs_ > 0)
      all += std::to_string(left_overs_) + " files of unfinished sets are left\n";
    // A ceremony ends with the Manufacturing boxes disabled and all others enabled.
    for (const auto& [box, on] : enabled_)
      if (on == (box.front() == 'M'))
        all += box + (on ? " is enabled\n" : " is not enabled\n");
    return all;
  }

private:
  struct known_set {
    share_set set;
    digest salt;
    std::vector<share_plan> shares;
  };
  /// The set of which a file must be, and which share.
  struct promise {
    share_set_id set;
    std::size_t index = 0;
  };

  void say(const std::string& line) { problems_ += line + '\n'; }

  void read() {
    auto source = log_source::open(data_);
    if (!source && (source.error().code == storage_code::missing || source.error().code == storage_code::not_ours)) {
      check_files();
      if (files_ > 0)
        say("there are shares and no log");
      return;
    }
    if (!source)
      return say("the log: " + source.error().text);
    if (const auto found = verify(*source, {}).problem)
      say("log verify: record " + std::to_string(found->position) + ": " + found->text);
    auto again = log_source::open(data_);
    const auto folded = again ? replay(*again) : replay_result{};
    if (!folded.complete || folded.problem)
      say("replay: " + (folded.problem ? folded.problem->text : "not complete"));
    log_ = folded.id;
    if (auto all = read_log(data_))
      events_ = std::move(*all);
    else
      say("the log cannot be read");
    for (const auto& e : events_)
      std::visit([this](const auto& event) { take(event); }, e.event);
    check_files();
  }

  template <class Event>
  void take(const Event&) {}
  void take(const box_initialised& e) {
    if (!slots_.insert(e.slot.text).second || !enabled_.emplace(e.box.text(), false).second)
      say(e.box.text() + " in " + e.slot.text + " took its id twice");
    expect(e.set, e.box.text(), e.salt, e.shares);
    if (e.domain_set || !e.domain_shares.empty())
      expect(e.domain_set, domain_share_purpose, e.salt, e.domain_shares);
  }
  void take(const box_enabled& e) { enabled_[e.box.text()] = true; }
  void take(const box_disabled& e) { enabled_[e.box.text()] = false; }

  /// The event says that these shares are on their media.
  void expect(const std::optional<share_set>& set, std::string_view of, const digest& salt,
              const std::vector<share_plan>& shares) {
    if (!set || shares.empty())
      return say("a set for " + std::string{of} + " has no id or no shares");
    sets_[set->id] = {*set, salt, shares};
    for (std::size_t i = 0; i < shares.size(); ++i)
      promised_[data_ / "media" / shares[i].custodian.text / share_file_name(of)] = {set->id, i + 1};
  }

  /// Every promised share is there and right; every other one is whole, and of a set that the log does not know.
  void check_files() {
    if (std::filesystem::exists(data_ / "media"))
      for (const auto& entry : std::filesystem::recursive_directory_iterator{data_ / "media"})
        if (entry.is_regular_file())
          check(entry.path());
    for (const auto& [path, wanted] : promised_)
      say(path.string() + ", share " + std::to_string(wanted.index) + " of " + wanted.set.text() + ", is missing");
  }

  void check(const std::filesystem::path& path) {
    ++files_;
    if (path.extension() != ".share") {
      ++left_overs_; // a share whose writing was begun
      return;
    }
    const auto text = media{path.parent_path()}.read(path.filename().string());
    const auto share = text ? parse_share(*text) : expected<share_file, std::string>{unexpected{text.error().text}};
    if (!share)
      return say(path.string() + ": " + share.error());
    if (!share->signature_valid || share->terms.log != log_)
      say(path.string() + ": forged, or of another log");
    const auto promised = promised_.extract(path);
    const auto set = sets_.find(share->terms.set);
    if (!promised) {
      ++left_overs_;
      if (set != sets_.end())
        say(path.string() + " belongs elsewhere");
      return;
    }
    const auto& wanted = promised.mapped();
    if (set == sets_.end() || share->terms.set != wanted.set || share->terms.index != wanted.index
        || not_of_set(*share, set->second.set, set->second.salt, set->second.shares))
      say(path.string() + " is not the share that the log knows");
  }

  std::filesystem::path data_;
  std::string problems_;
  std::vector<told_event> events_;
  digest log_;
  std::size_t files_ = 0; ///< on the media
  std::size_t left_overs_ = 0;
  std::set<std::string> slots_;
  std::map<std::string, bool> enabled_; ///< by box
  std::map<share_set_id, known_set> sets_;
  std::map<std::filesystem::path, promise> promised_; ///< that are not found yet
};

} // namespace oaksteel::testing
