#pragma once
// What can happen to a command or an answer on its way.

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace oaksteel {

/// `[[fault]]` of a message, where components talk in commands: what happens to one command or answer on its way.
struct message_fault {
  std::string message;           ///< its name in the list of messages (docs/messages.md)
  std::optional<std::string> to; ///< only on its way to this component
  unsigned nth = 1;              ///< the first, second ... of them
  std::string what;              ///< one of message_faults
  std::string field;             ///< of "altered" and "record_type"
};

/// A kind of fault. Those of a field name it; those that end the process are for the cells of a matrix.
struct message_fault_kind {
  std::string_view name;
  bool of_field = false;
  bool ends_process = false;
};
inline constexpr std::array message_faults{
  message_fault_kind{"lost"},
  message_fault_kind{"doubled"},
  message_fault_kind{"replayed"},
  message_fault_kind{"delayed"},
  message_fault_kind{"altered", true},
  message_fault_kind{"wrong_signature"},
  message_fault_kind{"wrong_domain"},
  message_fault_kind{"wrong_steel"},
  message_fault_kind{"wrong_box"},
  message_fault_kind{"unknown_command"},
  message_fault_kind{"parameter_missing"},
  message_fault_kind{"record_type"},
  message_fault_kind{"earlier_time"},
  message_fault_kind{"sender_restarted", false, true},
  message_fault_kind{"receiver_restarted", false, true},
};

} // namespace oaksteel
