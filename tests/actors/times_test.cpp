// EP-18 at the boxes: "a message whose time precedes an earlier one is refused"; within the tolerance it is not.

#include "storage/find_domain_key.hpp"
#include "tests/actors/site_bench.hpp"
#include "tests/actors/two_domains.hpp"

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(times)
namespace {

using namespace std::chrono_literals;

/// A key of VE as Brass sees it. Its times: request 1, Oak 2, PSR 3, Steel 4, install 5, Brass 5, registration 7, Brass 7,
/// obsolete 8; in microseconds of a morning.
struct brass_at_work {
  std::unique_ptr<generator> random = seeded_randomness(11, 1)->stream("times", 0);
  work_context w{*random};
  test_domain ve = test_domain::make("VE", *random);
  test_life life = test_life::live(ve, w);

  std::string installs(std::int64_t kms_install, std::int64_t now, std::chrono::microseconds tolerance = 0us) {
    auto m = life.as_mi8();
    m.kms_install = test_time(kms_install);
    return outcome(check_installation(m, brass_box_id, {test_time(now), tolerance}, *ve.brass, w));
  }
  std::string condemns(std::int64_t now, std::chrono::microseconds tolerance = 0us) {
    return outcome(check_condemnation(life.as_mb1(), brass_box_id, {test_time(now), tolerance}, *ve.brass, w));
  }
  std::string registers(std::int64_t kms_registration, std::int64_t now, std::chrono::microseconds tolerance = 0us) {
    auto m = life.as_mr2();
    m.kms_registration = test_time(kms_registration);
    return outcome(check_registration(m, brass_box_id, {test_time(now), tolerance}, time_zone{}, *ve.brass, w));
  }
  std::string registers_in(const std::optional<time_zone>& zone, calendar_date date) {
    auto m = life.as_mr2();
    m.report.date = date;
    return outcome(check_registration(m, brass_box_id, {test_time(8)}, zone, *ve.brass, w));
  }
  std::string retires(key_status status, std::int64_t kms_obsolete, std::int64_t now, calendar_date date = test_date) {
    auto m = life.as_mo1(status);
    m.kms_obsolete = test_time(kms_obsolete);
    m.date = date;
    return outcome(check_retirement(m, brass_box_id, {test_time(now)}, *ve.brass, w));
  }

private:
  static std::string outcome(const auto& work) { return work.problem ? std::string{name(*work.problem)} : "done"; }
};

struct new_key : site_bench {
  explicit new_key(std::function<void(site_options&)> change = {}) : site_bench({}, nullptr, {}, std::move(change)) {}

  key_id next_id() {
    return get<mi0_answer>(all().archive_of({"VE"}), new_key_id{{}, {"VE"}, id_of("steel-1"), {99}}).key;
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(brass_confirms_an_installation_in_its_time_only, brass_at_work) {
  BOOST_TEST(installs(5, 5) == "done");
  BOOST_TEST(installs(3, 5) == "time_out_of_order"); // before Steel's
  BOOST_TEST(installs(3, 5, 1us) == "done");
  BOOST_TEST(installs(2, 5, 1us) == "time_out_of_order");
  BOOST_TEST(installs(6, 5) == "time_out_of_order"); // after Brass's own clock
  BOOST_TEST(installs(6, 5, 1us) == "done");
  // The KMC made the request and this one, on one clock: no tolerance.
  BOOST_TEST(installs(1, 5, 1h) == "time_out_of_order");
  BOOST_TEST(installs(0, 5, 1h) == "time_out_of_order");
}

BOOST_FIXTURE_TEST_CASE(brass_condemns_no_key_of_the_future, brass_at_work) {
  BOOST_TEST(condemns(2) == "done");
  BOOST_TEST(condemns(1) == "time_out_of_order"); // Oak made it at 2
  BOOST_TEST(condemns(1, 1us) == "done");
}

BOOST_FIXTURE_TEST_CASE(brass_registers_in_its_time_only, brass_at_work) {
  BOOST_TEST(registers(7, 7) == "done");
  BOOST_TEST(registers(5, 7) == "time_out_of_order"); // the same clock's time of installation
  BOOST_TEST(registers(5, 7, 1h) == "time_out_of_order");
  BOOST_TEST(registers(8, 7) == "time_out_of_order");
  BOOST_TEST(registers(8, 7, 1us) == "done");
}

BOOST_FIXTURE_TEST_CASE(brass_retires_in_its_time_only, brass_at_work) {
  BOOST_TEST(retires(key_status::active, 8, 8) == "done");
  BOOST_TEST(retires(key_status::active, 7, 8) == "time_out_of_order");
  BOOST_TEST(retires(key_status::active, 9, 8) == "time_out_of_order");
  BOOST_TEST(retires(key_status::active, 8, 8, {20260301}) == "time_out_of_order"); // before its registration
  BOOST_TEST(retires(key_status::installed, 6, 6) == "done");
  BOOST_TEST(retires(key_status::installed, 5, 6) == "time_out_of_order");
  BOOST_TEST(retires(key_status::installed, 6, 6, {20260301}) == "done"); // it was never registered
}

BOOST_FIXTURE_TEST_CASE(oak_makes_no_key_that_is_requested_in_the_future, new_key) {
  const auto key = next_id();
  const auto later = instant{world().time().now().us + 1'000'000};
  only_refused<mi2>("a second ahead", refusal::time_out_of_order, box("oak-ve").oak,
                    mi1{{}, key, id_of("steel-1"), later});
  only_refused<mi2>("before 1970", refusal::time_out_of_order, box("oak-ve").oak,
                    mi1{{}, key, id_of("steel-1"), {-1}});
  get<mi2>(box("oak-ve").oak, mi1{{}, key, id_of("steel-1"), world().time().now()});
}

BOOST_FIXTURE_TEST_CASE(steel_installs_in_its_time_only, new_key) {
  const auto key = next_id();
  const auto made = get<mi2>(box("oak-ve").oak, mi1{{}, key, id_of("steel-1"), world().time().now()});
  const auto oak_time = decode_body<mi4_body>(made.mi4.record.body)->oak_time;
  const auto refused = [&](const std::string& about, instant psr_install) {
    only_refused<mi7>(about, refusal::time_out_of_order, box("steel-1").steel,
                      install_key{{}, key, {"M0000009"}, psr_install, made.mi4});
  };
  refused("before Oak made it", {oak_time.us - 1});
  refused("ahead of Steel's clock", {world().time().now().us + 1'000'000});
}

namespace {
struct other_clocks_differ : new_key {
  other_clocks_differ()
    : new_key([](site_options& o) { o.around.clock_tolerance = std::chrono::seconds{2}; }) {}
};
} // namespace

// EP-18: "strictly increasing where one clock made both, within a configured tolerance across clocks". A PSR and its Steel box
// have one.
BOOST_FIXTURE_TEST_CASE(a_psr_is_never_ahead_of_its_steel_box, other_clocks_differ) {
  const auto key = next_id();
  const auto made = get<mi2>(box("oak-ve").oak, mi1{{}, key, id_of("steel-1"), {world().time().now().us + 1'000'000}});
  only_refused<mi7>("a second ahead", refusal::time_out_of_order, box("steel-1").steel,
                    install_key{{}, key, {"M0000009"}, {world().time().now().us + 1'000'000}, made.mi4});
}

// "A date compares as a calendar day in the domain's time zone." A date that may be is refused later here, since the token
// is of another.
BOOST_FIXTURE_TEST_CASE(brass_takes_a_date_of_its_domains_zone_only, brass_at_work) {
  const calendar_date before{test_date.yyyymmdd - 1}, after{test_date.yyyymmdd + 1};
  const auto hour = static_cast<std::int16_t>(test_time(7).us / 3'600'000'000 % 24);
  const time_zone west{static_cast<std::int16_t>(-60 * (hour + 1))}; // yesterday there
  BOOST_TEST(registers_in(time_zone{}, test_date) == "done");
  BOOST_TEST(registers_in(time_zone{}, before) == "time_out_of_order");
  BOOST_TEST(registers_in(time_zone{}, after) == "time_out_of_order");
  BOOST_TEST(registers_in(west, test_date) == "time_out_of_order");
  BOOST_TEST(registers_in(west, before) == "registration_tokens_differ");
  BOOST_TEST(registers_in(std::nullopt, before) == "registration_tokens_differ");
  BOOST_TEST(registers_in(std::nullopt, after) == "registration_tokens_differ");
}

// The meter knows no zone and takes tomorrow for today somewhere; the domains of the day are in UTC.
BOOST_FIXTURE_TEST_CASE(a_registration_of_tomorrow_is_refused, site_bench) {
  const auto tomorrow = calendar_date::of({world().time().now().us + 86'400'000'000});
  scratch_directory memory;
  auto slots = erasable_slots::open(memory / "slots", 16);
  const sequence_number number{"M0000009"};
  all().connect_meter({number, 9, &*slots, {}});
  world().settle();
  const auto& line = box("steel-1").line;
  get<acknowledged>(line, load_label{{}, number, {"DM400"}});
  const open_order install{{}, {order_kind::install, number, {"DM400"}, {}, {}, {}, {}, {}},
                           {{{"VE"}, id_of("steel-1")}}};
  BOOST_REQUIRE(get<order_result>(all().kmc(), install).outcome.complete);
  const auto done =
    get<order_result>(line, register_meter{{}, number, {"DM400"}, {"1000009"}, {"US"}, tomorrow}).outcome;
  BOOST_TEST(!done.complete);
  BOOST_TEST(name(done.legs.front().reason) == name(refusal::time_out_of_order));
  const auto last_fault = last<fault_recorded>();
  BOOST_TEST(last_fault.where == "brass/brass-ve");
  BOOST_TEST(name(last_fault.reason) == name(refusal::time_out_of_order));
}

BOOST_FIXTURE_TEST_CASE(a_domain_has_a_zone_that_there_is, site_bench) {
  const auto& maker = box("manufacturing-1").manufacturing;
  only_refused<acknowledged>("15 hours east", refusal::command_malformed, maker,
                             create_domain{{}, {"UKRM"}, "postal", {"GB"}, {15 * 60}});
  get<acknowledged>(maker, create_domain{{}, {"UKRM"}, "postal", {"GB"}, {60}});
  BOOST_CHECK(find_time_zone(written().view(), {"UKRM"}) == time_zone{60});
  BOOST_CHECK(find_time_zone(written().view(), {"VE"}) == time_zone{});
  BOOST_CHECK(!find_time_zone(written().view(), {"NONE"}));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
