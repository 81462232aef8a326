#pragma once
// `oaksteel ceremony transcript`: what a log says was done of a ceremony's script, with every exception.

#include <filesystem>
#include <optional>

namespace oaksteel {

struct ceremony_transcript_arguments {
  std::filesystem::path data; ///< a data directory or an export
  std::optional<std::filesystem::path> script; ///< a scenario; without one, the scenario in the log
  bool markdown = false;
  bool json = false;
};

/// Prints it, as far as the log can be folded. Returns the exit status (output.hpp): done when all steps were done in
/// order without an exception, else refused; wrong usage when there is no script.
int ceremony_transcript_of(const ceremony_transcript_arguments& arguments);

} // namespace oaksteel
