// EP-13b, EP-15, EP-17: the orders of the KMC. That a leg takes at most `tries_limit` keys is decided by the KMC,
// which abandons it then; here a leg only counts the keys that ended Bad.

#include "events/order.hpp"

#include "tests/events/given.hpp"

#include <array>
#include <set>

using namespace oaksteel;
using namespace oaksteel::given_when_then;

BOOST_AUTO_TEST_SUITE(orders)
namespace {

constexpr order_id id{1};

order_opened opening(order_kind kind, std::vector<domain_id> domains) {
  order_opened e{id, {kind, meter_a, product_1, serial_1, germany, march_2, "worn out", {}}, {}};
  for (const auto& domain : domains)
    e.legs.push_back({domain, steel_1});
  if (kind == order_kind::registration)
    e.details.tokens.resize(domains.size());
  return e;
}

const order_opened installation = opening(order_kind::install, {ve});
const leg_key_assigned assigned{id, key(7)};
const leg_delivered delivered{id, key(7)};
const leg_reported reported{id, key(7), std::nullopt, {}}, reported_failed{id, key(7), refusal::meter_write_failed, {}};
const leg_timed_out timed_out{id, key(7)};
const leg_key_failed key_failed{id, key(7), refusal::no_answer};
const leg_finished finished{id, key(7)};
const leg_abandoned abandoned{id, ve, refusal::no_answer};

decision<order_event> progress(const order& state, const order_event& e) { return decide(state, e); }

/// The order after its legs ended as told.
struct ended {
  order state;
  std::string last; ///< what followed from the last end
};
ended end_legs(order_kind kind, std::string_view ends) {
  const std::vector<domain_id> all{ve, usps, ukrm};
  ended result{given<order>(opening(kind, {all.begin(), all.begin() + ends.size()})), {}};
  for (std::size_t i = 0; i < ends.size(); ++i) {
    if (kind == order_kind::install) {
      evolve(result.state, leg_key_assigned{id, key(7, all[i])});
      evolve(result.state, leg_reported{id, key(7, all[i]), std::nullopt, {}});
    }
    const auto d = ends[i] == 'f' ? progress(result.state, leg_finished{id, key(7, all[i])})
                                  : progress(result.state, leg_abandoned{id, all[i], refusal::no_answer});
    result.last = outcome(d);
    if (d)
      for (const auto& e : *d)
        apply(result.state, e);
  }
  return result;
}

} // namespace

BOOST_AUTO_TEST_CASE(kinds_and_stages) {
  const std::string_view names[] = {"?", "installation", "registration", "retirement"};
  for (unsigned n = 0; n < 256; ++n) {
    BOOST_TEST(valid(static_cast<order_kind>(n)) == (n >= 1 && n <= 3));
    BOOST_TEST(name(static_cast<order_kind>(n)) == (n < 4 ? names[n] : "?"));
    BOOST_TEST(valid(static_cast<leg_stage>(n)) == (n < 7));
  }
}

// EP-17: what is to be done from a place is done only while the order is there.
BOOST_AUTO_TEST_CASE(an_order_is_at_one_place) {
  auto o = given<order>(opening(order_kind::install, {ve, usps}));
  std::vector<leg_place> places{{key(0), leg_stage::waiting}};
  const auto went = [&](const auto& e) {
    evolve(o, e);
    places.push_back(place_of(current_leg(o) ? *current_leg(o) : o.legs.back()));
  };
  went(assigned);
  went(delivered);
  went(reported_failed);
  went(key_failed);
  went(leg_key_assigned{id, key(8)});
  went(leg_delivered{id, key(8)});
  went(leg_reported{id, key(8), std::nullopt, {}});
  went(leg_finished{id, key(8)});
  went(leg_key_assigned{id, key(8, usps)});
  auto again = given<order>(opening(order_kind::install, {ve, usps}));
  BOOST_TEST(is_at(again, places.front()));
  for (std::size_t i = 0; i + 1 < places.size(); ++i)
    BOOST_TEST(!is_at(o, places[i]), "place " << i);
  BOOST_TEST(is_at(o, places.back()));
  evolve(o, leg_abandoned{id, usps, refusal::no_answer});
  BOOST_TEST(!is_at(o, places.back()));
}

BOOST_AUTO_TEST_CASE(an_order_is_opened) {
  const auto open = [](order_kind kind, auto change) {
    auto e = opening(kind, {ve, usps});
    change(e);
    return decide(order{}, e);
  };
  const auto as_is = [](auto&) {};
  const auto many = [](std::size_t count) {
    return [count](order_opened& e) {
      e.legs.clear();
      for (std::size_t i = 0; i < count; ++i)
        e.legs.push_back({{"D" + std::to_string(i)}, steel_1});
    };
  };
  using enum order_kind;
  check<order_event>({
    {"an installation", open(install, as_is), "order_opened"},
    {"a registration", open(registration, as_is), "order_opened"},
    {"a retirement", open(retirement, as_is), "order_opened"},
    {"no leg", open(install, many(0)), "! command_malformed"},
    {"sixteen legs", open(install, many(16)), "order_opened"},
    {"seventeen legs", open(install, many(17)), "! command_malformed"},
    {"two legs of one domain", open(retirement, [](auto& e) { e.legs[1] = e.legs[0]; }), "! command_malformed"},
    {"no number", open(install, [](auto& e) { e.order = {}; }), "! command_malformed"},
    {"no product code", open(registration, [](auto& e) { e.details.product = {}; }),
     "! meter_registration_incomplete"},
    {"no serial", open(registration, [](auto& e) { e.details.serial = {}; }), "! meter_registration_incomplete"},
    {"no country", open(registration, [](auto& e) { e.details.country = {}; }), "! meter_registration_incomplete"},
    {"no date", open(registration, [](auto& e) { e.details.date = {}; }), "! meter_registration_incomplete"},
    {"a token too few", open(registration, [](auto& e) { e.details.tokens.pop_back(); }), "! command_malformed"},
    {"a token too many", open(registration, [](auto& e) { e.details.tokens.resize(3); }), "! command_malformed"},
    {"an installation needs no serial", open(install, [](auto& e) { e.details.serial = {}; }), "order_opened"},
    {"twice", decide(given<order>(installation), installation), "! order_stage_wrong"},
  });
  order_book book;
  evolve(book, order_numbered{{41}});
  BOOST_TEST(book.last == 41u);
}

// Every stage of an installation's leg, and every progress: of the leg's key 7, and of another.
BOOST_AUTO_TEST_CASE(every_progress_at_every_stage) {
  const std::array stages{given<order>(installation),
                          given<order>(installation, assigned, key_failed),
                          given<order>(installation, assigned),
                          given<order>(installation, assigned, delivered),
                          given<order>(installation, assigned, delivered, reported),
                          given<order>(installation, assigned, delivered, reported_failed),
                          given<order>(installation, assigned, delivered, reported, finished),
                          given<order>(installation, assigned, abandoned)};
  const auto number = key(8);
  constexpr std::string_view yes = "yes", end = "closed", no = "! order_stage_wrong", done = "-";
  constexpr std::string_view none = "! domain_not_known";
  struct {
    order_event progress;
    std::array<std::string_view, 8> then;
  } const lines[] = {
      // waiting, waiting for another, assigned, delivered, reported, failed, finished, abandoned
      {assigned, {yes, no, done, done, done, done, done, done}}, // a key id that ended Bad is never taken again
      {delivered, {no, no, yes, done, done, done, done, done}},
      {reported, {no, no, yes, yes, done, done, done, done}}, // MI7 may overtake the delivery
      {reported_failed, {no, no, yes, yes, done, done, done, done}},
      {timed_out, {no, no, yes, yes, no, done, no, no}}, // from assigned: a key that can go no further (EP-13b)
      {key_failed, {no, done, yes, no, yes, yes, no, no}}, // from assigned: a gap (EP-13b)
      {finished,
       {end, end, no, no, end, no, done, no}}, // from waiting: the meter has a key from an earlier order (EP-17)
      {abandoned, {end, end, end, end, end, end, no, done}},
      {leg_key_failed{id, key(0), refusal::no_answer}, {no, no, no, no, no, no, no, no}},
      {leg_key_assigned{id, number}, {yes, yes, no, no, no, no, no, no}},
      {leg_delivered{id, number}, {no, no, no, no, no, no, no, no}},
      {leg_reported{id, number, {}, {}}, {no, no, no, no, no, no, no, no}},
      {leg_timed_out{id, number}, {no, no, no, no, no, no, no, no}},
      {leg_key_failed{id, number, refusal::no_answer}, {no, no, no, no, no, no, no, no}},
      {leg_finished{id, number}, {end, end, no, no, no, no, no, no}},
      {leg_key_assigned{id, key(7, usps)}, {none, none, none, none, none, none, none, none}},
      {leg_abandoned{id, usps, refusal::no_answer}, {none, none, none, none, none, none, none, none}},
      {installation, {none, none, none, none, none, none, none, none}},
      {order_closed{id, true}, {none, none, none, none, none, none, none, none}},
  };
  for (const auto& l : lines)
    for (std::size_t s = 0; s < stages.size(); ++s) {
      const std::string own{name_of_event(to_any(l.progress))};
      const auto expected =
        l.then[s] == yes ? own : l.then[s] == end ? own + " + order_closed" : std::string{l.then[s]};
      BOOST_TEST_CONTEXT(own << " at stage " << s) {
        BOOST_TEST(outcome(progress(stages[s], l.progress)) == expected);
        BOOST_TEST(outcome(progress(order{}, l.progress)) == "! order_not_known");
      }
    }
}

BOOST_AUTO_TEST_CASE(a_leg_of_a_registration_or_retirement_only_ends) {
  for (auto kind : {order_kind::registration, order_kind::retirement}) {
    const auto waiting = given<order>(opening(kind, {ve}));
    const auto over = given<order>(opening(kind, {ve}), finished);
    check<order_event>({
      {"a key id", progress(waiting, assigned), "! order_stage_wrong"},
      {"a delivery", progress(waiting, delivered), "! order_stage_wrong"},
      {"MI7", progress(waiting, reported), "! order_stage_wrong"},
      {"a time-out", progress(waiting, timed_out), "! order_stage_wrong"},
      {"a bad key", progress(waiting, key_failed), "! order_stage_wrong"},
      {"finished", progress(waiting, finished), "leg_finished + order_closed"},
      {"given up", progress(waiting, abandoned), "leg_abandoned + order_closed"},
      {"finished again", progress(over, finished), "-"},
      {"finished with another key", progress(over, leg_finished{id, key(8)}), "! order_stage_wrong"},
      {"given up when finished", progress(over, abandoned), "! order_stage_wrong"},
      {"a key id when finished", progress(over, assigned), "! order_stage_wrong"},
    });
  }
}

BOOST_AUTO_TEST_CASE(what_a_leg_remembers) {
  struct {
    order state;
    order_leg leg;
  } const lines[] = {
    {given<order>(installation), {{ve, steel_1}, leg_stage::waiting, 0, 0, refusal::no_answer}},
    {given<order>(installation, assigned), {{ve, steel_1}, leg_stage::assigned, 7, 0, refusal::no_answer}},
    {given<order>(installation, assigned, delivered), {{ve, steel_1}, leg_stage::delivered, 7, 0, refusal::no_answer}},
    {given<order>(installation, assigned, reported), {{ve, steel_1}, leg_stage::reported, 7, 0, refusal::no_answer}},
    {given<order>(installation, assigned, reported_failed),
     {{ve, steel_1}, leg_stage::failed, 7, 0, refusal::meter_write_failed}},
    {given<order>(installation, assigned, delivered, timed_out),
     {{ve, steel_1}, leg_stage::failed, 7, 0, refusal::no_answer}},
    {given<order>(installation, assigned, leg_key_failed{id, key(7), refusal::busy}, leg_key_assigned{id, key(8)},
                  leg_timed_out{id, key(8)}),
     {{ve, steel_1}, leg_stage::failed, 8, 1, refusal::no_answer}},
    {given<order>(installation, assigned, leg_key_failed{id, key(7), refusal::test_tokens_differ}),
     {{ve, steel_1}, leg_stage::waiting, 7, 1, refusal::test_tokens_differ}},
    {given<order>(installation, leg_finished{id, key(9)}),
     {{ve, steel_1}, leg_stage::finished, 9, 0, refusal::no_answer}},
    {given<order>(installation, leg_abandoned{id, ve, refusal::busy}),
     {{ve, steel_1}, leg_stage::abandoned, 0, 0, refusal::busy}},
  };
  for (const auto& l : lines)
    BOOST_CHECK(*leg_of(l.state, ve) == l.leg);
  BOOST_CHECK(!leg_of(given<order>(installation), usps));
}

BOOST_AUTO_TEST_CASE(a_leg_counts_its_bad_keys_and_takes_only_later_ones) {
  auto state = given<order>(installation);
  for (std::uint64_t number = 1; number <= 5; ++number) { // more than tries_limit: the KMC decides
    BOOST_TEST(outcome(progress(state, leg_key_assigned{id, key(number)})) == "leg_key_assigned");
    BOOST_TEST(outcome(progress(state, leg_key_assigned{id, key(number - 1)})) == "! order_stage_wrong");
    evolve(state, leg_key_assigned{id, key(number)});
    evolve(state, leg_reported{id, key(number), refusal::meter_write_failed, {}});
    const leg_key_failed bad{id, key(number), refusal::meter_write_failed};
    BOOST_TEST(outcome(progress(state, bad)) == "leg_key_failed");
    evolve(state, bad);
    BOOST_TEST(outcome(progress(state, bad)) == "-");
    BOOST_TEST(+state.legs[0].tries == number);
  }
  BOOST_TEST(+tries_limit == 3);
}

// EP-17: "the same operations run once per domain", one leg after another.
BOOST_AUTO_TEST_CASE(legs_go_one_after_another) {
  auto state = given<order>(opening(order_kind::install, {ve, usps}));
  BOOST_CHECK(current_leg(state)->plan.domain == ve);
  check<order_event>({
    {"the second before the first", progress(state, leg_key_assigned{id, key(1, usps)}), "! order_stage_wrong"},
    {"given up before its turn", progress(state, leg_abandoned{id, usps, refusal::no_answer}), "! order_stage_wrong"},
    {"the first", progress(state, leg_key_assigned{id, key(7)}), "leg_key_assigned"},
  });
  evolve(state, assigned);
  evolve(state, reported);
  BOOST_TEST(outcome(progress(state, leg_key_assigned{id, key(1, usps)})) == "! order_stage_wrong");
  BOOST_TEST(outcome(progress(state, finished)) == "leg_finished");
  evolve(state, finished);
  BOOST_CHECK(current_leg(state)->plan.domain == usps);
  check<order_event>({
    {"the second in its turn", progress(state, leg_key_assigned{id, key(1, usps)}), "leg_key_assigned"},
    {"the first again", progress(state, finished), "-"},
    {"the first's MI7 once more", progress(state, reported), "-"},
  });
  evolve(state, leg_abandoned{id, usps, refusal::no_answer});
  BOOST_CHECK(!current_leg(state));
}

// EP-17: "if one domain fails, the order is shown incomplete".
BOOST_AUTO_TEST_CASE(an_order_closes_when_its_last_leg_ends) {
  struct {
    std::string_view ends; // f finished, a abandoned
    bool complete;
  } const lines[] = {{"f", true},   {"a", false},   {"ff", true},   {"fa", false},  {"af", false},
                     {"aa", false}, {"fff", true}, {"faf", false}, {"aff", false}, {"ffa", false}};
  for (auto kind : {order_kind::install, order_kind::registration, order_kind::retirement})
    for (const auto& l : lines)
      BOOST_TEST_CONTEXT(name(kind) << " " << l.ends) {
        const auto [state, last] = end_legs(kind, l.ends);
        BOOST_TEST(last == (l.ends.back() == 'f' ? "leg_finished + order_closed" : "leg_abandoned + order_closed"));
        BOOST_TEST(state.closed);
        BOOST_TEST(state.complete == l.complete);
      }
  BOOST_CHECK(!given<order>(installation, assigned).closed);
}

// A log from elsewhere may hold anything: folding it does no harm.
BOOST_AUTO_TEST_CASE(an_event_of_a_leg_that_is_not_there_changes_nothing) {
  const auto state = given<order>(opening(order_kind::install, {usps}));
  const order_event foreign[] = {assigned, delivered, reported, timed_out, key_failed, finished, abandoned};
  for (const auto& e : foreign)
    for (auto folded : {state, order{}}) {
      const auto before = folded;
      apply(folded, e);
      BOOST_CHECK(folded == before);
    }
}

// --- properties ---------------------------------------------------------------------------------------------

namespace {

order_event any_progress(const order& state, draw d) {
  const auto kind = d.below(12);
  const auto domain = d.mostly(9) ? d.one_of({ve, usps}) : ukrm;
  const auto* leg = leg_of(state, domain);
  // Mostly the leg's own key, or the next.
  const key_id k = key((leg ? leg->key : 0) + d.one_of<std::uint64_t>({0, 0, 0, 1}), domain);
  const auto failure = d.mostly(3) ? std::nullopt : std::optional{refusal::meter_write_failed};
  switch (kind) {
    case 0: return leg_delivered{id, k};
    case 1: return leg_timed_out{id, k};
    case 2: return leg_key_failed{id, k, refusal::no_answer};
    case 3: return d.below(4) ? order_event{leg_finished{id, k}} : order_event{order_closed{id, true}};
    case 4: return d.below(6) ? order_event{leg_finished{id, k}} : order_event{leg_abandoned{id, domain, {}}};
    case 5:
    case 6: return leg_reported{id, k, failure, {}};
    default: return leg_key_assigned{id, key(k.number + d.below(2), domain)};
  }
}

void leg_moves_on(const order_leg& before, const order_leg& now) {
  constexpr bool may[7][7] = {
    // to: waiting, assigned, delivered, reported, failed, finished, abandoned
    {0, 1, 0, 0, 0, 1, 1}, // waiting (registration and retirement finish from here)
    {1, 0, 1, 1, 1, 0, 1}, // assigned
    {0, 0, 0, 1, 1, 0, 1}, // delivered
    {1, 0, 0, 0, 0, 1, 1}, // reported
    {1, 0, 0, 0, 0, 0, 1}, // failed
    {0, 0, 0, 0, 0, 0, 0}, // finished
    {0, 0, 0, 0, 0, 0, 0}, // abandoned
  };
  RC_ASSERT((now == before || may[static_cast<int>(before.stage)][static_cast<int>(now.stage)]));
  RC_ASSERT(now.key >= before.key);
  RC_ASSERT(now.tries - before.tries == (before.stage != now.stage && now.stage == leg_stage::waiting ? 1 : 0));
}

} // namespace

BOOST_AUTO_TEST_CASE(any_progress_in_any_order_keeps_the_rules) {
  BOOST_TEST(rc::check("order", [] {
    lived<order, order_event> kmc;
    const auto kind = *rc::gen::element(order_kind::install, order_kind::install, order_kind::retirement);
    kmc.take(decide(kmc.live, opening(kind, {ve, usps})));
    std::set<key_id> taken;
    for (auto d : draws()) {
      const auto before = kmc.live;
      const auto decided = progress(before, any_progress(before, d));
      kmc.take(decided);
      const auto& now = kmc.live;
      for (std::size_t i = 0; i < now.legs.size(); ++i)
        leg_moves_on(before.legs[i], now.legs[i]);
      RC_ASSERT(now.closed == (current_leg(now) == nullptr));
      RC_ASSERT(!before.closed || now == before);
      RC_ASSERT(now.legs[1] == before.legs[1] || current_leg(before) == &before.legs[1]);
      if (decided)
        for (const auto& e : *decided)
          if (auto a = std::get_if<leg_key_assigned>(&e))
            RC_ASSERT(taken.insert(a->key).second);
    }
  }));
}

BOOST_AUTO_TEST_SUITE_END()
