#pragma once
// The command line of `oaksteel meter` and `oaksteel line`: a meter as a process of its own, and a bad line to try it
// on.

#include <CLI/CLI.hpp>

#include <functional>

namespace oaksteel {

/// Adds them to `app`; the one that is chosen sets `run`.
void add_line_commands(CLI::App& app, std::function<int()>& run);

} // namespace oaksteel
