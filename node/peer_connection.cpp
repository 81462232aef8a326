#include "node/peer_connection.hpp"

#include "storage/archive.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <openssl/err.h>

#include <algorithm>

namespace oaksteel {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using failure = boost::system::error_code;

/// Bytes that may wait to be sent to a peer; one that does not read them is sent away.
constexpr std::size_t unsent_limit = 2 * 64 * 1024 * 1024;
/// Bytes of answers that a peer has not read, beyond which no more of its commands are read.
constexpr std::size_t answers_ahead = 4 * 1024 * 1024;
/// Commands of a peer, in number and in bytes, that may be worked on; nothing more is read then.
constexpr std::size_t unanswered_limit = 2048, unanswered_bytes = 64 * 1024 * 1024;

std::string address_of(const tcp::socket& socket) {
  failure gone;
  const auto end = socket.remote_endpoint(gone);
  return gone ? "an address that is gone" : end.address().to_string();
}

} // namespace

const peer_plan* connection_house::planned(const std::string& node) const {
  const auto found = std::ranges::find(options.peers, node, &peer_plan::node);
  return found == options.peers.end() ? nullptr : &*found;
}

peer_connection::peer_connection(connection_house& house, tcp::socket socket, std::string expected)
  : house_(house), stream_(std::move(socket), house.identity.context()), expected_(std::move(expected)),
    end_(house.own), deadline_(house.work) {
  stream_.set_verify_callback([this](bool preverified, asio::ssl::verify_context& asked) {
    return house_.identity.takes(preverified, asked.native_handle(), unfit_);
  });
}

void peer_connection::begin_deadline() {
  after(deadline_, house_.options.prove_within,
        [self = shared_from_this()] {
          self->leaving_ ? self->end(self->leaving_->first, self->leaving_->second)
                         : self->end(refusal::peer_silent, "nothing was proved in time");
        });
}

void peer_connection::shake_hands() {
  if (ended_)
    return;
  failure ignored;
  socket().set_option(tcp::no_delay{true}, ignored);
  address_ = address_of(socket());
  using side = asio::ssl::stream_base;
  stream_.async_handshake(outgoing() ? side::client : side::server, [self = shared_from_this()](failure f) {
    if (!self->ended_)
      f ? self->failed(f) : self->shaken();
  });
}

void peer_connection::send(peer_message m) {
  if (ended_)
    return;
  if (m.kind == peer_message_kind::answer)
    answered(m.id);
  end_.send(std::move(m));
  if (end_.unsent() > unsent_limit)
    return end(refusal::busy, "it does not read what is sent to it");
  // Behind everything that is to be sent by now: one write for all of it.
  if (!std::exchange(write_comes_, true))
    asio::post(house_.work, [self = shared_from_this()] {
      self->write_comes_ = false;
      if (!self->ended_)
        self->write();
    });
}

void peer_connection::end(refusal why, const std::string& about) {
  if (std::exchange(ended_, true))
    return;
  deadline_.cancel();
  failure ignored;
  socket().close(ignored);
  house_.ended(shared_from_this(), why, about);
}

void peer_connection::turn_away(refusal why, const std::string& about) {
  if (ended_ || leaving_)
    return;
  leaving_ = {why, about};
  send({peer_message_kind::turned_away, 0, encode(why)});
}

void peer_connection::drop() {
  ended_ = true;
  deadline_.cancel();
  failure ignored;
  socket().close(ignored);
}

void peer_connection::admitted() {
  if (ended_)
    return;
  proven_ = true;
  house_.proven(shared_from_this());
  watch();
  go_on();
}

void peer_connection::check(const tls_identity& now) {
  if (const auto node = now.node_of(stream_.native_handle()); !node)
    unfit(node.error());
}

void peer_connection::failed(const failure& f) {
  if (unfit_)
    return unfit(*unfit_);
  const auto problem = tls_problem_of(f);
  end(problem.of_the_other ? refusal::peer_turns_away : refusal::peer_not_certified, problem.why);
}

void peer_connection::unfit(const unfit_certificate& shown) {
  holder_ = shown.holder;
  end(refusal::peer_not_certified, (holder_.empty() ? "its certificate: " : "certificate of " + holder_ + ": ") + shown.why);
}

bool peer_connection::gone(const failure& f) const {
  return proven_ || f == asio::error::eof || f == asio::error::connection_reset
         || f == asio::ssl::error::stream_truncated;
}

void peer_connection::shaken() {
  auto shown = house_.identity.peer_of(stream_.native_handle());
  if (shown && shown->holder.kind == holder_kind::person && !outgoing() && house_.tell.operated) {
    ended_ = true;
    deadline_.cancel();
    stream_.set_verify_callback([](bool preverified, asio::ssl::verify_context&) { return preverified; }); // not this one's
    return house_.serve(shared_from_this(), std::move(stream_), std::move(*shown));
  }
  const auto node = tls_identity::of_a_node(std::move(shown));
  if (!node)
    return unfit(node.error());
  holder_ = node->holder.text();
  const auto& name = node->holder.name.text;
  if (outgoing() && name != expected_)
    return end(refusal::peer_not_expected, "its certificate is for node " + name);
  if (!house_.planned(name))
    return end(refusal::peer_not_expected, name == house_.options.node ? "it has the certificate of this node itself"
                                                                       : "node " + name + " is not in the configuration");
  node_ = name;
  write();
  read();
}

void peer_connection::read() {
  stream_.async_read_some(asio::buffer(piece_), [self = shared_from_this()](failure f, std::size_t size) {
    if (self->ended_)
      return;
    if (f)
      return self->gone(f) ? self->end(refusal::no_answer, f.message()) : self->failed(f);
    self->take({self->piece_.data(), size});
  });
}

void peer_connection::take(std::span<const std::uint8_t> data) {
  end_.received(data);
  if (end_.peer() && !proven_) {
    if (end_.peer()->node != node_)
      return end(refusal::peer_not_expected, "it says that it is node " + end_.peer()->node);
    // Nothing more is read until it is admitted.
    return house_.judge(shared_from_this());
  }
  go_on();
}

void peer_connection::go_on() {
  alive_ = true;
  while (auto m = end_.delivered()) {
    if (!took(std::move(*m)))
      return end(refusal::frame_malformed, "a message that does not belong on this connection");
    if (ended_)
      return;
  }
  if (auto why = end_.broken())
    return end(*why, "");
  read_on();
}

void peer_connection::read_on() {
  waits_ = unanswered_.size() >= unanswered_limit || unanswered_bytes_ >= unanswered_bytes;
  // Of answers alone: were commands held back for answers too, both ends could wait for each other.
  unread_ = !outgoing() && end_.unsent() >= answers_ahead;
  if (!waits_ && !unread_)
    read();
}

bool peer_connection::took(peer_message m) {
  if (m.kind == peer_message_kind::turned_away)
    return was_turned_away(m);
  heard_ = true;
  switch (m.kind) {
    case peer_message_kind::ping:
      // One pong at a time: a peer that does not read them is owed no more.
      if (!std::exchange(pong_waits_, true))
        send({peer_message_kind::pong, m.id, encode(house_.now())});
      return m.data.empty();
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
    case peer_message_kind::turned_away: return false; // it stands above
  }
  house_.took(shared_from_this(), std::move(m));
  return true;
}

bool peer_connection::was_turned_away(const peer_message& m) {
  const auto why = decode<refusal>(m.data);
  if (!outgoing() || !why)
    return false;
  end(refusal::peer_turns_away, "it says: " + std::string{text(*why)});
  return true;
}

bool peer_connection::heard_clock(const peer_message& pong) {
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

void peer_connection::answered(std::uint64_t id) {
  if (question_ == id)
    question_.reset();
  const auto found = unanswered_.find(id);
  if (found == unanswered_.end())
    return;
  unanswered_bytes_ -= found->second;
  unanswered_.erase(found);
  if (waits_)
    read_on();
}

void peer_connection::write() {
  if (node_.empty() || !going_.empty())
    return;
  going_ = end_.to_write();
  if (unread_)
    read_on();
  if (going_.empty()) {
    pong_waits_ = false;
    return leaving_ ? end(leaving_->first, leaving_->second) : void();
  }
  asio::async_write(stream_, asio::buffer(going_), [self = shared_from_this()](failure f, std::size_t) {
    if (self->ended_)
      return;
    if (f)
      return self->end(refusal::no_answer, f.message());
    self->alive_ = self->alive_ || self->unread_; // it cannot be heard meanwhile
    self->going_.clear();
    self->write();
  });
}

void peer_connection::watch() {
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

} // namespace oaksteel
