#include "scenarios/script.hpp"

#include "tests/scenarios/mutation.hpp"

namespace oaksteel {

BOOST_AUTO_TEST_SUITE(scenario_labels)
namespace {

/// A label file and its one line of error.
struct wrong {
  std::string text;
  std::string says;
};

const std::string header = "product_code,sequence_number\n";

std::string labels_of(const std::string& text) {
  const auto result = parse_labels(text, "f");
  if (!result)
    return result.error().text();
  std::string all;
  for (const auto& l : *result)
    all += l.product.text + "/" + l.meter.text + " ";
  return all;
}

} // namespace

BOOST_AUTO_TEST_CASE(reads_labels) {
  const std::string both = "DM400/M1 DM-475/M2 ";
  const std::pair<std::string, std::string> table[] = {
    {"LF", header + "DM400,M1\nDM-475,M2\n"},
    {"no last line feed", header + "DM400,M1\nDM-475,M2"},
    {"CRLF", "product_code,sequence_number\r\nDM400,M1\r\nDM-475,M2\r\n"},
    {"byte-order mark", "\xef\xbb\xbf" + header + "DM400,M1\nDM-475,M2\n"},
    {"quotes", "\"product_code\",\"sequence_number\"\n\"DM400\",M1\nDM-475,\"M2\"\r\n"},
    {"columns in another order", "sequence_number,product_code\nM1,DM400\nM2,DM-475\n"},
    {"other columns", "note,product_code,,sequence_number,\na,DM400,,M1,\n\"b, \"\"c\"\"\nd\",DM-475,,M2,x\n"},
    {"other alphabets in other columns", "n\u00f6te,product_code,sequence_number\n\u20ac,DM400,M1\n,DM-475,M2\n"},
    {"empty lines", "\n" + header + "\nDM400,M1\n\r\n\nDM-475,M2\n\n"},
    {"a line of 1024 bytes",
     "product_code,sequence_number,n\nDM400,M1," + std::string(1024 - 9, 'n') + "\nDM-475,M2,\n"},
  };
  for (const auto& [what, text] : table)
    BOOST_TEST(labels_of(text) == both, what << ": " << labels_of(text));
}

BOOST_AUTO_TEST_CASE(says_where_each_mistake_is) {
  const std::string must =
    "the first line must name the columns \"product_code\" and \"sequence_number\", separated by commas";
  const std::string form = "it must be a manufacturing sequence number (1 to 16 digits or capital letters)";
  const std::string product = "it must be a product code (1 to 12 digits, capital letters or `-`)";
  const std::string too_long = "this line is too long; it must have at most 1024 bytes";
  const std::string open = "a quote that is not closed; the value must end with a quote, within 1024 bytes";
  const std::string long_line(1'000'000, 'X');
  const wrong table[] = {
    // the file
    {"", "f:1:1: no header; " + must},
    {"\xef\xbb\xbf", "f:1:1: no header; " + must},
    {"\n\r\n", "f:1:1: no header; " + must},
    {header, "f:2:1: no labels under the header; there must be a line for each meter"},
    {"product_code,sequence_number", "f:1:29: no labels under the header; there must be a line for each meter"},
    {header + "DM400,M1\rDM400,M2\n",
     "f:2:9: a carriage return alone; lines must end with a line feed (LF, or CR and LF)"},
    {header + "DM400,M1\r", "f:2:9: a carriage return alone; lines must end with a line feed (LF, or CR and LF)"},
    {header + std::string("DM\0", 3), "f:2:3: a NUL byte; this must be a text file in UTF-8"},
    {header + "DM400,M\xe9\n", "f:2:8: bytes that are not UTF-8; this must be a text file in UTF-8"},
    {header + "DM400,M\xc0\x80\n", "f:2:8: bytes that are not UTF-8; this must be a text file in UTF-8"},
    {header + "DM400,M\xed\xa0\x80\n", "f:2:8: bytes that are not UTF-8; this must be a text file in UTF-8"},
    {header + "DM400,M\xf4\x90\x80\x80\n", "f:2:8: bytes that are not UTF-8; this must be a text file in UTF-8"},
    {header + "DM400,M\xe2\x82", "f:2:8: bytes that are not UTF-8; this must be a text file in UTF-8"},
    {"\xff\xfep\0r\0", "f:1:1: bytes that are not UTF-8; this must be a text file in UTF-8"},
    // the header
    {"product_code,number\nDM400,M1\n", "f:1:1: no column \"sequence_number\" in \"product_code,number\"; " + must},
    {"sequence_number\nM1\n", "f:1:1: no column \"product_code\" in \"sequence_number\"; " + must},
    {"product_code;sequence_number\n",
     "f:1:1: no column \"product_code\" in \"product_code;sequence_number\"; " + must},
    {"DM400,M1\n", "f:1:1: no column \"product_code\" in \"DM400,M1\"; " + must},
    {"product_code,sequence_number,product_code\n",
     "f:1:30: the column \"product_code\" is already there; name each column once"},
    // the rows
    {header + "DM400,m1\n", "f:2:7: sequence_number is \"m1\"; " + form},
    {header + "DM400,-5\n", "f:2:7: sequence_number is \"-5\"; " + form},
    {header + "DM400,\n", "f:2:7: sequence_number is \"\"; " + form},
    {header + "DM400, M1\n", "f:2:7: sequence_number is \" M1\"; " + form},
    {header + "DM400,\"M\n1\"\n", "f:2:7: sequence_number is \"M\\x0a1\"; " + form},
    {header + "DM400,12345678901234567\n", "f:2:7: sequence_number is \"12345678901234567\"; " + form},
    {header + "dm,M1\n", "f:2:1: product_code is \"dm\"; " + product},
    {header + "\u00e9,M1\n", "f:2:1: product_code is \"\u00e9\"; " + product},
    {header + "DM400\n", "f:2:6: no value for the column \"sequence_number\"; this row has 1 of the header's 2 values"},
    {header + "DM400,M1,\n", "f:2:10: a value too many; this row has 3 of the header's 2 values"},
    {header + "DM400,M1,x,y\n", "f:2:10: a value too many; this row has 4 of the header's 2 values"},
    {header + "DM400,M1\n\nDM400,M2\nDM475,M1\n",
     "f:5:7: sequence_number \"M1\" is already on line 2; each meter must have its own"},
    // quotes
    {header + "DM400,\"M1\n", "f:2:7: " + open},
    {header + "DM400,\"M1\nDM400,M2\n" + std::string(2000, '\n'), "f:2:7: " + open},
    {header + "DM400,\"M1\nDM400,\"M2\"\n",
     "f:2:7: a quote that is not closed on its line; the value must end with a quote"},
    {header + "DM400,\"M1\"x\n", "f:2:11: text behind a closing quote; a comma or the end of the line must follow, and "
                                 "a quote inside a value must be "
                                 "written twice"},
    {header + "DM400,M\"1\"\n",
     "f:2:8: a quote inside a value; put the whole value in quotes, and write this one twice"},
    // long lines
    {long_line, "f:1:1025: " + too_long},
    {header + long_line, "f:2:1025: " + too_long},
    {header + "DM400,M1\n" + std::string(1'000'000, ','), "f:3:1025: " + too_long},
    {header + "DM400,\"" + long_line + "\"\n", "f:2:7: " + open},
  };
  for (const auto& w : table)
    BOOST_TEST(labels_of(w.text) == w.says, labels_of(w.text) << "\n  wanted " << w.says);
}

BOOST_AUTO_TEST_CASE(bounds_file_and_number) {
  BOOST_TEST(labels_of(std::string(label_file_limit + 1, '\n')) ==
             "f: the label file is too large; it must have at most 67108864 bytes");
  std::string text = header;
  for (std::size_t i = 0; i < label_limit; ++i)
    text += "D," + std::to_string(i) + "\n";
  const auto all = parse_labels(text, "f");
  BOOST_REQUIRE(all);
  BOOST_TEST(all->size() == label_limit);
  BOOST_TEST(labels_of(text + "D,M1\n") == "f:1000002:1: too many labels; a file must have at most 1000000");
}

BOOST_AUTO_TEST_CASE(reads_the_shipped_labels) {
  const auto read = [](const std::string& file) {
    const auto text = read_text(scenario_file(file), label_file_limit);
    BOOST_REQUIRE_MESSAGE(text, file);
    return parse_labels(*text, file);
  };
  BOOST_TEST(read("labels.csv")->size() == 24u);
  BOOST_TEST(read("small-labels.csv")->size() == 4u);
}

BOOST_AUTO_TEST_CASE(survives_mutations) {
  check_mutations(*read_text(scenario_file("labels.csv"), label_file_limit),
                  [](const std::string& text) { return parse_labels(text, "f"); });
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel
