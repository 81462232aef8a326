#include "scenarios/schema.hpp"

#include "events/mail.hpp"
#include "events/master_key.hpp"
#include "node/plan_reading.hpp"
#include "scenarios/matrix_schema.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace oaksteel {

namespace {

constexpr std::size_t fault_limit = 1000;
constexpr std::size_t step_limit = 1000;
constexpr unsigned hours_limit = 1'000'000; ///< of all waiting together: a century, so that years keep four digits
constexpr std::int64_t year_2100_us = 4'102'444'800'000'000;

constexpr std::array statuses{key_status::new_key, key_status::installed, key_status::active, key_status::obsolete,
                              key_status::bad};
constexpr std::array verdicts{verdict::good,           verdict::bad_token,
                              verdict::not_registered, verdict::before_registration,
                              verdict::not_active,     verdict::retired};
constexpr std::string_view fault_kinds[] = {"write", "tokens"};

/// What is kept while a scenario is read.
struct script_reader : plan_reader {
  script out;
  std::set<std::string_view> done; ///< names of the steps that came before
  std::set<sequence_number> gone;  ///< meters scrapped or retired by the steps before
  std::set<domain_id> later;       ///< domains that a step creates
  unsigned hours = 0;              ///< waited by the steps before
  std::vector<cell_step> cells;    ///< of [[matrix]]
};

template <auto Member, class T>
void a_domain(script_reader& r, const setting& value, T& out) {
  out.*Member = read_domain(r, value);
}

/// A meter that must be in a label file.
sequence_number read_meter(script_reader& r, const setting& value) {
  auto meter = read_name<sequence_number>(r, value);
  r.out.mentions.push_back({meter, value.at.line, value.at.column});
  return meter;
}

/// Meters that are scrapped or retired, each once in the whole scenario.
template <auto Member, class T>
void meters_leaving(script_reader& r, const setting& value, T& out) {
  out.*Member = read_array<sequence_number>(r, value, label_limit, [](script_reader& in, const setting& element) {
    auto meter = read_meter(in, element);
    if (!in.failed() && !in.gone.insert(meter).second)
      in.fail(element.at, "meter " + in_quotes(meter.text) + " leaves twice; name it in one `scrap` or `retire` step");
    return meter;
  });
}

// --- what there is -------------------------------------------------------------------------------

constexpr known_key<script_reader, meter_fault> fault_keys[] = {
  {"meter", "meter = \"M0000005\"", 
   [](script_reader& r, const setting& n, meter_fault& f) { f.meter = read_meter(r, n); }},
  {"domain", "domain = \"VE\"", a_domain<&meter_fault::domain>},
  {"what", "what = \"write\"",
   [](script_reader& r, const setting& n, meter_fault& f) {
     f.what = fault_kinds[read_word(r, n, "fault", fault_kinds)];
   }},
  {"times", "", whole<&meter_fault::times, 1, 100>},
};

constexpr std::array generator_parts{generator_part::hardware, generator_part::software};

constexpr known_key<script_reader, box_fault> box_fault_keys[] = {
  {"box", "",
   [](script_reader& r, const setting& n, box_fault& f) {
     words slots;
     for (const auto& b : r.boxes)
       slots.push_back(b.slot.text);
     f.box = label{std::string{slots[read_word(r, n, "box", slots)]}};
   }},
  {"generator", "generator = \"hardware\"",
   [](script_reader& r, const setting& n, box_fault& f) {
     f.generator = generator_parts[read_word(r, n, "generator", names_of(generator_parts))];
   }},
  {"what", "what = \"stuck\"",
   [](script_reader& r, const setting& n, box_fault& f) {
     f.what = noise_faults[read_word(r, n, "fault", noise_faults)];
   }},
  {"after", "", whole<&box_fault::after, 0, 1'000'000'000>},
};

void read_box_fault(script_reader& r, const setting& table) {
  box_fault f;
  read_keys(r, table, "[[fault]] of a box", box_fault_keys, f);
  const auto plan = std::ranges::find(r.boxes, f.box, &box_plan::slot);
  if (f.generator == generator_part::hardware && plan != r.boxes.end() && !has_two_generators(plan->type))
    r.fail(place_in(table, "generator"),
           "a " + std::string{name(plan->type)} + " box has no hardware generator; name the software one");
  const auto place_of = [](const box_fault& b) { return std::tie(b.box, b.generator); };
  if (std::ranges::find(r.out.box_faults, place_of(f), place_of) != r.out.box_faults.end())
    r.fail(table.at, "this generator has a fault already; name each once");
  r.out.box_faults.push_back(std::move(f));
}

void no_commands(script_reader& r, place at) {
  r.fail(at, "messages go directly here; write `messages = \"commands\"` at the top of the file");
}

void read_fault(script_reader& r, const setting& table) {
  if (table.find("box"))
    return read_box_fault(r, table);
  if (table.find("message")) {
    auto f = read_message_fault(r, table);
    if (!r.out.as_commands)
      no_commands(r, table.at);
    return r.out.message_faults.push_back(std::move(f));
  }
  meter_fault f;
  read_keys(r, table, "[[fault]]", fault_keys, f);
  const auto fault_of = [](const meter_fault& m) { return std::tie(m.meter, m.domain, m.what); };
  if (std::ranges::find(r.out.faults, fault_of(f), fault_of) != r.out.faults.end())
    r.fail(table.at, "this meter has this fault in this domain already; give `times` there");
  r.out.faults.push_back(std::move(f));
}

// --- steps ---------------------------------------------------------------------------------------

/// A domain that keys are installed for must be active in an Oak, a Steel and a Brass.
void must_be_served(script_reader& r, place at, const domain_id& id) {
  for (box_type type : {box_type::oak, box_type::steel, box_type::brass}) {
    const bool served = std::ranges::any_of(r.boxes, [&](const box_plan& b) {
      return b.type == type && b.active == id;
    });
    if (!served)
      r.fail(at, "domain " + in_quotes(id.text) + " is active in no " + std::string{name(type)} +
                   " box; add a [[box]] with this type in which this domain is `active`");
  }
}

domain_id read_served_domain(script_reader& r, const setting& node) {
  const domain_id id = read_domain(r, node);
  must_be_served(r, node.at, id);
  return id;
}

constexpr known_key<script_reader, install_step> install_keys[] = {
  {"labels", "labels = \"labels.csv\"",
   [](script_reader& r, const setting& n, install_step& s) {
     line<&install_step::labels>(r, n, s);
     // A scenario reads nothing but what lies beside it.
     if (s.labels.find_first_of("/\\") != std::string::npos || s.labels == "." || s.labels == "..")
       r.must_be(n, "the name of a file beside the scenario file, without a folder");
   }},
  {"domains", "domains = [\"VE\", \"USPS\"]",
   [](script_reader& r, const setting& n, install_step& s) {
     s.domains = read_array<domain_id>(r, n, domain_limit, read_served_domain);
   }},
};

constexpr known_key<script_reader, scrap_step> scrap_keys[] = {
  {"meters", "meters = [\"M0000007\"]", meters_leaving<&scrap_step::meters>},
  {"reason", "reason = \"damaged\"", line<&scrap_step::reason>},
};

constexpr known_key<script_reader, register_step> register_keys[] = {
  {"count", "count = 20", 
   [](script_reader& r, const setting& n, register_step& s) {
     whole<&register_step::count, 1, 1'000'000>(r, n, s);
     s.line = n.at.line;
     s.column = n.at.column;
   }},
  {"country", "country = \"US\"", named<&register_step::country>},
  {"first_serial", "first_serial = 1000001", whole<&register_step::first_serial, 0, 999'999'999'999>},
  {"serial_digits", "", whole<&register_step::serial_digits, 1, 12>},
};

constexpr known_key<script_reader, retire_step> retire_keys[] = {
  {"meters", "meters = [\"M0000003\"]", meters_leaving<&retire_step::meters>},
  {"reason", "reason = \"withdrawn\"", line<&retire_step::reason>},
};

constexpr known_key<script_reader, mail_step> mail_keys[] = {
  {"pieces", "pieces = 200", whole<&mail_step::pieces, 1, 100'000>},
  {"forged", "", whole<&mail_step::forged, 0, 1'000'000>},
  {"altered", "", whole<&mail_step::altered, 0, 1'000'000>},
  {"misdated", "", whole<&mail_step::misdated, 0, 1'000'000>},
  {"unregistered", "", whole<&mail_step::unregistered, 0, 1'000'000>},
  {"origin", "",
   [](script_reader& r, const setting& n, mail_step& s) {
     s.origin = n.text; // empty for another type
     if (s.origin.empty() || s.origin.size() > 10 || s.origin.find_first_not_of("0123456789") != std::string::npos)
       r.must_be(n, "a postal code of 1 to 10 digits in quotes");
   }},
  {"batch", "", whole<&mail_step::batch, 1, 10'000>},
};

constexpr known_key<script_reader, wait_step> wait_keys[] = {{"hours", "hours = 24", whole<&wait_step::hours, 1, 100'000>}};

constexpr known_key<script_reader, chance_step> chance_keys[] = {
  {"messages", "messages = 20", whole<&chance_step::messages, 0, 1000>},
  {"memory", "", whole<&chance_step::memory, 0, 1000>},
  {"records", "", whole<&chance_step::records, 0, 1'000'000>},
  {"ends", "", whole<&chance_step::ends, 0, 1000>},
};

/// The slot of a box of this scenario.
label read_slot(script_reader& r, const setting& value) {
  words slots;
  for (const auto& b : r.boxes)
    slots.push_back(b.slot.text);
  const auto index = read_word(r, value, "box", slots);
  return index < r.boxes.size() ? r.boxes[index].slot : label{};
}

template <auto Member, class T>
void slots(script_reader& r, const setting& value, T& out) {
  out.*Member = read_array<label>(r, value, box_limit, read_slot);
}

constexpr known_key<script_reader, domain_step> domain_step_keys[] = {
  {"domains", "domains = [\"UKRM\"]",
   [](script_reader& r, const setting& n, domain_step& s) {
     s.domains = read_array<domain_id>(r, n, domain_limit, [](script_reader& in, const setting& element) {
       auto domain = read_domain(in, element);
       if (!in.failed() && !in.later.insert(domain).second)
         in.fail(element.at, "domain " + in_quotes(domain.text) + " is created twice; name it in one `domain` step");
       return domain;
     });
   }},
};
constexpr known_key<script_reader, enable_step> enable_keys[] = {
  {"boxes", "boxes = [\"oak-ve\"]", slots<&enable_step::boxes>}};
constexpr known_key<script_reader, disable_step> disable_keys[] = {
  {"boxes", "boxes = [\"oak-ve\"]", slots<&disable_step::boxes>}};
constexpr known_key<script_reader, activate_step> activate_keys[] = {
  {"box", "box = \"steel-1\"",
   [](script_reader& r, const setting& n, activate_step& s) { s.box = read_slot(r, n); }},
  {"domain", "domain = \"USPS\"", a_domain<&activate_step::domain>},
};

/// What the keys of a step must be to each other, and to the steps before; most have nothing of the kind.
template <class Step>
void check_step(script_reader&, const setting&, const Step&) {}

template <>
void check_step(script_reader& r, const setting& table, const register_step& s) {
  std::uint64_t end = 1;
  for (unsigned i = 0; i < s.serial_digits; ++i)
    end *= 10;
  if (s.first_serial + s.count > end)
    r.fail(place_in(table, "first_serial"), "serial numbers from " + std::to_string(s.first_serial) + " to " +
                                              std::to_string(s.first_serial + s.count - 1) + " must fit in " +
                                              std::to_string(s.serial_digits) + " digits; see `serial_digits`");
}

template <>
void check_step(script_reader& r, const setting& table, const wait_step& s) {
  r.hours += s.hours;
  if (r.hours > hours_limit)
    r.fail(place_in(table, "hours"), "the waiting so far is " + std::to_string(r.hours) +
                                       " hours; all together must be at most " + std::to_string(hours_limit));
}

template <>
void check_step(script_reader& r, const setting& table, const chance_step& s) {
  if (!r.out.as_commands)
    r.fail(table.at, "messages go directly here; write `messages = \"commands\"` at the top of the file");
  else if (r.done.contains("chance"))
    r.fail(table.at, "a second `chance`; there can be one");
  else if ((s.records == 0) != (s.ends == 0))
    r.fail(table.at, "`records` says when the process ends and `ends` how often; give both or neither");
}

template <>
void check_step(script_reader& r, const setting& table, const activate_step& s) {
  for (const auto& b : r.boxes)
    if (b.slot == s.box && !b.lists(s.domain))
      r.fail(place_in(table, "domain"), "domain " + in_quotes(s.domain.text) + " is not served by box "
                                          + in_quotes(s.box.text) + "; name one of its `domains`");
}

template <class Step, const auto& Keys>
void read_step(script_reader& r, const setting& table, std::string_view title) {
  auto& s = std::get<Step>(r.out.steps.emplace_back(std::in_place_type<Step>));
  read_keys(r, table, title, Keys, s, "do");
  if (!r.failed())
    check_step(r, table, s);
}

void read_ceremony(script_reader& r, const setting& table, std::string_view title) {
  check_keys(r, table, title, words{"do"});
  if (r.done.contains("ceremony"))
    r.fail(table.at, "a second `ceremony`; there must be one, before all other steps");
  r.out.steps.emplace_back(first_ceremony_step{});
}

void read_restart(script_reader& r, const setting& table, std::string_view title) {
  check_keys(r, table, title, words{"do"});
  r.out.steps.emplace_back(restart_step{});
}

/// A matrix stands among the steps as its cells.
void read_matrix_step(script_reader& r, const setting& table, std::string_view title) {
  check_keys(r, table, title, words{"do"});
  if (r.cells.empty())
    r.fail(table.at, "a `matrix` without cells; add [[matrix]] tables");
  else if (r.done.contains("matrix"))
    r.fail(table.at, "a second `matrix`; there must be one");
  else if (!r.out.as_commands)
    no_commands(r, table.at);
  else if (r.domains.size() < 2)
    r.fail(table.at, "a `matrix` needs a second domain, for what names the wrong one; add a [[domain]]");
  must_be_served(r, table.at, r.domains.front().id);
  for (auto& cell : r.cells)
    r.out.steps.emplace_back(std::move(cell));
}

/// What `do` may name.
struct step_kind {
  std::string_view name;
  std::string_view after; ///< the step that must have come before it
  void (*read)(script_reader&, const setting&, std::string_view title);
};

constexpr step_kind step_kinds[] = {
  {"ceremony", "", read_ceremony},
  {"domain", "ceremony", read_step<domain_step, domain_step_keys>},
  {"enable", "ceremony", read_step<enable_step, enable_keys>},
  {"disable", "ceremony", read_step<disable_step, disable_keys>},
  {"activate", "ceremony", read_step<activate_step, activate_keys>},
  {"restart", "ceremony", read_restart},
  {"install", "ceremony", read_step<install_step, install_keys>},
  {"scrap", "install", read_step<scrap_step, scrap_keys>},
  {"register", "install", read_step<register_step, register_keys>},
  {"retire", "register", read_step<retire_step, retire_keys>},
  {"mail", "register", read_step<mail_step, mail_keys>},
  {"wait", "ceremony", read_step<wait_step, wait_keys>},
  {"chance", "ceremony", read_step<chance_step, chance_keys>},
  {"matrix", "ceremony", read_matrix_step},
};

void read_any_step(script_reader& r, const setting& table) {
  const auto* what = table.find("do");
  if (!what)
    return r.fail(table.at, "no `do` in [[step]]; add one, for example do = \"ceremony\"");
  words known;
  for (const auto& kind : step_kinds)
    known.push_back(kind.name);
  r.key = "do";
  const auto& kind = step_kinds[read_word(r, *what, "step", known)];
  if (!kind.after.empty() && !r.done.contains(kind.after))
    r.fail(what->at, "`" + std::string{kind.name} + "` before any `" + std::string{kind.after} +
                       "`; put a step with do = \"" + std::string{kind.after} + "\" before it");
  if (!r.failed())
    kind.read(r, table, "[[step]] " + std::string{kind.name});
  r.done.insert(kind.name);
}

// --- expectations and the whole ------------------------------------------------------------------

using counts = std::map<std::string, std::uint64_t>;

/// `[expect.<group>.<DOMAIN>]` for each domain: counts by `known` words; `what` they name is for the message.
void read_counts(script_reader& r, const setting& group, std::string_view what, const words& known,
                 std::map<domain_id, counts>& out) {
  const std::string title = "expect." + group.key;
  if (!group.is(setting_type::table))
    return r.must_be(group, "a table with one table for each domain; write [" + title + ".VE]");
  const words ids = r.domain_ids();
  for (const auto& domain : group.children) {
    if (std::ranges::find(ids, domain.key) == ids.end())
      return r.fail(domain.key_at, unknown_word("domain", domain.key, ids));
    r.key = domain.key;
    if (!domain.is(setting_type::table))
      return r.must_be(domain, "a table; write [" + title + "." + domain.key + "]");
    for (const auto& count : domain.children) {
      if (std::ranges::find(known, count.key) == known.end())
        return r.fail(count.key_at, unknown_word(what, count.key, known));
      r.key = count.key;
      out[domain_id{domain.key}][count.key] = read_integer(r, count, 0, 1'000'000'000'000);
    }
  }
}

constexpr std::string_view box_conditions[] = {"disabled", "enabled"};

/// `[expect.boxes]`: by slot.
void read_conditions(script_reader& r, const setting& group, expectations& e) {
  if (!group.is(setting_type::table))
    return r.must_be(group, "a table; write [expect.boxes]");
  words slots;
  for (const auto& b : r.boxes)
    slots.push_back(b.slot.text);
  for (const auto& box : group.children) {
    if (std::ranges::find(slots, box.key) == slots.end())
      return r.fail(box.key_at, unknown_word("box", box.key, slots));
    r.key = box.key;
    e.enabled[label{box.key}] = read_word(r, box, "condition", box_conditions) == 1;
  }
}

constexpr known_key<script_reader, expectations> expect_keys[] = {
  {"boxes", "", read_conditions},
  {"keys", "",
   [](script_reader& r, const setting& n, expectations& e) {
     read_counts(r, n, "key status", names_of(statuses), e.keys);
   }},
  {"verdicts", "",
   [](script_reader& r, const setting& n, expectations& e) {
     read_counts(r, n, "verdict", names_of(verdicts), e.verdicts);
   }},
};

void read_start(script_reader& r, const setting& node, script& s) {
  constexpr std::string_view right = "a time from 1970 to 2099 in quotes, such as \"2026-03-02T06:00:00Z\"";
  const auto time = instant::parse(node.text); // empty for another type
  if (!time || time->us < 0 || time->us >= year_2100_us)
    return r.must_be(node, right);
  s.start = *time;
}

// In the order in which they rest on one another, which is that of the file by custom and not by rule.
constexpr known_key<script_reader, script> script_keys[] = {
  {"name", "name = \"factory-day\"", line<&script::name>},
  {"seed", "", whole<&script::seed, 0, 9'223'372'036'854'775'807>},
  {"suite", "",
   [](script_reader& r, const setting& n, script& s) { s.suite = read_suite(r, n); }},
  {"start", "start = \"2026-03-02T06:00:00Z\"", read_start},
  {"domain", "[[domain]] with id = \"VE\"",
   [](script_reader& r, const setting& n, script&) { read_domain_plans(r, n); }},
  {"box", "[[box]] with type = \"manufacturing\"",
   [](script_reader& r, const setting& n, script&) { read_box_plans(r, n); }},
  {"degraded", "",
   [](script_reader& r, const setting& n, script& s) {
     s.degraded = read_degraded(r, n);
   }},
  {"messages", "",
   [](script_reader& r, const setting& n, script& s) {
     static constexpr std::string_view ways[] = {"direct", "commands"};
     s.as_commands = read_word(r, n, "way of messages", ways) == 1;
   }},
  {"fault", "", [](script_reader& r, const setting& n, script&) { read_tables(r, n, fault_limit, read_fault); }},
  {"matrix", "", [](script_reader& r, const setting& n, script&) { r.cells = read_matrix(r, n); }},
  {"step", "[[step]] with do = \"ceremony\"",
   [](script_reader& r, const setting& n, script&) { read_tables(r, n, step_limit, read_any_step); }},
  {"expect", "",
   [](script_reader& r, const setting& n, script& s) {
     if (n.is(setting_type::table))
       return read_keys(r, n, "[expect]", expect_keys, s.expect);
     r.must_be(n, "a table; write [expect.keys.VE], [expect.verdicts.VE] or [expect.boxes]");
   }},
};

} // namespace

expected<script, text_error> read_script(const setting& document) {
  script_reader r;
  r.kind = "scenario";
  read_keys(r, document, "this scenario", script_keys, r.out);
  if (!r.cells.empty() && !r.done.contains("matrix"))
    r.fail(place_in(document, "matrix"), "a [[matrix]] that no step runs; add a [[step]] with do = \"matrix\"");
  if (r.failed())
    return unexpected{*std::move(r.mistake)};
  r.out.domains = std::move(r.domains);
  r.out.boxes = std::move(r.boxes);
  return std::move(r.out);
}

} // namespace oaksteel
