#include "storage/media.hpp"
#include "tests/storage/sample_log.hpp"

#include <fstream>
#include <iterator>

#include <sys/stat.h>

namespace oaksteel {

using namespace testing;

BOOST_AUTO_TEST_SUITE(media_and_slots)
namespace {

secret key_of(std::uint8_t b) { return secret{bytes(32, b)}; }

std::string file_text(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

} // namespace

BOOST_AUTO_TEST_CASE(a_share_is_written_listed_and_read) {
  temporary_directory dir;
  media stick{dir.path()};
  BOOST_REQUIRE(stick.write("share-2", key_of(2)));
  BOOST_REQUIRE(stick.write("share-1", key_of(1)));
  // What lies there is kept: it may be the only one of its kind.
  BOOST_TEST((stick.write("share-1", key_of(3)).error().code == storage_code::exists));
  auto names = stick.list();
  BOOST_REQUIRE(names);
  BOOST_TEST(*names == (std::vector<std::string>{"share-1", "share-2"}), boost::test_tools::per_element());
  auto back = stick.read("share-1");
  BOOST_REQUIRE(back);
  BOOST_TEST((reveal(*back) == reveal(key_of(1))));
  struct stat s {};
  BOOST_REQUIRE(stat((dir / "share-1").c_str(), &s) == 0);
  BOOST_TEST((s.st_mode & 0777) == 0600u);
}

BOOST_AUTO_TEST_CASE(one_place_by_two_names_is_the_same) {
  temporary_directory dir;
  std::filesystem::create_directory(dir / "Ada");
  std::filesystem::create_directory(dir / "Clara");
  std::filesystem::create_directory_symlink("Ada", dir / "Bela");
  BOOST_TEST(media{dir / "Bela"}.same_as(media{dir / "Ada"}));
  BOOST_TEST(!media{dir / "Clara"}.same_as(media{dir / "Ada"}));
  BOOST_TEST(!media{dir / "Dora"}.same_as(media{dir / "Emil"})); // neither is there
}

BOOST_AUTO_TEST_CASE(absent_media_and_files_are_missing) {
  temporary_directory dir;
  media stick{dir / "not-in"};
  BOOST_TEST(!stick.present());
  BOOST_TEST((stick.write("a", key_of(1)).error().code == storage_code::missing));
  BOOST_TEST((stick.read("a").error().code == storage_code::missing));
  BOOST_TEST((stick.list().error().code == storage_code::missing));
  BOOST_TEST((media{dir.path()}.read("a").error().code == storage_code::missing));
}

BOOST_AUTO_TEST_CASE(hostile_names_and_files_are_refused) {
  temporary_directory dir;
  media stick{dir.path()};
  for (auto name : {"", ".", "..", "../a", "a/b", ".hidden", "-rf", "a b", "\n"}) {
    BOOST_TEST((stick.read(name).error().code == storage_code::not_ours), name);
    BOOST_TEST((stick.write(name, key_of(1)).error().code == storage_code::not_ours), name);
  }
  std::ofstream{dir / "large"} << std::string(media_file_limit + 1, 'x');
  BOOST_TEST((stick.read("large").error().code == storage_code::too_large));
  BOOST_TEST((stick.write("a", secret{bytes(media_file_limit + 1)}).error().code == storage_code::too_large));
  std::filesystem::create_directory(dir / "folder");
  BOOST_TEST((stick.read("folder").error().code == storage_code::not_ours));
  BOOST_REQUIRE(mkfifo((dir / "pipe").c_str(), 0600) == 0);
  BOOST_TEST((stick.read("pipe").error().code == storage_code::not_ours));
  std::filesystem::create_symlink("/etc/passwd", dir / "link");
  BOOST_TEST(!stick.read("link"));
}

BOOST_AUTO_TEST_CASE(a_slot_is_written_read_and_wiped) {
  temporary_directory dir;
  auto path = dir / "slots";
  {
    auto slots = erasable_slots::open(path, 4);
    BOOST_REQUIRE(slots);
    BOOST_TEST(slots->count() == 4u);
    BOOST_REQUIRE(slots->write(1, key_of(0x5A)));
    BOOST_REQUIRE(slots->write(3, key_of(0x5B)));
    BOOST_TEST(!slots->read(0)->has_value());
  }
  auto slots = erasable_slots::open(path, 2); // never shrinks
  BOOST_REQUIRE(slots);
  BOOST_TEST(slots->count() == 4u);
  auto back = slots->read(1);
  BOOST_REQUIRE((back && back->has_value()));
  BOOST_TEST((reveal(**back) == reveal(key_of(0x5A))));
  BOOST_REQUIRE(slots->wipe(1));
  BOOST_TEST(!slots->read(1)->has_value());
  BOOST_TEST(file_text(path).find('\x5A') == std::string::npos);
  BOOST_TEST(file_text(path).find('\x5B') != std::string::npos);
  auto grown = erasable_slots::open(path, 9);
  BOOST_REQUIRE(grown);
  BOOST_TEST(grown->count() == 9u);
  BOOST_TEST(grown->read(3)->has_value());
  BOOST_TEST(!grown->read(8)->has_value());
}

BOOST_AUTO_TEST_CASE(wrong_slots_and_files_are_refused) {
  temporary_directory dir;
  auto slots = erasable_slots::open(dir / "slots", 2);
  BOOST_REQUIRE(slots);
  BOOST_TEST((slots->write(2, key_of(1)).error().code == storage_code::missing));
  BOOST_TEST((slots->read(2).error().code == storage_code::missing));
  BOOST_TEST((slots->write(0, secret{bytes(31, 1)}).error().code == storage_code::too_large));
  BOOST_TEST((slots->write(0, key_of(0)).error().code == storage_code::too_large));
  std::ofstream{dir / "odd"} << "33 bytes, which is no number of slots";
  BOOST_TEST((erasable_slots::open(dir / "odd", 1).error().code == storage_code::damaged));
  BOOST_TEST((erasable_slots::open(dir / "none" / "slots", 1).error().code == storage_code::missing));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel
