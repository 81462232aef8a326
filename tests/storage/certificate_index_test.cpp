#include "storage/certificate_index.hpp"

#include <boost/test/unit_test.hpp>

using namespace oaksteel;

BOOST_AUTO_TEST_SUITE(certificate_index_text)
namespace {

instant at(std::string_view text) { return instant::parse(text).value(); }

certificate_index two() {
  certificate_index index;
  index.list = 3;
  digest some;
  some.value.fill(0xAB);
  index.issued.push_back({holder_name::parse("node:factory").value(),
                          {},
                          certificate_serial::parse("41ff").value(),
                          some,
                          {at("2026-03-02T06:00:00Z"), at("2026-04-01T06:00:00Z")},
                          {}});
  index.issued.push_back({holder_name::parse("operator:Ada").value(),
                          {operator_role::officer, operator_role::auditor},
                          certificate_serial::parse("0102").value(),
                          some,
                          {at("2026-03-02T06:00:00Z"), at("2026-04-01T06:00:00Z")},
                          at("2026-03-03T06:00:00Z")});
  return index;
}

// As the grammar at the top of certificate_index.hpp says.
const std::string ab = "abababababababababababababababababababababababababababababababab";
const std::string written = "oaksteel certificates 1\nlist 3\ncount 2\n"
                            "41ff node:factory - 2026-03-02T06:00:00.000000Z 2026-04-01T06:00:00.000000Z " +
                            ab +
                            " -\n"
                            "0102 operator:Ada officer,auditor 2026-03-02T06:00:00.000000Z "
                            "2026-04-01T06:00:00.000000Z " +
                            ab + " 2026-03-03T06:00:00.000000Z\n";

} // namespace

BOOST_AUTO_TEST_CASE(an_index_is_written_as_its_grammar_says) {
  BOOST_TEST(two().text() == written);
  const auto read = certificate_index::parse(written).value();
  BOOST_TEST(read.text() == written);
  BOOST_TEST(read.revoked().size() == 1u);
  BOOST_TEST(read.revoked().front().serial.text() == "0102");
  BOOST_TEST(certificate_index::parse(certificate_index{}.text()).value().issued.empty());
}

BOOST_AUTO_TEST_CASE(a_certificate_is_good_until_it_ends_or_is_revoked) {
  const auto index = two();
  BOOST_TEST(index.issued[0].good_at(at("2026-04-01T06:00:00Z")));
  BOOST_TEST(!index.issued[0].good_at(at("2026-04-01T06:00:00.000001Z")));
  BOOST_TEST(!index.issued[1].good_at(at("2026-03-02T07:00:00Z")));
}

BOOST_AUTO_TEST_CASE(an_index_with_anything_changed_is_refused_with_its_line) {
  const auto changed = [](const std::string& what, const std::string& with) {
    auto text = written;
    text.replace(text.find(what), what.size(), with);
    const auto read = certificate_index::parse(text);
    return read ? "taken" : read.error();
  };
  BOOST_TEST(changed("certificates 1", "certificates 2").starts_with("the first line"));
  BOOST_TEST(changed("list 3", "list x").starts_with("line 2"));
  BOOST_TEST(changed("count 2", "count").starts_with("line 3"));
  for (const auto& [what, with] : {std::pair<std::string, std::string>{"41ff", "41FF"},
                                   {"41ff", "0041"},
                                   {"node:factory", "box:factory"},
                                   {"factory - ", "factory officer  "},
                                   {"06:00:00.000000Z 2026-04", "06:00:00Z 2026-04"},
                                   {ab + " -", ab + "  -"},
                                   {" -\n", "\n"},
                                   {ab, ab.substr(1)}})
    BOOST_TEST(changed(what, with).starts_with("line 4"), what << " " << with);
  BOOST_TEST(changed("officer,auditor", "officer,director").starts_with("line 5"));
  BOOST_TEST(changed("03T06:00:00.000000Z", "03T06:00:00.000000").starts_with("line 5"));
  // What is cut off, or there twice.
  BOOST_TEST(changed("list 3", "list 03").find("certificates") != std::string::npos);
  BOOST_TEST(!certificate_index::parse(written.substr(0, written.find("0102"))));
  BOOST_TEST(!certificate_index::parse(written.substr(0, written.size() - 1)));
  BOOST_TEST(!certificate_index::parse(written + written.substr(written.find("0102"))));
  BOOST_TEST(!certificate_index::parse(""));
}

BOOST_AUTO_TEST_SUITE_END()
