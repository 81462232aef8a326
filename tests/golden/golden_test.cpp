// Logs of every format version that was ever released (README.md): today's program must verify, fold and audit
// each of them as it did when it was written. The files are added to and never made anew.

#include "tests/program.hpp"

#include <nlohmann/json.hpp>

#include <fstream>
#include <iostream>
#include <iterator>

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(golden)
namespace {

namespace fs = std::filesystem;
using json = nlohmann::json;

fs::path golden_folder() {
  return "tests/golden"; // tests run in the project's folder
}

std::vector<fs::path> exports() {
  std::vector<fs::path> all;
  for (const auto& entry : fs::directory_iterator{golden_folder()})
    if (entry.path().extension() == ".export")
      all.push_back(entry.path());
  std::sort(all.begin(), all.end());
  return all;
}

/// `replay --json` of an export: what must never change.
json folded(const fs::path& file) {
  const auto r = run_program({"replay", "--json", "--data", file.string()});
  BOOST_REQUIRE_MESSAGE(r.status == 0, file << ": " << r.told());
  const auto out = json::parse(r.out);
  return {{"id", out.at("id")}, {"records", out.at("records")}, {"root", out.at("root")}};
}

} // namespace

BOOST_AUTO_TEST_CASE(every_log_is_sound) {
  for (const auto& file : exports())
    for (const std::vector<std::string>& command : {std::vector<std::string>{"log", "verify", "--data", file.string()},
                                                    {"audit", "all", "--data", file.string()}}) {
      const auto r = run_program(command);
      BOOST_CHECK_MESSAGE(r.status == 0, file << ", " << command[0] << ": " << r.told() << r.out.substr(0, 2000));
    }
}

// `vN.digest` holds what `replay` gave when the log was made.
BOOST_AUTO_TEST_CASE(every_log_folds_and_has_its_root) {
  for (const auto& file : exports()) {
    auto digest = file;
    digest.replace_extension(".digest");
    std::ifstream in{digest};
    const std::string text{std::istreambuf_iterator<char>{in}, {}};
    const auto wanted = json::parse(text, nullptr, false);
    BOOST_REQUIRE_MESSAGE(wanted.is_object(), digest << " is missing or is not JSON; README.md says how it is made");
    BOOST_CHECK_EQUAL(folded(file), wanted);
  }
}

// Only what is there can be checked: a folder that lost its files must not pass in silence.
BOOST_AUTO_TEST_CASE(there_is_a_log_of_each_version) {
  const auto all = exports();
  BOOST_CHECK(all.size() >= 5);
  for (std::size_t i = 0; i < all.size(); ++i)
    BOOST_CHECK_EQUAL(all[i].filename(), "v" + std::to_string(i + 1) + ".export");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
