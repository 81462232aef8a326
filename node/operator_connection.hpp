#pragma once
// A connection of an operator to a node: he sends one line, a signed request (signed_request.hpp), and gets one, the
// answer; spaces come before it, one a second, while the node works. In the thread of the port that took it.

#include "crypto/certificate.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <functional>
#include <memory>
#include <string>

namespace oaksteel {

/// Operators at once.
inline constexpr std::size_t operator_limit = 32, operator_own_limit = 4; ///< of all, and of one

class operator_connection : public std::enable_shared_from_this<operator_connection> {
public:
  using stream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket>;
  using reply = std::function<void(std::string)>;
  /// What an operator asks, and where the answer goes.
  using handler = std::function<void(const certificate& who, const std::string& line, reply)>;

  /// The same, with his connection: whether it still holds is looked at first.
  using worker = std::function<void(const std::shared_ptr<operator_connection>&, std::string line, reply)>;

  /// The handshake is done, and `who` was found good.
  operator_connection(stream connected, certificate who);

  /// Called once at the end, not from within serve(); `problem` says what was wrong with what he sent, if anything was.
  void when_over(std::function<void(const operator_connection*, std::string problem)> told) { over_ = std::move(told); }
  void serve(worker work);
  const certificate& who() const { return who_; }
  std::string holder() const { return who_.holder.text(); }
  /// He is, or will be, given an answer to what he asks, and has not got it yet.
  bool served() const { return work_ && !answered_ && !ended_; }
  /// Ends it unless an answer is awaited or on its way.
  void hurry();
  /// He hears why he is not served, or not any more.
  void turn_away(const std::string& why);

private:
  void read();
  void take(std::string line);
  void answer(std::string line);
  void sign_of_life();
  void write(std::string text, bool last);
  void end(std::string problem = {});
  void until(std::chrono::milliseconds when, void (operator_connection::*then)());
  void out_of_patience();

  stream stream_;
  certificate who_;
  worker work_;
  std::function<void(const operator_connection*, std::string)> over_;
  boost::asio::steady_timer timer_;
  std::array<char, 16 * 1024> piece_{};
  std::string in_, out_;
  bool taken_ = false, answered_ = false, writing_ = false, ended_ = false;
  std::string waiting_; ///< the answer, while a sign of life is being written
};

} // namespace oaksteel
