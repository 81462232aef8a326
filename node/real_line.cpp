#include "node/real_line.hpp"

#include "crypto/random.hpp"

#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <cstring>

namespace oaksteel {
namespace {

std::uint32_t fresh_session() {
  const auto drawn = system_randomness()->stream("line", 0)->random_vec(sizeof(std::uint32_t));
  std::uint32_t session = 0;
  std::memcpy(&session, drawn.data(), sizeof session);
  return session;
}

} // namespace

line_actor real_line::begin(caf::actor_system& system, carrier_actor near, std::vector<participant> involved) {
  line_options options;
  options.name = name_;
  options.involved = std::move(involved);
  options.write = [this](bytes data) { port_.write(std::move(data)); };
  options.hang_up = [this](std::uint64_t connection) { port_.hang_up(connection); };
  options.session = fresh_session;
  options.near = std::move(near);
  const line_actor line = system.spawn(line_owner, std::move(options));
  line_listener listener;
  listener.began = [line](std::uint64_t connection) { caf::anon_send(line, line_began{{}, connection}); };
  listener.ended = [line] { caf::anon_send(line, line_ended{}); };
  listener.turned_away = [line] { caf::anon_send(line, line_turned_away{}); };
  // The port waits until the actor has taken it: noise that comes faster than it is read stays in the machine's
  // buffers.
  listener.heard = [&system, line](bytes data) {
    caf::scoped_actor self{system};
    self->request(line, caf::infinite, line_heard{{}, std::move(data)})
        .receive([](const acknowledged&) {}, [](const caf::error&) {});
  };
  port_.start(std::move(listener));
  return line;
}

} // namespace oaksteel
