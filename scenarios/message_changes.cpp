#include "scenarios/message_changes.hpp"

#include "actors/link/command_table.hpp"
#include "events/field_names.hpp"

#include <algorithm>
#include <map>

namespace oaksteel {
namespace {

// --- the parts of a message, by type ----------------------------------------------------------------------------

template <class T>
struct contained {
  using type = void;
};
template <class T>
struct contained<std::vector<T>> {
  using type = T;
};
template <class T>
struct contained<std::optional<T>> {
  using type = T;
};
template <class K, class T>
struct contained<std::map<K, T>> {
  using type = T;
};

/// True when a `T` has a `Part` somewhere in it.
template <class Part, class T>
consteval bool holds() {
  if constexpr (std::is_same_v<Part, T>)
    return true;
  else if constexpr (described<T>)
    return []<class... Field>(fields_detail::members<Field...>) {
      return (holds<Part, Field>() || ...);
    }(members_of<T>{});
  else if constexpr (!std::is_void_v<typename contained<T>::type>)
    return holds<Part, typename contained<T>::type>();
  else
    return false;
}

/// Calls `change` with every `Part` of `x`.
template <class Part, class T, class Change>
void each(T& x, const Change& change) {
  if constexpr (std::is_same_v<Part, T>)
    change(x);
  else if constexpr (!holds<Part, T>())
    return;
  else if constexpr (described<T>)
    for_each_field(x, [&](auto& field) { each<Part>(field, change); });
  else if constexpr (requires { x.value(); }) {
    if (x)
      each<Part>(*x, change);
  } else
    for (auto& element : x)
      if constexpr (requires { element.second; })
        each<Part>(element.second, change);
      else
        each<Part>(element, change);
}

// --- faults of the content --------------------------------------------------------------------------------------

/// The one after `own` in a list of at least two; `own` when there is no other.
template <class Name>
Name another(const std::vector<Name>& all, const Name& own) {
  const auto found = std::ranges::find_if(all, [&](const Name& n) { return n != own; });
  return found == all.end() ? own : *found;
}

/// Spoils the first record of a field, or of the message when none is named.
template <class Message>
void spoil_record(Message& m, const message_fault& f) {
  std::size_t index = 0;
  bool done = false;
  for_each_field(m, [&](auto& field) {
    if (const auto name = field_names<Message>[index++]; !f.field.empty() && f.field != name)
      return;
    each<signed_record>(field, [&](signed_record& r) {
      if (std::exchange(done, true))
        return;
      if (f.what == "wrong_signature" && !r.proof.empty())
        r.proof[r.proof.size() / 2] ^= 1;
      if (f.what == "record_type" && !r.body.empty())
        r.body.front() = 0xee;
    });
  });
}

template <class Message>
void change(Message& m, const message_fault& f, const other_names& others) {
  if (f.what == "wrong_domain")
    each<domain_id>(m, [&](domain_id& d) {
      if (!d.empty())
        d = another(others.domains, d);
    });
  else if (f.what == "wrong_steel")
    each<box_id>(m, [&](box_id& b) {
      if (b.type == box_type::steel)
        b = another(others.steels, b);
    });
  else if (f.what == "earlier_time") {
    // Earlier than everything: 1970.
    each<instant>(m, [](instant& t) { t.us = 1; });
    each<calendar_date>(m, [](calendar_date& d) { d.yyyymmdd = 19700101; });
  } else
    spoil_record(m, f);
}

/// What is known of one message of the list.
struct changing {
  std::uint16_t code;
  bool domain, steel, time;
  std::vector<std::string_view> records; ///< fields that hold one
  bool (*apply)(command& c, const message_fault& f, const other_names& others);
};

template <class Message>
bool apply_to(command& c, const message_fault& f, const other_names& others) {
  auto m = unpack<Message>(c);
  if (!m)
    return false;
  change(*m, f, others);
  c.parameters = parameters_in(*m);
  return true;
}

template <class Message>
std::vector<std::string_view> fields_with_records() {
  std::vector<std::string_view> all;
  std::size_t index = 0;
  Message m{};
  for_each_field(m, [&]<class Field>(const Field&) {
    if (holds<signed_record, Field>())
      all.push_back(field_names<Message>[index]);
    ++index;
  });
  return all;
}

const changing& changing_of(std::uint16_t code) {
  static const auto all = [] {
    std::map<std::uint16_t, changing> lines;
    for_each_listed([&]<class Message>(const listed<Message>& line) {
      lines.emplace(line.code, changing{line.code, holds<domain_id, Message>(), holds<box_id, Message>(),
                                        holds<instant, Message>() || holds<calendar_date, Message>(),
                                        fields_with_records<Message>(), apply_to<Message>});
    });
    return lines;
  }();
  return all.at(code);
}

bytes& parameter_of(command& c, std::string_view field) {
  const auto& fields = message_with(c.code)->fields;
  return c.parameters.at(static_cast<std::size_t>(std::ranges::find(fields, field) - fields.begin()));
}

void alter(bytes& p, const message_fault& f) {
  if (f.bit) {
    p.at(*f.bit / 8 % p.size()) ^= static_cast<std::uint8_t>(1 << *f.bit % 8);
    return;
  }
  // In the middle of what is long, a record say; the last byte of what is short is of its value and not of a length. That
  // of a head says whether its last position is one of another log.
  const auto last = p.size() - (f.field == "head" ? 2 : 1);
  p.at(p.size() > 64 ? p.size() / 2 : last) ^= 1;
}

} // namespace

std::vector<std::string_view> record_fields(const any_message& m) {
  return changing_of(m.code).records;
}

bool holds_what(const any_message& m, std::string_view fault) {
  const auto& known = changing_of(m.code);
  if (fault == "wrong_domain")
    return known.domain;
  if (fault == "wrong_steel")
    return known.steel;
  if (fault == "earlier_time")
    return known.time;
  return kind_of_fault(fault).each != fault_scope::record || !known.records.empty();
}

bool can_meet(const any_message& m, component to, std::string_view fault) {
  return holds_what(m, fault) || (fault == "wrong_steel" && to == component::steel && m.ways.front());
}

bytes changed(command c, const message_fault& f, const other_names& others) {
  if (f.what == "altered")
    alter(parameter_of(c, f.field), f);
  else if (f.what == "unknown_command")
    c.code = 0xffff;
  else if (f.what == "parameter_missing")
    c.parameters.pop_back();
  else if (message_with(c.code))
    changing_of(c.code).apply(c, f, others);
  return encode(c);
}

} // namespace oaksteel
