#pragma once
// What a box's test on demand found (EP-11), for people and for `--json`.

#include "actors/messages.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace oaksteel {

/// A line for the box, one for each generator, one for each figure of its output, one for the known answers.
std::vector<std::string> self_test_lines(const box_tested& tested);
/// {"box", "health", "generators": [{"part", "source", "fault", "statistics": [...]}], "known_answers": {...}}
nlohmann::ordered_json self_test_json(const box_tested& tested);

} // namespace oaksteel
