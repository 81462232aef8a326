// The program: parse, call, print. What the commands do stands in run.cpp, inspect.cpp, audit.cpp, backup.cpp,
// share.cpp, ceremony_*.cpp, operate*.cpp, line_commands.cpp and pki*.cpp.

#include "actors/link/message_page.hpp"
#include "cli/audit.hpp"
#include "cli/backup.hpp"
#include "cli/ceremony_script.hpp"
#include "cli/ceremony_transcript.hpp"
#include "cli/inspect.hpp"
#include "cli/line_commands.hpp"
#include "cli/operate_commands.hpp"
#include "cli/output.hpp"
#include "cli/pki_commands.hpp"
#include "cli/run.hpp"
#include "cli/share.hpp"
#include "cli/whole_number.hpp"

#include <CLI/CLI.hpp>

#include <csignal>
#include <functional>
#include <iostream>

namespace oaksteel {
namespace {

constexpr auto version = "oaksteel 0.1.0";

/// Everything that can be given on the command line. It outlives the parser, which writes into it.
struct arguments {
  scenario_arguments scenario;
  std::uint64_t seed = 0;
  log_arguments log;
  list_filter list;
  std::uint64_t list_to = 0;
  std::string checkpoint, export_file, at;
  audit_arguments audit;
  backup_arguments backup;
  share_arguments share;
  std::string share_data;
  ceremony_script_arguments script;
  ceremony_transcript_arguments transcript;
  std::string transcript_script;
  std::string subject, from, to, domain_key_set;
  std::optional<std::uint32_t> clock_tolerance_ms;
  /// Set by the command that was chosen.
  std::function<int()> run;
};

void add_log_options(CLI::App& command, arguments& a) {
  command.add_option("--data", a.log.data, "a data directory, or a log as `log export` writes it")->required();
  command.add_flag("--json", a.log.json, "print JSON");
}

void add_scenario(CLI::App& app, arguments& a) {
  auto& scenario = *app.add_subcommand("scenario", "Play a scenario, or play a recorded one again");
  scenario.require_subcommand(1);

  auto& run = *scenario.add_subcommand("run", "Set up, run, check the expectations; DIR then holds the node's log");
  run.add_option("FILE", a.scenario.file, "the scenario (scenarios/README.md)")->required();
  run.add_option("--data", a.scenario.data, "the data directory to make")->required();
  auto* seed = run.add_option("--seed", a.seed, "a seed instead of the scenario's own")->check(whole_number);
  run.add_flag("--quiet", a.scenario.quiet, "no progress");
  run.add_flag("--json", a.scenario.json, "print JSON");
  run.footer("Example: oaksteel scenario run scenarios/small-day.toml --data day");
  run.callback([&a, seed] {
    a.run = [&a, seed] {
      if (seed->count() > 0)
        a.scenario.seed = a.seed;
      return scenario_run(a.scenario);
    };
  });

  auto& replay =
      *scenario.add_subcommand("replay", "Run a recorded scenario again: identical records, or the first difference");
  replay.add_option("DIR", a.scenario.data, "the data directory of the recorded run")->required();
  replay.add_flag("--quiet", a.scenario.quiet, "no progress");
  replay.add_flag("--json", a.scenario.json, "print JSON");
  replay.footer("Example: oaksteel scenario replay day");
  replay.callback([&a] { a.run = [&a] { return scenario_replay(a.scenario); }; });
}

void add_log_list(CLI::App& log, arguments& a) {
  auto& list = *log.add_subcommand("list", "One line for each record");
  add_log_options(list, a);
  list.add_option("--from", a.list.from, "the first position")->check(whole_number);
  auto* to = list.add_option("--to", a.list_to, "the last position")->check(whole_number);
  list.add_option("--stream", a.list.stream, "only this stream (key/VE/1), or all of a kind (key)");
  list.add_option("--event", a.list.event, "only events of this name (key_installed)");
  list.footer("Example: oaksteel log list --data day --stream key/VE/1");
  list.callback([&a, to] {
    a.run = [&a, to] {
      if (to->count() > 0)
        a.list.to = a.list_to;
      return log_list(a.log, a.list);
    };
  });
}

void add_log(CLI::App& app, arguments& a) {
  auto& log = *app.add_subcommand("log", "Look at a log, check it, write it out");
  log.require_subcommand(1);

  auto& stat = *log.add_subcommand("stat", "What the log is and what it holds");
  add_log_options(stat, a);
  stat.footer("Example: oaksteel log stat --data day");
  stat.callback([&a] { a.run = [&a] { return log_stat(a.log); }; });

  add_log_list(log, a);

  auto& check = *log.add_subcommand("verify", "Compute every hash again; check order, rows and the checkpoint");
  add_log_options(check, a);
  auto* checkpoint = check.add_option("--checkpoint", a.checkpoint, "a checkpoint that was kept elsewhere");
  check.footer("Example: oaksteel log verify --data day --checkpoint kept/checkpoint");
  check.callback([&a, checkpoint] {
    a.run = [&a, checkpoint] {
      return log_verify(a.log, checkpoint->count() > 0 ? std::optional<std::filesystem::path>{a.checkpoint}
                                                       : std::nullopt);
    };
  });

  auto& out = *log.add_subcommand("export", "Write the records to one file, for somebody else");
  add_log_options(out, a);
  out.add_option("FILE", a.export_file, "the file to make, or - for standard output")->required();
  out.footer("Example: oaksteel log export day.log --data day");
  out.callback([&a] { a.run = [&a] { return log_export(a.log, a.export_file); }; });
}

void add_replay(CLI::App& app, arguments& a) {
  auto& replay = *app.add_subcommand("replay", "Fold the log's events and compare with the stored states");
  add_log_options(replay, a);
  auto* at = replay.add_option("--at", a.at, "up to this position or time; then nothing is compared");
  replay.footer("Example: oaksteel replay --data day --at 2026-03-02T12:00:00Z");
  replay.callback([&a, at] {
    a.run = [&a, at] { return log_replay(a.log, at->count() > 0 ? std::optional{a.at} : std::nullopt); };
  });
}

/// A time, or a line that says what would be one.
std::optional<instant> parse_time(const std::string& option, const std::string& text, int& status) {
  auto time = instant::parse(text);
  if (!time)
    status = complain(option + " " + text + " is no time; write 2026-03-02, 2026-03-02T06:00:00Z or with six decimals",
                      exit_usage);
  return time;
}

int run_audit(arguments& a) {
  int status = exit_done;
  const auto subject = parse_audit_subject(a.subject);
  if (!subject)
    return complain("there is no audit of a " + a.subject + "; " + audit_subjects(), exit_usage);
  a.audit.subject = *subject;
  if (is_single(*subject) != a.audit.id.empty())
    return complain(a.audit.id.empty() ? "audit " + a.subject + " needs an id; see oaksteel audit --help"
                                       : "audit " + a.subject + " takes no id",
                    exit_usage);
  if (!a.from.empty())
    a.audit.from = parse_time("--from", a.from, status);
  if (!a.to.empty())
    a.audit.to = parse_time("--to", a.to, status);
  if (a.audit.from && a.audit.to && *a.audit.to < *a.audit.from)
    return complain("--to " + a.to + " is before --from " + a.from, exit_usage);
  if (!is_well_formed(*subject, a.audit.id))
    return complain(in_quotes(a.audit.id) + " is no id of " + (a.subject == "order" || a.subject == "operator" ? "an " : "a ") + a.subject + "; see oaksteel audit --help", exit_usage);
  if (!a.domain_key_set.empty()) {
    const auto digest = digest::parse(a.domain_key_set);
    if (!digest)
      return complain("--domain-key-set takes 64 digits of hex, small letters, as an audit prints them", exit_usage);
    a.audit.domain_key_set = fingerprint{*digest};
  }
  if (a.clock_tolerance_ms)
    a.audit.tolerance = std::chrono::milliseconds{*a.clock_tolerance_ms};
  return status == exit_done ? audit(a.audit) : status;
}

void add_audit(CLI::App& app, arguments& a) {
  auto& command = *app.add_subcommand("audit", "Reconstruct a life from logs alone, with every check done again");
  command.add_option("WHAT", a.subject, audit_subjects())->required();
  command.add_option("ID", a.audit.id, "VE/1, a sequence number, O00000001, VE, a name, an order's number");
  command.add_option("--data", a.audit.data, "a data directory or an exported log; may be given several times")
    ->required()
    ->take_all()
    ->allow_extra_args(false);
  command.add_option("--from", a.from, "show events from this time on");
  command.add_option("--to", a.to, "show events up to this time");
  command.add_option("--domain-key-set", a.domain_key_set, "believe only this domain key set (its fingerprint)");
  command
    .add_option("--clock-tolerance", a.clock_tolerance_ms,
                "by how many milliseconds the clocks of nodes may differ, as their configurations have it")
    ->check(CLI::Range(0, 3'600'000));
  command.add_flag("--json", a.audit.json, "print one object a line for the events, then a summary");
  command.footer("Example: oaksteel audit key VE/1 --data day");
  command.callback([&a] { a.run = [&a] { return run_audit(a); }; });
}

void add_backup(CLI::App& app, arguments& a) {
  auto& out = *app.add_subcommand("backup", "Copy a node's log and what lies sealed beside it to one file, while it runs");
  out.add_option("FILE", a.backup.backup, "the file to make; there must be none")->required();
  out.add_option("--data", a.backup.data, "the node's data directory")->required();
  out.add_flag("--json", a.backup.json, "print JSON");
  out.footer("Example: oaksteel backup factory.backup --data factory");
  out.callback([&a] { a.run = [&a] { return backup(a.backup); }; });

  auto& in = *app.add_subcommand("restore", "Check a backup and make a data directory of it, with a new log");
  in.add_option("FILE", a.backup.backup, "the backup")->required();
  in.add_option("--data", a.backup.data, "the data directory to make; new or empty")->required();
  in.add_option("--raise-by", a.backup.raise_by, "what is added to each counter before the node acts; a node that is "
                                                 "alone needs it (docs/deployment.md)")
    ->check(whole_number)
    ->check([](const std::string& n) { return n == "0" ? "0 raises nothing; give 1 to 100000, or leave it out" : std::string{}; });
  in.add_flag("--json", a.backup.json, "print JSON");
  in.footer("Example: oaksteel restore factory.backup --data factory");
  in.callback([&a] { a.run = [&a] { return restore(a.backup); }; });
}

void add_share(CLI::App& app, arguments& a) {
  auto& share = *app.add_subcommand("share", "Look at custodians' shares");
  share.require_subcommand(1);

  auto& check = *share.add_subcommand("verify", "Which share of which set each file is, whether it is right, and "
                                                "whether they make a quorum; uses none up");
  check.add_option("FILE", a.share.files, "share files")->required();
  auto* data =
    check.add_option("--data", a.share_data, "the log that recorded the sets: a data directory or an export");
  check.add_flag("--json", a.share.json, "print JSON");
  check.footer("Example: oaksteel share verify day/media/Ada/M00000001.share --data day");
  check.callback([&a, data] {
    a.run = [&a, data] {
      if (data->count() > 0)
        a.share.data = a.share_data;
      return share_verify(a.share);
    };
  });
}

void add_ceremony(CLI::App& app, arguments& a) {
  auto& ceremony = *app.add_subcommand("ceremony", "A key ceremony on paper: before it, and after it");
  ceremony.require_subcommand(1);

  auto& script = *ceremony.add_subcommand("script", "The ceremony as numbered steps: who, what, expected display; with "
                                                    "room for times, initials and signatures");
  script.add_option("FILE", a.script.file, "the scenario whose site it is (scenarios/README.md)")->required();
  auto* markdown = script.add_flag("--markdown", a.script.markdown, "print Markdown");
  script.add_flag("--json", a.script.json, "print JSON")->excludes(markdown);
  script.footer("Example: oaksteel ceremony script scenarios/small-day.toml > script.txt");
  script.callback([&a] { a.run = [&a] { return ceremony_script(a.script); }; });

  auto& transcript = *ceremony.add_subcommand("transcript", "What was done, from the log, held against the script, "
                                                            "with every exception");
  transcript.add_option("--data", a.transcript.data, "a data directory, or a log as `log export` writes it")
    ->required();
  auto* file = transcript.add_option("--script", a.transcript_script, "the scenario, where the log holds none");
  markdown = transcript.add_flag("--markdown", a.transcript.markdown, "print Markdown");
  transcript.add_flag("--json", a.transcript.json, "print JSON")->excludes(markdown);
  transcript.footer("Example: oaksteel ceremony transcript --data day");
  transcript.callback([&a, file] {
    a.run = [&a, file] {
      if (file->count() > 0)
        a.transcript.script = a.transcript_script;
      return ceremony_transcript_of(a.transcript);
    };
  });
}

void add_messages(CLI::App& app, arguments& a) {
  auto& command = *app.add_subcommand("messages", "All messages: their fields, who may send them, their codes");
  command.callback([&a] {
    a.run = [] {
      std::cout << message_page();
      return output_arrived() ? exit_done : exit_io;
    };
  });
}

/// The commands below `at`, as a list for people.
std::string commands_of(const CLI::App& at) {
  std::string list;
  for (const auto* c : at.get_subcommands([](const CLI::App*) { return true; }))
    list += (list.empty() ? "" : ", ") + c->get_name();
  return list;
}

/// CLI11's errors in our form.
int wrong_usage(const CLI::App& app, const CLI::ParseError& e) {
  if (e.get_exit_code() == 0)
    return app.exit(e); // help and version
  std::string command = "oaksteel";
  const auto* at = &app;
  while (!at->get_subcommands().empty()) {
    at = at->get_subcommands().front();
    command += " " + at->get_name();
  }
  if (const auto commands = commands_of(*at); !commands.empty()) {
    const auto rest = app.remaining(true);
    return complain((rest.empty() ? command + " needs a command" : "there is no command " + rest.front())
                      + "; one of " + commands + ", see " + command + " --help",
                    exit_usage);
  }
  if (e.get_name() == "ExtrasError") { // whose own text has them from the last to the first
    std::string rest;
    for (const auto& word : app.remaining(true))
      rest += (rest.empty() ? "" : " ") + word;
    return complain("not expected: " + rest + "; see " + command + " --help", exit_usage);
  }
  std::string what = e.what();
  while (!what.empty() && (what.back() == '\n' || what.back() == '.'))
    what.pop_back();
  return complain(what + "; see " + command + " --help", exit_usage);
}

/// Nothing that may be said is empty: a variable of a shell that is not set, most often.
std::optional<int> empty_argument(int argc, char** argv) {
  for (int i = 1; i < argc; ++i)
    if (argv[i][0] == '\0')
      return complain("argument " + std::to_string(i) + (i > 1 ? std::string{", behind \""} + argv[i - 1] + "\"," : "")
                        + " is empty; see oaksteel --help",
                      exit_usage);
  return std::nullopt;
}

int run(int argc, char** argv) {
  if (const auto status = empty_argument(argc, argv))
    return *status;
  CLI::App app{"An auditable key management system.", "oaksteel"};
  app.set_version_flag("--version", version);
  app.require_subcommand(1);
  app.footer("Exit status: 0 done, 1 refused or differences found, 2 wrong usage, 3 I/O. See cli/README.md.");
  arguments a;
  add_scenario(app, a);
  add_log(app, a);
  add_replay(app, a);
  add_audit(app, a);
  add_backup(app, a);
  add_share(app, a);
  add_ceremony(app, a);
  add_messages(app, a);
  add_line_commands(app, a.run);
  add_operating_commands(app, a.run);
  add_pki_commands(app, a.run);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return wrong_usage(app, e);
  }
  return a.run();
}

} // namespace
} // namespace oaksteel

int main(int argc, char** argv) {
  // `| head` closes the pipe: that is no error, and nothing is to be said about it.
  std::signal(SIGPIPE, SIG_DFL);
  try {
    return oaksteel::run(argc, argv);
  } catch (const std::bad_alloc&) {
    return oaksteel::complain("there is not enough memory", oaksteel::exit_io);
  } catch (const std::exception& e) {
    return oaksteel::complain(e.what(), oaksteel::exit_io);
  }
}
