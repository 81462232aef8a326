#include "node/plan_reading.hpp"

#include <algorithm>

namespace oaksteel {

namespace {

constexpr std::array box_types{box_type::manufacturing, box_type::oak, box_type::steel, box_type::brass, box_type::tin};
constexpr std::array suites{suite_id::rsa3072, suite_id::p256};

template <auto Member, class T>
void domains(plan_reader& r, const setting& value, T& out) {
  out.*Member = read_array<domain_id>(r, value, domain_limit, read_domain);
}

constexpr known_key<plan_reader, domain_plan> domain_keys[] = {
  {"id", "id = \"VE\"", named<&domain_plan::id>},
  {"kind", "kind = \"vendor\"",
   [](plan_reader& r, const setting& n, domain_plan& d) {
     d.kind = domain_kinds[read_word(r, n, "kind", domain_kinds)];
   }},
  {"sub_domain", "sub_domain = \"US\"", named<&domain_plan::sub_domain>},
};

void read_domain_plan(plan_reader& r, const setting& table) {
  domain_plan d;
  read_keys(r, table, "[[domain]]", domain_keys, d);
  if (std::ranges::any_of(r.domains, [&](const domain_plan& other) { return other.id == d.id; }))
    r.fail(place_in(table, "id"), "there is a domain " + in_quotes(d.id.text) + " already; each must have its own id");
  r.domains.push_back(std::move(d));
}

constexpr known_key<plan_reader, box_plan> box_keys[] = {
  {"slot", "slot = \"oak-ve\"", named<&box_plan::slot>},
  {"type", "type = \"oak\"",
   [](plan_reader& r, const setting& n, box_plan& b) {
     b.type = box_types[read_word(r, n, "box type", names_of(box_types))];
   }},
  {"domains", "", domains<&box_plan::domains>},
  {"active", "", [](plan_reader& r, const setting& n, box_plan& b) { b.active = read_domain(r, n); }},
  {"threshold", "", whole<&box_plan::threshold, 1, share_limit>},
  {"custodians", "custodians = [\"Ada\", \"Bela\"]",
   [](plan_reader& r, const setting& n, box_plan& b) {
     b.custodians = read_array<label>(r, n, share_limit, read_name<label>);
   }},
};

/// What the keys of a box must be to each other, and to the other boxes.
void check_box(plan_reader& r, const setting& table, const box_plan& b) {
  if (std::ranges::any_of(r.boxes, [&](const box_plan& other) { return other.slot == b.slot; }))
    r.fail(place_in(table, "slot"),
           "there is a box in slot " + in_quotes(b.slot.text) + " already; each must have its own");
  if (box_id::parse(b.slot.text))
    r.fail(place_in(table, "slot"), "slot " + in_quotes(b.slot.text) + " looks like the id of a box; name it otherwise");
  const bool manufacturing = b.type == box_type::manufacturing;
  if (manufacturing && !b.domains.empty())
    r.fail(place_in(table, "domains"), "a manufacturing box has no domain processes; leave `domains` out");
  if (!manufacturing && b.domains.empty())
    r.fail(table.at, "no `domains` in this box; add the domains that it serves, for example domains = [\"VE\"]");
  if (b.active && std::ranges::find(b.domains, *b.active) == b.domains.end())
    r.fail(place_in(table, "active"),
           "domain " + in_quotes(b.active->text) + " is not served by this box; `active` must be one of its `domains`");
  if (b.threshold > b.custodians.size())
    r.fail(place_in(table, "threshold"), "the threshold is " + std::to_string(b.threshold) + " (2 when left out) of " +
                                           std::to_string(b.custodians.size()) +
                                           " custodians; it must be at most their number");
}

void read_box_plan(plan_reader& r, const setting& table) {
  box_plan b;
  read_keys(r, table, "[[box]]", box_keys, b);
  check_box(r, table, b);
  if (!b.active && !b.domains.empty())
    b.active = b.domains.front();
  r.boxes.push_back(std::move(b));
}

} // namespace

words plan_reader::domain_ids() const {
  words ids;
  for (const auto& d : domains)
    ids.push_back(d.id.text);
  return ids;
}

suite_id read_suite(reader& r, const setting& value) { return suites[read_word(r, value, "suite", names_of(suites))]; }

degraded_work read_degraded(reader& r, const setting& value) {
  static constexpr std::string_view words_for[] = {"allowed", "refused"}; // in the order of degraded_work
  return static_cast<degraded_work>(read_word(r, value, "word for degraded work", words_for));
}

domain_id read_domain(plan_reader& r, const setting& value) {
  const std::size_t index = read_word(r, value, "domain", r.domain_ids());
  return index < r.domains.size() ? r.domains[index].id : domain_id{};
}

void read_domain_plans(plan_reader& r, const setting& value) { read_tables(r, value, domain_limit, read_domain_plan); }

void read_box_plans(plan_reader& r, const setting& value) {
  read_tables(r, value, box_limit, read_box_plan);
  if (std::ranges::find(r.boxes, box_type::manufacturing, &box_plan::type) == r.boxes.end())
    r.fail(value.at, "no manufacturing box; add a [[box]] with type = \"manufacturing\"");
}

} // namespace oaksteel
