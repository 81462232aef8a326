#include "cli/ceremony_script.hpp"

#include "node/configuration.hpp"
#include "storage/share_file.hpp"

#include <algorithm>
#include <iostream>

namespace oaksteel {
namespace {

using json = nlohmann::ordered_json;

/// A custodian, with the slots and the files of the shares that are written for him.
struct holder {
  label name;
  std::vector<std::string> slots, files;
};

/// In the order in which they are first named.
std::vector<holder> holders(const planned_ceremony& c) {
  std::vector<holder> all;
  const auto hold = [&](const label& custodian, const std::string& what, const std::string& of) {
    auto at = std::find_if(all.begin(), all.end(), [&](const holder& h) { return h.name == custodian; });
    if (at == all.end())
      at = all.insert(at, {custodian, {}, {}});
    at->slots.push_back(what);
    at->files.push_back(share_file_name(of));
  };
  for (const auto& s : c.steps) {
    if (s.step.act != ceremony_act::set_first_id && s.step.act != ceremony_act::enrol)
      continue;
    for (const auto& box : c.plan.boxes)
      for (const auto& custodian : box.slot == s.step.slot ? box.custodians : std::vector<label>{}) {
        hold(custodian, box.slot.text, c.ids.at(box.slot).text());
        if (s.step.act == ceremony_act::set_first_id)
          hold(custodian, "domain key set", std::string{domain_share_purpose});
      }
  }
  return all;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string s;
  for (const auto& p : parts)
    s += (s.empty() ? "" : ", ") + p;
  return s;
}

/// Who takes part beside the custodians, and what for.
constexpr std::pair<const char*, const char*> roles[] = {
  {"operator", "gives the commands of the key management computer (KMC)"},
  {"officer", "types each box's enrolment secret at the source and at the box"},
  {"witness", "or auditor: sees each step, compares the display, notes the time, signs"},
};

void add_people(paper& page, const std::vector<holder>& custodians) {
  page.push_back(paper_heading{"Who is needed", 2});
  paper_table table{{{"who", 20}, {"what for", 46}, {"name in full", 28, true}}, {}};
  for (const auto& [role, what] : roles)
    table.rows.push_back({role, what});
  for (const auto& c : custodians)
    table.rows.push_back({c.name.text, "custodian: shares for " + joined(c.slots)});
  page.push_back(std::move(table));
}

void add_media(paper& page, const planned_ceremony& c, const std::vector<holder>& custodians) {
  page.push_back(paper_heading{"What is needed", 2});
  page.push_back(paper_line{"Each custodian brings an empty medium of his own; the boxes write the files."});
  paper_table media{{{"medium of", 20}, {"files that will be on it", 48}, {"label of medium", 26, true}}, {}};
  for (const auto& one : custodians)
    media.rows.push_back({one.name.text, joined(one.files)});
  page.push_back(std::move(media));
  std::vector<std::string> secrets;
  for (const auto& s : c.steps)
    if (s.step.act == ceremony_act::enrol)
      secrets.push_back(s.step.slot.text);
  if (!secrets.empty())
    page.push_back(paper_line{"The officer has an enrolment secret for each of: " + joined(secrets) + "."});
}

std::string with(const std::string& text, const std::string& more) {
  return text + (more.empty() ? "" : "; " + more);
}

void add_steps(paper& page, const planned_ceremony& c) {
  const std::vector<paper_column> columns{{"step", 5}, {"who", 12}, {"what", 34}, {"display", 27},
                                          {"time", 5, true}, {"initials", 8, true}};
  std::string section;
  std::size_t number = 0;
  for (const auto& s : c.steps) {
    if (s.section != section || number == 0) {
      section = s.section;
      page.push_back(paper_heading{section, 2});
      page.push_back(paper_table{columns, {}});
    }
    std::get<paper_table>(page.back())
      .rows.push_back({std::to_string(++number), s.who, with(s.what, s.detail), with(s.display, s.note)});
  }
}

void add_signatures(paper& page, const std::vector<holder>& custodians) {
  page.push_back(paper_heading{"Signatures", 2});
  page.push_back(paper_line{"All steps were done in order, but for what is written here: " + std::string(39, '_')});
  paper_table table{{{"who", 20}, {"signature", 40, true}, {"date", 20, true}},
                    {{"first witness"}, {"second witness"}}};
  for (const auto& [role, what] : roles)
    if (role != std::string_view{"witness"})
      table.rows.push_back({role});
  for (const auto& c : custodians)
    table.rows.push_back({c.name.text});
  page.push_back(std::move(table));
}

/// At a node a ceremony is held by hand: the whole of the first one, with every domain; at one of several, its own part.
expected<planned_ceremony, text_error> first_ceremony_of_node(std::string_view text, const std::string& file) {
  const auto node = parse_configuration(text, file);
  if (!node)
    return unexpected{node.error()};
  const site_plan plan{node->suite, node->domains, node->boxes};
  const auto steps = node->nodes.empty() ? first_ceremony(plan, {}) : deployment_ceremony(plan);
  planned_ceremony c{node->name, plan, in_words(plan, steps), ids_given(plan, steps)};
  std::erase_if(c.steps, [&](const worded_step& s) {
    const auto box = std::ranges::find(plan.boxes, s.step.slot, &box_plan::slot);
    return box != plan.boxes.end() && !box->node.empty() && box->node.text != node->name;
  });
  if (c.steps.empty())
    return unexpected{text_error{file, 0, 0, "there is no ceremony at node " + in_quotes(node->name) + ": no box stands there"}};
  return c;
}

} // namespace

std::string_view name(ceremony_act act) {
  switch (act) {
  case ceremony_act::set_first_id: return "set_first_id";
  case ceremony_act::enrol: return "enrol";
  case ceremony_act::enter_share: return "enter_share";
  case ceremony_act::remove_share: return "remove_share";
  case ceremony_act::hand_over_key_set: return "hand_over_key_set";
  case ceremony_act::create_domain: return "create_domain";
  case ceremony_act::make_domain_process: return "make_domain_process";
  case ceremony_act::activate_domain: return "activate_domain";
  case ceremony_act::restart: return "restart";
  }
  return "";
}

expected<planned_ceremony, text_error> read_ceremony(std::string_view text, const std::string& file) {
  // Only a node's configuration says where its data lie.
  if (const auto document = read_document(text, file, "ceremony file"); document && document->find("data"))
    return first_ceremony_of_node(text, file);
  auto script = parse_script(text, file);
  if (!script)
    return unexpected{script.error()};
  const site_plan& plan = *script;
  const auto steps = ceremony_of(*script);
  if (steps.empty())
    return unexpected{text_error{file, 0, 0, "there is no ceremony in it; add a [[step]] with do = \"ceremony\""}};
  return planned_ceremony{script->name, plan, in_words(plan, steps), ids_given(plan, steps)};
}

paper script_on_paper(const planned_ceremony& c) {
  const auto custodians = holders(c);
  paper page;
  page.push_back(paper_heading{"Key ceremony " + c.name, 1});
  page.push_back(paper_line{"Suite " + std::string{name(c.plan.suite)} + ", " + std::to_string(c.steps.size())
                            + " steps.    Date: ____________________    Place: ____________________"});
  add_people(page, custodians);
  add_media(page, c, custodians);
  add_steps(page, c);
  add_signatures(page, custodians);
  return page;
}

json script_as_json(const planned_ceremony& c) {
  json custodians = json::array(), steps = json::array();
  for (const auto& h : holders(c))
    custodians.push_back({{"name", h.name.text}, {"shares_for", h.slots}, {"files", h.files}});
  for (const auto& s : c.steps) {
    const auto text = [](const auto& id) { return id.empty() ? json() : json(id.text); };
    steps.push_back({{"step", steps.size() + 1},
                     {"section", s.section},
                     {"act", name(s.step.act)},
                     {"who", s.who},
                     {"what", s.what},
                     {"detail", s.detail.empty() ? json() : json(s.detail)},
                     {"display", s.display},
                     {"note", s.note.empty() ? json() : json(s.note)},
                     {"slot", text(s.step.slot)},
                     {"source", text(s.step.source)},
                     {"custodian", text(s.step.custodian)},
                     {"domain", text(s.step.domain)}});
  }
  return {{"name", c.name}, {"suite", name(c.plan.suite)}, {"custodians", custodians}, {"steps", steps}};
}

expected<planned_ceremony, no_script> load_ceremony(const std::filesystem::path& file) {
  const auto text = read_text(file, scenario_limit);
  if (!text)
    return unexpected{no_script{text.error().text(), status_of_mistake(file)}};
  auto ceremony = read_ceremony(*text, file.string());
  if (!ceremony)
    return unexpected{no_script{ceremony.error().text(), exit_usage}};
  return std::move(*ceremony);
}

int ceremony_script(const ceremony_script_arguments& a) {
  const auto ceremony = load_ceremony(a.file);
  if (!ceremony)
    return complain(ceremony.error().line, ceremony.error().status);
  if (a.json)
    print_line(std::cout, script_as_json(*ceremony));
  else
    std::cout << (a.markdown ? as_markdown(script_on_paper(*ceremony)) : as_text(script_on_paper(*ceremony)));
  return output_arrived() ? exit_done : exit_io;
}

} // namespace oaksteel
