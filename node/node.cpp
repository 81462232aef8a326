#include "node/node.hpp"

#include "actors/actor_config.hpp"
#include "events/event.hpp"
#include "node/carry_out.hpp"
#include "node/control.hpp"
#include "node/operations.hpp"
#include "node/peers.hpp"
#include "node/process.hpp"
#include "node/raising.hpp"
#include "node/real_line.hpp"
#include "node/signed_request.hpp"
#include "node/text.hpp"

#include <algorithm>
#include <map>

namespace oaksteel {
namespace {

constexpr int last_answers_ms = 10'000; ///< how long a stop waits for what is under way

/// What the log has and the configuration does not: it must not vanish, or turn into something else, without a word.
std::optional<std::string> missing_in(const node_configuration& plan, const log& written) {
  for (const auto& [slot, position] : written.view().range(static_cast<std::uint8_t>(lookup::box_in_slot), "")) {
    const auto box = state_of(written, *box_in_slot(written, {slot}));
    const auto planned = std::ranges::find(plan.boxes, label{slot}, &box_plan::slot);
    const auto which = "box " + box.id.text() + " in slot " + in_quotes(slot);
    if (planned == plan.boxes.end())
      return "holds " + which + ", which the configuration does not name; name it there";
    if (planned->type != box.id.type)
      return "holds " + which + ", which is of type " + std::string{name(box.id.type)} +
             " and not " + std::string{name(planned->type)} + "; put that right in the configuration";
    if (plan.suite != box.suite)
      return "holds boxes of suite " + std::string{name(box.suite)} + " and not " + std::string{name(plan.suite)} +
             "; put that right in the configuration";
  }
  return std::nullopt;
}

site_options options_of(const node_configuration& plan) {
  site_options options;
  options.domains = plan.domains;
  options.boxes = plan.boxes;
  if (plan.report_timeout_s > 0)
    options.report_timeout = std::chrono::seconds{plan.report_timeout_s};
  return options;
}

/// The ports of all lines, by what the configuration calls them: whatever cannot be opened keeps the node from
/// starting.
using line_ports = std::map<std::string, std::unique_ptr<real_line>>;
stored<line_ports> open_lines(const node_configuration& plan) {
  line_ports all;
  for (const auto& meter : plan.meters) {
    const auto name = meter.line.text();
    if (all.contains(name))
      continue;
    auto port = line_port::open(meter.line, line_side::listens);
    if (!port)
      return unexpected{port.error()};
    all[name] = std::make_unique<real_line>(std::move(*port), name);
  }
  return all;
}

/// Null where the node is alone.
stored<std::unique_ptr<peers>> open_peers(const node_configuration& plan) {
  return plan.nodes.empty() ? stored<std::unique_ptr<peers>>{nullptr} : peers::open(plan);
}

/// Everything that lives as long as the node; what is below rests on what is above.
struct house {
  disk_failure trouble;
  log_key key;
  opened_log opened;
  std::unique_ptr<clock> time;
  std::unique_ptr<randomness> random = system_randomness();
  std::unique_ptr<noise_supply> noise = machine_noise();
  std::unique_ptr<workers> work = thread_workers(worker_threads);
  std::unique_ptr<workers> writer = thread_workers(1);
  actor_config config;
  line_ports lines;
  std::unique_ptr<peers> others; ///< null where the node is alone
  std::unique_ptr<site> hosted;
  std::unique_ptr<operations> desk;
  operators_actor operators;
  std::unique_ptr<caf::actor_system> system;

  house(const node_configuration& plan, log_key own_key, opened_log begun, line_ports ports,
        std::unique_ptr<peers> connections)
      : key(std::move(own_key)), opened(std::move(begun)), time(system_clock_after(opened.last)),
        lines(std::move(ports)), others(std::move(connections)), system(std::make_unique<caf::actor_system>(config)) {
    auto options = options_of(plan);
    options.around = {&opened.written, time.get(), random.get(), work.get(), {}, {}, {}};
    options.around.noise = noise.get();
    options.around.degraded = plan.degraded;
    options.around.clock_tolerance = std::chrono::milliseconds{plan.clock_tolerance_ms};
    options.journaling.journal_log = &opened.written;
    options.journaling.time = time.get();
    options.journaling.key = &key;
    options.journaling.writer = writer.get();
    options.journaling.failed = [this](const storage_error& e) { trouble.tell(e); };
    if (others)
      options.spread = others->begin(*system);
    hosted = std::make_unique<site>(*system, options);
    connect(plan);
    desk = std::make_unique<operations>(plan, *hosted, opened.written, *random, *time);
    if (others) {
      options.around.journal = hosted->journal();
      operators = system->spawn(oaksteel::operators, label{plan.name}, options.around);
      desk->have_neighbours(operators, [this] { return others->seen(); });
      others->start(*system, options.around, opened.node, *hosted, [this] { desk->bring_up_to_date(*system); },
                    [this](certificate who, const std::string& line, const control_server::reply& reply) {
                      const auto name = who.holder.text();
                      const auto request = read_signed_request(line, std::move(who));
                      if (request)
                        return desk->start(*system, *request, answer_by(reply));
                      others->note(refusal::command_malformed, name, request.error());
                      reply(line_of(requests::failed(request.error())));
                    });
    }
  }
  ~house() {
    for (const auto& [name, line] : lines)
      line->stop();
    if (others)
      others->stop();
    if (operators)
      caf::anon_send_exit(operators, caf::exit_reason::user_shutdown);
    hosted->stop();
    system->await_all_actors_done(); // the journal signs the last checkpoint
    desk = nullptr;
    hosted = nullptr;
    operators = nullptr;
    lines.clear();
    others = nullptr;
    system = nullptr;
  }

  /// Several meters may name one line: they take turns on it.
  void connect(const node_configuration& plan) {
    std::map<std::string, std::vector<participant>> meters;
    for (const auto& meter : plan.meters)
      meters[meter.line.text()].push_back({participant_kind::meter, meter.number.text});
    std::map<std::string, line_actor> owners;
    for (const auto& [name, on_it] : meters)
      owners[name] = lines.at(name)->begin(*system, carrier_actor{}, on_it);
    for (const auto& meter : plan.meters)
      hosted->connect_line(meter.number, owners[meter.line.text()], meter.steel);
  }

  void handle(const std::string& line, const control_server::reply& reply) {
    auto request = requests::read_request(line);
    if (!request)
      return reply(line_of(requests::failed(request.error())));
    desk->start(*system, std::move(*request), answer_by(reply));
  }
  static std::function<void(requests::answer)> answer_by(control_server::reply reply) {
    return [reply = std::move(reply)](const requests::answer& a) { reply(line_of(a)); };
  }
};

} // namespace

std::optional<storage_error> run_node(const node_configuration& plan, const std::function<void()>& ready) {
  const auto ended = termination();
  auto ports = open_lines(plan);
  if (!ports)
    return ports.error();
  auto others = open_peers(plan);
  if (!others)
    return others.error();
  auto key = log_key::generate(blinding_generator());
  auto opened = begin_log({plan.data, plan.name, [&](const log& written) { return missing_in(plan, written); }}, key);
  if (!opened)
    return opened.error();
  if (opened->node.restored) {
    *others = nullptr; // its port is needed
    const auto raised = catch_up(*opened, plan, ended.fd());
    if (!raised || !*raised)
      return raised ? std::nullopt : std::optional{raised.error()};
    if (others = open_peers(plan); !others)
      return others.error();
  }
  house at{plan, std::move(key), std::move(*opened), std::move(*ports), std::move(*others)};
  auto control = control_server::open(
    plan.data, [&at](const std::string& line, const control_server::reply& reply) { at.handle(line, reply); });
  if (!control)
    return control.error();
  ready();
  const int stops[] = {ended.fd(), at.trouble.file()};
  control->serve(stops);
  at.desk->end();
  control->finish(last_answers_ms);
  return at.trouble.first();
}

} // namespace oaksteel
