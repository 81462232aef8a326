#pragma once
// `oaksteel audit`: the life of a key, meter, box, domain, custodian or order, the error log (EP-29), or everything,
// from logs alone (SYS-4). Every check is done again without any secret, and the first violation is named.

#include "events/audit_times.hpp"
#include "events/ids.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace oaksteel {

enum class audit_subject : std::uint8_t { key, meter, box, domain, custodian, person, order, errors, all };
std::string_view name(audit_subject s);
std::optional<audit_subject> parse_audit_subject(std::string_view s);
/// All of them, for people: `key, meter, ... or all`.
std::string audit_subjects();

struct audit_arguments {
  audit_subject subject = audit_subject::all;
  std::string id;                          ///< of the subject; empty for errors and all
  std::vector<std::filesystem::path> data; ///< data directories or exports
  std::optional<instant> from;             ///< events from this time on; all when absent
  std::optional<instant> to;               ///< events up to this time
  std::optional<fingerprint> domain_key_set;
  clock_tolerance tolerance;               ///< between the clocks of nodes
  bool json = false;
};

/// Whether there is one of it in a log, so that it has no id.
constexpr bool is_single(audit_subject s) { return s == audit_subject::errors || s == audit_subject::all; }

/// Whether such a thing could have that id.
bool is_well_formed(audit_subject s, const std::string& id);

/// Prints the events that concern the subject, then what was found. Several logs are told as one. The exit status: 1 for
/// a violation, for what a log lacks of what another says, or for a subject that no log knows.
int audit(const audit_arguments& arguments);

} // namespace oaksteel
