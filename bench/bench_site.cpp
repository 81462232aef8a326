#include "bench/bench_site.hpp"

#include "bench/lives.hpp"
#include "events/event.hpp"
#include "storage/archive.hpp"
#include "storage/event_codec.hpp"

#include <caf/send.hpp>

namespace oaksteel::bench {
namespace {

const std::vector<label> custodians{{"Ada"}, {"Bela"}};

box_plan plan_of(const char* slot, box_type type) {
  box_plan plan{{slot}, type, {domain}, {}, 2, custodians};
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

erasable_slots make_slots(const std::filesystem::path& file, std::size_t count) {
  auto slots = erasable_slots::open(file, count);
  if (!slots)
    throw bench_failed{slots.error().text};
  return std::move(*slots);
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
    slots_(make_slots(directory / "meters.keys", most_meters)), time_(system_clock_after(last_time(written_))),
    random_(system_randomness()), workers_(thread_workers(2)), writer_(thread_workers(1)),
    key_(log_key::generate(blinding_generator())),
    system_(std::make_unique<caf::actor_system>(config_)) {
  site_options options;
  options.domains = {{domain, "vendor", {"US"}}};
  options.boxes = {plan_of("factory-1", box_type::manufacturing), plan_of("oak-1", box_type::oak),
                   plan_of("steel-1", box_type::steel), plan_of("brass-1", box_type::brass)};
  options.around = {&written_, time_.get(), random_.get(), workers_.get(), {}, limits};
  options.journaling.journal_log = &written_;
  options.journaling.time = time_.get();
  options.journaling.key = &key_;
  options.journaling.writer = writer_.get();
  site_ = std::make_unique<site>(*system_, options);
}

bench_site::~bench_site() {
  site_->stop();
  site_ = nullptr;
  meters_.clear();
  system_ = nullptr; // waits for the actors
}

std::optional<box_id> bench_site::id_of(const site_box& box) const {
  const auto view = written_.view();
  const auto position = view.find(static_cast<std::uint8_t>(lookup::box_in_slot), box.plan.slot.text);
  const auto record = position ? view.at(*position) : std::nullopt;
  const auto initialised = record ? read_as<box_initialised>(*record) : std::nullopt;
  return initialised ? std::optional{initialised->box} : std::nullopt;
}

void bench_site::initialise(const site_box& box) {
  set_secure_box_id order{{head()}, {box_type::manufacturing, 1}, box.plan.slot, 2, custodians, suite_, media_, {}};
  if (box.plan.type != box_type::manufacturing) {
    const auto allocated = ask<box_id_allocated>(site_->manufacturing().manufacturing,
                                                 allocate_box_id{{head()}, box.plan.slot, box.plan.type});
    order.id = allocated.id;
    order.order_signature = allocated.order_signature;
  }
  ask<box_id_set>(box.common, order);
}

void bench_site::enable(const site_box& box) {
  for (const auto& custodian : custodians)
    ask<box_report>(box.common, put_share{{head()}, custodian, media_});
}

void bench_site::make_process(const site_box& box) {
  const auto offered = ask<start_up_key_offered>(box.common, offer_start_up_key{{head()}});
  const auto package = ask<domain_process_package>(
    site_->manufacturing().manufacturing, make_domain_process{{head()}, *id_of(box), domain, offered.spki});
  take_domain_process delivery{{head()}, domain, package.sealed, {}};
  if (box.plan.type == box_type::oak)
    delivery.steels.push_back(*id_of(*site_->box_in({"steel-1"})));
  ask<acknowledged>(box.common, delivery);
}

void bench_site::ceremony() {
  for (const auto& custodian : custodians)
    std::filesystem::create_directories(media_ / custodian.text);
  const bool fresh = !id_of(site_->manufacturing());
  for (const auto& box : site_->boxes()) { // the Manufacturing box is the plan's first
    if (fresh)
      initialise(box);
    enable(box);
  }
  if (fresh) {
    ask<acknowledged>(site_->manufacturing().manufacturing, create_domain{{head()}, domain, "vendor", {"US"}});
    for (const auto& box : site_->boxes())
      if (box.plan.type != box_type::manufacturing)
        make_process(box);
  }
  const auto& steel = *site_->box_in({"steel-1"});
  site_->connect_steel(steel, *id_of(steel));
}

void bench_site::add_meters(std::size_t count) {
  const auto first = numbers_.size();
  for (std::size_t i = first; i < first + count; ++i) {
    // A site that opens the log again goes on with other meters.
    numbers_.push_back({std::to_string(1'000'000 * written_.epoch() + i)});
    meters_.push_back(site_->connect_meter({numbers_[i], static_cast<std::uint32_t>(i), &slots_, {}}));
  }
  ask_all<acknowledged>(count, 64, [&](std::size_t i) {
    return std::pair{line(), load_label{{head()}, numbers_[first + i], {"PC-1"}}};
  });
}

open_order bench_site::installation(std::size_t i) {
  order_details details;
  details.meter = numbers_[i];
  details.product = {"PC-1"};
  return {{head()}, details, {{domain, *id_of(*site_->box_in({"steel-1"}))}}};
}

} // namespace oaksteel::bench
