#pragma once
// Ways between components that lose, double, delay and change commands as a scenario says (EP-26 to EP-29). They know
// bytes: what arrives at a gate is what a line or a stranger could have sent.

#include "node/site.hpp"
#include "scenarios/message_changes.hpp"

#include <memory>

namespace oaksteel {

/// A refusal that passed a wire: who was told what (EP-29).
struct told_refusal {
  component whom;
  refusal code;
};

/// The faults of all wires of a process, and what passed them. Each fault happens once.
class wire_faults {
public:
  explicit wire_faults(std::vector<message_fault> faults);

  /// These faults alone from now on, counted from now. Forgets what passed so far.
  void only(std::vector<message_fault> faults);
  /// True when each of the faults has happened.
  bool happened() const;
  /// Faults by chance beside those: asked for each command and answer, in their order.
  void draw(std::function<std::optional<message_fault>(const command&)> by_chance) { by_chance_ = std::move(by_chance); }
  /// What stands in place of a message's own names.
  void know(other_names others) { others_ = std::move(others); }

  /// A fault ends the process (`sender_restarted`, `receiver_restarted`). Asked after each message, with the number of
  /// records in the log.
  bool ends_process(std::uint64_t records);
  /// The receiver has had the message after which the process is to end, and has had nothing to write or to answer.
  bool end_is_due() const { return arrived_; }
  const std::vector<told_refusal>& told() const { return told_; }

  // --- for the wires themselves ---------------------------------------------------------------------------------

  /// The end of a wire before its component.
  struct near_side {
    wire ends;
    carrier_actor near;
  };
  void add(near_side side) { sides_.push_back(std::move(side)); }
  const std::vector<near_side>& sides() const { return sides_; }
  /// Another component of the same kind as the receiver, as its own kind of sender reaches it; null when there is none.
  const near_side* another(const wire& ends) const;
  /// The fault that happens to this command or answer; null when none does. Counts it.
  const message_fault* meets(const command& c);
  bytes changed(const command& c, const message_fault& f) const { return oaksteel::changed(c, f, others_); }
  /// Keeps who is told of a refusal.
  void passes(const command& c);
  void end_process() { ends_ = true; }
  void has_arrived() { arrived_ = true; }

private:
  struct entry {
    message_fault fault;
    unsigned passed = 0;
  };
  std::vector<entry> entries_;
  std::function<std::optional<message_fault>(const command&)> by_chance_;
  std::optional<message_fault> drawn_;
  other_names others_;
  std::vector<near_side> sides_;
  std::vector<told_refusal> told_;
  bool ends_ = false;
  bool arrived_ = false;
  std::optional<std::uint64_t> records_; ///< in the log when it had arrived
};

/// For site_options. `system` and `faults` outlive what it returns.
carrying faulty_wires(caf::actor_system& system, const std::shared_ptr<wire_faults>& faults);

} // namespace oaksteel
