// Operators at work over the network (SYS-6): each command signed, by whoever may; the log says who did it.

#include "node/tls_identity.hpp"
#include "tests/cli/cluster.hpp"

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(operators_over_the_network)
namespace {

const auto &centre = cluster::names[0], &factory = cluster::names[1], &post = cluster::names[2], &facility = cluster::names[3];

using words = std::vector<std::string>;

/// A cluster at work, and its people.
struct staffed_cluster : cluster {
  staffed_cluster() { set_up(); }

  /// What somebody asks of a node.
  program_result by(const std::filesystem::path& who, const std::string& node, words command) const {
    command.insert(command.end(), {"--node", node, "--plan", (work / "plan.toml").string(), "--as", who.string()});
    return run_program(command);
  }
  std::uint64_t records(const std::string& node) const {
    return nlohmann::json::parse(ask(node, {"log", "stat", "--json"}).out).at("records");
  }
  std::string errors(const std::string& node) const { return ask(node, {"audit", "errors"}).out; }

  std::filesystem::path officer = pki.person("Olga"), custodian = pki.person("Clara", operator_role::custodian),
                        oscar = pki.person("Oscar", operator_role::operating),
                        vera = pki.person("Vera", operator_role::verifier),
                        auditor = pki.person("Augusta", operator_role::auditor);
};

words key_request(const std::string& meter) {
  return {"key", "request", "--meter", meter, "--product", "DM400", "--domain", "VE", "--domain", "USPS", "--json"};
}

void refused(const program_result& r, const std::string& says, int status = 1) {
  BOOST_CHECK_MESSAGE(r.status == status && r.one_line() && r.err.find(says) != std::string::npos, r.told() << "wanted " << says);
}

} // namespace

BOOST_AUTO_TEST_CASE(a_meter_s_life_by_those_who_may_and_by_nobody_else) {
  staffed_cluster all;
  // By an operator, and once: the same command again is answered from the log, another one with its id is refused.
  {
    const line_meter meter{all, "M0000001"};
    auto request = key_request("M0000001");
    request.insert(request.end(), {"--id", "day-1"});
    const auto keys = installed_keys(all.by(all.oscar, factory, request));
    const auto before = all.records(factory);
    BOOST_CHECK(installed_keys(all.by(all.oscar, factory, request)) == keys);
    BOOST_CHECK_EQUAL(all.records(factory), before);
    request[3] = "M0000002";
    refused(all.by(all.oscar, factory, request), "gave this id to another command before");

    // Nobody else may, and that is in the log.
    for (const auto& who : {all.officer, all.custodian, all.vera, all.auditor})
      refused(all.by(who, factory, key_request("M0000001")), "the operator's roles do not permit this command");
    const auto errors = all.errors(factory);
    for (const auto* name : {"Olga", "Clara", "Vera", "Augusta"})
      BOOST_CHECK_MESSAGE(errors.find(std::string{"request_key of operator "} + name) != std::string::npos, errors);

    refused(all.by(all.oscar, factory, {"meter", "register", "--meter", "M0000001", "--product", "DM400", "--serial",
                                        "000000100001", "--country", "FR"}),
            "no domain is in country FR; there are domains in US");
    const auto registered = all.by(all.oscar, factory, {"meter", "register", "--meter", "M0000001", "--product", "DM400",
                                                        "--serial", "000000100001", "--country", "US"});
    BOOST_CHECK_MESSAGE(registered.status == 0 && registered.out.find("Active") != std::string::npos, registered.told() << registered.out);
  }
  const auto shown = all.by(all.auditor, post, {"key", "show", "USPS/1", "--json"});
  BOOST_REQUIRE_MESSAGE(shown.status == 0, shown.told());
  const auto key = nlohmann::json::parse(shown.out);
  BOOST_CHECK(key.at("status") == "Active" && key.at("meter") == "M0000001" && key.at("serial") == "000000100001");
  refused(all.by(all.auditor, centre, {"key", "show", "USPS/1"}), "is at node \"postal-data-centre\"; ask there");
  refused(all.by(all.auditor, post, {"key", "show", "USPS/99"}), "USPS/99: ");
  refused(all.by(all.auditor, post, {"key", "show", "USPS"}), "it must be a domain and a number", 2);

  // Mail: what the meter printed is good, what somebody altered is not.
  const auto printed = run_program({"meter", "print", "--meter", "M0000001", "--data", line_meter::data(all, "M0000001").string(),
                                    "--pieces", "3", "--postage", "730", "--origin", "06484"});
  BOOST_REQUIRE_MESSAGE(printed.status == 0, printed.told());
  // EP-18: the post's day; none before the registration.
  const auto registered_on = key.at("registered").get<std::string>();
  for (const auto* zone : {"-12:00", "+14:00"}) {
    const auto day = [&] { return std::max(registered_on, calendar_date::of(machine_time(), *time_zone::parse(zone)).text()); };
    const auto before = day();
    const auto there = run_program({"meter", "print", "--meter", "M0000001", "--data", line_meter::data(all, "M0000001").string(),
                                    "--pieces", "1", "--postage", "730", "--origin", "06484", "--zone", zone});
    BOOST_REQUIRE_MESSAGE(there.status == 0, there.told());
    const auto says = [&](const std::string& date) { return there.out.find("," + date + ",") != std::string::npos; };
    BOOST_CHECK_MESSAGE(says(before) || says(day()), there.out);
  }
  const auto mail = (all.work / "mail.csv").string();
  std::ofstream{mail} << printed.out;
  const auto good = all.by(all.vera, facility, {"verify", mail});
  BOOST_CHECK_MESSAGE(good.status == 0 && good.out == "VE  3 pieces: 3 good\nUSPS  3 pieces: 3 good\n", good.told() << good.out);
  auto altered = printed.out;
  altered.replace(altered.rfind(",730,"), 5, ",731,");
  std::ofstream{mail} << altered;
  const auto bad = all.by(all.vera, facility, {"verify", mail, "--domain", "USPS"});
  BOOST_CHECK_MESSAGE(bad.status == 1 && bad.out.starts_with("USPS  bad_token  000000100001,") &&
                        bad.out.ends_with("USPS  3 pieces: 2 good, 1 bad_token\n"), bad.told() << bad.out);
  refused(all.by(all.oscar, facility, {"verify", mail}), "roles do not permit");
  refused(all.by(all.vera, centre, {"verify", mail}), "the data capture system is not at this node");

  const auto retired = all.by(all.oscar, centre, {"key", "retire", "--meter", "M0000001", "--domain", "VE", "--domain", "USPS", "--reason", "withdrawn"});
  BOOST_CHECK_MESSAGE(retired.status == 0, retired.told() << retired.out);
  BOOST_CHECK_EQUAL(nlohmann::json::parse(all.by(all.auditor, post, {"key", "show", "USPS/1", "--json"}).out).at("status"), "Obsolete");

  // The log says who did it: command, signature, and what followed.
  const auto audit = all.ask(factory, {"audit", "operator", "Oscar"});
  BOOST_CHECK_MESSAGE(audit.status == 0 && audit.out.find("command good") != std::string::npos &&
                        audit.out.find("operator Oscar was answered") != std::string::npos, audit.told() << audit.out);
  all.end();
}

BOOST_AUTO_TEST_CASE(boxes_and_the_state_of_the_whole) {
  staffed_cluster all;
  const auto share = [&](const std::string& what, const std::string& custodian) {
    words command{"box", what, "steel-ve", "--custodian", custodian};
    if (what == "enable")
      command.insert(command.end(), {"--media", all.media()});
    return command;
  };
  // A custodian with his own share and no other; and no officer with anybody's.
  BOOST_CHECK_EQUAL(all.by(all.custodian, factory, share("disable", "Clara")).status, 0);
  refused(all.by(all.custodian, factory, share("enable", "Dora")), "roles do not permit");
  refused(all.by(all.officer, factory, share("enable", "Clara")), "roles do not permit");
  BOOST_CHECK(all.box(factory, "steel-ve").at("enabled") == false);
  BOOST_CHECK_EQUAL(all.by(all.custodian, factory, share("enable", "Clara")).status, 0);
  BOOST_CHECK_EQUAL(all.by(all.pki.person("Dora", operator_role::custodian), factory, share("enable", "Dora")).status, 0);
  BOOST_CHECK(until([&] { return all.box(factory, "steel-ve").at("enabled") == true; }));
  // A node that ends says so to those who wait.
  {
    all.done(factory, {"box", "disable", "steel-ve", "--custodian", "Clara"});
    auto command = key_request("M0000001");
    command.insert(command.end(), {"--node", factory, "--plan", (all.work / "plan.toml").string(), "--as", all.oscar.string()});
    running_program asked{command};
    BOOST_REQUIRE(until([&] {
      return all.ask(factory, {"log", "list", "--event", "operation_asked"}).out.find("Oscar") != std::string::npos;
    }));
    const auto ended = all.stop(factory);
    BOOST_CHECK_MESSAGE(ended.status == 0 && !ended.hung, ended.told());
    refused(asked.finish(), "the node ends");
    all.come_back(factory);
  }
  // Also where another node that is asked stands still.
  {
    const auto mail = (all.work / "of-nobody.csv").string();
    std::ofstream{mail} << "serial,date,piece,postage_thousandths,origin,tokens\n000000100001,20261128,1,730,06484,VE=123456\n";
    all.signal(centre, SIGSTOP);
    running_program asked{{"verify", mail, "--node", facility, "--plan", (all.work / "plan.toml").string(), "--as", all.vera.string()}};
    BOOST_REQUIRE(until([&] {
      return all.ask(facility, {"log", "list", "--event", "operation_asked"}).out.find("Vera") != std::string::npos;
    }));
    const auto ended = all.stop(facility);
    BOOST_CHECK_MESSAGE(ended.status == 0 && !ended.hung, ended.told());
    refused(asked.finish(), "the node ends");
    all.signal(centre, SIGCONT);
    all.start(facility);
  }
  refused(all.by(all.officer, factory, {"box", "selftest", "brass-usps"}), "stands at node postal-data-centre");
  refused(all.by(all.officer, factory, {"box", "selftest", "brass-9"}), "there is no box \"brass-9\"");

  const auto state = [&](const std::filesystem::path& who) {
    return run_program({"status", "--plan", (all.work / "plan.toml").string(), "--as", who.string(), "--json"});
  };
  BOOST_CHECK(until([&] {
    const auto r = state(all.auditor);
    BOOST_REQUIRE_MESSAGE(r.status == 0, r.told());
    const auto nodes = nlohmann::json::parse(r.out).at("nodes");
    BOOST_REQUIRE_EQUAL(nodes.size(), 4u);
    return std::ranges::all_of(nodes, [](const auto& n) {
      return std::ranges::all_of(n.at("neighbours"), [](const auto& o) { return o.at("reached") == true && o.at("came") == true; });
    });
  }));
  all.signal(facility, SIGKILL);
  BOOST_CHECK(until([&] { return state(all.auditor).status == 3; }));
  const auto text = run_program({"status", "--plan", (all.work / "plan.toml").string(), "--as", all.auditor.string()});
  BOOST_CHECK_MESSAGE(text.out.find("steel-ve") != std::string::npos && text.out.find("no node is reached") != std::string::npos, text.out);
  all.stop(facility, SIGKILL);
  all.start(facility);
  all.end();
}

// Whoever orders and hangs up is worked for, eight times at once; he takes nothing from the others.
BOOST_AUTO_TEST_CASE(one_operator_has_so_much_done_at_once) {
  staffed_cluster all;
  all.done(factory, {"box", "disable", "steel-ve", "--custodian", "Clara"}); // what is ordered waits for it
  for (const std::size_t begun : {4u, 8u}) {
    std::vector<std::unique_ptr<running_program>> hasty;
    for (int n = 0; n < 4; ++n) {
      auto command = key_request("M0000001");
      command.insert(command.end(), {"--node", factory, "--plan", (all.work / "plan.toml").string(), "--as", all.oscar.string()});
      hasty.push_back(std::make_unique<running_program>(command));
    }
    BOOST_REQUIRE(until([&] {
      const auto list = all.ask(factory, {"log", "list", "--event", "operation_asked"}).out;
      return static_cast<std::size_t>(std::ranges::count(list, '\n')) >= begun;
    }));
    for (const auto& one : hasty) {
      kill(one->pid(), SIGKILL);
      one->finish();
    }
  }
  refused(all.by(all.oscar, factory, key_request("M0000001")), std::string{text(refusal::busy)});
  BOOST_CHECK_EQUAL(all.by(all.auditor, factory, {"status"}).status, 0);
  const auto back = all.by(all.custodian, factory, {"box", "enable", "steel-ve", "--custodian", "Clara", "--media", all.media()});
  BOOST_CHECK_MESSAGE(back.status == 0, back.told());
}

BOOST_AUTO_TEST_CASE(who_is_not_let_in) {
  staffed_cluster all;
  deployment_pki elsewhere;
  refused(all.by(elsewhere.person("Oscar", operator_role::operating), factory, key_request("M0000001")),
          "no secure connection: its certificate: the authority has not signed it", 3);
  refused(all.by(all.pki.node(factory), factory, key_request("M0000001")), "is the certificate of node:vendor-factory; it must be that of operator:", 3);
  refused(all.by(all.work / "nobody", factory, key_request("M0000001")), "cannot be read", 3);
  refused(all.by(all.oscar, "nowhere", key_request("M0000001")), "has no node \"nowhere\"", 2);
  // What is wrong with his own files is said once, and not for each node.
  refused(run_program({"status", "--plan", (all.work / "plan.toml").string(), "--as", all.pki.node(factory).string()}),
          "is the certificate of node:vendor-factory", 3);
  // At the address of a node there is another one.
  std::ifstream plan{all.work / "plan.toml"};
  std::string text{std::istreambuf_iterator<char>{plan}, {}};
  const auto port = [&](const std::string& node) {
    const auto at = text.find("tcp:", text.find('"' + node + '"'));
    return std::pair{at, text.substr(at, text.find('"', at) - at)};
  };
  const auto [place, address] = port(factory);
  const auto other = port(facility).second;
  text.replace(port(facility).first, other.size(), address);
  text.replace(place, address.size(), other);
  std::ofstream{all.work / "wrong.toml"} << text;
  refused(run_program({"box", "list", "--node", factory, "--plan", (all.work / "wrong.toml").string(), "--as", all.oscar.string()}),
          "this is node:mail-facility, not node:vendor-factory", 3);
  // A revoked operator: his own list does not say so, the node's does.
  all.pki.revoke_at("Oscar", {all.certificates.at(factory)});
  refused(all.by(all.oscar, factory, {"box", "list"}), "it refuses the certificate shown to it: revoked", 3);
  BOOST_CHECK(until([&] { return all.errors(factory).find("certificate of operator:Oscar: it is revoked") != std::string::npos; }));
  refused(run_program({"box", "list", "--data", all.data(factory), "--node", factory}), "leave --node, --plan, --as and --id out", 2);
  refused(run_program({"box", "list"}), "it is not said which node is asked", 2);
  all.end();
}

BOOST_AUTO_TEST_CASE(a_node_that_is_killed_meanwhile_answers_when_it_is_back) {
  staffed_cluster all;
  const line_meter meter{all, "M0000001"};
  all.signal(centre, SIGSTOP); // the order waits for the KMC
  auto command = key_request("M0000001");
  command.insert(command.end(), {"--node", factory, "--plan", (all.work / "plan.toml").string(), "--as", all.oscar.string()});
  running_program asked{command};
  BOOST_REQUIRE(until([&] {
    return all.ask(factory, {"log", "list", "--event", "operation_asked"}).out.find("Oscar") != std::string::npos;
  }));
  BOOST_REQUIRE_EQUAL(all.stop(factory, SIGKILL).signal, SIGKILL);
  all.signal(centre, SIGCONT);
  all.start(factory);
  for (const auto* slot : {"steel-ve", "steel-usps"})
    all.enable(factory, slot);
  installed_keys(asked.finish());
  BOOST_CHECK_EQUAL(all.ask(factory, {"log", "list", "--event", "operation_asked", "--json"}).out.find("operation_asked") != std::string::npos, true);
  all.end();
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace oaksteel::testing
