// The matrix of faults: every message times everything that can happen to it, against a table from the specification
// (EP-13b, EP-14, EP-18, EP-27 to EP-30); and that the table is held against what happens.

#include "actors/link/any_message.hpp"
#include "scenarios/matrix_report.hpp"
#include "scenarios/message_changes.hpp"
#include "scenarios/rerun.hpp"
#include "storage/inspect.hpp"
#include "tests/scenarios/finished_day.hpp"
#include "tests/scenarios/log_facts.hpp"

#include <algorithm>
#include <set>
#include <sstream>

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(fault_matrix)
namespace {

const std::string shipped = "fault-matrix.toml";

std::string table() {
  return file_content(scenario_file(shipped));
}

/// The scenario with its cells reduced to those of these messages: whole matrices take seconds.
scenario with_cells_of(const std::string& text, const std::set<std::string>& messages) {
  scenario_files files;
  files.main = shipped;
  files.content[shipped] = text;
  auto what = load_scenario(files);
  BOOST_REQUIRE_MESSAGE(what, (what ? "" : what.error().text()));
  std::erase_if(what->plan.steps, [&](const step& s) {
    const auto* cell = std::get_if<cell_step>(&s);
    return cell && !messages.contains(std::string{cell->message.name});
  });
  return std::move(*what);
}

run_result run_in(const std::filesystem::path& data, const scenario& what) {
  run_options options;
  options.data = data;
  options.seed = what.plan.seed;
  auto result = run_scenario(what, options);
  BOOST_REQUIRE_MESSAGE(result, (result ? "" : result.error().text));
  return std::move(*result);
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const auto at = text.find(what);
  BOOST_REQUIRE_MESSAGE(at != std::string::npos, what);
  return text.replace(at, what.size(), with);
}

/// The cells in which `oaksteel audit` finds a rule broken, a line each.
std::string cells_with_violations(const std::filesystem::path& data) {
  const auto audit = run_program({"audit", "all", "--from", "2026-01-01", "--json", "--data", data.string()});
  std::string cells;
  bool broken = false;
  std::istringstream lines{audit.out};
  for (std::string line; std::getline(lines, line);) {
    broken |= line.find("\"violation\":{") != std::string::npos;
    const auto cell = line.find("\"cell ");
    if (line.find("scenario_step_finished") == std::string::npos || cell == std::string::npos)
      continue;
    if (std::exchange(broken, false))
      cells += line.substr(cell + 6, line.find(": ", cell) - cell - 6) + '\n';
  }
  return cells + (audit.status == 0 ? "" : "the audit ends with " + std::to_string(audit.status) + '\n');
}

/// The mistake in a changed table.
std::string mistake_in(const std::string& text) {
  const auto read = parse_script(text, "f");
  BOOST_REQUIRE(!read);
  BOOST_CHECK_EQUAL(read.error().file, "f");
  BOOST_CHECK_GT(read.error().line, 0u);
  return read.error().problem;
}

} // namespace

// Every cell as the table has it, in a log that breaks no rule; with OAKSTEEL_THOROUGH the same again from the log alone,
// which takes as long (faults by chance, again from their log: chance_test.cpp).
BOOST_AUTO_TEST_CASE(every_cell_comes_out_as_the_table_says) {
  scratch_directory work;
  const auto what = load_scenario(scenario_file(shipped));
  BOOST_REQUIRE_MESSAGE(what, (what ? "" : what.error().text()));
  const auto result = run_in(work / "matrix", *what);
  for (const auto& line : result.failures)
    BOOST_ERROR(line);
  BOOST_CHECK(result.finished);
  const auto cells = std::ranges::count_if(what->plan.steps, [](const step& s) {
    return std::holds_alternative<cell_step>(s);
  });
  BOOST_CHECK_EQUAL(result.matrix.size(), static_cast<std::size_t>(cells));
  // As the README says.
  auto number = std::to_string(cells);
  number.insert(number.size() - 3, ",");
  const auto readme = file_content("README.md");
  for (const auto* behind : {"\ncells, and prints", " cells\n"})
    BOOST_CHECK_MESSAGE(readme.find(number + behind) != std::string::npos, "README.md has not " << number << " cells");
  BOOST_CHECK_GT(cells, 900);

  // EP-14: at most once, over all cells together.
  const auto events = read_log(work / "matrix");
  BOOST_REQUIRE(events);
  BOOST_CHECK_EQUAL(broken_rules(*events), "");
  instant last;
  for (const auto& e : *events) {
    const auto time = decode_record(e.data)->time;
    BOOST_REQUIRE_MESSAGE(last < time, "record " << e.position << " is of " << time.text());
    last = time;
  }

  // What nobody signs is held against what was asked before anybody acts on it, so an auditor finds nothing wrong.
  BOOST_CHECK_EQUAL(cells_with_violations(work / "matrix"), "");

  if (!std::getenv("OAKSTEEL_THOROUGH"))
    return;
  const auto again = rerun_scenario(work / "matrix", work / "again", {});
  BOOST_REQUIRE_MESSAGE(again, (again ? "" : again.error().text));
  BOOST_CHECK_MESSAGE(!again->differs, again->difference);
  BOOST_CHECK_EQUAL(again->identical, again->recorded);
  BOOST_CHECK_GT(again->restarts, 100u);
}

// EP-15: nothing passes between components in a key's life that the matrix does not have.
BOOST_AUTO_TEST_CASE(every_message_of_a_keys_life_has_its_cells) {
  std::set<std::string_view> had;
  for (const auto& m : matrix_messages())
    had.insert(m.message);
  // An answer of the operator's, ceremonies, mail, a question of the KMC when no MI7 came, and the label.
  const std::set<std::string_view> others{"ask report", "load label", "take up orders", "tamper", "print", "printed"};
  for (const auto& m : all_messages())
    if (m.code < 0x0300 && !others.contains(m.name))
      BOOST_CHECK_MESSAGE(had.contains(m.name), m.name);
}

// The run tells of the one cell whose expectation is another, and ends with a difference.
BOOST_AUTO_TEST_CASE(a_wrong_expectation_is_found) {
  scratch_directory work;
  const auto text = table();
  const auto row = text.find("message = \"MI8\"");
  const auto lost = text.find("lost = \"", row) + 8;
  auto wrong = text;
  wrong.replace(lost, text.find('"', lost) - lost, "Bad Installed; busy in kmc");
  const auto result = run_in(work / "matrix", with_cells_of(wrong, {"MI8", "MI9"}));
  BOOST_CHECK(result.finished);
  BOOST_REQUIRE_EQUAL(result.failures.size(), 1u);
  BOOST_CHECK_EQUAL(result.failures[0], "MI8 lost: expected \"Bad Installed; busy in kmc\", found \"Installed\"");
}

// A run that ends anywhere goes on, and its cells come out the same.
BOOST_AUTO_TEST_CASE(a_run_that_was_cut_off_goes_on) {
  const auto what = with_cells_of(table(), {"MI6c", "MO1"});
  scratch_directory work;
  const auto whole = run_in(work / "whole", what);
  BOOST_REQUIRE(whole.failures.empty());
  const auto last = whole.records - 3;
  for (std::uint64_t end = 150; end < last; end += (last - 150) / 6) {
    BOOST_TEST_CONTEXT("ended after record " << end) {
      const auto data = work / ("cut" + std::to_string(end));
      run_options options;
      options.data = data;
      options.seed = what.plan.seed;
      options.follow = [&](std::uint64_t position, const bytes&) { return position < end; };
      BOOST_REQUIRE(run_scenario(what, options));
      const auto rest = run_in(data, what);
      for (const auto& line : rest.failures)
        BOOST_ERROR(line);
      BOOST_CHECK(rest.finished);
      BOOST_CHECK_EQUAL(rest.matrix.size(), whole.matrix.size());
      const auto events = read_log(data);
      BOOST_REQUIRE(events);
      BOOST_CHECK_EQUAL(broken_rules(*events), "");
    }
  }
}

BOOST_AUTO_TEST_CASE(a_table_that_lacks_something_is_refused) {
  const auto text = table();
  BOOST_REQUIRE(parse_script(text, "f"));
  const auto mi8 = text.find("[[matrix]]\nmessage = \"MI8\"");
  const auto mi9 = text.find("[[matrix]]\nmessage = \"MI9\"");
  auto row = text.substr(mi8, mi9 - mi8);
  const auto with_row = [&](const std::string& other) {
    return mistake_in(text.substr(0, mi8) + other + text.substr(mi9));
  };
  const auto line_of = [&](const std::string& key) {
    const auto at = row.find(key + " = ");
    return row.substr(at, row.find('\n', at) + 1 - at);
  };

  BOOST_CHECK_EQUAL(with_row(""), "the matrix lacks MI8; add a [[matrix]] with message = \"MI8\"");
  BOOST_CHECK_EQUAL(with_row(row + row), "MI8 has a [[matrix]] already; each has one");
  BOOST_CHECK(with_row(replaced(row, "\"MI8\"", "\"MI88\"")).starts_with("unknown message of a matrix \"MI88\""));
  BOOST_CHECK_EQUAL(with_row(replaced(row, "message = \"MI8\"\n", "")),
                    "no `message` in [[matrix]]; add one, for example message = \"MI0\"");
  for (const auto& fault : message_faults) {
    std::vector<std::string> cells;
    if (fault.each == fault_scope::message)
      cells.push_back(std::string{fault.name});
    if (fault.each == fault_scope::field)
      for (const std::string field : {"head", "key", "kms_install"})
        cells.push_back(std::string{fault.name} + '.' + field);
    if (fault.each != fault_scope::message)
      for (const std::string record : {"mi3", "mi7"})
        cells.push_back(std::string{fault.name} + '.' + record);
    for (const auto& cell : cells) {
      const auto lacking = with_row(replaced(row, line_of(cell), ""));
      BOOST_CHECK_MESSAGE(lacking.starts_with("MI8 lacks the cell `" + cell + '`'), lacking);
    }
  }
  BOOST_CHECK(with_row(replaced(row, line_of("record_type.mi3"), "record_type.key = \"Installed\"\n"))
                .starts_with("unknown field of MI8 \"key\""));
  BOOST_CHECK(with_row(replaced(row, "lost = ", "eaten = ")).starts_with("unknown key \"eaten\" in [[matrix]] MI8"));
  BOOST_CHECK(
    with_row(replaced(row, "altered.key = ", "altered.colour = ")).starts_with("unknown field of MI8 \"colour\""));
  BOOST_CHECK(with_row(replaced(row, line_of("lost"), "lost = 3\n")).starts_with("`lost` is 3; it must be an outcome"));
}

BOOST_AUTO_TEST_CASE(a_cell_that_cannot_be_says_so_and_no_other_does) {
  const auto text = table();
  const auto mi8 = text.find("message = \"MI8\"");
  const auto lost = text.find("lost = \"", mi8) + 8;
  const auto steel = text.find("wrong_steel = \"-\"", mi8) + 15;
  auto impossible = text;
  impossible.replace(steel, 1, "Installed");
  BOOST_CHECK_EQUAL(mistake_in(impossible), "MI8 holds no Steel id, so it cannot be `wrong_steel`; write \"-\"");
  auto left_out = text;
  left_out.replace(lost, text.find('"', lost) - lost, "-");
  BOOST_CHECK_EQUAL(mistake_in(left_out), "MI8 can be `lost`; write what must come of it instead of \"-\"");
}

// EP-28, EP-29: whoever acts on what was changed must notice; a cell in which nobody does says why.
BOOST_AUTO_TEST_CASE(what_nobody_notices_has_a_reason_and_nothing_else_has) {
  const auto text = table();
  const auto with_cell = [&](const std::string& key, const std::string& outcome) {
    const auto begin = text.find(key + " = \"", text.find("message = \"MI8\"")) + key.size() + 4;
    return mistake_in(text.substr(0, begin) + outcome + text.substr(text.find('"', begin)));
  };
  for (const std::string key : {"altered.key", "altered.mi7", "wrong_signature.mi3", "record_type.mi7", "wrong_domain",
                                "wrong_box", "unknown_command", "parameter_missing", "earlier_time"}) {
    BOOST_CHECK(with_cell(key, "Installed").starts_with("nobody notices `" + key + "`; say why"));
    BOOST_CHECK(with_cell(key, "Installed; busy in kmc (why not)").starts_with('`' + key + "` has a reason"));
  }
  for (const std::string key : {"lost", "doubled", "replayed", "delayed", "altered.head", "sender_restarted",
                                "receiver_restarted"})
    BOOST_CHECK(with_cell(key, "Installed (why not)").starts_with('`' + key + "` has a reason"));
}

BOOST_AUTO_TEST_CASE(a_matrix_needs_its_surroundings) {
  const auto text = table();
  const std::string do_it = "[[step]]\ndo = \"matrix\"\n";
  BOOST_CHECK(mistake_in(replaced(text, do_it, "")).starts_with("a [[matrix]] that no step runs"));
  BOOST_CHECK(mistake_in(replaced(text, do_it, do_it + do_it)).starts_with("a second `matrix`"));
  BOOST_CHECK(mistake_in(replaced(text, "\"commands\"", "\"direct\"")).starts_with("messages go directly here"));
  BOOST_CHECK(mistake_in(text.substr(0, text.find("[[matrix]]"))).starts_with("a `matrix` without cells"));
  BOOST_CHECK(mistake_in(replaced(text, do_it, "[[step]]\ndo = \"matrix\"\nx = 1\n")).starts_with("unknown key \"x\""));
}

BOOST_AUTO_TEST_CASE(an_outcome_is_read_as_it_is_written) {
  for (const std::string right : {"Installed", "Bad Installed", "gap | gap Installed", "none", "USPS/gap Installed",
                                  "Installed; signature_invalid in brass*3 to kmc*3",
                                  "Installed; key_id_not_fresh in oak to kmc; records_disagree in kmc",
                                  "Active | Active; no_answer to psr site"}) {
    const auto read = cell_outcome::parse(right);
    BOOST_REQUIRE_MESSAGE(read, right << (read ? "" : ": " + read.error()));
    BOOST_CHECK_EQUAL(read->text(), right);
  }
  BOOST_CHECK_EQUAL(cell_outcome::parse(" Bad   Installed ; busy to site kmc in kmc kmc")->text(),
                    "Bad Installed; busy in kmc*2 to kmc site");
  const auto unseen = cell_outcome::parse("Bad Installed (nobody acts on it)");
  BOOST_REQUIRE(unseen);
  BOOST_CHECK_EQUAL(unseen->text(), "Bad Installed");
  BOOST_CHECK_EQUAL(unseen->unseen, "nobody acts on it");
  const std::pair<std::string, std::string> wrong[]{
    {"", "an outcome begins with"},
    {"(nobody acts on it)", "an outcome begins with"},
    {"New (nobody", "a reason stands in brackets at the end"},
    {"New (nobody); busy in kmc", "a reason stands in brackets at the end"},
    {"New ()", "a reason stands in brackets at the end"},
    {"; busy in kmc", "an outcome begins with"},
    {"Instaled", "unknown status of a key \"Instaled\"; did you mean \"Installed\""},
    {"New | New | New", "an order is taken up again once"},
    {"New |", "an outcome begins with"},
    {"New; bussy in kmc", "unknown code \"bussy\""},
    {"New; busy", "busy stands alone"},
    {"New; busy kmc", "\"kmc\" after busy"},
    {"New; busy in nobody", "\"nobody\" after busy"},
    {"New; busy in kmc*1", "\"kmc*1\" after busy"},
    {"New; busy in kmc*", "\"kmc*\" after busy"},
  };
  for (const auto& [text, why] : wrong) {
    const auto read = cell_outcome::parse(text);
    BOOST_REQUIRE_MESSAGE(!read, text);
    BOOST_CHECK_MESSAGE(read.error().starts_with(why), text << ": " << read.error());
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
