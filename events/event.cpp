#include "events/event.hpp"

#include "events/participants.hpp"

namespace oaksteel {
namespace {

/// Calls `f.template operator()<Entry>()` for the entry of the event that is held.
template <class F>
void with_entry(const any_event& e, F&& f) {
  event_list::find([&]<class Entry>() {
    if (!std::holds_alternative<typename Entry::event>(e))
      return false;
    f.template operator()<Entry>();
    return true;
  });
}

stream_id box_stream(const box_id& box) { return {stream_kind::box, box.text()}; }
stream_id key_stream(const key_id& key) { return {stream_kind::key, key.text()}; }
stream_id order_stream(const order_id& order) { return {stream_kind::order, order.text()}; }
stream_id distribution_stream(const key_id& key) { return {stream_kind::distribution, key.text()}; }

/// The state says of which kind the stream is; the event says which one.
template <class State>
struct stream_for;

template <>
struct stream_for<node_state> {
  static stream_id of(const auto&) { return {stream_kind::node, "node"}; }
};
template <>
struct stream_for<fault_log> {
  static stream_id of(const fault_recorded& e) { return {stream_kind::faults, e.where}; }
};
template <>
struct stream_for<box_allocator> {
  static stream_id of(const auto&) { return {stream_kind::allocator, "boxes"}; }
};
template <>
struct stream_for<admission> {
  static stream_id of(const box_admitted& e) { return {stream_kind::admission, e.box.text()}; }
};
template <>
struct stream_for<secure_box> {
  static stream_id of(const key_generated& e) { return box_stream(e.oak); }
  static stream_id of(const auto& e) {
    if constexpr (requires { e.box; })
      return box_stream(e.box);
    else if constexpr (requires { e.brass; })
      return box_stream(e.brass);
    else
      return box_stream(e.steel);
  }
};
template <>
struct stream_for<domain> {
  static stream_id of(const auto& e) { return {stream_kind::domain, e.domain.text}; }
};
template <>
struct stream_for<key_counter> {
  static stream_id of(const auto& e) { return {stream_kind::key_counter, e.key.domain.text}; }
};
template <>
struct stream_for<master_key> {
  static stream_id of(const auto& e) { return key_stream(e.key); }
};
template <>
struct stream_for<order_book> {
  static stream_id of(const auto&) { return {stream_kind::order_book, "orders"}; }
};
template <>
struct stream_for<order> {
  static stream_id of(const auto& e) { return order_stream(e.order); }
};
template <>
struct stream_for<authority> {
  static stream_id of(const authority_introduced&) { return {stream_kind::authority, "authority"}; }
};
template <>
struct stream_for<neighbour> {
  static stream_id of(const neighbour_met& e) { return {stream_kind::neighbour, e.node}; }
};
template <>
struct stream_for<operation> {
  static stream_id of(const auto& e) { return {stream_kind::operation, operation_key(e.operator_name, e.id)}; }
};
template <>
struct stream_for<distribution> {
  static stream_id of(const auto& e) { return distribution_stream(e.key); }
};
template <>
struct stream_for<meter> {
  static stream_id of(const auto& e) { return {stream_kind::meter, e.meter.text}; }
};

/// Compares them with a list, one after another.
struct participant_match {
  const std::vector<participant>& all;
  std::size_t matched = 0;
  bool good = true;

  void add(const participant& p) {
    const auto seen = all.begin() + static_cast<std::ptrdiff_t>(matched);
    if (std::find(all.begin(), seen, p) != seen)
      return;
    good = good && seen != all.end() && *seen == p;
    matched += good;
  }
};

void collect(const any_event& e, auto& sink) {
  std::visit(
    [&](const auto& event) {
      participant_collector<std::remove_reference_t<decltype(sink)>> found{sink};
      for_each_field(event, [&](const auto& field) {
        // The names of custodians and operators are labels; so are slots, which take part in nothing.
        if constexpr (requires { event.custodian; })
          if (static_cast<const void*>(&field) == &event.custodian)
            found.take_part(event.custodian);
        if constexpr (requires { event.operator_name; })
          if (static_cast<const void*>(&field) == &event.operator_name)
            found.add(participant_kind::person, event.operator_name.text);
        found.visit(field);
      });
    },
    e);
}

using changes = std::vector<lookup_change>;

changes rows(const key_generated& e) { return {{lookup::generated_key, e.key.text()}}; }
changes rows(const key_installed& e) { return {{lookup::key_of_meter, e.key.domain.text + '|' + e.meter.text}}; }
changes rows(const key_activated& e) { return {{lookup::key_of_serial, e.key.domain.text + '|' + e.serial.text}}; }
changes rows(const order_opened& e) {
  return {{lookup::open_order, e.order.text()},
          {lookup::order_of_meter, order_key(e.details, e.legs)}};
}
changes rows(const order_closed& e) { return {{lookup::open_order, e.order.text(), true}}; }
changes rows(const box_initialised& e) {
  changes all{{lookup::box_in_slot, e.slot.text}, {lookup::box_keys, e.box.text()}};
  if (e.key_set)
    all.push_back({lookup::key_set, e.box.text()});
  return all;
}
changes rows(const box_admitted& e) { return {{lookup::admitted_box, e.box.text()}}; }
changes rows(const key_set_received& e) { return {{lookup::key_set, e.box.text()}}; }
changes rows(const domain_created& e) { return {{lookup::domain_keys, e.domain.text}}; }
changes rows(const authority_introduced&) { return {{lookup::authority, "authority"}}; }
changes rows(const domain_introduced& e) { return {{lookup::domain_keys, e.domain.text}}; }
changes rows(const domain_process_made& e) {
  return {{lookup::domain_process, e.box.text() + '|' + e.domain.text}};
}
changes rows(const installation_finished& e) { return {{lookup::installation, e.key.text()}}; }
changes rows(const installation_confirmed& e) { return {{lookup::confirmation, "installation|" + e.key.text()}}; }
changes rows(const key_condemned& e) { return {{lookup::confirmation, "condemnation|" + e.key.text()}}; }
changes rows(const registration_confirmed& e) { return {{lookup::confirmation, "registration|" + e.key.text()}}; }
changes rows(const retirement_confirmed& e) { return {{lookup::confirmation, "retirement|" + e.key.text()}}; }
changes rows(const key_provisioned& e) { return {{lookup::meter_key, e.meter.text + '|' + e.key.domain.text}}; }
changes rows(const scenario_input& e) { return {{lookup::scenario_part, e.file + '|' + std::to_string(e.part)}}; }
changes rows(const operation_asked& e) { return {{lookup::operation, operation_key(e.operator_name, e.id)}}; }
changes rows(const operation_answered& e) { return {{lookup::answer, operation_key(e.operator_name, e.id)}}; }
changes rows(const auto&) { return {}; }

} // namespace

std::uint16_t tag_of(const any_event& e) {
  std::uint16_t tag = 0;
  with_entry(e, [&]<class Entry>() { tag = Entry::tag; });
  return tag;
}

std::uint8_t version_of(const any_event& e) {
  std::uint8_t version = 0;
  with_entry(e, [&]<class Entry>() { version = Entry::version; });
  return version;
}

std::string_view name_of_event(const any_event& e) {
  std::string_view found;
  with_entry(e, [&]<class Entry>() { found = Entry::name; });
  return found;
}

stream_id stream_of(const any_event& e) {
  stream_id stream;
  with_entry(e, [&]<class Entry>() {
    stream = stream_for<typename Entry::state>::of(std::get<typename Entry::event>(e));
  });
  return stream;
}

std::vector<participant> participants(const any_event& e) {
  participant_list list;
  list.found.reserve(6); // what most events name at most
  collect(e, list);
  return std::move(list.found);
}

bool names_exactly(const any_event& e, const std::vector<participant>& all) {
  participant_match match{all};
  collect(e, match);
  return match.good && match.matched == all.size();
}

std::vector<lookup_change> lookups(const any_event& e) {
  return std::visit([](const auto& event) { return rows(event); }, e);
}

bool evolve_any(any_state& state, const any_event& e) {
  bool done = false;
  with_entry(e, [&]<class Entry>() {
    if (auto s = std::get_if<typename Entry::state>(&state)) {
      evolve(*s, std::get<typename Entry::event>(e));
      done = true;
    }
  });
  return done;
}

any_state initial_state(const any_event& e) {
  any_state state;
  with_entry(e, [&]<class Entry>() { state = typename Entry::state{}; });
  return state;
}

} // namespace oaksteel
