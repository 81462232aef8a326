#include "node/remote_client.hpp"

#include "crypto/random.hpp"
#include "node/signed_request.hpp"
#include "node/tls_identity.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include <chrono>
#include <thread>

namespace oaksteel {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using failure = boost::system::error_code;

/// A node that works says so each second (operator_connection.cpp).
constexpr std::chrono::seconds silence_limit{10};
/// How long a node may work, whatever signs of life it gives: on a question, and on an order, for whose boxes it waits 10
/// minutes at most, and for the order itself 15.
constexpr std::chrono::seconds question_limit{30}, work_limit{30 * 60};
/// How long an answer that was lost is asked for again, and how often.
constexpr std::chrono::seconds insistence{60}, pause{1};
constexpr unsigned wordless_limit = 3;

/// One connection, from its first byte to the answer.
class conversation {
public:
  conversation(const operator_access& access, const tls_identity& identity, std::chrono::seconds limit)
    : access_(access), identity_(identity), until_(std::chrono::steady_clock::now() + limit), stream_(work_, identity.context()) {
    stream_.set_verify_callback([this](bool preverified, asio::ssl::verify_context& asked) {
      return identity_.takes(preverified, asked.native_handle(), unfit_);
    });
  }

  /// The answer's line; the error says how far it came.
  stored<std::string> hold(const std::string& line) {
    tcp::resolver names{work_};
    failure f;
    const auto found = names.resolve(access_.address.host, access_.address.port, f);
    if (f)
      return unexpected{problem(storage_code::missing, "the host is not known: " + f.message())};
    if (!within([&](auto done) { asio::async_connect(stream_.next_layer(), found, [done](failure e, const auto&) { done(e); }); }))
      return unexpected{problem(storage_code::missing, "no node is reached: " + failed_.message())};
    if (!within([&](auto done) { stream_.async_handshake(asio::ssl::stream_base::client, done); }))
      return unexpected{problem(storage_code::not_ours, "no secure connection: " + reason())};
    const auto node = identity_.node_of(stream_.native_handle());
    if (!node || node->holder.name != access_.node)
      return unexpected{problem(storage_code::not_ours, node ? "this is " + node->holder.text() + ", not node:" + access_.node.text : node.error().why)};
    connected_ = true;
    if (!within([&](auto done) { asio::async_write(stream_, asio::buffer(line), [done](failure e, std::size_t) { done(e); }); }))
      return unexpected{unanswered()};
    return answer();
  }
  /// Something may have been heard by the node.
  bool connected() const { return connected_; }
  /// The node said something, a sign of life at least.
  bool heard() const { return heard_; }

private:
  /// Runs one step, which calls what it is given when it is done; false when it fails or takes too long.
  template <class Step>
  bool within(Step step) {
    failed_ = asio::error::timed_out;
    step([this](failure f) { failed_ = f; });
    work_.restart();
    work_.run_for(silence_limit);
    if (!work_.stopped()) { // it still waits
      failure ignored;
      stream_.next_layer().close(ignored);
      work_.run();
      failed_ = asio::error::timed_out;
    }
    return !failed_;
  }

  /// Spaces come before it, and each begins the wait anew.
  stored<std::string> answer() {
    std::string line;
    std::array<char, 16 * 1024> piece{};
    while (!line.ends_with('\n')) {
      std::size_t size = 0;
      if (!within([&](auto done) {
            stream_.async_read_some(asio::buffer(piece), [done, &size](failure e, std::size_t n) { size = n, done(e); });
          }))
        return unexpected{unanswered()};
      heard_ = true;
      const auto blanks = line.empty() ? std::min(std::string_view{piece.data(), size}.find_first_not_of(' '), size) : 0;
      line.append(piece.data() + blanks, size - blanks);
      if (std::chrono::steady_clock::now() > until_)
        return unexpected{problem(storage_code::io, "it does not come to an answer")};
      if (line.size() > requests::answer_limit)
        return unexpected{problem(storage_code::too_large, "the answer is too long")};
    }
    line.pop_back();
    return line;
  }

  std::string reason() const { return unfit_ ? "its certificate: " + unfit_->why : tls_problem_of(failed_).why; }
  storage_error problem(storage_code code, const std::string& what) const {
    return {code, "node " + access_.node.text + " at " + access_.address.text() + ": " + what};
  }
  storage_error unanswered() {
    const auto tls = tls_problem_of(failed_);
    if (tls.of_the_other) {
      connected_ = false; // with TLS 1.3 one hears only now that the node has let nobody in
      return problem(storage_code::not_ours, tls.why);
    }
    return problem(storage_code::io, "no answer came: " + failed_.message());
  }

  const operator_access& access_;
  const tls_identity& identity_;
  std::chrono::steady_clock::time_point until_;
  asio::io_context work_;
  asio::ssl::stream<tcp::socket> stream_;
  failure failed_;
  std::optional<unfit_certificate> unfit_;
  bool connected_ = false, heard_ = false;
};

/// The node works on it: an answer to a command that came again while the first was under way.
bool is_under_way(const requests::answer& a) { return a.refusal == name(refusal::busy); }

label draw_id(generator& random) {
  bytes drawn(8);
  random.randomize(drawn.data(), drawn.size());
  return {hex(drawn)};
}

/// By the one certificate in a folder beside the authority's.
stored<label> named_in(const std::filesystem::path& certificates) {
  constexpr std::string_view ending = ".cert.pem";
  std::vector<label> found;
  std::error_code unreadable;
  for (std::filesystem::directory_iterator at{certificates, unreadable}, end; !unreadable && at != end;
       at.increment(unreadable)) {
    const auto file = at->path().filename().string();
    if (!file.ends_with(ending) || file == "ca.cert.pem")
      continue;
    if (auto name = label::parse(file.substr(0, file.size() - ending.size())))
      found.push_back(std::move(*name));
  }
  if (unreadable)
    return unexpected{system_error(unreadable.value(), "cannot be read", certificates)};
  if (found.size() != 1)
    return unexpected{storage_error{storage_code::not_ours,
                                    certificates.string() + ": holds " + std::to_string(found.size()) +
                                      " certificates of operators; it must be the folder of one"}};
  return found.front();
}

} // namespace

stored<label> holder_of(const std::filesystem::path& certificates) {
  auto who = named_in(certificates);
  if (!who)
    return who;
  if (const auto identity = tls_identity::load(certificates, operator_named(*who)); !identity)
    return unexpected{identity.error()};
  return who;
}

stored<requests::answer> ask_over_network(const operator_access& access, const requests::any_request& request) {
  const auto who = named_in(access.certificates);
  if (!who)
    return unexpected{who.error()};
  const auto identity = tls_identity::load(access.certificates, operator_named(*who));
  if (!identity)
    return unexpected{identity.error()};
  const auto random = system_randomness()->stream("operator", 0);
  const request_terms terms{access.node, *who, access.id ? *access.id : draw_id(*random), machine_time()};
  const auto line = sign_request(terms, request, identity->own().key, *random) + '\n';
  const auto until = std::chrono::steady_clock::now() + insistence;
  const auto limit = requests::only_asks(request) ? question_limit : work_limit;
  bool lost = false; // a node took the command and did not answer
  unsigned wordless = 0; // times in a row that it hung up at once, which no node does that is ended
  for (;;) {
    conversation one{access, *identity, limit};
    const auto said = one.hold(line);
    if (said) {
      auto answer = requests::read_answer(*said);
      if (!answer)
        return unexpected{storage_error{storage_code::io, "node " + access.node.text + ": the answer cannot be read: " +
                                                            answer.error()}};
      if (!lost || !is_under_way(*answer))
        return std::move(*answer);
    }
    lost = lost || one.connected();
    wordless = one.connected() && !one.heard() ? wordless + 1 : 0;
    if (!lost)
      return unexpected{said.error()};
    if (wordless == wordless_limit)
      return unexpected{storage_error{storage_code::not_ours, "node " + access.node.text +
                                                                ": it hangs up without a word; does it take the "
                                                                "certificate of " + who->text + "? Its error log says why"}};
    if (std::chrono::steady_clock::now() > until && requests::only_asks(request))
      return unexpected{said ? storage_error{storage_code::io, "node " + access.node.text + ": no answer came"} : said.error()};
    if (std::chrono::steady_clock::now() > until)
      return unexpected{storage_error{storage_code::io, "node " + access.node.text +
                                                          ": no answer came; it may or may not be done: the same command "
                                                          "with --id " + terms.id.text + " says what came of it"}};
    std::this_thread::sleep_for(pause);
  }
}

} // namespace oaksteel
