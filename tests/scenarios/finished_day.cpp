#include "tests/scenarios/finished_day.hpp"

#include <fstream>
#include <iterator>

namespace oaksteel::testing {

std::string file_content(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

void write_file(const std::filesystem::path& file, const std::string& content) {
  std::ofstream out{file, std::ios::binary | std::ios::trunc};
  out << content;
  BOOST_REQUIRE(out.flush());
}

namespace {

struct made_day {
  made_day() {
    const auto r =
      run_program({"scenario", "run", scenario_file("small-day.toml").string(), "--data", data.string()});
    BOOST_REQUIRE_MESSAGE(r.status == 0, r.told() << r.out);
  }

  scratch_directory work;
  std::filesystem::path data = work / "day";
};

} // namespace

const std::filesystem::path& finished_day::directory() {
  static const made_day day;
  return day.data;
}

void finished_day::copy(const std::filesystem::path& to) {
  std::filesystem::copy(directory(), to, std::filesystem::copy_options::recursive);
}

} // namespace oaksteel::testing
