#include "node/configuration.hpp"

#include "crypto/merkle.hpp"
#include "node/control.hpp"
#include "node/local_socket.hpp"
#include "node/plan_reading.hpp"
#include "storage/archive.hpp"

#include <algorithm>
#include <type_traits>

namespace oaksteel {
namespace {

struct configuration_reader : plan_reader {
  node_configuration out;
};

void read_data(configuration_reader& r, const setting& value, node_configuration& out) {
  out.data = read_line(r, value);
}

words steel_slots(const configuration_reader& r) {
  words slots;
  for (const auto& box : r.boxes)
    if (box.type == box_type::steel)
      slots.push_back(box.slot.text);
  return slots;
}

label read_steel_slot(configuration_reader& r, const setting& value) {
  const auto slots = steel_slots(r);
  const auto index = read_word(r, value, "slot of a Steel box", slots);
  return index < slots.size() ? label{std::string{slots[index]}} : label{};
}

constexpr known_key<configuration_reader, meter_plan> meter_keys[] = {
    {"number", "number = \"M0000001\"", named<&meter_plan::number>},
    {"line", "line = \"tcp:127.0.0.1:7001\"",
     [](configuration_reader& r, const setting& n, meter_plan& m) {
       auto read = parse_line_address(read_line(r, n), r.folder);
       if (read)
         m.line = std::move(*read);
       else if (!r.failed())
         r.fail(n.at, read.error());
     }},
    {"steel", "",
     [](configuration_reader& r, const setting& n, meter_plan& m) {
       m.steel = read_array<label>(r, n, box_limit, read_steel_slot);
     }},
};

void read_meter_plan(configuration_reader& r, const setting& table) {
  meter_plan m;
  if (steel_slots(r).empty())
    return r.fail(table.at, "no Steel box for this meter; add a [[box]] with type = \"steel\"");
  read_keys(r, table, "[[meter]]", meter_keys, m);
  if (std::ranges::find(r.out.meters, m.number, &meter_plan::number) != r.out.meters.end())
    r.fail(place_in(table, "number"),
           "there is a meter " + in_quotes(m.number.text) + " already; each must have its own number");
  r.out.meters.push_back(std::move(m));
}

/// What all nodes of a deployment share.
constexpr known_key<configuration_reader, node_configuration> plan_keys[] = {
    {"suite", "", [](configuration_reader& r, const setting& n, node_configuration& c) { c.suite = read_suite(r, n); }},
    {"node", "[[node]] with name = \"factory\"",
     [](configuration_reader& r, const setting& n, node_configuration&) { read_node_plans(r, n); }},
    {"domain", "[[domain]] with id = \"VE\"",
     [](configuration_reader& r, const setting& n, node_configuration&) { read_domain_plans(r, n); }},
    {"box", "[[box]] with type = \"manufacturing\"",
     [](configuration_reader& r, const setting& n, node_configuration&) { read_box_plans(r, n); }},
};

void read_plan_file(configuration_reader& r, const std::filesystem::path& file, node_configuration& c) {
  const auto text = read_text(file, document_limit);
  const auto document = text ? read_document(*text, file.string(), "plan") : expected<setting, text_error>{unexpected{text.error()}};
  if (document) {
    read_keys(r, *document, "this plan", plan_keys, c);
    if (r.failed())
      r.mistake->file = file.string();
    return;
  }
  if (!r.failed())
    r.mistake = document.error();
}

void read_plan(configuration_reader& r, const setting& value, node_configuration& c) {
  const auto file = r.folder / read_line(r, value);
  if (!r.failed())
    read_plan_file(r, file, c);
}

/// What was read, or the mistake in it.
expected<node_configuration, text_error> result_of(configuration_reader& r, const std::filesystem::path& file) {
  if (r.failed()) {
    if (r.mistake->file.empty())
      r.mistake->file = file.string();
    return unexpected{*std::move(r.mistake)};
  }
  r.out.nodes = std::move(r.nodes);
  r.out.domains = std::move(r.domains);
  r.out.boxes = std::move(r.boxes);
  return std::move(r.out);
}

/// Where everything is at this node, it is in the configuration itself.
template <auto Read>
void only_without_plan(configuration_reader& r, const setting& value, node_configuration& c) {
  if (!r.nodes.empty())
    return r.fail(value.key_at, "`" + std::string{r.key} + "` is in the plan; leave it out here");
  if constexpr (std::is_invocable_v<decltype(Read), plan_reader&, const setting&>)
    Read(r, value);
  else
    Read(r, value, c);
}

void read_suite_of_all(configuration_reader& r, const setting& value, node_configuration& c) { c.suite = read_suite(r, value); }

constexpr known_key<configuration_reader, node_configuration> configuration_keys[] = {
    {"name", "name = \"factory\"", line<&node_configuration::name>},
    {"data", "data = \"factory\"", read_data},
    {"plan", "", read_plan},
    {"certificates", "",
     [](configuration_reader& r, const setting& n, node_configuration& c) {
       c.certificates = r.folder / read_line(r, n);
     }},
    {"listen", "",
     [](configuration_reader& r, const setting& n, node_configuration& c) {
       auto read = parse_line_address(read_line(r, n), r.folder);
       if (read && read->is_tcp())
         c.listen = std::move(*read);
       else
         r.must_be(n, "an address such as \"tcp:0.0.0.0:7700\"");
     }},
    {"domain_key_set", "",
     [](configuration_reader& r, const setting& n, node_configuration& c) {
       if (const auto read = digest::parse(read_line(r, n)))
         c.domain_key_set = fingerprint{*read};
       else
         r.must_be(n, "64 digits of hex, small letters, as `oaksteel audit` prints it");
     }},
    {"suite", "", only_without_plan<read_suite_of_all>},
    {"degraded", "",
     [](configuration_reader& r, const setting& n, node_configuration& c) { c.degraded = read_degraded(r, n); }},
    {"clock_tolerance_ms", "", whole<&node_configuration::clock_tolerance_ms, 0, 3'600'000>},
    {"report_timeout_s", "", whole<&node_configuration::report_timeout_s, 1, 86'400>},
    {"box_wait_s", "", whole<&node_configuration::box_wait_s, 0, 600>},
    {"domain", "", only_without_plan<read_domain_plans>},
    {"box", "", only_without_plan<read_box_plans>},
    {"meter", "",
     [](configuration_reader& r, const setting& n, node_configuration&) {
       read_tables(r, n, meter_limit, read_meter_plan);
     }},
};

/// What belongs to several nodes is there where there are several, and only there.
void check_deployment(configuration_reader& r, const setting& document) {
  const auto& c = r.out;
  if (r.failed())
    return;
  if (r.boxes.empty())
    return r.fail(document.at, "no [[domain]] and [[box]] in this configuration; add them, or the `plan` that has them");
  if (r.nodes.empty()) {
    for (const auto& meter : c.meters)
      if (meter.line.is_tcp() && !is_loopback_host(meter.line.host))
        return r.fail(place_in(document, "meter"), "the line of meter " + meter.number.text + " is open to other machines (" +
                                                     meter.line.text() + "), and this node has no certificates; put it on "
                                                     "loopback or on a device, or add the `plan` and `certificates`");
    for (const auto key : {"certificates", "listen", "domain_key_set"})
      if (document.find(key))
        r.fail(place_in(document, key), "this node is alone; leave `" + std::string{key} + "` out, or add the `plan` with all [[node]]");
    return;
  }
  std::vector<label> names;
  for (const auto& n : r.nodes)
    names.push_back(n.name);
  if (std::ranges::find(names, label{c.name}) == names.end())
    r.fail(place_in(document, "name"), "the plan has no node " + in_quotes(c.name) + "; it has " + joined(names));
  for (const auto& box : r.boxes)
    for (const auto& meter : c.meters)
      if (box.node.text != c.name && !meter.steel.empty() && meter.beside(box.slot))
        r.fail(place_in(document, "meter"), "box " + in_quotes(box.slot.text) + " stands at node " + box.node.text +
                                              "; the line of meter " + meter.number.text + " leads to Steel boxes here");
  if (c.certificates.empty())
    r.fail(document.at, "no `certificates`; a node among others must prove who it is: add certificates = \"pki/" + c.name +
                          "\" (`oaksteel pki issue` makes them)");
}

} // namespace

expected<node_configuration, text_error> read_configuration(const std::filesystem::path& file) {
  const auto text = read_text(file, document_limit);
  if (!text)
    return unexpected{text.error()};
  return parse_configuration(*text, file);
}

expected<node_configuration, text_error> parse_configuration(std::string_view text, const std::filesystem::path& file) {
  const auto document = read_document(text, file.string(), "configuration");
  if (!document)
    return unexpected{document.error()};
  configuration_reader r;
  r.kind = "configuration";
  r.folder = std::filesystem::absolute(file).parent_path();
  read_keys(r, *document, "this configuration", configuration_keys, r.out);
  r.out.data = file.parent_path() / r.out.data;
  if (const auto address = socket_address(control_socket(r.out.data)); !r.failed() && !address)
    r.fail(place_in(*document, "data"), address.error().text + "; give a shorter `data`");
  check_deployment(r, *document);
  return result_of(r, file);
}

expected<node_configuration, text_error> read_deployment(const std::filesystem::path& plan) {
  configuration_reader r;
  r.kind = "plan";
  r.folder = std::filesystem::absolute(plan).parent_path();
  read_plan_file(r, plan, r.out);
  return result_of(r, plan);
}

std::vector<std::string> node_configuration::others() const {
  std::vector<std::string> names;
  for (const auto& node : nodes)
    if (node.name.text != name)
      names.push_back(node.name.text);
  return names;
}

digest node_configuration::shared() const {
  auto all = encode(std::pair{suite, std::pair{domains, boxes}});
  for (const auto& n : nodes) {
    const auto one = encode(std::pair{n.name, std::pair{n.computers, n.kmc}});
    all.insert(all.end(), one.begin(), one.end());
  }
  return sha256(all);
}

std::string node_configuration::node_of(const party& p) const {
  const auto at_box = [&](const std::string& slot) {
    const auto found = std::ranges::find(boxes, label{slot}, &box_plan::slot);
    return found == boxes.end() ? std::string{} : found->node.text;
  };
  switch (p.part) {
    case component::site:
    case component::meter: return name;
    case component::neighbour: return p.of;
    case component::archive: {
      const auto found = std::ranges::find(domains, domain_id{p.of}, &domain_plan::id);
      return found == domains.end() ? std::string{} : found->archive.text;
    }
    case component::kmc:
    case component::kdc:
    case component::data_capture:
      return computers().node_of(p);
    case component::psr:
    case component::manufacturing:
    case component::oak:
    case component::steel:
    case component::brass:
    case component::tin: break;
  }
  return at_box(p.of);
}

} // namespace oaksteel
