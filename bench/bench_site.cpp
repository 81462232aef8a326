#include "bench/bench_site.hpp"

#include "bench/lives.hpp"
#include "node/live_node.hpp"

#include <caf/send.hpp>

namespace oaksteel::bench {
namespace {

const domain_plan domain_of_bench{domain, "vendor", {"US"}};

box_plan plan_of(const char* slot, box_type type) {
  box_plan plan{{slot}, {}, type, {domain}, {}, 2, custodians};
  if (type == box_type::manufacturing)
    plan.domains.clear();
  return plan;
}

log open_or_make(const std::filesystem::path& directory) {
  if (!log::present(directory))
    return new_log(directory);
  auto opened = log::open(directory);
  if (!opened)
    throw bench_failed{opened.error().text};
  return std::move(*opened);
}

/// The last record's time: the clock goes on after it.
instant last_time(const log& written) {
  const auto view = written.view();
  const auto last = view.at(written.size());
  return last ? last->time : instant{};
}

} // namespace

bench_site::bench_site(const std::filesystem::path& directory, suite_id suite, shell_limits limits,
                       std::size_t most_meters)
  : media_(directory / "media"), suite_(suite), written_(open_or_make(directory)),
    slots_(meter_memory(directory / "meters.keys", most_meters)),
    time_(system_clock_after(last_time(written_))), random_(system_randomness()),
    workers_(thread_workers(worker_threads)), writer_(thread_workers(1)), key_(log_key::generate(blinding_generator())),
    system_(std::make_unique<caf::actor_system>(config_)) {
  site_options options;
  options.domains = {domain_of_bench};
  options.boxes = {plan_of("factory-1", box_type::manufacturing), plan_of("oak-1", box_type::oak),
                   plan_of("steel-1", box_type::steel), plan_of("brass-1", box_type::brass)};
  options.around = {&written_, time_.get(), random_.get(), workers_.get(), {}, limits};
  options.around.noise = noise_.get();
  options.journaling.journal_log = &written_;
  options.journaling.time = time_.get();
  options.journaling.key = &key_;
  options.journaling.writer = writer_.get();
  site_ = std::make_unique<site>(*system_, options);
  hands_ = std::make_unique<bench_operator>(*system_, *site_, written_, slots_);
}

bench_site::~bench_site() {
  site_->stop();
  hands_ = nullptr;
  site_ = nullptr;
  system_ = nullptr; // waits for the actors
}

void bench_site::ceremony() {
  for (const auto& custodian : custodians)
    std::filesystem::create_directories(media_ / custodian.text);
  site_plan plan{suite_, {domain_of_bench}, {}};
  for (const auto& box : site_->boxes())
    plan.boxes.push_back(box.plan);
  // A box whose process ended while it was enabled puts that on record first: until then the log calls it enabled.
  for (const auto& box : site_->boxes())
    hands_->ask<box_report>(box.common, ask_box{});
  const bool fresh = !box_in_slot(written_, plan.boxes.front().slot); // the Manufacturing box is the first
  if (fresh)
    for (const auto& step : first_ceremony(plan, {}))
      carry_out(step);
  for (const auto& box : plan.boxes)
    for (const auto& step : enabling(box))
      carry_out(step);
  const auto& steel = *site_->box_in({"steel-1"});
  site_->connect_steel(steel, *box_in_slot(written_, steel.plan.slot));
}

void bench_site::carry_out(const ceremony_step& step) {
  ceremony_operator people{*site_, written_, suite_, media_, *hands_};
  if (step.act == ceremony_act::enrol) {
    const auto random = random_->stream("officer", 0);
    if (auto typed = type_in_enrolment_secret(media_, people.officers(step), step.slot, *random); !typed)
      throw bench_failed{typed.error().text};
  }
  people.carry_out(step);
}

} // namespace oaksteel::bench
