#include "cli/ceremony_acts.hpp"

#include "cli/words.hpp"
#include "events/box_reasons.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace oaksteel {
namespace {

using enum ceremony_act;

/// The commands of a ceremony, as the error log names them; all others are a day's work.
constexpr std::array<std::string_view, 9> ceremony_commands = {
  "set_secure_box_id", "allocate_box_id", "put_share",          "take_share",      "create_domain",
  "offer_start_up_key", "make_domain_process", "take_domain_process", "activate_domain",
};

/// Goes through the log with what is known of each box by then.
class reader {
public:
  std::vector<ceremony_deed> deeds;

  void take(const ceremony_event& e) {
    at_ = &e;
    std::visit([this](const auto& event) { on(event); }, e.event);
  }

private:
  struct known_box {
    label slot;
    std::size_t threshold = 0;
    std::set<std::string> entered;
    std::optional<std::size_t> lost_by;    ///< the restart after which it is not enabled yet
    std::optional<std::size_t> last_share; ///< the deed
  };

  known_box& box(const box_id& id) { return boxes_[id.text()]; }

  ceremony_deed& did(std::optional<ceremony_step> act, std::string said) {
    ceremony_deed d;
    d.act = std::move(act);
    d.position = at_->position;
    d.time = at_->time;
    d.said = std::move(said);
    d.told = in_words(at_->event);
    deeds.push_back(std::move(d));
    return deeds.back();
  }
  void odd(transcript_kind kind) { did({}, {}).otherwise = kind; }

  void on(const box_initialised& e) {
    auto& b = box(e.box);
    b.slot = e.slot;
    b.threshold = e.threshold;
    did(ceremony_step{e.domain_key_set.empty() ? enrol : set_first_id, e.slot, {}, {}, {}},
        id_taken(e.box, e.threshold, e.shares.size()));
  }
  void on(const share_entered& e) {
    auto& b = box(e.box);
    b.entered.insert(e.custodian.text);
    did(ceremony_step{enter_share, b.slot, {}, e.custodian, {}}, shares_in(b.entered.size(), b.threshold, false))
      .after_restart = b.lost_by;
    b.last_share = deeds.size() - 1;
  }
  void on(const share_refused&) { odd(transcript_kind::refused); }
  void on(const box_enabled& e) {
    auto& b = box(e.box);
    b.lost_by.reset();
    if (!b.last_share)
      return odd(transcript_kind::unknown);
    auto& share = deeds[*b.last_share];
    share.said = shares_in(b.entered.size(), b.threshold, true);
    share.told += "; it is enabled";
    share.enabled = true;
  }
  void on(const box_disabled& e) {
    auto& b = box(e.box);
    // The event names no custodian but in its reason.
    for (const auto& custodian : b.entered)
      if (e.reason == taken_out(label{custodian})) {
        did(ceremony_step{remove_share, b.slot, {}, label{custodian}, {}}, share_out(label{custodian})).otherwise =
          transcript_kind::disabled;
        b.entered.clear();
        return;
      }
    b.entered.clear();
    if (e.reason != process_restarted || !restart_)
      return odd(transcript_kind::disabled);
    b.lost_by = restart_;
    auto& told = deeds[*restart_].told;
    told += (told.find("; disabled: ") == std::string::npos ? "; disabled: " : ", ") + e.box.text();
  }
  void on(const domain_created& e) {
    did(ceremony_step{create_domain, box(e.creator).slot, {}, {}, e.domain}, domain_made(e.domain, e.creator));
  }
  void on(const domain_process_made& e) {
    did(ceremony_step{make_domain_process, box(e.box).slot, {}, {}, e.domain}, domain_keys_received(e.domain));
  }
  void on(const active_domain_switched& e) {
    did(ceremony_step{activate_domain, box(e.box).slot, {}, {}, e.domain}, domain_activated(e.domain));
  }
  void on(const node_restarted&) {
    did(ceremony_step{restart, {}, {}, {}, {}}, started_again()).otherwise = transcript_kind::restarted;
    restart_ = deeds.size() - 1;
    for (auto& [id, b] : boxes_)
      if (b.lost_by)
        b.lost_by = restart_;
  }
  void on(const fault_recorded&) { odd(transcript_kind::fault); }
  void on(const auto&) {}

  const ceremony_event* at_ = nullptr;
  std::map<std::string, known_box> boxes_;
  std::optional<std::size_t> restart_; ///< the last one
};

} // namespace

bool concerns_ceremony(const any_event& event) {
  if (const auto* fault = std::get_if<fault_recorded>(&event))
    return std::find(ceremony_commands.begin(), ceremony_commands.end(), fault->command) != ceremony_commands.end();
  return std::holds_alternative<node_restarted>(event) || std::holds_alternative<box_initialised>(event)
         || std::holds_alternative<share_entered>(event) || std::holds_alternative<share_refused>(event)
         || std::holds_alternative<box_enabled>(event) || std::holds_alternative<box_disabled>(event)
         || std::holds_alternative<domain_created>(event) || std::holds_alternative<domain_process_made>(event)
         || std::holds_alternative<active_domain_switched>(event);
}

std::vector<ceremony_deed> deeds_in(const std::vector<ceremony_event>& log) {
  reader r;
  for (const auto& e : log)
    r.take(e);
  return std::move(r.deeds);
}

} // namespace oaksteel
