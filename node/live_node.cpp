#include "node/live_node.hpp"

#include "crypto/merkle.hpp"
#include "events/event.hpp"
#include "node/carry_out.hpp"
#include "node/raising.hpp"
#include "node/signed_request.hpp"
#include "node/text.hpp"
#include "storage/archive.hpp"
#include "storage/find_domain_key.hpp"

#include <algorithm>

namespace oaksteel {
namespace {

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
  for (const auto& domain : plan.domains)
    if (const auto made = find_time_zone(written.view(), domain.id); made && *made != domain.zone)
      return "holds domain " + domain.id.text + " in time zone " + made->text() + " and not " + domain.zone.text() +
             "; put that right in the configuration";
  const auto row = written.view().row({stream_kind::authority, "authority"});
  const auto told = row ? decode<authority>(row->state) : expected<authority, std::string>{authority{}};
  if (plan.domain_key_set && told && !told->domain_key_set.empty())
    if (const fingerprint believed{sha256(told->domain_key_set)}; believed != *plan.domain_key_set)
      return "believes domain key set " + believed.hex() + " and not " + plan.domain_key_set->hex() +
             "; put that right in the configuration, or begin with a new log";
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

log_owner owner_of(const node_configuration& plan) {
  return {plan.data, plan.name, [&](const log& written) { return missing_in(plan, written); }};
}

std::optional<instant> later_than_now(instant last) {
  return last > system_clock_after({})->now() ? std::optional{last} : std::nullopt;
}

/// Null where the node is alone.
stored<std::unique_ptr<peers>> open_peers(const node_configuration& plan) {
  return plan.nodes.empty() ? stored<std::unique_ptr<peers>>{nullptr} : peers::open(plan);
}

} // namespace

/// Whatever cannot be opened keeps the node from starting.
stored<live_node::line_ports> live_node::open_lines(const node_configuration& plan) {
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

std::optional<storage_error> live_node::look(const node_configuration& plan) {
  if (auto problem = look_at_log(owner_of(plan)))
    return problem;
  const auto lines = open_lines(plan);
  if (!lines)
    return storage_error{storage_code::io, lines.error().text}; // another process may have a line: not this node
  const auto others = open_peers(plan);
  return others ? std::nullopt : std::optional{others.error()};
}

stored<std::unique_ptr<live_node>> live_node::begin(const node_configuration& plan, int ended,
                                                       const std::function<void(const std::string&)>& waits) {
  // First, for a node that runs has its lines and addresses too.
  if (auto problem = look_at_log(owner_of(plan)))
    return unexpected{std::move(*problem)};
  auto lines = open_lines(plan);
  if (!lines)
    return unexpected{lines.error()};
  auto others = open_peers(plan);
  if (!others)
    return unexpected{others.error()};
  auto key = log_key::generate(blinding_generator());
  auto opened = begin_log(owner_of(plan), key);
  if (!opened)
    return unexpected{opened.error()};
  if (opened->node.restored) {
    *others = nullptr; // its port is needed
    const auto raised = catch_up(*opened, plan, ended, waits);
    if (!raised)
      return unexpected{raised.error()};
    if (!*raised)
      return std::unique_ptr<live_node>{};
    if (others = open_peers(plan); !others)
      return unexpected{others.error()};
  }
  return std::unique_ptr<live_node>{
    new live_node{plan, std::move(key), std::move(*opened), std::move(*lines), std::move(*others)}};
}

live_node::live_node(const node_configuration& plan, log_key key, opened_log opened, line_ports lines,
                     std::unique_ptr<peers> others)
  : key_(std::move(key)), opened_(std::move(opened)), ahead_(later_than_now(opened_.last)),
    time_(system_clock_after(opened_.last)), lines_(std::move(lines)),
    others_(std::move(others)), system_(std::make_unique<caf::actor_system>(config_)) {
  auto options = options_of(plan);
  options.around = {&opened_.written, time_.get(), random_.get(), work_.get(), {}, {}, {}};
  options.around.limits.gather = gather_for;
  options.around.noise = noise_.get();
  options.around.degraded = plan.degraded;
  options.around.clock_tolerance = std::chrono::milliseconds{plan.clock_tolerance_ms};
  options.journaling.journal_log = &opened_.written;
  options.journaling.time = time_.get();
  options.journaling.key = &key_;
  options.journaling.writer = writer_.get();
  options.journaling.failed = [this](const storage_error& e) { trouble_.tell(e); };
  if (others_)
    options.spread = others_->begin(*system_);
  site_ = std::make_unique<site>(*system_, options);
  connect_lines(plan);
  options.around.journal = site_->journal();
  operators_ = system_->spawn(oaksteel::operators, label{plan.name}, options.around);
  desk_ = std::make_unique<operations>(plan, *site_, opened_.written, *random_, *time_, operators_, [this] {
    return others_ ? others_->seen() : std::vector<neighbour_state>{};
  });
  if (!others_)
    return;
  others_->start(*system_, options.around, opened_.node, *site_, [this] { desk_->bring_up_to_date(*system_); },
                 [this](const certificate& who, const std::string& line, const control_server::reply& reply) {
                   take_from_operator(who, line, reply);
                 });
}

live_node::~live_node() {
  for (const auto& [name, line] : lines_)
    line->stop();
  if (others_)
    others_->stop();
  caf::anon_send_exit(operators_, caf::exit_reason::user_shutdown);
  site_->stop();
  system_->await_all_actors_done(); // the journal signs the last checkpoint
  desk_ = nullptr;
  site_ = nullptr;
  operators_ = nullptr;
  lines_.clear();
  others_ = nullptr;
  system_ = nullptr;
}

/// Several meters may name one line: they take turns on it.
void live_node::connect_lines(const node_configuration& plan) {
  std::map<std::string, std::vector<participant>> meters;
  for (const auto& meter : plan.meters)
    meters[meter.line.text()].push_back({participant_kind::meter, meter.number.text});
  std::map<std::string, line_actor> owners;
  for (const auto& [name, on_it] : meters)
    owners[name] = lines_.at(name)->begin(*system_, carrier_actor{}, on_it);
  for (const auto& meter : plan.meters)
    site_->connect_line(meter.number, owners[meter.line.text()], meter.steel);
}

void live_node::take_from_operator(const certificate& who, const std::string& line, const control_server::reply& reply) {
  const auto request = read_signed_request(line, who);
  if (request)
    return desk_->start(*system_, *request, [reply](const requests::answer& a) { reply(line_of(a)); });
  others_->note(refusal::command_malformed, who, request.error());
  reply(line_of(requests::failed(request.error())));
}

} // namespace oaksteel
