#include "cli/operate.hpp"

#include "cli/ceremony_words.hpp"
#include "cli/output.hpp"
#include "node/client.hpp"
#include "node/configuration.hpp"
#include "node/control.hpp"
#include "node/mail_file.hpp"
#include "node/node.hpp"
#include "node/remote_client.hpp"
#include "node/tls_identity.hpp"
#include "storage/credentials.hpp"
#include "storage/find_domain_key.hpp"
#include "storage/replay.hpp"

#include <algorithm>
#include <iostream>
#include <map>
#include <sstream>

namespace oaksteel {

namespace {

using json = nlohmann::ordered_json;

template <class Id>
std::string listed(const std::vector<Id>& ids) {
  std::string s;
  for (const auto& id : ids)
    s += (s.empty() ? "" : ",") + id.text;
  return s.empty() ? "-" : s;
}

// --- tables ----------------------------------------------------------------------------------------------

table_row headings(const requests::box_view*) {
  return {"slot", "id", "type", "state", "generators", "shares in", "active", "domains"};
}
table_row cells(const requests::box_view& v) {
  return {v.slot.text,
          v.id ? v.id->text() : "-",
          std::string{name(v.type)},
          v.enabled ? "enabled" : v.id ? "disabled" : "not initialised",
          v.id ? v.generators : "-",
          std::to_string(v.entered.size()) + " (" + std::to_string(v.threshold) + " needed)",
          v.active ? v.active->text : "-",
          listed(v.domains)};
}
table_row headings(const requests::domain_view*) { return {"id", "kind", "country", "suite", "zone", "made by"}; }
table_row cells(const requests::domain_view& v) {
  return {v.id.text, v.kind, v.country.text, std::string{name(v.suite)}, v.zone.text(), v.creator.text()};
}

/// What is to be seen when it is done, in the words that a script of the ceremony expects.
std::string display_of(const requests::initialise_box&, const requests::answer& a) {
  const auto& box = a.boxes.front();
  return id_taken(*box.id, box.threshold, box.custodians.size());
}
std::string display_of(const requests::enable_box&, const requests::answer& a) {
  const auto& box = a.boxes.front();
  return shares_in(box.entered.size(), box.threshold, box.enabled);
}
std::string display_of(const requests::disable_box& r, const requests::answer&) { return share_out(r.custodian); }
std::string display_of(const requests::activate_domain& r, const requests::answer&) {
  return domain_activated(r.domain);
}
std::string display_of(const requests::create_domain& r, const requests::answer& a) {
  return domain_made(r.domain, a.domains.front().creator);
}
std::string display_of(const auto&, const requests::answer&) { return {}; }

template <class View>
int print(const std::vector<View>& views, std::string_view what, bool as_document) {
  if (as_document) {
    auto all = json::array();
    for (const auto& v : views)
      all.push_back(as_json(v));
    print_line(std::cout, {{what, std::move(all)}});
  } else {
    std::vector<table_row> rows{headings(static_cast<const View*>(nullptr))};
    for (const auto& v : views)
      rows.push_back(cells(v));
    print_table(rows);
  }
  return output_arrived() ? exit_done : exit_io;
}

// --- without a node ----------------------------------------------------------------------------------------

/// Boxes and domains as the log alone tells: nobody holds a key now.
stored<requests::answer> read_answer_from(const std::filesystem::path& data) {
  auto source = log_source::open(data);
  if (!source)
    return unexpected{source.error()};
  record_progress progress;
  std::map<std::string, time_zone> zones;
  const auto learn_zone = [&](const replay_step& step) {
    if (const auto zone = named_zone(step.event))
      zones[step.written.stream.of] = *zone;
  };
  const auto folded = replay(*source, {}, {learn_zone, [&](auto n) { progress.show(n); }});
  if (folded.problem)
    return unexpected{storage_error{storage_code::damaged, data.string() + ": record " +
                                                             std::to_string(folded.problem->position) + ": " +
                                                             folded.problem->text}};
  requests::answer a;
  for (const auto& [stream, state] : folded.folded) {
    if (const auto* box = std::get_if<secure_box>(&state.state); box && box->id.number != 0) {
      auto& v = a.boxes.emplace_back(requests::view_of(*box));
      v.enabled = false;
      v.entered.clear();
    } else if (const auto* made = std::get_if<domain>(&state.state); made && made->exists) {
      a.domains.push_back(requests::view_of({stream.of}, *made, zones[stream.of]));
    }
  }
  return a;
}

/// From a log alone.
bool may_be_read(const requests::any_request& r) {
  return std::holds_alternative<requests::list_boxes>(r) || std::holds_alternative<requests::list_domains>(r);
}

/// Of a name that stands in the plan; else it was said why not, and this is the exit status.
expected<requests::answer, int> ask_in_plan(const operate_arguments& arguments, const requests::any_request& request) {
  const auto plan = read_deployment(arguments.plan);
  if (!plan)
    return unexpected{complain(plan.error().text(), status_of_mistake(arguments.plan))};
  const auto node = std::ranges::find(plan->nodes, label{arguments.node}, &node_plan::name);
  if (node == plan->nodes.end())
    return unexpected{complain(arguments.plan.string() + ": has no node " + in_quotes(arguments.node), exit_usage)};
  auto answer = ask_over_network({arguments.as, node->name, node->address, label::parse(arguments.id)}, request);
  if (!answer)
    return unexpected{complain(answer.error())};
  return std::move(*answer);
}

expected<requests::answer, int> ask_at(const std::filesystem::path& data, const requests::any_request& request) {
  auto answer = ask_node(data, request);
  if (!answer && answer.error().code == storage_code::missing && may_be_read(request))
    answer = read_answer_from(data);
  if (!answer)
    return unexpected{complain(answer.error())};
  return std::move(*answer);
}

/// The same where all was done, with what it lists in order.
expected<requests::answer, int> done_by(const operate_arguments& arguments, const requests::any_request& request) {
  auto answer = arguments.data.empty() ? ask_in_plan(arguments, request) : ask_at(arguments.data, request);
  if (!answer)
    return answer;
  if (answer->error)
    return unexpected{complain(printable(*answer->error), exit_refused)};
  std::ranges::sort(answer->boxes, {}, [](const requests::box_view& v) { return v.slot.text; });
  std::ranges::sort(answer->domains, {}, [](const requests::domain_view& v) { return v.id.text; });
  return answer;
}

/// What is wrong with the certificates of a node among others, a line each.
std::vector<std::string> wrong_certificates(const node_configuration& plan) {
  if (plan.nodes.empty())
    return {};
  const auto read = read_credentials(credential_files::in(plan.certificates, {plan.name}),
                                     holder_name{holder_kind::node, {plan.name}},
                                     machine_time());
  return read ? std::vector<std::string>{} : read.error();
}

/// What is wrong with a node before anything starts was said, a line each; the exit status.
int complaints_about(const node_configuration& plan) {
  if (const auto wrong = wrong_certificates(plan); !wrong.empty()) {
    for (const auto& line : wrong)
      complain(line, exit_io);
    return exit_io;
  }
  return exit_done;
}

} // namespace

int node_check(const std::filesystem::path& configuration, bool as_document) {
  const auto plan = read_configuration(configuration);
  if (!plan)
    return complain(plan.error().text(), status_of_mistake(plan.error().file));
  if (const auto status = complaints_about(*plan); status != exit_done)
    return status;
  const auto problem = look_at_node(*plan);
  const bool runs = problem && problem->code == storage_code::locked;
  if (problem && !runs)
    return complain(*problem);
  if (as_document)
    print_line(std::cout, {{"name", plan->name},
                           {"data", plan->data.string()},
                           {"suite", name(plan->suite)},
                           {"domains", plan->domains.size()},
                           {"boxes", plan->boxes.size()},
                           {"runs", runs}});
  else
    std::cout << "OK: node " << printable(plan->name) << ", suite " << name(plan->suite) << ", "
              << plan->domains.size() << " domains, " << plan->boxes.size() << " boxes, data in "
              << printable(plan->data.string())
              << (runs ? "; the node runs, so its log, lines and addresses were not tried" : "") << '\n';
  return output_arrived() ? exit_done : exit_io;
}

int node_run(const std::filesystem::path& configuration) {
  const auto plan = read_configuration(configuration);
  if (!plan)
    return complain(plan.error().text(), status_of_mistake(plan.error().file));
  if (const auto status = complaints_about(*plan); status != exit_done)
    return status;
  const auto waits = [](const std::string& line) { std::cout << printable(line) << std::endl; };
  const auto ready = [&](std::optional<instant> ahead) {
    if (ahead)
      std::cerr << "the last record of the log is of " << ahead->text()
                << ", which is later than this machine's clock; records get no earlier time, so look whether the clock is right"
                << std::endl;
    std::cout << "node " << printable(plan->name) << " runs; it is operated through "
              << printable(control_socket(plan->data).string()) << std::endl;
  };
  const auto problem = run_node(*plan, ready, waits);
  return problem ? complain(*problem) : exit_done;
}

int operate(const operate_arguments& arguments, const requests::any_request& request) {
  const auto answer = done_by(arguments, request);
  if (!answer)
    return answer.error();
  const bool of_domains = std::holds_alternative<requests::list_domains>(request) ||
                          std::holds_alternative<requests::create_domain>(request);
  const auto display = std::visit([&](const auto& r) { return display_of(r, *answer); }, request);
  if (!arguments.json && !display.empty())
    std::cout << printable(display) << "\n\n";
  return of_domains ? print(answer->domains, "domains", arguments.json)
                    : print(answer->boxes, "boxes", arguments.json);
}

int box_selftest(const operate_arguments& arguments, const label& box) {
  const auto answer = done_by(arguments, requests::test_box{box});
  if (!answer)
    return answer.error();
  if (arguments.json) {
    const auto document = json::parse(answer->document.value_or("null"), nullptr, false);
    print_line(std::cout, document.is_discarded() ? json{} : document);
  } else {
    std::istringstream lines{answer->lines.value_or("")};
    for (std::string line; std::getline(lines, line);)
      std::cout << printable(line) << '\n';
  }
  if (!output_arrived())
    return exit_io;
  return answer->passed.value_or(false) ? exit_done : exit_refused;
}

int order_for(const operate_arguments& arguments, const sequence_number& meter, const requests::any_request& request) {
  const auto answer = done_by(arguments, request);
  if (!answer)
    return answer.error();
  if (arguments.json) {
    auto keys = json::array();
    for (const auto& v : answer->keys)
      keys.push_back(as_json(v));
    print_line(std::cout, {{"meter", meter.text}, {"order", answer->order.value_or(0)}, {"keys", keys}});
  } else {
    std::vector<table_row> rows;
    for (const auto& v : answer->keys) {
      std::string outcome = v.outcome;
      if (!v.done)
        outcome += ", given up after " + std::to_string(v.failed) + (v.failed == 1 ? " key: " : " keys: ") +
                   v.reason.value_or("");
      else if (v.failed > 0)
        outcome += ", after " + std::to_string(v.failed) + " that came to nothing: " + v.reason.value_or("");
      rows.push_back({v.domain.text, v.key.value_or("-"), std::move(outcome)});
    }
    print_table(rows);
  }
  if (!output_arrived())
    return exit_io;
  return std::ranges::all_of(answer->keys, &requests::leg_view::done) ? exit_done : exit_refused;
}

int key_show(const operate_arguments& arguments, const key_id& key) {
  const auto answer = done_by(arguments, requests::show_key{key});
  if (!answer)
    return answer.error();
  if (!answer->held)
    return complain("no answer about key " + key.text(), exit_refused);
  const auto document = as_json(*answer->held);
  if (arguments.json) {
    print_line(std::cout, document);
  } else {
    std::vector<table_row> rows;
    for (const auto& [name, value] : document.items())
      if (value.is_string())
        rows.push_back({name, value.get<std::string>()});
    print_table(rows);
  }
  return output_arrived() ? exit_done : exit_io;
}

namespace {

/// What one domain says of all pieces of a file.
struct judgement {
  domain_id domain;
  std::vector<verdict> verdicts;
};

/// Adds what a node said of one part of the file; false when it is no answer to that.
bool add_verdicts(std::vector<judgement>& all, const requests::answer& a) {
  for (const auto& v : a.verdicts) {
    const auto packed = from_hex(v.packed);
    if (!packed || v.count > mail_batch_limit || packed->size() * 2 < v.count)
      return false;
    auto place = std::ranges::find(all, v.domain, &judgement::domain);
    if (place == all.end())
      place = all.insert(all.end(), {v.domain, {}});
    const auto said = unpack(*packed, v.count);
    place->verdicts.insert(place->verdicts.end(), said.begin(), said.end());
  }
  return !a.verdicts.empty();
}

} // namespace

int verify_file(const operate_arguments& arguments, const std::filesystem::path& file,
                const std::vector<domain_id>& domains) {
  constexpr std::size_t file_limit = 64 * 1024 * 1024;
  const auto text = read_text(file, file_limit);
  if (!text)
    return complain(text.error().text(), status_of_mistake(file));
  const auto pieces = read_mail(*text, file.string(), file_limit);
  if (!pieces)
    return complain(pieces.error().text(), exit_usage);
  std::vector<judgement> all;
  const auto parts = mail_files(*pieces, requests::request_limit - 4096);
  auto to = arguments;
  for (std::size_t n = 0; n < parts.size(); ++n) {
    if (!arguments.id.empty() && parts.size() > 1)
      to.id = arguments.id + '-' + std::to_string(n + 1); // each part is a command of its own
    const auto answer = done_by(to, requests::verify_mail{domains, parts[n]});
    if (!answer)
      return answer.error();
    if (!add_verdicts(all, *answer))
      return complain("the node's answer is no answer to this", exit_io);
  }
  std::uint64_t bad = 0;
  for (const auto& j : all) {
    std::map<verdict, std::uint64_t> counts;
    for (std::size_t i = 0; i < j.verdicts.size() && i < pieces->size(); ++i) {
      ++counts[j.verdicts[i]];
      bad += j.verdicts[i] != verdict::good;
      if (!arguments.json && j.verdicts[i] != verdict::good)
        std::cout << j.domain.text << "  " << name(j.verdicts[i]) << "  " << mail_line((*pieces)[i]) << '\n';
    }
    if (arguments.json) {
      auto list = json::array();
      for (const auto v : j.verdicts)
        list.push_back(name(v));
      print_line(std::cout, {{"domain", j.domain.text}, {"verdicts", std::move(list)}});
      continue;
    }
    std::string counted;
    for (const auto& [v, n] : counts)
      counted += (counted.empty() ? "" : ", ") + std::to_string(n) + ' ' + std::string{name(v)};
    std::cout << j.domain.text << "  " << pieces->size() << " pieces: " << counted << '\n';
  }
  if (!output_arrived())
    return exit_io;
  return bad == 0 ? exit_done : exit_refused;
}

int box_status(const operate_arguments& arguments, const label& box) {
  const auto answer = done_by(arguments, requests::list_boxes{});
  if (!answer)
    return answer.error();
  const auto found = std::ranges::find_if(answer->boxes, [&](const requests::box_view& v) {
    return v.slot == box || (v.id && v.id->text() == box.text);
  });
  if (found == answer->boxes.end())
    return complain("there is no box " + printable(box.text) + " here; `oaksteel box list` shows those that are",
                    exit_refused);
  if (arguments.json) {
    print_line(std::cout, as_json(*found));
    return output_arrived() ? exit_done : exit_io;
  }
  print_table({headings(static_cast<const requests::box_view*>(nullptr)), cells(*found)});
  std::cout << "custodians  " << listed(found->custodians) << "\nentered     " << listed(found->entered) << '\n';
  return output_arrived() ? exit_done : exit_io;
}

} // namespace oaksteel
