#include "events/order.hpp"

#include <algorithm>
#include <set>

namespace oaksteel {
namespace {

using order_events = std::vector<order_event>;

order_leg* leg_of(order& o, const domain_id& domain) {
  return const_cast<order_leg*>(leg_of(static_cast<const order&>(o), domain));
}

bool ended(const order_leg& leg) {
  return leg.stage == leg_stage::finished || leg.stage == leg_stage::abandoned;
}

/// What a progress event asks of the leg: may it follow, is it done already, does it end the leg.
struct rule {
  bool allowed = false;
  bool done = false;
  bool ends = false;
};

struct rule_for {
  const order& state;
  const order_leg& leg;

  rule operator()(const order_opened&) const { return {}; }
  rule operator()(const order_closed&) const { return {}; }
  rule operator()(const leg_key_assigned& e) const {
    const bool install = state.details.kind == order_kind::install;
    return {install && leg.stage == leg_stage::waiting && e.key.number > leg.key,
            install && leg.stage != leg_stage::waiting && same_key(e.key)};
  }
  rule operator()(const leg_delivered& e) const {
    return {leg.stage == leg_stage::assigned && same_key(e.key),
            same_key(e.key) && leg.stage >= leg_stage::delivered};
  }
  // MI7 may overtake the note that the KDC has MI4.
  rule operator()(const leg_reported& e) const {
    return {(leg.stage == leg_stage::delivered || leg.stage == leg_stage::assigned) && same_key(e.key),
            same_key(e.key) && leg.stage > leg_stage::delivered};
  }
  // From assigned: MI3 is in the archive, and the key can go no further.
  rule operator()(const leg_timed_out& e) const {
    return {(leg.stage == leg_stage::delivered || leg.stage == leg_stage::assigned) && same_key(e.key),
            same_key(e.key) && leg.stage == leg_stage::failed};
  }
  // From assigned: a key id that Oak has passed by is a gap (EP-13b).
  rule operator()(const leg_key_failed& e) const {
    const bool fits =
      leg.stage == leg_stage::assigned || leg.stage == leg_stage::failed || leg.stage == leg_stage::reported;
    return {fits && same_key(e.key), leg.stage == leg_stage::waiting && leg.tries > 0 && same_key(e.key)};
  }
  // A leg that waits is finished when its box has done it, or when the meter has a key from an earlier order.
  rule operator()(const leg_finished& e) const {
    return {leg.stage == leg_stage::waiting || (leg.stage == leg_stage::reported && same_key(e.key)),
            leg.stage == leg_stage::finished && same_key(e.key), true};
  }
  rule operator()(const leg_abandoned&) const { return {!ended(leg), leg.stage == leg_stage::abandoned, true}; }

  bool same_key(const key_id& key) const { return leg.key == key.number; }
};

struct domain_in {
  const domain_id* operator()(const order_opened&) const { return nullptr; }
  const domain_id* operator()(const order_closed&) const { return nullptr; }
  const domain_id* operator()(const leg_abandoned& e) const { return &e.domain; }
  template <class E>
  const domain_id* operator()(const E& e) const {
    return &e.key.domain;
  }
};

/// The order as it will be once this leg has ended; closed when all have.
std::optional<order_closed> closing(const order& state, const order_leg& ending, bool finishes) {
  bool complete = finishes;
  for (const auto& leg : state.legs) {
    if (&leg == &ending)
      continue;
    if (!ended(leg))
      return std::nullopt;
    complete = complete && leg.stage == leg_stage::finished;
  }
  return order_closed{state.id, complete};
}

} // namespace

bool valid(order_kind k) {
  auto v = static_cast<std::uint8_t>(k);
  return v >= 1 && v <= 3;
}

std::string_view name(order_kind k) {
  switch (k) {
    case order_kind::install: return "installation";
    case order_kind::registration: return "registration";
    case order_kind::retirement: return "retirement";
  }
  return "?";
}

bool valid(leg_stage s) {
  return static_cast<std::uint8_t>(s) <= static_cast<std::uint8_t>(leg_stage::abandoned);
}

std::string order_key(const order_details& details, const std::vector<leg_plan>& legs) {
  auto key = std::string{name(details.kind)} + '|' + details.meter.text;
  for (const auto& leg : legs)
    key += '|' + leg.domain.text;
  return key;
}

decision<order_book_event> decide(const order_book& state, const order_numbers_raised& proposed) {
  if (proposed.order.number <= state.last)
    return std::vector<order_book_event>{};
  return std::vector<order_book_event>{proposed};
}

void evolve(order_book& state, const order_numbered& e) {
  state.last = e.order.number;
}
void evolve(order_book& state, const order_numbers_raised& e) {
  state.last = e.order.number;
}

const order_leg* leg_of(const order& o, const domain_id& domain) {
  auto it = std::find_if(o.legs.begin(), o.legs.end(), [&](const order_leg& l) { return l.plan.domain == domain; });
  return it == o.legs.end() ? nullptr : &*it;
}

const order_leg* current_leg(const order& o) {
  auto it = std::find_if(o.legs.begin(), o.legs.end(), [](const order_leg& l) { return !ended(l); });
  return it == o.legs.end() ? nullptr : &*it;
}

leg_place place_of(const order_leg& leg) {
  return {{leg.plan.domain, leg.key}, leg.stage};
}

bool is_at(const order& o, const leg_place& place) {
  const auto* leg = current_leg(o);
  return leg && leg->plan.domain == place.key.domain && leg->key == place.key.number && leg->stage == place.stage;
}

decision<order_event> decide(const order& state, const order_opened& proposed) {
  if (state.id.number != 0)
    return refuse(refusal::order_stage_wrong);
  if (proposed.order.number == 0 || proposed.legs.empty() || proposed.legs.size() > 16)
    return refuse(refusal::command_malformed);
  std::set<domain_id> domains;
  for (const auto& leg : proposed.legs)
    if (!domains.insert(leg.domain).second)
      return refuse(refusal::command_malformed);
  const auto& d = proposed.details;
  if (d.kind == order_kind::registration
      && (d.product.empty() || d.serial.empty() || d.country.empty() || d.date.yyyymmdd == 0))
    return refuse(refusal::meter_registration_incomplete);
  if (d.kind == order_kind::registration && d.tokens.size() != proposed.legs.size())
    return refuse(refusal::command_malformed);
  return order_events{proposed};
}

decision<order_event> decide(const order& state, const order_event& progress) {
  if (state.id.number == 0)
    return refuse(refusal::order_not_known);
  auto domain = std::visit(domain_in{}, progress);
  auto leg = domain ? leg_of(state, *domain) : nullptr;
  if (!leg)
    return refuse(refusal::domain_not_known);
  const auto r = std::visit(rule_for{state, *leg}, progress);
  if (r.done)
    return order_events{};
  if (!r.allowed || leg != current_leg(state))
    return refuse(refusal::order_stage_wrong);
  order_events out{progress};
  if (r.ends) {
    if (auto last = closing(state, *leg, std::holds_alternative<leg_finished>(progress)))
      out.emplace_back(*last);
  }
  return out;
}

void evolve(order& state, const order_opened& e) {
  state.id = e.order;
  state.details = e.details;
  for (const auto& plan : e.legs)
    state.legs.push_back({plan});
}
// A log from elsewhere may hold an event of a leg that the order does not have: it changes nothing.

namespace {

/// Replay folds whatever a log says, also one that names a domain which the order does not have.
template <class Change>
void on_leg(order& state, const domain_id& domain, Change change) {
  if (auto leg = leg_of(state, domain))
    change(*leg);
}

} // namespace

void evolve(order& state, const leg_key_assigned& e) {
  on_leg(state, e.key.domain, [&](order_leg& leg) {
    leg.stage = leg_stage::assigned;
    leg.key = e.key.number;
  });
}
void evolve(order& state, const leg_delivered& e) {
  on_leg(state, e.key.domain, [](order_leg& leg) { leg.stage = leg_stage::delivered; });
}
void evolve(order& state, const leg_reported& e) {
  on_leg(state, e.key.domain, [&](order_leg& leg) {
    leg.stage = e.failure ? leg_stage::failed : leg_stage::reported;
    if (e.failure)
      leg.reason = *e.failure;
  });
}
void evolve(order& state, const leg_timed_out& e) {
  on_leg(state, e.key.domain, [](order_leg& leg) {
    leg.stage = leg_stage::failed;
    leg.reason = refusal::no_answer;
  });
}
void evolve(order& state, const leg_key_failed& e) {
  on_leg(state, e.key.domain, [&](order_leg& leg) {
    leg.stage = leg_stage::waiting;
    leg.reason = e.reason;
    ++leg.tries;
  });
}
void evolve(order& state, const leg_finished& e) {
  on_leg(state, e.key.domain, [&](order_leg& leg) {
    leg.stage = leg_stage::finished;
    leg.key = e.key.number;
  });
}
void evolve(order& state, const leg_abandoned& e) {
  on_leg(state, e.domain, [&](order_leg& leg) {
    leg.stage = leg_stage::abandoned;
    leg.reason = e.reason;
  });
}
void evolve(order& state, const order_closed& e) {
  state.closed = true;
  state.complete = e.complete;
}

} // namespace oaksteel
