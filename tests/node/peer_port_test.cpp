// Connections between nodes over TLS (SYS-6): what passes on them, and who is waited for. Strangers and hostile peers:
// hostile_peers_test.cpp.

#include "node/signed_request.hpp"
#include "tests/node/peer_ends.hpp"

namespace oaksteel::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

} // namespace

BOOST_AUTO_TEST_SUITE(peer_ports, *boost::unit_test::fixture<no_signal>())

BOOST_AUTO_TEST_CASE(commands_and_answers_both_ways_of_any_size_and_after_a_restart) {
  two_nodes all;
  all.home.start({"away"});
  auto away = all.away();
  away->start({"home"});
  BOOST_REQUIRE(all.home.waits_for("reached away") && all.home.waits_for("came away"));
  BOOST_REQUIRE(away->waits_for("reached home") && away->waits_for("came home"));
  all.home.port().ask("away", {peer_message_kind::command, 1, {}});
  all.home.port().ask("away", {peer_message_kind::command, 2, bytes(3'000'000, 2)});
  away->port().ask("home", {peer_message_kind::command, 1, bytes(70'000, 16)});
  BOOST_TEST(all.home.waits_for("answer 1 of away, 0 bytes"));
  BOOST_TEST(all.home.waits_for("answer 2 of away, 3000000 bytes"), away->all());
  BOOST_TEST(away->waits_for("answer 1 of home, 70000 bytes"));

  // It stays up while nothing is said: pings are answered.
  std::this_thread::sleep_for(3500ms);
  BOOST_TEST(all.home.count("lost") == 0u);
  BOOST_TEST(all.home.count("refused") == 0u);

  away.reset();
  BOOST_REQUIRE(all.home.waits_for("lost away"));
  away = all.away();
  away->start({"home"}, 2);
  BOOST_REQUIRE(all.home.waits_for("reached away", 2) && all.home.waits_for("came away", 2));
  all.home.port().ask("away", {peer_message_kind::command, 3, {1}});
  BOOST_TEST(all.home.waits_for("answer 3 of away, 1 bytes"));
  BOOST_TEST(all.home.count("refused") == 0u);
}

// SYS-6: nothing of a peer is taken before it is clear that its log is no old copy; a refusal is told, ends the connection
// and harms nobody else.
BOOST_AUTO_TEST_CASE(a_peer_waits_until_its_log_is_judged) {
  two_nodes all;
  std::mutex mutex;
  std::vector<peer_verdict> waiting;
  all.home.judge = [&](const std::string& node, const peer_hello& h, peer_verdict admit) {
    BOOST_CHECK(node == "away" && h.epoch == 7u);
    std::lock_guard lock{mutex};
    waiting.push_back(std::move(admit));
  };
  const auto judge = [&](std::optional<refusal> why) {
    BOOST_REQUIRE(until([&] {
      std::lock_guard lock{mutex};
      return !waiting.empty();
    }));
    std::lock_guard lock{mutex};
    waiting.front()(why);
    waiting.erase(waiting.begin());
  };
  all.home.start();
  auto away = all.away();
  away->start({"home"}, 7);
  BOOST_REQUIRE(away->waits_for("reached home"));
  away->port().ask("home", {peer_message_kind::command, 1, {1}});
  std::this_thread::sleep_for(200ms);
  BOOST_TEST(all.home.count("came") == 0u);
  BOOST_TEST(all.home.count("command") == 0u);
  judge(refusal::peer_log_superseded);
  BOOST_REQUIRE(all.home.waits_for("refused away: peer_log_superseded, log 0000"));
  BOOST_REQUIRE(away->waits_for("lost home"));
  BOOST_TEST(all.home.count("came") == 0u);
  BOOST_REQUIRE(away->waits_for("reached home", 2));
  away->port().ask("home", {peer_message_kind::command, 2, {1}});
  judge(std::nullopt);
  BOOST_REQUIRE(all.home.waits_for("came away"));
  BOOST_TEST(all.home.waits_for("command 2 of away"));
  BOOST_TEST(away->waits_for("answer 2 of home"));
}

BOOST_AUTO_TEST_CASE(a_peer_that_nobody_judges_is_let_go_in_time) {
  two_nodes all;
  all.home.judge = [](const std::string&, const peer_hello&, peer_verdict) {};
  all.home.start();
  auto away = all.away();
  away->start({"home"});
  BOOST_TEST(all.home.waits_for("refused away: peer_silent"));
}

BOOST_AUTO_TEST_CASE(a_peer_asks_what_was_seen_one_question_at_a_time) {
  two_nodes all;
  all.home.start();
  auto away = all.away();
  away->start({"home"});
  BOOST_REQUIRE(away->waits_for("reached home"));
  away->port().ask("home", {peer_message_kind::ask_seen, 5, {}});
  BOOST_REQUIRE(all.home.waits_for("question 5 of away"));
  BOOST_REQUIRE(away->waits_for("answer 5 of home, 3 bytes"));
  all.home.echoes = false;
  away->port().ask("home", {peer_message_kind::ask_seen, 6, {}});
  BOOST_REQUIRE(all.home.waits_for("question 6 of away"));
  away->port().ask("home", {peer_message_kind::ask_seen, 7, {}});
  BOOST_REQUIRE(all.home.waits_for("refused away: frame_malformed"));
  BOOST_TEST(all.home.count("question 7") == 0u);
  BOOST_REQUIRE(away->waits_for("reached home", 2));
  away->port().ask("home", {peer_message_kind::ask_seen, 8, {1}}); // a question has no content
  BOOST_REQUIRE(all.home.waits_for("refused away: frame_malformed", 2));
}

// "Beyond it the node says so": each end hears how far the other's clock is off.
BOOST_AUTO_TEST_CASE(each_end_hears_of_the_other_s_clock) {
  deployment_pki pki;
  const auto at_a = free_port(), at_b = free_port();
  node_end a{"a", pki.node("a"), at_a, {{"b", at(at_b)}}, 600ms};
  node_end b{"b", pki.node("b"), at_b, {{"a", at(at_a)}}, 600ms, 37s};
  a.start({"b"});
  b.start();
  BOOST_TEST(a.waits_for("clock of b ahead by 37 s"));
  BOOST_TEST(b.waits_for("clock of a ahead by -37 s"));
}

// Whoever takes or is given a long message says nothing meanwhile, and his pings wait behind it.
BOOST_AUTO_TEST_CASE(a_long_message_is_no_silence) {
  deployment_pki pki;
  const auto at_a = free_port(), at_b = free_port();
  node_end a{"a", pki.node("a"), at_a, {{"b", at(at_b)}}, 600ms}, b{"b", pki.node("b"), at_b, {{"a", at(at_a)}}, 600ms};
  a.start({"b"});
  b.start();
  BOOST_REQUIRE(a.waits_for("reached b"));
  for (std::uint64_t id = 1; id <= 4; ++id) {
    a.port().ask("b", {peer_message_kind::command, id, bytes(3'000'000, 2)}); // a byte that is sent as two
    BOOST_TEST(a.waits_for("answer " + std::to_string(id) + " of b"));
  }
  BOOST_TEST(a.count("lost") == 0u);
}

BOOST_AUTO_TEST_CASE(an_operator_gets_one_answer_to_one_line) {
  two_nodes all;
  all.home.serves_operators = true;
  all.home.start();
  const auto ada = all.pki.person("Ada");
  const auto says = [&](const std::string& text) {
    tls_client client{all.at_home, ada, "Ada"};
    BOOST_REQUIRE(client.shaken());
    if (!text.empty())
      client.write(bytes{text.begin(), text.end()});
    return client.hears();
  };
  BOOST_TEST(says("command\n") == " done\n"); // a sign of life, then the answer
  BOOST_TEST(all.home.count("operated by operator:Ada, 7 bytes") == 1u);
  // Nothing of these reaches anybody, and each is told.
  const std::pair<std::string, std::string> hostile[] = {
    {"one\ntwo\n", "more than one request"},
    {std::string(signed_request_limit + 20'000, 'x'), "a request that is too long"},
    {"", "no request came in time"},
  };
  for (const auto& [text, why] : hostile) {
    BOOST_TEST(says(text).empty());
    BOOST_TEST(all.home.waits_for("refused operator:Ada: frame_malformed, " + why));
  }
  BOOST_TEST(all.home.count("operated") == 1u);
  // As many as are served at once; one more hears so.
  std::vector<std::unique_ptr<tls_client>> many;
  for (std::size_t n = 0; n < operator_own_limit; ++n)
    many.push_back(std::make_unique<tls_client>(all.at_home, ada, "Ada"));
  BOOST_TEST(says("").find("busy: 4 commands of operator:Ada are under way") != std::string::npos);
  for (std::size_t n = operator_own_limit; n < operator_limit; ++n) {
    const auto name = "P" + std::to_string(n / operator_own_limit);
    static std::map<std::string, fs::path> folders;
    if (!folders.contains(name))
      folders[name] = all.pki.person(name);
    many.push_back(std::make_unique<tls_client>(all.at_home, folders[name], name));
  }
  tls_client late{all.at_home, all.pki.person("Late"), "Late"};
  BOOST_TEST(late.hears().find("busy: 32 operators are served") != std::string::npos);
  all.a_proper_peer_gets_through();
}

BOOST_AUTO_TEST_CASE(files_that_do_not_prove_who_the_node_is_keep_it_from_starting) {
  deployment_pki pki;
  const auto folder = pki.node("home");
  const auto wrong = [&](const std::string& node, const fs::path& where, const std::string& says) {
    peer_port_options o;
    o.node = node;
    o.certificates = where;
    const auto opened = peer_port::open(std::move(o));
    BOOST_REQUIRE(!opened);
    BOOST_TEST(opened.error().text.find(says) != std::string::npos, opened.error().text);
    BOOST_TEST(opened.error().text.find('\n') == std::string::npos);
  };
  wrong("home", folder / "none", "none");
  wrong("away", folder, "away.cert.pem");
  wrong("late", pki.node("late", 1, 10), "late.cert.pem");
  fs::permissions(folder / "home.key.pem", fs::perms::owner_read | fs::perms::others_read);
  wrong("home", folder, "home.key.pem");
}

// A node that was restored and waits listens to little: others come to it and go all the same.
BOOST_FIXTURE_TEST_CASE(who_listens_to_nothing_outlives_its_peers, two_nodes) {
  peer_port_options options;
  options.node = "away";
  options.listen = at(at_away);
  options.certificates = away_folder;
  options.peers = {{"home", at(at_home)}};
  auto port = peer_port::open(std::move(options));
  BOOST_REQUIRE(port);
  port->start({peer_version, "", {}, 1, {}, {}}, {}, {"home"});
  home.start({"away"});
  BOOST_REQUIRE(home.waits_for("reached away"));
  BOOST_REQUIRE(home.waits_for("came away"));
  home.port().ask("away", {peer_message_kind::command, 1, {1}});
  std::this_thread::sleep_for(200ms);
  home.port().stop();
  std::this_thread::sleep_for(200ms);
  BOOST_TEST(tls_client(at_away, home_folder, "home").shaken());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
