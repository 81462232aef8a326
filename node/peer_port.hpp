#pragma once
// Connections to other nodes: TLS 1.3, both ends with a certificate of the deployment's authority, in a thread of its
// own. Commands go over the connection that their sender opened, and their answers come back on it: so there are two
// between nodes that ask each other. A connection that breaks is opened again, with a growing pause.
//
// Operators connect too, each for one command (operator_connection.hpp).
//
// Whoever connects has proved nothing yet: it gets little time and little memory, and what goes wrong with it is told
// and not answered.

#include "actors/link/peer_end.hpp"
#include "node/line_address.hpp"
#include "node/operator_connection.hpp"
#include "storage/files.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

namespace oaksteel {

/// A node of the deployment, and where it listens.
struct peer_plan {
  std::string node;
  line_address address;
};

/// Where a node's certificates lie: NODE.cert.pem and NODE.key.pem, and of the authority ca.cert.pem and ca.crl.pem.
/// They are read again when they change.
struct peer_port_options {
  std::string node; ///< this one
  std::filesystem::path certificates;
  std::optional<line_address> listen; ///< none: nobody sends commands here
  std::vector<peer_plan> peers;       ///< who may connect
  std::chrono::milliseconds prove_within{5000}; ///< for handshake and hello
  std::chrono::milliseconds silent_for{15000};  ///< a peer of which nothing is heard is gone; asked thrice meanwhile
  std::chrono::milliseconds first_pause{100}, longest_pause{5000}; ///< before a connection is opened again
  std::function<instant()> now; ///< the machine's clock when left out
  std::chrono::milliseconds check_every{10000}; ///< whether certificates of those who are connected still hold
};

/// Connections at once that have proved nothing yet; a further one takes the place of the oldest of those addresses that have
/// most. So many of each address at which a node of the plan is, or was when it was reached, stay in any case.
inline constexpr std::size_t unproven_limit = 256, unproven_of_peer = 8;

/// Hears why a node may not come, or nothing.
using peer_verdict = std::function<void(std::optional<refusal> why)>;

/// Somebody was not let in, or was sent away.
struct refused_peer {
  refusal why = refusal::peer_not_certified;
  std::string who;    ///< a node's name, or an address
  std::string about;  ///< in words
  std::string holder; ///< who the authority says that he is, where it has signed his certificate: `node:factory`
};

/// What the port's thread calls; none may block. What is left out is told to nobody.
struct peer_listener {
  /// Whether a node that proved who it is may come with this log; null: with any. Called for each connection, which
  /// waits until `admit` is called, from any thread, with the reason against it or nothing.
  std::function<void(const std::string& node, const peer_hello&, peer_verdict admit)> judge;
  /// Commands can go there; they cannot any more.
  std::function<void(const std::string& node, const peer_hello&)> reached = [](const std::string&, const peer_hello&) {};
  std::function<void(const std::string& node)> lost = [](const std::string&) {};
  /// A connection to there came to nothing, or ended: why.
  std::function<void(const std::string& node, const std::string& why)> missed = [](const std::string&, const std::string&) {};
  std::function<void(const std::string& node, peer_message)> answered = [](const std::string&, peer_message) {};
  /// Commands can come from there; they cannot any more.
  std::function<void(const std::string& node, const peer_hello&)> came = [](const std::string&, const peer_hello&) {};
  std::function<void(const std::string& node)> left = [](const std::string&) {};
  std::function<void(const std::string& node, peer_message)> commanded = [](const std::string&, peer_message) {};
  /// A node asks what was seen of it here (peer_message_kind::ask_seen), once on a connection until it is answered.
  std::function<void(const std::string& node, std::uint64_t id)> asked;
  /// By how much the clock of a connected node is ahead of this one's, at most so far from the truth. Now and then.
  std::function<void(const std::string& node, std::chrono::microseconds ahead, std::chrono::microseconds doubt)> clocked;
  /// An operator's line (signed_request.hpp); `reply` takes the answer's, once, from any thread. Null: operators are not
  /// let in.
  operator_connection::handler operated;
  std::function<void(const refused_peer&)> refused = [](const refused_peer&) {};
};

class peer_port {
public:
  /// Begins to listen. The error is that of the certificates or of the address.
  static stored<peer_port> open(peer_port_options options);

  /// Log, epoch and parents of `own` tell this start of the node from another. A connection is opened to those of the
  /// peers to whom commands are to go.
  /// `not_before`: what happens here bears no earlier time, whatever the machine's clock says.
  void start(const peer_hello& own, peer_listener listener, const std::vector<std::string>& reach, instant not_before = {});
  /// From any thread; nothing is said when the connection is not there, or goes before it is written.
  void ask(const std::string& node, peer_message command);
  void answer(const std::string& node, peer_message answer);
  /// Waits so long, at most, until the operators who have asked something are answered; nobody else is served any more.
  void finish(std::chrono::milliseconds limit);
  /// Ends the thread; nothing is called from then on. Not from within a call.
  void stop();

  peer_port(peer_port&&) noexcept;
  peer_port& operator=(peer_port&&) = delete;
  ~peer_port();
  struct impl;
  explicit peer_port(std::unique_ptr<impl> i);

private:
  std::unique_ptr<impl> impl_;
};

} // namespace oaksteel
