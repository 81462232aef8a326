#include "cli/inspect.hpp"

#include "cli/event_json.hpp"
#include "cli/output.hpp"
#include "cli/words.hpp"
#include "node/node_log.hpp"
#include "storage/event_codec.hpp"

#include <algorithm>
#include <charconv>
#include <iostream>

#include <unistd.h>

namespace oaksteel {

namespace fs = std::filesystem;

namespace {

using json = nlohmann::ordered_json;

/// Bytes of the files of a data directory, or of an export.
std::uint64_t bytes_on_disk(const fs::path& data) {
  std::error_code ignored;
  if (!fs::is_directory(data, ignored)) {
    const auto size = fs::file_size(data, ignored);
    return ignored ? 0 : size;
  }
  std::uint64_t sum = 0;
  for (const auto& entry : fs::directory_iterator{data, ignored})
    if (entry.is_regular_file(ignored))
      sum += entry.file_size(ignored);
  return sum;
}

std::string counts_in_words(const auto& counts) {
  std::string s;
  for (const auto& [what, n] : counts)
    s += (s.empty() ? "" : ", ") + std::to_string(n) + " " + std::string{what};
  return s;
}

std::map<std::string, std::uint64_t> by_name(const std::map<stream_kind, std::uint64_t>& kinds) {
  std::map<std::string, std::uint64_t> named;
  for (const auto& [kind, n] : kinds)
    named[std::string{name(kind)}] = n;
  return named;
}

std::string in_words(const replay_problem& p) {
  std::string s = p.position == 0 ? "before the first record" : "at record " + std::to_string(p.position);
  if (p.stream)
    s += ", stream " + p.stream->text();
  return s + ": " + p.text;
}

json as_json(const std::optional<replay_problem>& p) {
  if (!p)
    return nullptr;
  return {{"position", p->position}, {"stream", p->stream ? json(p->stream->text()) : json()}, {"text", p->text}};
}

/// What only the node's own events tell.
struct node_facts {
  std::string node;
  bool simulated = false;
  std::uint64_t restarts = 0;
  std::uint32_t epoch = 0;
  std::vector<std::string> parents; ///< logs before this one, the first of them first

  void take(const replay_step& step) {
    epoch = step.written.epoch;
    if (auto opened = std::get_if<log_opened>(&step.event)) {
      node = opened->node;
      simulated = opened->simulated;
    } else if (std::holds_alternative<node_restarted>(step.event)) {
      ++restarts;
    } else if (auto restored = std::get_if<log_restored>(&step.event)) {
      parents.push_back(restored->parent.hex());
    }
  }
};

json as_json(const replay_result& r) {
  return {{"id", r.id.hex()},
          {"records", r.records},
          {"root", r.root.hex()},
          {"first", r.records ? json(r.first.text()) : json()},
          {"last", r.records ? json(r.last.text()) : json()},
          {"streams", by_name(r.streams)},
          {"events", r.events},
          {"problem", as_json(r.problem)}};
}

void print_line_of(std::string_view what, const std::string& value) {
  std::cout << what << std::string(what.size() < 10 ? 10 - what.size() : 1, ' ') << printable(value) << '\n';
}

int finished(const std::optional<replay_problem>& problem) {
  if (!output_arrived())
    return exit_io;
  return problem ? exit_refused : exit_done;
}

} // namespace

int log_stat(const log_arguments& arguments) {
  auto source = log_source::open(arguments.data);
  if (!source)
    return complain(source.error());
  node_facts facts;
  record_progress progress;
  const auto r = replay(*source, {}, {[&](const replay_step& s) { facts.take(s); }, [&](auto n) { progress.show(n); }});
  const auto size = bytes_on_disk(arguments.data);
  const auto origin = log_origin(r.id, facts.simulated);
  if (arguments.json) {
    auto out = as_json(r);
    out.update({{"node", facts.node},
                {"origin", origin},
                {"simulated", facts.simulated},
                {"epoch", facts.epoch},
                {"restarts", facts.restarts},
                {"parents", facts.parents},
                {"bytes", size}});
    print_line(std::cout, out);
    return finished(r.problem);
  }
  print_line_of("log", r.id.hex() + (facts.simulated ? "  (simulated: its seed gives its keys away)" : ""));
  print_line_of("origin", origin);
  for (const auto& parent : facts.parents)
    print_line_of("behind", parent);
  print_line_of("node", facts.node);
  print_line_of("records", std::to_string(r.records) + ", epoch " + std::to_string(facts.epoch) + ", "
                             + std::to_string(facts.restarts) + " restarts");
  print_line_of("time", r.first.text() + " to " + r.last.text());
  print_line_of("root", r.root.hex());
  print_line_of("disk", std::to_string(size) + " bytes");
  print_line_of("streams", counts_in_words(by_name(r.streams)));
  std::cout << "events\n";
  for (const auto& [name, n] : r.events)
    std::cout << "  " << name << std::string(28 - std::min<std::size_t>(name.size(), 27), ' ') << n << '\n';
  if (r.problem) {
    if (!output_arrived())
      return exit_io;
    return complain("the log is not sound " + in_words(*r.problem), exit_refused);
  }
  return finished(r.problem);
}

namespace {

bool known_event(const std::string& name) {
  return event_list::find([&]<class Entry>() { return Entry::name == name; });
}

/// `key/VE/1` or `key`.
struct stream_filter {
  std::string text;
  bool kind_only = false;

  static std::optional<stream_filter> parse(const std::string& text) {
    const auto slash = text.find('/');
    for (unsigned k = 0; k < 256; ++k)
      if (valid(static_cast<stream_kind>(k)) && name(static_cast<stream_kind>(k)) == text.substr(0, slash))
        return stream_filter{text, slash == std::string::npos};
    return std::nullopt;
  }
  bool fits(const stream_id& s) const {
    return text.empty() || (kind_only ? name(s.kind) == text : s.text() == text);
  }
};

void list_record(const record& r, bool as_object) {
  const auto event = decode_event(r);
  const auto name = event ? std::string{name_of_event(*event)} : "tag " + std::to_string(r.tag);
  if (as_object) {
    auto out = as_json(r, name);
    out["data"] = event ? as_json(*event) : json();
    if (!event)
      out["problem"] = event.error();
    return print_line(std::cout, out);
  }
  std::cout << r.position << "  " << r.time.text() << "  " << printable(r.actor) << "  " << printable(r.stream.text())
            << "  " << name << "  " << printable(event ? in_words(*event) : "cannot be read: " + event.error()) << '\n';
}

} // namespace

int log_list(const log_arguments& arguments, const list_filter& filter) {
  if (filter.to && *filter.to < filter.from)
    return complain("--to " + std::to_string(*filter.to) + " is before --from " + std::to_string(filter.from), exit_usage);
  if (!filter.event.empty() && !known_event(filter.event))
    return complain("there is no event " + filter.event + "; `oaksteel log stat` lists those of a log", exit_usage);
  const auto streams = filter.stream.empty() ? stream_filter{} : stream_filter::parse(filter.stream);
  if (!streams)
    return complain("there is no stream " + filter.stream + "; a stream is like key/VE/1, or key for all of a kind",
                    exit_usage);
  auto source = log_source::open(arguments.data);
  if (!source)
    return complain(source.error());
  while (const auto* item = source->next()) {
    const auto* scanned = std::get_if<scanned_record>(item);
    if (!scanned || scanned->position < filter.from)
      continue;
    if ((filter.to && scanned->position > *filter.to) || !std::cout)
      break;
    if (!is_as_written(*scanned))
      return complain("record " + std::to_string(scanned->position) + " was changed after it was written", exit_refused);
    const auto r = decode_record(scanned->data);
    if (!r)
      return complain("record " + std::to_string(scanned->position) + " cannot be read: " + r.error(), exit_refused);
    const auto wanted = [&] {
      const auto event = decode_event(*r);
      return event && name_of_event(*event) == filter.event;
    };
    if (streams->fits(r->stream) && (filter.event.empty() || wanted()))
      list_record(*r, arguments.json);
  }
  if (source->damage())
    return complain(source->damage()->text, exit_refused);
  return output_arrived() ? exit_done : exit_io;
}

namespace {

std::string_view name(checkpoint_status s) {
  switch (s) {
    case checkpoint_status::none: return "none";
    case checkpoint_status::unchecked: return "unchecked";
    case checkpoint_status::valid: return "valid";
    case checkpoint_status::invalid: return "invalid";
  }
  return "?";
}

} // namespace

int log_verify(const log_arguments& arguments, const std::optional<fs::path>& checkpoint) {
  std::optional<std::string> note;
  if (checkpoint) {
    auto data = read_bounded(*checkpoint, note_limit);
    if (!data)
      return complain(data.error().text, exit_io);
    note = std::string{data->begin(), data->end()};
  }
  auto source = log_source::open(arguments.data);
  if (!source)
    return complain(source.error());
  const auto v = verify(*source, identify, note);
  if (arguments.json) {
    json problem;
    if (v.problem)
      problem = {{"position", v.problem->position}, {"text", v.problem->text}};
    print_line(std::cout, {{"ok", !v.problem},
                           {"id", v.id.hex()},
                           {"origin", log_origin(v.id, v.simulated)},
                           {"simulated", v.simulated},
                           {"records", v.records},
                           {"root", v.root.hex()},
                           {"checkpoint", name(v.own)},
                           {"given_checkpoint", name(v.external)},
                           {"problem", problem}});
  } else if (!v.problem) {
    std::cout << "OK: " << v.records << " records, root " << v.root.hex() << ", checkpoint " << name(v.own)
              << (note ? ", given checkpoint " + std::string{name(v.external)} : "") << '\n';
  }
  if (!output_arrived())
    return exit_io;
  if (!v.problem)
    return exit_done;
  if (arguments.json)
    return exit_refused;
  return complain((v.problem->position ? "record " + std::to_string(v.problem->position) + ": " : "") + v.problem->text,
                  exit_refused);
}

std::optional<std::string> unsound(const fs::path& data) {
  auto source = log_source::open(data);
  if (!source)
    return source.error().text;
  const auto v = verify(*source, identify, std::nullopt);
  if (!v.problem)
    return std::nullopt;
  return (v.problem->position ? "record " + std::to_string(v.problem->position) + ": " : "") + v.problem->text;
}

int log_export(const log_arguments& arguments, const fs::path& file) {
  // An export never replaces anything, least of all the log that it is made from.
  std::error_code ignored;
  if (file != "-" && fs::exists(fs::symlink_status(file, ignored)))
    return complain(file.string() + " exists already; give a new name, or - for standard output", exit_refused);
  auto source = log_source::open(arguments.data);
  if (!source)
    return complain(source.error());
  const bool stream = file == "-";
  const auto written =
    stream ? write_export(*source, [](auto data) { return write_bytes(STDOUT_FILENO, data, "standard output"); })
           : write_export(*source, file);
  if (!written)
    return complain(written.error());
  if (stream)
    return exit_done;
  if (arguments.json)
    print_line(std::cout, {{"file", file.string()}, {"records", *written}});
  else
    std::cout << *written << " records written to " << printable(file.string()) << '\n';
  return output_arrived() ? exit_done : exit_io;
}

namespace {

/// A position or a time; nothing for anything else.
std::optional<replay_limit> parse_limit(const std::string& text) {
  std::uint64_t position = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), position);
  if (error == std::errc{} && end == text.data() + text.size())
    return position > 0 ? std::optional{replay_limit{position, {}}} : std::nullopt;
  if (auto time = instant::parse(text))
    return replay_limit{{}, *time};
  return std::nullopt;
}

std::string compared_in_words(const replay_result& r, bool directory) {
  if (r.compared)
    return "compared with the folded states";
  if (r.problem)
    return "not compared";
  return directory ? "not compared: they are those of the log's end" : "not compared: an export has none";
}

} // namespace

int log_replay(const log_arguments& arguments, const std::optional<std::string>& at) {
  const auto limit = at ? parse_limit(*at) : replay_limit{};
  if (!limit)
    return complain("--at " + *at + " is neither a position (from 1) nor a time (2026-03-02T06:00:00Z)", exit_usage);
  auto source = log_source::open(arguments.data);
  if (!source)
    return complain(source.error());
  record_progress progress;
  const auto r = replay(*source, *limit, {{}, [&](auto n) { progress.show(n); }});
  if (at && r.records == 0 && r.complete != true && (!r.problem || r.problem->position == 0))
    return complain("the log begins after " + at.value_or(""), exit_refused);
  if (limit->position && r.records < *limit->position && !r.problem)
    return complain("the log ends at record " + std::to_string(r.records) + ", before --at " + *at, exit_refused);
  std::error_code ignored;
  const bool directory = fs::is_directory(arguments.data, ignored);
  if (arguments.json) {
    auto out = as_json(r);
    const auto why = r.problem ? std::nullopt : unsound(arguments.data);
    out.update({{"states", r.states.hex()}, {"complete", r.complete}, {"compared", r.compared}});
    out["unsound"] = why ? json(*why) : json();
    print_line(std::cout, out);
    return why ? exit_refused : finished(r.problem);
  }
  print_line_of("records", std::to_string(r.records) + ", " + r.first.text() + " to " + r.last.text());
  print_line_of("root", r.root.hex());
  print_line_of("states", r.states.hex());
  print_line_of("streams", counts_in_words(by_name(r.streams)));
  print_line_of("events", counts_in_words(r.events));
  print_line_of("rows", compared_in_words(r, directory));
  if (!output_arrived())
    return exit_io;
  if (r.problem)
    return complain("the first difference is " + in_words(*r.problem), exit_refused);
  // Events that carry no signature rest on the checkpoint alone.
  if (auto why = unsound(arguments.data))
    return complain("the events fold, but the log is not sound: " + *why, exit_refused);
  return exit_done;
}

} // namespace oaksteel
