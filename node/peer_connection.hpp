#pragma once
// One connection between two nodes, from its first byte to its end: handshake, what either is, commands, answers, signs of
// life. In the thread of the port that has it.

#include "actors/link/peer_end.hpp"
#include "node/peer_port.hpp"
#include "node/tls_identity.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <memory>

namespace oaksteel {

class peer_connection;
using connection_handle = std::shared_ptr<peer_connection>;

/// The port as its connections see it.
struct connection_house {
  connection_house(peer_port_options o, tls_identity i) : options(std::move(o)), identity(std::move(i)) {}

  peer_port_options options;
  peer_hello own;
  tls_identity identity;
  peer_listener tell;
  boost::asio::io_context work;

  instant not_before;

  /// The time that events get here.
  instant now() const { return std::max(not_before, options.now ? options.now() : machine_time()); }
  /// Null for a node of which the configuration knows nothing.
  const peer_plan* planned(const std::string& node) const;

  /// It has said what it is; admitted() or end() is the answer.
  virtual void judge(const connection_handle& c) = 0;
  virtual void proven(const connection_handle& c) = 0;
  /// An operator is at the other end, and not a node: `c` is at its end.
  virtual void serve(const connection_handle& c, operator_connection::stream stream, certificate who) = 0;
  virtual void ended(const connection_handle& c, refusal why, const std::string& about) = 0;
  virtual void took(const connection_handle& c, peer_message m) = 0;

protected:
  ~connection_house() = default;
};

/// Starts a timer anew; what it did before is off.
template <class Then>
void after(boost::asio::steady_timer& t, std::chrono::milliseconds when, Then then) {
  t.expires_after(when);
  t.async_wait([then = std::move(then)](boost::system::error_code off) {
    if (!off)
      then();
  });
}

class peer_connection : public std::enable_shared_from_this<peer_connection> {
public:
  /// `expected` is the node that must be at the other end of a connection that is opened here.
  peer_connection(connection_house& house, boost::asio::ip::tcp::socket socket, std::string expected);

  bool outgoing() const { return !expected_.empty(); }
  const std::string& node() const { return node_; }
  const peer_hello& peer() const { return *end_.peer(); }
  boost::asio::ip::tcp::socket& socket() { return stream_.next_layer(); }
  std::string who() const { return !node_.empty() ? node_ : !expected_.empty() ? expected_ : address_; }
  const std::string& address() const { return address_; }
  /// Whether the other end has said anything behind its hello: then it has let this one in.
  bool heard() const { return heard_; }

  /// What is at the other end is to show within its time what it is.
  void begin_deadline();
  void shake_hands();
  /// It is written soon, with whatever else is sent by then.
  void send(peer_message m);
  /// Who the authority says that it is, where it has signed its certificate: `node:factory`.
  const std::string& holder() const { return holder_; }
  /// Once; `why` is told.
  void end(refusal why, const std::string& about);
  /// The same to a node that has said what it is: it hears why before.
  void turn_away(refusal why, const std::string& about);
  /// Without a word: another connection takes its place, or the port ends.
  void drop();
  /// It may come with the log that it has; what it sent already is taken.
  void admitted();
  /// Whether its certificate still holds.
  void check(const tls_identity& now);

private:
  /// In handshake or reading.
  void failed(const boost::system::error_code& f);
  void unfit(const unfit_certificate& shown);
  /// A connection that ends tells of no fault. With TLS 1.3 a client hears only now that its certificate was refused.
  bool gone(const boost::system::error_code& f) const;
  void shaken();
  void read();
  void take(std::span<const std::uint8_t> data);
  void go_on();
  bool took(peer_message m);
  bool was_turned_away(const peer_message& m);
  /// The pong was written somewhere between ping and now.
  bool heard_clock(const peer_message& pong);

  void answered(std::uint64_t id);
  /// Unless the peer has to wait.
  void read_on();
  void write();
  /// Each end tells the other that it is there, whatever else it hears: a peer that takes a long message has nothing else
  /// to say. Whoever is not heard is gone, unless it is not read.
  void watch();

  connection_house& house_;
  operator_connection::stream stream_;
  std::string expected_, node_, address_, holder_;
  std::optional<unfit_certificate> unfit_; ///< what it showed while hands were shaken
  peer_end end_;
  boost::asio::steady_timer deadline_;
  std::array<std::uint8_t, 16 * 1024> piece_{};
  bytes going_;                                     ///< being written
  std::map<std::uint64_t, std::size_t> unanswered_; ///< commands of the peer, and their sizes
  std::size_t unanswered_bytes_ = 0;
  std::optional<std::uint64_t> question_;           ///< of the peer, not answered yet
  std::uint64_t pings_ = 0, awaited_ = 0; ///< that went out, each with its number; whose pong is awaited, 0: of none
  instant asked_at_;                      ///< when the last one did
  int silences_ = 0;                      ///< times in a row that nothing moved
  bool alive_ = false;                    ///< something moved since the last time
  std::optional<std::pair<refusal, std::string>> leaving_; ///< ends when all is written
  bool proven_ = false, heard_ = false, ended_ = false;
  bool waits_ = false, unread_ = false; ///< nothing is read: too much is worked on; answers are not read
  bool pong_waits_ = false;             ///< to be written
  bool write_comes_ = false;            ///< write() is called soon
};

} // namespace oaksteel
