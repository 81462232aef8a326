#pragma once
// Who takes part, by the types of fields (EP-30): for events, and for the messages that lead to them.

#include "events/box.hpp"
#include "events/order.hpp"

#include <algorithm>

namespace oaksteel {

/// Finds the typed ids among the fields of an event. `Sink` has add(participant).
template <class Sink>
struct participant_collector {
  Sink& sink;

  void add(participant_kind kind, std::string id) {
    if (!id.empty())
      sink.add({kind, std::move(id)});
  }
  void take_part(const label& custodian) { add(participant_kind::custodian, custodian.text); }
  void take_part(const std::optional<label>& custodian) {
    if (custodian)
      take_part(*custodian);
  }
  void visit(const domain_id& d) { add(participant_kind::domain, d.text); }
  void visit(const box_id& b) { add(participant_kind::box, b.number ? b.text() : std::string{}); }
  void visit(const key_id& k) {
    add(participant_kind::domain, k.domain.text);
    add(participant_kind::key, k.number ? k.text() : std::string{});
  }
  void visit(const sequence_number& m) { add(participant_kind::meter, m.text); }
  void visit(const order_id& o) { add(participant_kind::order, o.number ? o.text() : std::string{}); }
  void visit(const share_plan& s) { add(participant_kind::custodian, s.custodian.text); }
  void visit(const leg_plan& l) {
    visit(l.domain);
    visit(l.steel);
  }
  void visit(const order_details& d) { visit(d.meter); }
  void visit(const participant& p) { add(p.kind, p.id); }
  void visit(const std::optional<domain_id>& d) {
    if (d)
      visit(*d);
  }
  void visit(const std::optional<box_id>& b) {
    if (b)
      visit(*b);
  }
  template <class T>
  void visit(const std::vector<T>& all) {
    if constexpr (described<T>)
      for (const auto& one : all)
        visit(one);
  }
  void visit(const auto&) {}
};

/// Keeps each participant once.
struct participant_list {
  std::vector<participant> found;

  void add(participant p) {
    if (std::find(found.begin(), found.end(), p) == found.end())
      found.push_back(std::move(p));
  }
};

/// Those ids, each once; what is empty or has no number names nobody.
template <class... Id>
std::vector<participant> taking_part(const Id&... ids) {
  participant_list all;
  participant_collector<participant_list> collector{all};
  (collector.visit(ids), ...);
  return std::move(all.found);
}

} // namespace oaksteel
