// EP-13b, EP-14, EP-16: the work of Oak, Steel and Brass boxes, and any commands in any order.

#include "tests/events/box_fixtures.hpp"

#include <set>

using namespace oaksteel;
using namespace oaksteel::given_when_then;

BOOST_AUTO_TEST_SUITE(box_work)
namespace {

decision<box_event> finish(const secure_box& steel, const key_id& id, std::optional<refusal> failure = {},
                           const box_id& named = steel_1) {
  return decide(steel, installation_finished{id, named, meter_a, failure, {}});
}

constexpr install_record_check good{true, true, true}, forged{false, true, true}, unopened{true, false, true},
  untimely{true, true, false};

} // namespace

// --- Oak: key ids (EP-14; EP Fig. 8, step 84) ---------------------------------------------------------------

BOOST_AUTO_TEST_CASE(oak_generates_for_increasing_key_ids) {
  auto box = at_work(oak_1);
  struct {
    std::uint64_t number;
    box_id steel;
    std::string_view then;
  } const lines[] = {
    {0, steel_1, "! key_id_not_fresh"},           {1, steel_1, "key_generated"},
    {1, steel_1, "! key_id_not_fresh"},           {2, steel_1, "key_generated"},
    {99, steel_2, "! steel_not_valid_for_domain"}, {7, steel_1, "key_generated"}, // a gap; and 99 was not seen
    {6, steel_1, "! key_id_not_fresh"},           {7, steel_1, "! key_id_not_fresh"},
    {2, steel_2, "! steel_not_valid_for_domain"}, {8, steel_1, "key_generated"},
    // Nobody signs the number: one that is far off is not taken, so that those between are left (EP-13b).
    {1'000'009, steel_1, "! key_id_not_assigned"}, {~std::uint64_t{0}, steel_1, "! key_id_not_assigned"},
    {9, steel_1, "key_generated"},                {1'000'009, steel_1, "key_generated"},
  };
  for (const auto& l : lines)
    BOOST_TEST_CONTEXT("key id " << l.number) {
      const auto before = box.processes.at(ve).last_seen;
      const auto d = generate(box, key(l.number), l.steel);
      BOOST_TEST(outcome(d) == l.then);
      if (d)
        box = after(box, d);
      BOOST_TEST(box.processes.at(ve).last_seen == (d ? l.number : before));
    }
  BOOST_TEST(box.processes.at(usps).last_seen == 0u); // EP Fig. 18: "Separate Key ID indexes are maintained"
}

BOOST_AUTO_TEST_CASE(only_an_oak_at_work_generates) {
  const auto box = at_work(oak_1);
  check<box_event>({
    {"a box without an id", generate({}, key(1)), "! box_not_initialised"},
    {"a Steel", generate(at_work(steel_1), key(1)), "! wrong_box_type"},
    {"a Brass", generate(at_work(brass_1), key(1)), "! wrong_box_type"},
    {"of another domain", generate(box, key(1, ukrm)), "! domain_not_known"},
    {"disabled", generate(disabled(box), key(1)), "! box_disabled"},
    {"for a domain that is not active", generate(box, key(1, usps)), "! domain_not_active"},
  });
}

// --- Steel (EP-13b, EP-14; EP Fig. 8, steps 90-92) -----------------------------------------------------------

// "A message that fails authentication, Steel id or freshness changes nothing, last-seen ids included."
BOOST_AUTO_TEST_CASE(steel_attempts_each_key_once) {
  auto box = at_work(steel_1);
  struct {
    std::uint64_t number;
    install_record_check facts;
    box_id named;
    std::string_view then;
  } const lines[] = {
    {0, good, steel_1, "! key_id_not_fresh"},
    {900, forged, steel_1, "! signature_invalid"}, // a forger cannot kill the keys below
    {900, good, steel_2, "! wrong_box"},
    {900, unopened, steel_1, "! sealed_material_invalid"},
    {900, forged, steel_2, "! signature_invalid"},
    {900, untimely, steel_1, "! time_out_of_order"},
    {3, good, steel_1, "installation_attempted"},
    {3, good, steel_1, "! key_id_not_fresh"},
    {2, good, steel_1, "! key_id_not_fresh"},
    {3, unopened, steel_1, "! key_id_not_fresh"},
    {2, good, steel_2, "! wrong_box"},
    {2, forged, steel_1, "! signature_invalid"},
    {8, good, steel_1, "installation_attempted"},
    {3, good, steel_1, "! key_id_not_fresh"},
  };
  for (const auto& l : lines)
    BOOST_TEST_CONTEXT("key id " << l.number << " for " << l.named.text()) {
      const auto before = box;
      const auto d = attempt(box, key(l.number), l.facts, l.named);
      BOOST_TEST(outcome(d) == l.then);
      if (d)
        box = after(box, d);
      BOOST_CHECK(d ? box.processes.at(ve).last_seen == l.number : box == before);
    }
  // A restart forgets nothing of it.
  box = then(disabled(box), share_entered{steel_1, anna}, share_entered{steel_1, boris}, box_enabled{steel_1});
  BOOST_TEST(outcome(attempt(box, key(8))) == "! key_id_not_fresh");
  BOOST_TEST(outcome(attempt(box, key(9))) == "installation_attempted");
  BOOST_TEST(box.processes.at(usps).last_seen == 0u);
}

BOOST_AUTO_TEST_CASE(only_a_steel_at_work_attempts) {
  const auto box = at_work(steel_1);
  auto full = box;
  for (std::uint64_t n = 1; n <= 96; ++n) // the room that a state row has
    full = after(full, attempt(full, key(n)));
  check<box_event>({
    {"a box without an id", attempt({}, key(1)), "! box_not_initialised"},
    {"an Oak", attempt(at_work(oak_1), key(1)), "! wrong_box_type"},
    {"a Brass", attempt(at_work(brass_1), key(1)), "! wrong_box_type"},
    {"of another domain", attempt(box, key(1, ukrm)), "! domain_not_known"},
    {"disabled", attempt(disabled(box), key(1)), "! box_disabled"},
    {"for a domain that is not active", attempt(box, key(1, usps)), "! domain_not_active"},
    {"too many open attempts", attempt(full, key(97)), "! busy"},
    {"room again", attempt(after(full, finish(full, key(5))), key(97)), "installation_attempted"},
  });
  BOOST_CHECK(event_in<installation_attempted>(attempt(box, key(1)))
              == (installation_attempted{key(1), oak_1, steel_1, meter_a, {}}));
}

BOOST_AUTO_TEST_CASE(an_attempt_ends_once) {
  const auto idle = at_work(steel_1), open = after(idle, attempt(idle, key(5))),
             ended = after(open, finish(open, key(5)));
  const auto failed = refusal::meter_write_failed;
  const auto switched = then(open, active_domain_switched{steel_1, usps});
  check<box_event>({
    {"installed", finish(open, key(5)), "installation_finished"},
    {"failed", finish(open, key(5), failed), "installation_finished"},
    {"while another domain is active", finish(switched, key(5)), "installation_finished"},
    {"twice", finish(ended, key(5)), "! key_id_not_fresh"},
    {"twice, failed", finish(ended, key(5), failed), "! key_id_not_fresh"},
    {"never attempted", finish(idle, key(5)), "! key_id_not_fresh"},
    {"never attempted, given up", finish(idle, key(5), refusal::no_answer), "installation_finished"},
    {"never attempted, far off", finish(idle, key(9'000'000), refusal::no_answer), "! key_id_not_assigned"},
    {"passed by long ago", finish(open, key(4), refusal::no_answer), "! key_id_not_fresh"},
    {"of another domain", finish(open, key(5, ukrm)), "! domain_not_known"},
    {"by another Steel", finish(open, key(5), {}, steel_2), "! wrong_box"},
    {"by an Oak", finish(at_work(oak_1), key(5), refusal::no_answer, oak_1), "! wrong_box_type"},
    {"in a disabled box", finish(disabled(open), key(5)), "! box_disabled"},
    {"in a box without an id", finish({}, key(5)), "! box_not_initialised"},
  });
  BOOST_CHECK(open.processes.at(ve).open == (std::map<std::uint64_t, sequence_number>{{5, meter_a}}));
  BOOST_CHECK(ended.processes.at(ve).open.empty() && ended.processes.at(ve).last_seen == 5);
  // A key that was given up is spent; an older attempt that ends late gives no id back.
  BOOST_TEST(outcome(attempt(after(idle, finish(idle, key(5), refusal::no_answer)), key(5))) == "! key_id_not_fresh");
  const auto two = after(open, attempt(open, key(6)));
  BOOST_TEST(outcome(attempt(after(two, finish(two, key(5))), key(6))) == "! key_id_not_fresh");
}

// --- Brass --------------------------------------------------------------------------------------------------

/// The four records that Brass makes of a key.
std::vector<decision<box_event>> records(const secure_box& box, const domain_id& domain, std::optional<refusal> problem,
                                         const box_id& brass = brass_1) {
  const brass_check facts{problem};
  return {decide(box, installation_confirmed{key(1, domain), brass, meter_a, {}, {}}, facts),
          decide(box, key_condemned{key(1, domain), brass, refusal::no_answer, {}, {}}, facts),
          decide(box, registration_confirmed{key(1, domain), brass, meter_a, serial_1, {}, {}, {}, {}}, facts),
          decide(box, retirement_confirmed{key(1, domain), brass, meter_a, {}, {}, {}, {}}, facts)};
}

BOOST_AUTO_TEST_CASE(brass_makes_a_record_when_nothing_is_wrong) {
  const auto box = at_work(brass_1);
  const std::string_view names[] = {"installation_confirmed", "key_condemned", "registration_confirmed",
                                    "retirement_confirmed"};
  const auto made = records(box, ve, {});
  for (std::size_t i = 0; i < made.size(); ++i) {
    BOOST_TEST(outcome(made[i]) == names[i]);
    BOOST_CHECK(after(box, made[i]) == box);
  }
  struct {
    std::vector<decision<box_event>> got;
    std::string_view then;
  } const lines[] = {
    {records({}, ve, {}), "! box_not_initialised"},
    {records(at_work(steel_1), ve, {}, steel_1), "! wrong_box_type"},
    {records(box, ukrm, {}), "! domain_not_known"},
    {records(disabled(box), ve, {}), "! box_disabled"},
    {records(box, usps, {}), "! domain_not_active"},
    {records(box, ve, {}, brass_2), "! wrong_box"},
    {records(box, ve, refusal::signature_invalid), "! signature_invalid"},
    {records(box, ve, refusal::test_tokens_differ), "! test_tokens_differ"},
    {records(box, ve, refusal::registration_tokens_differ), "! registration_tokens_differ"},
    {records(disabled(box), ve, refusal::signature_invalid), "! box_disabled"},
  };
  for (const auto& l : lines)
    for (const auto& d : l.got)
      BOOST_TEST(outcome(d) == l.then);
}

BOOST_AUTO_TEST_CASE(brass_reports_a_verdict_for_each_piece) {
  const auto report = [](const secure_box& box, const domain_id& domain, std::uint32_t count, std::size_t size) {
    return decide(box, tokens_verified{domain, brass_1, "r1", count, {}, bytes(size)});
  };
  const auto box = at_work(brass_1);
  check<box_event>({
    {"none", report(box, ve, 0, 0), "tokens_verified"},
    {"one", report(box, ve, 1, 1), "tokens_verified"},
    {"two in a byte", report(box, ve, 2, 1), "tokens_verified"},
    {"three in two", report(box, ve, 3, 2), "tokens_verified"},
    {"one missing", report(box, ve, 3, 1), "! command_malformed"},
    {"one too many", report(box, ve, 2, 2), "! command_malformed"},
    {"four thousand million of none", report(box, ve, 0xFFFFFFFF, 0), "! command_malformed"},
    {"another domain is active", report(box, usps, 0, 0), "! domain_not_active"},
    {"disabled", report(disabled(box), ve, 0, 0), "! box_disabled"},
    {"a Steel", report(at_work(steel_1), ve, 0, 0), "! wrong_box_type"},
  });
}

// --- properties ---------------------------------------------------------------------------------------------

namespace {

/// Any command at all, for a box of this type.
decision<box_event> any_command(const secure_box& state, draw d, const box_id& id) {
  const auto kind = d.below(17);
  const auto who = d.one_of({anna, boris, clara, nobody});
  const auto domain = d.mostly(4) ? ve : d.one_of({usps, ukrm});
  const key_id k = key(d.below(40), domain);
  const auto steel = d.mostly(5) ? steel_1 : steel_2;
  const bool sound = d.mostly(5);
  const auto failure = d.below(2) ? std::optional{refusal::no_answer} : std::nullopt;
  const brass_check facts{sound ? std::nullopt : std::optional{refusal::signature_invalid}};
  switch (kind) {
    case 0: return decide(state, initialised(id, 2, {anna, boris}));
    case 1: return decide(state, enter_share{who}, share_check{facts.problem});
    case 2: return d.below(4) ? enter(state, anna) : decide(state, remove_share{who});
    case 3: return d.below(4) ? enter(state, boris) : decide(state, lose_memory{"restart"});
    case 4: return decide(state, domain_process_made{id, domain, suite_id::p256, {steel_1}});
    case 5: return decide(state, switch_domain{domain});
    case 6: return decide(state, installation_confirmed{k, brass_1, meter_a, {}, {}}, facts);
    case 7: return decide(state, tokens_verified{domain, brass_1, "r", 1, {}, bytes(d.below(3))});
    case 8: return decide(state, key_condemned{k, brass_1, refusal::no_answer, {}, {}}, facts);
    case 9:
    case 10: return decide(state, key_generated{k, id, steel, {}, {}});
    case 11:
    case 12: return decide(state, installation_finished{k, steel, meter_a, failure, {}});
    case 13:
      return decide(state, report_generators{{d.one_of({generator_health::ok, generator_health::degraded}),
                                              sound ? std::nullopt : std::optional<std::string>{"x"}, {}, {}}});
    default: return decide(state, attempt_installation{k, oak_1, steel, meter_a, {}}, {sound, d.mostly(5)});
  }
}

/// Ids only rise, no key is generated or attempted twice, and only an enabled box works.
void lives_by_the_rules(const box_id& id) {
  lived<secure_box, box_event> box;
  if (*rc::gen::inRange(0, 4) != 0) // most boxes are at work from the start
    box.take(std::vector<box_event>{initialised(id, 2, {anna, boris}), share_entered{id, anna},
                                    share_entered{id, boris}, box_enabled{id},
                                    domain_process_made{id, ve, suite_id::p256, {steel_1}}});
  std::set<key_id> generated, attempted, finished;
  for (auto d : draws()) {
    const auto before = box.live;
    const auto decided = any_command(before, d, id);
    box.take(decided);
    for (const auto& [domain, process] : before.processes)
      RC_ASSERT(box.live.processes.at(domain).last_seen >= process.last_seen);
    for (const auto& [domain, process] : box.live.processes)
      RC_ASSERT(process.open.size() <= open_installations_limit);
    RC_ASSERT(!box.live.enabled || box.live.entered.size() >= box.live.threshold);
    RC_ASSERT(box.live.processes.empty() || box.live.processes.contains(*box.live.active));
    if (!decided)
      continue;
    for (const auto& e : *decided) {
      if (auto g = std::get_if<key_generated>(&e))
        RC_ASSERT(before.enabled && id.type == box_type::oak && generated.insert(g->key).second);
      if (auto a = std::get_if<installation_attempted>(&e))
        RC_ASSERT(before.enabled && id.type == box_type::steel && !finished.contains(a->key)
                  && attempted.insert(a->key).second);
      if (auto f = std::get_if<installation_finished>(&e))
        RC_ASSERT(before.enabled && finished.insert(f->key).second && (f->failure || attempted.contains(f->key)));
    }
  }
}

} // namespace

BOOST_AUTO_TEST_CASE(any_commands_in_any_order_keep_the_rules) {
  BOOST_TEST(rc::check("Steel box", [] { lives_by_the_rules(steel_1); }));
  BOOST_TEST(rc::check("Oak box", [] { lives_by_the_rules(oak_1); }));
  BOOST_TEST(rc::check("Brass box", [] { lives_by_the_rules(brass_1); }));
}

BOOST_AUTO_TEST_SUITE_END()
