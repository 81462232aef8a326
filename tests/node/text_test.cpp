#include "node/text.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <vector>

#include <unistd.h>

namespace oaksteel {

BOOST_AUTO_TEST_SUITE(texts)

BOOST_AUTO_TEST_CASE(counts_lines_and_characters) {
  const std::string text = "a\u00e9\u20ac\nb\n";
  const std::tuple<std::size_t, unsigned, unsigned> table[] = {{0, 1, 1}, {1, 1, 2}, {3, 1, 3}, {6, 1, 4},
                                                               {7, 2, 1}, {8, 2, 2}, {9, 3, 1}};
  for (const auto& [offset, line, column] : table) {
    const place at = place_of(text, offset);
    BOOST_TEST((at.line == line && at.column == column), offset << " is at " << at.line << ":" << at.column);
  }
}

BOOST_AUTO_TEST_CASE(keeps_a_message_on_one_line) {
  BOOST_TEST(in_quotes("a b") == "\"a b\"");
  BOOST_TEST(in_quotes("\u00e9\u20ac") == "\"\u00e9\u20ac\"");
  BOOST_TEST(in_quotes("a\r\n\x1b[2J\x7f") == "\"a\\x0d\\x0a\\x1b[2J\\x7f\"");
  BOOST_TEST(in_quotes("\u0085\u2028") == "\"\\xc2\\x85\\xe2\\x80\\xa8\"");
  BOOST_TEST(in_quotes("\xff\xc3") == "\"\\xff\\xc3\"");
  BOOST_TEST(on_one_line("abcd", 4) == "abcd");
  BOOST_TEST(on_one_line("abcde", 4) == "abcd...");
}

BOOST_AUTO_TEST_CASE(proposes_the_nearest_word) {
  const std::vector<std::string_view> known{"domain", "box", "fault", "step"};
  const auto says = [&](std::string_view word) { return unknown_word("key", word, known, "here"); };
  BOOST_TEST(says("domains") ==
             "unknown key \"domains\" in here; did you mean \"domain\"? known here: domain, box, fault, step");
  BOOST_TEST(says("bxo") == "unknown key \"bxo\" in here; did you mean \"box\"? known here: domain, box, fault, step");
  BOOST_TEST(says("other") == "unknown key \"other\" in here; known here: domain, box, fault, step");
  BOOST_TEST(unknown_word("domain", "VE", {}) == "unknown domain \"VE\"; known here: none");
}

BOOST_AUTO_TEST_CASE(says_why_a_file_cannot_be_read) {
  const auto folder = std::filesystem::temp_directory_path() / ("oaksteel-text-test-" + std::to_string(::getpid()));
  std::filesystem::create_directory(folder);
  const auto says = [](const std::filesystem::path& file) { return read_text(file, 10).error().text(); };
  BOOST_TEST(says(folder / "none") == (folder / "none").string() + ": cannot be read: No such file or directory");
  BOOST_TEST(says(folder) == folder.string() + ": cannot be read: it is a directory; name a file in it");
  std::ofstream{folder / "ten"} << "0123456789";
  BOOST_TEST(*read_text(folder / "ten", 10) == "0123456789");
  std::ofstream{folder / "eleven"} << "01234567890";
  BOOST_TEST(says(folder / "eleven") == (folder / "eleven").string() + ": cannot be read: it is larger than 10 bytes");
  std::ofstream{folder / "empty"};
  BOOST_TEST(read_text(folder / "empty", 10)->empty());
  BOOST_TEST(says("/dev/zero") == "/dev/zero: cannot be read: it is not a regular file; name one that is");
  std::filesystem::permissions(folder / "ten", std::filesystem::perms::none);
  if (::geteuid() != 0) // root reads it all the same
    BOOST_TEST(says(folder / "ten").ends_with("cannot be read: Permission denied"));
  std::filesystem::remove_all(folder);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel
