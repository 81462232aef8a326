#include "events/history.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>

using namespace oaksteel;

BOOST_AUTO_TEST_SUITE(history_of_keys)
namespace {

const domain_id ve{"VE"};
const box_id oak{box_type::oak, 1}, steel{box_type::steel, 1}, steel2{box_type::steel, 2}, brass{box_type::brass, 1};
const sequence_number meter1{"M1"}, meter2{"M2"};
key_id key(std::uint64_t n) { return {ve, n}; }
constexpr check_value check{1, 2, 3};

signed_facts says(std::vector<std::pair<audit_time, instant>> times, std::optional<check_value> c = {}) {
  signed_facts f;
  f.times = std::move(times);
  f.check = c;
  return f;
}

/// An event with what its signed records say.
struct told {
  any_event event;
  signed_facts facts;
};

/// Feeds events to a history, with the states of their streams, and keeps the first violation.
struct telling {
  history lives;
  std::map<stream_id, any_state> states;
  std::uint64_t position = 0;
  std::optional<violation> first;

  void add(const told& t) {
    ++position;
    const auto stream = stream_of(t.event);
    auto [it, fresh] = states.try_emplace(stream);
    if (fresh)
      it->second = initial_state(t.event);
    auto found = lives.take({{position, {}}, {static_cast<std::int64_t>(1000 * position)}, t.event, it->second, t.facts});
    if (found && !first)
      first = found;
    evolve_any(it->second, t.event);
  }
};

std::string told_all(const std::vector<told>& events, clock_tolerance tolerance = {}) {
  telling t{history{tolerance}, {}, 0, {}};
  for (const auto& e : events)
    t.add(e);
  return t.first ? std::to_string(t.first->position) + " " + std::string{name(t.first->rule)} : "";
}

/// Boxes that are enabled and serve VE.
std::vector<told> ceremony() {
  std::vector<told> all;
  for (const auto& box : {oak, steel, steel2, brass}) {
    all.push_back({box_initialised{box, {"slot"}, suite_id::p256, 1, {}, {{{"Ada"}, {}}}, {}, {}, {}}, {}});
    all.push_back({share_entered{box, {"Ada"}}, {}});
    all.push_back({box_enabled{box}, {}});
    all.push_back({domain_process_made{box, ve, suite_id::p256, {steel, steel2}}, {}});
  }
  return all; // 16 events
}

/// Positions from 17 on; each time is a microsecond or so before its record.
std::vector<told> life(std::uint64_t n = 1, const sequence_number& m = meter1) {
  const auto at = [](std::int64_t us) { return instant{us}; };
  return {
      {key_id_assigned{key(n), steel, {n}}, {}}, // 17
      {key_generated{key(n), oak, steel, {}, {}},
       says({{audit_time::kms_request, at(1)}, {audit_time::oak, at(2)}})}, // 18
      {key_created{key(n), oak, steel, {}},
       says({{audit_time::kms_request, at(1)}, {audit_time::oak, at(2)}}, check)}, // 19
      {installation_attempted{key(n), oak, steel, m, at(3)}, {}},                  // 20
      {meter_labelled{m, {"PC"}, 0}, {}},                                          // 21
      {key_provisioned{m, key(n), check}, {}},                                     // 22
      {key_committed{m, key(n)}, {}},                                              // 23
      {installation_finished{key(n), steel, m, {}, {}},
       says({{audit_time::psr_install, at(3)}, {audit_time::steel, at(4)}})}, // 24
      {installation_confirmed{key(n), brass, m, {}, {}},
       says({{audit_time::kms_install, at(5)}, {audit_time::brass_install, at(6)}})},
      {key_installed{key(n), brass, m, {}},
       says({{audit_time::kms_install, at(5)}, {audit_time::brass_install, at(6)}}, check)}, // 26
      {key_activated{key(n), brass, m, {"PC"}, {"100"}, {"US"}, {19700101}, {}, {}},
       says({{audit_time::kms_registration, at(7)}, {audit_time::brass_registration, at(8)}}, check)}, // 27
      {key_retired{key(n), brass, m, "old", {19700102}, {}, {}},
       says({{audit_time::kms_obsolete, at(9)}, {audit_time::brass_obsolete, at(10)}})}, // 28
  };
}

std::string whole(const std::vector<told>& after, clock_tolerance tolerance = {}) {
  auto all = ceremony();
  all.insert(all.end(), after.begin(), after.end());
  return told_all(all, tolerance);
}

template <class Event>
Event& in(told& t) {
  return std::get<Event>(t.event);
}

key_marked_bad bad(refusal reason = refusal::meter_write_failed) { return {key(1), brass, reason, {}}; }

} // namespace

BOOST_AUTO_TEST_CASE(a_good_life_breaks_no_rule) {
  BOOST_TEST(whole(life()) == "");
  // Every prefix of it too.
  for (auto events = life(); !events.empty(); events.pop_back())
    BOOST_TEST(whole(events) == "");
}

BOOST_AUTO_TEST_CASE(two_lives_side_by_side) {
  auto events = life(1);
  for (auto& e : life(2, meter2))
    events.push_back(e);
  events[12 + 10] = {key_activated{key(2), brass, meter2, {"PC"}, {"200"}, {"US"}, {19700101}, {}, {}}, {}};
  BOOST_TEST(whole(events) == "");
}

// EP-18: the domain's event says which zone its days are of; before it, or in a log without it, a date may be a day off.
BOOST_AUTO_TEST_CASE(a_registration_date_is_a_day_of_its_domains_zone) {
  const auto registered_on = [](std::optional<time_zone> zone, calendar_date date) {
    auto events = ceremony();
    signed_facts facts;
    facts.zone = zone;
    events.push_back({domain_created{ve, "vendor", {"US"}, suite_id::p256, {box_type::manufacturing, 1}, {}}, facts});
    auto rest = life();
    in<key_activated>(rest[10]).date = date;
    in<key_retired>(rest[11]).date = {19700105};
    events.insert(events.end(), rest.begin(), rest.end());
    return told_all(events);
  };
  // All times are of the first second of 1970 in UTC.
  BOOST_TEST(registered_on(time_zone{}, {19700101}) == "");
  BOOST_TEST(registered_on(time_zone{}, {19691231}) == "28 times");
  BOOST_TEST(registered_on(time_zone{}, {19700102}) == "28 times");
  BOOST_TEST(registered_on(time_zone{-60}, {19691231}) == "");
  BOOST_TEST(registered_on(time_zone{-60}, {19700101}) == "28 times");
  BOOST_TEST(registered_on({}, {19691231}) == "");
  BOOST_TEST(registered_on({}, {19700102}) == "");
}

BOOST_AUTO_TEST_CASE(each_rule_is_found_broken) {
  using change = std::function<void(std::vector<told>&)>;
  struct line {
    std::string_view what;
    change how;
    std::string_view found;
  };
  const line table[] = {
    {"a bad signature", [](auto& e) { e[2].facts.problem = "MI3 is bad"; }, "19 signature"},
    // transitions
    {"stored twice", [](auto& e) { e.insert(e.begin() + 3, e[2]); }, "20 transition"},
    {"never stored", [](auto& e) { e.erase(e.begin() + 2); }, "25 transition"},
    {"active before installed", [](auto& e) { e.erase(e.begin() + 9); }, "26 transition"},
    {"active again", [](auto& e) { e.push_back(e[10]); }, "29 transition"},
    {"bad after installed", [](auto& e) { e[10] = {bad(), {}}; }, "27 transition"},
    {"bad without evidence",
     [](auto& e) {
       e.resize(8);
       e.push_back({bad(), {}});
     },
     "25 transition"},
    {"bad by a token mismatch at Brass",
     [](auto& e) {
       e.resize(8);
       e.push_back({bad(refusal::test_tokens_differ), {}});
     },
     ""},
    {"bad by a time-out",
     [](auto& e) {
       e.resize(3);
       e.push_back({leg_key_assigned{{1}, key(1)}, {}});
       e.push_back({leg_timed_out{{1}, key(1)}, {}});
       e.push_back({bad(refusal::no_answer), {}});
     },
     "20 permitted"}, // no order was opened; the life itself is in order
    {"bad by MI7",
     [](auto& e) {
       e.resize(5);
       e.push_back({meter_key_refused{meter1, key(1), refusal::meter_write_failed}, {}});
       e.push_back({installation_finished{key(1), steel, meter1, refusal::meter_write_failed, {}}, {}});
       e.push_back({bad(), {}});
     },
     ""},
    // key ids
    {"assigned again", [](auto& e) { e.insert(e.begin() + 1, e[0]); }, "18 key_id_order"},
    {"assigned below the last", [](auto& e) { e.insert(e.begin(), {key_id_assigned{key(9), steel, {9}}, {}}); },
     "18 key_id_order"},
    {"stored and not assigned", [](auto& e) { in<key_created>(e[2]).key = key(7); }, "19 key_id_order"},
    {"generated again", [](auto& e) { e.insert(e.begin() + 2, e[1]); }, "19 key_id_order"},
    // installations
    {"attempted again at the same Steel", [](auto& e) { e.insert(e.begin() + 4, e[3]); }, "21 key_id_order"},
    {"attempted again at another Steel",
     [](auto& e) { e.insert(e.begin() + 4, {installation_attempted{key(1), oak, steel2, meter1, {3}}, {}}); },
     "21 installation"},
    {"installed and not attempted", [](auto& e) { e.erase(e.begin() + 3); }, "21 installation"},
    {"reported twice", [](auto& e) { e.insert(e.begin() + 8, e[7]); }, "25 installation"},
    {"given up by another Steel after its report",
     [](auto& e) {
       e.insert(e.begin() + 8, {installation_finished{key(1), steel2, meter1, refusal::installation_never_begun, {}}, {}});
     },
     ""},
    {"given up by another Steel before it was attempted",
     [](auto& e) {
       e.insert(e.begin() + 3, {installation_finished{key(1), steel2, meter1, refusal::installation_never_begun, {}}, {}});
     },
     ""},
    {"given up by another Steel, of which nothing else is told",
     [](auto& e) {
       e.erase(e.begin(), e.begin() + 3);
       e.insert(e.begin(), {installation_finished{key(1), steel2, meter1, refusal::installation_never_begun, {}}, {}});
       e.resize(6);
     },
     ""},
    {"reported as failed by another Steel",
     [](auto& e) {
       e.insert(e.begin() + 3, {installation_finished{key(1), steel2, meter1, refusal::meter_write_failed, {}}, {}});
     },
     "20 names"},
    {"attempted after it was given up",
     [](auto& e) {
       e.insert(e.begin() + 3, {installation_finished{key(1), steel, meter1, refusal::installation_never_begun, {}}, {}});
     },
     "21 key_id_order"},
    {"stored as Installed and never reported", [](auto& e) { e.erase(e.begin() + 7); }, "25 installation"},
    {"committed twice", [](auto& e) { e.insert(e.begin() + 7, e[6]); }, "24 installation"},
    // names
    {"another Steel", [](auto& e) { in<installation_attempted>(e[3]).steel = steel2; }, "20 names"},
    {"made for another Steel, and kept", [](auto& e) { in<key_generated>(e[1]).steel = steel2; }, "20 names"},
    {"made for another Steel, and kept by the KDC",
     [](auto& e) {
       in<key_generated>(e[1]).steel = steel2;
       e[2] = {install_record_received{key(1), steel, {1}, meter1, {}}, {}};
     },
     "19 names"},
    {"made for another Steel, and a gap",
     [](auto& e) {
       in<key_generated>(e[1]).steel = steel2;
       e.resize(2);
     },
     ""},
    {"tried in another meter, and in none",
     [](auto& e) {
       e[2] = {install_record_received{key(1), steel, {1}, meter1, {}}, {}};
       in<installation_attempted>(e[3]).meter = meter2;
       e[4] = {installation_finished{key(1), steel, meter2, refusal::meter_not_known, {}}, {}};
       e.resize(5);
     },
     ""},
    {"tried in another meter, and in the right one",
     [](auto& e) { in<installation_attempted>(e[3]).meter = meter2; }, "22 installation"},
    {"tried in another meter, and in that",
     [](auto& e) {
       e.insert(e.begin() + 3, {install_record_received{key(1), steel, {1}, meter2, {}}, {}});
     },
     "23 names"},
    {"reported of another meter than it was tried in",
     [](auto& e) {
       e.resize(4);
       e.push_back({installation_finished{key(1), steel, meter2, refusal::meter_not_known, {}}, {}});
     },
     "21 names"},
    {"another meter", [](auto& e) { in<key_installed>(e[9]).meter = meter2; }, "26 names"},
    {"another key in the archive", [](auto& e) { e[9].facts.check = check_value{9}; }, "26 names"},
    {"another key in the meter", [](auto& e) { in<key_provisioned>(e[5]).check = check_value{9}; }, "26 names"},
    {"Installed, and not kept by its meter", [](auto& e) { e.erase(e.begin() + 6); }, "25 installation"},
    // times
    {"Oak before the request",
     [](auto& e) {
       e[2].facts.times[0].second = {2};
       e[2].facts.times[1].second = {1};
     },
     "19 times"},
    {"Steel before Oak", [](auto& e) { e[7].facts.times = {{audit_time::psr_install, {1}}}; }, "24 times"},
    {"obsolete before registered", [](auto& e) { e[11].facts.times[0].second = {7}; }, "28 times"},
    {"signed after it was kept", [](auto& e) { e[1].facts.times[1].second = {99'000}; }, "18 times"},
    {"registered before it was installed",
     [](auto& e) {
       e[9].facts.times[0].second = {3 * 86'400'000'000};
       e[9].facts.times[1].second = {3 * 86'400'000'001};
     },
     "27 times"},
    {"registered after it was received", [](auto& e) { in<key_activated>(e[10]).date = {19700105}; }, "27 times"},
  };
  for (const auto& [what, how, expected] : table) {
    auto events = life();
    how(events);
    BOOST_TEST(whole(events) == expected, what << ": " << whole(events) << ", not " << expected);
  }
}

BOOST_AUTO_TEST_CASE(what_no_state_allowed_is_found) {
  const std::pair<told, std::string_view> table[] = {
    {{box_enabled{{box_type::tin, 1}}, {}}, "17 permitted"},
    {{box_enabled{oak}, {}}, "17 permitted"},
    {{share_entered{oak, {"Ada"}}, {}}, "17 permitted"},
    {{share_entered{oak, {"Zoe"}}, {}}, "17 permitted"},
    {{active_domain_switched{oak, {"USPS"}}, {}}, "17 permitted"},
    {{box_disabled{oak, "process restarted", {}}, {}}, ""},
    {{box_disabled{oak, "share taken out", label{"Ada"}}, {}}, ""},
    {{box_disabled{oak, "share taken out", label{"Zoe"}}, {}}, "17 permitted"},
    {{box_disabled{{box_type::tin, 1}, "process restarted", {}}, {}}, "17 permitted"},
    {{generators_changed{oak, generator_health::degraded, "stuck", {}, {}}, {}}, ""},
    {{generators_changed{oak, generator_health::ok, {}, {}, {}}, {}}, "17 permitted"},
    {{generators_changed{{box_type::tin, 1}, generator_health::failed, {}, "dead", {}}, {}}, "17 permitted"},
    {{domain_process_made{oak, ve, suite_id::p256, {}}, {}}, "17 permitted"},
    {{tokens_verified{ve, brass, "r", 3, {}, bytes(2)}, {}}, ""},
    {{tokens_verified{ve, brass, "r", 3, {}, bytes(9)}, {}}, "17 permitted"},
    {{tokens_verified{ve, oak, "r", 2, {}, bytes(1)}, {}}, "17 permitted"},
    {{order_closed{{1}, true}, {}}, "17 permitted"},
    {{leg_finished{{1}, key(1)}, {}}, "17 permitted"},
    {{install_record_handed_out{key(1), meter1}, {}}, "17 permitted"},
    {{key_committed{meter1, key(1)}, {}}, "17 permitted"},
    {{meter_registered{meter1, {"PC"}, {"1"}, {"US"}, {20260101}}, {}}, "17 permitted"},
    {{indicia_printed{meter1, 1, 1, {20260101}}, {}}, "17 permitted"},
    {{tamper_detected{meter1}, {}}, "17 permitted"},
    {{box_id_reserved{oak, {"slot"}}, {}}, ""},
    {{box_id_reserved{{box_type::oak, 5}, {"slot"}}, {}}, "17 permitted"},
    {{log_opened{"n", false, {}}, {}}, ""},
    {{scenario_started{"s", 1}, {}}, "17 permitted"},
  };
  for (const auto& [event, expected] : table)
    BOOST_TEST(whole({event}) == expected, name_of_event(event.event) << ": " << whole({event}));
}

// EP-18: strictly increasing where one clock made both, within the tolerance across clocks.
BOOST_AUTO_TEST_CASE(clocks_of_several_nodes_may_differ) {
  using namespace std::chrono_literals;
  auto behind = life();
  behind[7].facts.times[0].second = {1}; // the PSR sent it a microsecond before Oak made it
  BOOST_TEST(whole(behind) == "24 times");
  BOOST_TEST(whole(behind, 0us) == "24 times");
  BOOST_TEST(whole(behind, 1us) == "");
  auto one_clock = life();
  one_clock[7].facts.times[0].second = one_clock[7].facts.times[1].second; // PSR and Steel
  BOOST_TEST(whole(one_clock, 1s) == "24 times");
  auto ahead = life();
  ahead[1].facts.times[0].second = {18'005}; // the KMC asked 5 microseconds after Oak answered, by its clock
  BOOST_TEST(whole(ahead) == "18 times");
  BOOST_TEST(whole(ahead, 4us) == "18 times");
  BOOST_TEST(whole(ahead, 5us) == "");
  ahead[1].facts.times[0].second = ahead[1].facts.times[1].second; // it asked in the microsecond in which Oak answered
  BOOST_TEST(whole(ahead) == "");
  ahead[1].facts.times[1].second = {18'001}; // Oak's own
  BOOST_TEST(whole(ahead, 1s) == "18 times");
}

BOOST_AUTO_TEST_CASE(rules_and_times_have_names) {
  for (auto r : {audit_rule::signature, audit_rule::transition, audit_rule::key_id_order, audit_rule::installation,
                 audit_rule::names, audit_rule::times, audit_rule::permitted, audit_rule::cause})
    BOOST_TEST(name(r) != "?");
  for (std::size_t i = 0; i < audit_times; ++i)
    BOOST_TEST(name(static_cast<audit_time>(i)) != "?");
}

BOOST_AUTO_TEST_SUITE_END()
