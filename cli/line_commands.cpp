#include "cli/line_commands.hpp"

#include "cli/output.hpp"
#include "cli/whole_number.hpp"
#include "node/line_noise.hpp"
#include "node/line_port.hpp"
#include "node/mail_file.hpp"
#include "node/meter_process.hpp"
#include "node/text.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <iostream>
#include <memory>
#include <random>

namespace oaksteel {
namespace {

/// What can be given, as it was typed.
struct typed_line {
  std::string line, meter, data;
  std::vector<std::string> domains;
  std::string between, and_to;
  double rate = 0;
  std::uint64_t delay_ms = 300, seed = 0, cut_after = 0, postage = 0;
  std::uint32_t pieces = 0;
  std::string origin, zone = "+00:00";
};

constexpr auto line_help =
    "the line: the path of a terminal device, or tcp:HOST:PORT, where a node listens; a line that "
    "is gone is taken up again, after a pause that grows from 100 ms to 5 s";
constexpr auto end_help = "an end: tcp:HOST:PORT, the path of a terminal device, a path that is free, where a "
                          "pseudo-terminal is made, or pty for one without a name";

/// What is wrong with the text of a share of 1; empty when nothing is. CLI11's own range lets through what is no
/// number.
std::string fraction(const std::string& text) {
  double x = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), x);
  return error == std::errc{} && end == text.data() + text.size() && x >= 0 && x <= 1
             ? ""
             : text + " is no number from 0 to 1";
}

/// What is wrong with a postal code; empty when nothing is.
std::string postal_code(const std::string& text) {
  const auto good = [](unsigned char c) { return std::isalnum(c) || c == ' '; };
  return !text.empty() && text.size() <= 16 && std::ranges::all_of(text, good)
             ? ""
             : text + " is no postal code of at most 16 letters, digits and blanks";
}
expected<line_address, std::string> end_in(const std::string& text) {
  if (text == "pty")
    return line_address{};
  return parse_line_address(text, std::filesystem::current_path());
}

int meter_run(const typed_line& a) {
  const auto wrong = [](std::string_view option, const std::string& text, std::string_view right) {
    return complain(std::string{option} + " is " + in_quotes(text) + "; it must be " + std::string{right}, exit_usage);
  };
  meter_setup setup;
  const auto number = sequence_number::parse(a.meter);
  if (!number)
    return wrong("--meter", a.meter, form_in_words<sequence_number>);
  setup.number = *number;
  for (const auto& text : a.domains) {
    const auto domain = domain_id::parse(text);
    if (!domain)
      return wrong("--domain", text, form_in_words<domain_id>);
    setup.domains.insert(*domain);
  }
  auto line = parse_line_address(a.line, std::filesystem::current_path());
  if (!line)
    return complain("--line: " + line.error(), exit_usage);
  setup.line = std::move(*line);
  setup.data = a.data;
  const auto problem = run_meter(setup, [&] {
    std::cout << "meter " << setup.number.text << " runs on " << printable(setup.line.text()) << "; its log is in "
              << printable(a.data) << std::endl;
  });
  return problem ? complain(*problem) : exit_done;
}

int meter_print(const typed_line& a) {
  const auto number = sequence_number::parse(a.meter);
  if (!number)
    return complain("--meter is " + in_quotes(a.meter) + "; it must be " + std::string{form_in_words<sequence_number>},
                    exit_usage);
  const auto zone = time_zone::parse(a.zone);
  if (!zone)
    return complain("--zone is " + in_quotes(a.zone) + "; it must be " + std::string{form_in_words<time_zone>}, exit_usage);
  const auto pieces = print_mail({*number, a.data, {}, {}}, {a.pieces, a.postage, a.origin, *zone});
  if (!pieces)
    return complain(pieces.error());
  std::cout << mail_header << '\n';
  for (const auto& piece : *pieces)
    std::cout << mail_line(piece) << '\n';
  return output_arrived() ? exit_done : exit_io;
}

void print(const noise_result& r, std::uint64_t seed) {
  const auto faults = r.faults.flipped + r.faults.dropped + r.faults.doubled + r.faults.delayed;
  std::cout << r.bytes_there << " bytes there, " << r.bytes_back << " back; " << faults
            << " faults: " << r.faults.flipped << " flipped, " << r.faults.dropped << " dropped, " << r.faults.doubled
            << " doubled, " << r.faults.delayed << " delayed; " << (r.cut ? "cut; " : "") << "seed " << seed << '\n';
}

int line_noise(const typed_line& a, bool seeded, bool cut) {
  noise_setup setup;
  auto between = end_in(a.between), and_to = end_in(a.and_to);
  if (!between || !and_to)
    return complain(between ? "--and: " + and_to.error() : "--between: " + between.error(), exit_usage);
  if (same_line(*between, *and_to))
    return complain("--and is the line that --between is: what it hears would go back to it", exit_usage);
  setup.between = std::move(*between);
  setup.and_to = std::move(*and_to);
  // A byte meets each of the four with a quarter of the rate.
  const auto each = a.rate / 4;
  setup.faults = {each, each, each, each, std::chrono::milliseconds{a.delay_ms}};
  setup.seed = seeded ? a.seed : std::random_device{}();
  if (cut)
    setup.cut_after = a.cut_after;
  const auto result = relay_noise(setup, [&](const std::string& one, const std::string& other) {
    std::cout << "line between " << printable(one) << " and " << printable(other) << ", seed " << setup.seed
              << std::endl;
  });
  if (!result)
    return complain(result.error());
  print(*result, setup.seed);
  return output_arrived() ? exit_done : exit_io;
}

} // namespace

void add_line_commands(CLI::App& app, std::function<int()>& run) {
  const auto t = std::make_shared<typed_line>();
  auto& meter = *app.add_subcommand("meter", "Meters");
  meter.require_subcommand(1);
  auto& start =
      *meter.add_subcommand("run", "A meter as a process of its own, at the end of a line, until SIGTERM or SIGINT");
  start.add_option("--line", t->line, line_help)->required();
  start.add_option("--data", t->data, "its directory, for its log and its memory: new, empty, or of this meter")
      ->required();
  start.add_option("--meter", t->meter, "its sequence number")->required();
  start
      .add_option("--domain", t->domains, "a domain whose keys it takes; may be given several times; any when left out")
      ->take_all()
      ->allow_extra_args(false);
  start.footer("Example: oaksteel meter run --line tcp:127.0.0.1:7001 --meter M0000001 --data meter-1");
  start.callback([&run, t] { run = [t] { return meter_run(*t); }; });
  auto& paper = *meter.add_subcommand("print", "A registered meter that is on no line prints mail: a file for `oaksteel verify`");
  paper.add_option("--data", t->data, "its directory")->required();
  paper.add_option("--meter", t->meter, "its sequence number")->required();
  paper.add_option("--pieces", t->pieces, "how many")->required()->check(CLI::Range(1u, std::uint32_t{mail_batch_limit}));
  paper.add_option("--postage", t->postage, "of each, in thousandths")->required()->check(whole_number);
  paper.add_option("--origin", t->origin, "postal code: at most 16 letters, digits and blanks")->required()->check(postal_code);
  paper.add_option("--zone", t->zone, "the time zone of the post's days (-05:00); UTC when left out");
  paper.footer("Example: oaksteel meter print --meter M0000001 --data meter-1 --pieces 100 --postage 730 --origin 06484");
  paper.callback([&run, t] { run = [t] { return meter_print(*t); }; });

  auto& line = *app.add_subcommand("line", "Lines");
  line.require_subcommand(1);
  auto& noise = *line.add_subcommand("noise", "A bad line: relays bytes between two ends and flips, drops, doubles and "
                                              "delays some, until SIGTERM or SIGINT");
  noise.add_option("--between", t->between, std::string{end_help} + "; TCP is listened at")->required();
  noise.add_option("--and", t->and_to, std::string{end_help} + "; TCP is connected to")->required();
  noise.add_option("--rate", t->rate, "faults a byte, from 0 to 1: 0.001 is 1 in 1,000")->check(fraction);
  noise.add_option("--delay", t->delay_ms, "milliseconds of a delay, 300 when left out")->check(CLI::Range(0, 60'000));
  auto* seed = noise.add_option("--seed", t->seed, "of its random numbers; drawn when left out")->check(whole_number);
  auto* cut = noise.add_option("--cut-after", t->cut_after, "bytes, both ways together, after which nothing passes")
                  ->check(whole_number);
  noise.footer("Example: oaksteel line noise --between tcp:127.0.0.1:7002 --and tcp:127.0.0.1:7001 --rate 0.001");
  noise.callback(
      [&run, t, seed, cut] { run = [t, seed, cut] { return line_noise(*t, seed->count() > 0, cut->count() > 0); }; });
}

} // namespace oaksteel
