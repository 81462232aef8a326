#pragma once
// A matrix of faults: every message of a key's life times everything that can happen to it on its way. A cell is a
// meter of its own, the one fault, and what must come of it. The grammar stands in scenarios/README.md.

#include "actors/link/command.hpp"
#include "events/expected.hpp"
#include "scenarios/message_fault.hpp"

#include <map>
#include <span>
#include <string>
#include <vector>

namespace oaksteel {

struct any_message;

/// What a cell does with its meter; the fault is in the last part of it.
enum class meter_life {
  installation,
  failed_installation,     ///< its memory fails once: the first key ends Bad
  unreported_installation, ///< the first key is for a meter that there is not: it ends Bad by the KMC's time-out
  registration,            ///< after an installation
  retirement,              ///< after both
};

/// A message of EP-15 on one of its ways: the `nth` of those named `message` that go `to` a component in that part of
/// the meter's life.
struct matrix_message {
  std::string_view name; ///< in the scenario file
  meter_life life;
  std::string_view message; ///< in the list of messages
  component to;
  unsigned nth = 1;
  std::string_view lacks = {}; ///< a record that such messages may hold and this one does not
};
/// All that a matrix must have, in the order of flow.
std::span<const matrix_message> matrix_messages();
/// Its line in the list of messages.
const any_message& listed_message(const matrix_message& m);

/// What came of a cell, or must come: `New | Installed; signature_invalid in brass*3 to kmc*3`, or `Installed (nobody acts
/// on it)`.
struct cell_outcome {
  /// Where an error was noted and who was told of it: how often, by component.
  struct errors {
    std::map<std::string, unsigned> in;
    std::map<std::string, unsigned> to;
  };
  std::string keys;  ///< the status of each key that the order took, in the order of key ids
  std::string again; ///< the same after the order was taken up again; empty when it was complete at once
  std::map<std::string, errors> codes;
  std::string unseen; ///< of what must come: why nobody notices a change. Not in text()

  /// The error is what is wrong with the text.
  static expected<cell_outcome, std::string> parse(std::string_view text);
  std::string text() const;
};

/// A cell as a step of a scenario.
struct cell_step {
  matrix_message message;
  message_fault fault;
  std::string expected; ///< cell_outcome::text()

  /// `altered.key`
  std::string fault_text() const { return fault.what + (fault.field.empty() ? "" : '.' + fault.field); }
};

/// A cell in which the process ends is begun again with another meter: so many has it.
inline constexpr unsigned cell_attempts = 4;

/// A cell that was run.
struct cell_result {
  std::string message;
  std::string fault;
  std::string expected;
  std::string found;
  bool differs() const { return expected != found; }
};

} // namespace oaksteel
