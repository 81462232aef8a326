#pragma once
// The site of a finished small day, awake again: its real boxes, archives and computers in virtual time, to be sent
// whatever message a test likes. What they did is read from the log alone.

#include "node/carry_out.hpp"
#include "scenarios/chronicle.hpp"
#include "scenarios/runner.hpp"
#include "scenarios/simulation.hpp"
#include "storage/event_codec.hpp"
#include "storage/media.hpp"
#include "tests/actors/held_workers.hpp"
#include "tests/scenarios/finished_day.hpp"
#include "tests/scenarios/log_facts.hpp"

namespace oaksteel::testing {

/// The rows of all streams but the error log.
using all_rows = std::map<std::string, bytes>;

class site_bench {
public:
  /// `more`: boxes beside those of the day, which have no id yet. `hands`: who works instead of the held workers.
  /// `overnight`: what is done to the log before the site awakes. `change` is asked at each start.
  explicit site_bench(const std::vector<box_plan>& more = {}, std::unique_ptr<workers> hands = nullptr,
                      const std::function<void(log&)>& overnight = {}, std::function<void(surroundings&)> change = {})
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
  ~site_bench() { stop(); }

  /// The process ends, and another opens the log.
  void restart() {
    stop();
    site_.reset();
    world_.reset();
    slots_.reset();
    log_.reset();
    start();
  }

  site& all() { return *site_; }
  simulation& world() { return *world_; }
  held_workers& work() { return workers_; }
  std::filesystem::path media_folder() const { return data_ / "media"; }
  randomness& random() { return *random_; }
  const log& written() const { return *log_; }
  const site_box& box(const std::string& slot) const { return *site_->box_in({slot}); }
  box_id id_of(const std::string& slot) const {
    auto position = log_->view().find(static_cast<std::uint8_t>(lookup::box_in_slot), slot);
    return read_as<box_initialised>(*log_->view().at(*position))->box;
  }

  /// Sends a message and runs until nothing is left to do without a time-out.
  template <class Answer, class Handle, class Message>
  pending_handle<Answer> ask(const Handle& whom, Message m) {
    m.head.id = {"test", ++count_};
    auto p = world_->ask<Answer>(whom, std::move(m));
    world_->run_until([&] { return p->ready(); });
    world_->settle();
    return p;
  }
  /// The same where the answer must come.
  template <class Answer, class Handle, class Message>
  Answer get(const Handle& whom, Message m) {
    auto p = ask<Answer>(whom, std::move(m));
    BOOST_REQUIRE_MESSAGE(p->answer, (p->failure ? text(*p->failure) : "no answer"));
    return *p->answer;
  }
  /// Carries out a step of a ceremony, as an operator does.
  void carry_out(const ceremony_step& step) {
    ceremony_operator people{*site_, *log_, plan_.suite, media_folder(), *this};
    if (step.act == ceremony_act::enrol)
      type_in(step.slot, people.officers(step));
    people.carry_out(step);
  }
  template <class Answer, class Handle, class Message>
  Answer ask(const Handle& whom, Message m, const std::string&) {
    return get<Answer>(whom, std::move(m));
  }
  /// Officers type the enrolment secret of a slot in.
  void type_in(const label& slot, const std::vector<label>& officers) {
    for (const auto& officer : officers)
      std::filesystem::create_directories(media_folder() / officer.text);
    BOOST_REQUIRE(type_in_enrolment_secret(media_folder(), officers, slot, *random_->stream("officer", ++count_)));
  }
  /// An enrolment up to the source's admission.
  struct enrolled {
    box_id_allocated order;
    start_up_key_offered answer;
    take_box_id admission; ///< its shares are left to say
  };
  enrolled enrol(const std::string& slot, const label& officer = {"Ada"}) {
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
  set_secure_box_id begin_order(const std::string& slot, const box_id_allocated& order, const label& officer) const {
    return {{}, order.id, {slot}, order.source, order.challenge, order.signature, officer, media_folder()};
  }
  /// A package of a domain's keys for a box.
  package package_for(const std::string& slot, const domain_id& domain) {
    make_domain_process order{{}, id_of(slot), domain, {}};
    if (box(slot).plan.type == box_type::oak)
      order.steels.push_back(id_of("steel-1"));
    return get<package_of_keys>(site_->manufacturing().manufacturing, order).keys;
  }
  /// For messages that nobody answers.
  template <class Handle, class Message>
  void send(const Handle& whom, Message m) {
    m.head.id = {"test", ++count_};
    caf::anon_send(whom, std::move(m));
    world_->settle();
  }

  std::vector<told_event> events() const {
    auto all = read_log(data_);
    BOOST_REQUIRE(all);
    return std::move(*all);
  }
  /// The last event of a kind, for which `fits`.
  template <class Event, class Fits>
  Event last(Fits fits) const {
    const auto all = events();
    for (auto it = all.rbegin(); it != all.rend(); ++it)
      if (auto e = std::get_if<Event>(&it->event); e && fits(*e)) {
        found_at_ = it->position;
        return *e;
      }
    BOOST_FAIL("the day has no such event");
    return {};
  }
  template <class Event>
  Event last() const {
    return last<Event>([](const Event&) { return true; });
  }
  /// What lies sealed beside the event that last() found.
  bytes sealed() const { return log_->view().sealed(found_at_).value_or(bytes{}); }

  all_rows rows() const {
    auto source = log_source::open(data_);
    BOOST_REQUIRE(source);
    all_rows all;
    while (const auto* item = source->next())
      if (auto row = std::get_if<scanned_row>(item); row && row->stream.kind != stream_kind::faults)
        all[row->stream.text()] = {row->state.begin(), row->state.end()};
    return all;
  }

  /// EP-13b, EP-29: `what` leaves exactly one record, an error event with this reason, and no state is changed.
  void only_a_fault(const std::string& about, refusal why, const std::function<void()>& what) {
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
  /// The same for a message that is answered: its sender hears of the reason.
  template <class Answer, class Handle, class Message>
  void only_refused(const std::string& about, refusal why, const Handle& whom, const Message& m) {
    only_a_fault(about, why, [&] {
      auto p = ask<Answer>(whom, m);
      BOOST_CHECK_MESSAGE(p->failure == std::optional{why},
                          about << ": answered " << (p->failure ? name(*p->failure) : "with success"));
    });
  }

private:
  void start() {
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
    if (change_)
      change_(options.around);
    options.journaling.journal_log = &*log_;
    options.journaling.time = &world_->time();
    site_.emplace(world_->system(), options);
    for (std::uint32_t slot = 0; slot < 4; ++slot)
      site_->connect_meter({{"M000000" + std::to_string(slot + 1)}, slot, &*slots_, {}});
    world_->settle();
    for (std::size_t i = 0; i < known_; ++i)
      enable(*site_->box_in(plan_.boxes[i].slot));
  }
  void stop() {
    site_->stop();
    world_->settle();
  }
  void enable(const site_box& box) {
    const auto id = id_of(box.plan.slot.text);
    for (unsigned i = 0; i < box.plan.threshold; ++i)
      get<box_report>(box.common, put_share{{}, box.plan.custodians[i], media_folder()});
    if (box.steel)
      site_->connect_steel(box, id);
    world_->settle();
  }

  scratch_directory work_;
  std::filesystem::path data_ = work_ / "day";
  script plan_;
  std::optional<log> log_;
  std::optional<erasable_slots> slots_;
  std::optional<simulation> world_;
  std::unique_ptr<randomness> random_;
  held_workers workers_;
  std::unique_ptr<workers> hands_;
  std::function<void(surroundings&)> change_;
  std::size_t known_ = 0; ///< boxes of the day
  std::optional<site> site_;
  std::uint64_t count_ = 0;
  mutable std::uint64_t found_at_ = 0;
};

} // namespace oaksteel::testing
