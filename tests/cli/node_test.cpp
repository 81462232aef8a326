// A node operated by hand with the program: the ceremony, the end of the process, and what is refused.

#include "tests/cli/running_node.hpp"
#include "tests/loopback.hpp"
#include "tests/small_disk.hpp"

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(node_command)
namespace {

namespace fs = std::filesystem;

/// Entries of the error log. A share that is refused is an event of its box (EP-10).
std::size_t errors_in(const hand_run_node& node) {
  std::size_t all = 0;
  for (const auto* kind : {"fault_recorded", "share_refused"}) {
    const auto r = node.ask({"log", "list", "--event", kind, "--json"});
    BOOST_REQUIRE_MESSAGE(r.status == 0, r.told());
    all += static_cast<std::size_t>(std::count(r.out.begin(), r.out.end(), '\n'));
  }
  return all;
}

/// Refused in one line that says `why`, and nothing changed but an entry of the error log (EP-29).
void refused(const hand_run_node& node, const std::vector<std::string>& arguments, const std::string& why,
             int status = 1, bool at_the_node = true) {
  const auto before = node.boxes();
  const auto errors = errors_in(node);
  const auto r = node.ask(arguments);
  BOOST_CHECK_MESSAGE(r.status == status && r.one_line() && r.out.empty(), why << ": " << r.told());
  BOOST_CHECK_MESSAGE(r.err.find(why) != std::string::npos, r.err << "does not say: " << why);
  BOOST_CHECK_EQUAL(node.boxes(), before);
  BOOST_CHECK_MESSAGE(status != 1 || !at_the_node || errors_in(node) > errors, why << ": is not in the error log");
}

const std::vector<std::string> working_slots{"oak-1", "steel-1", "steel-2", "brass-1", "tin-1"};
const nlohmann::json three_domains{"UKRM", "USPS", "VE"};

} // namespace

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

BOOST_AUTO_TEST_CASE(of_several_commands_that_initialise_one_box_one_does) {
  hand_run_node node;
  node.initialise("factory-1");
  node.enable("factory-1");
  for (const auto* slot : {"oak-1", "factory-2"}) {
    std::vector<std::unique_ptr<running_program>> all;
    for (int i = 0; i < 4; ++i)
      all.push_back(std::make_unique<running_program>(std::vector<std::string>{
        "box", "init", slot, "--media", node.media(), "--data", node.data()}));
    int done = 0;
    for (auto& one : all) {
      const auto r = one->finish();
      done += r.status == 0;
      BOOST_CHECK_MESSAGE(r.status == 0 || (r.status == 1 && r.one_line()
                                            && (r.err.find("another command initialises") != std::string::npos
                                                || r.err.find("has its id already") != std::string::npos)),
                          r.told());
    }
    BOOST_CHECK_EQUAL(done, 1);
    node.enable(slot);
  }
}

// EP-11: on demand. A machine without a hardware generator says so.
BOOST_AUTO_TEST_CASE(a_box_is_tested_on_demand) {
  hand_run_node node;
  for (const auto* slot : {"factory-1", "steel-1"}) {
    const auto as_text = node.ask({"box", "selftest", slot});
    const auto as_json = node.ask({"box", "selftest", slot, "--json"});
    BOOST_CHECK_MESSAGE(as_text.err.empty() && as_json.err.empty(), as_text.told() << as_json.told());
    const auto found = nlohmann::json::parse(as_json.out);
    const bool ok = found.at("health") == "OK";
    BOOST_CHECK(ok ||
                (found.at("health") == "DEGRADED" && as_json.out.find("no hardware generator") != std::string::npos));
    BOOST_CHECK_EQUAL(as_text.status, ok ? 0 : 1);
    BOOST_CHECK_EQUAL(as_json.status, ok ? 0 : 1);
    // EP-11: two generators in a Manufacturing box and what they give together, one in a Steel box.
    std::vector<std::string> parts;
    for (const auto& g : found.at("generators")) {
      parts.push_back(g.at("part"));
      BOOST_CHECK_MESSAGE(as_text.out.find("  " + parts.back() + ", ") != std::string::npos, as_text.out);
    }
    const std::vector<std::string> two{"hardware", "software", "combination"}, one{"software"};
    BOOST_TEST(parts == (std::string{slot} == "factory-1" ? two : one), boost::test_tools::per_element());
    BOOST_CHECK_EQUAL(found.at("known_answers").at("hold"), true);
  }
  refused(node, {"box", "selftest", "gold-1"}, "there is no box \"gold-1\" at this node");
}

// EP-10: taking a share out does not wait for the box's work; that fails cleanly.
BOOST_AUTO_TEST_CASE(a_box_is_disabled_at_once_in_the_middle_of_its_work) {
  auto text = small_site;
  text.replace(text.find("p256"), 4, "rsa3072"); // whose keys take some seconds
  hand_run_node node{text};
  node.initialise("factory-1");
  node.enable("factory-1");
  running_program making{{"domain", "create", "VE", "--data", node.data()}};
  std::this_thread::sleep_for(std::chrono::milliseconds{300});
  const auto out = node.ask({"box", "disable", "factory-1", "--custodian", "Ada"});
  BOOST_CHECK_MESSAGE(out.status == 0, out.told());
  BOOST_CHECK_MESSAGE(out.out.starts_with("share of Ada is out; DISABLED\n"), out.out);
  const auto made = making.finish();
  BOOST_CHECK_MESSAGE(made.status == 1 && made.one_line() && made.err.find("VE: ") != std::string::npos
                        && made.err.find("box is disabled") != std::string::npos,
                      made.told());
  BOOST_CHECK_EQUAL(node.box("factory-1").at("enabled"), false);
  BOOST_CHECK(nlohmann::json::parse(node.ask({"domain", "list", "--json"}).out).at("domains").empty());
  node.enable("factory-1");
  node.done({"domain", "create", "VE"});
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
  refused(node, enable("Nobody", media),
          "factory-1, custodian Nobody (the box has Ada, Bela): that custodian holds no share of this box");
  refused(node, enable("Ada", (node.work / "nowhere").string()), "medium is not there");
  refused(node, enable("Ada", (node.work / "nowhere").string()), (node.work / "nowhere/Ada").string());
  fs::create_directories(node.work.path() / "empty" / "Ada");
  refused(node, enable("Ada", (node.work / "empty").string()), "holds no share for this box");
  // The system's own words, and where: here for a link, which is not followed.
  const auto share = fs::path{"Ada"} / "M00000001.share";
  fs::create_symlink(media / share, node.work.path() / "empty" / share);
  refused(node, enable("Ada", (node.work / "empty").string()), "empty/Ada/M00000001.share: cannot be read: Too many");
  refused(node, {"box", "disable", "factory-1", "--custodian", "Ada"}, "that custodian's share is not in the box");
  refused(node, {"box", "disable", "factory-2", "--custodian", "Ada"}, "no id yet");
  refused(node, {"box", "activate", "factory-1", "VE"}, "a Manufacturing box makes keys of every domain");
  refused(node, {"box", "activate", "oak-1", "VE"}, "no id yet");
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
  refused(node, {"domain", "create", "UKRM", "--kind", "moon", "--country", "GB"}, "vendor or postal", 2);
  refused(node, {"domain", "create", "ve"}, "a domain id", 2);
  refused(node, {"box", "activate", "oak-1", "VE"}, "no id yet");
  refused(node, {"box", "disable", "factory-1", "--custodian", "Nobody"}, "that custodian holds no share of this box");
  node.initialise("steel-1");
  node.initialise("oak-1");
  refused(node, {"box", "activate", "oak-1", "USPS"}, "domain USPS is not made yet; `oaksteel domain create USPS`");
  node.done({"domain", "create", "USPS"});
  // EP-3: a box has the keys of those domains that it is to serve, and of no other.
  refused(node, {"box", "activate", "steel-1", "USPS"}, "domain \"USPS\" is not served by box \"steel-1\"");
  refused(node, {"box", "activate", "oak-1", "NOPE"}, "domain \"NOPE\" is not served by box \"oak-1\"");
  refused(node, {"box", "status", "gold-1"}, "there is no box gold-1", 1, false);
}

// What `ceremony script` prints of a node's configuration is done with the program, and the log says so.
BOOST_AUTO_TEST_CASE(the_script_of_a_node_is_carried_out) {
  hand_run_node node;
  const auto file = (node.work / "node.toml").string();
  const auto script = run_program({"ceremony", "script", file, "--json"});
  BOOST_REQUIRE_MESSAGE(script.status == 0, script.told());
  std::map<std::string, int> acts;
  const auto steps = nlohmann::json::parse(script.out).at("steps");
  for (const auto& step : steps) {
    const auto act = step.at("act").get<std::string>();
    const auto text = [&](const char* key) { return step.at(key).get<std::string>(); };
    ++acts[act];
    // What the script expects is what the program shows, on its first line.
    const auto shows = [&](const std::vector<std::string>& command) {
      const auto r = node.ask(command);
      const auto first = r.out.substr(0, r.out.find('\n'));
      BOOST_CHECK_MESSAGE(r.status == 0 && text("display").starts_with(first) && !first.empty(),
                          first << " instead of " << text("display") << r.told());
    };
    if (act == "set_first_id" || act == "enrol")
      shows({"box", "init", text("slot"), "--media", node.media()});
    else if (act == "enter_share")
      shows({"box", "enable", text("slot"), "--custodian", text("custodian"), "--media", node.media()});
    else if (act == "remove_share")
      shows({"box", "disable", text("slot"), "--custodian", text("custodian")});
    else if (act == "create_domain")
      shows({"domain", "create", text("domain")});
    // The rest comes with these: an enabled box gets what it lacks.
  }
  BOOST_CHECK_EQUAL(acts["hand_over_key_set"], 2);
  BOOST_CHECK_EQUAL(acts["make_domain_process"], 2 * 2 + 2 + 4); // two Manufacturing boxes, the Oak, four others
  const auto transcript = node.ask({"ceremony", "transcript", "--script", file});
  BOOST_CHECK_MESSAGE(transcript.status == 0 && transcript.out.find("done in order, no exception") != std::string::npos,
                      transcript.told() << transcript.out);
}

// EP-8: a secret that officers typed in is of use once.
BOOST_AUTO_TEST_CASE(enrolment_secrets_of_officers_are_cleared_away) {
  hand_run_node node;
  node.initialise("factory-1");
  node.enable("factory-1");
  const auto typed = fs::path{node.media()} / "Ada" / "oak-1.enrolment";
  std::ofstream{typed} << "too short\n";
  refused(node, {"box", "init", "oak-1", "--media", node.media()}, typed.string());
  BOOST_CHECK(fs::exists(typed)); // to be put right
  std::ofstream{typed} << "a line that two officers have agreed on\n";
  node.initialise("oak-1");
  BOOST_CHECK(!fs::exists(typed));
}

// EP-8: an Oak may generate keys for the Steel boxes of its domain, also for those that came after it.
BOOST_AUTO_TEST_CASE(an_oak_hears_of_steel_boxes_that_come_later) {
  hand_run_node node;
  node.initialise("factory-1");
  node.enable("factory-1");
  node.done({"domain", "create", "VE"});
  for (const auto* slot : {"oak-1", "steel-1"}) {
    node.initialise(slot);
    node.enable(slot);
  }
  node.done({"box", "disable", "oak-1", "--custodian", "Ada"});
  node.initialise("steel-2"); // the Oak hears of it when it is enabled again
  node.enable("oak-1");
  std::vector<std::string> told;
  std::istringstream lines{node.ask({"log", "list", "--json"}).out};
  for (std::string line; std::getline(lines, line);) {
    const auto record = nlohmann::json::parse(line);
    if (record.at("event") == "domain_process_made" && record.at("data").at("box") == "O00000001")
      told.push_back(record.at("data").at("steels").dump());
  }
  const std::vector<std::string> wanted{"[]", R"(["S00000001"])", R"(["S00000001","S00000002"])"};
  BOOST_CHECK_EQUAL_COLLECTIONS(told.begin(), told.end(), wanted.begin(), wanted.end());
  const auto audit = node.ask({"audit", "all"});
  BOOST_CHECK_MESSAGE(audit.status == 0, audit.told() << audit.out);
}

// EP-7: whichever comes back first, boxes that were made later are up to date when a source is there.
BOOST_AUTO_TEST_CASE(boxes_that_come_back_before_their_source_are_brought_up_to_date_by_it) {
  hand_run_node node;
  node.initialise("factory-1");
  node.enable("factory-1");
  node.done({"domain", "create", "VE"});
  for (const auto* slot : {"factory-2", "oak-1"})
    node.initialise(slot);
  node.done({"box", "disable", "factory-1", "--custodian", "Ada"});
  for (const auto* slot : {"factory-2", "oak-1"}) {
    node.enable(slot);
    BOOST_CHECK(node.box(slot).at("domains").empty());
  }
  node.enable("factory-1");
  for (const auto* slot : {"factory-2", "oak-1"})
    BOOST_CHECK_EQUAL(node.box(slot).at("domains"), nlohmann::json::array({"VE"}));
}

BOOST_AUTO_TEST_CASE(a_box_that_the_configuration_lost_keeps_the_node_from_starting) {
  hand_run_node node;
  node.initialise("factory-1");
  BOOST_CHECK_EQUAL(node.box("factory-1").at("id"), "M00000001");
  node.stop();
  const auto refuses = [&](const std::string& from, const std::string& to, const std::string& says) {
    auto text = small_site;
    text.replace(text.find(from), from.size(), to);
    std::ofstream{node.work / "node.toml"} << text;
    const auto r = run_program({"node", "run", (node.work / "node.toml").string()});
    BOOST_CHECK_MESSAGE(r.status == 1 && r.one_line() && r.err.find(says) != std::string::npos, r.told());
  };
  const auto before = node.records();
  refuses("slot = \"factory-1\"", "slot = \"factory-9\"", "holds box M00000001 in slot \"factory-1\"");
  refuses("type = \"manufacturing\"", "type = \"tin\"\ndomains = [\"VE\"]", "of type manufacturing and not tin");
  refuses("suite = \"p256\"", "suite = \"rsa3072\"", "suite p256 and not rsa3072");
  BOOST_CHECK_EQUAL(node.records(), before);
  std::ofstream{node.work / "node.toml"} << small_site;
  node.start();
  node.enable("factory-1");
}

// EP-18: the zone of a domain's days is signed with its keys; the configuration must not say another.
BOOST_AUTO_TEST_CASE(the_time_zone_of_a_domain_stays) {
  auto text = small_site;
  const std::string line = "id = \"USPS\"\n";
  text.insert(text.find(line) + line.size(), "zone = \"-05:00\"\n");
  hand_run_node node{text};
  node.initialise("factory-1");
  node.enable("factory-1");
  refused(node, {"domain", "create", "USPS", "--zone", "+01:00"}, "is postal, US, in time zone -05:00; leave kind");
  refused(node, {"domain", "create", "UKRM", "--kind", "postal", "--country", "GB", "--zone", "winter"},
          "--zone is \"winter\"; it must be a time zone from -12:00 to +14:00", 2);
  node.done({"domain", "create", "USPS"});
  node.done({"domain", "create", "VE"});
  node.done({"domain", "create", "UKRM", "--kind", "postal", "--country", "GB", "--zone", "+01:00"});
  const auto zones = [&] {
    std::map<std::string, std::string> all;
    const auto listed = nlohmann::json::parse(node.ask({"domain", "list", "--json"}).out);
    for (const auto& domain : listed.at("domains"))
      all[domain.at("id")] = domain.at("zone");
    return all;
  };
  const std::map<std::string, std::string> expected{{"UKRM", "+01:00"}, {"USPS", "-05:00"}, {"VE", "+00:00"}};
  BOOST_CHECK(zones() == expected);
  BOOST_CHECK(node.ask({"domain", "list"}).out.find("-05:00") != std::string::npos);
  node.stop();
  BOOST_CHECK(zones() == expected); // from the log alone
  std::ofstream{node.work / "node.toml"} << small_site;
  for (const auto* command : {"check", "run"}) {
    const auto r = run_program({"node", command, (node.work / "node.toml").string()});
    BOOST_CHECK_MESSAGE(r.status == 1 && r.one_line() && r.err.find("holds domain USPS in time zone -05:00 and not +00:00") !=
                        std::string::npos, command << r.told());
  }
}

// With a node or without one, the boxes come in one order.
BOOST_AUTO_TEST_CASE(lists_are_in_order) {
  hand_run_node node;
  for (const auto* slot : {"factory-2", "factory-1"}) {
    node.initialise(slot);
    node.enable(slot);
  }
  const auto slots = [&] {
    std::vector<std::string> all;
    for (const auto& b : node.boxes())
      if (!b.at("id").is_null())
        all.push_back(b.at("slot"));
    return all;
  };
  const std::vector<std::string> wanted{"factory-1", "factory-2"};
  BOOST_CHECK(slots() == wanted);
  node.stop();
  BOOST_CHECK(slots() == wanted);
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
  refused(node, {"box", "init", "factory-1", "--media", node.media()}, "media/Bela/domain-key-set.share");
}

BOOST_AUTO_TEST_CASE(one_medium_for_two_custodians_is_refused) {
  hand_run_node node;
  fs::remove(fs::path{node.media()} / "Bela");
  fs::create_directory_symlink("Ada", fs::path{node.media()} / "Bela");
  refused(node, {"box", "init", "factory-1", "--media", node.media()}, "two custodians have one and the same medium");
  BOOST_CHECK(fs::is_empty(fs::path{node.media()} / "Ada"));
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
    {"slot = \"oak-1\"", "slot = \"O00000001\"", "slot \"O00000001\" looks like the id of a box"},
    {"custodians = [\"Ada\"", "custodians = [\"..\"", "not dots alone"},
    {"data = \"data\"", "data = \"" + std::string(120, 'd') + "\"", "too long for the path of a socket"},
  };
  for (const auto& [from, to, says] : table) {
    auto text = small_site;
    text.replace(text.find(from), from.size(), to);
    const auto r = check(text);
    BOOST_CHECK_MESSAGE(r.status == 2 && r.one_line() && r.err.find(says) != std::string::npos, r.told());
    BOOST_CHECK_EQUAL(run_program({"node", "run", (work / "node.toml").string()}).status, 2);
  }
  BOOST_CHECK(!fs::exists(work / "data"));
  for (const auto* does : {"check", "run"}) {
    const auto r = run_program({"node", does, (work / "none.toml").string()});
    BOOST_CHECK_MESSAGE(r.status == 3 && r.one_line() && r.err.find("none.toml") != std::string::npos, r.told());
  }
}

BOOST_AUTO_TEST_CASE(the_shipped_configurations_are_good) {
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator{"deploy"})
    if (entry.path().extension() == ".toml") {
      const auto r = run_program({"node", "check", entry.path().string()});
      BOOST_CHECK_MESSAGE(r.status == 0 && r.out.starts_with("OK: "), r.told());
      ++files;
    }
  BOOST_CHECK_GE(files, 1u);
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
  const auto checked = run_program({"node", "check", (other / "node.toml").string()});
  BOOST_CHECK_MESSAGE(checked.status == 3 && checked.one_line() && checked.err.find("holiday.jpg") != std::string::npos,
                      checked.told());
  const auto foreign = run_program({"node", "run", (other / "node.toml").string()});
  BOOST_CHECK_MESSAGE(foreign.status == 3 && foreign.one_line() && foreign.err.find("holiday.jpg") != std::string::npos,
                      foreign.told());
}

BOOST_AUTO_TEST_CASE(a_node_does_not_go_on_with_a_log_that_was_put_back) {
  hand_run_node node;
  node.initialise("factory-1");
  node.stop();
  const auto file = fs::path{node.data()} / "data.mdb";
  fs::copy_file(file, node.work / "earlier");
  node.start();
  node.enable("factory-1");
  node.stop();
  const auto last = node.records();
  fs::copy_file(node.work / "earlier", file, fs::copy_options::overwrite_existing);
  const auto before = node.records();
  BOOST_REQUIRE_GT(last, before);
  const auto r = run_program({"node", "run", (node.work / "node.toml").string()});
  BOOST_CHECK_MESSAGE(r.status == 1 && r.one_line() && r.err.find("the checkpoint beside the log") != std::string::npos,
                      r.told());
  BOOST_CHECK_EQUAL(node.records(), before);
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

// EP-18: the date of a registration is a day of each domain. These two never have the same.
BOOST_AUTO_TEST_CASE(nothing_is_registered_while_it_is_two_days) {
  auto text = small_site;
  for (const auto& [id, zone] : {std::pair{"VE", "+14:00"}, {"USPS", "-12:00"}}) {
    const auto line = "id = \"" + std::string{id} + "\"\n";
    text.insert(text.find(line) + line.size(), "zone = \"" + std::string{zone} + "\"\n");
  }
  text += "[[meter]]\nnumber = \"M0000001\"\nline = \"tcp:127.0.0.1:" + std::to_string(free_port()) + "\"\n";
  hand_run_node node{text};
  refused(node, {"meter", "register", "--meter", "M0000001", "--product", "DM400", "--serial", "000000100001", "--country", "US"},
          "it is not the same day now in the time zones of the vendors and of the posts of US");
}

// Also for its own user its memory, where boxes have their secrets, is closed.
BOOST_AUTO_TEST_CASE(no_other_process_of_its_user_looks_into_a_node) {
  const std::vector<std::string> as_nobody{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"};
  if (geteuid() != 0 || run_program({"--version"}, as_nobody).status != 0) {
    std::cout << "SKIPPED: the program cannot be run as another user" << std::endl;
    return;
  }
  const scratch_directory work;
  std::ofstream{work / "node.toml"} << small_site;
  fs::permissions(work.path(), fs::perms::all);
  const running_program node{{"node", "run", (work / "node.toml").string()}, as_nobody};
  BOOST_REQUIRE(until([&] {
    return run_program({"box", "list", "--data", (work / "data").string()}, as_nobody).status == 0;
  }));
  const auto can_be_read = [&](const running_program& one) {
    return std::system(("setpriv --reuid=65534 --regid=65534 --clear-groups cat /proc/" + std::to_string(one.pid())
                        + "/environ >/dev/null 2>&1").c_str()) == 0;
  };
  auto sleeping = as_nobody;
  sleeping.insert(sleeping.end(), {"sh", "-c", "sleep 60"});
  const running_program other{{}, sleeping};
  BOOST_CHECK(until([&] { return can_be_read(other); }));
  BOOST_CHECK(!can_be_read(node));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
