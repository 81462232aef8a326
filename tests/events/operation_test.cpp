// What an operator asks over the network (SYS-6): whose command it is, whether he may, whether it came before.

#include "events/operation.hpp"

#include <boost/test/unit_test.hpp>

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(operations_of_operators)
namespace {

const operation_asked asked{{"Ada"}, {"c-1"}, {1}, {{2}, {3}}};
constexpr operation_check fine{true, true, true, false};

} // namespace

BOOST_AUTO_TEST_CASE(each_command_is_asked_once) {
  operation state;
  const auto first = decide(state, asked, fine);
  BOOST_REQUIRE(first && first->size() == 1);
  BOOST_CHECK(std::get<operation_asked>(first->front()) == asked);
  evolve(state, asked);
  // Again, as the same command: also when its time has long passed.
  auto again = fine;
  again.same_request = true;
  again.in_time = false;
  const auto second = decide(state, asked, again);
  BOOST_CHECK(second && second->empty());
}

BOOST_AUTO_TEST_CASE(each_refusal_and_what_goes_first) {
  operation seen;
  evolve(seen, asked);
  const std::tuple<operation, operation_check, refusal> table[] = {
    {{}, {false, true, true, false}, refusal::signature_invalid},
    {{}, {false, false, false, false}, refusal::signature_invalid},
    {{}, {true, false, true, false}, refusal::role_not_permitted},
    {{}, {true, true, false, false}, refusal::operation_time_wrong},
    {seen, {true, true, true, false}, refusal::operation_id_taken},
    {seen, {true, false, true, true}, refusal::role_not_permitted},
  };
  for (const auto& [state, check, why] : table) {
    const auto decided = decide(state, asked, check);
    BOOST_TEST((!decided && decided.error() == why), name(why));
  }
}

BOOST_AUTO_TEST_CASE(an_answer_follows_what_was_asked_and_is_the_first) {
  const operation_answered answered{{"Ada"}, {"c-1"}, "{}"};
  operation state;
  const auto unasked = decide(state, answered);
  BOOST_CHECK(!unasked && unasked.error() == refusal::order_stage_wrong);
  evolve(state, asked);
  BOOST_CHECK(decide(state, answered)->size() == 1);
  evolve(state, answered);
  BOOST_CHECK(decide(state, answered)->empty());
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace oaksteel::testing
