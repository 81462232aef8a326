#include "node/peers.hpp"

#include "node/introductions.hpp"
#include "storage/archive.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

namespace oaksteel {
namespace {

/// No clocks are closer, and nothing is said of less.
constexpr std::chrono::microseconds least_tolerance = std::chrono::milliseconds{50};

/// From the port: a node that was restored asks what was seen of it.
struct seen_asked {
  message_head head;
  std::string node;
  std::uint64_t id = 0;
};

/// The first answer takes as long as reading the log does: on a thread of its own, one after another.
caf::behavior tell_what_was_seen(const log& written, peer_port& port) {
  auto seen = std::make_shared<seen_of_nodes>();
  seen->read(written);
  return {[seen, &port](const seen_asked& m) {
    port.answer(m.node, {peer_message_kind::answer, m.id, encode(seen->of(m.node))});
  }};
}

} // namespace

peer_port_options peers::port_options(const node_configuration& plan) {
  peer_port_options options;
  options.node = plan.name;
  options.certificates = plan.certificates;
  options.listen = plan.listen;
  for (const auto& node : plan.nodes)
    if (node.name.text != plan.name)
      options.peers.push_back({node.name.text, node.address});
    else if (!options.listen)
      options.listen = node.address;
  return options;
}

stored<std::unique_ptr<peers>> peers::open(const node_configuration& plan) {
  auto port = peer_port::open(port_options(plan));
  if (!port)
    return unexpected{port.error()};
  return std::make_unique<peers>(plan, std::move(*port));
}

neighbourhood peers::begin(caf::actor_system& system) {
  for (const auto& node : plan_.others()) {
    peer_link_options link;
    link.send = [this, node](peer_message m) { port_.ask(node, std::move(m)); };
    peer_door_options door;
    door.send = [this, node](peer_message m) { port_.answer(node, std::move(m)); };
    door.trouble = [this, node](refusal why, const std::string& about) {
      note(why, node, about);
    };
    seen_[node] = {node};
    all_[node] = {system.spawn(peer_link, std::move(link)), system.spawn(peer_door, std::move(door))};
  }
  return {plan_.name, plan_.others(), [this](const party& p) { return plan_.node_of(p); },
          plan_.computers(),
          [this](const std::string& node) { return carrier_actor{all_.at(node).link}; },
          [this](const std::string& node, const wire& ends, carrier_actor near) {
            caf::anon_send(all_.at(node).door, wire_offered{{}, ends, std::move(near)});
          }};
}

void peers::see(const std::string& node, bool neighbour_state::*what, bool is) {
  const std::lock_guard lock{seeing_};
  seen_.at(node).*what = is;
}

std::vector<neighbour_state> peers::seen() const {
  const std::lock_guard lock{seeing_};
  std::vector<neighbour_state> all;
  for (const auto& [node, state] : seen_)
    all.push_back(state);
  return all;
}

peer_listener peers::listener(operator_connection::handler operated) {
  peer_listener l;
  l.judge = [this](const std::string& node, const peer_hello& h, auto admit) {
    caf::anon_send(neighbours_, peer_came{{}, node, h, std::move(admit)});
  };
  l.asked = [this](const std::string& node, std::uint64_t id) {
    caf::anon_send(seen_of_others_, seen_asked{{}, node, id});
  };
  l.reached = [this](const std::string& node, const peer_hello& h) {
    see(node, &neighbour_state::reached, true);
    hold_plans(node, h);
    caf::anon_send(all_.at(node).link, peer_joined{{}, h});
  };
  l.lost = [this](const std::string& node) {
    see(node, &neighbour_state::reached, false);
    caf::anon_send(all_.at(node).link, peer_left{});
  };
  l.missed = [this](const std::string& node, const std::string& why) {
    const std::lock_guard lock{seeing_};
    seen_.at(node).missed = why;
  };
  l.answered = [this](const std::string& node, peer_message m) {
    caf::anon_send(all_.at(node).link, peer_heard{{}, m.id, std::move(m.data)});
  };
  l.came = [this](const std::string& node, const peer_hello& h) {
    see(node, &neighbour_state::came, true);
    hold_plans(node, h);
    caf::anon_send(all_.at(node).door, peer_joined{{}, h});
  };
  l.clocked = [this](const std::string& node, std::chrono::microseconds ahead, std::chrono::microseconds doubt) {
    {
      const std::lock_guard lock{seeing_};
      seen_.at(node).ahead = ahead;
    }
    const auto allowed = std::max(std::chrono::microseconds{std::chrono::milliseconds{plan_.clock_tolerance_ms}}, least_tolerance);
    if (abs(ahead) - doubt > allowed)
      note(refusal::clocks_differ, node, ahead.count() > 0 ? "its clock is ahead" : "its clock is behind");
  };
  l.left = [this](const std::string& node) { see(node, &neighbour_state::came, false); };
  l.operated = std::move(operated);
  l.commanded = [this](const std::string& node, peer_message m) {
    caf::anon_send(all_.at(node).door, peer_heard{{}, m.id, std::move(m.data)});
  };
  l.refused = [this](const refused_peer& r) { caf::anon_send(neighbours_, peer_refused{{}, r.why, r.who, r.about, r.holder}); };
  return l;
}

void peers::start(caf::actor_system& system, const surroundings& around, const node_state& own, site& hosted,
                  std::function<void()> lacking, operator_connection::handler operated) {
  seen_of_others_ = system.spawn<caf::detached>([this, written = around.journal_log]() -> caf::behavior {
    return tell_what_was_seen(*written, port_);
  });
  neighbours_ = system.spawn(neighbours, around);
  introductions_ = system.spawn(introductions, &plan_, static_cast<const oaksteel::log*>(around.journal_log), &hosted,
                                neighbours_, std::move(lacking));
  port_.start({peer_version, plan_.name, around.journal_log->id(), around.journal_log->epoch(), own.ancestors, plan_.shared()},
              listener(std::move(operated)), plan_.others(), around.time->now());
}

void peers::hold_plans(const std::string& node, const peer_hello& h) {
  const bool differ = h.plan != plan_.shared();
  see(node, &neighbour_state::plan_differs, differ);
  if (differ)
    note(refusal::plans_differ, node, "");
}

void peers::note(refusal why, const std::string& node, const std::string& about) const {
  caf::anon_send(neighbours_, peer_refused{{}, why, node, about, holder_name{holder_kind::node, {node}}.text()});
}

void peers::note(refusal why, const certificate& who, const std::string& about) const {
  const auto name = who.holder.text();
  caf::anon_send(neighbours_, peer_refused{{}, why, name, about, name});
}

void peers::stop() {
  port_.stop();
  caf::anon_send_exit(introductions_, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(neighbours_, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(seen_of_others_, caf::exit_reason::user_shutdown);
  for (const auto& [node, one] : all_) {
    caf::anon_send_exit(one.link, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(one.door, caf::exit_reason::user_shutdown);
  }
}

} // namespace oaksteel
