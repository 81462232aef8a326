#include "node/line_address.hpp"

#include <boost/test/unit_test.hpp>

namespace oaksteel {

BOOST_AUTO_TEST_SUITE(line_addresses)

BOOST_AUTO_TEST_CASE(each_is_read_and_written) {
  const auto read = [](std::string_view text) {
    const auto a = parse_line_address(text, "/site");
    BOOST_REQUIRE_MESSAGE(a, text);
    return *a;
  };
  BOOST_CHECK_EQUAL(read("/dev/ttyS0").text(), "/dev/ttyS0");
  BOOST_CHECK_EQUAL(read("lines/../a").text(), "/site/a");
  BOOST_CHECK(!read("tcp").is_tcp());
  for (const auto* text : {"tcp:127.0.0.1:7001", "tcp:[::1]:65535", "tcp:meters.example:1"}) {
    BOOST_CHECK(read(text).is_tcp());
    BOOST_CHECK_EQUAL(read(text).text(), text);
  }
  BOOST_CHECK_EQUAL(read("tcp:[::1]:7001").host, "::1");
  BOOST_CHECK_EQUAL(read("tcp:a:07001").port, "7001");
}

BOOST_AUTO_TEST_CASE(what_is_none_is_refused) {
  const std::string nul{"/dev/a\0b", 8};
  for (const std::string& text :
       {std::string{}, nul, std::string(1025, 'a'), std::string{"tcp:"}, std::string{"tcp:7001"}, std::string{"tcp:a:"},
        std::string{"tcp::1"}, std::string{"tcp:a:0"}, std::string{"tcp:a:65536"}, std::string{"tcp:a:-1"},
        std::string{"tcp:a:1x"}, std::string{"tcp:::1:1"}, std::string{"tcp:[]:1"}, std::string{"tcp:a:99999999999"}}) {
    const auto a = parse_line_address(text, "/site");
    BOOST_CHECK_MESSAGE(!a && a.error().find("is no line; it must be") != std::string::npos &&
                            a.error().find('\n') == std::string::npos && a.error().size() < 300,
                        text.substr(0, 40));
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel
