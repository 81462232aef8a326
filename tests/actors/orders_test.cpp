// Orders of the KMC that cannot go on by themselves (EP-13b, EP-17), at a site in virtual time.

#include "actors/connections.hpp"
#include "tests/actors/site_bench.hpp"

#include <ranges>

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(orders)
namespace {

const domain_id ve{"VE"};
const sequence_number number{"M0000009"};

struct ordering_site : site_bench {
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
    send(all().kmc(), leg_again{{}, delivered.order, {}});
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

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
