#pragma once
// The command line of `oaksteel node`, `box`, `domain` and `key`; what they do stands in operate.cpp.

#include <CLI/CLI.hpp>

#include <functional>

namespace oaksteel {

/// Adds the commands; the one that is chosen sets `run`, which must outlive the parser.
void add_operating_commands(CLI::App& app, std::function<int()>& run);

} // namespace oaksteel
