// deploy/systemd: what systemd itself says of the unit of a node. Exposure: 0 is nothing, 100 everything.

#include "tests/program.hpp"

#include <fstream>
#include <iostream>
#include <sstream>

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(services)

BOOST_AUTO_TEST_CASE(the_unit_of_a_node_is_sound_and_hardened) {
  if (std::system("systemd-analyze --version >/dev/null 2>&1") != 0) {
    std::cout << "SKIPPED: systemd-analyze is not here" << std::endl;
    return;
  }
  std::ostringstream shipped;
  shipped << std::ifstream{"deploy/systemd/oaksteel@.service"}.rdbuf();
  auto unit = shipped.str();
  const std::string installed = "/usr/bin/oaksteel";
  const auto at = unit.find(installed);
  BOOST_REQUIRE(at != std::string::npos);
  unit.replace(at, installed.size(), std::filesystem::absolute(program_path()).string());
  scratch_directory work;
  const auto file = (work / "oaksteel@node.service").string();
  std::ofstream{file} << unit;
  const auto said = (work / "said").string();
  for (const std::string check : {"systemd-analyze verify --man=no --recursive-errors=no ",
                                  "systemd-analyze security --offline=true --threshold=15 "}) {
    const bool good = std::system((check + file + " >" + said + " 2>&1").c_str()) == 0;
    std::ostringstream why;
    why << check << '\n' << std::ifstream{said}.rdbuf();
    BOOST_CHECK_MESSAGE(good, why.str());
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
