#include "tests/actors/site_bench.hpp"

#include "node/carry_out.hpp"
#include "scenarios/chronicle.hpp"
#include "scenarios/runner.hpp"
#include "storage/event_codec.hpp"
#include "storage/inspect.hpp"
#include "storage/media.hpp"
#include "tests/scenarios/finished_day.hpp"

namespace oaksteel::testing {

site_bench::site_bench(const std::vector<box_plan>& more, std::unique_ptr<workers> hands,
                       const std::function<void(log&)>& overnight, std::function<void(site_options&)> change)
  : hands_(std::move(hands)), change_(std::move(change)) {
  workers_.holding = false;
  auto day = load_scenario(scenario_file("small-day.toml"));
  BOOST_REQUIRE(day);
  plan_ = std::move(day->plan);
  known_ = plan_.boxes.size();
  plan_.boxes.insert(plan_.boxes.end(), more.begin(), more.end());
  finished_day::copy(data_);
  if (overnight) {
    auto opened = log::open(data_);
    BOOST_REQUIRE(opened);
    overnight(*opened);
  }
  start();
}

site_bench::~site_bench() { stop(); }

void site_bench::restart() {
  stop();
  site_.reset();
  world_.reset();
  slots_.reset();
  log_.reset();
  start();
}

box_id site_bench::id_of(const std::string& slot) const {
  auto position = log_->view().find(static_cast<std::uint8_t>(lookup::box_in_slot), slot);
  return read_as<box_initialised>(*log_->view().at(*position))->box;
}

void site_bench::carry_out(const ceremony_step& step) {
  ceremony_operator people{*site_, *log_, plan_.suite, media_folder(), *this};
  if (step.act == ceremony_act::enrol)
    type_in(step.slot, people.officers(step));
  people.carry_out(step);
}

void site_bench::type_in(const label& slot, const std::vector<label>& officers) {
  for (const auto& officer : officers)
    std::filesystem::create_directories(media_folder() / officer.text);
  BOOST_REQUIRE(type_in_enrolment_secret(media_folder(), officers, slot, *random_->stream("officer", ++count_)));
}

site_bench::enrolled site_bench::enrol(const std::string& slot, const label& officer) {
  type_in({slot}, {officer});
  const auto& maker = site_->manufacturing().manufacturing;
  enrolled e;
  e.order = get<box_id_allocated>(maker, allocate_box_id{{}, {slot}, box(slot).plan.type, officer, media_folder()});
  e.answer = get<start_up_key_offered>(box(slot).common, begin_order(slot, e.order, officer));
  const auto admission =
    get<box_admission>(maker, admit_box{{}, {slot}, e.answer.start_up_key, e.answer.answer, e.answer.proof});
  e.admission.proof = admission.proof;
  e.admission.signature = admission.signature;
  return e;
}

set_secure_box_id site_bench::begin_order(const std::string& slot, const box_id_allocated& order, const label& officer) const {
  return {{}, order.id, {slot}, order.source, order.challenge, order.signature, officer, media_folder()};
}

package site_bench::package_for(const std::string& slot, const domain_id& domain) {
  make_domain_process order{{}, id_of(slot), domain, {}};
  if (box(slot).plan.type == box_type::oak)
    order.steels.push_back(id_of("steel-1"));
  return get<package_of_keys>(site_->manufacturing().manufacturing, order).keys;
}

std::vector<told_event> site_bench::events() const {
  auto all = read_log(data_);
  BOOST_REQUIRE(all);
  return std::move(*all);
}

all_rows site_bench::rows() const {
  auto source = log_source::open(data_);
  BOOST_REQUIRE(source);
  all_rows all;
  while (const auto* item = source->next())
    if (auto row = std::get_if<scanned_row>(item); row && row->stream.kind != stream_kind::faults)
      all[row->stream.text()] = {row->state.begin(), row->state.end()};
  return all;
}

void site_bench::only_a_fault(const std::string& about, refusal why, const std::function<void()>& what) {
  const auto before = rows();
  const auto size = events().size();
  what();
  const auto all = events();
  std::string told;
  for (auto i = size; i < all.size(); ++i)
    told += std::string{name_of_event(all[i].event)} + ' ';
  BOOST_REQUIRE_MESSAGE(all.size() == size + 1, about << ": these events: " << told);
  const auto* fault = std::get_if<fault_recorded>(&all.back().event);
  BOOST_CHECK_MESSAGE(fault && fault->reason == why,
                      about << ": " << told << (fault ? name(fault->reason) : "") << ", wanted " << name(why));
  BOOST_CHECK_MESSAGE(rows() == before, about << ": a state has changed");
}

void site_bench::start() {
  auto opened = log::open(data_);
  BOOST_REQUIRE(opened);
  log_.emplace(std::move(*opened));
  auto slots = erasable_slots::open(data_ / "meters.keys", 16);
  BOOST_REQUIRE(slots);
  slots_.emplace(std::move(*slots));
  world_.emplace(log_->view().at(log_->position().size)->time, [] { return false; });
  // Another for each bench of a process: else one draws as a nonce what another drew as a key, and what is left of
  // the nonce in memory passes for a key that was not wiped.
  static std::uint64_t starts = 0;
  random_ = seeded_randomness(plan_.seed + ++starts, log_->epoch());
  site_options options;
  options.domains = plan_.domains;
  options.boxes = plan_.boxes;
  options.detached = false;
  options.around = {&*log_, &world_->time(), random_.get(), hands_ ? hands_.get() : &workers_, {}, {}};
  options.journaling.journal_log = &*log_;
  options.journaling.time = &world_->time();
  if (change_)
    change_(options);
  site_.emplace(world_->system(), options);
  for (std::uint32_t slot = 0; slot < 4; ++slot)
    site_->connect_meter({{"M000000" + std::to_string(slot + 1)}, slot, &*slots_, {}});
  world_->settle();
  for (std::size_t i = 0; i < known_; ++i)
    enable(*site_->box_in(plan_.boxes[i].slot));
}

void site_bench::stop() {
  site_->stop();
  world_->settle();
}

void site_bench::enable(const site_box& box) {
  const auto id = id_of(box.plan.slot.text);
  for (unsigned i = 0; i < box.plan.threshold; ++i)
    get<box_report>(box.common, put_share{{}, box.plan.custodians[i], media_folder()});
  if (box.steel)
    site_->connect_steel(box, id);
  world_->settle();
}

} // namespace oaksteel::testing
