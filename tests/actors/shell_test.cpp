// The shell keeps SYS-2 for every actor: nothing is answered before the events that it rests on are durable, in the
// order in which the commands came; what could not be written is answered with the error and forgotten.

#include "tests/actors/shell_bench.hpp"

#include "crypto/envelope.hpp"

#include <iostream>

#include <sys/wait.h>
#include <unistd.h>

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(shell_rules)
namespace {

using lines = std::vector<std::string>;

void check_said(const shell_bench& bench, const lines& wanted) {
  BOOST_CHECK_EQUAL_COLLECTIONS(bench.said.begin(), bench.said.end(), wanted.begin(), wanted.end());
}

/// A number that a worker finds.
struct found {
  int number = -1;
};

/// Six signed records of one batch of commands; run by what the bench has as workers and journal.
struct signing_bench : shell_bench {
  explicit signing_bench(bool held, std::chrono::milliseconds gather = {}) : shell_bench(held, gather) {
    auto random = seeded_randomness(3, 1)->stream("keys", 0);
    key = std::make_shared<const private_key>(private_key::generate(suite_id::p256, *random));
  }
  void create(std::uint64_t number) {
    const key_id id{{"VE"}, number};
    auto sharing = info("create " + id.text());
    sharing.shares = true;
    house().submit<found>(
      std::move(sharing), [](work_context& w) { return found{static_cast<int>(w.random.next_byte())}; },
      [this, id](transaction& t, found& f) {
        const key_created e{id, {box_type::oak, 1}, {box_type::steel, 1},
                            {{static_cast<std::uint8_t>(id.number), static_cast<std::uint8_t>(f.number)}, {}}};
        auto shown =
          t.apply<master_key, master_key_event>({stream_kind::key, id.text()}, {e}, {}, key, {"VE"});
        t.when_durable([this, shown](const message_head&) {
          records.push_back(std::get<key_created>(*shown.front()).mi3);
        });
      });
  }
  signer key;
  std::vector<signed_record> records;
};

} // namespace

// A command that still waits for a worker holds up nothing before it: a query in between is answered, and the next
// confirmation goes to its own batch.
BOOST_FIXTURE_TEST_CASE(an_unanswered_command_holds_up_nothing_before_it, shell_bench) {
  struct nothing {};
  take_id("a");
  query("e");
  take_id("b");
  house().submit<nothing>(
    info("s"), [](work_context&) { return nothing{}; }, [](transaction&, nothing&) {});
  settle();
  append_one();
  check_said(*this, {"a took 1", "e saw 1"});
  append_one();
  check_said(*this, {"a took 1", "e saw 1", "b took 2"});
  BOOST_CHECK_EQUAL(heads.at(0).cause.position, 2u);
  BOOST_CHECK_EQUAL(heads.at(1).cause.position, 3u);
}

BOOST_FIXTURE_TEST_CASE(no_reply_comes_before_its_event_is_durable, shell_bench) {
  take_id("a");
  settle();
  BOOST_REQUIRE_EQUAL(orders->orders.size(), 1u);
  check_said(*this, {});
  append_one();
  check_said(*this, {"a took 1"});
  // The reply names the event that it follows from, and begins a correlation where there was none.
  BOOST_CHECK_EQUAL(heads.at(0).cause.position, 2u);
  BOOST_CHECK_EQUAL(heads.at(0).correlation.position, 2u);
  BOOST_CHECK_EQUAL(written().position().size, 2u);
}

BOOST_FIXTURE_TEST_CASE(a_query_waits_for_what_it_saw, shell_bench) {
  take_id("a");
  query("q");
  settle();
  check_said(*this, {});
  append_one();
  check_said(*this, {"a took 1", "q saw 1"});
  query("r"); // with nothing before it, it is answered at once
  check_said(*this, {"a took 1", "q saw 1", "r saw 1"});
}

BOOST_FIXTURE_TEST_CASE(decisions_run_ahead_and_replies_keep_their_order, shell_bench) {
  for (const char* what : {"a", "b"})
    take_id(what);
  query("q");
  take_id("c");
  settle();
  check_said(*this, {});
  BOOST_CHECK_GE(orders->orders.size(), 1u);
  lines wanted;
  while (!orders->orders.empty())
    append_one();
  check_said(*this, {"a took 1", "b took 2", "q saw 2", "c took 3"});
}

// Whoever is slow at the workers holds up those behind it, so that a key id does not look stale.
BOOST_FIXTURE_TEST_CASE(what_was_asked_first_is_decided_first, shell_bench) {
  for (const char* what : {"a", "b"})
    house().submit<found>(
      info(what), [](work_context&) { return found{1}; },
      [this, what](transaction& t, found& f) {
        BOOST_CHECK_EQUAL(f.number, 1);
        take_id_in(t, what);
      });
  BOOST_REQUIRE_EQUAL(busy.jobs.size(), 2u);
  busy.work(1); // b's facts come first
  settle();
  BOOST_CHECK(orders->orders.empty());
  busy.work(0);
  settle();
  while (!orders->orders.empty())
    append_one();
  check_said(*this, {"a took 1", "b took 2"});
}

// What must not wait passes what has no facts yet, and nothing that is decided.
BOOST_FIXTURE_TEST_CASE(what_is_submitted_first_is_decided_before_what_waits, shell_bench) {
  take_id("a");
  for (const char* what : {"b", "c"})
    house().submit<found>(
      info(what), [](work_context&) { return found{1}; },
      [this, what](transaction& t, found&) { take_id_in(t, what); });
  house().submit_first(info("x"), [this](transaction& t) { take_id_in(t, "x"); });
  settle();
  while (!orders->orders.empty())
    append_one();
  check_said(*this, {"a took 1", "x took 2"});
  busy.work(0);
  busy.work(0);
  settle();
  while (!orders->orders.empty())
    append_one();
  check_said(*this, {"a took 1", "x took 2", "b took 3", "c took 4"});
}

BOOST_FIXTURE_TEST_CASE(what_could_not_be_written_is_answered_with_the_error, shell_bench) {
  take_id("a");
  settle();
  fail_one();
  check_said(*this, {"a failed: storage_failed"});
  // The state is read again: nothing of it stayed, and the id is still free.
  query("q");
  take_id("b");
  settle();
  append_one();
  check_said(*this, {"a failed: storage_failed", "q saw 0", "b took 1"});
}

// Also a query, and another stream's events, which were decided on a state that never came to be. That the journal
// writes none of it: journal_test.
BOOST_AUTO_TEST_CASE(what_rests_on_a_failed_write_fails_with_it) {
  shell_bench bench;
  bench.take_id("a");
  bench.query("q");
  bench.house().submit(bench.info("f"), [&](transaction& t) {
    t.refuse(refusal::busy, std::to_string(t.state<key_counter>(bench.counter).last)); // another stream
  });
  bench.settle();
  bench.fail_one();
  while (!bench.orders->orders.empty())
    bench.append_one();
  check_said(bench, {"a failed: storage_failed", "q failed: storage_failed", "f failed: storage_failed"});
}

// A later batch on the same stream, sent before the failure was known, meets its version at the journal.
BOOST_FIXTURE_TEST_CASE(a_batch_on_a_failed_one_of_its_stream_is_refused, shell_bench) {
  take_id("a");
  take_id("b");
  settle();
  BOOST_REQUIRE_EQUAL(orders->orders.size(), 2u);
  fail_one();
  append_one();
  check_said(*this, {"a failed: storage_failed", "b failed: storage_failed"});
  BOOST_CHECK_EQUAL(written().position().size, 1u);
  take_id("c");
  settle();
  append_one();
  BOOST_CHECK_EQUAL(said.back(), "c took 1");
}

BOOST_FIXTURE_TEST_CASE(a_refusal_is_an_event_before_it_is_an_answer, shell_bench) {
  house().submit(info("x"), [](transaction& t) { t.refuse(refusal::box_disabled, "O00000001"); });
  settle();
  check_said(*this, {});
  append_one();
  check_said(*this, {"x failed: box_disabled"});
  auto event = decode_event(*written().view().at(2));
  BOOST_REQUIRE(event);
  const auto* fault = std::get_if<fault_recorded>(&*event);
  BOOST_REQUIRE(fault);
  BOOST_CHECK(fault->reason == refusal::box_disabled && fault->where == "archive/VE" && fault->command == "x"
              && fault->source == "test" && fault->about == "O00000001");
}

// An empty state in place of one that cannot be read would allow everything again that was done before.
BOOST_FIXTURE_TEST_CASE(a_state_that_cannot_be_read_ends_the_process, shell_bench) {
  std::cout.flush();
  const auto child = fork();
  if (child == 0) {
    (void)!std::freopen("/dev/null", "w", stderr);
    // The row of the stream holds ten bytes, which are no box.
    house().submit(info("x"), [](transaction& t) { t.state<secure_box>({stream_kind::node, "node"}); });
    settle();
    _exit(0);
  }
  int status = -1;
  BOOST_REQUIRE(child > 0 && waitpid(child, &status, 0) == child);
  BOOST_CHECK(WIFEXITED(status));
  BOOST_CHECK_EQUAL(WEXITSTATUS(status), 3);
}

// A worker that throws has verified nothing.
BOOST_FIXTURE_TEST_CASE(facts_that_could_not_be_found_are_empty, shell_bench) {
  house().submit<found>(
    info("x"), [](work_context&) -> found { throw std::runtime_error("no such key"); },
    [this](transaction& t, found& f) {
      BOOST_CHECK_EQUAL(f.number, -1);
      t.refuse(refusal::signature_invalid);
    });
  busy.work(0);
  settle();
  append_one();
  check_said(*this, {"x failed: signature_invalid"});
}

// What comes while the workers are busy shares one job, one signature and one append.
BOOST_AUTO_TEST_CASE(a_batch_shares_its_signature) {
  signing_bench bench{true};
  for (std::uint64_t n = 1; n <= 8; ++n)
    bench.create(n);
  BOOST_CHECK_EQUAL(bench.busy.jobs.size(), 2u); // two batches may be with the workers; six commands wait
  while (!bench.busy.jobs.empty()) {
    bench.busy.work(0);
    bench.settle();
  }
  BOOST_CHECK_EQUAL(bench.busy.count, 6u); // three batches, each asked once and signed once
  BOOST_CHECK_EQUAL(bench.orders->orders.size(), 3u);
  BOOST_CHECK(bench.records.empty());
  while (!bench.orders->orders.empty())
    bench.append_one();
  BOOST_REQUIRE_EQUAL(bench.records.size(), 8u);
  proof_checker proofs;
  std::set<bytes> signatures;
  for (const auto& r : bench.records) {
    BOOST_CHECK(proofs.check(bench.key->public_part(), {"record", "VE"}, r.body, r.proof));
    signatures.insert(bytes{r.proof.end() - 64, r.proof.end()});
  }
  BOOST_CHECK_EQUAL(signatures.size(), 3u);
  // What is signed is what is stored.
  for (std::uint64_t n = 1; n <= 8; ++n) {
    auto event = decode_event(*bench.written().view().at(n + 1));
    BOOST_REQUIRE(event);
    BOOST_CHECK(std::get<key_created>(*event).mi3.proof == bench.records.at(n - 1).proof);
  }
}

// What shares a signature waits for company, though workers are free: one job asks all, and one signs.
BOOST_AUTO_TEST_CASE(what_shares_a_signature_waits_for_others) {
  signing_bench bench{true, std::chrono::milliseconds{10}};
  for (std::uint64_t n = 1; n <= 3; ++n)
    bench.create(n);
  bench.world().advance(std::chrono::milliseconds{9});
  BOOST_CHECK(bench.busy.jobs.empty());
  bench.world().advance(std::chrono::milliseconds{1});
  BOOST_CHECK_EQUAL(bench.busy.jobs.size(), 1u);
  bench.create(4); // the next batch, and its time begins anew
  bench.world().advance(std::chrono::milliseconds{9});
  BOOST_CHECK_EQUAL(bench.busy.jobs.size(), 1u);
  bench.world().advance(std::chrono::milliseconds{1});
  BOOST_CHECK_EQUAL(bench.busy.jobs.size(), 2u);
  while (!bench.busy.jobs.empty()) {
    bench.busy.work(0);
    bench.settle();
  }
  BOOST_CHECK_EQUAL(bench.busy.count, 4u);
  while (!bench.orders->orders.empty())
    bench.append_one();
  std::set<bytes> signatures;
  for (const auto& r : bench.records)
    signatures.insert(bytes{r.proof.end() - 64, r.proof.end()});
  BOOST_CHECK_EQUAL(bench.records.size(), 4u);
  BOOST_CHECK_EQUAL(signatures.size(), 2u);
}

// What asks nothing goes along, so that what stands behind it waits no longer, nor by itself.
BOOST_AUTO_TEST_CASE(what_stands_in_between_parts_nobody) {
  signing_bench bench{true, std::chrono::milliseconds{10}};
  for (std::uint64_t n = 1; n <= 4; ++n) {
    bench.create(n);
    bench.take_id("a" + std::to_string(n));
  }
  bench.world().advance(std::chrono::milliseconds{10});
  BOOST_REQUIRE_EQUAL(bench.busy.jobs.size(), 1u);
  bench.busy.work(0);
  bench.settle();
  bench.busy.work(0); // the one signature
  bench.settle();
  BOOST_CHECK_EQUAL(bench.busy.count, 2u);
  while (!bench.orders->orders.empty())
    bench.append_one();
  BOOST_CHECK_EQUAL(bench.records.size(), 4u);
  check_said(bench, {"a1 took 1", "a2 took 2", "a3 took 3", "a4 took 4"});
}

// What only signs waits too.
BOOST_AUTO_TEST_CASE(what_only_signs_waits_for_others) {
  shell_bench bench{true, std::chrono::milliseconds{10}};
  for (const char* what : {"a", "b"})
    bench.house().submit_signing(bench.info(what), [](transaction&) {});
  BOOST_CHECK(bench.busy.jobs.empty());
  bench.world().advance(std::chrono::milliseconds{10});
  BOOST_CHECK_EQUAL(bench.busy.jobs.size(), 1u);
}

// A batch that is full waits for nobody, nor does what shares nothing.
BOOST_AUTO_TEST_CASE(what_has_nothing_to_wait_for_does_not_wait) {
  signing_bench bench{true, std::chrono::milliseconds{10}};
  bench.house().submit<found>(bench.info("x"), [](work_context&) { return found{1}; }, [](transaction&, found&) {});
  BOOST_CHECK_EQUAL(bench.busy.jobs.size(), 1u);
  for (std::uint64_t n = 1; n <= 8; ++n)
    bench.create(n);
  BOOST_CHECK_EQUAL(bench.busy.jobs.size(), 2u);
  bench.create(9);
  bench.world().advance(std::chrono::milliseconds{10});
  BOOST_CHECK_EQUAL(bench.busy.jobs.size(), 2u); // two batches are with the workers
  bench.busy.work(0);
  bench.settle();
  BOOST_CHECK_EQUAL(bench.busy.jobs.size(), 2u); // it has waited long enough
}

// The same commands with the same randomness give the same records.
BOOST_AUTO_TEST_CASE(a_seed_gives_the_same_records) {
  std::vector<digest> roots;
  for (int i = 0; i < 2; ++i) {
    signing_bench bench{false};
    for (std::uint64_t n = 1; n <= 8; ++n)
      bench.create(n);
    bench.take_id("a");
    bench.settle();
    BOOST_CHECK_EQUAL(bench.records.size(), 8u);
    check_said(bench, {"a took 1"});
    roots.push_back(bench.written().position().root);
  }
  BOOST_CHECK(roots[0] == roots[1]);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
