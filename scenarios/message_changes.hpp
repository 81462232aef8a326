#pragma once
// What a fault does to the content of a command or answer, by the types of its fields: a domain, a Steel id, a time, a
// signature that is another.

#include "actors/link/any_message.hpp"
#include "scenarios/message_fault.hpp"

namespace oaksteel {

/// The names that can stand in place of a message's own.
struct other_names {
  std::vector<domain_id> domains;
  std::vector<box_id> steels;
};

/// The fields of a message that hold a record, by name, in their order.
std::vector<std::string_view> record_fields(const any_message& m);

/// True when a message of this kind holds what the fault changes; of a fault that changes no field, always.
bool holds_what(const any_message& m, std::string_view fault);
/// True when the fault can happen to it on its way to this component: a command to Steel that names no Steel box comes to
/// another one with its record.
bool can_meet(const any_message& m, component to, std::string_view fault);

/// The bytes of `c` after the fault; as it was when it is of no known form.
bytes changed(command c, const message_fault& f, const other_names& others);

} // namespace oaksteel
