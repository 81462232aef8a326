#include "scenarios/stage.hpp"

#include "node/carry_out.hpp"
#include "scenarios/matrix_report.hpp"
#include "scenarios/slow_disk.hpp"
#include "storage/archive.hpp"

namespace oaksteel {
namespace {

/// Of other messages, while a commit is written where faults come by chance: about as many as lead from a component's
/// decision to the operator.
constexpr unsigned turns_of_a_write = 20;

std::string name_of_step(const step& s) {
  struct naming {
    std::string operator()(const first_ceremony_step&) const { return "ceremony"; }
    std::string operator()(const domain_step&) const { return "domain"; }
    std::string operator()(const enable_step&) const { return "enable"; }
    std::string operator()(const disable_step&) const { return "disable"; }
    std::string operator()(const activate_step&) const { return "activate"; }
    std::string operator()(const restart_step&) const { return "restart"; }
    std::string operator()(const install_step& x) const { return "install " + x.labels; }
    std::string operator()(const scrap_step&) const { return "scrap"; }
    std::string operator()(const register_step&) const { return "register"; }
    std::string operator()(const retire_step&) const { return "retire"; }
    std::string operator()(const mail_step&) const { return "mail"; }
    std::string operator()(const wait_step&) const { return "wait"; }
    std::string operator()(const chance_step&) const { return "chance"; }
    std::string operator()(const cell_step& x) const { return name_of_cell(x); }
  };
  return std::visit(naming{}, s);
}

std::vector<meter_defect> defects_of(const script& plan, const sequence_number& meter) {
  std::vector<meter_defect> defects;
  for (const auto& fault : plan.faults)
    if (fault.meter == meter)
      defects.push_back({fault.domain, fault.what == "tokens", fault.times});
  return defects;
}

} // namespace

std::size_t slots_of(const scenario& what) {
  return what.labels.size() + (has_cells(what.plan) ? (what.plan.steps.size() + 1) * cell_attempts : 0);
}

stage::stage(const scenario& what, const run_options& options, opened_log& opened, std::function<bool()> stop,
             std::function<void(const storage_error&)> storage_failed, run_result& result)
  : scenario_(what), options_(options), opened_(opened), result_(result),
    faults_(std::make_shared<wire_faults>(what.plan.message_faults)),
    world_(opened.last,
           [this, stop = std::move(stop)] {
             return stop() || faults_->ends_process(opened_.written.size()) || ends_by_chance();
           }),
    random_(seeded_randomness(options.seed, opened.written.epoch())),
    noise_(faulty_noise(*random_, what.plan.box_faults)), workers_(inline_workers()),
    log_key_(simulated_log_key(options.seed)), storage_failed_(std::move(storage_failed)) {
  auto slots = erasable_slots::open(memory_of_meters(options.data), std::max<std::size_t>(1, slots_of(what)));
  if (!slots)
    halt(slots.error());
  slots_ = std::move(*slots);
  if (const auto [terms, number] = chance_of(what.plan); terms)
    chance_.emplace(*terms, options.chance, opened.written.epoch());

  site_options plan;
  plan.domains = what.plan.domains;
  plan.boxes = what.plan.boxes;
  plan.detached = false;
  plan.around = {&opened.written, &world_.time(), random_.get(), workers_.get(), {}, {}, storage_failed_};
  plan.around.noise = noise_.get();
  plan.around.degraded = what.plan.degraded;
  if (what.plan.as_commands)
    plan.carry = faulty_wires(world_.system(), faults_);
  plan.journaling.journal_log = &opened.written;
  plan.journaling.time = &world_.time();
  plan.journaling.key = &log_key_;
  if (chance_) {
    faults_->draw([this](const command& c) { return chance_->meets(c); });
    disk_ = slow_disk(world_.system(), turns_of_a_write);
    plan.journaling.writer = disk_.get();
    plan.journaling.small_commit = 0;
  }
  plan.journaling.simulated = true;
  plan.journaling.failed = storage_failed_;
  for (const auto& s : what.plan.steps)
    if (auto mail = std::get_if<mail_step>(&s))
      plan.mail_batch = mail->batch;
  site_ = std::make_unique<site>(world_.system(), plan);
  auto around = plan.around;
  around.journal = site_->journal();
  chronicle_ = start_chronicle(world_.system(), around);
  for (std::uint32_t slot = 0; slot < what.labels.size(); ++slot) {
    const auto& label = what.labels[slot];
    auto defects = defects_of(what.plan, label.meter);
    if (chance_)
      for (auto& one : chance_->defects(label.meter, what.plan.domains))
        defects.push_back(std::move(one));
    meters_[label.meter] = site_->connect_meter({label.meter, slot, &*slots_, std::move(defects)});
  }
  if (has_cells(what.plan))
    site_->connect_meter({spare_meter, slot_of_spare(what), &*slots_, {}});
  connect_meters_of(opened_.node.steps_done + 1);
}

stage::~stage() {
  for (const auto& one : asked_)
    if (one->answer)
      result_.answered.push_back(one->answer->outcome);
  end_.reset();
  // A process that is ended from outside finishes nothing.
  if (std::uncaught_exceptions() > 0)
    return;
  site_->stop();
  caf::anon_send_exit(chronicle_, caf::exit_reason::user_shutdown);
  try {
    world_.settle();
  } catch (const simulation_stopped&) {
    // A process that ends says no more.
  }
}

message_head stage::head() {
  const auto n = (std::uint64_t{opened_.written.epoch()} << 32) + ++heads_;
  return {{"operator", n}, {}, {}};
}

void stage::say(const std::string& line) const {
  if (options_.progress)
    options_.progress(line);
}

void stage::progress(std::size_t done, std::size_t of, const std::string& what) const {
  say(std::to_string(done) + '/' + std::to_string(of) + ' ' + what);
}

bool stage::attempt(const std::function<void()>& part) {
  try {
    part();
    return true;
  } catch (const step_failed& e) {
    result_.failures.push_back(e.line);
    return false;
  }
}

void stage::run() {
  const auto& steps = scenario_.plan.steps;
  if (!attempt([this] { come_back(); }))
    return;
  const auto chance_at = chance_of(scenario_.plan).second;
  if (chance_ && opened_.node.steps_done >= chance_at)
    begin_chance();
  const auto first = opened_.node.steps_done + 1;
  for (step_ = first; step_ <= std::min<std::size_t>(steps.size(), options_.last_step); ++step_) {
    const auto& s = steps[step_ - 1];
    // What happens by chance begins in a start of its own, so that it is the same after any ceremony.
    if (step_ == chance_at && step_ != first)
      throw restart_wanted{};
    const auto began = std::chrono::steady_clock::now();
    // A step that failed is not done: the next run tries it again.
    const bool taken = attempt([&] {
      std::visit([this](const auto& one) { take(one); }, s);
      const auto outcome = std::exchange(found_, {});
      const auto what = step_ == chance_at ? chance_said(chance_->seed())
                                           : name_of_step(s) + (outcome.empty() ? "" : ": " + outcome);
      ask<acknowledged>(chronicle_, step_finished{{}, step_, what}, "recording the step");
    });
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    const auto name = std::holds_alternative<cell_step>(s) ? "matrix" : name_of_step(s);
    if (name == "matrix" && !result_.stages.empty() && result_.stages.back().what == name)
      result_.stages.back().seconds += took.count();
    else
      result_.stages.push_back({name, took.count()});
    if (!taken)
      return;
    if (std::holds_alternative<restart_step>(s))
      throw restart_wanted{};
    if (step_ == chance_at)
      begin_chance();
  }
  result_.finished = step_ > steps.size();
}

void stage::know_names() {
  other_names others;
  for (const auto& d : scenario_.plan.domains)
    others.domains.push_back(d.id);
  for (const auto& box : site_->boxes())
    if (const auto id = box_in_slot(opened_.written, box.plan.slot); id && box.plan.type == box_type::steel)
      others.steels.push_back(*id);
  faults_->know(std::move(others));
}

void stage::take(const wait_step& s) {
  world_.advance(std::chrono::hours{s.hours});
}

} // namespace oaksteel
