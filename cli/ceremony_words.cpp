#include "cli/ceremony_words.hpp"

#include <algorithm>
#include <set>

namespace oaksteel {
namespace {

constexpr auto first_box = "First Manufacturing box";
constexpr auto further_boxes = "Further Manufacturing boxes";
constexpr auto ids = "The other boxes take their ids";
constexpr auto domains = "Domains";
constexpr auto domain_keys = "Boxes get their domain keys";

box_plan plan_of(const site_plan& plan, const label& slot) {
  const auto at = std::find_if(plan.boxes.begin(), plan.boxes.end(), [&](const auto& b) { return b.slot == slot; });
  return at == plan.boxes.end() ? box_plan{} : *at;
}

/// What follows from the steps so far.
class prediction {
  using enum ceremony_act;

public:
  prediction(const site_plan& plan, const ceremony_steps& steps)
    : plan_(plan), steps_(steps), ids_(ids_given(plan, steps)) {}

  worded_step word(std::size_t at) {
    const auto& s = steps_[at];
    section_ = section_of(at);
    worded_step w{s, section_, who(s), what(s), detail(s), {}, {}};
    w.display = display(s);
    if (s.act == create_domain)
      w.note = "fingerprint of the domain key set to be noted: ________";
    return w;
  }

private:
  bool manufacturing(const label& slot) const { return plan_of(plan_, slot).type == box_type::manufacturing; }
  box_id id_of(const label& slot) const {
    const auto at = ids_.find(slot);
    return at == ids_.end() ? box_id{} : at->second;
  }

  static std::string who(const ceremony_step& s) {
    switch (s.act) {
    case enrol: return "officer";
    case enter_share:
    case remove_share: return s.custodian.text;
    default: return "operator";
    }
  }

  std::string what(const ceremony_step& s) const {
    const auto& slot = s.slot.text;
    switch (s.act) {
    case set_first_id: return "set the first id of " + slot;
    case enrol: return "type the enrolment secret of " + slot + " at " + s.source.text + " and at " + slot;
    case enter_share: return "put the share for " + slot + " in";
    case remove_share: return "take the share for " + slot + " out";
    case hand_over_key_set:
      return "hand domain key set and start-up keys over from " + s.source.text + " to " + slot;
    case create_domain: return "create " + domain_in_words(s.domain) + " in " + slot;
    case make_domain_process:
      return "hand " + std::string{manufacturing(s.slot) ? "all keys" : "the keys"} + " of domain " + s.domain.text
             + " over from " + s.source.text + " to " + slot;
    case activate_domain: return "make " + s.domain.text + " the active domain of " + slot;
    case restart: return "end the process and start it again";
    }
    return {};
  }

  static std::string detail(const ceremony_step& s) {
    switch (s.act) {
    case set_first_id: return "it writes an operation and a domain share for each custodian";
    case enrol: return "it writes a share for each custodian";
    case restart: return "every box is disabled then";
    default: return {};
    }
  }

  std::string domain_in_words(const domain_id& domain) const {
    for (const auto& d : plan_.domains)
      if (d.id == domain)
        return "the " + d.kind + " domain " + domain.text + " (" + d.sub_domain.text + ")";
    return "domain " + domain.text;
  }

  std::string display(const ceremony_step& s) {
    const auto box = plan_of(plan_, s.slot);
    auto& entered = entered_[s.slot];
    switch (s.act) {
    case set_first_id:
    case enrol: return id_taken(id_of(s.slot), box.threshold, box.custodians.size());
    case enter_share:
      entered.insert(s.custodian.text);
      return shares_in(entered.size(), box.threshold, entered.size() == box.threshold);
    case remove_share: entered.clear(); return share_out(s.custodian);
    case hand_over_key_set: return key_set_received_by(id_of(s.slot));
    case create_domain: return domain_made(s.domain, id_of(s.slot));
    case make_domain_process: return domain_keys_received(s.domain);
    case activate_domain: return domain_activated(s.domain);
    case restart:
      entered_.clear();
      return started_again();
    }
    return {};
  }

  std::string section_of(std::size_t at) const {
    const auto& s = steps_[at];
    switch (s.act) {
    case set_first_id: return first_box;
    case enrol: return manufacturing(s.slot) ? further_boxes : ids;
    case enter_share: return section_of_share(at);
    case remove_share:
      return manufacturing(s.slot) ? "The Manufacturing boxes are disabled" : "Boxes are disabled";
    case hand_over_key_set: return further_boxes;
    case create_domain: return domains;
    case make_domain_process: return manufacturing(s.slot) ? domains : domain_keys;
    case activate_domain: return section_ == domain_keys ? domain_keys : "Active domains";
    case restart: return "Restart";
    }
    return {};
  }

  /// A share belongs to what its box does before or after it.
  std::string section_of_share(std::size_t at) const {
    const auto& slot = steps_[at].slot;
    auto next = at;
    while (next < steps_.size() && steps_[next].act == enter_share && steps_[next].slot == slot)
      ++next;
    auto before = at;
    while (before > 0 && steps_[before].act == enter_share && steps_[before].slot == slot)
      --before;
    const auto& b = steps_[before];
    if (b.slot == slot && (b.act == set_first_id || b.act == enrol))
      return section_;
    if (!manufacturing(slot) && next < steps_.size() && steps_[next].act == make_domain_process
        && steps_[next].slot == slot)
      return domain_keys;
    return manufacturing(slot) ? "The Manufacturing boxes are enabled" : "Boxes are enabled";
  }

  const site_plan& plan_;
  const ceremony_steps& steps_;
  std::string section_; ///< of the step before
  const std::map<label, box_id> ids_;
  std::map<label, std::set<std::string>> entered_; ///< custodians whose share is in
};

} // namespace

std::map<label, box_id> ids_given(const site_plan& plan, const ceremony_steps& steps) {
  std::map<label, box_id> ids;
  std::map<box_type, std::uint32_t> last;
  for (const auto& s : steps)
    if (s.act == ceremony_act::set_first_id || s.act == ceremony_act::enrol) {
      const auto type = plan_of(plan, s.slot).type;
      ids[s.slot] = {type, ++last[type]};
    }
  return ids;
}

std::vector<worded_step> in_words(const site_plan& plan, const ceremony_steps& steps) {
  std::vector<worded_step> words;
  prediction p{plan, steps};
  for (std::size_t i = 0; i < steps.size(); ++i)
    words.push_back(p.word(i));
  return words;
}

std::string id_taken(const box_id& id, std::size_t threshold, std::size_t count) {
  return "id " + id.text() + " taken; " + std::to_string(threshold) + " of " + std::to_string(count)
         + (count == 1 ? " share" : " shares") + (threshold == 1 ? " enables it" : " enable it");
}

std::string shares_in(std::size_t entered, std::size_t threshold, bool enabled) {
  const auto count = std::to_string(entered), needed = std::to_string(threshold);
  const std::string end = enabled ? "; ENABLED" : "";
  if (entered > threshold)
    return count + " shares are in, " + needed + " needed" + end;
  return count + " of " + needed + (threshold == 1 ? " share " : " shares ") + (entered == 1 ? "is in" : "are in") + end;
}

std::string share_out(const label& custodian) {
  return "share of " + custodian.text + " is out; DISABLED";
}

std::string key_set_received_by(const box_id& id) {
  return id.text() + " received the domain key set";
}

std::string domain_made(const domain_id& domain, const box_id& creator) {
  return "domain " + domain.text + " created by " + creator.text();
}

std::string domain_keys_received(const domain_id& domain) {
  return "keys of domain " + domain.text + " received";
}

std::string domain_activated(const domain_id& domain) {
  return domain.text + " is the active domain";
}

std::string started_again() {
  return "the node started again";
}

} // namespace oaksteel
