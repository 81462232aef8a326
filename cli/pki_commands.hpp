#pragma once
// The command line of `oaksteel pki`; what it does stands in pki.cpp.

#include <CLI/CLI.hpp>

#include <functional>

namespace oaksteel {

/// Adds the commands; the one that is chosen sets `run`, which must outlive the parser.
void add_pki_commands(CLI::App& app, std::function<int()>& run);

} // namespace oaksteel
