#include "node/self_test.hpp"

#include <array>
#include <cstdio>

namespace oaksteel {
namespace {

struct part {
  std::string_view name;
  const generator_report* found;
};

/// The generators that the box has, in the order in which they are told.
std::vector<part> parts_of(const self_test_report& report) {
  std::vector<part> all;
  if (report.hardware)
    all.push_back({"hardware", &*report.hardware});
  all.push_back({"software", &report.software});
  if (report.combination)
    all.push_back({"combination", &*report.combination});
  return all;
}

/// A figure without needless zeros: 10.8288, 9655.
std::string figure(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%g", value);
  return text.data();
}

std::string box_in_words(const box_id& box) {
  return std::string{name(box.type)} + " box" + (box.number == 0 ? " without an id" : " " + box.text());
}

} // namespace

std::vector<std::string> self_test_lines(const box_tested& tested) {
  const auto& generators = tested.found.generators;
  std::vector<std::string> lines{box_in_words(tested.box) + " says " + std::string{name(generators.state.health)} +
                                 " of its generators"};
  for (const auto& [part, found] : parts_of(generators)) {
    lines.push_back("  " + std::string{part} + ", " + found->name + ": " +
                    (found->fault ? describe(*found->fault) : "passes"));
    for (const auto& s : found->statistics)
      lines.push_back("    " + s.name + ": " + figure(s.value) + " (" + figure(s.least) + " to " + figure(s.most) +
                      (s.passed() ? ")" : "), fails"));
  }
  lines.push_back("  known answers: " + tested.found.wrong_answer.value_or("all hold"));
  return lines;
}

nlohmann::ordered_json self_test_json(const box_tested& tested) {
  using json = nlohmann::ordered_json;
  const auto& generators = tested.found.generators;
  json list = json::array();
  for (const auto& [part, found] : parts_of(generators)) {
    json statistics = json::array();
    for (const auto& s : found->statistics)
      statistics.push_back(
        {{"name", s.name}, {"value", s.value}, {"least", s.least}, {"most", s.most}, {"passed", s.passed()}});
    list.push_back({{"part", part},
                    {"source", found->name},
                    {"fault", found->fault ? json(describe(*found->fault)) : json()},
                    {"statistics", std::move(statistics)}});
  }
  const auto& wrong = tested.found.wrong_answer;
  return {{"box", tested.box.number == 0 ? json() : json(tested.box.text())},
          {"health", std::string{name(generators.state.health)}},
          {"generators", std::move(list)},
          {"known_answers", {{"hold", !wrong}, {"wrong", wrong ? json(*wrong) : json()}}}};
}

} // namespace oaksteel
