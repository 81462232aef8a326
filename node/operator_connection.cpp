#include "node/operator_connection.hpp"

#include "node/requests.hpp"
#include "node/signed_request.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

namespace oaksteel {
namespace {

namespace asio = boost::asio;
using failure = boost::system::error_code;

/// For a line to come, and for one to be taken.
constexpr std::chrono::milliseconds patience{10'000}, between_signs{1'000};

} // namespace

operator_connection::operator_connection(stream connected, certificate who)
  : stream_(std::move(connected)), who_(std::move(who)), timer_(stream_.get_executor()) {}

void operator_connection::serve(worker work) {
  work_ = std::move(work);
  until(patience, &operator_connection::out_of_patience);
  read();
}

void operator_connection::turn_away(const std::string& why) { answer(line_of(requests::failed(why))); }

void operator_connection::hurry() {
  if (!taken_ && !answered_)
    end();
}

void operator_connection::until(std::chrono::milliseconds when, void (operator_connection::*then)()) {
  timer_.expires_after(when);
  timer_.async_wait([self = shared_from_this(), then](failure off) {
    if (!off && !self->ended_)
      ((*self).*then)();
  });
}

void operator_connection::out_of_patience() { end(taken_ ? "" : "no request came in time"); }

void operator_connection::read() {
  stream_.async_read_some(asio::buffer(piece_), [self = shared_from_this()](failure f, std::size_t size) {
    if (self->ended_)
      return;
    // Nobody waits for the answer any more; what was asked goes on.
    if (f)
      return self->end(self->taken_ ? "" : "it ended before its request");
    if (self->taken_)
      return self->end("more than one request on a connection");
    const auto before = self->in_.size();
    self->in_.append(self->piece_.data(), size);
    const auto end = self->in_.find('\n', before);
    if (end == std::string::npos ? self->in_.size() > signed_request_limit : end + 1 != self->in_.size())
      return self->end(end == std::string::npos ? "a request that is too long" : "more than one request on a connection");
    if (end != std::string::npos) {
      self->in_.pop_back();
      self->take(std::move(self->in_));
    }
    self->read();
  });
}

void operator_connection::take(std::string line) {
  taken_ = true;
  until(between_signs, &operator_connection::sign_of_life);
  work_(shared_from_this(), std::move(line), [self = shared_from_this()](std::string answered) {
    asio::post(self->stream_.get_executor(), [self, answered = std::move(answered)]() mutable {
      if (!self->ended_ && !self->answered_)
        self->answer(std::move(answered));
    });
  });
}

void operator_connection::answer(std::string line) {
  answered_ = true;
  line += '\n';
  if (writing_)
    waiting_ = std::move(line);
  else
    write(std::move(line), true);
  until(patience, &operator_connection::out_of_patience);
}

void operator_connection::sign_of_life() {
  if (answered_)
    return;
  if (!writing_)
    write(" ", false);
  until(between_signs, &operator_connection::sign_of_life);
}

void operator_connection::write(std::string text, bool last) {
  writing_ = true;
  out_ = std::move(text);
  asio::async_write(stream_, asio::buffer(out_), [self = shared_from_this(), last](failure f, std::size_t) {
    self->writing_ = false;
    if (self->ended_)
      return;
    if (f)
      return self->end();
    if (!self->waiting_.empty())
      return self->write(std::exchange(self->waiting_, {}), true);
    if (last)
      self->stream_.async_shutdown([self](failure) { self->end(); });
  });
}

void operator_connection::end(std::string problem) {
  if (std::exchange(ended_, true))
    return;
  timer_.cancel();
  failure ignored;
  stream_.next_layer().close(ignored);
  if (over_)
    over_(this, std::move(problem));
}

} // namespace oaksteel
