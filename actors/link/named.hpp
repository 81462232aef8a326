#pragma once
// Whom a command names in its parameters (EP-30), also where it is refused and never becomes a message: each parameter
// is read by itself, and what cannot be read names nobody.

#include "actors/link/command.hpp"
#include "actors/link/message_fields.hpp"
#include "events/participants.hpp"

#include <set>

namespace oaksteel {

/// So many at most: a stranger's command must not fill a record.
inline constexpr std::size_t named_limit = 16;

namespace named_detail {

struct collector {
  participant_list list;
  participant_collector<collector> ids{*this};

  void add(participant p) {
    if (list.found.size() < named_limit)
      list.add(std::move(p));
  }
  void take(const domain_id& x) {
    if (domain_id::parse(x.text))
      ids.visit(x);
  }
  void take(const sequence_number& x) {
    if (sequence_number::parse(x.text))
      ids.visit(x);
  }
  void take(const key_id& x) {
    if (domain_id::parse(x.domain.text))
      ids.visit(x);
  }
  void take(const box_id& x) { ids.visit(x); }
  void take(const order_id& x) { ids.visit(x); }
  template <described T>
  void take(const T& x) {
    for_each_field(x, [this](const auto& field) { take(field); });
  }
  template <class T>
  void take(const std::optional<T>& x) {
    if (x)
      take(*x);
  }
  template <class T>
  void take(const std::vector<T>& all) {
    if constexpr (described<T>)
      for (const auto& one : all)
        take(one);
  }
  void take(const auto&) {}

  template <class Field>
  void take_from(const bytes& parameter) {
    if (Field read{}; !decode_into(parameter, read))
      take(read);
  }
};

} // namespace named_detail

/// Whom the parameters of a command name, if it is a `Message`.
template <described Message>
std::vector<participant> named_in(const command& c) {
  named_detail::collector found;
  auto next = c.parameters.begin();
  [&]<class... Field>(fields_detail::members<Field...>) {
    ((next != c.parameters.end() ? found.template take_from<Field>(*next++) : void()), ...);
  }(members_of<Message>{});
  return std::move(found.list.found);
}

} // namespace oaksteel
