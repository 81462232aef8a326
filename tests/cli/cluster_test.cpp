// The facilities of EP Figs. 1-5 as four processes over TLS (SYS-6).

#include "tests/cli/cluster.hpp"

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(clusters)

BOOST_AUTO_TEST_CASE(four_facilities_make_keys_together_and_come_back_after_kills) {
  cluster all{3};
  all.set_up();
  {
    line_meter meter{all, "M0000001"};
    const auto keys = installed_keys(run_program(all.key_request("M0000001")));
    // The same order again is answered, and nothing is done twice.
    BOOST_CHECK(installed_keys(run_program(all.key_request("M0000001"))) == keys);
  }
  // EP-2: the post's records end at the post, the vendor's at the vendor.
  for (const auto& [node, key, other] : {std::tuple{cluster::names[0], "VE/1", "USPS/1"}, {cluster::names[2], "USPS/1", "VE/1"}}) {
    const auto own = all.ask(node, {"audit", "key", key});
    BOOST_CHECK_MESSAGE(own.status == 0 && own.out.find("Installed") != std::string::npos, own.told() << own.out);
    const auto list = all.ask(node, {"log", "list", "--event", "key_installed"});
    BOOST_CHECK_MESSAGE(list.out.find(key) != std::string::npos && list.out.find(other) == std::string::npos, list.out);
  }
  // A node that is not there is waited for.
  {
    const line_meter meter{all, "M0000003"};
    all.stop(cluster::names[2], SIGKILL);
    running_program waiting{all.key_request("M0000003")};
    std::this_thread::sleep_for(std::chrono::seconds{1});
    BOOST_CHECK(!waiting.ended());
    all.come_back(cluster::names[2]);
    installed_keys(waiting.finish());
  }
  // Each node in turn is killed; its custodians come back, and the next order goes through.
  for (const auto& name : cluster::names)
    all.kill_and_come_back(name);
  {
    line_meter meter{all, "M0000002"};
    installed_keys(run_program(all.key_request("M0000002")));
  }
  all.end();
}

BOOST_AUTO_TEST_CASE(a_box_is_operated_at_its_own_node_only) {
  cluster all;
  all.initialise(cluster::names[0], "factory-1");
  const auto r = all.ask(cluster::names[1], {"box", "enable", "factory-1", "--custodian", "Ada", "--media", all.media()});
  BOOST_CHECK_MESSAGE(r.status == 1 && r.one_line(), r.told());
  BOOST_CHECK(r.err.find("stands at node vendor-data-centre; operate it there") != std::string::npos);
  all.enable(cluster::names[0], "factory-1");
  const auto elsewhere = all.ask(cluster::names[1], {"domain", "create", "VE"});
  BOOST_CHECK_MESSAGE(elsewhere.status == 1 && elsewhere.one_line()
                        && elsewhere.err.find("stands at node \"vendor-data-centre\"; ask there") != std::string::npos,
                      elsewhere.told());
  // Nor is a domain made that the other nodes do not know: reports that name it would say nothing to them.
  const auto domain = all.ask(cluster::names[0], {"domain", "create", "UKRM", "--kind", "postal", "--country", "GB"});
  BOOST_CHECK_MESSAGE(domain.status == 1 && domain.one_line() && domain.err.find("is not in the plan") != std::string::npos,
                      domain.told());
}

// Nothing is half started: no data directory is made for a node that cannot listen.
BOOST_AUTO_TEST_CASE(a_second_node_at_the_same_address_does_not_start) {
  cluster all;
  const auto& name = cluster::names[1];
  std::ostringstream own;
  own << std::ifstream{all.work / (name + ".toml")}.rdbuf();
  auto text = own.str();
  const std::string data = "data/" + name;
  BOOST_REQUIRE(text.find(data) != std::string::npos);
  text.replace(text.find(data), data.size(), "data/second");
  std::ofstream{all.work / "second.toml"} << text;
  const auto r = run_program({"node", "run", (all.work / "second.toml").string()});
  BOOST_CHECK_MESSAGE(r.status == 3 && r.one_line() && r.err.find("cannot be listened on: Address already in use") !=
                      std::string::npos, r.told());
  BOOST_CHECK(!std::filesystem::exists(all.work.path() / "data" / "second"));
  all.end();
}

// A second node whose plan has the slot of a box too gets no box with its id.
BOOST_AUTO_TEST_CASE(two_nodes_do_not_get_one_box) {
  cluster all;
  all.set_up();
  const auto& other = cluster::names[3];
  all.stop(other);
  const auto text_of = [&](const std::string& file) {
    std::ostringstream text;
    text << std::ifstream{all.work / file}.rdbuf();
    return text.str();
  };
  auto plan = text_of("plan.toml"), own = text_of(other + ".toml");
  const std::string steel = "slot = \"steel-ve\"\nnode = \"vendor-factory\"";
  BOOST_REQUIRE(plan.find(steel) != std::string::npos);
  plan.replace(plan.find(steel), steel.size(), "slot = \"steel-ve\"\nnode = \"mail-facility\"");
  own.replace(own.find("plan.toml"), 9, "other.toml");
  std::ofstream{all.work / "other.toml"} << plan;
  std::ofstream{all.work / (other + ".toml")} << own;
  all.start(other);
  // Both say that their plans differ, before anything is done.
  for (const auto& node : {other, cluster::names[1]})
    BOOST_CHECK(until([&] {
      return all.ask(node, {"audit", "errors"}).out.find("plans_differ") != std::string::npos
             && all.ask(node, {"status"}).out.find("two nodes have different plans") != std::string::npos;
    }));
  const auto media = all.work / "other-media";
  for (const auto* who : {"Ada", "Bela", "Clara", "Dora"})
    std::filesystem::create_directories(media / who);
  BOOST_REQUIRE(until([&] { return all.ask(other, {"domain", "list", "--json"}).out.find("USPS") != std::string::npos; }));
  const auto second = all.ask(other, {"box", "init", "steel-ve", "--media", media.string()});
  BOOST_CHECK_MESSAGE(second.status == 1 && second.one_line() && second.err.find("has its id already") != std::string::npos,
                      second.told() << second.out);
  BOOST_CHECK(all.box(other, "steel-ve").at("id").is_null());
  // The first goes on with its keys.
  const line_meter meter{all, "M0000001"};
  installed_keys(run_program(all.key_request("M0000001")));
}

// Whoever says whom boxes are to believe is himself believed if he names the expected domain key set.
BOOST_AUTO_TEST_CASE(a_node_believes_the_expected_domain_key_set) {
  cluster all;
  const auto &centre = cluster::names[0], &node = cluster::names[3];
  const auto file = all.work / (node + ".toml");
  std::ostringstream own;
  own << std::ifstream{file}.rdbuf();
  const auto expects = [&](const std::string& set) { std::ofstream{file} << "domain_key_set = \"" << set << "\"\n" << own.str(); };
  const auto knows = [&] { return all.ask(node, {"domain", "list", "--json"}).out.find("VE") != std::string::npos; };
  const std::string another(64, 'a');
  all.stop(node);
  expects(another);
  all.start(node);
  all.initialise(centre, "factory-1");
  all.enable(centre, "factory-1");
  all.done(centre, {"domain", "create", "VE"});
  BOOST_CHECK(until([&] { return all.ask(node, {"audit", "errors"}).out.find("wrong_signer") != std::string::npos; }));
  BOOST_CHECK(!knows());
  all.stop(node);
  const auto audit = all.ask(centre, {"audit", "all", "--json"}).out;
  const auto at = audit.rfind("\"domain_key_set\":\"");
  BOOST_REQUIRE(at != std::string::npos);
  expects(audit.substr(at + 18, 64));
  all.start(node);
  BOOST_CHECK(until(knows));
  all.stop(node);
  expects(another);
  const auto r = run_program({"node", "run", file.string()});
  BOOST_CHECK_MESSAGE(r.status == 1 && r.one_line() && r.err.find("believes domain key set ") != std::string::npos, r.told());
}

// A dead facility stops only what needs it, and whoever needs it hears which one it is.
BOOST_AUTO_TEST_CASE(mail_of_other_domains_is_verified_while_a_post_is_away) {
  cluster all;
  all.set_up();
  const auto mail = all.work / "mail.csv";
  std::ofstream{mail} << "serial,date,piece,postage_thousandths,origin,tokens\n"
                         "000000900001,20261128,1,730,06484,VE=123456 USPS=654321\n";
  const auto verify = [&](const std::string& domain) {
    return all.ask(cluster::names[3], {"verify", mail.string(), "--domain", domain});
  };
  for (const auto* domain : {"VE", "USPS"}) {
    const auto r = verify(domain);
    BOOST_CHECK_MESSAGE(r.out.find("1 not_registered") != std::string::npos, r.told() << r.out);
  }
  all.stop(cluster::names[2], SIGKILL);
  BOOST_REQUIRE(until([&] { return verify("USPS").status == 1; }));
  const auto away = verify("USPS");
  BOOST_CHECK_MESSAGE(away.status == 1 && away.one_line() &&
                        away.err.find("busy: node postal-data-centre is not reached") != std::string::npos, away.told());
  const auto there = verify("VE");
  BOOST_CHECK_MESSAGE(there.out.find("1 not_registered") != std::string::npos, there.told() << there.out);
}

// Times that differ by more than the tolerance are told of at both ends, also when it is the log that is ahead.
BOOST_AUTO_TEST_CASE(a_node_whose_clock_is_wrong_is_named) {
  cluster all;
  const auto &wrong = cluster::names[1], &other = cluster::names[0];
  const auto told = [&](const std::string& node) {
    const auto errors = all.ask(node, {"audit", "errors"});
    const bool is = errors.out.find("clocks_differ") != std::string::npos;
    if (is) // and nothing is refused
      BOOST_CHECK_MESSAGE(errors.out.find("neighbours noticed about ") != std::string::npos, errors.out);
    return is;
  };
  BOOST_CHECK(!told(other));
  all.stop(wrong);
  all.start(wrong, std::chrono::seconds{120});
  BOOST_CHECK(until([&] { return told(other); }));
  BOOST_CHECK(until([&] { return told(wrong); }));
  // The clock is right again; the log is not, and its events go on from where it is.
  all.stop(wrong);
  all.start(wrong);
  const auto seconds = [&] {
    const auto r = all.ask(other, {"status", "--json"});
    const auto status = nlohmann::json::parse(r.out, nullptr, false);
    if (!status.is_object())
      return std::string{};
    for (const auto& neighbour : status.at("nodes").at(0).at("neighbours"))
      if (neighbour.at("node") == wrong && neighbour.at("ahead").is_string())
        return neighbour.at("ahead").get<std::string>();
    return std::string{};
  };
  BOOST_CHECK_MESSAGE(until([&] { return std::atof(seconds().c_str()) > 30; }), seconds());
  const auto end = all.stop(wrong);
  BOOST_CHECK_MESSAGE(end.err.find("which is later than this machine's clock") != std::string::npos, end.told());
  all.end();
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
