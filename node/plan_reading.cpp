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

constexpr std::array computers{component::kmc, component::kdc, component::data_capture};
constexpr std::string_view computer_words[] = {"kmc", "kdc", "data_capture"};

label read_computer(plan_reader& r, const setting& value) {
  return {std::string{computer_words[read_word(r, value, "computer", computer_words)]}};
}

/// One of the nodes so far.
label read_node(plan_reader& r, const setting& value) {
  words names;
  for (const auto& n : r.nodes)
    names.push_back(n.name.text);
  if (names.empty()) {
    r.fail(value.at, "there is no [[node]] here, and everything is at one; leave this out");
    return {};
  }
  const auto index = read_word(r, value, "node", names);
  return index < r.nodes.size() ? r.nodes[index].name : label{};
}

constexpr known_key<plan_reader, node_plan> node_keys[] = {
  {"name", "name = \"factory\"", named<&node_plan::name>},
  {"address", "address = \"tcp:10.0.0.2:7700\"",
   [](plan_reader& r, const setting& n, node_plan& p) {
     auto read = parse_line_address(read_line(r, n), r.folder);
     if (read && read->is_tcp())
       p.address = std::move(*read);
     else
       r.must_be(n, "an address such as \"tcp:10.0.0.2:7700\"");
   }},
  {"computers", "",
   [](plan_reader& r, const setting& n, node_plan& p) {
     for (const auto& word : read_array<label>(r, n, computers.size(), read_computer))
       p.computers.push_back(computers[static_cast<std::size_t>(std::ranges::find(computer_words, word.text) -
                                                                std::begin(computer_words))]);
   }},
  {"kmc", "", named<&node_plan::kmc>},
};

void read_node_plan(plan_reader& r, const setting& table) {
  node_plan p;
  read_keys(r, table, "[[node]]", node_keys, p);
  for (const auto& other : r.nodes) {
    if (other.name == p.name)
      r.fail(place_in(table, "name"), "there is a node " + in_quotes(p.name.text) + " already; each must have its own");
    if (other.address.text() == p.address.text())
      r.fail(place_in(table, "address"), "node " + in_quotes(other.name.text) + " has this address already");
  }
  r.nodes.push_back(std::move(p));
}

/// Once all nodes are known.
void check_kmc(plan_reader& r, const setting& table) {
  if (r.failed() || !table.find("kmc"))
    return;
  node_plan p;
  read_keys(r, table, "[[node]]", node_keys, p);
  const auto at = place_in(table, "kmc");
  const auto there = std::ranges::find(r.nodes, p.kmc, &node_plan::name);
  if (p.has(component::kmc))
    r.fail(at, "node " + in_quotes(p.name.text) + " has a KMC of its own; leave `kmc` out");
  else if (there == r.nodes.end())
    r.fail(at, "there is no [[node]] " + in_quotes(p.kmc.text) + " here; `kmc` is the node of the KMC that this one works for");
  else if (!there->has(component::kmc))
    r.fail(at, "node " + in_quotes(p.kmc.text) + " has no KMC");
}

/// Where there are nodes, each part says at which it is.
void must_say_where(plan_reader& r, const setting& table, const label& node, std::string_view key) {
  if (!r.nodes.empty() && node.empty())
    r.fail(table.at, "no `" + std::string{key} + "` here; say which [[node]] it is, for example " + std::string{key} +
                       " = " + in_quotes(r.nodes.front().name.text));
}

/// Where there are several KMCs, whoever works for one must stand at a node that says for which.
void must_say_for_whom(plan_reader& r, const setting& table, const std::string& node, const std::string& who) {
  if (!r.failed() && !computer_table{r.nodes}.kmc_for(node))
    r.fail(table.at, who + " stands at node " + in_quotes(node) + ", and there are several KMCs; add kmc = \"NODE\" to that "
                     "[[node]], with the node of the KMC that it works for");
}

constexpr known_key<plan_reader, domain_plan> domain_keys[] = {
  {"id", "id = \"VE\"", named<&domain_plan::id>},
  {"kind", "kind = \"vendor\"",
   [](plan_reader& r, const setting& n, domain_plan& d) {
     d.kind = domain_kinds[read_word(r, n, "kind", domain_kinds)];
   }},
  {"sub_domain", "sub_domain = \"US\"", named<&domain_plan::sub_domain>},
  {"zone", "",
   [](plan_reader& r, const setting& n, domain_plan& d) {
     if (const auto zone = time_zone::parse(n.text)) // empty for another type
       d.zone = *zone;
     else
       r.must_be(n, "a time zone from \"-12:00\" to \"+14:00\"");
   }},
  {"archive", "", [](plan_reader& r, const setting& n, domain_plan& d) { d.archive = read_node(r, n); }},
};

void read_domain_plan(plan_reader& r, const setting& table) {
  domain_plan d;
  read_keys(r, table, "[[domain]]", domain_keys, d);
  must_say_where(r, table, d.archive, "archive");
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
  {"node", "", [](plan_reader& r, const setting& n, box_plan& b) { b.node = read_node(r, n); }},
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
  must_say_where(r, table, b.node, "node");
  if (b.type == box_type::oak || b.type == box_type::steel)
    must_say_for_whom(r, table, b.node.text, std::string{name(b.type)} + " box " + in_quotes(b.slot.text));
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

void read_node_plans(plan_reader& r, const setting& value) {
  read_tables(r, value, node_limit, read_node_plan);
  read_tables(r, value, node_limit, check_kmc);
  for (const auto c : {component::kmc, component::kdc})
    if (std::ranges::none_of(r.nodes, [c](const node_plan& n) { return std::ranges::count(n.computers, c) > 0; }))
      r.fail(value.at, "no node has the " + std::string{name(c)} + "; add computers = [" + in_quotes(name(c)) + "] to one");
  const computer_table computers{r.nodes};
  std::vector<std::string> with_kdc; // KMCs
  for (const auto& n : r.nodes) {
    if (!n.has(component::kdc) && !n.has(component::data_capture))
      continue;
    const auto kmc = computers.kmc_for(n.name.text);
    if (!kmc)
      must_say_for_whom(r, value, n.name.text, n.has(component::kdc) ? "the KDC" : "the data capture system");
    else if (n.has(component::kdc) && std::ranges::find(with_kdc, kmc->of) != with_kdc.end())
      r.fail(value.at, "node " + in_quotes(n.name.text) + " has a second KDC of the same KMC; each KMC has one");
    else if (n.has(component::kdc))
      with_kdc.push_back(kmc->of);
  }
}

void read_domain_plans(plan_reader& r, const setting& value) { read_tables(r, value, domain_limit, read_domain_plan); }

void read_box_plans(plan_reader& r, const setting& value) {
  read_tables(r, value, box_limit, read_box_plan);
  if (std::ranges::find(r.boxes, box_type::manufacturing, &box_plan::type) == r.boxes.end())
    r.fail(value.at, "no manufacturing box; add a [[box]] with type = \"manufacturing\"");
}

} // namespace oaksteel
