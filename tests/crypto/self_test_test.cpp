#include "crypto/self_test.hpp"

#include <boost/test/unit_test.hpp>

#include <set>
#include <stdexcept>

using namespace oaksteel;

BOOST_AUTO_TEST_SUITE(self_test)

BOOST_AUTO_TEST_CASE(every_known_answer_holds) {
  std::set<std::string> names;
  for (const auto& one : known_answers()) {
    BOOST_TEST(one.holds(), one.name);
    BOOST_TEST(names.insert(one.name).second);
    BOOST_TEST(one.name.find('(') != one.name.npos, one.name << " names no source");
  }
  // EP-8, EP-11: hash, MAC, cipher, CMAC, derivation, generator, both signatures, shares.
  BOOST_TEST(names.size() == 9u);
  BOOST_CHECK(!wrong_answer(known_answers()));
}

BOOST_AUTO_TEST_CASE(the_one_that_is_wrong_is_named) {
  for (std::size_t i = 0; i < known_answers().size(); ++i) {
    auto answers = known_answers();
    answers[i].holds = [] { return false; };
    BOOST_TEST(wrong_answer(answers).value_or("") == answers[i].name + " gives a wrong answer");
    answers[i].holds = []() -> bool { throw std::runtime_error("no such algorithm"); };
    BOOST_TEST(wrong_answer(answers).value_or("") == answers[i].name + " gives no answer: no such algorithm");
  }
}

BOOST_AUTO_TEST_SUITE_END()
