// A meter at the other end of a line, with a log of its own, in virtual time (EP-20, EP-26, EP-29): what noise, a cut
// and strangers do to it.

#include "actors/link/line_owner.hpp"
#include "actors/link/message_list.hpp"
#include "actors/link/noisy_line.hpp"
#include "node/node_log.hpp"
#include "tests/actors/site_bench.hpp"
#include "tests/random_seed.hpp"

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(meter_lines)
namespace {

using namespace std::chrono_literals;
using time = noisy_line::time;

const domain_id ve{"VE"}, usps{"USPS"};
const sequence_number number{"M0000009"};

/// Bytes that an end writes, and the time at which some arrive.
struct wire_bytes {
  message_head head;
  bool to_meter = false;
  bytes data;
};
struct wire_due {
  message_head head;
};
using wire_actor = caf::typed_actor<caf::reacts_to<wire_bytes>, caf::reacts_to<wire_due>>;

/// The line between the two ends. `passes` sees what an end writes, and may shorten it.
struct wire_state {
  noisy_line to_meter, to_node;
  std::function<void(bool to_meter, bytes&)> passes;
  line_actor meter_end, node_end;
  bool cut = false;
};
using wire_handle = std::shared_ptr<wire_state>;

wire_actor::behavior_type wire_behaviour(wire_actor::pointer self, wire_handle w) {
  const auto pump = [self, w] {
    const auto now = std::chrono::duration_cast<time>(self->clock().now().time_since_epoch());
    for (auto [from, to] : {std::pair{&w->to_meter, &w->meter_end}, std::pair{&w->to_node, &w->node_end}}) {
      if (auto arrived = from->read(now); !arrived.empty())
        caf::anon_send(*to, line_heard{{}, std::move(arrived)});
      if (const auto due = from->due())
        self->delayed_send(self, *due - now, wire_due{});
    }
  };
  return {[self, w, pump](const wire_bytes& m) {
            auto data = m.data;
            if (w->passes)
              w->passes(m.to_meter, data);
            const auto now = std::chrono::duration_cast<time>(self->clock().now().time_since_epoch());
            (m.to_meter ? w->to_meter : w->to_node).write(data, now);
            pump();
          },
          [pump](const wire_due&) { pump(); }};
}

/// Beside the finished small day: a fifth meter, in a process of its own as it were.
class lined_site : public site_bench {
public:
  explicit lined_site(line_faults faults = {}, std::uint64_t seed = 1) {
    auto made = create_log(place_ / "meter", {"meter", false, bytes(32, 1)}, world().time().now());
    BOOST_REQUIRE(made);
    memory_.emplace(std::move(made->written));
    slots_.emplace(std::move(*erasable_slots::open(place_ / "slots", 1)));
    wire_ = std::make_shared<wire_state>(wire_state{{faults, seed}, {faults, seed + 1}, {}, {}, {}});
    const auto wire = world().system().spawn(wire_behaviour, wire_);
    kept_.push_back(caf::actor_cast<caf::actor>(wire));
    line_options node_side = end_of(wire, true);
    wire_->node_end = world().system().spawn(line_owner, node_side);
    kept_.push_back(caf::actor_cast<caf::actor>(wire_->node_end));
    start_meter();
    all().connect_line(number, wire_->node_end, {});
    plug_in();
  }
  ~lined_site() {
    stop_meter();
    for (const auto& one : kept_)
      caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
    world().settle();
    wire_->node_end = nullptr;
  }

  /// A line that is new, to both ends.
  void plug_in() {
    wire_->passes = nullptr;
    for (const auto& one : {wire_->node_end, wire_->meter_end}) {
      caf::anon_send(one, line_ended{});
      caf::anon_send(one, line_began{});
    }
    world().settle();
  }
  void restart_meter() {
    stop_meter();
    start_meter();
    plug_in();
  }

  order install(std::vector<domain_id> domains) {
    get<acknowledged>(box("steel-1").line, load_label{{}, number, {"DM400"}});
    std::vector<leg_plan> legs;
    for (const auto& d : domains)
      legs.push_back({d, id_of(d == ve ? "steel-1" : "steel-2")});
    return get<order_result>(all().kmc(),
                             open_order{{}, {order_kind::install, number, {"DM400"}, {}, {}, {}, {}, {}}, legs})
        .outcome;
  }
  pending_handle<order_result> order_for_ve() {
    open_order m{{}, {order_kind::install, number, {"DM400"}, {}, {}, {}, {}, {}}, {{ve, id_of("steel-1")}}};
    m.head.id = {"test of a line", 1};
    return world().ask<order_result>(all().kmc(), std::move(m));
  }
  /// As the archive has it.
  key_status status_of(const key_id& key) const {
    const auto row = written().view().row({stream_kind::key, key.text()});
    return row ? decode<master_key>(row->state)->status : key_status::none;
  }
  /// As the meter's own log has it.
  meter held() const {
    const auto row = memory_->view().row({stream_kind::meter, number.text});
    return row ? *decode<meter>(row->state) : meter{};
  }
  template <class Event>
  std::size_t count_in_meter() const {
    return count_in<Event>(*memory_);
  }
  template <class Event>
  static std::size_t count_in(const log& l) {
    std::size_t n = 0;
    for (std::uint64_t at = 1; at <= l.size(); ++at)
      n += read_as<Event>(*l.view().at(at)).has_value();
    return n;
  }
  std::vector<fault_recorded> faults_from(std::uint64_t first) const { return faults_in(written(), first); }
  std::vector<fault_recorded> faults_of_meter() const { return faults_in(*memory_, 1); }
  static std::vector<fault_recorded> faults_in(const log& l, std::uint64_t first) {
    std::vector<fault_recorded> all_faults;
    for (std::uint64_t at = first; at <= l.size(); ++at)
      if (auto f = read_as<fault_recorded>(*l.view().at(at)))
        all_faults.push_back(*f);
    return all_faults;
  }
  /// Until what was gathered is told.
  void wait() {
    for (int i = 0; i < 20; ++i)
      world().run_until(
          [until = world().time().now().us + 60'000'000, this] { return world().time().now().us >= until; });
  }

  /// The line is cut when the first frame with this message is on its way to `to_meter`: half of it arrives.
  template <class Message>
  void cut_in(bool to_meter) {
    wire_->passes = [to_meter, cut = false](bool there, bytes& data) mutable {
      if (cut)
        return data.clear();
      if (there != to_meter)
        return;
      frame_reader reader{4096};
      reader.read(
          data,
          [&](frame_class kind, std::uint8_t, std::span<const std::uint8_t> payload) {
            const auto c = kind == frame_class::data ? decode_command(payload)
                                                     : expected<command, refusal>{refuse(refusal::no_answer)};
            cut = cut || (c && c->code == line_of<Message>.code);
          },
          [](frame_error) {});
      if (cut)
        data.resize(data.size() / 2);
    };
  }
  wire_state& wire() { return *wire_; }

private:
  line_options end_of(const wire_actor& wire, bool to_meter) {
    line_options o;
    o.name = "test line";
    o.write = [wire, to_meter](bytes data) { caf::anon_send(wire, wire_bytes{{}, to_meter, std::move(data)}); };
    o.hang_up = [](std::uint64_t) {};
    o.session = [this] { return ++sessions_; };
    return o;
  }
  void start_meter() {
    journal_options journaling;
    journaling.journal_log = &*memory_;
    journaling.time = &world().time();
    auto& system = world().system();
    const journal_actor written_by = system.spawn(journal, journaling);
    surroundings around{&*memory_, &world().time(), &random(), &work(), written_by, {}, {}};
    const meter_actor itself = system.spawn(digital_meter, meter_options{number, 0, &*slots_, {}, true}, around);
    const auto near = near_end(system, caf::actor_cast<caf::actor>(itself),
                               {{component::psr, {}}, {component::meter, number.text}, true}, {{}, true},
                               refused_to::carrier);
    auto options = end_of(caf::actor_cast<wire_actor>(kept_.front()), false);
    options.near = near;
    options.involved = {{participant_kind::meter, number.text}};
    wire_->meter_end = system.spawn(line_owner, options);
    caf::anon_send(wire_->meter_end, sender_named{{}, itself});
    for (const auto& one : {caf::actor_cast<caf::actor>(wire_->meter_end), caf::actor_cast<caf::actor>(near),
                            caf::actor_cast<caf::actor>(itself), caf::actor_cast<caf::actor>(written_by)})
      of_meter_.push_back(one);
    world().settle();
  }
  void stop_meter() {
    for (const auto& one : std::exchange(of_meter_, {}))
      caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
    wire_->meter_end = nullptr;
    world().settle();
  }

  scratch_directory place_;
  std::optional<log> memory_;
  std::optional<erasable_slots> slots_;
  wire_handle wire_;
  std::vector<caf::actor> kept_, of_meter_;
  std::uint32_t sessions_ = 0;
};

/// At the node's end of the line, instead of the node.
class stranger {
public:
  explicit stranger(lined_site& at) : at_(at) {
    bytes out;
    write_frame(out, frame_class::hello, ++number_, bytes{7, 7, 7, 7});
    hear(std::move(out));
  }
  void says(const command& c) {
    bytes out;
    write_frame(out, frame_class::data, ++number_, encode(c));
    hear(std::move(out));
  }

private:
  void hear(bytes out) {
    caf::anon_send(at_.wire().meter_end, line_heard{{}, std::move(out)});
    at_.world().settle();
  }
  lined_site& at_;
  std::uint8_t number_ = 0;
};

} // namespace

// EP-26, with the rate and worse.
BOOST_AUTO_TEST_CASE(all_keys_come_in_over_a_bad_line) {
  std::mt19937_64 random{random_seed()};
  for (const double rate : {0.0, 0.001, 0.004}) {
    lined_site at{{rate / 4, rate / 4, rate / 4, rate / 4, 300ms}, random()};
    const auto begun = at.written().size();
    const auto done = at.install({ve, usps});
    BOOST_CHECK_MESSAGE(done.complete, "at " << rate);
    BOOST_TEST_MESSAGE(at.wire().to_meter.faults() + at.wire().to_node.faults() << " faults at " << rate);
    BOOST_CHECK_EQUAL(at.held().keys.size(), 2u);
    for (const auto& leg : done.legs) {
      const auto key = at.held().keys.at(leg.plan.domain);
      BOOST_CHECK(key.committed && key.number == leg.key);
      BOOST_CHECK(at.status_of({leg.plan.domain, leg.key}) == key_status::installed);
    }
    BOOST_CHECK_EQUAL(at.count_in_meter<key_committed>(), 2u);
    // MR1 comes back the same way.
    const register_meter registration{{},          number, {"DM400"},
                                      {"1009999"}, {"US"}, calendar_date::of(at.world().time().now())};
    BOOST_CHECK(at.get<order_result>(at.box("steel-1").line, registration).outcome.complete);
    for (const auto& leg : done.legs)
      BOOST_CHECK(at.status_of({leg.plan.domain, leg.key}) == key_status::active);
    BOOST_CHECK_EQUAL(at.held().serial.text, "1009999");
    // What the meter does is in its own log, and in no other.
    for (std::uint64_t p = begun + 1; p <= at.written().size(); ++p)
      BOOST_CHECK(at.written().view().at(p)->stream.kind != stream_kind::meter);
    // Gathered, and then told (EP-29); a line without faults has none.
    at.wait();
    std::size_t told = 0;
    for (const auto& f : at.faults_from(begun + 1))
      told += f.command == "frames" && f.source == "test line" && f.where.starts_with("psr/");
    told += at.count_in_meter<fault_recorded>();
    BOOST_CHECK_MESSAGE(rate == 0 ? told == 0 : told < 20u, told << " errors at " << rate);
    if (at.wire().to_meter.counts().flipped + at.wire().to_node.counts().flipped > 0)
      BOOST_CHECK_GT(told, 0u);
  }
}

// The line is cut in the middle of MI5: the key is Bad, the meter holds no half key, and after a new line it gets
// another.
BOOST_FIXTURE_TEST_CASE(a_line_that_is_cut_in_mi5_leaves_no_half_key, lined_site) {
  get<acknowledged>(box("steel-1").line, load_label{{}, number, {"DM400"}});
  cut_in<mi5>(true);
  std::vector<leg_plan> legs{{ve, id_of("steel-1")}};
  const open_order wanted{{}, {order_kind::install, number, {"DM400"}, {}, {}, {}, {}, {}}, legs};
  const auto failed = get<order_result>(all().kmc(), wanted).outcome;
  BOOST_CHECK(!failed.complete);
  BOOST_REQUIRE_EQUAL(failed.legs.size(), 1u);
  // The first key met the cut, the others no meter at all.
  const auto last_bad = failed.legs.front().key;
  BOOST_CHECK_EQUAL(failed.legs.front().tries, tries_limit);
  for (auto n = last_bad - tries_limit + 1; n <= last_bad; ++n)
    BOOST_CHECK_EQUAL(name(status_of({ve, n})), name(key_status::bad));
  BOOST_CHECK(held().keys.empty());
  BOOST_CHECK_EQUAL(count_in_meter<key_provisioned>(), 0u);
  wait();
  BOOST_CHECK(held().keys.empty());
  plug_in();
  wait();
  BOOST_CHECK(held().keys.empty()); // what was under way when the line was cut comes no more
  const auto done = install({ve});
  BOOST_CHECK(done.complete);
  BOOST_CHECK_GT(done.legs.front().key, last_bad);
  BOOST_CHECK(held().keys.at(ve).committed && held().keys.at(ve).number == done.legs.front().key);
  for (auto n = last_bad - tries_limit + 1; n <= last_bad; ++n)
    BOOST_CHECK_EQUAL(name(status_of({ve, n})), name(key_status::bad));
}

// The same with MI5 whole at the meter and its answer lost: what the meter holds is not committed, and gone when it
// starts again.
BOOST_FIXTURE_TEST_CASE(a_provisional_key_is_gone_when_the_meter_starts_again, lined_site) {
  get<acknowledged>(box("steel-1").line, load_label{{}, number, {"DM400"}});
  cut_in<mi5s>(false);
  const open_order wanted{{}, {order_kind::install, number, {"DM400"}, {}, {}, {}, {}, {}}, {{ve, id_of("steel-1")}}};
  const auto failed = get<order_result>(all().kmc(), wanted).outcome;
  BOOST_CHECK(!failed.complete);
  const auto half = held().keys.at(ve);
  BOOST_CHECK(half.held && !half.committed);
  BOOST_CHECK_EQUAL(name(status_of({ve, half.number})), name(key_status::bad));
  restart_meter();
  BOOST_CHECK(!held().keys.at(ve).held);
  BOOST_CHECK_EQUAL(count_in_meter<meter_key_refused>(), 1u);
  const auto done = install({ve});
  BOOST_CHECK(done.complete);
  BOOST_CHECK(held().keys.at(ve).committed && held().keys.at(ve).number == done.legs.front().key);
  // A committed key stays.
  restart_meter();
  BOOST_CHECK(held().keys.at(ve).held && held().keys.at(ve).committed);
  BOOST_CHECK_EQUAL(count_in_meter<meter_key_refused>(), 1u);
}

// The line is cut in MI6c, after Steel has found the key to be right: a new line, and the KMC's time-out brings the key
// in.
BOOST_FIXTURE_TEST_CASE(a_line_that_is_cut_in_mi6c_delays_the_key, lined_site) {
  get<acknowledged>(box("steel-1").line, load_label{{}, number, {"DM400"}});
  cut_in<mi6c>(true);
  const auto began = world().time().now();
  const auto pending = order_for_ve();
  BOOST_REQUIRE(world().run_until([&] { return count_in_meter<key_provisioned>() == 1; }));
  BOOST_REQUIRE(world().run_until([&] { return world().time().now().us > began.us + 60'000'000; }));
  BOOST_CHECK(!pending->ready() && !held().keys.at(ve).committed);
  plug_in();
  BOOST_REQUIRE(world().run_until([&] { return pending->ready(); }));
  BOOST_REQUIRE(pending->answer && pending->answer->outcome.complete);
  BOOST_CHECK_EQUAL(pending->answer->outcome.legs.front().tries, 0u);
  BOOST_CHECK(held().keys.at(ve).committed);
  BOOST_CHECK_GE(world().time().now().us - began.us, 590'000'000);
}

// A line that breaks in MI6c and is there again before Steel has said it for the last time.
BOOST_FIXTURE_TEST_CASE(a_line_that_breaks_once_in_mi6c_does_not_make_the_key_wait, lined_site) {
  get<acknowledged>(box("steel-1").line, load_label{{}, number, {"DM400"}});
  cut_in<mi6c>(true);
  const auto began = world().time().now();
  const auto pending = order_for_ve();
  BOOST_REQUIRE(world().run_until([&] { return count_in_meter<key_provisioned>() == 1; }));
  BOOST_REQUIRE(world().run_until([&] { return world().time().now().us > began.us + 12'000'000; }));
  BOOST_CHECK(!pending->ready());
  plug_in();
  BOOST_REQUIRE(world().run_until([&] { return pending->ready(); }));
  BOOST_REQUIRE(pending->answer && pending->answer->outcome.complete);
  BOOST_CHECK_EQUAL(pending->answer->outcome.legs.front().tries, 0u);
  BOOST_CHECK(held().keys.at(ve).committed);
  BOOST_CHECK_LT(world().time().now().us - began.us, 120'000'000);
}

// The same, and the meter starts again meanwhile: that key ends Bad by the KMC's time-out, and the meter gets another.
BOOST_FIXTURE_TEST_CASE(a_key_that_was_not_committed_before_the_meter_started_again_is_bad, lined_site) {
  get<acknowledged>(box("steel-1").line, load_label{{}, number, {"DM400"}});
  cut_in<mi6c>(true);
  const auto pending = order_for_ve();
  BOOST_REQUIRE(world().run_until([&] { return count_in_meter<key_provisioned>() == 1; }));
  const auto half = held().keys.at(ve).number;
  BOOST_REQUIRE(
      world().run_until([&, at = world().time().now().us] { return world().time().now().us > at + 60'000'000; }));
  restart_meter();
  BOOST_CHECK(!held().keys.at(ve).held);
  BOOST_REQUIRE(world().run_until([&] { return pending->ready(); }));
  BOOST_REQUIRE(pending->answer && pending->answer->outcome.complete);
  BOOST_CHECK_EQUAL(name(status_of({ve, half})), name(key_status::bad));
  const auto& leg = pending->answer->outcome.legs.front();
  BOOST_CHECK_EQUAL(leg.tries, 1u);
  BOOST_CHECK(held().keys.at(ve).committed && held().keys.at(ve).number == leg.key && leg.key > half);
}

// EP-29: one event for a burst, and the line goes on.
BOOST_FIXTURE_TEST_CASE(a_megabyte_of_noise_is_few_errors_and_no_end, lined_site) {
  std::mt19937_64 random{random_seed()};
  const auto before = written().size();
  for (int i = 0; i < 256; ++i) {
    bytes noise(4096);
    for (auto& b : noise)
      b = static_cast<std::uint8_t>(random());
    caf::anon_send(wire().node_end, line_heard{{}, noise});
    caf::anon_send(wire().meter_end, line_heard{{}, noise});
    world().settle();
  }
  wait();
  const auto told = faults_from(before + 1);
  BOOST_REQUIRE(!told.empty());
  BOOST_CHECK_LE(told.size(), 4u);
  BOOST_CHECK_EQUAL(told.front().command, "frames");
  BOOST_CHECK(told.front().about.find("outside ") != std::string::npos);
  BOOST_CHECK_LE(count_in_meter<fault_recorded>(), 4u);
  BOOST_CHECK(install({ve}).complete);
}

BOOST_FIXTURE_TEST_CASE(who_is_turned_away_is_on_record, lined_site) {
  const auto before = written().size();
  for (int i = 0; i < 2; ++i)
    caf::anon_send(wire().node_end, line_turned_away{});
  world().settle();
  wait();
  const auto told = faults_from(before + 1);
  BOOST_REQUIRE_EQUAL(told.size(), 1u);
  BOOST_CHECK_EQUAL(name(told.front().reason), name(refusal::sender_not_permitted));
  BOOST_CHECK_EQUAL(told.front().command, "connections");
  BOOST_CHECK_EQUAL(told.front().about, "another user of this machine 2");
}

BOOST_FIXTURE_TEST_CASE(an_answer_that_nobody_awaits_is_an_error_and_nothing_else, lined_site) {
  std::uint32_t session = 77;
  line_end stranger{{}, session};
  const party itself{component::meter, number.text}, psr{component::psr, "steel-1"};
  for (const auto kind : {command_kind::response, command_kind::command, command_kind::response_code}) {
    const auto before = written().size();
    BOOST_REQUIRE(stranger.send(encode(command{kind, line_of<mi5s>.code, 1, itself, psr, {}}), time{0}));
    caf::anon_send(wire().node_end, line_heard{{}, stranger.to_write()}); // the hello
    bytes yes;
    write_frame(yes, frame_class::acknowledged, 1, {});
    stranger.received(yes, time{0});
    caf::anon_send(wire().node_end, line_heard{{}, stranger.to_write()});
    world().settle();
    wait();
    const auto told = faults_from(before + 1);
    BOOST_REQUIRE_EQUAL(told.size(), 1u);
    BOOST_CHECK_EQUAL(name(told.front().reason), name(refusal::sender_not_permitted));
    BOOST_CHECK(told.front().about.find("answer that nobody awaits 1") != std::string::npos);
    stranger = line_end{{}, ++session};
    plug_in();
  }
}

// Its frame was acknowledged, and no answer comes: whoever asked hears of it after a time, and so does the error log.
BOOST_FIXTURE_TEST_CASE(a_command_without_an_answer_has_an_end, lined_site) {
  wire().passes = [](bool to_meter, bytes& data) {
    frame_reader reader{4096};
    bool only_yes = true;
    reader.read(
        data, [&](frame_class kind, std::uint8_t, auto) { only_yes &= kind == frame_class::acknowledged; },
        [](frame_error) {});
    if (!to_meter && !only_yes)
      data.clear();
  };
  const auto before = written().size();
  const auto asked = ask<acknowledged>(box("steel-1").line, load_label{{}, number, {"DM400"}});
  BOOST_CHECK(asked->failure == refusal::no_answer);
  BOOST_CHECK(!held().number.empty()); // it had come there
  wait();
  const auto told = faults_from(before + 1);
  BOOST_REQUIRE_EQUAL(told.size(), 1u);
  BOOST_CHECK_EQUAL(name(told.front().reason), name(refusal::no_answer));
  BOOST_CHECK_EQUAL(told.front().about, "no answer in time 1");
  BOOST_CHECK_EQUAL(count_in_meter<fault_recorded>(), 1u); // its answer was never acknowledged
  plug_in();
  BOOST_CHECK(install({ve}).complete);
}

// Another meter than the one that is asked for: it says so, and nothing is ordered.
BOOST_FIXTURE_TEST_CASE(another_meter_on_the_line_refuses, lined_site) {
  const sequence_number other{"M0000008"};
  all().connect_line(other, wire().node_end, {});
  world().settle();
  const auto asked = ask<acknowledged>(box("steel-1").line, load_label{{}, other, {"DM400"}});
  BOOST_REQUIRE(asked->failure);
  BOOST_CHECK_EQUAL(name(*asked->failure), name(refusal::meter_not_known));
  BOOST_CHECK(held().number.empty());
  wait();
  const auto told = faults_of_meter();
  BOOST_REQUIRE_EQUAL(told.size(), 1u);
  BOOST_CHECK_EQUAL(told[0].command, "commands");
  BOOST_CHECK_EQUAL(told[0].about, "load label 1");
  const participant itself{participant_kind::meter, number.text}, asked_for{participant_kind::meter, other.text};
  BOOST_CHECK((told[0].involved == std::vector{itself, asked_for}));
}

// EP-29: whoever is at the other end fills no log, with what is no command of the meter's or with what it refuses.
BOOST_FIXTURE_TEST_CASE(refused_commands_are_counted_and_fill_no_log, lined_site) {
  constexpr std::uint32_t many = 3000;
  const party itself{component::meter, number.text}, psr{component::psr, "steel-1"};
  stranger hostile{*this};
  for (std::uint32_t i = 1; i <= many; ++i) // each of a code of its own
    hostile.says({command_kind::command, static_cast<std::uint16_t>(0x6000 + i), i, psr, itself, {}});
  wait();
  auto told = faults_of_meter();
  std::uint64_t counted = 0;
  for (const auto& f : told) {
    BOOST_CHECK_EQUAL(f.command, "commands");
    BOOST_CHECK_EQUAL(name(f.reason), name(refusal::command_unknown));
    BOOST_CHECK((f.involved == std::vector<participant>{{participant_kind::meter, number.text}}));
    BOOST_CHECK_LT(f.about.size(), 1000u);
    std::istringstream words{f.about + ','};
    for (std::string word; words >> word;)
      if (word.back() == ',') {
        counted += std::stoull(word);
      }
  }
  BOOST_CHECK_LE(told.size(), 4u);
  BOOST_CHECK_EQUAL(counted, many);
  // What the meter itself refuses is an event each, so it is asked no more after some.
  const mi6r question{{}, number, {ve, 1}, 4, 8};
  for (std::uint32_t i = 1; i <= many; ++i)
    hostile.says({command_kind::command, line_of<mi6r>.code, i, psr, itself, parameters_in(question)});
  wait();
  const auto before = told.size();
  told = faults_of_meter();
  BOOST_CHECK_GT(told.size(), before + 60);
  BOOST_CHECK_LE(told.size(), before + line_refusals_limit + 4);
  BOOST_CHECK_EQUAL(name(told.back().reason), name(refusal::busy));
  // And later it is a meter like any other.
  world().advance(std::chrono::hours{1});
  plug_in();
  BOOST_CHECK(install({ve}).complete);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
