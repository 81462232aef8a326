#pragma once
// A finished small day, made once by the program and copied for each test that spoils one.

#include "storage/log.hpp"
#include "tests/program.hpp"
#include "tests/scenarios/mutation.hpp"

#include <fstream>
#include <iterator>

namespace oaksteel::testing {

inline std::string file_content(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

inline void write_file(const std::filesystem::path& file, const std::string& content) {
  std::ofstream out{file, std::ios::binary | std::ios::trunc};
  out << content;
  BOOST_REQUIRE(out.flush());
}

class finished_day {
public:
  /// The directory that all share; nobody changes it.
  static const std::filesystem::path& directory() {
    static const finished_day day;
    return day.data_;
  }

  static void copy(const std::filesystem::path& to) {
    std::filesystem::copy(directory(), to, std::filesystem::copy_options::recursive);
  }

private:
  finished_day() : data_(work_ / "day") {
    const auto r = run_program(
      {"scenario", "run", scenario_file("small-day.toml").string(), "--data", data_.string()});
    BOOST_REQUIRE_MESSAGE(r.status == 0, r.told() << r.out);
  }

  scratch_directory work_;
  std::filesystem::path data_;
};

} // namespace oaksteel::testing
