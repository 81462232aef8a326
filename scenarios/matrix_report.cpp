#include "scenarios/matrix_report.hpp"

#include "storage/event_codec.hpp"

#include <algorithm>

namespace oaksteel {

bool has_cells(const script& plan) {
  return std::ranges::any_of(plan.steps, [](const step& s) { return std::holds_alternative<cell_step>(s); });
}

std::uint32_t slot_of_spare(const scenario& what) {
  return static_cast<std::uint32_t>(what.labels.size());
}

std::string name_of_cell(const cell_step& s) {
  return "cell " + std::string{s.message.name} + ' ' + s.fault_text();
}

std::vector<cell_result> cells_in(const log& site, const script& plan) {
  std::vector<cell_result> cells;
  if (!has_cells(plan))
    return cells;
  const auto view = site.view();
  for (std::uint64_t position = 1; position <= view.size(); ++position) {
    const auto record = view.at(position);
    const auto done = record ? read_as<scenario_step_finished>(*record) : std::nullopt;
    const auto* cell = done && done->step >= 1 && done->step <= plan.steps.size()
                         ? std::get_if<cell_step>(&plan.steps[done->step - 1])
                         : nullptr;
    if (!cell)
      continue;
    const auto name = name_of_cell(*cell) + ": ";
    cells.push_back({std::string{cell->message.name}, cell->fault_text(), cell->expected,
                     done->what.starts_with(name) ? done->what.substr(name.size()) : done->what});
  }
  return cells;
}

std::vector<std::string> differences(const std::vector<cell_result>& cells) {
  std::vector<std::string> lines;
  for (const auto& cell : cells)
    if (cell.differs())
      lines.push_back(cell.message + ' ' + cell.fault + ": expected \"" + cell.expected + "\", found \"" + cell.found
                      + '"');
  return lines;
}

} // namespace oaksteel
