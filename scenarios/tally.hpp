#pragma once
// What a scenario made, counted from the log.

#include "events/mail.hpp"
#include "events/master_key.hpp"
#include "scenarios/script.hpp"
#include "storage/log.hpp"

#include <map>

namespace oaksteel {

struct tally {
  std::map<domain_id, std::map<std::string, std::uint64_t>>
      keys; ///< by status; `gap` for ids never stored, `Bad (interrupted)` for what a restart cost
  std::map<domain_id, std::map<std::string, std::uint64_t>> verdicts; ///< a repeated request counts once
  std::map<std::string, std::uint64_t> events;                         ///< by name
  std::uint64_t meters = 0;                                             ///< labelled
  std::uint64_t boxes = 0;
  std::map<label, bool> enabled;   ///< by slot, at the end
  std::map<label, generator_health> unwell; ///< boxes whose generators are not OK at the end (EP-11)
  std::vector<box_id> out_of_date; ///< Manufacturing boxes whose key data is not that of the first (EP-7)
  std::uint64_t faults = 0;                                             ///< entries of the error log
};

tally count(const log& site, const std::vector<domain_plan>& domains);

/// Expectations that the tally does not meet, one line each.
std::vector<std::string> unmet(const expectations& expect, const tally& counted);

} // namespace oaksteel
