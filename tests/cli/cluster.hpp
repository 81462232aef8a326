#pragma once
// Four nodes as processes on this machine, over TLS, each operated with the program as by hand: the facilities of EP Figs.
// 1-5, as deploy/four-facilities has them, on ports that are free.

#include "tests/cli/running_node.hpp"
#include "tests/deployment_pki.hpp"
#include "tests/loopback.hpp"

#include <map>
#include <sstream>

namespace oaksteel::testing {

class cluster {
public:
  inline static const std::vector<std::string> names{"vendor-data-centre", "vendor-factory", "postal-data-centre",
                                                     "mail-facility"};

  cluster() {
    const std::filesystem::path shipped = "deploy/four-facilities";
    auto plan = text_of(shipped / "plan.toml");
    for (const auto* port : {"7701", "7702", "7703", "7704"})
      replace(plan, port, std::to_string(free_port()));
    std::ofstream{work / "plan.toml"} << plan;
    for (const auto& name : names) {
      auto text = text_of(shipped / (name + ".toml"));
      replace(text, "pki/" + name, pki.node(name).string());
      replace(text, "7711", std::to_string(line));
      std::ofstream{work / (name + ".toml")} << text;
    }
    for (const auto* custodian : {"Ada", "Bela", "Clara", "Dora", "Emil", "Fritz"})
      std::filesystem::create_directories(work.path() / "media" / custodian);
    for (const auto& name : names)
      start(name);
  }

  void start(const std::string& name) {
    running_[name] =
      std::make_unique<running_program>(std::vector<std::string>{"node", "run", (work / (name + ".toml")).string()});
    BOOST_REQUIRE_MESSAGE(until([&] { return ask(name, {"box", "disable", "none", "--custodian", "Ada"}).status == 1; }),
                          name << " does not answer");
  }
  program_result stop(const std::string& name, int signal = SIGTERM) {
    kill(running_.at(name)->pid(), signal);
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
    BOOST_REQUIRE_MESSAGE(r.status == 0 && r.err.empty(), node << ": " << words[0] << ' ' << words[1] << ": " << r.told());
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
  /// The ceremonies of all facilities, up to boxes that are at work.
  void set_up() {
    initialise(names[0], "factory-1");
    enable(names[0], "factory-1");
    for (const auto* domain : {"VE", "USPS"})
      done(names[0], {"domain", "create", domain});
    for (const auto& [node, slot] : boxes) {
      // The other nodes hear of the first box and of the domains by and by.
      BOOST_REQUIRE(until([&, node = node] { return ask(node, {"domain", "list", "--json"}).out.find("USPS") != std::string::npos; }));
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
  program_result request_key(const std::string& meter) const {
    return ask(names[1], {"key", "request", "--meter", meter, "--product", "DM400", "--domain", "VE", "--domain", "USPS",
                          "--json"});
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
  std::map<std::string, std::unique_ptr<running_program>> running_;
};

} // namespace oaksteel::testing
