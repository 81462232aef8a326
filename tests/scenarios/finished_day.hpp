#pragma once
// A finished small day, made once by the program and copied for each test that spoils one.

#include "storage/log.hpp"
#include "tests/program.hpp"
#include "tests/scenarios/mutation.hpp"

namespace oaksteel::testing {

std::string file_content(const std::filesystem::path& file);
void write_file(const std::filesystem::path& file, const std::string& content);

namespace finished_day {

/// The directory that all share; nobody changes it.
const std::filesystem::path& directory();
void copy(const std::filesystem::path& to);

} // namespace finished_day
} // namespace oaksteel::testing
