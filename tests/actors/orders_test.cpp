// Orders of the KMC that cannot go on by themselves (EP-13b, EP-17), at a site in virtual time.

#include "actors/connections.hpp"
#include "scenarios/faulty_wires.hpp"
#include "tests/actors/site_bench.hpp"

#include <map>
#include <ranges>

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(orders)
namespace {

const domain_id ve{"VE"}, usps{"USPS"};
const sequence_number number{"M0000009"};

struct ordering_site : site_bench {
  explicit ordering_site(std::function<void(site_options&)> change = {}) : site_bench({}, nullptr, {}, std::move(change)) {}

  open_order wanted() const {
    return {{}, {order_kind::install, number, {"DM400"}, {}, {}, {}, {}, {}}, {{ve, id_of("steel-1")}}};
  }
  order in_the_log(const order_id& id) const {
    return *decode<order>(written().view().row({stream_kind::order, id.text()})->state);
  }
  key_status status_of(const key_id& key) const {
    return decode<master_key>(written().view().row({stream_kind::key, key.text()})->state)->status;
  }
  void disable(const site_box& box) {
    get<box_report>(box.common, take_share{{}, box.plan.custodians[box.plan.threshold - 1]});
  }
  void enable(const site_box& box) {
    for (unsigned i = 0; i < box.plan.threshold; ++i)
      get<box_report>(box.common, put_share{{}, box.plan.custodians[i], media_folder()});
  }
  std::int64_t seconds_since(instant then) { return (world().time().now().us - then.us) / 1'000'000; }

  scratch_directory memory;
  erasable_slots slots = std::move(*erasable_slots::open(memory / "slots", 16));
};

/// What may happen between the components, and to the disk.
struct mishaps {
  struct mishap {
    std::string message;
    component to;
    std::string what;
  };
  std::shared_ptr<wire_faults> wires = std::make_shared<wire_faults>(std::vector<message_fault>{});
  std::vector<mishap> to_come;               ///< each to the next such message
  std::map<std::string, unsigned> passed;    ///< messages, by name
  held_workers disk;

  mishaps() {
    disk.holding = false;
    wires->draw([this](const command& c) -> std::optional<message_fault> {
      const auto message = name_of_message(c.code);
      ++passed[message];
      const auto next = std::ranges::find_if(
        to_come, [&](const mishap& m) { return m.message == message && m.to == c.to.part; });
      if (next == to_come.end())
        return std::nullopt;
      const message_fault fault{message, {}, 1, next->what, {}};
      to_come.erase(next);
      return fault;
    });
  }
};

/// The same site, its components talking in commands.
struct wired_site : mishaps, ordering_site {
  wired_site()
    : ordering_site([this](site_options& options) {
        options.carry = [this](const wire& ends, carrier_actor near) {
          return faulty_wires(near->home_system(), wires)(ends, near);
        };
        options.journaling.writer = &disk;
        options.journaling.small_commit = 0;
      }) {
    all().connect_meter({number, 9, &slots, {}});
    world().settle();
    get<acknowledged>(box("steel-1").line, load_label{{}, number, {"DM400"}});
    began = world().time().now();
    before = events().size();
  }

  void begin(open_order m) {
    m.head.id = {"test of orders", 1};
    result = world().ask<order_result>(all().kmc(), std::move(m));
  }
  /// Runs until an event of this kind is durable, has `then` come, and goes on while no time passes.
  template <class Event>
  void until(const domain_id& domain = ve, std::vector<mishap> then = {}) {
    BOOST_REQUIRE(world().run_until([&] {
      const bool there = std::ranges::any_of(events() | std::views::drop(before), [&](const told_event& e) {
        const auto* found = std::get_if<Event>(&e.event);
        return found && found->key.domain == domain;
      });
      if (there)
        to_come.insert(to_come.end(), then.begin(), then.end());
      return there;
    }));
  }
  void until_seconds(std::int64_t passed) {
    BOOST_REQUIRE(world().run_until([&] { return seconds_since(began) >= passed; }));
  }
  void until_answered() {
    BOOST_REQUIRE(world().run_until([&] { return result->ready(); }));
  }

  pending_handle<order_result> result;
  instant began;
  std::size_t before = 0;
};

/// For how long what passes by itself is tried again: 20 times, 30 s apart.
constexpr std::int64_t patience = 19 * 30;

} // namespace

// The meter has its key for good, and Brass is away for longer than the KMC tries: whoever asked is told, and the order
// stays open, since nobody would end a New key of a closed one. Asked for again it goes on where it stood.
BOOST_FIXTURE_TEST_CASE(an_order_is_not_closed_while_its_key_is_new, ordering_site) {
  all().connect_meter({number, 9, &slots, {}});
  world().settle();
  get<acknowledged>(box("steel-1").line, load_label{{}, number, {"DM400"}});
  disable(box("brass-ve"));
  const auto refused = ask<order_result>(all().kmc(), wanted());
  BOOST_CHECK(refused->failure == refusal::box_disabled);
  const auto reported = last<leg_reported>();
  BOOST_CHECK(!reported.failure && !in_the_log(reported.order).closed);
  BOOST_CHECK(status_of(reported.key) == key_status::new_key);
  enable(box("brass-ve"));
  const auto done = get<order_result>(all().kmc(), wanted()).outcome;
  BOOST_CHECK(done.complete);
  BOOST_CHECK_EQUAL(done.id.text(), reported.order.text());
  BOOST_CHECK(status_of(reported.key) == key_status::installed);
  BOOST_CHECK_EQUAL(broken_rules(events()), "");
}

// A key that must be declared Bad: the same.
BOOST_FIXTURE_TEST_CASE(an_order_is_not_closed_before_its_key_is_bad, ordering_site) {
  all().connect_meter({number, 9, &slots, {{ve, false, 1}}}); // its memory fails once
  world().settle();
  get<acknowledged>(box("steel-1").line, load_label{{}, number, {"DM400"}});
  disable(box("brass-ve"));
  BOOST_CHECK(ask<order_result>(all().kmc(), wanted())->failure == refusal::box_disabled);
  const auto reported = last<leg_reported>();
  BOOST_CHECK(reported.failure && status_of(reported.key) == key_status::new_key);
  enable(box("brass-ve"));
  BOOST_CHECK(get<order_result>(all().kmc(), wanted()).outcome.complete);
  BOOST_CHECK(status_of(reported.key) == key_status::bad);
  BOOST_CHECK_EQUAL(broken_rules(events()), "");
}

// However often an order is resumed, its time runs once: five questions, two minutes apart.
BOOST_FIXTURE_TEST_CASE(the_time_of_a_key_runs_once, ordering_site) {
  auto m = wanted();
  m.head.id = {"test of time", 1};
  const auto result = world().ask<order_result>(all().kmc(), std::move(m)); // no such meter is on the line
  world().settle();
  const auto delivered = last<leg_delivered>();
  const auto began = world().time().now();
  for (int i = 0; i < 4; ++i)
    send(all().kmc(), leg_again{{}, delivered.order, {delivered.key, leg_stage::delivered}});
  BOOST_REQUIRE(world().run_until([&] { return status_of(delivered.key) == key_status::bad; }));
  BOOST_CHECK_GE(seconds_since(began), 10 * 60 - 1);
  BOOST_CHECK_LE(seconds_since(began), 11 * 60);
  BOOST_CHECK_EQUAL(name(last<key_marked_bad>().reason), name(refusal::no_answer));
}

// The KMC alone ended, at another node than the KDC and Steel, when MI4 was delivered and it did not know that yet; its
// Oak is disabled as it comes back. Steel reports meanwhile, and is asked again as soon as the order is there: else it
// would wait for the time-out of reports, ten minutes.
BOOST_FIXTURE_TEST_CASE(a_report_that_comes_before_the_order_got_that_far_again_is_asked_for_soon, ordering_site) {
  all().connect_meter({number, 9, &slots, {}});
  world().settle();
  get<acknowledged>(box("steel-1").line, load_label{{}, number, {"DM400"}});
  auto m = wanted();
  m.head.id = {"test of a report", 1};
  const auto before = events().size();
  const auto result = world().ask<order_result>(all().kmc(), std::move(m));
  const auto happened = [&]<class Event>(const Event*) {
    return std::ranges::any_of(events() | std::views::drop(before),
                               [](const told_event& e) { return std::holds_alternative<Event>(e.event); });
  };
  BOOST_REQUIRE(world().run_until([&] {
    const bool there = happened(static_cast<install_record_received*>(nullptr));
    if (there)
      caf::anon_send_exit(all().kmc(), caf::exit_reason::kill); // it overtakes the KDC's answer
    return there;
  }));
  restart();
  all().connect_meter({number, 9, &slots, {}});
  world().settle();
  const auto assigned = last<leg_key_assigned>();
  BOOST_REQUIRE(!happened(static_cast<leg_delivered*>(nullptr)));
  disable(box("oak-ve"));
  send(all().kmc(), take_up_orders{});
  send(all().kdc(), ask_report{{}, assigned.key, id_of("steel-1"), {}, number});
  BOOST_CHECK(last<fault_recorded>().reason == refusal::order_not_known);
  const auto began = world().time().now();
  enable(box("oak-ve"));
  BOOST_REQUIRE(world().run_until([&] { return status_of(assigned.key) == key_status::installed; }));
  BOOST_CHECK_LT(seconds_since(began), 60);
  BOOST_CHECK_EQUAL(broken_rules(events()), "");
}

// The acknowledgement of MI4 is no answer, so the leg is to be tried again; MI7 comes before that, and the next leg has
// begun, whose Oak is disabled. It is tried as often as any, and not twice as fast.
BOOST_FIXTURE_TEST_CASE(what_is_to_be_tried_again_of_a_leg_is_not_tried_of_the_next, wired_site) {
  auto m = wanted();
  m.legs.push_back({usps, id_of("steel-2")});
  disable(box("oak-usps"));
  begin(std::move(m));
  until<leg_key_assigned>(ve, {{"acknowledged", component::kmc, "unknown_command"}});
  BOOST_CHECK(to_come.empty());
  until<leg_key_assigned>(usps);
  const auto next_began = world().time().now();
  until_answered();
  BOOST_REQUIRE(result->answer && result->answer->outcome.legs.size() == 2);
  BOOST_CHECK(result->answer->outcome.legs[0].stage == leg_stage::finished);
  BOOST_CHECK_EQUAL(name(result->answer->outcome.legs[1].reason), name(refusal::box_disabled));
  BOOST_CHECK_GE(seconds_since(next_began), patience - 1);
  BOOST_CHECK_EQUAL(broken_rules(events()), "");
}

// Oak was away for some time, and Brass is now: MI7 lies between, after which everything is tried as often again. That the
// KDC has MI4 says MI7 alone here.
BOOST_FIXTURE_TEST_CASE(what_was_tried_before_mi7_does_not_count_after_it, wired_site) {
  disable(box("oak-ve"));
  begin(wanted());
  until_seconds(patience / 2);
  enable(box("oak-ve"));
  disable(box("brass-ve"));
  to_come = {{"acknowledged", component::kmc, "lost"}};
  until<leg_reported>();
  const auto reported = world().time().now();
  until_answered();
  BOOST_CHECK(to_come.empty());
  BOOST_CHECK(result->failure == refusal::box_disabled);
  BOOST_CHECK_GE(seconds_since(reported), patience - 30);
}

// MI7 overtakes the acknowledgement of MI4, which never comes: that nobody answered is no trouble of the leg any more.
BOOST_FIXTURE_TEST_CASE(trouble_of_what_mi7_has_overtaken_does_not_count, wired_site) {
  disable(box("brass-ve"));
  begin(wanted());
  until<leg_key_assigned>(ve, {{"acknowledged", component::kmc, "lost"}});
  BOOST_CHECK(to_come.empty());
  until<leg_reported>();
  const auto reported = world().time().now();
  until_answered();
  BOOST_CHECK(result->failure == refusal::box_disabled);
  BOOST_CHECK_GE(seconds_since(reported), patience - 1);
}

// The last try at Oak, the archive and the KDC fails by the acknowledgement of MI4 alone; what the archive knows of the
// key is asked for, and MI7 overtakes its answer.
BOOST_FIXTURE_TEST_CASE(a_key_that_has_been_reported_is_not_passed_by, wired_site) {
  disable(box("oak-ve"));
  begin(wanted());
  until_seconds(patience - 30);
  enable(box("oak-ve"));
  disable(box("brass-ve"));
  to_come = {{"acknowledged", component::kmc, "unknown_command"}, {"fetch record", component::archive, "lost"}};
  until<leg_reported>();
  const auto reported = world().time().now();
  until_answered();
  BOOST_CHECK(to_come.empty());
  BOOST_CHECK(result->failure == refusal::box_disabled); // and not that the archive does not answer
  BOOST_CHECK_GE(seconds_since(reported), patience - 1);
}

BOOST_FIXTURE_TEST_CASE(nobody_is_asked_for_a_report_that_has_come, wired_site) {
  disable(box("oak-ve"));
  begin(wanted());
  until_seconds(patience - 30);
  enable(box("oak-ve"));
  to_come = {{"acknowledged", component::kmc, "unknown_command"}, {"fetch record", component::archive, "delayed"}};
  until_answered();
  BOOST_CHECK(to_come.empty());
  BOOST_CHECK(result->answer && result->answer->outcome.complete);
  BOOST_CHECK_EQUAL(passed["ask report"], 0u);
}

// MI7 is decided while it is being written that the KDC has MI4: it is awaited after it has come. When its order is done,
// it is refused as any that is not awaited.
BOOST_FIXTURE_TEST_CASE(no_report_is_awaited_of_an_order_that_is_done, wired_site) {
  begin(wanted());
  until<leg_key_assigned>(ve, {{"acknowledged", component::kmc, "delayed"}, {"MI7", component::kmc, "delayed"}});
  BOOST_REQUIRE(to_come.empty());
  disk.holding = true;
  BOOST_REQUIRE(world().run_until([&] { return !disk.jobs.empty(); })); // leg_delivered
  const auto checked = work().count;
  BOOST_REQUIRE(world().run_until([&] { return work().count > checked; })); // MI7
  disk.holding = false;
  disk.work(0);
  until_answered();
  BOOST_CHECK(result->answer && result->answer->outcome.complete);
  const auto key = last<leg_delivered>().key;
  const auto again = get<mi7>(box("steel-1").steel, ask_report{{}, key, id_of("steel-1"), {box_type::oak, 0}, number});
  only_refused<acknowledged>("MI7 once more", refusal::order_not_known, all().kdc(), again);
}

// A KMC that was restored from a backup has forgotten that a key is installed and settled: it hears it again.
BOOST_FIXTURE_TEST_CASE(the_report_of_a_settled_key_is_given_again, wired_site) {
  begin(wanted());
  until_answered();
  BOOST_REQUIRE(result->answer && result->answer->outcome.complete);
  const auto key = last<leg_delivered>().key;
  BOOST_REQUIRE(world().run_until([&] {
    return std::ranges::any_of(events(), [](const told_event& e) { return std::holds_alternative<install_record_settled>(e.event); });
  }));
  const auto reports = passed["MI7"];
  world().ask<acknowledged>(all().kdc(), ask_report{{{"kmc", 1'000'000}, {}, {}}, key, id_of("steel-1"), {box_type::oak, 1}, number});
  world().settle();
  BOOST_CHECK_EQUAL(passed["ask report"], 2u); // to the PSR, and to its Steel box
  BOOST_CHECK_GT(passed["MI7"], reports);
}

// That a meter has no key is an answer, and no reason to try again.
BOOST_FIXTURE_TEST_CASE(a_meter_without_a_key_is_refused_at_once, ordering_site) {
  const auto began = world().time().now();
  const auto day = calendar_date::of(began);
  const auto done =
    get<order_result>(all().kmc(), open_order{{},
                                              {order_kind::retirement, number, {"DM400"}, {}, {}, day, "lost", {}},
                                              {{ve, id_of("steel-1")}}})
      .outcome;
  BOOST_CHECK(done.closed && !done.complete);
  BOOST_CHECK_EQUAL(name(done.legs.front().reason), name(refusal::record_missing));
  BOOST_CHECK_LT(seconds_since(began), 1);
}

// What was done for a meter before it was taken out of service is no answer to who asks for it now (EP-13).
BOOST_FIXTURE_TEST_CASE(a_retired_meter_gets_no_key, wired_site) {
  const auto order = [&](order_kind kind) {
    const auto day = calendar_date::of(world().time().now());
    return open_order{{}, {kind, number, {"DM400"}, {}, {}, day, kind == order_kind::retirement ? "lost" : "", {}},
                      {{ve, id_of("steel-1")}}};
  };
  BOOST_REQUIRE(get<order_result>(all().kmc(), order(order_kind::install)).outcome.complete);
  BOOST_REQUIRE(get<order_result>(all().kmc(), order(order_kind::install)).outcome.complete); // again: it is done
  BOOST_REQUIRE(get<order_result>(all().kmc(), order(order_kind::retirement)).outcome.complete);
  only_refused<order_result>("another key", refusal::status_transition_illegal, all().kmc(), order(order_kind::install));
  BOOST_REQUIRE(get<order_result>(all().kmc(), order(order_kind::retirement)).outcome.complete);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
