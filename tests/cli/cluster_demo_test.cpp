// `oaksteel cluster demo`: a day of work across four processes, as somebody sees it who tries it for the first time.

#include "tests/cli/cluster.hpp"

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(cluster_demo)
namespace {

/// A shipped deployment, on ports that are free.
std::string deployment_in(const scratch_directory& work, const std::string& shipped = "four-facilities") {
  const auto to = work / "deployment";
  std::filesystem::create_directories(to);
  std::map<std::string, std::string> ports;
  const std::string here = "tcp:127.0.0.1:";
  for (const auto& file : std::filesystem::directory_iterator{"deploy/" + shipped}) {
    std::ifstream in{file.path()};
    std::string text{std::istreambuf_iterator<char>{in}, {}};
    for (auto at = text.find(here); at != std::string::npos; at = text.find(here, at + 1)) {
      auto& port = ports[text.substr(at + here.size(), 4)];
      port = port.empty() ? std::to_string(free_port()) : port;
      text.replace(at + here.size(), 4, port);
    }
    std::ofstream{to / file.path().filename()} << text;
  }
  return to.string();
}

program_result demo(const std::string& deployment, const std::string& data, const std::string& meters) {
  running_program running{{"cluster", "demo", deployment, "--data", data, "--meters", meters, "--pieces", "6"}};
  return running.finish(std::chrono::minutes{5});
}

void has(const program_result& r, const std::string& line) {
  BOOST_CHECK_MESSAGE(r.out.find(line) != std::string::npos, line << " is not in\n" << r.out);
}

} // namespace

BOOST_AUTO_TEST_CASE(a_day_across_four_processes_comes_out_right) {
  scratch_directory work;
  const auto deployment = deployment_in(work), data = (work / "demo").string();
  const auto day = demo(deployment, data, "6");
  BOOST_REQUIRE_MESSAGE(day.status == 0 && day.err.empty(), day.told() << day.out);
  // 5 of 6 registered, 6 pieces each; every tenth altered but for those with a serial of nobody, every fifteenth.
  for (const auto* line : {"mail, VE: 26 good 2 bad_token 2 not_registered", "mail, USPS: 26 good 2 bad_token 2 not_registered",
                           "meter MX000004: taken out of service, scrapped before registration", "VE      Obsolete  3",
                           "log of mail-facility: verified, replayed, audited; good",
                           "all logs together, those of the meters too: one history, audited; good"})
    has(day, line);
  // What it left is there for everybody. 6 meters got keys, 5 were registered, 3 retired.
  const auto audit = run_program({"audit", "operator", "Oscar", "--data", data + "/data/vendor-factory"});
  BOOST_CHECK_MESSAGE(audit.status == 0 && audit.out.find("commands              14") != std::string::npos, audit.out);
  // The ceremony of each node on paper is what was done there.
  for (const auto* node : {"vendor-data-centre", "vendor-factory", "postal-data-centre"}) {
    const auto paper = run_program({"ceremony", "transcript", "--script", data + "/" + node + ".toml", "--data",
                                    data + "/data/" + node});
    BOOST_CHECK_MESSAGE(paper.status == 0, node << ": " << paper.told() << paper.out);
  }
  const auto nothing = run_program({"ceremony", "script", data + "/mail-facility.toml"});
  BOOST_CHECK_MESSAGE(nothing.status == 2 && nothing.one_line() && nothing.err.find("no box stands there") != std::string::npos,
                      nothing.told());
  const auto again = demo(deployment, data, "6");
  BOOST_CHECK_MESSAGE(again.status == 1 && again.one_line() && again.err.find("must be a new or an empty directory") != std::string::npos,
                      again.told());
}

// EP-4: "the vendor's KMC serves a post's keys that are made for it, and the post's records end at the post".
BOOST_AUTO_TEST_CASE(two_vendors_make_keys_for_two_posts) {
  scratch_directory work;
  const auto data = (work / "demo").string();
  const auto day = demo(deployment_in(work, "two-vendors-two-posts"), data, "8");
  BOOST_REQUIRE_MESSAGE(day.status == 0 && day.err.empty(), day.told() << day.out);
  has(day, "meter M0000001 at alpha-factory: keys of ALPHA and USPS, registered");
  has(day, "meter M0000002 at alpha-factory: keys of ALPHA and UKRM, registered");
  has(day, "meter M0000005 at beta-factory: keys of BETA and USPS, registered");
  const auto told = [&](const std::string& node, const std::string& event) {
    return run_program({"log", "list", "--event", event, "--data", data + "/data/" + node}).out;
  };
  // The posts' archives have the keys of both vendors' meters, the vendors' their own and no other.
  std::size_t of_alpha = 0, of_beta = 0;
  std::istringstream lines{told("usps-data-centre", "key_installed")};
  for (std::string line; std::getline(lines, line);) {
    BOOST_CHECK_MESSAGE(line.find("USPS/") != std::string::npos, line);
    of_alpha += line.find("meter M0000001") != std::string::npos;
    of_beta += line.find("meter M0000005") != std::string::npos;
  }
  BOOST_CHECK(of_alpha == 1 && of_beta == 1);
  for (const auto& [node, domain] : {std::pair{"alpha-data-centre", "ALPHA/"}, {"beta-data-centre", "BETA/"}, {"ukrm-data-centre", "UKRM/"}}) {
    std::istringstream installed{told(node, "key_installed")};
    for (std::string line; std::getline(installed, line);)
      BOOST_CHECK_MESSAGE(line.find(domain) != std::string::npos, node << ": " << line);
  }
  // Each vendor's Oak made the keys of its own orders.
  BOOST_CHECK(told("beta-data-centre", "order_opened").find("M0000001") == std::string::npos);
  BOOST_CHECK(told("alpha-data-centre", "order_opened").find("M0000005") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_run_is_one_line) {
  scratch_directory work;
  const auto none = demo((work / "none").string(), (work / "a").string(), "6");
  BOOST_CHECK_MESSAGE(none.status == 3 && none.one_line() && none.err.find("plan.toml: is not there") != std::string::npos, none.told());
  BOOST_CHECK(!std::filesystem::exists(work / "a"));
  // Another program listens where a node would.
  const auto deployment = deployment_in(work);
  std::ifstream in{deployment + "/plan.toml"};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  const auto at = text.find("tcp:127.0.0.1:") + 14;
  auto port = static_cast<std::uint16_t>(std::stoi(text.substr(at, 5)));
  const open_file taken{listen_on_loopback(port)};
  const auto busy = demo(deployment, (work / "b").string(), "6");
  BOOST_CHECK_MESSAGE(busy.status == 3 && busy.one_line() && busy.err.find("oaksteel: node vendor-data-centre: ") == 0 &&
                        busy.err.find("cannot be listened on") != std::string::npos, busy.told());
  BOOST_CHECK(!std::filesystem::exists(work / "b"));
  std::filesystem::create_directory(work / "c");
  BOOST_CHECK_EQUAL(demo(deployment, (work / "c").string(), "6").status, 3);
  BOOST_CHECK(std::filesystem::is_empty(work / "c"));
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace oaksteel::testing
