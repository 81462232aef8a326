// In a node each box has records of keys wait for company (shell_limits::gather), once at each station of a key.

#include "tests/actors/site_bench.hpp"

#include "storage/media.hpp"

#include <boost/test/unit_test.hpp>

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(gathering)
namespace {

constexpr std::chrono::milliseconds wait{10};

struct gathering_site : site_bench {
  gathering_site()
    : site_bench({}, inline_workers(), {}, [](site_options& o) { o.around.limits.gather = wait; }) {}

  template <class Event>
  std::size_t count() const {
    const auto all = events();
    return static_cast<std::size_t>(std::ranges::count_if(
      all, [](const told_event& e) { return std::holds_alternative<Event>(e.event); }));
  }
  /// That `Event` is there once more when the time is over, and not a millisecond before.
  template <class Event>
  void comes_after_the_wait(const char* name) {
    const auto before = count<Event>();
    world().advance(wait - std::chrono::milliseconds{1});
    world().settle();
    BOOST_CHECK_MESSAGE(count<Event>() == before, name << " came early");
    world().advance(std::chrono::milliseconds{1});
    world().settle();
    BOOST_CHECK_MESSAGE(count<Event>() == before + 1, name << " did not come");
  }

  const domain_id ve{"VE"};
  const sequence_number number{"M0000009"};
  scratch_directory memory;
  erasable_slots slots = std::move(*erasable_slots::open(memory / "slots", 16));
};

} // namespace

BOOST_FIXTURE_TEST_CASE(a_key_waits_once_at_each_station, gathering_site) {
  const auto meter = all().connect_meter({number, 9, &slots, {}});
  world().settle();
  get<acknowledged>(meter, load_label{{}, number, product_code{"DM400"}});
  const order_details details{order_kind::install, number, product_code{"DM400"}, {}, {},
                              calendar_date::of(world().time().now()), "", {}};
  const auto done = world().ask<order_result>(
    all().kmc(), open_order{{{"test", 1'000'000}, {}, {}}, details, {{ve, id_of("steel-1")}}});
  world().settle();
  comes_after_the_wait<key_generated>("Oak");
  comes_after_the_wait<installation_attempted>("Steel");
  comes_after_the_wait<installation_finished>("Steel's MI7");
  comes_after_the_wait<installation_confirmed>("Brass");
  world().run_until([&] { return done->ready(); });
  BOOST_REQUIRE(done->answer);
  BOOST_CHECK(done->answer->outcome.complete);
}

// What comes to a box that is disabled, and waits until it is enabled, is refused because it was disabled: its sender did
// nothing wrong.
BOOST_FIXTURE_TEST_CASE(what_came_to_a_disabled_box_is_told_so, gathering_site) {
  const auto& steel = box("steel-1");
  const auto key = get<mi0_answer>(all().archive_of(ve), new_key_id{{}, ve, id_of("steel-1"), {99}}).key;
  const auto made = get<mi2>(box("oak-ve").oak, mi1{{}, key, id_of("steel-1"), world().time().now()});
  const auto& last_custodian = steel.plan.custodians[steel.plan.threshold - 1];
  get<box_report>(steel.common, take_share{{}, last_custodian});
  for (unsigned i = 0; i + 1 < steel.plan.threshold; ++i)
    get<box_report>(steel.common, put_share{{}, steel.plan.custodians[i], media_folder()});
  const auto record = [&](std::uint64_t id) {
    return world().ask<mi7>(steel.steel, install_key{{{"test", id}, {}, {}}, key, number, world().time().now(), made.mi4});
  };
  const auto first = record(1'000'001);
  world().settle();
  const auto enabled = world().ask<box_report>(
    steel.common, put_share{{{"test", 1'000'002}, {}, {}}, last_custodian, media_folder()});
  world().settle();
  const auto second = record(1'000'003);
  world().run_until([&] { return first->ready() && enabled->ready() && second->ready(); });
  BOOST_REQUIRE(enabled->answer);
  BOOST_CHECK(enabled->answer->box.enabled);
  BOOST_CHECK(first->failure == std::optional{refusal::box_disabled});
  BOOST_CHECK(second->failure == std::optional{refusal::box_disabled});
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
