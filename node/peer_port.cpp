#include "node/peer_port.hpp"

#include "node/tls_identity.hpp"
#include "storage/archive.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <future>
#include <list>
#include <map>
#include <thread>

namespace oaksteel {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using failure = boost::system::error_code;

/// Bytes that may wait to be sent to a peer; one that does not read them is sent away.
constexpr std::size_t unsent_limit = 2 * 64 * 1024 * 1024;
/// Commands of a peer, in number and in bytes, that may be worked on; nothing more is read then.
constexpr std::size_t unanswered_limit = 2048, unanswered_bytes = 64 * 1024 * 1024;
/// After the machine has no file left for a connection.
constexpr auto accept_pause = std::chrono::milliseconds{100};

std::string address_of(const tcp::socket& socket) {
  failure gone;
  const auto end = socket.remote_endpoint(gone);
  return gone ? "an address that is gone" : end.address().to_string();
}

using timer = asio::steady_timer;
/// Starts a timer anew; what it did before is off.
template <class Then>
void after(timer& t, std::chrono::milliseconds when, Then then) {
  t.expires_after(when);
  t.async_wait([then = std::move(then)](failure off) {
    if (!off)
      then();
  });
}

} // namespace

struct peer_port::impl {
  class connection;
  using connection_handle = std::shared_ptr<connection>;

  /// A peer to whom commands go.
  struct outward {
    peer_plan plan;
    timer pause;
    std::chrono::milliseconds next_pause;
    connection_handle way;
    bool up = false; ///< `way` has proved what it is
  };

  peer_port_options options;
  peer_hello own;
  tls_identity identity;
  peer_listener tell;
  asio::io_context work;
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> more_to_come{work.get_executor()};
  std::optional<tcp::acceptor> acceptor;
  timer accept_again{work}, check{work};
  std::map<std::string, outward> out;             ///< by node
  std::map<std::string, connection_handle> in;    ///< by node, those who proved who they are
  std::list<connection_handle> unproven;          ///< of those who came, oldest first
  std::list<std::shared_ptr<operator_connection>> operators;
  std::function<void()> none_left; ///< called when the last of them is gone, once the port is to end
  std::thread thread;

  impl(peer_port_options o, tls_identity i) : options(std::move(o)), identity(std::move(i)) {}

  instant now() const {
    return options.now ? options.now() : machine_time();
  }
  const peer_plan* planned(const std::string& node) const {
    const auto found = std::ranges::find(options.peers, node, &peer_plan::node);
    return found == options.peers.end() ? nullptr : &*found;
  }
  std::optional<storage_error> listen();
  void accept();
  void make_room();
  void reach(outward& o);
  void try_again(outward& o);
  void check_all();

  void judge(const connection_handle& c);
  void proven(const connection_handle& c);
  void serve(const connection_handle& c, asio::ssl::stream<tcp::socket> stream, certificate who);
  void ended(const connection_handle& c, refusal why, const std::string& about);
  void took(const connection_handle& c, peer_message m);
};

/// One connection, from its first byte to its end.
class peer_port::impl::connection : public std::enable_shared_from_this<connection> {
public:
  /// `expected` is the node that must be at the other end of a connection that is opened here.
  connection(impl& house, tcp::socket socket, std::string expected)
    : house_(house), stream_(std::move(socket), house.identity.context()), expected_(std::move(expected)),
      end_(house.own), deadline_(house.work) {}

  bool outgoing() const { return !expected_.empty(); }
  const std::string& node() const { return node_; }
  const peer_hello& peer() const { return *end_.peer(); }
  tcp::socket& socket() { return stream_.next_layer(); }
  std::string who() const { return !node_.empty() ? node_ : !expected_.empty() ? expected_ : address_; }
  const std::string& address() const { return address_; }

  /// What is at the other end is to show within its time what it is.
  void begin_deadline() {
    after(deadline_, house_.options.prove_within,
          [self = shared_from_this()] { self->end(refusal::peer_silent, "nothing was proved in time"); });
  }
  void shake_hands() {
    if (ended_)
      return;
    failure ignored;
    socket().set_option(tcp::no_delay{true}, ignored);
    address_ = address_of(socket());
    using side = asio::ssl::stream_base;
    stream_.async_handshake(outgoing() ? side::client : side::server, [self = shared_from_this()](failure f) {
      if (!self->ended_)
        f ? self->end(refusal::peer_not_certified, self->reason(f)) : self->shaken();
    });
  }
  void send(peer_message m) {
    if (ended_)
      return;
    if (m.kind == peer_message_kind::answer)
      answered(m.id);
    end_.send(std::move(m));
    if (end_.unsent() > unsent_limit)
      return end(refusal::busy, "it does not read what is sent to it");
    write();
  }
  /// Once; `why` is told.
  void end(refusal why, const std::string& about) {
    if (std::exchange(ended_, true))
      return;
    deadline_.cancel();
    failure ignored;
    socket().close(ignored);
    house_.ended(shared_from_this(), why, about);
  }
  /// Without a word: another connection takes its place, or the port ends.
  void drop() {
    ended_ = true;
    deadline_.cancel();
    failure ignored;
    socket().close(ignored);
  }
  /// It may come with the log that it has; what it sent already is taken.
  void admitted() {
    if (ended_)
      return;
    proven_ = true;
    house_.proven(shared_from_this());
    watch();
    go_on();
  }
  /// Whether its certificate still holds.
  void check(const tls_identity& now) {
    if (const auto node = now.node_in(stream_.native_handle()); !node)
      end(refusal::peer_not_certified, node.error());
  }

private:
  /// Of a handshake that failed.
  std::string reason(const failure& f) {
    const auto verdict = SSL_get_verify_result(stream_.native_handle());
    return verdict == X509_V_OK ? f.message() : std::string{"certificate: "} + X509_verify_cert_error_string(verdict);
  }

  /// A connection that ends tells of no fault. With TLS 1.3 a client hears only now that its certificate was refused.
  bool gone(const failure& f) const {
    return proven_ || f == asio::error::eof || f == asio::error::connection_reset
           || f == asio::ssl::error::stream_truncated;
  }

  void shaken() {
    if (auto shown = house_.identity.peer_of(stream_.native_handle());
        shown && shown->holder.kind == holder_kind::person && !outgoing() && house_.tell.operated) {
      ended_ = true;
      deadline_.cancel();
      return house_.serve(shared_from_this(), std::move(stream_), std::move(*shown));
    }
    const auto node = house_.identity.node_in(stream_.native_handle());
    if (!node)
      return end(refusal::peer_not_certified, node.error());
    if (outgoing() && *node != expected_)
      return end(refusal::peer_not_expected, "its certificate is for node " + *node);
    if (!house_.planned(*node))
      return end(refusal::peer_not_expected, "node " + *node + " is not in the configuration");
    node_ = *node;
    write();
    read();
  }

  void read() {
    stream_.async_read_some(asio::buffer(piece_), [self = shared_from_this()](failure f, std::size_t size) {
      if (self->ended_)
        return;
      if (f)
        return self->end(self->gone(f) ? refusal::no_answer : refusal::peer_not_certified, f.message());
      self->take({self->piece_.data(), size});
    });
  }

  void take(std::span<const std::uint8_t> data) {
    end_.received(data);
    if (end_.peer() && !proven_) {
      if (end_.peer()->node != node_)
        return end(refusal::peer_not_expected, "it says that it is node " + end_.peer()->node);
      // Nothing more is read until it is admitted.
      return house_.judge(shared_from_this());
    }
    go_on();
  }

  void go_on() {
    alive_ = true;
    while (auto m = end_.delivered()) {
      if (!took(std::move(*m)))
        return end(refusal::frame_malformed, "a message that does not belong on this connection");
      if (ended_)
        return;
    }
    if (auto why = end_.broken())
      return end(*why, "");
    if (unanswered_.size() < unanswered_limit && unanswered_bytes_ < unanswered_bytes)
      read();
    else
      waits_ = true;
  }

  bool took(peer_message m) {
    switch (m.kind) {
      case peer_message_kind::ping: send({peer_message_kind::pong, m.id, encode(house_.now())}); return m.data.empty();
      case peer_message_kind::pong: return heard_clock(m);
      case peer_message_kind::command:
        // A link sends a command again over another connection only.
        if (outgoing() || !unanswered_.try_emplace(m.id, m.data.size()).second)
          return false;
        unanswered_bytes_ += m.data.size();
        break;
      case peer_message_kind::ask_seen:
        if (outgoing() || !m.data.empty() || std::exchange(question_, m.id))
          return false;
        break;
      case peer_message_kind::answer:
        if (!outgoing())
          return false;
        break;
    }
    house_.took(shared_from_this(), std::move(m));
    return true;
  }

  /// The pong was written somewhere between ping and now.
  bool heard_clock(const peer_message& pong) {
    const auto theirs = decode<instant>(pong.data);
    // Of a ping that went out; and a time of this world, or it is no clock.
    constexpr std::int64_t year_9999 = 253'402'300'800'000'000;
    if (!theirs || theirs->us < 0 || theirs->us >= year_9999 || pong.id == 0 || pong.id > pings_)
      return false;
    // A late one, behind a long message, tells nothing; nor does a second one.
    if (pong.id != awaited_ || !house_.tell.clocked)
      return true;
    awaited_ = 0;
    const auto doubt = (house_.now().us - asked_at_.us) / 2;
    const auto ahead = theirs->us - asked_at_.us - doubt;
    house_.tell.clocked(node_, std::chrono::microseconds{ahead}, std::chrono::microseconds{doubt});
    return true;
  }

  void answered(std::uint64_t id) {
    if (question_ == id)
      question_.reset();
    const auto found = unanswered_.find(id);
    if (found == unanswered_.end())
      return;
    unanswered_bytes_ -= found->second;
    unanswered_.erase(found);
    if (std::exchange(waits_, false))
      read();
  }

  void write() {
    if (node_.empty() || !going_.empty())
      return;
    going_ = end_.to_write();
    if (going_.empty())
      return;
    asio::async_write(stream_, asio::buffer(going_), [self = shared_from_this()](failure f, std::size_t) {
      if (self->ended_)
        return;
      if (f)
        return self->end(refusal::no_answer, f.message());
      self->going_.clear();
      self->write();
    });
  }

  /// Each end tells the other that it is there, whatever else it hears: a peer that takes a long message has nothing else
  /// to say. Whoever is not heard is gone, unless it is not read.
  void watch() {
    after(deadline_, house_.options.silent_for / 3, [self = shared_from_this()] {
      if (std::exchange(self->alive_, false))
        self->silences_ = 0;
      else if (!self->waits_ && ++self->silences_ >= 3)
        return self->end(refusal::peer_silent, "nothing was heard of it");
      self->asked_at_ = self->house_.now();
      self->awaited_ = ++self->pings_;
      self->send({peer_message_kind::ping, self->pings_, {}});
      self->watch();
    });
  }

  impl& house_;
  asio::ssl::stream<tcp::socket> stream_;
  std::string expected_, node_, address_;
  peer_end end_;
  timer deadline_;
  std::array<std::uint8_t, 16 * 1024> piece_{};
  bytes going_; ///< being written
  std::map<std::uint64_t, std::size_t> unanswered_; ///< commands of the peer, and their sizes
  std::size_t unanswered_bytes_ = 0;
  std::optional<std::uint64_t> question_; ///< of the peer, not answered yet
  std::uint64_t pings_ = 0, awaited_ = 0; ///< that went out, each with its number; whose pong is awaited, 0: of none
  instant asked_at_;        ///< when the last one did
  int silences_ = 0;   ///< times in a row that nothing moved
  bool alive_ = false; ///< something moved since the last time
  bool proven_ = false, ended_ = false, waits_ = false;
};

std::optional<storage_error> peer_port::impl::listen() {
  const auto& at = *options.listen;
  failure f;
  tcp::resolver names{work};
  const auto found = names.resolve(at.host, at.port, tcp::resolver::passive | tcp::resolver::numeric_service, f);
  if (f || found.empty())
    return storage_error{storage_code::missing, at.text() + ": the host is not known: " + f.message()};
  const tcp::endpoint where = *found.begin();
  acceptor.emplace(work);
  acceptor->open(where.protocol(), f);
  if (!f)
    acceptor->set_option(tcp::acceptor::reuse_address{true}, f);
  if (!f)
    acceptor->bind(where, f);
  if (!f)
    acceptor->listen(asio::socket_base::max_listen_connections, f);
  if (f)
    return storage_error{storage_code::io, at.text() + ": cannot be listened on: " + f.message()};
  return std::nullopt;
}

void peer_port::impl::accept() {
  acceptor->async_accept([this](failure f, tcp::socket socket) {
    if (!acceptor->is_open())
      return;
    if (f)
      return after(accept_again, accept_pause, [this] { accept(); });
    if (identity.outdated())
      check_all();
    const auto c = std::make_shared<connection>(*this, std::move(socket), "");
    make_room();
    unproven.push_back(c);
    c->begin_deadline();
    c->shake_hands();
    accept();
  });
}

void peer_port::impl::make_room() {
  if (unproven.size() < unproven_limit)
    return;
  std::map<std::string, std::size_t> by_address;
  for (const auto& c : unproven)
    ++by_address[c->address()];
  const auto most = std::ranges::max_element(by_address, {}, [](const auto& one) { return one.second; })->first;
  const auto oldest = *std::ranges::find_if(unproven, [&](const auto& c) { return c->address() == most; });
  oldest->end(refusal::busy, "too many connections that have proved nothing");
}

void peer_port::impl::reach(outward& o) {
  if (identity.outdated())
    check_all();
  o.way = std::make_shared<connection>(*this, tcp::socket{work}, o.plan.node);
  o.way->begin_deadline();
  auto names = std::make_shared<tcp::resolver>(work);
  names->async_resolve(o.plan.address.host, o.plan.address.port, [c = o.way, names](failure f, auto found) {
    if (f)
      return c->end(refusal::no_answer, "the host is not known: " + f.message());
    asio::async_connect(c->socket(), found, [c](failure failed, const tcp::endpoint&) {
      if (failed)
        c->end(refusal::no_answer, failed.message());
      else
        c->shake_hands();
    });
  });
}

void peer_port::impl::try_again(outward& o) {
  after(o.pause, o.next_pause, [this, &o] { reach(o); });
  o.next_pause = std::min(options.longest_pause, o.next_pause * 2);
}

void peer_port::impl::check_all() {
  if (identity.outdated()) {
    // With files that do not hold, the node goes on with those that it has.
    if (auto fresh = tls_identity::load(options.certificates, {holder_kind::node, {options.node}}))
      identity = std::move(*fresh);
    else
      tell.refused(refusal::peer_not_certified, options.node, fresh.error().text);
  }
  std::vector<connection_handle> all;
  for (const auto& [node, c] : in)
    all.push_back(c);
  for (const auto& [node, o] : out)
    if (o.up)
      all.push_back(o.way);
  for (const auto& c : all)
    c->check(identity);
  after(check, options.check_every, [this] { check_all(); });
}

void peer_port::impl::judge(const connection_handle& c) {
  const auto admit = [this, c](std::optional<refusal> why) {
    asio::post(work, [c, why] { why ? c->end(*why, "log " + c->peer().log.hex()) : c->admitted(); });
  };
  tell.judge ? tell.judge(c->node(), c->peer(), admit) : c->admitted();
}

void peer_port::impl::proven(const connection_handle& c) {
  if (c->outgoing()) {
    auto& o = out.at(c->node());
    o.up = true;
    o.next_pause = options.first_pause;
    return tell.reached(c->node(), c->peer());
  }
  unproven.remove(c);
  if (auto& place = in[c->node()]; place)
    place->drop();
  in[c->node()] = c;
  tell.came(c->node(), c->peer());
}

void peer_port::impl::serve(const connection_handle& c, asio::ssl::stream<tcp::socket> stream, certificate who) {
  unproven.remove(c);
  if (none_left || operators.size() >= 2 * operator_limit) // those who hear that it is busy are many too
    return;
  const auto name = who.holder.text();
  const auto one = std::make_shared<operator_connection>(std::move(stream), std::move(who));
  const auto of_him = std::ranges::count_if(operators, [&](const auto& other) { return other->holder() == name; });
  if (static_cast<std::size_t>(of_him) >= operator_own_limit)
    one->turn_away("busy: " + std::to_string(operator_own_limit) + " commands of " + name + " are under way; try again");
  else if (operators.size() >= operator_limit)
    one->turn_away("busy: " + std::to_string(operator_limit) + " operators are served; try again");
  else
    one->serve(tell.operated);
  operators.push_back(one);
  one->when_over([this, name](const operator_connection* over, std::string problem) {
    if (!problem.empty())
      tell.refused(refusal::frame_malformed, name, problem);
    operators.remove_if([over](const auto& other) { return other.get() == over; });
    if (operators.empty() && none_left)
      none_left();
  });
}

void peer_port::impl::ended(const connection_handle& c, refusal why, const std::string& about) {
  // That a node is not there, or goes, is no fault of anybody's: it is tried again.
  if (why != refusal::no_answer)
    tell.refused(why, c->who(), about);
  if (!c->outgoing()) {
    unproven.remove(c);
    if (const auto place = in.find(c->node()); place != in.end() && place->second == c) {
      in.erase(place);
      tell.left(c->node());
    }
    return;
  }
  auto& o = out.at(c->who());
  if (std::exchange(o.up, false))
    tell.lost(c->who());
  o.way = nullptr;
  try_again(o);
}

void peer_port::impl::took(const connection_handle& c, peer_message m) {
  if (m.kind == peer_message_kind::ask_seen)
    tell.asked ? tell.asked(c->node(), m.id) : c->end(refusal::command_unknown, "nobody answers it here");
  else
    c->outgoing() ? tell.answered(c->node(), std::move(m)) : tell.commanded(c->node(), std::move(m));
}

stored<peer_port> peer_port::open(peer_port_options options) {
  auto identity = tls_identity::load(options.certificates, {holder_kind::node, {options.node}});
  if (!identity)
    return unexpected{identity.error()};
  auto made = std::make_unique<impl>(std::move(options), std::move(*identity));
  if (made->options.listen)
    if (auto problem = made->listen())
      return unexpected{*std::move(problem)};
  return peer_port{std::move(made)};
}

void peer_port::start(const peer_hello& own, peer_listener listener, const std::vector<std::string>& reach) {
  auto& house = *impl_;
  house.own = own;
  house.own.node = house.options.node;
  house.tell = std::move(listener);
  for (const auto& node : reach)
    if (const auto* plan = house.planned(node))
      house.out.emplace(node, impl::outward{*plan, timer{house.work}, house.options.first_pause, nullptr, false});
  house.thread = std::thread{[&house] {
    if (house.acceptor)
      house.accept();
    for (auto& [node, o] : house.out)
      house.reach(o);
    house.check_all();
    house.work.run();
  }};
}

void peer_port::ask(const std::string& node, peer_message command) {
  asio::post(impl_->work, [house = impl_.get(), node, m = std::move(command)]() mutable {
    if (const auto o = house->out.find(node); o != house->out.end() && o->second.up)
      o->second.way->send(std::move(m));
  });
}

void peer_port::answer(const std::string& node, peer_message answer) {
  asio::post(impl_->work, [house = impl_.get(), node, m = std::move(answer)]() mutable {
    if (const auto c = house->in.find(node); c != house->in.end())
      c->second->send(std::move(m));
  });
}

void peer_port::finish(std::chrono::milliseconds limit) {
  if (!impl_->thread.joinable())
    return;
  const auto over = std::make_shared<std::promise<void>>();
  asio::post(impl_->work, [house = impl_.get(), over] {
    house->none_left = [told = false, over]() mutable {
      if (!std::exchange(told, true))
        over->set_value();
    };
    for (const auto& one : std::list{house->operators})
      one->hurry();
    if (house->operators.empty())
      house->none_left();
  });
  over->get_future().wait_for(limit);
}

void peer_port::stop() {
  if (!impl_ || !impl_->thread.joinable())
    return;
  impl_->work.stop();
  impl_->thread.join();
}

peer_port::peer_port(peer_port&&) noexcept = default;
peer_port::~peer_port() { stop(); }
peer_port::peer_port(std::unique_ptr<impl> i) : impl_(std::move(i)) {}

} // namespace oaksteel
