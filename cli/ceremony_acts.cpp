#include "cli/ceremony_acts.hpp"

#include "cli/words.hpp"
#include "events/box_reasons.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace oaksteel {
namespace {

/// The commands of a ceremony, as the error log names them; all others are a day's work. `offer_start_up_key` is one of
/// earlier logs.
constexpr std::string_view ceremony_commands[] = {
  "set_first_secure_box_id", "set_secure_box_id", "allocate_box_id",     "admit_box",           "take_box_id",
  "put_share",               "take_share",        "hand_over_key_set",   "take_key_set",        "create_domain",
  "make_domain_process",     "activate_domain",   "take_domain_process", "offer_start_up_key",
};

/// True for the events that a reader does something with: the one list of them is its on().
template <class Reader, class Event>
concept read_by = requires(Reader& r, Event e) { r.on(e); };

/// Goes through the log with what is known of each box by then.
class reader {
  using enum ceremony_act;

public:
  std::vector<ceremony_deed> deeds;

  void take(const ceremony_event& e) {
    at_ = &e;
    std::visit(
      [this](const auto& event) {
        if constexpr (read_by<reader, decltype(event)>)
          on(event);
      },
      e.event);
  }

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
    b.entered.clear();
    if (e.custodian) {
      did(ceremony_step{remove_share, b.slot, {}, *e.custodian, {}}, share_out(*e.custodian)).otherwise =
        transcript_kind::disabled;
      return;
    }
    if (e.reason != process_restarted || !restart_)
      return odd(transcript_kind::disabled);
    b.lost_by = restart_;
    auto& told = deeds[*restart_].told;
    told += (told.find("; disabled: ") == std::string::npos ? "; disabled: " : ", ") + e.box.text();
  }
  void on(const domain_created& e) {
    did(ceremony_step{create_domain, box(e.creator).slot, {}, {}, e.domain}, domain_made(e.domain, e.creator));
  }
  void on(const key_set_received& e) {
    did(ceremony_step{hand_over_key_set, box(e.box).slot, {}, {}, {}}, key_set_received_by(e.box));
  }
  void on(const domain_process_made& e) {
    // The box that makes a domain has its keys from then on: that is part of making it.
    if (e.key_data && !e.source)
      return;
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
  void on(const generators_changed&) { odd(transcript_kind::generators); }

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

  const ceremony_event* at_ = nullptr;
  std::map<std::string, known_box> boxes_;
  std::optional<std::size_t> restart_; ///< the last one
};

} // namespace

bool concerns_ceremony(const any_event& event) {
  if (const auto* fault = std::get_if<fault_recorded>(&event))
    return std::ranges::find(ceremony_commands, fault->command) != std::end(ceremony_commands);
  return std::visit([](const auto& e) { return read_by<reader, decltype(e)>; }, event);
}

std::vector<ceremony_deed> deeds_in(const std::vector<ceremony_event>& log) {
  reader r;
  for (const auto& e : log)
    r.take(e);
  return std::move(r.deeds);
}

} // namespace oaksteel
