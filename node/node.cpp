#include "node/node.hpp"

#include "node/live_node.hpp"

namespace oaksteel {
namespace {

constexpr int last_answers_ms = 10'000; ///< how long a stop waits for what is under way, here and over the network

void handle(live_node& node, const std::string& line, const control_server::reply& reply) {
  auto request = requests::read_request(line);
  if (!request)
    return reply(line_of(requests::failed(request.error())));
  node.ask(std::move(*request), [reply](const requests::answer& a) { reply(line_of(a)); });
}

} // namespace

std::optional<storage_error> look_at_node(const node_configuration& plan) {
  return live_node::look(plan);
}

std::optional<storage_error> run_node(const node_configuration& plan,
                                      const std::function<void(std::optional<instant> ahead)>& ready,
                                      const std::function<void(const std::string&)>& waits) {
  close_memory();
  const auto ended = termination();
  auto begun = live_node::begin(plan, ended.fd(), waits);
  if (!begun)
    return begun.error();
  const auto node = std::move(*begun);
  if (!node)
    return std::nullopt;
  auto control = control_server::open(
    plan.data, [&](const std::string& line, const control_server::reply& reply) { handle(*node, line, reply); });
  if (!control)
    return control.error();
  ready(node->ahead_at_start());
  const int stops[] = {ended.fd(), node->trouble().file()};
  control->serve(stops);
  node->end();
  control->finish(last_answers_ms);
  node->finish(std::chrono::milliseconds{last_answers_ms});
  return node->trouble().first();
}

} // namespace oaksteel
