#include "node/configuration.hpp"

#include "node/control.hpp"
#include "node/local_socket.hpp"
#include "node/plan_reading.hpp"

namespace oaksteel {
namespace {

struct configuration_reader : plan_reader {
  node_configuration out;
};

void read_data(configuration_reader& r, const setting& value, node_configuration& out) {
  out.data = read_line(r, value);
}

constexpr known_key<configuration_reader, node_configuration> configuration_keys[] = {
  {"name", "name = \"factory\"", line<&node_configuration::name>},
  {"data", "data = \"factory\"", read_data},
  {"suite", "",
   [](configuration_reader& r, const setting& n, node_configuration& c) { c.suite = read_suite(r, n); }},
  {"degraded", "",
   [](configuration_reader& r, const setting& n, node_configuration& c) { c.degraded = read_degraded(r, n); }},
  {"clock_tolerance_ms", "", whole<&node_configuration::clock_tolerance_ms, 0, 3'600'000>},
  {"domain", "[[domain]] with id = \"VE\"",
   [](configuration_reader& r, const setting& n, node_configuration&) { read_domain_plans(r, n); }},
  {"box", "[[box]] with type = \"manufacturing\"",
   [](configuration_reader& r, const setting& n, node_configuration&) { read_box_plans(r, n); }},
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
