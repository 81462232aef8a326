#include "bench/deployment.hpp"

#include "node/client.hpp"
#include "node/remote_client.hpp"
#include "node/tls_identity.hpp"
#include "storage/authority.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <algorithm>
#include <fstream>
#include <future>
#include <thread>

namespace oaksteel::bench {
namespace {

constexpr auto auditor = "Vera";

struct place {
  const char* slot;
  box_type type;
  const char* node;
};
/// A Steel box comes before the Oak that is told of it.
constexpr place boxes[] = {{"factory-1", box_type::manufacturing, "centre"},
                           {"steel-1", box_type::steel, "factory"},
                           {"oak-1", box_type::oak, "centre"},
                           {"brass-1", box_type::brass, "post"}};

constexpr std::pair<const char*, const char*> computers[] = {
  {"kmc", "centre"}, {"kdc", "factory"}, {"data_capture", "mail"}};

} // namespace

unsigned short free_port() {
  using boost::asio::ip::tcp;
  boost::asio::io_context work;
  return tcp::acceptor{work, {boost::asio::ip::address_v4::loopback(), 0}}.local_endpoint().port();
}

deployment::deployment(std::filesystem::path directory, suite_id suite, std::vector<std::string> nodes)
  : directory_(std::filesystem::absolute(std::move(directory))), nodes_(std::move(nodes)) {
  for (const auto& custodian : custodians)
    std::filesystem::create_directories(directory_ / "media" / custodian.text);
  write_files(suite);
  if (nodes_.size() > 1)
    issue_certificates();
}

std::string deployment::at(const std::string& node) const {
  return std::ranges::count(nodes_, node) != 0 ? node : nodes_.front();
}

void deployment::write_files(suite_id suite) const {
  const auto quoted = [](std::string_view text) { return '"' + std::string{text} + '"'; };
  const bool spread = nodes_.size() > 1;
  std::string plan = "suite = " + quoted(name(suite)) + '\n';
  for (const auto& node : nodes_) {
    std::string own;
    for (const auto& [computer, where] : computers)
      if (at(where) == node)
        own += (own.empty() ? "" : ", ") + quoted(computer);
    if (spread)
      plan += "[[node]]\nname = " + quoted(node) + "\naddress = \"tcp:127.0.0.1:" + std::to_string(free_port())
              + "\"\n" + (own.empty() ? "" : "computers = [" + own + "]\n");
  }
  plan += "[[domain]]\nid = " + quoted(domain.text) + "\nkind = \"vendor\"\nsub_domain = \"US\"\n";
  if (spread)
    plan += "archive = " + quoted(at("post")) + '\n';
  for (const auto& box : boxes) {
    plan += "[[box]]\nslot = " + quoted(box.slot) + "\ntype = " + quoted(name(box.type))
            + "\ncustodians = [\"Ada\", \"Bela\"]\n";
    if (box.type != box_type::manufacturing)
      plan += "domains = [" + quoted(domain.text) + "]\n";
    if (spread)
      plan += "node = " + quoted(at(box.node)) + '\n';
  }
  if (spread)
    std::ofstream{directory_ / "plan.toml"} << plan;
  for (const auto& node : nodes_)
    std::ofstream{directory_ / (node + ".toml")}
      << "name = " << quoted(node) << "\ndata = " << quoted("data/" + node) << '\n'
      << (spread ? "plan = \"plan.toml\"\ncertificates = " + quoted("pki/" + node) + "\nclock_tolerance_ms = 500\n" : plan);
}

void deployment::issue_certificates() const {
  const auto random = system_randomness()->stream("bench", 0);
  const auto authority = directory_ / "authority";
  const auto made = make_authority_directory(authority, machine_time(), *random);
  if (!made)
    throw bench_failed{made.error().text};
  std::filesystem::create_directories(directory_ / "pki");
  const auto give = [&](const holder_name& who, const std::vector<operator_role>& roles) {
    const certificate_order order{who, roles, certificate_days, directory_ / "pki" / who.name.text, false};
    if (const auto given = issue(authority, order, machine_time(), *random); !given)
      throw bench_failed{given.error().text};
  };
  for (const auto& node : nodes_)
    give({holder_kind::node, {node}}, {});
  give(operator_named({auditor}), {operator_role::auditor});
}

void deployment::spawn(const std::string& node) {
  running_[node] = std::make_unique<child_program>(
    std::vector<std::string>{"node", "run", (directory_ / (node + ".toml")).string()}, directory_ / (node + ".out"));
}

void deployment::start(const std::string& node) {
  spawn(node);
  wait_until("node " + node + " answers", [&] {
    return ask_node(configuration(node).data, requests::list_boxes{}).has_value();
  });
}

void deployment::kill(const std::string& node) {
  running_.at(node)->kill();
  running_.erase(node);
}

stored<requests::answer> deployment::ask_over_tls(const std::string& node, const requests::any_request& r) const {
  const auto plan = configuration(node);
  const auto& address = std::ranges::find(plan.nodes, label{node}, &node_plan::name)->address;
  return ask_over_network({directory_ / "pki" / auditor, {node}, address, {}}, r);
}

void deployment::ceremony() {
  for (const auto& node : nodes_)
    start(node);
  for (const auto& box : boxes) {
    const auto node = at(box.node);
    if (box.type == box_type::steel) { // the domain is made by then, and known by and by
      ask(at("centre"), requests::create_domain{domain, {}, {}});
      for (const auto& other : nodes_)
        wait_until("node " + other + " knows the domain",
                   [&] { return !ask(other, requests::list_domains{}).domains.empty(); });
    }
    ask(node, requests::initialise_box{{box.slot}, {}, {}, directory_ / "media"});
    for (const auto& custodian : custodians)
      ask(node, requests::enable_box{{box.slot}, custodian, directory_ / "media"});
  }
  for (const auto& node : nodes_)
    wait_until("all boxes are at work", [&] {
      return std::ranges::all_of(ask(node, requests::list_boxes{}).boxes, [](const requests::box_view& b) {
        return b.type == box_type::manufacturing || b.active.has_value();
      });
    });
}

void deployment::enable_boxes(const std::string& node, const asking& ask) const {
  for (const auto& box : boxes)
    if (at(box.node) == node)
      for (const auto& custodian : custodians)
        if (const auto a = ask(requests::enable_box{{box.slot}, custodian, directory_ / "media"}); a.error)
          throw bench_failed{"node " + node + ": " + *a.error};
}

node_configuration deployment::configuration(const std::string& node) const {
  auto read = read_configuration(directory_ / (node + ".toml"));
  if (!read)
    throw bench_failed{read.error().text()};
  return std::move(*read);
}

requests::answer deployment::ask(const std::string& node, const requests::any_request& r) const {
  auto a = ask_node(configuration(node).data, r);
  if (!a || a->error)
    throw bench_failed{"node " + node + ": " + (a ? *a->error : a.error().text)};
  return std::move(*a);
}

void deployment::wait_until(const std::string& what, const std::function<bool()>& there) const {
  for (int n = 0; n < 3000; ++n) {
    if (there())
      return;
    for (const auto& [node, process] : running_)
      if (process->ended())
        throw bench_failed{"node " + node + " ended: " + process->last_line()};
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  throw bench_failed{"not within a minute: " + what};
}

node_here::node_here(const deployment& all, const std::string& name, std::size_t most_meters)
  : plan_(all.configuration(name)), slots_(meter_memory(all.directory() / (name + ".meters"), most_meters)) {
  auto begun = live_node::begin(plan_, -1, [](const std::string&) {});
  if (!begun || !*begun)
    throw bench_failed{begun ? "node " + name + " does not begin" : begun.error().text};
  node_ = std::move(*begun);
  hands_ = std::make_unique<bench_operator>(node_->system(), node_->hosted(), node_->written(), slots_);
  all.enable_boxes(name, [&](const requests::any_request& r) {
    std::promise<requests::answer> answered;
    auto answer = answered.get_future();
    node_->ask(r, [&](requests::answer a) { answered.set_value(std::move(a)); });
    return answer.get();
  });
}

} // namespace oaksteel::bench
