// Who is let in to a node and who is not, what strangers and hostile peers send, and that a proper peer gets through
// meanwhile (SYS-6).

#include "storage/archive.hpp"
#include "tests/node/peer_ends.hpp"
#include "tests/random_seed.hpp"

#include <random>

#include <sys/resource.h>

namespace oaksteel::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

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

/// KiB. AddressSanitizer keeps what was freed: beside it memory says nothing.
void grows_by_less([[maybe_unused]] long more, [[maybe_unused]] long limit) {
#ifndef __SANITIZE_ADDRESS__
  BOOST_TEST(more < limit);
#endif
}

} // namespace

BOOST_AUTO_TEST_SUITE(hostile_peers, *boost::unit_test::fixture<no_signal>())

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
    {"no certificate", {}, {}, "away", "peer_not_certified, it shows no certificate"},
    {"a foreign authority", foreign.node("away"), "away", "away", "peer_not_certified, its certificate: the authority has not signed it"},
    {"an expired certificate", all.pki.node("late", 1, 10), "late", "late",
     "peer_not_certified, certificate of node:late: it, or its authority, has expired [node:late]"},
    {"a revoked certificate", revoked, "away", "away",
     "peer_not_certified, certificate of node:away: it is revoked [node:away]"},
    {"a node that is not in the plan", all.pki.node("other"), "other", "other",
     "peer_not_expected, node other is not in the configuration [node:other]"},
    {"this node itself", all.home_folder, "home", "home",
     "peer_not_expected, it has the certificate of this node itself [node:home]"},
    {"a node that says it is another", all.away_folder, "away", "home", "peer_not_expected, it says that it is node home"},
    {"an operator", all.pki.person("Ada"), "Ada", "away",
     "peer_not_certified, certificate of operator:Ada: it is for no node [operator:Ada]"},
    {"TLS 1.2", all.away_folder, "away", "away", "peer_not_certified, it has no TLS 1.3", TLS1_2_VERSION},
    {"TLS 1.0", all.away_folder, "away", "away", "peer_not_certified, it has no TLS 1.3", TLS1_VERSION},
  };
  std::size_t n = 0;
  for (const auto& s : strangers) {
    BOOST_TEST_CONTEXT(s.what) {
      tls_client client{all.at_home, s.folder, s.name, s.version};
      if (client.shaken())
        client.hello(s.says);
      client.is_sent_away();
      BOOST_TEST(all.home.waits_for("refused ", ++n));
      BOOST_TEST(all.home.all().find(s.refused) != std::string::npos, all.home.all());
      BOOST_TEST(all.home.count("came") == 0u, all.home.all());
    }
  }
  const auto plain = connected_to(all.at_home);
  const std::string request = "GET / HTTP/1.0\r\n\r\n";
  BOOST_REQUIRE(::write(plain.fd(), request.data(), request.size()) > 0);
  BOOST_TEST(all.home.waits_for("refused ", ++n));
  BOOST_TEST(all.home.all().find("peer_not_certified, what it sends is no TLS") != std::string::npos, all.home.all());
  BOOST_TEST(all.home.count("came") == 0u);
  all.a_proper_peer_gets_through();
}

BOOST_AUTO_TEST_CASE(a_peer_of_another_version_is_refused_by_its_code) {
  two_nodes all;
  all.home.start();
  tls_client client{all.at_home, all.away_folder, "away"};
  BOOST_REQUIRE(client.shaken());
  bytes hello;
  write_frame(hello, frame_class::hello, 0, encode(peer_hello{peer_version + 1, "away", {}, 1, {}, {}}));
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
  BOOST_TEST(all.home.waits_for("refused away: peer_not_certified, certificate of node:away: it is revoked [node:away]"));
  BOOST_TEST(away->waits_for("lost home"));
  // Both say why, each time that it tries again.
  BOOST_TEST(all.home.waits_for("refused 127.0.0.1: peer_not_certified, certificate of node:away: it is revoked [node:away]"));
  BOOST_TEST(away->waits_for("refused home: peer_turns_away, it refuses the certificate shown to it: revoked"));
  BOOST_TEST(away->waits_for("missed home: another node does not let this one in: it refuses the certificate"));
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

// "Slow ones": a byte now and then, which never makes a handshake or a hello.
BOOST_AUTO_TEST_CASE(slow_strangers_are_sent_away_in_time) {
  two_nodes all;
  all.home.start();
  const bytes beginning{0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03};
  std::vector<open_file> slow;
  for (int i = 0; i < 50; ++i)
    slow.push_back(connected_to(all.at_home));
  tls_client certified{all.at_home, all.away_folder, "away"};
  const auto hello = peer_end{{peer_version, "away", {}, 1}}.to_write();
  std::atomic<bool> enough = false;
  std::jthread drips{[&] {
    for (std::size_t n = 0; !enough; ++n) {
      if (n < beginning.size())
        for (const auto& one : slow)
          (void)::send(one.fd(), &beginning[n], 1, MSG_NOSIGNAL);
      if (n + 1 < hello.size())
        certified.write({hello[n]});
      std::this_thread::sleep_for(100ms);
    }
  }};
  all.a_proper_peer_gets_through();
  BOOST_TEST(all.home.waits_for("refused 127.0.0.1: peer_silent, nothing was proved in time", slow.size()));
  BOOST_TEST(all.home.waits_for("refused away: peer_silent, nothing was proved in time"));
  enough = true;
  BOOST_TEST(all.home.count("came") == 1u); // the proper one
}

// A peer that was let in, asks for much and reads nothing: it is sent away, and costs a bounded amount meanwhile.
BOOST_AUTO_TEST_CASE(a_peer_that_does_not_read_is_sent_away) {
  two_nodes all;
  all.home.start();
  tls_client slow{all.at_home, all.away_folder, "away"};
  BOOST_REQUIRE(slow.hello("away"));
  BOOST_REQUIRE(all.home.waits_for("came away"));
  const auto memory = resident_kib();
  std::atomic<long> most = memory;
  std::jthread asks{[&] {
    peer_end end{{peer_version, "away", {}, 1}};
    (void)end.to_write(); // its hello is gone
    for (std::uint64_t id = 1; id <= 200; ++id) {
      most = std::max(most.load(), resident_kib());
      end.send({peer_message_kind::command, id, bytes(1'000'000, 1)}); // answered by as much
      for (auto data = end.to_write(); !data.empty(); data = end.to_write())
        if (!slow.write(data))
          return;
    }
  }};
  BOOST_TEST(all.home.waits_for("left away"));
  BOOST_TEST(all.home.count("refused away: ") == 1u, all.home.all());
  const auto more = most - memory;
  BOOST_TEST_MESSAGE("one that does not read: " << more << " KiB more");
  grows_by_less(more, 32 * 1024); // 4 MiB of answers, and what was read when they were that many
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
  grows_by_less(resident_kib() - memory, 64 * 1024);
}

// Strangers who have many addresses: what they take from others are the oldest places, and never those of a node's address.
BOOST_AUTO_TEST_CASE(strangers_with_many_addresses_keep_nobody_out) {
  two_nodes all;
  all.home.start();
  const auto is_open = [](const open_file& c) {
    char byte;
    return ::recv(c.fd(), &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  };
  std::vector<open_file> strangers;
  const auto come = [&](std::size_t count) {
    for (std::size_t n = 0; n < count; ++n)
      strangers.push_back(connected_to(all.at_home, 0x010000 + static_cast<std::uint32_t>(strangers.size())));
  };
  const auto peer = connected_to(all.at_home);                // at the address of a node of the plan
  come(unproven_limit);
  const auto elsewhere = connected_to(all.at_home, 0x000900); // before those in the order of addresses
  come(unproven_limit / 2);
  BOOST_REQUIRE(all.home.waits_for("refused 127.1.0.", unproven_limit / 2));
  BOOST_TEST(is_open(peer));
  BOOST_TEST(is_open(elsewhere));
  BOOST_TEST(!is_open(strangers.front()));
  all.a_proper_peer_gets_through();
}

// Pings are answered as their answers are read.
BOOST_AUTO_TEST_CASE(a_peer_that_pings_and_reads_nothing_takes_no_memory) {
  two_nodes all;
  all.home.start();
  tls_client hostile{all.at_home, all.away_folder, "away"};
  BOOST_REQUIRE(hostile.hello("away"));
  BOOST_REQUIRE(all.home.waits_for("came away"));
  const auto memory = resident_kib();
  peer_end end{{peer_version, "away", {}, 1}};
  (void)end.to_write(); // its hello is gone
  for (std::uint64_t id = 1; id <= 300'000; ++id)
    end.send({peer_message_kind::ping, id, {}});
  const auto own = resident_kib() - memory; // of this test
  for (auto data = end.to_write(); !data.empty() && hostile.write(data); data = end.to_write())
    ;
  const auto more = resident_kib() - memory - own;
  BOOST_TEST_MESSAGE("300,000 pings: " << more << " KiB more");
  grows_by_less(more, 8 * 1024);
  all.a_proper_peer_gets_through();
}

// A node comes with a later log, or start: whatever is still open with the earlier one ends, also what was opened here. That it
// has started again is no fault.
void what_is_open_ends(const digest& later_log, std::size_t refused, const std::string& why) {
  two_nodes all;
  std::atomic<std::uint32_t> newest = 0;
  all.home.judge = [&newest](const std::string&, const peer_hello& h, const peer_verdict& admit) {
    if (h.epoch < newest)
      return admit(refusal::peer_log_superseded);
    newest = h.epoch;
    admit(std::nullopt);
  };
  all.home.start({"away"});
  auto old = all.away();
  old->start({"home"}, 3);
  BOOST_REQUIRE(all.home.waits_for("reached away") && all.home.waits_for("came away"));
  tls_client later{all.at_home, all.away_folder, "away"};
  BOOST_REQUIRE(later.write(peer_end{{peer_version, "away", later_log, 4}}.to_write()));
  BOOST_REQUIRE(all.home.waits_for("came away", 2));
  BOOST_TEST(all.home.waits_for("lost away"));
  BOOST_TEST(all.home.waits_for("missed away: " + why));
  BOOST_TEST(all.home.count_before("refused away: peer_log_superseded", "came away", 2) == refused);
  BOOST_TEST(all.home.waits_for("refused away: peer_log_superseded", refused + 1)); // the next that is opened
  BOOST_TEST(old->waits_for("refused home: peer_turns_away"));
  const auto before = all.home.count("command");
  old->port().ask("home", {peer_message_kind::command, 1, {1}});
  std::this_thread::sleep_for(300ms);
  BOOST_TEST(all.home.count("command") == before);
  BOOST_TEST(all.home.count("reached away") == 1u);
}
BOOST_AUTO_TEST_CASE(what_is_open_with_an_earlier_start_of_a_node_ends) { what_is_open_ends({}, 0, "it has started again"); }
BOOST_AUTO_TEST_CASE(what_is_open_with_an_earlier_log_of_a_node_ends) {
  digest other_log;
  other_log.value[0] = 1;
  what_is_open_ends(other_log, 2, std::string{text(refusal::peer_log_superseded)});
}

// "A revoked one": also whoever is served already, before he asks and while he waits.
BOOST_AUTO_TEST_CASE(an_operator_who_is_revoked_meanwhile_is_not_served) {
  two_nodes all;
  all.home.serves_operators = true;
  all.home.start();
  const auto oscar = all.pki.person("Oscar");
  const std::string command = "command\n";
  const bytes line{command.begin(), command.end()};
  tls_client waits{all.at_home, oscar, "Oscar"}, silent{all.at_home, oscar, "Oscar"};
  BOOST_REQUIRE(waits.write(line));
  BOOST_REQUIRE(all.home.waits_for("operated by operator:Oscar"));
  all.pki.revoke_at("operator:Oscar", {all.home_folder});
  BOOST_TEST(waits.hears().find("does not take the certificate of operator:Oscar any more: it is revoked") != std::string::npos);
  silent.write(line);
  BOOST_TEST(silent.hears().find("it is revoked") != std::string::npos);
  BOOST_TEST(all.home.count("operated") == 1u);
  BOOST_TEST(all.home.waits_for("refused operator:Oscar: peer_not_certified, certificate of operator:Oscar: it is revoked"));
}

BOOST_AUTO_TEST_CASE(an_operator_is_held_against_the_list_when_he_asks) {
  deployment_pki pki;
  const auto port = free_port(), nobody = free_port();
  const auto folder = pki.node("home"), oscar = pki.person("Oscar");
  node_end home{"home", folder, port, {{"away", at(nobody)}}, 3000ms, 0s, 200ms, 1h};
  home.serves_operators = true;
  home.start();
  tls_client client{port, oscar, "Oscar"};
  std::this_thread::sleep_for(200ms);
  pki.revoke_at("operator:Oscar", {folder});
  const std::string command = "command\n";
  client.write({command.begin(), command.end()});
  BOOST_TEST(client.hears().find("it is revoked") != std::string::npos);
  BOOST_TEST(home.count("operated") == 0u);
}

// One who comes again and again and asks nothing takes no other's place.
BOOST_AUTO_TEST_CASE(an_operator_with_many_connections_keeps_no_other_out) {
  two_nodes all;
  all.home.serves_operators = true;
  all.home.start();
  const auto oscar = all.pki.person("Oscar"), aud = all.pki.person("Aud");
  std::vector<std::unique_ptr<tls_client>> many;
  for (std::size_t n = 0; n < 3 * operator_limit; ++n)
    many.push_back(std::make_unique<tls_client>(all.at_home, oscar, "Oscar"));
  tls_client other{all.at_home, aud, "Aud"};
  const std::string command = "command\n";
  BOOST_REQUIRE(other.write({command.begin(), command.end()}));
  BOOST_TEST(other.hears() == " done\n");
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
  grows_by_less(resident_kib() - memory, 64 * 1024);
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

// "Reconnect with back-off", also towards a node that lets one in and then sends one away.
BOOST_FIXTURE_TEST_CASE(who_is_sent_away_at_once_tries_ever_later, two_nodes) {
  home.judge = [](const std::string&, const peer_hello&, const peer_verdict& admit) { admit(refusal::peer_log_superseded); };
  home.start({});
  node_end away{"away", away_folder, at_away, {{"home", at(at_home)}}, 3000ms, 0s, 5000ms};
  away.start({"home"});
  std::this_thread::sleep_for(3s);
  // It hears why.
  BOOST_TEST(away.waits_for("refused home: peer_turns_away, it says: " + std::string{text(refusal::peer_log_superseded)}));
  BOOST_TEST(away.waits_for("missed home: another node does not let this one in: "));
  const auto tries = home.count("refused away: peer_log_superseded");
  BOOST_TEST(tries >= 2u); // 0.1, 0.2, 0.4, 0.8, 1.6 s between them
  BOOST_TEST(tries <= 7u);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
