#pragma once
// Messages whose type is known by their code alone: for gates, through which every message of the system passes.

#include "actors/link/command.hpp"
#include "actors/link/content.hpp"

#include <caf/actor.hpp>
#include <caf/fwd.hpp>
#include <caf/message.hpp>

#include <functional>
#include <span>
#include <vector>

namespace oaksteel {

/// What comes of a command that a component was asked: the answer's code and parameters, or the refusal.
using answer_taker = std::function<void(expected<command, refusal>)>;

/// One line of the list of messages, without its type.
struct any_message {
  std::uint16_t code = 0;
  std::string_view name;
  hops ways; ///< none: an answer
  std::span<const std::string_view> fields; ///< their names, the head first

  bool may_go(component from, component to) const;

  /// The fields of a message that is of this type, as parameters.
  std::vector<bytes> (*parameters)(const caf::type_erased_tuple& m);
  /// The message in a command, if number, form and content are right (Levels 2 and 3).
  expected<caf::message, refusal> (*read)(const command& c, const configuration_table& known);
  /// Whom a command names, as far as its parameters can be read.
  std::vector<participant> (*named)(const command& c);
  /// True for a message of this type.
  bool (*is)(const caf::type_erased_tuple& m);
};

/// One line of a component's command table.
struct any_command {
  component to;
  std::uint16_t code = 0;
  std::uint16_t answer = 0; ///< code of the answer
  caf::behavior (*awaits)(const answer_taker& taken);

  /// Asks the component and hands on its answer, with code and parameters alone.
  void ask(caf::event_based_actor* self, const caf::actor& whom, const caf::message& m, const answer_taker& taken) const;
};

/// All of them, in the order of the list.
const std::vector<any_message>& all_messages();
/// The line with this code; null when there is none.
const any_message* message_with(std::uint16_t code);
/// The line of a command in a component's command table; null when it is not in it.
const any_command* command_for(component to, std::uint16_t code);
/// The line of a message that travels; null for others.
const any_message* message_of(const caf::type_erased_tuple& m);
/// A message's name by its code, whatever it is.
std::string name_of_message(std::uint16_t code);

} // namespace oaksteel
