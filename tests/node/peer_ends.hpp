#pragma once
// Ends of connections between nodes: a port with all that it told, and somebody with OpenSSL.

#include "node/peer_port.hpp"
#include "tests/cli/running_node.hpp"
#include "tests/deployment_pki.hpp"
#include "tests/loopback.hpp"

#include <openssl/ssl.h>

#include <csignal>
#include <mutex>
#include <thread>

namespace oaksteel::testing {

inline line_address at(std::uint16_t port) { return *parse_line_address("tcp:127.0.0.1:" + std::to_string(port), "/"); }

/// A port with all that it told.
class node_end {
public:
  node_end(const std::string& node, const std::filesystem::path& certificates, std::uint16_t own, std::vector<peer_plan> peers,
           std::chrono::milliseconds silent_for = std::chrono::milliseconds{3000}, std::chrono::seconds ahead = {},
           std::chrono::milliseconds longest_pause = std::chrono::milliseconds{200},
           std::chrono::milliseconds check_every = std::chrono::milliseconds{200}) {
    peer_port_options o;
    o.now = [ahead] {
      const auto time = std::chrono::system_clock::now().time_since_epoch() + ahead;
      return instant{std::chrono::duration_cast<std::chrono::microseconds>(time).count()};
    };
    o.node = node;
    o.certificates = certificates;
    o.listen = at(own);
    o.peers = std::move(peers);
    o.prove_within = std::chrono::milliseconds{1000};
    o.silent_for = silent_for;
    o.longest_pause = longest_pause;
    o.check_every = check_every;
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
    l.missed = [this](const std::string& n, const std::string& why) { told("missed " + n + ": " + why); };
    l.refused = [this](const refused_peer& r) {
      told("refused " + r.who + ": " + std::string{name(r.why)} + ", " + r.about + (r.holder.empty() ? "" : " [" + r.holder + "]"));
    };
    if (serves_operators)
      l.operated = [this](const certificate& who, const std::string& line, const std::function<void(std::string)>& reply) {
        told("operated by " + who.holder.text() + ", " + std::to_string(line.size()) + " bytes");
        replies_.emplace_back([reply] {
          std::this_thread::sleep_for(std::chrono::milliseconds{1500});
          reply("done");
        });
      };
    l.judge = judge;
    l.asked = [this](const std::string& n, std::uint64_t id) {
      told("question " + std::to_string(id) + " of " + n);
      if (echoes)
        port_->answer(n, {peer_message_kind::answer, id, {1, 2, 3}});
    };
    port_->start({peer_version, "", {}, epoch, {}, {}}, std::move(l), reach);
  }
  peer_port& port() { return *port_; }

  std::size_t count(const std::string& begin) {
    std::lock_guard lock{mutex_};
    return static_cast<std::size_t>(
      std::ranges::count_if(lines_, [&](const std::string& l) { return l.starts_with(begin); }));
  }
  /// Of those before the `times`-th line that begins with `end`.
  std::size_t count_before(const std::string& begin, const std::string& end, std::size_t times) {
    std::lock_guard lock{mutex_};
    std::size_t found = 0;
    for (const auto& l : lines_) {
      if (l.starts_with(end) && --times == 0)
        break;
      found += l.starts_with(begin);
    }
    return found;
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
  std::vector<std::jthread> replies_; ///< under way; of the port's thread
};

/// Two nodes that know of each other.
struct two_nodes {
  deployment_pki pki;
  std::uint16_t at_home = free_port(), at_away = free_port();
  std::filesystem::path home_folder = pki.node("home"), away_folder = pki.node("away");
  node_end home{"home", home_folder, at_home, {{"away", at(at_away)}}};

  std::unique_ptr<node_end> away(const std::string& node = "away", const std::filesystem::path& folder = {}) {
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
  tls_client(std::uint16_t port, const std::filesystem::path& folder, const std::string& name, int version = TLS1_3_VERSION)
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

/// Whoever is sent away while he writes must not end the test.
struct no_signal {
  no_signal() { signal(SIGPIPE, SIG_IGN); }
};

} // namespace oaksteel::testing
