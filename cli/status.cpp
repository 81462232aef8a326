#include "cli/status.hpp"

#include "cli/output.hpp"
#include "node/client.hpp"
#include "node/configuration.hpp"
#include "node/remote_client.hpp"
#include "node/text.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <future>
#include <iostream>

namespace oaksteel {
namespace {

using json = nlohmann::ordered_json;

/// For whom of `all` `which` holds, in few words: `all`, `all but factory`, `post mail`, or `-`.
std::string names_of(const std::vector<requests::neighbour_view>& all, bool requests::neighbour_view::*which) {
  std::string those, others;
  std::size_t count = 0;
  for (const auto& n : all) {
    auto& names = n.*which ? those : others;
    names += (names.empty() ? "" : " ") + n.node.text;
    count += n.*which;
  }
  if (count == 0)
    return "-";
  if (others.empty())
    return "all";
  return count > all.size() / 2 ? "all but " + others : those;
}

/// Of the others, the one that is farthest from the node's own, in seconds.
std::string farthest_clock(const std::vector<requests::neighbour_view>& all) {
  std::string farthest = "-";
  for (const auto& n : all)
    if (n.ahead && (farthest == "-" || std::abs(std::atof(n.ahead->c_str())) > std::abs(std::atof(farthest.c_str()))))
      farthest = *n.ahead;
  return farthest;
}

/// `14:30:22Z` of 2026-11-29T14:30:22.123456Z: a line has its place on a terminal.
std::string time_of_day(const std::string& time) {
  const auto begin = std::min(time.find('T'), time.size() - 1) + 1;
  return time.substr(begin, 8) + 'Z';
}

void print_document(const std::vector<node_answer>& nodes) {
  auto all = json::array();
  for (const auto& one : nodes) {
    if (const auto problem = one.problem()) {
      all.push_back({{"node", one.name.text}, {"error", *problem}});
      continue;
    }
    auto node = as_json(*one.said->node);
    auto& boxes = node["boxes"] = json::array();
    for (const auto& b : one.said->boxes)
      boxes.push_back(as_json(b));
    all.push_back(std::move(node));
  }
  print_line(std::cout, {{"nodes", std::move(all)}});
}

} // namespace

std::optional<std::string> node_answer::problem() const {
  if (!said)
    return said.error().text;
  if (said->error || !said->node)
    return said->error.value_or("it says nothing of itself");
  return std::nullopt;
}

std::vector<node_answer> ask_nodes(const std::vector<node_plan>& nodes, const std::filesystem::path& as) {
  // All at once: none waits for another that says nothing.
  std::vector<std::future<node_answer>> asked;
  for (const auto& node : nodes)
    asked.push_back(std::async(std::launch::async, [&node, &as] {
      return node_answer{node.name, ask_over_network({as, node.name, node.address, {}}, requests::node_status{})};
    }));
  std::vector<node_answer> all;
  for (auto& one : asked)
    all.push_back(one.get());
  return all;
}

void print_status(const std::vector<node_answer>& nodes) {
  std::vector<table_row> rows{{"node", "time", "records", "start", "clocks", "reaches", "reached by"}};
  std::vector<table_row> problems{{"node", "with", "problem"}};
  std::vector<table_row> boxes{{"box", "id", "type", "node", "state", "active"}};
  std::vector<table_row> keys{{"domain", "status", "keys"}};
  for (const auto& one : nodes) {
    if (const auto problem = one.problem()) {
      const auto who = one.name.text.empty() ? "-" : one.name.text;
      rows.push_back({who, "-", "-", "-", "-", "-", "-"});
      problems.push_back({"-", who, *problem});
      continue;
    }
    const auto& v = *one.said->node;
    rows.push_back({v.node.text, time_of_day(v.time), std::to_string(v.records), std::to_string(v.epoch), farthest_clock(v.neighbours),
                    names_of(v.neighbours, &requests::neighbour_view::reached),
                    names_of(v.neighbours, &requests::neighbour_view::came)});
    for (const auto& n : v.neighbours)
      if (n.problem)
        problems.push_back({v.node.text, n.node.text, *n.problem});
    for (const auto& b : one.said->boxes)
      boxes.push_back({b.slot.text, b.id ? b.id->text() : "-", std::string{name(b.type)}, v.node.text,
                       b.enabled ? "enabled" : b.id ? "disabled" : "not initialised", b.active ? b.active->text : "-"});
    for (const auto& k : v.keys)
      keys.push_back({k.domain.text, k.status, std::to_string(k.keys)});
  }
  for (auto* table : {&rows, &problems, &boxes, &keys})
    if (table->size() > 1) {
      const auto widest = std::ranges::max(*table, {}, &table_row::size).size();
      for (auto& row : *table)
        row.resize(widest);
      if (table != &rows)
        std::cout << '\n';
      print_table(*table);
    }
}

int show_status(const operate_arguments& arguments) {
  std::vector<node_answer> nodes;
  if (!arguments.data.empty()) {
    nodes.push_back({label{}, ask_node(arguments.data, requests::node_status{})});
    if (const auto problem = nodes.front().problem(); problem && !nodes.front().said)
      return complain(nodes.front().said.error());
  } else {
    const auto plan = read_deployment(arguments.plan);
    if (!plan)
      return complain(plan.error().text(), status_of_mistake(arguments.plan));
    auto asked = plan->nodes;
    if (!arguments.node.empty())
      std::erase_if(asked, [&](const node_plan& n) { return n.name.text != arguments.node; });
    if (asked.empty())
      return complain(arguments.plan.string() + ": has no node " + in_quotes(arguments.node), exit_usage);
    if (const auto who = holder_of(arguments.as); !who)
      return complain(who.error());
    nodes = ask_nodes(asked, arguments.as);
  }
  arguments.json ? print_document(nodes) : print_status(nodes);
  if (!output_arrived())
    return exit_io;
  return std::ranges::none_of(nodes, [](const node_answer& n) { return n.problem().has_value(); }) ? exit_done : exit_io;
}

} // namespace oaksteel
