#pragma once
// The node that writes a log: what the log is, when it started again or was restored, and the scenario that it plays.

#include "events/ids.hpp"
#include "events/refusal.hpp"

#include <string>
#include <variant>

namespace oaksteel {

/// The first record of every log. The log's id is its hash.
struct log_opened {
  std::string node;
  bool simulated = false; ///< true: the seed in this log gives its keys away (SYS-5)
  bytes public_log_key;   ///< Ed25519, 32 bytes: checks the checkpoints

  static auto fields(auto& self, auto take) { return take(self.node, self.simulated, self.public_log_key); }
};

/// The node started again on a log of `durable` records.
struct node_restarted {
  std::uint64_t durable = 0;
  bytes public_log_key; ///< Ed25519, 32 bytes: checks the checkpoints from this record on; empty: as before

  static auto fields(auto& self, auto take) { return take(self.durable, self.public_log_key); }
};

/// A backup was restored: here the log ends whose records stand before, and a new one begins, whose id is this record's
/// hash (SYS-6). Until its counters are raised the node takes part in nothing.
struct log_restored {
  std::string node;
  digest parent;               ///< id of the log that ends
  std::uint64_t position = 0;  ///< of its last record in the backup: the one before this
  bytes public_log_key;        ///< Ed25519, 32 bytes: checks the checkpoints from this record on
  std::uint64_t raise_by = 0;  ///< what the operator has added to each counter

  static auto fields(auto& self, auto take) {
    return take(self.node, self.parent, self.position, self.public_log_key, self.raise_by);
  }
};

/// After a restoration the node's counters stand above everything that anybody has seen of it: it goes on.
struct counters_raised {
  std::uint32_t epoch = 0;        ///< of the writer, from this record on
  std::vector<std::string> nodes; ///< who said what they have seen

  static auto fields(auto& self, auto take) { return take(self.epoch, self.nodes); }
};

/// A part of a file that the scenario was run from, so that it can be run again from the log alone.
struct scenario_input {
  std::string file;
  std::uint32_t part = 0;
  std::uint32_t parts = 1;
  std::string content;

  static auto fields(auto& self, auto take) { return take(self.file, self.part, self.parts, self.content); }
};

/// The inputs are complete; the scenario begins.
struct scenario_started {
  std::string name;
  std::uint64_t seed = 0;

  static auto fields(auto& self, auto take) { return take(self.name, self.seed); }
};

/// A step of the scenario is done; the next run goes on after it.
struct scenario_step_finished {
  std::uint32_t step = 0;
  std::string what;

  static auto fields(auto& self, auto take) { return take(self.step, self.what); }
};

using node_event = std::variant<log_opened, node_restarted, log_restored, counters_raised, scenario_input,
                                scenario_started, scenario_step_finished>;

/// Logs before the present one that are remembered, and told to other nodes.
inline constexpr std::size_t ancestors_limit = 8;

struct node_state {
  std::string name;
  bool simulated = false;
  std::uint32_t restarts = 0;
  bool scenario_running = false;
  std::uint64_t seed = 0;
  std::uint32_t steps_done = 0;
  std::vector<digest> ancestors; ///< ids of the logs before this one, nearest first
  bool restored = false;         ///< and its counters are not raised yet
  std::uint64_t raise_by = 0;    ///< as the restoration says

  static auto fields(auto& self, auto take) {
    return take(self.name, self.simulated, self.restarts, self.scenario_running, self.seed, self.steps_done,
                self.ancestors, self.restored, self.raise_by);
  }
};
void evolve(node_state& state, const log_opened& e);
void evolve(node_state& state, const node_restarted& e);
void evolve(node_state& state, const log_restored& e);
void evolve(node_state& state, const counters_raised& e);
void evolve(node_state& state, const scenario_input& e);
void evolve(node_state& state, const scenario_started& e);
void evolve(node_state& state, const scenario_step_finished& e);

// --- errors (EP-29) ----------------------------------------------------------------------------------

/// An entry of the error log: who refused what, and why. Nothing else changed.
struct fault_recorded {
  std::string where;   ///< the actor that noticed it
  std::string command; ///< what was asked of it
  std::string source;  ///< who asked
  refusal reason = refusal::command_malformed;
  std::string about;   ///< key, meter, box or order
  std::vector<participant> involved;

  static auto fields(auto& self, auto take) {
    return take(self.where, self.command, self.source, self.reason, self.about, self.involved);
  }
};
using fault_event = std::variant<fault_recorded>;

struct fault_log {
  std::uint64_t count = 0;

  static auto fields(auto& self, auto take) { return take(self.count); }
};
void evolve(fault_log& state, const fault_recorded& e);

} // namespace oaksteel
