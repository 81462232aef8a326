// The journal: everything that waits goes into one commit, each client hears of its own ticket when that is durable,
// and times grow with positions. While a commit is written the next is made ready.

#include "actors/journal.hpp"

#include "scenarios/simulation.hpp"
#include "tests/actors/held_workers.hpp"
#include "tests/storage/sample_log.hpp"

#include <caf/send.hpp>

#include <csignal>

#include <sys/resource.h>

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(journal_rules)
namespace {

struct client_notes {
  std::vector<append_done> heard;
};
shell_client::behavior_type listening(shell_client::pointer, std::shared_ptr<client_notes> notes) {
  return {[](const work_done&) {}, [notes](const append_done& m) { notes->heard.push_back(m); }};
}

struct journal_bench {
  journal_bench() {
    auto made = log::create(data / "log", first_record(), bytes(10, 1));
    BOOST_REQUIRE(made);
    site.emplace(std::move(*made));
    options.journal_log = &*site;
    options.time = &world.time();
    options.key = &key;
    options.commit_limit = 10;
    options.committed = [this](std::uint64_t first, std::uint64_t count) { commits.push_back({first, count}); };
    options.failed = [this](const storage_error& e) { failures.push_back(e); };
  }
  void start() {
    actor = world.system().spawn(journal, options);
    client = world.system().spawn(listening, notes);
  }
  void stop() {
    caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
    world.settle();
    site.reset();
  }
  /// One event on a stream of its own, or several on one.
  void order(std::uint64_t ticket, std::uint64_t stream, std::uint64_t version = 0, std::size_t payload = 200,
             std::uint64_t generation = 0) {
    append_order m;
    m.client = client;
    m.ticket = ticket;
    m.generation = generation;
    m.request = std::make_shared<append_request>(request(key_stream(stream), version, ticket, payload));
    for (auto& event : m.request->events)
      event.time = {1}; // the journal sets it
    caf::anon_send(actor, std::move(m));
  }

  temporary_directory data;
  std::optional<log> site;
  log_key key = sample_key();
  simulation world{{5'000'000}, [] { return false; }};
  journal_options options;
  journal_actor actor;
  shell_client client;
  std::shared_ptr<client_notes> notes = std::make_shared<client_notes>();
  std::vector<std::pair<std::uint64_t, std::uint64_t>> commits;
  std::vector<storage_error> failures;
};

/// Files of this process cannot grow beyond `bytes`.
class file_limit {
public:
  explicit file_limit(std::uint64_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    auto now = before_;
    now.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &now);
  }
  ~file_limit() { setrlimit(RLIMIT_FSIZE, &before_); }

private:
  rlimit before_{};
};

} // namespace

BOOST_FIXTURE_TEST_CASE(what_waits_goes_into_one_commit, journal_bench) {
  start();
  for (std::uint64_t n = 1; n <= 7; ++n)
    order(n, n);
  world.settle();
  BOOST_REQUIRE_EQUAL(commits.size(), 1u);
  BOOST_CHECK((commits[0] == std::pair<std::uint64_t, std::uint64_t>{2, 7}));
  BOOST_REQUIRE_EQUAL(notes->heard.size(), 7u);
  for (std::uint64_t n = 1; n <= 7; ++n) {
    const auto& m = notes->heard[n - 1];
    BOOST_CHECK(m.ticket == n && !m.failure && m.first == n + 1);
  }
  // Times are set here, and grow.
  instant last{0};
  for (std::uint64_t position = 2; position <= 8; ++position) {
    const auto r = site->view().at(position);
    BOOST_REQUIRE(r);
    BOOST_CHECK_LT(last.us, r->time.us);
    last = r->time;
  }
}

BOOST_FIXTURE_TEST_CASE(a_commit_is_bounded, journal_bench) {
  start();
  for (std::uint64_t n = 1; n <= 25; ++n)
    order(n, n);
  world.settle();
  std::uint64_t sum = 0;
  for (const auto& [first, count] : commits) {
    BOOST_CHECK_EQUAL(first, sum + 2);
    BOOST_CHECK_LE(count, options.commit_limit);
    sum += count;
  }
  BOOST_CHECK_EQUAL(sum, 25u);
  BOOST_CHECK_EQUAL(notes->heard.size(), 25u);
  for (std::size_t i = 0; i < notes->heard.size(); ++i)
    BOOST_CHECK_EQUAL(notes->heard[i].ticket, i + 1);
}

BOOST_FIXTURE_TEST_CASE(an_order_that_does_not_fit_leaves_other_clients, journal_bench) {
  start();
  order(1, 1);
  order(2, 1); // the stream is at version 1 by now
  order(3, 2, 0, 70'000);
  const auto others = std::make_shared<client_notes>();
  client = world.system().spawn(listening, others);
  order(4, 3);
  world.settle();
  BOOST_REQUIRE_EQUAL(notes->heard.size(), 3u);
  BOOST_CHECK(!notes->heard[0].failure);
  BOOST_CHECK(notes->heard[1].failure == std::optional{refusal::storage_failed} && !notes->heard[1].text.empty());
  BOOST_CHECK(notes->heard[2].failure == std::optional{refusal::storage_failed});
  BOOST_REQUIRE_EQUAL(others->heard.size(), 1u);
  BOOST_CHECK(!others->heard[0].failure && others->heard[0].first == 3);
  BOOST_CHECK_EQUAL(site->position().size, 3u);
  BOOST_CHECK(failures.empty());
}

// All of a commit or nothing; the log stands as before, and the next commit is written.
BOOST_FIXTURE_TEST_CASE(a_commit_that_cannot_be_written_is_told_to_all, journal_bench) {
  start();
  order(1, 1);
  world.settle();
  {
    file_limit limit{std::filesystem::file_size(data / "log" / "data.mdb")};
    for (std::uint64_t n = 2; n <= 6; ++n)
      order(n, n, 0, 60'000);
    world.settle();
  }
  BOOST_REQUIRE_EQUAL(notes->heard.size(), 6u);
  for (std::size_t i = 1; i < 6; ++i)
    BOOST_CHECK(notes->heard[i].failure == std::optional{refusal::storage_failed});
  BOOST_CHECK_EQUAL(failures.size(), 1u);
  BOOST_CHECK_EQUAL(site->position().size, 2u);
  order(7, 2, 0, 200, 1);
  world.settle();
  BOOST_CHECK(!notes->heard.back().failure && notes->heard.back().first == 3);
}

// A client's later orders may rest on the one that failed: they are refused until it has said that it knows.
BOOST_FIXTURE_TEST_CASE(what_a_client_decided_after_a_failed_order_is_not_written, journal_bench) {
  start();
  order(1, 1, 7); // the stream is not at version 7
  world.settle();
  order(2, 2);
  world.settle();
  BOOST_REQUIRE_EQUAL(notes->heard.size(), 2u);
  BOOST_CHECK(notes->heard[0].failure && notes->heard[1].failure);
  BOOST_CHECK_EQUAL(site->position().size, 1u);
  order(3, 2, 0, 200, 1);
  world.settle();
  BOOST_CHECK(!notes->heard.back().failure);
  BOOST_CHECK_EQUAL(site->position().size, 2u);
}

/// The writer waits to be told; a second client has orders of its own.
struct held_bench : journal_bench {
  held_bench() {
    options.writer = &writer;
    options.small_commit = 0;
    start();
    other = world.system().spawn(listening, other_notes);
  }
  void order_by_other(std::uint64_t ticket, std::uint64_t stream) {
    std::swap(client, other);
    order(ticket, stream);
    std::swap(client, other);
  }
  void write() {
    writer.work(0);
    world.settle();
  }

  held_workers writer;
  shell_client other;
  std::shared_ptr<client_notes> other_notes = std::make_shared<client_notes>();
};

BOOST_FIXTURE_TEST_CASE(what_comes_while_a_commit_is_written_is_the_next_commit, held_bench) {
  order(1, 1);
  world.settle();
  BOOST_REQUIRE_EQUAL(writer.jobs.size(), 1u);
  // One of them goes on with the stream of the commit that is being written.
  order(2, 2);
  order(3, 1, 1);
  order_by_other(1, 3);
  world.settle();
  BOOST_CHECK_EQUAL(writer.jobs.size(), 1u);
  BOOST_CHECK(notes->heard.empty() && other_notes->heard.empty());
  BOOST_CHECK_EQUAL(site->position().size, 1u);
  write();
  BOOST_CHECK_EQUAL(notes->heard.size(), 1u);
  BOOST_CHECK(other_notes->heard.empty());
  BOOST_CHECK_EQUAL(site->position().size, 2u);
  BOOST_REQUIRE_EQUAL(writer.jobs.size(), 1u);
  write();
  BOOST_REQUIRE_EQUAL(notes->heard.size(), 3u);
  BOOST_CHECK(!notes->heard[1].failure && notes->heard[1].first == 3);
  BOOST_CHECK(!notes->heard[2].failure && notes->heard[2].first == 4);
  BOOST_CHECK(other_notes->heard.size() == 1 && other_notes->heard[0].first == 5);
  BOOST_CHECK_EQUAL(commits.size(), 2u);
  BOOST_CHECK(writer.jobs.empty());
  const auto row = site->view().row(key_stream(1));
  BOOST_CHECK(row && row->version == 2 && row->head == 4);
  stop();
  BOOST_CHECK(!verify_path(data / "log").problem);
}

// A shell takes the answers in the order of its orders: one that is refused at once is told later.
BOOST_FIXTURE_TEST_CASE(a_refusal_waits_for_what_its_client_has_under_way, held_bench) {
  order(1, 1);
  world.settle();
  order(2, 2, 9);
  world.settle();
  BOOST_CHECK(notes->heard.empty());
  write();
  BOOST_REQUIRE_EQUAL(notes->heard.size(), 2u);
  BOOST_CHECK(notes->heard[0].ticket == 1 && !notes->heard[0].failure);
  BOOST_CHECK(notes->heard[1].ticket == 2 && notes->heard[1].failure);
  BOOST_CHECK(writer.jobs.empty());
}

// What was made ready on top of a commit that failed is judged again: its client's own falls, another's stands.
BOOST_FIXTURE_TEST_CASE(behind_a_failed_commit_only_what_rests_on_it_falls, held_bench) {
  order(1, 1, 0, 60'000);
  world.settle();
  order(2, 2);
  order_by_other(1, 3);
  world.settle();
  {
    file_limit limit{std::filesystem::file_size(data / "log" / "data.mdb")};
    writer.work(0);
  }
  world.settle();
  BOOST_REQUIRE_EQUAL(writer.jobs.size(), 1u);
  write();
  BOOST_REQUIRE_EQUAL(notes->heard.size(), 2u);
  BOOST_CHECK(notes->heard[0].ticket == 1 && notes->heard[0].failure);
  BOOST_CHECK(notes->heard[1].ticket == 2 && notes->heard[1].failure);
  BOOST_REQUIRE_EQUAL(other_notes->heard.size(), 1u);
  BOOST_CHECK(!other_notes->heard[0].failure && other_notes->heard[0].first == 2);
  BOOST_CHECK_EQUAL(failures.size(), 1u);
  BOOST_CHECK_EQUAL(site->position().size, 2u);
  stop();
  BOOST_CHECK(!verify_path(data / "log").problem);
}

BOOST_FIXTURE_TEST_CASE(a_small_commit_is_not_handed_to_the_writer, journal_bench) {
  held_workers writer;
  options.writer = &writer;
  options.small_commit = 2;
  start();
  order(1, 1);
  order(2, 2);
  world.settle();
  BOOST_CHECK(writer.jobs.empty());
  BOOST_REQUIRE_EQUAL(notes->heard.size(), 2u);
  BOOST_CHECK(!notes->heard[1].failure && notes->heard[1].first == 3);
  for (std::uint64_t i = 3; i <= 5; ++i)
    order(i, i);
  world.settle();
  BOOST_CHECK_EQUAL(writer.jobs.size(), 1u);
  BOOST_CHECK_EQUAL(notes->heard.size(), 2u);
  // One that comes while the writer has one waits for its end, small as it is.
  order(6, 1, 1);
  world.settle();
  BOOST_CHECK_EQUAL(notes->heard.size(), 2u);
  writer.work(0);
  world.settle();
  BOOST_CHECK(writer.jobs.empty());
  BOOST_REQUIRE_EQUAL(notes->heard.size(), 6u);
  BOOST_CHECK(!notes->heard[5].failure && notes->heard[5].first == 7);
  BOOST_CHECK_EQUAL(commits.size(), 3u);
  stop();
  BOOST_CHECK(!verify_path(data / "log").problem);
}

BOOST_FIXTURE_TEST_CASE(a_clean_stop_leaves_a_checkpoint_over_everything, journal_bench) {
  start();
  order(1, 1);
  world.settle();
  order(2, 2);
  world.settle();
  const auto size = site->position().size;
  stop();
  const auto v = verify_path(data / "log");
  BOOST_CHECK_MESSAGE(!v.problem, (v.problem ? v.problem->text : ""));
  BOOST_CHECK(v.own == checkpoint_status::valid);
  const auto note = read_bounded(data / "log" / "checkpoint", 4096);
  BOOST_REQUIRE(note);
  const std::string text{note->begin(), note->end()};
  BOOST_CHECK_MESSAGE(text.find('\n' + std::to_string(size) + '\n') != std::string::npos, text);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
