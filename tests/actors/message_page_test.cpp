#include "actors/link/message_page.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace oaksteel::testing {

BOOST_AUTO_TEST_SUITE(page_of_messages)

BOOST_AUTO_TEST_CASE(the_page_in_docs_is_current) {
  std::ifstream file{"docs/messages.md", std::ios::binary};
  BOOST_REQUIRE(file);
  std::stringstream kept;
  kept << file.rdbuf();
  BOOST_CHECK_MESSAGE(kept.str() == message_page(), "run: oaksteel messages > docs/messages.md");
}

// EP-15, the table: each message, or each record in the message that carries it, with who may send it (PSR relays what
// Steel and meter say to each other).
BOOST_AUTO_TEST_CASE(every_message_of_a_key_is_on_it) {
  struct wanted {
    std::string part, message, from, records;
  };
  const auto page = message_page();
  const auto section = [&](const std::string& title) {
    const auto at = page.find("\n## " + title + "\n");
    BOOST_REQUIRE_MESSAGE(at != std::string::npos, title);
    return page.substr(at, page.find("\n## ", at + 1) - at);
  };
  const std::vector<wanted> table{
    {"To kmc", "MI0", "kdc", ""},         {"Answers", "MI0'", "", ""},
    {"To oak", "MI1", "kmc", ""},         {"Answers", "MI2", "", "MI3, MI4"},
    {"To archive", "store record", "kmc", "MI3 or MI9 or MB2 or MR3 or MO2"},
    {"To kdc", "MI4r", "psr", ""},        {"To kdc", "MI4", "kmc", "MI4"},
    {"To meter", "MI5q", "psr", ""},    {"Answers", "MI5i", "", ""},
    {"To meter", "MI5", "psr", ""},     {"Answers", "MI5s", "", ""},
    {"To meter", "MI6r", "psr", ""},    {"Answers", "MI6", "", ""},
    {"To meter", "MI6c", "psr", ""},    {"To kdc", "MI7", "psr", "MI7"},
    {"To kmc", "MI7", "kdc", "MI7"},      {"To brass", "MI8", "kmc", "MI3, MI7"},
    {"Answers", "MI9", "", "MI9"},        {"To kdc", "settle", "kmc", "MI10 or MB3"},
    {"To brass", "MB1", "kmc", "MI3, MI7"}, {"Answers", "MB2", "", "MB2"},
    {"To kmc", "MR1", "kdc", ""},         {"To brass", "MR2", "kmc", "MI9"},
    {"Answers", "MR3", "", "MR3"},        {"To kmc", "MO0", "site, neighbour", ""},
    {"To brass", "MO1", "kmc", "MI9 or MR3"}, {"Answers", "MO2", "", "MO2"},
    {"Answers", "confirmed", "", "MI10 or MB3 or MR4 or MO3"}};
  for (const auto& w : table) {
    const auto rows = section(w.part);
    const auto at = rows.find("| **" + w.message + "**: ");
    if (at == std::string::npos) {
      BOOST_ERROR(w.part << ": no " << w.message);
      continue;
    }
    const auto row = rows.substr(at, rows.find('\n', at) - at);
    if (!w.from.empty())
      BOOST_CHECK_MESSAGE(row.find("| " + w.from + " |") != std::string::npos, w.from << ": " << row);
    BOOST_CHECK_MESSAGE(row.find("| " + w.records + " |") != std::string::npos, w.records << ": " << row);
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
