#pragma once
// A node of its own directory as a child process, operated with the program as by hand.

#include "tests/program.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <functional>
#include <memory>
#include <thread>

namespace oaksteel::testing {

/// Two domains and eight boxes; each has two custodians, and both must come.
inline const std::string small_site = R"(name = "factory"
data = "data"
suite = "p256"
[[domain]]
id = "VE"
kind = "vendor"
sub_domain = "US"
[[domain]]
id = "USPS"
kind = "postal"
sub_domain = "US"
[[box]]
slot = "factory-1"
type = "manufacturing"
custodians = ["Ada", "Bela"]
[[box]]
slot = "factory-2"
type = "manufacturing"
custodians = ["Ada", "Bela"]
[[box]]
slot = "factory-3"
type = "manufacturing"
custodians = ["Ada", "Bela"]
[[box]]
slot = "oak-1"
type = "oak"
domains = ["VE", "USPS"]
custodians = ["Ada", "Bela"]
[[box]]
slot = "steel-1"
type = "steel"
domains = ["VE"]
custodians = ["Ada", "Bela"]
[[box]]
slot = "steel-2"
type = "steel"
domains = ["VE"]
custodians = ["Ada", "Bela"]
[[box]]
slot = "brass-1"
type = "brass"
domains = ["VE"]
custodians = ["Ada", "Bela"]
[[box]]
slot = "tin-1"
type = "tin"
domains = ["VE"]
custodians = ["Ada", "Bela"]
)";

/// Within a minute. Asked less and less often: most that ask start a program.
inline bool until(const std::function<bool()>& ready) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes{1};
  for (std::chrono::milliseconds pause{20}; !ready(); pause = std::min(pause * 3 / 2, std::chrono::milliseconds{200})) {
    if (std::chrono::steady_clock::now() > end)
      return false;
    std::this_thread::sleep_for(pause);
  }
  return true;
}

class hand_run_node {
public:
  explicit hand_run_node(const std::string& configuration = small_site) {
    std::ofstream{work / "node.toml"} << configuration;
    for (const auto* custodian : {"Ada", "Bela"})
      std::filesystem::create_directories(work.path() / "media" / custodian);
    start();
  }

  void start() {
    node_ = std::make_unique<running_program>(std::vector<std::string>{"node", "run", (work / "node.toml").string()});
    BOOST_REQUIRE(until([this] { return ask({"box", "list"}).status == 0 && runs(); }));
  }
  program_result stop(int signal = SIGTERM) {
    kill(node_->pid(), signal);
    auto result = node_->finish();
    node_.reset();
    return result;
  }
  pid_t pid() const { return node_->pid(); }
  running_program& process() { return *node_; }

  std::string data() const { return (work / "data").string(); }
  std::string media() const { return (work / "media").string(); }
  /// The command line on this node's directory.
  program_result ask(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--data", data()});
    return run_program(arguments);
  }
  void done(const std::vector<std::string>& arguments) const {
    const auto r = ask(arguments);
    BOOST_REQUIRE_MESSAGE(r.status == 0 && r.err.empty(), arguments[0] << ' ' << arguments[1] << ": " << r.told());
  }
  nlohmann::json boxes() const {
    const auto r = ask({"box", "list", "--json"});
    BOOST_REQUIRE_MESSAGE(r.status == 0, r.told());
    return nlohmann::json::parse(r.out).at("boxes");
  }
  nlohmann::json box(const std::string& name) const {
    const auto r = ask({"box", "status", name, "--json"});
    BOOST_REQUIRE_MESSAGE(r.status == 0, r.told());
    return nlohmann::json::parse(r.out);
  }
  std::size_t enabled() const {
    std::size_t n = 0;
    for (const auto& b : boxes())
      n += b.at("enabled") == true ? 1 : 0;
    return n;
  }
  std::uint64_t records() const {
    const auto r = ask({"log", "stat", "--json"});
    return nlohmann::json::parse(r.out).at("records");
  }

  void initialise(const std::string& slot) const { done({"box", "init", slot, "--media", media()}); }
  void enable(const std::string& box) const {
    for (const auto* custodian : {"Ada", "Bela"})
      done({"box", "enable", box, "--custodian", custodian, "--media", media()});
  }

  scratch_directory work;

private:
  /// The list comes from the log as well: ask for something that only a node answers.
  bool runs() const { return ask({"box", "disable", "none", "--custodian", "Ada"}).status == 1; }

  std::unique_ptr<running_program> node_;
};

} // namespace oaksteel::testing
