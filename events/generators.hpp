#pragma once
// A box's random generators as its state knows them (EP-11). What tests them: crypto/generators.hpp.

#include "events/ids.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace oaksteel {

/// Numbers are on disk: never reused.
enum class generator_health : std::uint8_t {
  ok = 1,
  degraded = 2, ///< one generator failed, the other carries on
  failed = 3,   ///< both did, or what they give together; or the only one
};
bool valid(generator_health health);
/// "DEGRADED", as a box says it.
std::string_view name(generator_health health);

/// Which of a box's generators.
enum class generator_part { hardware, software };
std::string_view name(generator_part part);

/// Manufacturing and Oak boxes have both, the others the software one (EP-11).
bool has_two_generators(box_type type);

/// What a site says about work with one generator of two.
enum class degraded_work { allowed, refused };

/// What a box found of its generators: for each that is out, the line that says why.
struct generator_condition {
  generator_health health = generator_health::ok;
  std::optional<std::string> hardware;
  std::optional<std::string> software;
  std::optional<std::string> combination; ///< what both give together

  static auto fields(auto& self, auto take) {
    return take(self.health, self.hardware, self.software, self.combination);
  }
};

/// The condition is another one than before: durable before anything that was drawn since is handed out.
struct generators_changed {
  box_id box;
  generator_health health = generator_health::ok;
  std::optional<std::string> hardware;
  std::optional<std::string> software;
  std::optional<std::string> combination;

  static auto fields(auto& self, auto take) {
    return take(self.box, self.health, self.hardware, self.software, self.combination);
  }
};

/// The box looked at its generators.
struct report_generators {
  generator_condition found;
};

} // namespace oaksteel
