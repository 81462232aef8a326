#include "events/ids.hpp"

#include "events/generators.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <limits>
#include <string>

using namespace oaksteel;

BOOST_AUTO_TEST_SUITE(ids)
namespace {

template <class Id>
void good(std::initializer_list<std::string_view> texts) {
  for (auto s : texts) {
    const auto id = Id::parse(s);
    BOOST_CHECK_MESSAGE(id.has_value(), "`" << s << "` is refused");
    if constexpr (requires { id->text(); })
      BOOST_CHECK_MESSAGE(id && id->text() == s, "`" << s << "` changes");
    else if constexpr (requires { id->hex(); })
      BOOST_CHECK_MESSAGE(id && id->hex() == s, "`" << s << "` changes");
    else
      BOOST_CHECK_MESSAGE(id && id->text == s, "`" << s << "` changes");
  }
}
template <class Id>
void bad(std::initializer_list<std::string_view> texts) {
  for (auto s : texts)
    BOOST_CHECK_MESSAGE(!Id::parse(s), "`" << s << "` passes");
}

/// Every value of a byte that is an enumerator has a name of its own, and no other value is valid.
template <class Enum>
void names(std::initializer_list<std::pair<int, std::string_view>> expected) {
  for (int n = 0; n < 256; ++n) {
    const auto value = static_cast<Enum>(n);
    const auto* known = std::find_if(expected.begin(), expected.end(), [&](const auto& e) { return e.first == n; });
    BOOST_TEST(valid(value) == (known != expected.end()));
    BOOST_TEST(name(value) == (known != expected.end() ? known->second : "?"));
  }
}

using namespace std::string_view_literals;

} // namespace

BOOST_AUTO_TEST_CASE(names_with_a_form) {
  good<domain_id>({"VE", "USPS", "A1", "ABCDEFGH"});
  bad<domain_id>({"", "V", "ABCDEFGHI", "1A", "ve", "V E", "V-E", "VE\n", "V\xC3\x84", "VE\0"sv});
  good<sequence_number>({"1", "0001", "ABC123", "1234567890123456"});
  bad<sequence_number>({"", "12345678901234567", "abc", "1-2", " 1"});
  good<product_code>({"1", "PC-1", "-", "ABCDEFGHIJKL"});
  bad<product_code>({"", "ABCDEFGHIJKLM", "pc", "PC_1"});
  good<indicia_serial>({"0", "4711", "123456789012"});
  bad<indicia_serial>({"", "1234567890123", "A1", "+1", "1 "});
  good<country_code>({"DE", "US"});
  bad<country_code>({"", "D", "DEU", "de", "D1"});
  good<label>({"a", "Anna.B-1_x", "abcdefghijklmnopqrstuvwxyz012345"});
  bad<label>({"", "abcdefghijklmnopqrstuvwxyz0123456", "a b", "a/b", "a|b", "\xFF"});
}

BOOST_AUTO_TEST_CASE(boxes) {
  good<box_id>({"M00000000", "O00000001", "S12345678", "B99999999", "T00000010"});
  bad<box_id>({"", "O", "O1", "O0000001", "O000000001", "X00000001", "o00000001", "O0000000x", "O+0000001", "O 0000001",
               "000000001"});
  const auto oak = box_id::parse("O00000017");
  BOOST_REQUIRE(oak);
  BOOST_CHECK(oak->type == box_type::oak);
  BOOST_TEST(oak->number == 17u);
}

BOOST_AUTO_TEST_CASE(generators) {
  names<generator_health>({{1, "OK"}, {2, "DEGRADED"}, {3, "FAILED"}});
  BOOST_TEST(name(generator_part::hardware) == "hardware");
  BOOST_TEST(name(generator_part::software) == "software");
  for (const auto& [type, two] : {std::pair{box_type::manufacturing, true}, {box_type::oak, true},
                                  {box_type::steel, false}, {box_type::brass, false}, {box_type::tin, false}})
    BOOST_TEST(has_two_generators(type) == two);
}

BOOST_AUTO_TEST_CASE(keys_and_orders) {
  good<key_id>({"VE/1", "USPS/18446744073709551615"});
  bad<key_id>({"", "VE", "VE/", "/1", "VE/0", "VE/01", "VE/-1", "VE/+1", "VE/1 ", "VE/1/2", "ve/1", "V/1",
               "VE/18446744073709551616", "VE/1\n"});
  good<order_id>({"1", "18446744073709551615"});
  bad<order_id>({"", "0", "01", "-1", "+1", " 1", "1 ", "18446744073709551616", "0x1"});
}

BOOST_AUTO_TEST_CASE(sets_of_shares) {
  const std::string text = "01ff0000000000000000000000000080";
  const auto set = share_set_id::parse(text);
  BOOST_REQUIRE(set);
  BOOST_TEST(set->text() == text);
  BOOST_CHECK(set->value[1] == 0xff && set->value[15] == 0x80);
  for (const auto& wrong : {std::string{}, text.substr(1), text + "0", text + "00", "01FF" + text.substr(4),
                            "0x" + text.substr(2), " 1" + text.substr(2)})
    BOOST_TEST(!share_set_id::parse(wrong), wrong);
}

BOOST_AUTO_TEST_CASE(digests) {
  good<digest>({"0000000000000000000000000000000000000000000000000000000000000000",
                "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"});
  bad<digest>({"", "00", "00112233445566778899aabbccddeeff00112233445566778899aabbccddeef",
               "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff0",
               "00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff",
               "0x112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
               "0g112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"});
  const auto d = digest::parse("01ff000000000000000000000000000000000000000000000000000000000080");
  BOOST_REQUIRE(d);
  BOOST_TEST(d->value[0] == 0x01);
  BOOST_TEST(d->value[1] == 0xFF);
  BOOST_TEST(d->value[31] == 0x80);
}

BOOST_AUTO_TEST_CASE(instants) {
  good<instant>({"1970-01-01T00:00:00.000000Z", "2026-03-02T06:00:00.000001Z", "1969-12-31T23:59:59.999999Z",
                 "2024-02-29T12:34:56.789012Z", "0000-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z"});
  // `date -u -d 2026-03-02T06:00:00Z +%s` and the like.
  const std::pair<std::string_view, std::int64_t> expected[] = {{"2026-03-02T06:00:00.000001Z", 1772431200000001},
                                                                {"2026-03-02T06:00:00Z", 1772431200000000},
                                                                {"2026-03-02", 1772409600000000},
                                                                {"1969-12-31", -86400000000},
                                                                {"1900-03-01", -2203891200000000}};
  for (const auto& [text, us] : expected) {
    const auto t = instant::parse(text);
    BOOST_REQUIRE(t);
    BOOST_TEST(t->us == us);
  }
  bad<instant>({"",
                "2026",
                "2026-03",
                "2026-3-2",
                "2026-02-29",
                "2025-13-01",
                "2025-00-01",
                "2025-01-00",
                "2025-04-31",
                "2026-03-02T",
                "2026-03-02T06:00Z",
                "2026-03-02T06:00:00",
                "2026-03-02T24:00:00Z",
                "2026-03-02T06:60:00Z",
                "2026-03-02T06:00:60Z",
                "2026-03-02 06:00:00Z",
                "2026-03-02t06:00:00z",
                "2026-03-02T06:00:00.1Z",
                "2026-03-02T06:00:00.0000001Z",
                "2026-03-02T06:00:00,000001Z",
                "2026-03-02T06:00:00+00:00",
                "2026/03/02",
                "-026-03-02",
                "2026-03-02T06:00:00ZZ",
                "2026-03-02T06:00:00.00000xZ",
                "2026-03-0a"});
  // Outside four-digit years there is still a text, and no overflow.
  BOOST_TEST(instant{std::numeric_limits<std::int64_t>::max()}.text() == "294247-01-10T04:00:54.775807Z");
  BOOST_TEST(instant{std::numeric_limits<std::int64_t>::min()}.text() == "-290308-12-21T19:59:05.224192Z");
}

BOOST_AUTO_TEST_CASE(days) {
  good<calendar_date>({"20260302", "20240229", "19000228", "00010101"});
  bad<calendar_date>(
      {"", "2026030", "202603020", "20260229", "20261301", "20260100", "20260432", "2026-3-2", "+2026030", "19000229"});
  BOOST_TEST(calendar_date::of(*instant::parse("2026-03-02T23:59:59.999999Z")).text() == "20260302");
  BOOST_TEST(calendar_date::of(*instant::parse("1969-12-31T23:59:59.999999Z")).text() == "19691231");
  BOOST_TEST(calendar_date::of(instant{0}).text() == "19700101");
  BOOST_TEST(calendar_date::parse("20260302")->period() == "202603");
  BOOST_TEST(calendar_date::of(instant{std::numeric_limits<std::int64_t>::max()}).text() == "99990110");
  BOOST_TEST(calendar_date::of(instant{std::numeric_limits<std::int64_t>::min()}).text() == "00001221");
}

// EP-18: "a date compares as a calendar day in the domain's time zone".
BOOST_AUTO_TEST_CASE(days_of_a_time_zone) {
  good<time_zone>({"+00:00", "+01:00", "-05:00", "+05:45", "-03:30", "+14:00", "-12:00"});
  bad<time_zone>({"", "0", "+1:00", "+01:0", "+0100", "01:00", "+01:60", "+14:01", "-12:01", "+24:00", "Z", "UTC",
                  "+0a:00", "+01-00", "+01:00 "});
  BOOST_TEST(time_zone::parse("-05:30")->minutes == -330);
  BOOST_TEST(!valid(time_zone{std::numeric_limits<std::int16_t>::min()}));
  BOOST_TEST(!valid(time_zone{14 * 60 + 1}));
  const auto evening = *instant::parse("2026-03-02T23:30:00Z");
  BOOST_TEST(calendar_date::of(evening, {0}).text() == "20260302");
  BOOST_TEST(calendar_date::of(evening, {29}).text() == "20260302");
  BOOST_TEST(calendar_date::of(evening, {30}).text() == "20260303");
  BOOST_TEST(calendar_date::of(evening, {-12 * 60}).text() == "20260302");
  BOOST_TEST(calendar_date::of(*instant::parse("2026-03-01T04:59:59Z"), {-5 * 60}).text() == "20260228");
  BOOST_TEST(calendar_date::of(instant{std::numeric_limits<std::int64_t>::max()}, {60}).text() == "99990110");
  BOOST_TEST(calendar_date::of(instant{std::numeric_limits<std::int64_t>::min()}, {-60}).text() == "00001221");
}

BOOST_AUTO_TEST_CASE(closed_lists) {
  names<box_type>({{'M', "manufacturing"}, {'O', "oak"}, {'S', "steel"}, {'B', "brass"}, {'T', "tin"}});
  names<suite_id>({{1, "rsa3072"}, {2, "p256"}});
  names<stream_kind>({{1, "node"},
                      {2, "box"},
                      {3, "domain"},
                      {4, "key"},
                      {5, "key_counter"},
                      {6, "order"},
                      {7, "order_book"},
                      {8, "distribution"},
                      {9, "meter"},
                      {10, "faults"},
                      {11, "allocator"}, {12, "admission"}, {13, "authority"}, {14, "neighbour"}, {15, "operation"}});
  names<participant_kind>({{1, "domain"}, {2, "box"}, {3, "key"}, {4, "meter"}, {5, "custodian"}, {6, "order"}, {7, "operator"}});
  BOOST_CHECK(parse_suite("rsa3072") == suite_id::rsa3072);
  BOOST_CHECK(parse_suite("p256") == suite_id::p256);
  for (const auto* s : {"", "P256", "p256 ", "?", "rsa2048"})
    BOOST_CHECK(!parse_suite(s));
}

BOOST_AUTO_TEST_CASE(streams) {
  BOOST_TEST((stream_id{stream_kind::key, "VE/1"}.text()) == "key/VE/1");
  BOOST_TEST((stream_id{stream_kind::order_book, ""}.text()) == "order_book");
}

BOOST_AUTO_TEST_SUITE_END()
