// EP-3, EP-8, EP-10: a secure box, its custodians and its domains.

#include "tests/events/box_fixtures.hpp"

using namespace oaksteel;
using namespace oaksteel::given_when_then;

BOOST_AUTO_TEST_SUITE(boxes)

namespace {

std::vector<label> people(unsigned count) {
  std::vector<label> all;
  for (unsigned i = 1; i <= count; ++i)
    all.push_back({"person-" + std::to_string(i)});
  return all;
}

/// A share of the box's own set, entered by somebody.
decision<box_event> enter_share_of(const secure_box& state, const label& who, std::uint8_t index) {
  return decide(state, enter_share{who}, share_check{{}, share_name{{{1}}, index}});
}

} // namespace

// --- ids and shares -----------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_box_takes_its_id_once) {
  const auto take = [](const secure_box& state, const box_id& box, std::uint8_t threshold, std::vector<label> shares) {
    return decide(state, initialised(box, threshold, shares));
  };
  const secure_box blank;
  check<box_event>({
    {"two of two", take(blank, oak_1, 2, {anna, boris}), "box_initialised"},
    {"two of three", take(blank, {box_type::manufacturing, 1}, 2, {anna, boris, clara}), "box_initialised"},
    {"the id of no box", take(blank, {box_type::oak, 0}, 2, {anna, boris}), "! command_malformed"},
    {"no share needed", take(blank, oak_1, 0, {anna, boris}), "! share_threshold_wrong"},
    {"more needed than there are", take(blank, oak_1, 3, {anna, boris}), "! share_threshold_wrong"},
    {"the most needed", take(blank, oak_1, 255, {anna, boris}), "! share_threshold_wrong"},
    {"no share", take(blank, oak_1, 1, {}), "! share_count_wrong"},
    {"both shares with one person", take(blank, oak_1, 1, {anna, anna}), "! share_count_wrong"},
    {"a share for nobody", take(blank, oak_1, 1, {anna, {}}), "! share_count_wrong"},
    {"a share for a folder above", take(blank, oak_1, 1, {anna, {".."}}), "! share_count_wrong"},
    {"sixteen shares", take(blank, oak_1, 16, people(16)), "box_initialised"},
    {"seventeen", take(blank, oak_1, 2, people(17)), "! share_count_wrong"},
    {"three hundred", take(blank, oak_1, 2, people(300)), "! share_count_wrong"},
    {"again", take(with_id(oak_1), oak_1, 2, {anna, boris}), "! box_already_initialised"},
    {"another id", take(with_id(oak_1), oak_2, 2, {anna, boris}), "! box_already_initialised"},
  });
}

BOOST_AUTO_TEST_CASE(what_a_box_knows_of_itself) {
  digest salt;
  salt.value[0] = 0x5A;
  auto taken = initialised(oak_1, 2, {anna, boris});
  taken.salt = salt;
  const auto box = given<secure_box>(taken, share_entered{oak_1, boris},
                                     domain_process_made{oak_1, ve, suite_id::p256, {steel_1, steel_2}});
  const domain_process process{suite_id::p256, 0, {steel_1, steel_2}, {}};
  BOOST_CHECK(box == (secure_box{oak_1, {"slot-1"}, suite_id::p256, 2, salt, taken.shares, {"boris"}, false, ve,
                                 {{ve, process}}}));
}

// EP-10: "A box does nothing before its quorum is in." "A wrong share is refused when it is entered."
BOOST_AUTO_TEST_CASE(shares_are_entered) {
  const auto blank = secure_box{};
  const auto box = with_id(oak_1);
  const auto one_in = after(box, enter(box, anna));
  const auto both_in = after(one_in, enter(one_in, boris));
  const auto three = with_id({box_type::manufacturing, 1});
  const auto quorum = after(after(three, enter(three, clara)), enter(after(three, enter(three, clara)), anna));
  check<box_event>({
    {"the first", enter(box, anna), "share_entered"},
    {"the last needed", enter(one_in, boris), "share_entered + box_enabled"},
    {"the same twice", enter(one_in, anna), "share_refused"},
    {"the same twice, of an enabled box", enter(both_in, anna), "share_refused"},
    {"a wrong one", enter(box, anna, refusal::share_wrong), "share_refused"},
    {"a wrong one in the last place", enter(one_in, boris, refusal::share_wrong), "share_refused"},
    {"an empty medium", enter(box, anna, refusal::share_missing), "share_refused"},
    {"somebody who holds none", enter(box, nobody), "share_refused"},
    {"somebody who holds none, in the last place", enter(one_in, nobody), "share_refused"},
    {"any two of three", enter(after(three, enter(three, clara)), anna), "share_entered + box_enabled"},
    {"the third of three: the box is enabled already", enter(quorum, boris), "share_entered"},
    {"a box without an id", enter(blank, anna), "! box_not_initialised"},
    {"a wrong one for a box without an id", enter(blank, anna, refusal::share_wrong), "! box_not_initialised"},
  });
  BOOST_CHECK(!one_in.enabled && both_in.enabled && quorum.enabled);
}

// EP-10: "Every attempt, failed ones too, is an event naming the share, the custodian and the box."
BOOST_AUTO_TEST_CASE(every_attempt_names_its_share) {
  const auto box = with_id(oak_1);
  const auto one_in = after(box, enter(box, anna));
  const auto refused = [](const decision<box_event>& d) { return event_in<share_refused>(d); };
  BOOST_CHECK(event_in<share_entered>(enter(box, anna)) == (share_entered{oak_1, anna}));
  BOOST_CHECK(refused(enter(box, anna, refusal::share_wrong)) == (share_refused{oak_1, anna, refusal::share_wrong}));
  BOOST_CHECK(refused(enter(box, boris, refusal::share_missing))
              == (share_refused{oak_1, boris, refusal::share_missing}));
  BOOST_CHECK(refused(enter(box, nobody)) == (share_refused{oak_1, nobody, refusal::custodian_not_known}));
  BOOST_CHECK(refused(enter(one_in, anna)) == (share_refused{oak_1, anna, refusal::share_doubled}));
  // What was found on the medium is told first.
  const auto damaged = refusal::share_wrong;
  BOOST_CHECK(refused(enter(box, nobody, damaged)) == (share_refused{oak_1, nobody, damaged}));
  BOOST_CHECK(refused(enter(one_in, anna, damaged)) == (share_refused{oak_1, anna, damaged}));
  BOOST_CHECK(refused(enter(one_in, nobody)) == (share_refused{oak_1, nobody, refusal::custodian_not_known}));
  BOOST_CHECK(event_in<box_enabled>(enter(one_in, boris), 1) == (box_enabled{oak_1}));
}

// A share counts once, whoever brings it, and only from the custodian to whom it was given.
BOOST_AUTO_TEST_CASE(a_share_counts_once_and_from_its_own_custodian) {
  const auto box = with_id({box_type::manufacturing, 1});
  const auto one_in = after(box, enter_share_of(box, anna, 1));
  const auto why = [](const decision<box_event>& d) { return name(event_in<share_refused>(d).reason); };
  BOOST_TEST(why(enter_share_of(box, anna, 2)) == "share_of_another_custodian");
  BOOST_TEST(why(enter_share_of(one_in, boris, 3)) == "share_of_another_custodian");
  BOOST_TEST(why(enter_share_of(one_in, boris, 1)) == "share_doubled");
  BOOST_TEST(why(enter_share_of(one_in, anna, 1)) == "share_doubled");
  BOOST_TEST(why(enter_share_of(one_in, anna, 2)) == "share_doubled");
  BOOST_TEST(why(enter_share_of(one_in, boris, 0)) == "share_wrong");
  BOOST_TEST(why(enter_share_of(one_in, boris, 4)) == "share_wrong");
  BOOST_TEST(why(enter_share_of(one_in, nobody, 1)) == "custodian_not_known");
  BOOST_TEST(outcome(enter_share_of(one_in, boris, 2)) == "share_entered + box_enabled");
  // The event names the share, also of one that is refused.
  const share_name second{{{1}}, 2};
  BOOST_CHECK(event_in<share_entered>(enter_share_of(one_in, boris, 2)).share == second);
  BOOST_CHECK(event_in<share_refused>(enter_share_of(one_in, anna, 2)).share == second);
  const auto damaged = decide(box, enter_share{anna}, share_check{refusal::share_outdated, second});
  BOOST_CHECK(event_in<share_refused>(damaged) == (share_refused{box.id, anna, refusal::share_outdated, second}));
}

BOOST_AUTO_TEST_CASE(a_refused_share_does_not_count) {
  auto box = with_id(oak_1);
  for (const auto& d :
       {enter(box, anna, refusal::share_wrong), enter(box, nobody), enter(box, boris, refusal::share_missing)})
    BOOST_CHECK(after(box, d) == box);
  box = after(box, enter(box, anna));
  box = after(box, enter(box, anna));
  box = after(box, enter(box, boris, refusal::share_wrong));
  BOOST_CHECK(!box.enabled);
  BOOST_TEST(outcome(enter(box, boris)) == "share_entered + box_enabled");
}

// EP-10: "The last share entered must stay in; removing it disables the box at once."
BOOST_AUTO_TEST_CASE(a_share_taken_out_or_a_restart_disables) {
  const auto box = with_id(steel_1), one_in = then(box, share_entered{steel_1, anna}), on = at_work(steel_1);
  const auto take_out = [](const secure_box& state, const label& who) { return decide(state, remove_share{who}); };
  const auto restart = [](const secure_box& state) { return decide(state, lose_memory{"process restarted"}); };
  check<box_event>({
    {"the last one", take_out(on, boris), "box_disabled"},
    {"the first one", take_out(on, anna), "box_disabled"},
    {"one of two, before the quorum", take_out(one_in, anna), "box_disabled"},
    {"one that is not in", take_out(one_in, boris), "! share_not_entered"},
    {"one that is out already", take_out(disabled(on), boris), "! share_not_entered"},
    {"from a box without an id", take_out({}, anna), "! box_not_initialised"},
    {"by one who is no custodian of it", take_out(on, nobody), "! custodian_not_known"},
    {"restart of an enabled box", restart(on), "box_disabled"},
    {"restart between two shares", restart(one_in), "box_disabled"},
    {"restart of a disabled box", restart(disabled(on)), "-"},
    {"restart of a box without an id", restart({}), "-"},
  });
  for (const auto& d : {take_out(on, boris), restart(on), restart(one_in)}) {
    const auto off = after(on, d);
    BOOST_CHECK(!off.enabled && off.entered.empty());
    // All shares are needed again.
    BOOST_TEST(outcome(enter(off, boris)) == "share_entered");
    BOOST_TEST(outcome(attempt(off, key(1))) == "! box_disabled");
  }
  BOOST_CHECK(event_in<box_disabled>(restart(on)) == (box_disabled{steel_1, "process restarted"}));
}

// --- domains (EP-3, EP-8) -------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(domain_processes_are_made_and_switched) {
  const auto make = [](const secure_box& state, const domain_id& domain) {
    return decide(state, domain_process_made{oak_1, domain, suite_id::p256, {steel_1}});
  };
  const auto to = [](const secure_box& state, const domain_id& domain) { return decide(state, switch_domain{domain}); };
  const auto box = at_work(oak_1);
  const auto with_one = then(enabled(oak_1), domain_process_made{oak_1, usps, suite_id::p256, {steel_1}});
  const auto told_of = [&](const std::vector<box_id>& steels, suite_id suite = suite_id::p256) {
    return decide(with_one, domain_process_made{oak_1, usps, suite, steels});
  };
  const auto told = then(with_one, event_in<domain_process_made>(told_of({steel_2})));
  BOOST_TEST((told.processes.at(usps).steels == std::set<box_id>{steel_1, steel_2}));
  check<box_event>({
    {"the first", make(enabled(oak_1), ve), "domain_process_made"},
    {"another", make(box, ukrm), "domain_process_made"},
    {"the same", make(with_one, usps), "! domain_process_exists"},
    {"the same with a further Steel box", told_of({steel_1, steel_2}), "domain_process_made"},
    {"the same with another Steel box", told_of({steel_2}), "domain_process_made"},
    {"the same with fewer Steel boxes", told_of({}), "! domain_process_exists"},
    {"a further Steel box, in another suite", told_of({steel_2}, suite_id::rsa3072), "! domain_process_exists"},
    {"in a disabled box", make(disabled(box), ukrm), "! box_disabled"},
    {"in a box without an id", make({}, ve), "! box_not_initialised"},
    {"switching", to(box, usps), "active_domain_switched"},
    {"to the active one", to(box, ve), "-"},
    {"to one that is not served", to(box, ukrm), "! domain_not_known"},
    {"in a disabled box", to(disabled(box), usps), "! box_disabled"},
  });
}

// --- making other boxes (EP-7, EP-8) ----------------------------------------------------------------------

namespace {

const box_id maker_1{box_type::manufacturing, 1}, maker_2{box_type::manufacturing, 2};

/// The first Manufacturing box, enabled, with the keys that it made; a further one, enabled, without.
secure_box first_maker() {
  auto made = initialised(maker_1, 2, {anna, boris, clara});
  made.key_set = check_value{1};
  return then(given<secure_box>(made), share_entered{maker_1, anna}, share_entered{maker_1, boris},
              box_enabled{maker_1});
}
secure_box further_maker() { return enabled(maker_2); }

domain_process_made held(const box_id& box, const domain_id& domain) {
  return {box, domain, suite_id::p256, {}, {}, {}, check_value{2}};
}

} // namespace

BOOST_AUTO_TEST_CASE(a_manufacturing_box_gets_its_key_set_once) {
  const key_set_received received{maker_2, maker_1, {}, check_value{1}};
  const auto with_set = then(further_maker(), received);
  check<box_event>({
    {"a further box", decide(further_maker(), received), "key_set_received"},
    {"again", decide(with_set, received), "! key_set_exists"},
    {"the first box", decide(first_maker(), {maker_1, maker_2, {}, {}}), "! key_set_exists"},
    {"a disabled one", decide(disabled(further_maker()), received), "! box_disabled"},
    {"one without an id", decide({}, received), "! box_not_initialised"},
    {"an Oak", decide(enabled(oak_1), {oak_1, maker_1, {}, {}}), "! wrong_box_type"},
    {"a domain before the key set", decide(further_maker(), held(maker_2, ve)), "! key_set_missing"},
    {"a domain", decide(with_set, held(maker_2, ve)), "domain_process_made"},
    {"the same domain", decide(then(with_set, held(maker_2, ve)), held(maker_2, ve)), "! domain_process_exists"},
    {"an active domain", decide(then(with_set, held(maker_2, ve)), switch_domain{ve}), "! wrong_box_type"},
  });
  BOOST_CHECK(with_set.key_set == check_value{1});
  const auto whole = then(with_set, held(maker_2, ve));
  BOOST_CHECK(whole.processes.at(ve).key_data == check_value{2});
  BOOST_CHECK(!whole.active);
}

BOOST_AUTO_TEST_CASE(keys_are_issued_to_admitted_boxes) {
  const auto maker = then(first_maker(), held(maker_1, ve));
  const auto issue = [](const secure_box& from, const box_id& to, std::optional<domain_id> domain,
                        std::vector<box_id> steels = {}, bool admitted = true) {
    return decide(from, keys_issued{from.id, to, std::move(domain), std::move(steels), {}}, admitted);
  };
  check<box_event>({
    {"a domain to an Oak", issue(maker, oak_1, ve, {steel_1, steel_2}), "keys_issued"},
    {"a domain to a Steel", issue(maker, steel_1, ve), "keys_issued"},
    {"a domain to a Manufacturing box", issue(maker, maker_2, ve), "keys_issued"},
    {"the key set to a Manufacturing box", issue(maker, maker_2, {}), "keys_issued"},
    {"the key set to an Oak", issue(maker, oak_1, {}), "! wrong_box_type"},
    {"to a box that was not admitted", issue(maker, oak_1, ve, {}, false), "! box_not_admitted"},
    {"a domain that it does not hold", issue(maker, oak_1, usps), "! domain_not_known"},
    {"Steel boxes for a Brass", issue(maker, brass_1, ve, {steel_1}), "! steel_not_valid_for_domain"},
    {"an Oak as a Steel box", issue(maker, oak_1, ve, {oak_2}), "! steel_not_valid_for_domain"},
    {"no Steel box as one", issue(maker, oak_1, ve, {{box_type::steel, 0}}), "! steel_not_valid_for_domain"},
    {"by a disabled box", issue(disabled(maker), oak_1, ve), "! box_disabled"},
    {"by one without a key set", issue(further_maker(), oak_1, ve), "! key_set_missing"},
    {"by one without an id", issue({}, oak_1, ve), "! box_not_initialised"},
    {"by an Oak", issue(at_work(oak_1), oak_2, ve), "! wrong_box_type"},
  });
}

BOOST_AUTO_TEST_CASE(exactly_one_domain_is_active) {
  auto box = enabled(oak_1);
  BOOST_CHECK(!box.active);
  box = at_work(oak_1);
  BOOST_CHECK(box.active == ve);
  BOOST_TEST(outcome(generate(box, key(1, usps))) == "! domain_not_active");
  box = after(box, decide(box, switch_domain{usps}));
  BOOST_CHECK(box.active == usps);
  BOOST_TEST(outcome(generate(box, key(1, usps))) == "key_generated");
  BOOST_TEST(outcome(generate(box, key(1, ve))) == "! domain_not_active");
  // Switching is an event: the choice outlives a restart.
  BOOST_CHECK(disabled(box).active == usps);
}

// EP-11: what a box says of its generators is an event when it is news, and part of its state.
BOOST_AUTO_TEST_CASE(a_change_of_the_generators_is_an_event) {
  using condition = generator_condition;
  const auto report = [](const secure_box& box, const condition& found) {
    return decide(box, report_generators{found});
  };
  const condition sound;
  const condition stuck{generator_health::degraded, "stuck", {}, {}};
  const condition dead{generator_health::degraded, "dead", {}, {}};
  const condition other{generator_health::degraded, {}, "stuck", {}};
  const condition both{generator_health::failed, "stuck", "dead", {}};
  const condition alike{generator_health::failed, {}, {}, "not random"};
  const auto box = with_id(oak_1);
  const auto after_stuck = after(box, report(box, stuck));
  check<box_event>({
    {"sound, as at first", report(box, sound), "-"},
    {"a fault", report(box, stuck), "generators_changed"},
    {"the same again", report(after_stuck, stuck), "-"},
    {"another fault of the same generator", report(after_stuck, dead), "generators_changed"},
    {"the other generator instead", report(after_stuck, other), "generators_changed"},
    {"both", report(after_stuck, both), "generators_changed"},
    {"what they give together", report(box, alike), "generators_changed"},
    {"sound again", report(after_stuck, sound), "generators_changed"},
    {"disabled", report(disabled(at_work(oak_1)), stuck), "generators_changed"},
    {"without an id", report({}, stuck), "! box_not_initialised"},
    {"without an id, sound", report({}, sound), "! box_not_initialised"},
  });
  BOOST_CHECK(after_stuck.generators == stuck);
  BOOST_CHECK(after(after_stuck, report(after_stuck, both)).generators == both);
  BOOST_CHECK(after(after_stuck, report(after_stuck, sound)).generators == sound);
  const auto told = event_in<generators_changed>(report(box, both));
  BOOST_CHECK(told == (generators_changed{oak_1, generator_health::failed, "stuck", "dead", {}}));
  // Nothing else of the box changes.
  auto rest = after_stuck;
  rest.generators = {};
  BOOST_CHECK(rest == box);
}

BOOST_AUTO_TEST_CASE(a_box_is_ready_or_says_why_not) {
  const auto other = then(at_work(oak_1), active_domain_switched{oak_1, usps});
  struct {
    secure_box state;
    box_type type;
    domain_id domain;
    std::optional<refusal> why;
  } const lines[] = {
    {at_work(oak_1), box_type::oak, ve, {}},
    {{}, box_type::oak, ve, refusal::box_not_initialised},
    {at_work(oak_1), box_type::steel, ve, refusal::wrong_box_type},
    {at_work(oak_1), box_type::oak, ukrm, refusal::domain_not_known},
    {enabled(oak_1), box_type::oak, ve, refusal::domain_not_known},
    {disabled(at_work(oak_1)), box_type::oak, ve, refusal::box_disabled},
    {other, box_type::oak, ve, refusal::domain_not_active},
    {other, box_type::oak, usps, {}},
  };
  for (const auto& l : lines)
    BOOST_CHECK(not_ready(l.state, l.type, l.domain) == l.why);
}

BOOST_AUTO_TEST_SUITE_END()
