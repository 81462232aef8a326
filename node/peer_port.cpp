#include "node/peer_port.hpp"

#include "node/peer_connection.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <future>
#include <list>
#include <map>
#include <set>
#include <thread>

namespace oaksteel {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using failure = boost::system::error_code;

using timer = asio::steady_timer;

/// After the machine has no file left for a connection.
constexpr auto accept_pause = std::chrono::milliseconds{100};

} // namespace

struct peer_port::impl final : connection_house {
  /// A peer to whom commands go.
  struct outward {
    peer_plan plan;
    timer pause;
    std::chrono::milliseconds next_pause;
    connection_handle way;
    bool up = false; ///< `way` has proved what it is
  };

  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> more_to_come{work.get_executor()};
  std::optional<tcp::acceptor> acceptor;
  timer accept_again{work}, check_again{work};
  std::map<std::string, outward> out;          ///< by node
  std::map<std::string, connection_handle> in; ///< by node, those who proved who they are
  std::list<connection_handle> unproven;       ///< of those who came, oldest first
  std::set<std::string> peer_addresses;        ///< at which nodes of the plan are
  std::list<std::shared_ptr<operator_connection>> operators;
  std::function<void()> none_left; ///< called when the last of them is gone, once the port is to end
  std::thread thread;

  using connection_house::connection_house;

  std::optional<storage_error> listen();
  void accept();
  void make_room();
  void reach(outward& o);
  void try_again(outward& o);
  void end_earlier(const connection_handle& now);
  void check_all();
  /// Whether an operator's certificate still holds; he hears so if not.
  void check(const std::shared_ptr<operator_connection>& one);

  void judge(const connection_handle& c) override;
  void proven(const connection_handle& c) override;
  void serve(const connection_handle& c, operator_connection::stream stream, certificate who) override;
  void ended(const connection_handle& c, refusal why, const std::string& about) override;
  void took(const connection_handle& c, peer_message m) override;
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
    const auto c = std::make_shared<peer_connection>(*this, std::move(socket), "");
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
  const auto weight = [&](const connection_handle& c) {
    const auto count = by_address.at(c->address());
    return count <= unproven_of_peer && peer_addresses.contains(c->address()) ? 0 : count;
  };
  const auto oldest = *std::ranges::max_element(unproven, {}, weight); // the first of several
  oldest->end(refusal::busy, "too many connections that have proved nothing");
}

void peer_port::impl::reach(outward& o) {
  if (identity.outdated())
    check_all();
  o.way = std::make_shared<peer_connection>(*this, tcp::socket{work}, o.plan.node);
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
      tell.refused({refusal::peer_not_certified, options.node, fresh.error().text, {}});
  }
  std::vector<connection_handle> all;
  for (const auto& [node, c] : in)
    all.push_back(c);
  for (const auto& [node, o] : out)
    if (o.up)
      all.push_back(o.way);
  for (const auto& c : all)
    c->check(identity);
  for (const auto& one : std::list{operators})
    check(one);
  after(check_again, options.check_every, [this] { check_all(); });
}

void peer_port::impl::check(const std::shared_ptr<operator_connection>& one) {
  if (!one->served())
    return;
  const auto problem = identity.problem_with(one->who());
  if (!problem)
    return;
  tell.refused({refusal::peer_not_certified, one->holder(), "certificate of " + problem->holder + ": " + problem->why,
                problem->holder});
  one->turn_away("this node does not take the certificate of " + problem->holder + " any more: " + problem->why);
}

void peer_port::impl::judge(const connection_handle& c) {
  const auto admit = [this, c](std::optional<refusal> why) {
    asio::post(work, [c, why] {
      const auto about = "log " + c->peer().log.hex();
      !why ? c->admitted() : c->outgoing() ? c->end(*why, about) : c->turn_away(*why, about);
    });
  };
  tell.judge ? tell.judge(c->node(), c->peer(), admit) : c->admitted();
}

/// Whatever else is open with that node and is older than this: an earlier log, or start, of it counts for nothing now.
void peer_port::impl::end_earlier(const connection_handle& now) {
  std::vector<connection_handle> others;
  if (const auto place = in.find(now->node()); place != in.end())
    others.push_back(place->second);
  if (const auto o = out.find(now->node()); o != out.end() && o->second.up)
    others.push_back(o->second.way);
  for (const auto& other : others)
    if (other->peer().log != now->peer().log)
      other->end(refusal::peer_log_superseded, "log " + other->peer().log.hex());
    else if (other->peer().epoch < now->peer().epoch)
      other->end(refusal::no_answer, "it has started again"); // nobody's fault; who runs on is refused when it tries again
}

void peer_port::impl::proven(const connection_handle& c) {
  end_earlier(c);
  if (c->outgoing()) {
    auto& o = out.at(c->node());
    o.up = true;
    peer_addresses.insert(c->address());
    return tell.reached(c->node(), c->peer());
  }
  unproven.remove(c);
  if (auto& place = in[c->node()]; place)
    place->drop();
  in[c->node()] = c;
  tell.came(c->node(), c->peer());
}

void peer_port::impl::serve(const connection_handle& c, operator_connection::stream stream, certificate who) {
  unproven.remove(c);
  const auto name = who.holder.text();
  std::size_t of_him = 0, served_of_him = 0, served = 0;
  for (const auto& other : operators) {
    const bool his = other->holder() == name;
    of_him += his;
    served_of_him += his && other->served();
    served += other->served();
  }
  // As many of his as are served may be hearing that he has to wait; nobody's keep others out.
  if (none_left || of_him >= 2 * operator_own_limit)
    return;
  const auto one = std::make_shared<operator_connection>(std::move(stream), std::move(who));
  if (served_of_him >= operator_own_limit)
    one->turn_away("busy: " + std::to_string(operator_own_limit) + " commands of " + name + " are under way; try again");
  else if (served >= operator_limit)
    one->turn_away("busy: " + std::to_string(operator_limit) + " operators are served; try again");
  else
    one->serve([this](const std::shared_ptr<operator_connection>& from, std::string line, operator_connection::reply reply) {
      if (identity.outdated())
        check_all();
      check(from);
      if (from->served())
        tell.operated(from->who(), line, std::move(reply));
    });
  operators.push_back(one);
  one->when_over([this, name](const operator_connection* over, std::string problem) {
    if (!problem.empty())
      tell.refused({refusal::frame_malformed, name, problem, name});
    operators.remove_if([over](const auto& other) { return other.get() == over; });
    if (operators.empty() && none_left)
      none_left();
  });
}

void peer_port::impl::ended(const connection_handle& c, refusal why, const std::string& about) {
  // That a node is not there, or goes, is no fault of anybody's: it is tried again.
  if (why != refusal::no_answer)
    tell.refused({why, c->who(), about, c->holder()});
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
  tell.missed(c->who(), why == refusal::no_answer ? about : std::string{text(why)} + (about.empty() ? "" : ": " + about));
  // Being let in is no proof of being taken: who is sent away at once tries ever later.
  if (c->heard())
    o.next_pause = options.first_pause;
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

void peer_port::start(const peer_hello& own, peer_listener listener, const std::vector<std::string>& reach,
                      instant not_before) {
  auto& house = *impl_;
  house.not_before = not_before;
  house.own = own;
  house.own.node = house.options.node;
  house.tell = std::move(listener);
  for (const auto& peer : house.options.peers)
    house.peer_addresses.insert(peer.address.host);
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
