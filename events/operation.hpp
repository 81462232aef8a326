#pragma once
// What an operator asked of a node over the network, signed by him, and what he was answered (SYS-6). What follows from
// it in the log has it as its cause.

#include "events/ids.hpp"
#include "events/refusal.hpp"
#include "events/signed_bodies.hpp"

#include <string>
#include <variant>
#include <vector>

namespace oaksteel {

/// Longest request and longest answer that an event holds.
inline constexpr std::size_t operation_request_limit = 32 * 1024, operation_answer_limit = 48 * 1024;
/// By how much an operator's clock may differ from the node's, beside the node's own tolerance.
inline constexpr std::int64_t operator_clock_tolerance_us = 600'000'000;

/// What an operator signs, in the scope of the node that is to do it.
struct operation_body {
  static constexpr body_type type = body_type::operation;
  label node;          ///< which is to do it, and no other
  label by;            ///< the operator
  label id;            ///< his own name for it: the same id again is the same command
  instant time;        ///< his clock
  std::string request; ///< a line of JSON (node/requests.hpp)
  digest attached;     ///< SHA-256 of what comes with it (mail to be verified); of nothing, where nothing does

  static auto fields(auto& self, auto take) {
    return take(self.node, self.by, self.id, self.time, self.request, self.attached);
  }
};

/// An operator asked for something that changes a state. Stream: operation, by operator and id.
struct operation_asked {
  label operator_name;
  label id;
  bytes certificate;     ///< the operator's, DER: its key checks the command
  signed_record command; ///< operation_body

  static auto fields(auto& self, auto take) {
    return take(self.operator_name, self.id, self.certificate, self.command);
  }
};

/// What he was answered, and is answered again.
struct operation_answered {
  label operator_name;
  label id;
  std::string answer; ///< a line of JSON (node/requests.hpp)

  static auto fields(auto& self, auto take) { return take(self.operator_name, self.id, self.answer); }
};

/// `Ada/7f3a`: names one command of one operator.
inline std::string operation_key(const label& operator_name, const label& id) {
  return operator_name.text + '/' + id.text;
}

using operation_event = std::variant<operation_asked, operation_answered>;

struct operation {
  bool asked = false;
  bool answered = false;

  static auto fields(auto& self, auto take) { return take(self.asked, self.answered); }
};

/// What was found out about a command.
struct operation_check {
  bool signed_by_him = false; ///< the body is his, for this node, and says what the event says
  bool permitted = false;     ///< by the roles in his certificate
  bool in_time = false;       ///< his clock and the node's do not differ too much
  bool same_request = false;  ///< as that of the first command with this id; of no matter for a first one
};

/// signature_invalid, role_not_permitted, operation_id_taken, operation_time_wrong. No event for one that was asked before.
decision<operation_event> decide(const operation& state, const operation_asked& proposed, const operation_check& check);
/// order_stage_wrong when nothing was asked. No event for one that was answered before.
decision<operation_event> decide(const operation& state, const operation_answered& proposed);
void evolve(operation& state, const operation_asked& e);
void evolve(operation& state, const operation_answered& e);

} // namespace oaksteel
