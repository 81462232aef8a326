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
  std::string field;             ///< of "altered"; of a fault of a record, which: its first, when none is named
  std::optional<std::uint32_t> bit{}; ///< of an altered field, modulo its length; one of its value, when none is named
};

/// Of what there is one fault of a kind.
enum class fault_scope {
  message, ///< as a whole
  field,   ///< each, the head too
  record,  ///< each field that holds one
};

/// A kind of fault. Those that end the process are for the cells of a matrix.
struct message_fault_kind {
  std::string_view name;
  bool changes = false; ///< another message arrives, or elsewhere: whoever acts on what was changed must notice
  fault_scope each = fault_scope::message;
  bool ends_process = false;
};
inline constexpr std::array message_faults{
  message_fault_kind{"lost"},
  message_fault_kind{"doubled"},
  message_fault_kind{"replayed"},
  message_fault_kind{"delayed"},
  message_fault_kind{"altered", true, fault_scope::field},
  message_fault_kind{"wrong_signature", true, fault_scope::record},
  message_fault_kind{"wrong_domain", true},
  message_fault_kind{"wrong_steel", true},
  message_fault_kind{"wrong_box", true},
  message_fault_kind{"unknown_command", true},
  message_fault_kind{"parameter_missing", true},
  message_fault_kind{"record_type", true, fault_scope::record},
  message_fault_kind{"earlier_time", true},
  message_fault_kind{"sender_restarted", false, fault_scope::message, true},
  message_fault_kind{"receiver_restarted", false, fault_scope::message, true},
};
/// One of that list, by its name.
constexpr const message_fault_kind& kind_of_fault(std::string_view name) {
  for (const auto& kind : message_faults)
    if (kind.name == name)
      return kind;
  return message_faults.front();
}

} // namespace oaksteel
