#pragma once
// What came of the cells of a matrix, read from the log; and what stands beside them.

#include "scenarios/runner.hpp"

namespace oaksteel {

/// A meter that stands beside, for what comes to the wrong one.
inline const sequence_number spare_meter{"SPARE"};

bool has_cells(const script& plan);
/// The slot of the spare meter's memory; those of the cells' meters follow it.
std::uint32_t slot_of_spare(const scenario& what);

/// `cell MI8 altered.mi3`
std::string name_of_cell(const cell_step& s);

/// Every cell that is done.
std::vector<cell_result> cells_in(const log& site, const script& plan);
/// A line for each that came out differently.
std::vector<std::string> differences(const std::vector<cell_result>& cells);

} // namespace oaksteel
