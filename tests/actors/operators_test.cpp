// What a node notes of operators' commands (SYS-6): that they were asked, by whom, and what was answered; and what it does
// not let through.

#include "actors/operators.hpp"
#include "crypto/envelope.hpp"
#include "storage/find_event.hpp"
#include "storage/signatures.hpp"
#include "storage/signed_body.hpp"
#include "tests/actors/shell_bench.hpp"
#include "tests/test_operator.hpp"

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(operators_of_a_node)
namespace {

begin_operation command_of(const test_operator& who, const operation_body& body, const std::string& scope) {
  const auto bytes_signed = encode_body(body);
  auto proof = prove(who.key, {"operation", scope}, {bytes_signed}, *who.random).front();
  return {{}, {body.by, body.id, who.der, {bytes_signed, std::move(proof)}}, body, "request_key", true, true};
}

struct node_bench {
  shell_bench here{false};
  operators_actor notes = here.world().system().spawn(operators, label{"post"}, here.around());
  test_operator ada{"Ada"};

  ~node_bench() {
    caf::anon_send_exit(notes, caf::exit_reason::user_shutdown);
    here.settle();
  }
  operation_body body(const std::string& id, const std::string& request = "{}") {
    return {{"post"}, {"Ada"}, {id}, here.world().time().now(), request, {}};
  }
  template <class Answer, class Message>
  std::pair<std::optional<Answer>, std::optional<refusal>> tell(Message m) {
    m.head.id = {"test", ++count_};
    auto p = here.world().ask<Answer>(notes, m);
    here.world().run_until([&] { return p->ready(); });
    return {p->failure ? std::nullopt : std::optional{*p->answer}, p->failure};
  }
  auto begin(const begin_operation& m) { return tell<operation_begun>(m); }
  void end(const std::string& id, const std::string& answer, bool failed = false) {
    BOOST_TEST(!tell<acknowledged>(end_operation{{}, {{"Ada"}, {id}, answer}, failed}).second);
  }
  std::uint64_t records() { return here.written().size(); }
  template <class Event>
  std::vector<Event> events() {
    std::vector<Event> all;
    const auto view = here.written().view();
    for (std::uint64_t at = 1; at <= records(); ++at)
      if (auto e = read_as<Event>(*view.at(at)))
        all.push_back(std::move(*e));
    return all;
  }

private:
  std::uint64_t count_ = 0;
};

} // namespace

BOOST_AUTO_TEST_CASE(a_command_is_noted_with_its_signature_and_what_follows_has_it_as_its_cause) {
  node_bench node;
  const auto [begun, refused] = node.begin(command_of(node.ada, node.body("c-1", R"({"request":"x"})"), "post"));
  BOOST_REQUIRE(begun && !refused);
  BOOST_TEST(!begun->answer.has_value());
  const auto asked = find_event<operation_asked>(node.here.written().view(), lookup::operation, "Ada/c-1");
  BOOST_REQUIRE(asked);
  BOOST_TEST(begun->head.cause.position == asked->position);
  BOOST_TEST(begun->head.correlation.position == asked->position);
  // Anybody can check it from the log alone.
  signature_checker checker;
  const auto found = checker.check(asked->event, "operators", true);
  BOOST_REQUIRE_EQUAL(found.parts.size(), 1u);
  BOOST_TEST(found.parts.front().verified);
  auto changed = asked->event;
  changed.command.body.back() ^= 1;
  BOOST_TEST(checker.check(changed, "operators", true).facts.problem.has_value());
  changed = asked->event;
  changed.operator_name = {"Bela"};
  BOOST_TEST(checker.check(changed, "operators", true).facts.problem.has_value());
}

BOOST_AUTO_TEST_CASE(the_same_command_again_gets_the_first_answer_and_changes_nothing) {
  node_bench node;
  const auto command = command_of(node.ada, node.body("c-1"), "post");
  BOOST_REQUIRE(node.begin(command).first);
  // It is worked on: not twice at once.
  BOOST_CHECK(node.begin(command).second == refusal::busy);
  node.end("c-1", "first");
  const auto before = node.records();
  const auto again = node.begin(command).first;
  BOOST_REQUIRE(again);
  BOOST_TEST(again->answer.value() == "first");
  BOOST_TEST(node.records() == before);
  // Signed anew it is the same; another request is not.
  BOOST_TEST(node.begin(command_of(node.ada, node.body("c-1"), "post")).first->answer.value() == "first");
  BOOST_CHECK(node.begin(command_of(node.ada, node.body("c-1", "[]"), "post")).second == refusal::operation_id_taken);
}

BOOST_AUTO_TEST_CASE(a_command_that_was_cut_off_is_done_again_and_not_noted_twice) {
  node_bench node;
  const auto command = command_of(node.ada, node.body("c-1"), "post");
  const auto first = node.begin(command).first;
  BOOST_REQUIRE(first);
  // The node ends before its answer, and comes back.
  caf::anon_send_exit(node.notes, caf::exit_reason::user_shutdown);
  node.here.settle();
  node.notes = node.here.world().system().spawn(operators, label{"post"}, node.here.around());
  const auto again = node.begin(command).first;
  BOOST_REQUIRE(again);
  BOOST_TEST(!again->answer.has_value());
  BOOST_TEST(again->head.cause.position == first->head.cause.position);
  BOOST_TEST(node.events<operation_asked>().size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_is_refused_is_an_event_that_names_him) {
  node_bench node;
  const test_operator other{"Ada", 8}; // the same name, another key
  const auto with = [&](auto change) {
    auto m = command_of(node.ada, node.body("c-2"), "post");
    change(m);
    return m;
  };
  auto late = node.body("c-2");
  late.time.us -= 601'000'000;
  auto elsewhere = node.body("c-2");
  elsewhere.node = {"factory"};
  const std::pair<begin_operation, refusal> table[] = {
    {with([](auto& m) { m.asked.command.proof.back() ^= 1; }), refusal::signature_invalid},
    {with([](auto& m) { m.asked.command.body.back() ^= 1; }), refusal::signature_invalid},
    {with([](auto& m) { m.asked.operator_name = {"Bela"}; }), refusal::signature_invalid},
    {with([&](auto& m) { m.asked.command = command_of(other, m.body, "post").asked.command; }), refusal::signature_invalid},
    {command_of(node.ada, elsewhere, "factory"), refusal::signature_invalid},
    {with([](auto& m) { m.permitted = false; }), refusal::role_not_permitted},
    {with([](auto& m) { m.permitted = m.changes = false; }), refusal::role_not_permitted},
    {command_of(node.ada, late, "post"), refusal::operation_time_wrong},
  };
  std::size_t count = 0;
  for (const auto& [m, why] : table) {
    BOOST_CHECK_MESSAGE(node.begin(m).second == why, name(why));
    const auto faults = node.events<fault_recorded>();
    BOOST_REQUIRE_EQUAL(faults.size(), ++count);
    BOOST_CHECK(faults.back().reason == why);
    BOOST_TEST(faults.back().command == "request_key");
    BOOST_REQUIRE(!faults.back().involved.empty());
    BOOST_TEST(faults.back().involved.front().id == m.asked.operator_name.text);
  }
  BOOST_TEST(node.events<operation_asked>().empty());
  // And after all of them his command goes through.
  BOOST_TEST(node.begin(command_of(node.ada, node.body("c-2"), "post")).first.has_value());
}

BOOST_AUTO_TEST_CASE(what_only_asks_leaves_no_event) {
  node_bench node;
  auto m = command_of(node.ada, node.body("c-3"), "post");
  m.changes = false;
  const auto before = node.records();
  BOOST_TEST(node.begin(m).first.has_value());
  BOOST_TEST(node.begin(m).first.has_value());
  BOOST_TEST(node.records() == before);
}

// What one operator is refused fills no log, and takes nothing from the others.
BOOST_AUTO_TEST_CASE(who_is_refused_again_and_again_is_busy) {
  node_bench node;
  auto m = command_of(node.ada, node.body("c-4"), "post");
  m.permitted = m.changes = false;
  for (std::size_t i = 0; i < operator_refusals_limit; ++i)
    BOOST_REQUIRE(node.begin(m).second == refusal::role_not_permitted);
  const auto before = node.records();
  for (int i = 0; i < 10; ++i)
    BOOST_CHECK(node.begin(m).second == refusal::busy);
  BOOST_TEST(node.records() == before);
  const test_operator bela{"Bela"};
  auto body = node.body("c-5");
  body.by = {"Bela"};
  BOOST_TEST(node.begin(command_of(bela, body, "post")).first.has_value());
}

// Nor does what he may ask for and what comes to nothing.
BOOST_AUTO_TEST_CASE(who_asks_for_what_cannot_be_done_again_and_again_is_busy) {
  node_bench node;
  const auto asks = [&](std::size_t n) { return node.begin(command_of(node.ada, node.body("f-" + std::to_string(n)), "post")); };
  for (std::size_t n = 0; n < operator_refusals_limit; ++n) {
    BOOST_REQUIRE(asks(n).first.has_value());
    node.end("f-" + std::to_string(n), "{}", true);
  }
  const auto before = node.records();
  BOOST_CHECK(asks(operator_refusals_limit).second == refusal::busy);
  BOOST_TEST(node.records() == before);
  node_bench other;
  for (std::size_t n = 0; n < operator_refusals_limit; ++n) {
    BOOST_REQUIRE(other.begin(command_of(other.ada, other.body("g-" + std::to_string(n)), "post")).first.has_value());
    other.end("g-" + std::to_string(n), "{}");
  }
  BOOST_CHECK(other.begin(command_of(other.ada, other.body("g-last"), "post")).first.has_value()); // what is done counts for nothing
}

BOOST_AUTO_TEST_CASE(a_time_of_no_clock_is_refused) {
  node_bench node;
  for (const auto us : {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    auto body = node.body("c-6");
    body.time.us = us;
    BOOST_CHECK(node.begin(command_of(node.ada, body, "post")).second == refusal::operation_time_wrong);
  }
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace oaksteel::testing
