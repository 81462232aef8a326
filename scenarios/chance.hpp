#pragma once
// Faults by chance: what `do = "chance"` begins. All of it is drawn from one number, so a run can be made again.

#include "actors/devices/meter.hpp"
#include "actors/link/command.hpp"
#include "scenarios/script.hpp"

#include <random>

namespace oaksteel {

/// Where the process ends by chance: nothing that it has not written yet is written.
struct chance_end {
  std::uint64_t records = 0;  ///< after so many more of them
  std::uint64_t messages = 0; ///< and so many more messages handled;
  std::uint64_t answers = 0;  ///< or, if it is not 0, as this answer to an order comes to the operator
};

class chance {
public:
  /// `seed` as the run was given it; `epoch` counts the starts of the process.
  chance(const chance_step& terms, std::uint64_t seed, std::uint32_t epoch);

  std::uint64_t seed() const { return seed_; }
  /// From now on messages meet faults.
  void begin() { begun_ = true; }
  bool begun() const { return begun_; }

  /// What happens to a command or an answer on its way; nothing for most.
  std::optional<message_fault> meets(const command& c);
  /// When the process ends; nothing when it does not.
  std::optional<chance_end> end();
  /// How a meter's memory fails: the same at each start.
  std::vector<meter_defect> defects(const sequence_number& meter, const std::vector<domain_plan>& domains) const;
  /// A number below `n`, which is not 0.
  std::uint64_t below(std::uint64_t n) { return random_() % n; }

private:
  bool in_a_thousand(unsigned share) { return below(1000) < share; }

  chance_step terms_;
  std::uint64_t seed_;
  std::uint32_t epoch_;
  std::mt19937_64 random_;
  bool begun_ = false;
};

/// The seed that a log's chances were drawn from; nothing before its `chance` step is done.
std::optional<std::uint64_t> chance_in(const log_view& view);
/// What the log says of that step when it is done.
std::string chance_said(std::uint64_t seed);
/// The reverse; nothing for another step.
std::optional<std::uint64_t> parse_chance(std::string_view said);

} // namespace oaksteel
