#pragma once
// Four nodes as processes on this machine, over TLS, each operated with the program as by hand: the facilities of EP
// Figs. 1-5, as deploy/four-facilities has them, on ports that are free.

#include "tests/cli/network.hpp"
#include "tests/cli/running_node.hpp"
#include "tests/deployment_pki.hpp"
#include "tests/loopback.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

namespace oaksteel::testing {

class cluster {
public:
  inline static const std::vector<std::string> names{"vendor-data-centre", "vendor-factory", "postal-data-centre",
                                                     "mail-facility"};

  /// `meters` of them may come to the factory's line, M0000001 first. Each node is on a host of `hosts`, in the order
  /// of their names; without, all are on this machine.
  explicit cluster(unsigned meters = 2, const network* hosts = nullptr) : hosts_(hosts) {
    const std::filesystem::path shipped = "deploy/four-facilities";
    auto plan = text_of(shipped / "plan.toml");
    for (unsigned i = 0; i < names.size(); ++i)
      replace(plan, "127.0.0.1:770" + std::to_string(i + 1),
              hosts ? network::address(i) + ":7700" : "127.0.0.1:" + std::to_string(free_port()));
    std::ofstream{work / "plan.toml"} << plan;
    for (const auto& name : names) {
      auto text = text_of(shipped / (name + ".toml"));
      certificates[name] = pki.node(name);
      replace(text, "pki/" + name, certificates[name].string());
      replace(text, "7711", std::to_string(line));
      for (unsigned n = 3; name == names[1] && n <= meters; ++n)
        text += "\n[[meter]]\nnumber = \"" + meter(n) + "\"\nline = \"tcp:127.0.0.1:" + std::to_string(line) + "\"\n";
      // A factory that was killed between a meter's last answer and MI7 is asked soon.
      std::ofstream{work / (name + ".toml")} << (name == names[0] ? "report_timeout_s = 5\n" : "")
                                             << (name == names[3] ? "box_wait_s = 5\n" : "") << text;
    }
    for (const auto* custodian : {"Ada", "Bela", "Clara", "Dora", "Emil", "Fritz"})
      std::filesystem::create_directories(work.path() / "media" / custodian);
    for (const auto& name : names)
      start(name);
  }

  static std::string meter(unsigned n) {
    const auto digits = std::to_string(n);
    return "M" + std::string(7 - digits.size(), '0') + digits;
  }

  /// `ahead`: of the machine's clock.
  void start(const std::string& name, std::chrono::milliseconds ahead = {}) {
    auto with = before(name);
    if (ahead.count() != 0) {
      const auto library = std::filesystem::absolute(program_path()).parent_path() / "libshifted_clock.so";
      with.insert(with.end(), {"env", "LD_PRELOAD=" + library.string(), "CLOCK_AHEAD_MS=" + std::to_string(ahead.count())});
    }
    running_[name] = std::make_unique<running_program>(
        std::vector<std::string>{"node", "run", (work / (name + ".toml")).string()}, with);
    BOOST_REQUIRE_MESSAGE(until([&] {
                            return ask(name, {"box", "disable", "none", "--custodian", "Ada"}).status == 1;
                          }),
                          name << " does not answer");
  }
  bool on_one_machine() const { return hosts_ == nullptr; }
  void signal(const std::string& name, int signal) const { kill(running_.at(name)->pid(), signal); }
  /// What a command on the host of a node begins with.
  std::vector<std::string> before(const std::string& name) const {
    const auto at = std::find(names.begin(), names.end(), name) - names.begin();
    return hosts_ ? hosts_->on(static_cast<unsigned>(at)) : std::vector<std::string>{};
  }
  program_result stop(const std::string& name, int signal = SIGTERM) {
    this->signal(name, signal);
    auto result = running_.at(name)->finish();
    running_.erase(name);
    return result;
  }
  std::string data(const std::string& name) const { return (work.path() / "data" / name).string(); }
  program_result ask(const std::string& node, std::vector<std::string> words) const {
    words.insert(words.end(), {"--data", data(node)});
    return run_program(words);
  }
  void done(const std::string& node, const std::vector<std::string>& words) const {
    const auto r = ask(node, words);
    BOOST_REQUIRE_MESSAGE(r.status == 0 && r.err.empty(),
                          node << ": " << words[0] << ' ' << words[1] << ": " << r.told());
  }
  nlohmann::json box(const std::string& node, const std::string& slot) const {
    const auto r = ask(node, {"box", "status", slot, "--json"});
    BOOST_REQUIRE_MESSAGE(r.status == 0, r.told());
    return nlohmann::json::parse(r.out);
  }
  void initialise(const std::string& node, const std::string& slot) const {
    done(node, {"box", "init", slot, "--media", media()});
  }
  void enable(const std::string& node, const std::string& slot) const {
    const std::vector<std::string> custodians = node == names[0]   ? std::vector<std::string>{"Ada", "Bela"}
                                                : node == names[1] ? std::vector<std::string>{"Clara", "Dora"}
                                                                   : std::vector<std::string>{"Emil", "Fritz"};
    for (const auto& custodian : custodians)
      done(node, {"box", "enable", slot, "--custodian", custodian, "--media", media()});
  }
  /// A node that was stopped begins again, and its custodians come.
  void come_back(const std::string& name) {
    start(name);
    for (const auto& [node, slot] : boxes)
      if (node == name)
        enable(node, slot);
  }
  void kill_and_come_back(const std::string& name) {
    BOOST_REQUIRE_EQUAL(stop(name, SIGKILL).signal, SIGKILL);
    come_back(name);
  }
  /// The ceremonies of all facilities, up to boxes that are at work.
  void set_up() {
    initialise(names[0], "factory-1");
    enable(names[0], "factory-1");
    for (const auto* domain : {"VE", "USPS"})
      done(names[0], {"domain", "create", domain});
    for (const auto& [node, slot] : boxes) {
      // The other nodes hear of the first box and of the domains by and by.
      BOOST_REQUIRE(until([&, node = node] {
        return ask(node, {"domain", "list", "--json"}).out.find("USPS") != std::string::npos;
      }));
      initialise(node, slot);
      enable(node, slot);
    }
    BOOST_REQUIRE(until([&] { return at_work(); }));
  }
  bool at_work() const {
    for (const auto& [node, slot] : boxes)
      if (const auto b = box(node, slot); b.at("enabled") != true || b.at("active").is_null())
        return false;
    return true;
  }
  std::vector<std::string> key_request(const std::string& meter) const {
    return {"key", "request",  "--meter", meter,    "--product", "DM400",       "--domain",
            "VE",  "--domain", "USPS",    "--json", "--data",    data(names[1])};
  }
  /// Ends every node as its operator does; their logs are sound.
  void end() {
    for (const auto& name : names) {
      if (running_.contains(name)) {
        const auto ended = stop(name);
        BOOST_CHECK_MESSAGE(ended.status == 0 && ended.err.empty(), name << ": " << ended.told());
      }
      sound(name);
    }
  }
  /// Of a log: every check passes.
  void sound(const std::string& node) const {
    for (const auto& words : {std::vector<std::string>{"log", "verify"}, {"replay"}, {"audit", "all"}}) {
      const auto r = ask(node, words);
      BOOST_CHECK_MESSAGE(r.status == 0, node << ", " << words[0] << ": " << r.told() << r.out.substr(0, 3000));
    }
  }
  std::string media() const { return (work / "media").string(); }

  inline static const std::vector<std::pair<std::string, std::string>> boxes{
      {names[1], "steel-ve"}, {names[1], "steel-usps"}, {names[0], "oak-ve"},
      {names[0], "oak-usps"}, {names[0], "brass-ve"},   {names[2], "brass-usps"}};

  scratch_directory work;
  deployment_pki pki;
  std::map<std::string, std::filesystem::path> certificates; ///< folders, by node
  std::uint16_t line = free_port(); ///< of the meters

private:
  static std::string text_of(const std::filesystem::path& file) {
    std::ifstream in{file};
    std::ostringstream text;
    text << in.rdbuf();
    BOOST_REQUIRE(!text.str().empty());
    return text.str();
  }
  static void replace(std::string& text, const std::string& what, const std::string& with) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
      text.replace(at, what.size(), with);
  }
  const network* hosts_;
  std::map<std::string, std::unique_ptr<running_program>> running_;
};

/// The keys that an answer to key_request() tells of; both must be installed.
inline std::set<std::string> installed_keys(const program_result& r) {
  BOOST_REQUIRE_MESSAGE(r.status == 0 && r.err.empty(), r.told() << r.out);
  const auto keys = nlohmann::json::parse(r.out).at("keys");
  BOOST_REQUIRE_EQUAL(keys.size(), 2u);
  std::set<std::string> all;
  for (const auto& key : keys) {
    BOOST_CHECK_MESSAGE(key.at("outcome") == "Installed" && key.at("done") == true, key);
    all.insert(key.at("key").get<std::string>());
  }
  return all;
}

/// A meter at the line of the factory, for as long as this lives.
class line_meter {
public:
  line_meter(const cluster& c, const std::string& number)
      : running_({"meter", "run", "--line", "tcp:127.0.0.1:" + std::to_string(c.line), "--meter", number, "--data",
                  data(c, number).string()},
                 c.before(cluster::names[1])) {}
  ~line_meter() {
    kill(running_.pid(), SIGTERM);
    running_.finish();
  }
  static std::filesystem::path data(const cluster& c, const std::string& number) { return c.work / number; }

private:
  running_program running_;
};

} // namespace oaksteel::testing
