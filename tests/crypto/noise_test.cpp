#include "crypto/noise.hpp"

#include "tests/crypto/fixtures.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>

using namespace oaksteel;
using namespace oaksteel::testing;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(noise)
namespace {

/// Removed with all it holds.
struct temporary {
  temporary() {
    char name[] = "/tmp/oaksteel-noise-XXXXXX";
    if (::mkdtemp(name) == nullptr)
      throw std::runtime_error("no directory");
    path = name;
  }
  ~temporary() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

} // namespace

BOOST_AUTO_TEST_CASE(the_sources_of_this_machine_give_what_is_asked_for) {
  for (const auto make : {hardware_source, kernel_source}) {
    const auto source = make();
    BOOST_TEST_MESSAGE(source->name());
    BOOST_TEST(!source->name().empty());
    if (source->name() == "none on this machine") {
      bytes a(8);
      const auto why = source->read(a, 1s);
      BOOST_TEST((why && why->kind == fault_kind::dead));
      continue;
    }
    for (const std::size_t n : {0, 1, 7, 8, 1'021}) {
      bytes a(n), b(n);
      BOOST_CHECK(!source->read(a, 1s));
      BOOST_CHECK(!source->read(b, 1s));
      BOOST_TEST((n < 8 || a != b));
      // The last eight bytes are not all left as they were.
      BOOST_TEST((n < 8 || bytes(a.end() - 8, a.end()) != bytes(8)));
    }
  }
}

BOOST_AUTO_TEST_CASE(rdseed_answers_or_says_that_it_is_not_there) {
  const auto source = rdseed_source();
  bytes a(64);
  const auto why = source->read(a, 1s);
  BOOST_TEST((source->name() == "rdseed"));
  BOOST_TEST((why ? why->kind == fault_kind::dead : a != bytes(64)));
}

BOOST_AUTO_TEST_CASE(a_generator_s_numbers_pass_through) {
  bytes out(40);
  BOOST_CHECK(!generator_source("told", std::make_unique<told_generator>(hex_bytes("010203")))->read(out, 1s));
  BOOST_TEST(to_hex(out).substr(0, 14) == "01020301020301");
}

BOOST_AUTO_TEST_CASE(a_device_that_is_not_there_is_dead) {
  bytes out(8);
  const auto why = device_source("/dev/none-such")->read(out, 1s);
  BOOST_REQUIRE(why);
  BOOST_CHECK(why->kind == fault_kind::dead);
  BOOST_TEST(why->reason == "No such file or directory");
}

BOOST_AUTO_TEST_CASE(a_device_that_ends_is_dead) {
  const temporary directory;
  const auto file = directory.path / "short";
  std::ofstream{file} << "twelve bytes";
  const auto source = device_source(file);
  bytes out(8);
  BOOST_CHECK(!source->read(out, 1s));
  BOOST_CHECK(out == bytes(view("twelve b").begin(), view("twelve b").end()));
  const auto why = source->read(out, 1s);
  BOOST_REQUIRE(why);
  BOOST_CHECK(why->kind == fault_kind::dead);
  BOOST_TEST(why->reason == "it ended 4 bytes short");
}

BOOST_AUTO_TEST_CASE(a_device_that_says_nothing_is_given_up) {
  const temporary directory;
  const auto fifo = directory.path / "fifo";
  BOOST_REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const auto source = device_source(fifo);
  const int writer = ::open(fifo.c_str(), O_WRONLY | O_NONBLOCK);
  BOOST_REQUIRE(writer >= 0);
  bytes out(4);
  BOOST_REQUIRE(::write(writer, "four", 4) == 4);
  BOOST_CHECK(!source->read(out, 20ms));
  const auto why = source->read(out, 20ms);
  BOOST_REQUIRE(why);
  BOOST_CHECK(why->kind == fault_kind::slow);
  ::close(writer);
}

BOOST_AUTO_TEST_SUITE_END()
