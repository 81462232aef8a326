#pragma once
// A meter as a process of its own, at the other end of a line: its log, the file that holds its memory key, and one
// meter behind a gate. A PSR reaches it over the line alone (EP-20, EP-26).

#include "events/mail.hpp"
#include "node/line_address.hpp"
#include "storage/log.hpp"

#include <functional>
#include <set>

namespace oaksteel {

struct meter_setup {
  sequence_number number;
  std::filesystem::path data;  ///< new, empty, or of this meter
  line_address line;           ///< a device, or where a node listens
  std::set<domain_id> domains; ///< whose keys it takes; empty: of any
};

/// Runs the meter until SIGTERM or SIGINT, and then ends it cleanly; `ready` is called when it listens to its line. The
/// error says why it cannot run, or why it had to stop.
std::optional<storage_error> run_meter(const meter_setup& setup, const std::function<void()>& ready);

/// Pieces to be printed, all alike.
struct print_job {
  std::uint32_t pieces = 1;
  std::uint64_t postage_thousandths = 0;
  std::string origin; ///< postal code
  time_zone zone;     ///< of the day that stands on them (EP-18): the post's
};
/// What a registered meter prints, while it is on no line; `setup.line` is of no matter. `exists` when the meter refuses.
stored<std::vector<indicium>> print_mail(const meter_setup& setup, const print_job& job);

} // namespace oaksteel
