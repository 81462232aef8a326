// `oaksteel cluster demo`: a day of work across four processes, as somebody sees it who tries it for the first time.

#include "tests/cli/cluster.hpp"

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(cluster_demo)
namespace {

/// The shipped deployment, on ports that are free.
std::string deployment_in(const scratch_directory& work) {
  const auto to = work / "deployment";
  std::filesystem::create_directories(to);
  std::map<std::string, std::string> ports;
  for (const auto* port : {"7701", "7702", "7703", "7704", "7711"})
    ports[port] = std::to_string(free_port());
  for (const auto& file : std::filesystem::directory_iterator{"deploy/four-facilities"}) {
    std::ifstream in{file.path()};
    std::string text{std::istreambuf_iterator<char>{in}, {}};
    for (const auto& [port, free] : ports)
      for (auto at = text.find(':' + port); at != std::string::npos; at = text.find(':' + port, at + 1))
        text.replace(at + 1, 4, free);
    std::ofstream{to / file.path().filename()} << text;
  }
  return to.string();
}

program_result demo(const std::string& deployment, const std::string& data) {
  return run_program({"cluster", "demo", deployment, "--data", data, "--meters", "6", "--pieces", "6"});
}

} // namespace

BOOST_AUTO_TEST_CASE(a_day_across_four_processes_comes_out_right) {
  scratch_directory work;
  const auto deployment = deployment_in(work), data = (work / "demo").string();
  const auto day = demo(deployment, data);
  BOOST_REQUIRE_MESSAGE(day.status == 0 && day.err.empty(), day.told() << day.out);
  // 5 of 6 registered, 6 pieces each; every tenth altered but for those with a serial of nobody, every fifteenth.
  for (const auto* line : {"mail, VE: 26 good 2 bad_token 2 not_registered", "mail, USPS: 26 good 2 bad_token 2 not_registered",
                           "meter M0000006: taken out of service, scrapped before registration",
                           "VE      Obsolete  3", "log of mail-facility: verified, replayed, audited; good"})
    BOOST_CHECK_MESSAGE(day.out.find(line) != std::string::npos, line << " is not in\n" << day.out);
  // What it left is there for everybody.
  const auto audit = run_program({"audit", "operator", "Oscar", "--data", data + "/data/vendor-factory"});
  BOOST_CHECK_MESSAGE(audit.status == 0 && audit.out.find("commands              11") != std::string::npos, audit.out);
  const auto again = demo(deployment, data);
  BOOST_CHECK_MESSAGE(again.status == 1 && again.one_line() && again.err.find("must be a new or an empty directory") != std::string::npos,
                      again.told());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_run_is_one_line) {
  scratch_directory work;
  const auto none = demo((work / "none").string(), (work / "a").string());
  BOOST_CHECK_MESSAGE(none.status == 1 && none.one_line() && none.err.find("plan.toml: cannot be copied") != std::string::npos, none.told());
  // Another program listens where a node would.
  const auto deployment = deployment_in(work);
  std::ifstream in{deployment + "/plan.toml"};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  const auto at = text.find("tcp:127.0.0.1:") + 14;
  auto port = static_cast<std::uint16_t>(std::stoi(text.substr(at, 5)));
  const open_file taken{listen_on_loopback(port)};
  const auto busy = demo(deployment, (work / "b").string());
  BOOST_CHECK_MESSAGE(busy.status == 1 && busy.one_line() && busy.err.find("node vendor-data-centre ended: ") != std::string::npos &&
                        busy.err.find("cannot be listened on") != std::string::npos, busy.told());
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace oaksteel::testing
