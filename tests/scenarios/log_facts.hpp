#pragma once
// What a log says happened, read with the inspecting reader alone, and the rules that must hold whatever the process
// went through. The checks use no state row and none of the decisions of events/: only what the events say.

#include "storage/any_event.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace oaksteel::testing {

struct told_event {
  std::uint64_t position = 0;
  instant time;
  bytes data; ///< the record as it is stored
  any_event event;
};

/// Every record of a log that is sound; nothing when it is not, or is not there.
std::optional<std::vector<told_event>> read_log(const std::filesystem::path& path);

/// True when `earlier` is where `later` begins: nothing that was durable is lost or changed.
bool grew_from(const std::vector<told_event>& later, const std::vector<told_event>& earlier);

/// The rules that the log breaks, a line each; empty when none.
std::string broken_rules(const std::vector<told_event>& events);

} // namespace oaksteel::testing
