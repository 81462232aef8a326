#pragma once
// `oaksteel ceremony script`: the ceremony of a scenario, or the first one of a node, as numbered steps on paper.

#include "cli/ceremony_words.hpp"
#include "cli/output.hpp"
#include "cli/paper.hpp"
#include "scenarios/script.hpp"

namespace oaksteel {

struct ceremony_script_arguments {
  std::filesystem::path file;
  bool markdown = false;
  bool json = false;
};

/// Prints it. Returns the exit status (output.hpp): wrong usage for a file with a mistake, I/O for one that cannot be
/// read.
int ceremony_script(const ceremony_script_arguments& arguments);

/// A ceremony with all that is known before it begins.
struct planned_ceremony {
  std::string name;
  site_plan plan;
  std::vector<worded_step> steps;
  std::map<label, box_id> ids; ///< as they will be given, by slot
};
/// From the text of a scenario or of a node's configuration; `file` is for messages only.
expected<planned_ceremony, text_error> read_ceremony(std::string_view text, const std::string& file);

/// Why there is no script, and the exit status for it.
struct no_script {
  std::string line;
  exit_status status = exit_usage;
};
expected<planned_ceremony, no_script> load_ceremony(const std::filesystem::path& file);

/// What is printed, before it is written as text or Markdown.
paper script_on_paper(const planned_ceremony& ceremony);
nlohmann::ordered_json script_as_json(const planned_ceremony& ceremony);

/// `enrol`, as in the source.
std::string_view name(ceremony_act act);

} // namespace oaksteel
