#include "events/generators.hpp"

namespace oaksteel {

bool valid(generator_health health) { return name(health) != "?"; }

std::string_view name(generator_health health) {
  switch (health) {
    case generator_health::ok: return "OK";
    case generator_health::degraded: return "DEGRADED";
    case generator_health::failed: return "FAILED";
  }
  return "?";
}

bool has_two_generators(box_type type) {
  return type == box_type::manufacturing || type == box_type::oak;
}

std::string_view name(generator_part part) {
  return part == generator_part::hardware ? "hardware" : "software";
}

} // namespace oaksteel
