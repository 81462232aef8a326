#pragma once
// What a transcript needs of a log: the events of the ceremony, the scenario in it, and what there is at its end.

#include "cli/ceremony_matching.hpp"
#include "scenarios/chronicle.hpp"
#include "storage/replay.hpp"

namespace oaksteel {

/// A box as the log left it.
struct made_box {
  label slot;
  bool enabled = false;
};
/// A set of shares, of a box or of the domain key set.
struct made_set {
  std::optional<share_set_id> id; ///< logs before version 2 of box_initialised have none
  std::string of;                 ///< box id, or `domain-key-set`
  std::size_t threshold = 0;
  std::vector<label> custodians;
};

struct ceremony_log {
  std::vector<ceremony_event> events;
  std::optional<scenario_files> scenario; ///< where the log holds all of it
  std::map<box_id, made_box> boxes;
  std::vector<made_set> sets;
  std::map<domain_id, domain_created> domains;
  std::optional<fingerprint> domain_key_set;
  bool simulated = false;
  digest id, root;
  std::uint64_t records = 0;
  std::optional<std::string> problem; ///< why the log could not be folded to its end
};

/// Reads as far as the log is sound.
stored<ceremony_log> read_ceremony_log(const std::filesystem::path& data);

} // namespace oaksteel
