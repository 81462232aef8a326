#pragma once
// Scenario files that hold one ceremony, for tests of what can go wrong in it.

#include <string>

namespace oaksteel::testing {

inline const std::string oak_box = R"(
[[box]]
slot = "oak-ve"
type = "oak"
domains = ["VE"]
custodians = ["Dora", "Emil"]
)";
inline const std::string steel_box = R"(
[[box]]
slot = "steel-1"
type = "steel"
domains = ["VE"]
custodians = ["Fritz", "Greta"]
)";
inline const std::string brass_box = R"(
[[box]]
slot = "brass-ve"
type = "brass"
domains = ["VE"]
custodians = ["Hana", "Ivo"]
)";
inline const std::string tin_box = R"(
[[box]]
slot = "tin-1"
type = "tin"
domains = ["VE"]
custodians = ["Jana", "Karl"]
)";
inline const std::string second_manufacturing_box = R"(
[[box]]
slot = "manufacturing-2"
type = "manufacturing"
threshold = 2
custodians = ["Ada", "Bela", "Pia"]
)";

/// One domain, one Manufacturing box of three custodians, and `boxes`.
inline std::string ceremony_site(const std::string& boxes = "") {
  return R"(name = "one-ceremony"
suite = "p256"
start = "2026-03-02T06:00:00Z"

[[domain]]
id = "VE"
kind = "vendor"
sub_domain = "US"

[[box]]
slot = "manufacturing-1"
type = "manufacturing"
threshold = 2
custodians = ["Ada", "Bela", "Clara"]
)" + boxes + R"(
[[step]]
do = "ceremony"
)";
}

} // namespace oaksteel::testing
