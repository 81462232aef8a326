#include "node/mail_file.hpp"

#include <boost/test/unit_test.hpp>

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(files_of_mail)
namespace {

const std::string header = "serial,date,piece,postage_thousandths,origin,tokens\n";
const std::string line = "000000100001,20261128,7,730,06484,VE=123456 USPS=654321";

} // namespace

BOOST_AUTO_TEST_CASE(a_piece_is_a_line_and_back) {
  const auto read = read_mail("\xEF\xBB\xBF" + header + "\n" + line + "\r\n" + line + "\n", "mail");
  BOOST_REQUIRE_MESSAGE(read, (read ? "" : read.error().text()));
  BOOST_REQUIRE_EQUAL(read->size(), 2u);
  const auto& p = read->front();
  BOOST_TEST(p.serial.text == "000000100001");
  BOOST_TEST(p.date.text() == "20261128");
  BOOST_TEST(p.piece == 7u);
  BOOST_TEST(p.postage_thousandths == 730u);
  BOOST_TEST(p.origin == "06484");
  BOOST_REQUIRE_EQUAL(p.tokens.size(), 2u);
  BOOST_TEST(p.tokens[1].domain.text == "USPS");
  BOOST_TEST(p.tokens[1].digits == "654321");
  BOOST_TEST(mail_line(p) == line);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_said_with_its_place) {
  const std::pair<std::string, std::string> table[] = {
    {"", "mail:1:1: no mail in it"},
    {header, "mail:2:1: no mail in it"},
    {"serial\n" + line, "mail:1:1: the first line is \"serial\"; it must be \"serial,date,"},
    {header + "1,20261128,7,730,06484\n", "mail:2:1: this line has not the header's 6 values"},
    {header + line + "\nx,20261128,7,730,06484,VE=1", "mail:3:1: serial is \"x\"; it must be 1 to 12 digits"},
    {header + "1,20261131,7,730,06484,VE=1", "mail:2:3: date is \"20261131\"; it must be a day as YYYYMMDD"},
    {header + "1,20261128,-7,730,06484,VE=1", "mail:2:12: piece is \"-7\"; it must be a whole number from 0"},
    {header + "1,20261128,7,7.3,06484,VE=1", "mail:2:14: postage_thousandths is \"7.3\""},
    {header + "1,20261128,7,730,0648400000000000000,VE=1", "mail:2:18: origin has more than 16 characters"},
    {header + "1,20261128,7,730,06484,VE", "mail:2:24: token \"VE\"; it must be a domain and its digits"},
    {header + "1,20261128,7,730,06484,VE=12a", "mail:2:24: token \"VE=12a\""},
    {header + "1,20261128,7,730,06484,VE=1 VE=2", "mail:2:29: a second token of domain VE"},
    {header + std::string("1,2026\xff", 7), "mail:2:7: "},
  };
  for (const auto& [text, says] : table) {
    const auto read = read_mail(text, "mail");
    BOOST_REQUIRE_MESSAGE(!read, text);
    BOOST_CHECK_MESSAGE(read.error().text().starts_with(says), read.error().text() << "\n  wanted " << says);
  }
  BOOST_CHECK(!read_mail(header + line + '\n' + line, "mail", 1));
}

BOOST_AUTO_TEST_CASE(a_long_run_of_mail_goes_in_several_files) {
  std::vector<indicium> all(2 * mail_batch_limit + 1, read_mail(header + line, "mail")->front());
  for (std::size_t i = 0; i < all.size(); ++i)
    all[i].piece = i;
  std::uint64_t next = 0;
  const auto files = mail_files(all, 100'000);
  BOOST_TEST(files.size() > 3u);
  for (const auto& file : files) {
    BOOST_TEST(file.size() <= 100'000u);
    const auto read = read_mail(file, "mail");
    BOOST_REQUIRE(read);
    for (const auto& piece : *read)
      BOOST_REQUIRE_EQUAL(piece.piece, next++);
  }
  BOOST_TEST(next == all.size());
  BOOST_TEST(mail_files(all, 10'000'000).size() == 3u);
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace oaksteel::testing
