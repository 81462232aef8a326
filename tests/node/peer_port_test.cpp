// Connections between nodes over TLS (SYS-6): who is let in and who is not, what strangers and hostile peers send, and that
// a proper peer gets through meanwhile.

#include "node/peer_port.hpp"
#include "node/signed_request.hpp"
#include "storage/archive.hpp"
#include "tests/cli/running_node.hpp"
#include "tests/deployment_pki.hpp"
#include "tests/loopback.hpp"
#include "tests/random_seed.hpp"

#include <openssl/ssl.h>

#include <mutex>
#include <random>

#include <sys/resource.h>

namespace oaksteel::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

line_address at(std::uint16_t port) { return *parse_line_address("tcp:127.0.0.1:" + std::to_string(port), "/"); }

/// A port with all that it told.
class node_end {
public:
  node_end(const std::string& node, const fs::path& certificates, std::uint16_t own, std::vector<peer_plan> peers,
           std::chrono::milliseconds silent_for = 3000ms, std::chrono::seconds ahead = 0s) {
    peer_port_options o;
    o.now = [ahead] {
      const auto time = std::chrono::system_clock::now().time_since_epoch() + ahead;
      return instant{std::chrono::duration_cast<std::chrono::microseconds>(time).count()};
    };
    o.node = node;
    o.certificates = certificates;
    o.listen = at(own);
    o.peers = std::move(peers);
    o.prove_within = 1000ms;
    o.silent_for = silent_for;
    o.longest_pause = 200ms;
    o.check_every = 200ms;
    auto opened = peer_port::open(std::move(o));
    BOOST_REQUIRE_MESSAGE(opened, (opened ? "" : opened.error().text));
    port_ = std::make_unique<peer_port>(std::move(*opened));
  }
  ~node_end() { port_->stop(); }

  void start(const std::vector<std::string>& reach = {}, std::uint32_t epoch = 1) {
    peer_listener l;
    l.reached = [this](const std::string& n, const peer_hello&) { told("reached " + n); };
    l.lost = [this](const std::string& n) { told("lost " + n); };
    l.came = [this](const std::string& n, const peer_hello&) { told("came " + n); };
    l.clocked = [this](const std::string& n, std::chrono::microseconds ahead, std::chrono::microseconds) {
      told("clock of " + n + " ahead by " + std::to_string(std::chrono::round<std::chrono::seconds>(ahead).count()) + " s");
    };
    l.left = [this](const std::string& n) { told("left " + n); };
    l.answered = [this](const std::string& n, peer_message m) {
      told("answer " + std::to_string(m.id) + " of " + n + ", " + std::to_string(m.data.size()) + " bytes");
    };
    l.commanded = [this](const std::string& n, peer_message m) {
      told("command " + std::to_string(m.id) + " of " + n + ", " + std::to_string(m.data.size()) + " bytes");
      if (echoes)
        port_->answer(n, {peer_message_kind::answer, m.id, m.data});
    };
    l.refused = [this](refusal why, const std::string& who, const std::string& about) {
      told("refused " + who + ": " + std::string{name(why)} + ", " + about);
    };
    if (serves_operators)
      l.operated = [this](const certificate& who, const std::string& line, const std::function<void(std::string)>& reply) {
        told("operated by " + who.holder.text() + ", " + std::to_string(line.size()) + " bytes");
        std::thread{[reply] {
          std::this_thread::sleep_for(1500ms);
          reply("done");
        }}.detach();
      };
    l.judge = judge;
    l.asked = [this](const std::string& n, std::uint64_t id) {
      told("question " + std::to_string(id) + " of " + n);
      if (echoes)
        port_->answer(n, {peer_message_kind::answer, id, {1, 2, 3}});
    };
    port_->start({peer_version, "", {}, epoch, {}}, std::move(l), reach);
  }
  peer_port& port() { return *port_; }

  std::size_t count(const std::string& begin) {
    std::lock_guard lock{mutex_};
    return static_cast<std::size_t>(
      std::ranges::count_if(lines_, [&](const std::string& l) { return l.starts_with(begin); }));
  }
  bool waits_for(const std::string& begin, std::size_t times = 1) {
    const bool came = until([&] { return count(begin) >= times; });
    if (!came)
      BOOST_TEST_MESSAGE("no \"" << begin << "\" in:\n" << all());
    return came;
  }
  std::string all() {
    std::lock_guard lock{mutex_};
    std::string text;
    for (const auto& l : lines_)
      text += l + '\n';
    return text;
  }

  std::atomic<bool> echoes = true;
  bool serves_operators = false;
  decltype(peer_listener::judge) judge; ///< to be set before start()

private:
  void told(std::string line) {
    std::lock_guard lock{mutex_};
    lines_.push_back(std::move(line));
  }
  std::mutex mutex_;
  std::vector<std::string> lines_;
  std::unique_ptr<peer_port> port_;
};

/// Two nodes that know of each other.
struct two_nodes {
  deployment_pki pki;
  std::uint16_t at_home = free_port(), at_away = free_port();
  fs::path home_folder = pki.node("home"), away_folder = pki.node("away");
  node_end home{"home", home_folder, at_home, {{"away", at(at_away)}}};

  std::unique_ptr<node_end> away(const std::string& node = "away", const fs::path& folder = {}) {
    return std::make_unique<node_end>(node, folder.empty() ? away_folder : folder, at_away,
                                      std::vector<peer_plan>{{"home", at(at_home)}});
  }
  /// A proper peer gets an answer, soon.
  void a_proper_peer_gets_through() {
    const auto began = std::chrono::steady_clock::now();
    auto peer = away();
    peer->start({"home"});
    BOOST_REQUIRE(peer->waits_for("reached home"));
    peer->port().ask("home", {peer_message_kind::command, 1, bytes(100, 'x')});
    BOOST_REQUIRE(peer->waits_for("answer 1 of home, 100 bytes"));
    BOOST_TEST_MESSAGE("a proper peer got through in "
                       << std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count() << " s");
  }
};

/// Somebody with OpenSSL, blocking.
class tls_client {
public:
  tls_client(std::uint16_t port, const fs::path& folder, const std::string& name, int version = TLS1_3_VERSION)
    : socket_(connected_to(port)), context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_min_proto_version(context_, 0);
    SSL_CTX_set_max_proto_version(context_, version);
    SSL_CTX_set_security_level(context_, 0);
    if (!folder.empty()) {
      SSL_CTX_use_certificate_file(context_, (folder / (name + ".cert.pem")).c_str(), SSL_FILETYPE_PEM);
      SSL_CTX_use_PrivateKey_file(context_, (folder / (name + ".key.pem")).c_str(), SSL_FILETYPE_PEM);
    }
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, socket_.fd());
    shaken_ = SSL_connect(ssl_) == 1;
  }
  ~tls_client() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  bool shaken() const { return shaken_; }
  bool write(const bytes& data) { return SSL_write(ssl_, data.data(), static_cast<int>(data.size())) > 0; }
  bool hello(const std::string& node) { return write(peer_end{{peer_version, node, {}, 1}}.to_write()); }
  /// Reads until the other end has ended it.
  std::string hears() {
    std::string all(4096, 0);
    std::size_t size = 0;
    for (int n; (n = SSL_read(ssl_, all.data() + size, static_cast<int>(all.size() - size))) > 0;)
      size += static_cast<std::size_t>(n);
    return all.substr(0, size);
  }
  bool is_sent_away() { return hears(), true; }

private:
  open_file socket_;
  SSL_CTX* context_;
  SSL* ssl_ = nullptr;
  bool shaken_ = false;
};

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto of = [](const timeval& t) { return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec); };
  return of(used.ru_utime) + of(used.ru_stime);
}
long resident_kib() {
  std::ifstream in{"/proc/self/statm"};
  long total = 0, resident = 0;
  in >> total >> resident;
  return resident * 4;
}

} // namespace

/// Whoever is sent away while he writes must not end the test.
struct no_signal {
  no_signal() { signal(SIGPIPE, SIG_IGN); }
};

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

// "No certificate, a foreign CA, an expired or revoked one, a right certificate for the wrong node, no TLS at all, old
// TLS: refused, logged, and the node goes on."
BOOST_AUTO_TEST_CASE(only_those_who_belong_come_in) {
  two_nodes all;
  all.home.start();
  deployment_pki foreign;
  const auto revoked = all.pki.node("away");
  all.pki.revoke_at("node:away", {all.home_folder});
  all.away_folder = all.pki.node("away"); // another one, which holds
  struct stranger {
    const char* what;
    fs::path folder;
    std::string name, says, refused;
    int version = TLS1_3_VERSION;
  };
  const std::vector<stranger> strangers{
    {"no certificate", {}, {}, "away", "peer_not_certified"},
    {"a foreign authority", foreign.node("away"), "away", "away", "peer_not_certified"},
    {"an expired certificate", all.pki.node("late", 1, 10), "late", "late", "peer_not_certified"},
    {"a revoked certificate", revoked, "away", "away", "peer_not_certified"},
    {"a node that is not in the plan", all.pki.node("other"), "other", "other", "peer_not_expected"},
    {"a node that says it is another", all.away_folder, "away", "home", "peer_not_expected"},
    {"an operator", all.pki.person("Ada"), "Ada", "away", "peer_not_certified"},
    {"TLS 1.2", all.away_folder, "away", "away", "peer_not_certified", TLS1_2_VERSION},
    {"TLS 1.0", all.away_folder, "away", "away", "peer_not_certified", TLS1_VERSION},
  };
  std::size_t n = 0;
  for (const auto& s : strangers) {
    BOOST_TEST_CONTEXT(s.what) {
      tls_client client{all.at_home, s.folder, s.name, s.version};
      if (client.shaken())
        client.hello(s.says);
      client.is_sent_away();
      BOOST_TEST(all.home.waits_for("refused ", ++n));
      BOOST_TEST(all.home.all().find(s.refused) != std::string::npos);
      BOOST_TEST(all.home.count("came") == 0u, all.home.all());
    }
  }
  const auto plain = connected_to(all.at_home);
  const std::string request = "GET / HTTP/1.0\r\n\r\n";
  BOOST_REQUIRE(::write(plain.fd(), request.data(), request.size()) > 0);
  BOOST_TEST(all.home.waits_for("refused ", ++n));
  BOOST_TEST(all.home.count("came") == 0u);
  all.a_proper_peer_gets_through();
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

BOOST_AUTO_TEST_CASE(a_peer_of_another_version_is_refused_by_its_code) {
  two_nodes all;
  all.home.start();
  tls_client client{all.at_home, all.away_folder, "away"};
  BOOST_REQUIRE(client.shaken());
  bytes hello;
  write_frame(hello, frame_class::hello, 0, encode(peer_hello{peer_version + 1, "away", {}, 1, {}}));
  BOOST_REQUIRE(client.write(hello));
  BOOST_TEST(all.home.waits_for("refused away: peer_version_unknown"));
  all.a_proper_peer_gets_through();
}

BOOST_AUTO_TEST_CASE(another_node_at_a_peer_s_address_is_not_taken_for_it) {
  two_nodes all;
  auto other = all.away("other", all.pki.node("other")); // listens where "away" should
  other->start();
  all.home.start({"away"});
  BOOST_TEST(all.home.waits_for("refused away: peer_not_expected, its certificate is for node other"));
  BOOST_TEST(all.home.count("reached") == 0u);
}

BOOST_AUTO_TEST_CASE(whoever_is_revoked_while_connected_is_sent_away) {
  two_nodes all;
  all.home.start();
  auto away = all.away();
  away->start({"home"});
  BOOST_REQUIRE(all.home.waits_for("came away"));
  all.pki.revoke_at("node:away", {all.home_folder});
  BOOST_TEST(all.home.waits_for("refused away: peer_not_certified"));
  BOOST_TEST(away->waits_for("lost home"));
  std::this_thread::sleep_for(500ms); // it tries again
  BOOST_TEST(all.home.count("came away") == 1u);
}

BOOST_AUTO_TEST_CASE(whoever_falls_silent_is_sent_away) {
  two_nodes all;
  all.home.start();
  tls_client client{all.at_home, all.away_folder, "away"};
  BOOST_REQUIRE(client.hello("away"));
  BOOST_REQUIRE(all.home.waits_for("came away"));
  BOOST_TEST(all.home.waits_for("refused away: peer_silent"));
  all.a_proper_peer_gets_through();
}

// 500 connections that say nothing, some of which begin a handshake.
BOOST_AUTO_TEST_CASE(silent_connections_and_half_handshakes_keep_nobody_out) {
  two_nodes all;
  all.home.start();
  bytes half{0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03}; // the beginning of a client's hello
  std::vector<open_file> silent;
  const auto before = cpu_seconds();
  const auto memory = resident_kib();
  for (int i = 0; i < 500; ++i) {
    silent.push_back(connected_to(all.at_home));
    if (i % 2 == 0)
      BOOST_REQUIRE(::write(silent.back().fd(), half.data(), half.size()) > 0);
  }
  all.a_proper_peer_gets_through();
  BOOST_TEST(all.home.waits_for("refused 127.0.0.1", 500)); // in the end all of them
  const auto used = cpu_seconds() - before;
  BOOST_TEST_MESSAGE("500 silent connections: " << used << " s of CPU, " << resident_kib() - memory << " KiB more");
  BOOST_TEST(resident_kib() - memory < 64 * 1024);
}

// "100,000 malformed frames before and after the handshake". The first that is wrong ends a connection, so that of a thousand
// on one only some are judged; with OAKSTEEL_THOROUGH each has a connection of its own, which ends behind it: some are the
// beginning of a longer one, for which a node would wait.
BOOST_AUTO_TEST_CASE(malformed_frames_before_and_after_the_handshake) {
  const auto seed = random_seed();
  std::mt19937_64 random{seed};
  two_nodes all;
  all.home.start();
  const auto garbage = [&random](std::size_t frames) {
    bytes data;
    for (std::size_t n = 0; n < frames; ++n) {
      bytes payload(random() % 40);
      for (auto& b : payload)
        b = static_cast<std::uint8_t>(random());
      bytes frame;
      write_frame(frame, frame_class::data, static_cast<std::uint8_t>(n), payload);
      frame[random() % frame.size()] ^= static_cast<std::uint8_t>(1 + random() % 255);
      data.insert(data.end(), frame.begin(), frame.end());
    }
    return data;
  };
  const std::size_t frames = 100'000, connections = std::getenv("OAKSTEEL_THOROUGH") ? frames : 100;
  const auto memory = resident_kib();
  const auto tenths = [&](const char* when, const std::function<void(std::size_t)>& connect) {
    std::cout << when << " the handshake, seconds of CPU for each tenth, and KiB more:";
    auto began = cpu_seconds();
    for (std::size_t i = 0; i < connections; ++i) {
      connect(i);
      if ((i + 1) % (connections / 10) == 0) {
        const auto now = cpu_seconds();
        std::cout << ' ' << now - std::exchange(began, now) << '/' << resident_kib() - memory;
      }
    }
    std::cout << std::endl;
  };
  tenths("before", [&](std::size_t) {
    const auto plain = connected_to(all.at_home);
    const auto data = garbage(frames / connections);
    (void)::send(plain.fd(), data.data(), data.size(), MSG_NOSIGNAL);
  });
  tenths("after", [&](std::size_t i) {
    tls_client client{all.at_home, all.away_folder, "away"};
    if (i % 2 == 0)
      client.hello("away");
    client.write(garbage(frames / connections));
    if (connections < frames)
      client.is_sent_away();
  });
  BOOST_TEST(all.home.waits_for("refused ", connections < frames ? 2 * connections : connections));
  BOOST_TEST(all.home.count("command") == 0u);
#ifndef __SANITIZE_ADDRESS__ // which keeps what was freed
  BOOST_TEST(resident_kib() - memory < 64 * 1024);
#endif
  all.a_proper_peer_gets_through();
}

BOOST_AUTO_TEST_CASE(a_peer_with_a_good_certificate_that_sends_what_does_not_belong_is_sent_away) {
  two_nodes all;
  all.home.start();
  all.home.echoes = false;
  const auto frames_of = [](std::vector<peer_message> messages) {
    peer_end end{{peer_version, "away", {}, 1}};
    for (const auto& m : messages)
      end.send(m);
    return end.to_write();
  };
  using enum peer_message_kind;
  const std::vector<bytes> hostile{
    frames_of({{answer, 1, {}}}),                  // nobody asked it
    frames_of({{command, 1, {}}, {command, 1, {}}}), // one command twice on a connection
    frames_of({{ping, 1, {1}}}),
  };
  std::size_t n = 0;
  for (const auto& data : hostile) {
    tls_client client{all.at_home, all.away_folder, "away"};
    BOOST_REQUIRE(client.write(data));
    client.is_sent_away();
    BOOST_TEST(all.home.waits_for("refused away: frame_malformed", ++n));
  }
  all.home.echoes = true;
  all.a_proper_peer_gets_through();
}

// Commands are taken as they are answered: 3,000 at once from a peer that does not wait wait in its socket.
BOOST_AUTO_TEST_CASE(no_more_is_read_than_is_worked_on) {
  two_nodes all;
  all.home.start();
  all.home.echoes = false;
  auto away = all.away();
  away->start({"home"});
  BOOST_REQUIRE(away->waits_for("reached home"));
  for (std::uint64_t id = 1; id <= 3000; ++id)
    away->port().ask("home", {peer_message_kind::command, id, bytes(1000, 1)});
  BOOST_TEST(all.home.waits_for("command", 2048));
  std::this_thread::sleep_for(5500ms); // longer than a peer may be silent: this one is not read
  BOOST_TEST(all.home.count("refused") == 0u);
  BOOST_TEST(away->count("lost") == 0u);
  BOOST_TEST(all.home.count("command") < 2048u + 20u); // what was read together
  for (std::uint64_t id = 1; id <= 3000; ++id)
    all.home.port().answer("away", {peer_message_kind::answer, id, {}});
  BOOST_TEST(away->waits_for("answer", 2048));
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
  port->start({peer_version, "", {}, 1, {}}, {}, {"home"});
  home.start({"away"});
  BOOST_REQUIRE(home.waits_for("reached away"));
  BOOST_REQUIRE(home.waits_for("came away"));
  home.port().ask("away", {peer_message_kind::command, 1, {1}});
  std::this_thread::sleep_for(200ms);
  home.port().stop();
  std::this_thread::sleep_for(200ms);
  BOOST_TEST(tls_client(at_away, home_folder, "home").shaken());
}

// "Reconnect with back-off", also towards a node that lets one in and then sends one away.
BOOST_FIXTURE_TEST_CASE(who_is_sent_away_at_once_tries_ever_later, two_nodes) {
  home.judge = [](const std::string&, const peer_hello&, const peer_verdict& admit) { admit(refusal::peer_log_superseded); };
  home.start({});
  peer_port_options options;
  options.node = "away";
  options.certificates = away_folder;
  options.peers = {{"home", at(at_home)}};
  auto port = peer_port::open(std::move(options));
  BOOST_REQUIRE(port);
  port->start({peer_version, "", {}, 1, {}}, {}, {"home"});
  std::this_thread::sleep_for(3s);
  const auto tries = home.count("refused away: peer_log_superseded");
  BOOST_TEST(tries >= 2u); // 0.1, 0.2, 0.4, 0.8, 1.6 s between them
  BOOST_TEST(tries <= 7u);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
