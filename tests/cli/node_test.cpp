// A node operated by hand with the program: the ceremony, the end of the process, and what is refused.

#include "tests/cli/running_node.hpp"
#include "tests/small_disk.hpp"

namespace oaksteel::testing {
namespace {

namespace fs = std::filesystem;

/// Refused in one line that says `why`, and nothing but an entry of the error log changed.
void refused(const hand_run_node& node, const std::vector<std::string>& arguments, const std::string& why,
             int status = 1) {
  const auto before = node.boxes();
  const auto r = node.ask(arguments);
  BOOST_CHECK_MESSAGE(r.status == status && r.one_line() && r.out.empty(), why << ": " << r.told());
  BOOST_CHECK_MESSAGE(r.err.find(why) != std::string::npos, r.err << "does not say: " << why);
  BOOST_CHECK_EQUAL(node.boxes(), before);
}

const std::vector<std::string> working_slots{"oak-1", "steel-1", "steel-2", "brass-1", "tin-1"};
const nlohmann::json three_domains{"UKRM", "USPS", "VE"};

} // namespace

BOOST_AUTO_TEST_SUITE(node_command)

BOOST_AUTO_TEST_CASE(the_ceremony_by_hand_and_the_custodians_come_back) {
  hand_run_node node;
  BOOST_CHECK_EQUAL(node.boxes().size(), 8u);
  // EP-6, EP-7: the first Manufacturing box makes itself, the others are made through one that is enabled.
  for (const auto* slot : {"factory-1", "factory-2"}) {
    node.initialise(slot);
    node.enable(slot);
  }
  node.done({"domain", "create", "VE"});
  node.initialise("factory-3"); // after a domain
  node.enable("factory-3");
  node.done({"box", "disable", "factory-2", "--custodian", "Ada"});
  node.done({"domain", "create", "USPS", "--kind", "postal", "--country", "US"});
  node.done({"domain", "create", "UKRM", "--kind", "postal", "--country", "GB"}); // later, and not in the configuration
  // One that was disabled meanwhile is brought up to date when it is enabled; all hold every domain then.
  BOOST_CHECK_EQUAL(node.box("factory-2").at("domains"), nlohmann::json::array({"VE"}));
  node.enable("factory-2");
  for (const auto* slot : {"factory-1", "factory-2", "factory-3"})
    BOOST_CHECK_EQUAL(node.box(slot).at("domains"), three_domains);
  for (const auto& slot : working_slots) {
    node.initialise(slot);
    node.enable(slot);
    node.done({"box", "activate", slot, "VE"});
  }
  BOOST_CHECK_EQUAL(node.enabled(), 8u);
  // Enrolment secrets are cleared away.
  for (const auto& entry : fs::recursive_directory_iterator{node.media()})
    BOOST_CHECK_MESSAGE(entry.is_directory() || entry.path().extension() == ".share", entry.path());
  BOOST_CHECK_EQUAL(node.box("S00000002").at("slot"), "steel-2");
  BOOST_CHECK_EQUAL(node.box("oak-1").at("active"), "VE");
  node.done({"box", "activate", "oak-1", "USPS"});
  BOOST_CHECK_EQUAL(node.box("oak-1").at("active"), "USPS");
  BOOST_CHECK_EQUAL(node.box("oak-1").at("domains"), (nlohmann::json{"USPS", "VE"}));
  // EP-10: one share that is taken out disables the box, and a quorum enables it again.
  node.done({"box", "disable", "brass-1", "--custodian", "Bela"});
  BOOST_CHECK_EQUAL(node.box("brass-1").at("enabled"), false);
  node.enable("brass-1");
  BOOST_CHECK_EQUAL(node.enabled(), 8u);

  for (int signal : {SIGTERM, SIGKILL, SIGINT}) {
    const auto ended = node.stop(signal);
    BOOST_CHECK_MESSAGE(signal == SIGKILL ? ended.signal == SIGKILL : ended.status == 0 && ended.err.empty(),
                        ended.told());
    // The log alone: everything is there, and nobody is enabled.
    BOOST_CHECK_EQUAL(node.boxes().size(), 8u);
    BOOST_CHECK_EQUAL(node.enabled(), 0u);
    const auto r = node.ask({"box", "enable", "oak-1", "--custodian", "Ada", "--media", node.media()});
    BOOST_CHECK_MESSAGE(r.status == 3 && r.one_line(), r.told());
    BOOST_CHECK(r.err == "oaksteel: no node runs on " + node.data() + "; start one with `oaksteel node run`\n");
    const auto sound = node.ask({"log", "verify"});
    BOOST_CHECK_MESSAGE(sound.status == 0 && sound.out.find("checkpoint valid") != std::string::npos,
                        sound.told() << sound.out);
    node.start();
    BOOST_CHECK_EQUAL(node.enabled(), 0u);
    node.enable("oak-1");
    BOOST_CHECK_EQUAL(node.enabled(), 1u);
  }
  node.stop();
  const auto audit = node.ask({"audit", "all"});
  BOOST_CHECK_MESSAGE(audit.status == 0, audit.told() << audit.out);
  BOOST_CHECK_EQUAL(node.ask({"replay"}).status, 0);
  const auto domains = nlohmann::json::parse(node.ask({"domain", "list", "--json"}).out).at("domains");
  BOOST_CHECK_EQUAL(domains.size(), 3u);
  BOOST_CHECK_EQUAL(domains[0].at("id"), "UKRM");
}

BOOST_AUTO_TEST_CASE(what_is_wrong_gets_one_line_and_changes_nothing) {
  hand_run_node node;
  const auto media = node.media();
  const auto init = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"box", "init"});
    return more;
  };
  refused(node, init({"factory-1", "--media", (node.work / "nowhere").string()}), "medium is not there");
  refused(node, init({"gold-1", "--media", media}), "there is no box \"gold-1\" at this node");
  refused(node, init({"factory 1", "--media", media}), "it must be 1 to 32 letters", 2);
  refused(node, init({"factory-1", "--media", media, "--threshold", "3"}), "threshold must be from 1");
  refused(node, init({"factory-1", "--media", media, "--threshold", "0"}), "threshold must be from 1");
  refused(node, init({"factory-1", "--media", media, "--threshold", "258"}), "threshold must be from 1");
  refused(node, init({"factory-1", "--media", media, "--threshold", "-1"}), "must be a whole number", 2);
  auto many = init({"factory-1", "--media", media, "--custodian"});
  for (int i = 0; i < 300; ++i)
    many.push_back("C" + std::to_string(i));
  refused(node, many, "a set has 1 to 16 shares");
  refused(node, init({"factory-1", "--media", media, "--custodian", "Ada", "Ada"}), "a set has 1 to 16 shares");
  refused(node, init({"oak-1", "--media", media}), "no Manufacturing box is enabled");
  refused(node, {"domain", "create", "VE"}, "no Manufacturing box is enabled");
  // A foreign file where the share would go.
  std::ofstream{fs::path{media} / "Ada" / "M00000001.share"} << "holiday pictures";
  refused(node, init({"factory-1", "--media", media}), "another file lies on a custodian's medium");
  fs::remove(fs::path{media} / "Ada" / "M00000001.share");

  node.initialise("factory-1");
  refused(node, init({"factory-1", "--media", media}), "has its id already");
  const auto enable = [&](const std::string& custodian, const std::string& from) {
    return std::vector<std::string>{"box", "enable", "factory-1", "--custodian", custodian, "--media", from};
  };
  refused(node, enable("Nobody", media), "medium is not there");
  refused(node, enable("Ada", (node.work / "nowhere").string()), "medium is not there");
  fs::create_directories(node.work.path() / "empty" / "Ada");
  refused(node, enable("Ada", (node.work / "empty").string()), "holds no share for this box");
  refused(node, {"box", "enable", "oak-1", "--custodian", "Ada", "--media", media}, "");
  {
    // The share of another system.
    hand_run_node other;
    other.initialise("factory-1");
    refused(node, enable("Ada", other.media()), "belongs to another system");
  }
  node.enable("factory-1");
  refused(node, enable("Ada", media), "");
  node.done({"domain", "create", "VE"});
  refused(node, {"domain", "create", "VE"}, "a domain of that name already");
  refused(node, {"domain", "create", "USPS", "--kind", "vendor"}, "the configuration says");
  refused(node, {"domain", "create", "UKRM"}, "give its kind and country");
  refused(node, {"domain", "create", "UKRM", "--kind", "moon", "--country", "GB"}, "vendor or postal");
  refused(node, {"domain", "create", "ve"}, "a domain id", 2);
  refused(node, {"box", "activate", "oak-1", "VE"}, "no id yet");
  refused(node, {"box", "disable", "factory-1", "--custodian", "Nobody"}, "");
  refused(node, {"box", "status", "gold-1"}, "there is no box gold-1");
}

BOOST_AUTO_TEST_CASE(media_that_are_full_or_read_only) {
  hand_run_node node;
  small_disk disk{fs::path{node.media()} / "Bela", "4k"};
  if (!disk.mounted())
    return skip("no file system can be mounted here");
  std::ofstream{fs::path{node.media()} / "Bela" / "fill"} << std::string(4096, 'x');
  refused(node, {"box", "init", "factory-1", "--media", node.media()}, "medium is full");
  BOOST_REQUIRE(disk.make_read_only());
  refused(node, {"box", "init", "factory-1", "--media", node.media()}, "medium is read-only");
}

BOOST_AUTO_TEST_CASE(one_node_a_directory_and_no_scenario_on_it) {
  hand_run_node node;
  const auto second = run_program({"node", "run", (node.work / "node.toml").string()});
  BOOST_CHECK_MESSAGE(second.status == 3 && second.one_line(), second.told());
  node.stop();
  const auto scenario = run_program({"scenario", "run", "scenarios/small-day.toml", "--data", node.data()});
  BOOST_CHECK_MESSAGE(scenario.status == 1 && scenario.err.find("production node") != std::string::npos,
                      scenario.told());
  std::string other = small_site;
  other.replace(other.find("factory"), 7, "another");
  std::ofstream{node.work / "other.toml"} << other;
  const auto named = run_program({"node", "run", (node.work / "other.toml").string()});
  BOOST_CHECK_MESSAGE(named.status == 1 && named.err.find("of node factory and not of another") != std::string::npos,
                      named.told());
}

BOOST_AUTO_TEST_CASE(a_configuration_is_checked) {
  scratch_directory work;
  const auto check = [&](const std::string& text) {
    std::ofstream{work / "node.toml"} << text;
    return run_program({"node", "check", (work / "node.toml").string()});
  };
  const auto good = check(small_site);
  BOOST_CHECK_MESSAGE(good.status == 0 && good.out.starts_with("OK: node factory, suite p256, 2 domains, 8 boxes"),
                      good.told() << good.out);
  const std::tuple<std::string, std::string, std::string> table[] = {
    {"name = \"factory\"", "nme = \"factory\"", "unknown key \"nme\" in this configuration; did you mean \"name\"?"},
    {"data = \"data\"\n", "", "no `data` in this configuration"},
    {"type = \"oak\"", "type = \"oka\"", "unknown box type \"oka\""},
    {"domains = [\"VE\", \"USPS\"]", "domains = [\"EV\"]", "unknown domain \"EV\""},
    {"slot = \"oak-1\"", "slot = \"factory-1\"", "there is a box in slot \"factory-1\" already"},
    {"id = \"USPS\"", "id = \"VE\"", "there is a domain \"VE\" already"},
  };
  for (const auto& [from, to, says] : table) {
    auto text = small_site;
    text.replace(text.find(from), from.size(), to);
    const auto r = check(text);
    BOOST_CHECK_MESSAGE(r.status == 1 && r.one_line() && r.err.find(says) != std::string::npos, r.told());
  }
}

BOOST_AUTO_TEST_CASE(a_node_refuses_the_log_of_a_scenario) {
  scratch_directory work;
  // A scenario that is ended early leaves a simulated log too.
  running_program day{{"scenario", "run", "scenarios/small-day.toml", "--data", (work / "data").string()}};
  BOOST_REQUIRE(until([&] { return run_program({"log", "stat", "--data", (work / "data").string()}).status == 0; }));
  kill(day.pid(), SIGKILL);
  day.finish();
  std::ofstream{work / "node.toml"} << small_site;
  const auto r = run_program({"node", "run", (work / "node.toml").string()});
  BOOST_CHECK_MESSAGE(r.status == 1 && r.one_line() && r.err.find("the log of a scenario") != std::string::npos,
                      r.told());
  scratch_directory other;
  std::filesystem::create_directory(other / "data");
  std::ofstream{other.path() / "data" / "holiday.jpg"} << "x";
  std::ofstream{other / "node.toml"} << small_site;
  const auto foreign = run_program({"node", "run", (other / "node.toml").string()});
  BOOST_CHECK_MESSAGE(foreign.status == 3 && foreign.one_line() && foreign.err.find("holiday.jpg") != std::string::npos,
                      foreign.told());
}

// One line, status 3, and the log is whole: a full disk takes nothing away.
BOOST_AUTO_TEST_CASE(a_full_disk_stops_the_node) {
  hand_run_node node;
  node.initialise("factory-1");
  node.stop();
  scratch_directory place;
  small_disk disk{place / "disk", "2m"};
  if (!disk.mounted())
    return skip("no file system can be mounted here");
  fs::copy(node.data(), place.path() / "disk" / "data", fs::copy_options::recursive);
  std::string text = small_site;
  text.replace(text.find("\"data\""), 6, "\"" + (place.path() / "disk" / "data").string() + "\"");
  std::ofstream{place / "node.toml"} << text;
  running_program full{{"node", "run", (place / "node.toml").string()}};
  const auto data = (place.path() / "disk" / "data").string();
  BOOST_REQUIRE(until([&] { return fs::exists(data + "/control"); }));
  {
    std::ofstream fill{place.path() / "disk" / "fill", std::ios::binary};
    while (fill.write(std::string(4096, 'x').c_str(), 4096))
      fill.flush();
  }
  std::size_t asked = 0;
  // Each wrong share is an event.
  while (kill(full.pid(), 0) == 0 && asked < 400) {
    const auto r = run_program({"box", "enable", "factory-1", "--custodian", "Nobody", "--media", "/", "--data", data});
    ++asked;
    if (r.status == 3 || r.err.find("could not be written") != std::string::npos)
      break;
  }
  const auto ended = full.finish();
  BOOST_CHECK_MESSAGE(ended.status == 3 && ended.one_line(), ended.told());
  fs::remove(place.path() / "disk" / "fill");
  const auto sound = run_program({"log", "verify", "--data", data});
  BOOST_CHECK_MESSAGE(sound.status == 0, sound.told());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
