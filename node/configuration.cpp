#include "node/configuration.hpp"

#include "node/control.hpp"
#include "node/local_socket.hpp"
#include "node/plan_reading.hpp"

#include <algorithm>

namespace oaksteel {
namespace {

struct configuration_reader : plan_reader {
  node_configuration out;
  std::filesystem::path folder; ///< of the file
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

constexpr known_key<configuration_reader, node_configuration> configuration_keys[] = {
    {"name", "name = \"factory\"", line<&node_configuration::name>},
    {"data", "data = \"factory\"", read_data},
    {"suite", "", [](configuration_reader& r, const setting& n, node_configuration& c) { c.suite = read_suite(r, n); }},
    {"degraded", "",
     [](configuration_reader& r, const setting& n, node_configuration& c) { c.degraded = read_degraded(r, n); }},
    {"clock_tolerance_ms", "", whole<&node_configuration::clock_tolerance_ms, 0, 3'600'000>},
    {"report_timeout_s", "", whole<&node_configuration::report_timeout_s, 1, 86'400>},
    {"domain", "[[domain]] with id = \"VE\"",
     [](configuration_reader& r, const setting& n, node_configuration&) { read_domain_plans(r, n); }},
    {"box", "[[box]] with type = \"manufacturing\"",
     [](configuration_reader& r, const setting& n, node_configuration&) { read_box_plans(r, n); }},
    {"meter", "",
     [](configuration_reader& r, const setting& n, node_configuration&) {
       read_tables(r, n, meter_limit, read_meter_plan);
     }},
};

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
  if (r.failed()) {
    r.mistake->file = file.string();
    return unexpected{*std::move(r.mistake)};
  }
  r.out.domains = std::move(r.domains);
  r.out.boxes = std::move(r.boxes);
  return std::move(r.out);
}

} // namespace oaksteel
