// SYS-4: the logs of several nodes as one history. What each log says is given; the order, the rules across logs, and
// what one of them lacks of what another says are held against the specification.

#include "events/joint_history.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>

using namespace oaksteel;

BOOST_AUTO_TEST_SUITE(joint_history_of_logs)
namespace {

using namespace std::chrono_literals;

digest id_of(std::size_t log) { return {{static_cast<std::uint8_t>(log + 1)}}; }

// --- the order -----------------------------------------------------------------------------------------------------

/// A record of a log: its time, and the record of another log that it follows from.
struct told {
  std::int64_t time = 0;
  std::optional<std::pair<std::size_t, std::uint64_t>> cause = {};
};

/// The order in which records are told: log and position of each.
std::string order_of(const std::vector<std::vector<told>>& all,
                     const std::function<void(std::vector<joined_log>&)>& change = {}) {
  std::vector<joined_log> logs;
  std::vector<std::vector<joined_record>> records(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    logs.push_back({id_of(i), std::string(1, static_cast<char>('A' + i)), all[i].size(), false, {}});
    for (const auto& one : all[i])
      records[i].push_back({records[i].size() + 1, {one.time},
                            one.cause ? std::optional{reference{one.cause->second, id_of(one.cause->first)}}
                                      : std::nullopt, {}});
  }
  if (change)
    change(logs);
  joining order{logs};
  std::string text;
  std::vector<const joined_record*> heads(logs.size());
  for (;;) {
    for (std::size_t i = 0; i < logs.size(); ++i)
      heads[i] = order.told(i) < records[i].size() ? &records[i][order.told(i)] : nullptr;
    const auto next = order.next(heads);
    if (!next)
      return text;
    text += (text.empty() ? "" : " ") + logs[*next].name + std::to_string(order.told(*next));
  }
}

std::pair<std::size_t, std::uint64_t> at(char log, std::uint64_t position) {
  return {static_cast<std::size_t>(log - 'A'), position};
}

} // namespace

BOOST_AUTO_TEST_CASE(an_event_comes_after_its_cause_and_else_by_time) {
  BOOST_TEST(order_of({{{10}, {30}, {50}}, {{20}, {40}}}) == "A1 B1 A2 B2 A3");
  // B's clock is behind: what it says follows from A still comes after it, and what follows in B after that.
  BOOST_TEST(order_of({{{10}, {100}, {110}}, {{5}, {50, at('A', 2)}, {60}}}) == "B1 A1 A2 B2 B3 A3");
  // Through three logs.
  BOOST_TEST(order_of({{{30, at('B', 1)}}, {{20, at('C', 1)}}, {{90}}}) == "C1 B1 A1");
}

BOOST_AUTO_TEST_CASE(what_is_not_there_is_not_waited_for) {
  BOOST_TEST(order_of({{{10}}, {{5, at('A', 7)}}}) == "B1 A1");
  BOOST_TEST(order_of({{{10}}, {{5, at('C', 1)}}}) == "B1 A1"); // a log that was not given
}

// A is read first and its writer goes on: what B says of A's third record, and what C says of that, came later.
BOOST_AUTO_TEST_CASE(what_rests_on_records_that_were_not_read_is_left_out) {
  const std::vector<std::vector<told>> all{{{10}, {20}},
                                           {{12}, {35, at('A', 3)}, {36}},
                                           {{13}, {40, at('B', 2)}, {50}},
                                           {{60, at('B', 1)}}};
  BOOST_TEST(order_of(all, [](auto& logs) { logs[0].goes_on = true; }) == "A1 B1 C1 A2 D1");
}

BOOST_AUTO_TEST_CASE(logs_that_wait_for_each_other_are_told_all_the_same) {
  BOOST_TEST(order_of({{{10, at('B', 1)}}, {{5, at('A', 1)}}}) == "B1 A1");
}

// --- the rules -----------------------------------------------------------------------------------------------------

namespace {

const domain_id ve{"VE"};
const key_id key{ve, 1};
const box_id factory{box_type::manufacturing, 1}, oak{box_type::oak, 1}, steel{box_type::steel, 1},
  brass{box_type::brass, 1};
const sequence_number meter1{"M1"}, meter2{"M2"};
constexpr check_value check{1, 2, 3};

enum where : std::size_t { kmc, kdc, post, meter_log, logs };

/// An event of a log, by its name in the story, and the names of its cause and of what began it.
struct step {
  std::string called;
  where log = kmc;
  any_event event;
  signed_facts facts = {};
  std::string cause = {};
};

signed_facts holds(std::vector<std::pair<body_type, box_id>> records) {
  signed_facts f;
  for (const auto& [type, maker] : records)
    f.records.push_back({type, {{static_cast<std::uint8_t>(type)}}, maker});
  return f;
}

box_initialised made(const box_id& box, std::optional<box_id> source = factory) {
  box_initialised e{box, {"slot"}, suite_id::p256, 1, {}, {{{"Ada"}, {}}}, {}, {}, {}};
  e.source = box == factory ? std::nullopt : source;
  if (box == factory)
    e.domain_key_set = {7};
  return e;
}

/// One key through the four facilities of EP Figs. 1-5 and its meter, each with a log of its own.
std::vector<step> story() {
  const order_id order{1};
  return {
    {"factory", kmc, made(factory)},
    {"oak admitted", kmc, box_admitted{oak, {"slot"}, factory, suite_id::p256, {}}},
    {"oak", kmc, made(oak)},
    {"steel admitted", kmc, box_admitted{steel, {"slot"}, factory, suite_id::p256, {}}},
    {"steel", kdc, made(steel)},
    {"brass admitted", kmc, box_admitted{brass, {"slot"}, factory, suite_id::p256, {}}},
    {"key set", post, authority_introduced{"kmc", {}, factory, suite_id::p256, {7}, {}}},
    {"brass", post, made(brass)},
    {"issued", kmc, keys_issued{factory, steel, ve, {}, {{9}}}},
    {"process", kdc, domain_process_made{steel, ve, suite_id::p256, {}, factory, {{9}}, {}}},
    {"order", kmc, order_opened{order, {order_kind::install, meter1, {"PC"}, {}, {}, {}, {}, {}}, {{ve, steel}}}},
    {"assigned", post, key_id_assigned{key, steel, order}, {}, "order"},
    {"leg", kmc, leg_key_assigned{order, key}, {}, "assigned"},
    {"generated", kmc, key_generated{key, oak, steel, {}, {}}, holds({{body_type::mi3, oak}, {body_type::mi4, oak}}),
     "leg"},
    {"created", post, key_created{key, oak, steel, {}}, holds({{body_type::mi3, oak}}), "generated"},
    {"received", kdc, install_record_received{key, steel, order, meter1, {}}, holds({{body_type::mi4, oak}}),
     "created"},
    {"delivered", kmc, leg_delivered{order, key}, {}, "received"},
    {"handed out", kdc, install_record_handed_out{key, meter1}, {}, "received"},
    {"attempted", kdc, installation_attempted{key, oak, steel, meter1, {}}, {}, "handed out"},
    {"provisioned", meter_log, key_provisioned{meter1, key, check}, {}, "attempted"},
    {"finished", kdc, installation_finished{key, steel, meter1, {}, {}}, holds({{body_type::mi7, steel}}),
     "provisioned"},
    {"committed", meter_log, key_committed{meter1, key}, {}, "finished"},
    {"reported", kmc, leg_reported{order, key, {}, {}}, holds({{body_type::mi7, steel}}), "committed"},
    {"confirmed", post, installation_confirmed{key, brass, meter1, {}, {}}, holds({{body_type::mi9, brass}}),
     "reported"},
    {"installed", post, key_installed{key, brass, meter1, {}}, holds({{body_type::mi9, brass}}), "confirmed"},
    {"leg finished", kmc, leg_finished{order, key}, {}, "installed"},
  };
}

using change = std::function<void(std::vector<step>&)>;

struct outcome {
  std::string broken; ///< the first rule: who breaks it, its name, the text
  std::vector<std::string> lacks;
  std::map<digest, absent_log> absent;
};

/// A log without everything from an event on.
struct cut {
  where log = logs;
  std::string from = {};
};

/// Tells a story. What a cut takes away was there when the others spoke of it.
outcome told_as_one(const change& how, const cut& lost = {}, clock_tolerance tolerance = {}, bool goes_on = false,
                    std::int64_t behind = 0) {
  auto all = story();
  if (how)
    how(all);
  static const std::vector<std::string> names{"kmc", "kdc", "post", "meter"};
  std::vector<joined_log> given;
  for (std::size_t i = 0; i < logs; ++i)
    given.push_back({id_of(i), names[i], 0, i == lost.log && goes_on, {}});
  given[kmc].actors = {"kmc"};
  given[kdc].actors = {"kdc"};
  given[post].actors = {"archive/VE"};
  given[meter_log].actors = {"meter/M1", "meter/M2"};
  std::map<std::string, reference> places;
  std::vector<std::uint64_t> sizes(logs);
  bool gone = false;
  std::vector<std::pair<const step*, joined_record>> records;
  std::int64_t time = 0;
  for (const auto& s : all)
    places.emplace(s.called, reference{++sizes[s.log], id_of(s.log)});
  for (const auto& s : all) {
    gone = gone || (s.log == lost.log && s.called == lost.from);
    joined_record r{places.at(s.called).position, {(time += 1000) - (s.log == kdc ? behind : 0)}, {}, {}};
    if (!s.cause.empty())
      r.cause = places.contains(s.cause) ? places.at(s.cause) : reference{77, digest{{0x77}}};
    if (gone && s.log == lost.log)
      continue;
    given[s.log].records = r.position;
    records.emplace_back(&s, r);
  }
  joint_history joint{given, tolerance};
  outcome o;
  for (const auto& [s, r] : records)
    if (const auto broken = joint.take(s->log, r, s->event, s->facts); broken && o.broken.empty())
      o.broken = s->called + ", " + std::string{name(broken->rule)} + ": " + broken->text;
  for (const auto& l : joint.lacks())
    o.lacks.push_back(l.text);
  o.absent = joint.absent();
  return o;
}

step& in(std::vector<step>& all, const std::string& called) {
  return *std::find_if(all.begin(), all.end(), [&](const step& s) { return s.called == called; });
}
void without(std::vector<step>& all, const std::string& called) {
  all.erase(all.begin() + (&in(all, called) - all.data()));
}

} // namespace

BOOST_AUTO_TEST_CASE(a_key_through_four_logs_breaks_no_rule) {
  const auto o = told_as_one({});
  BOOST_TEST(o.broken == "");
  BOOST_TEST(o.lacks.empty());
  BOOST_TEST(o.absent.empty());
}

BOOST_AUTO_TEST_CASE(each_rule_across_logs_is_found_broken) {
  struct line {
    std::string_view what;
    change how;
    std::string_view broken;
  };
  const line table[] = {
    {"two nodes claim a box", [](auto& e) { e.push_back({"again", post, made(steel)}); },
     "again, names: box S00000001 was initialised at kdc too"},
    {"two archives of a domain",
     [](auto& e) { e.push_back({"again", kdc, key_id_assigned{{ve, 2}, steel, {1}}}); },
     "again, names: key ids of domain VE are assigned at post too"},
    {"another domain key set",
     [](auto& e) { std::get<authority_introduced>(in(e, "key set").event).domain_key_set = {8}; },
     "key set, names: it names another domain key set"},
    {"attempted at two Steel boxes",
     [](auto& e) {
       e.push_back({"again", post, installation_attempted{key, oak, steel, meter1, {}}});
     },
     "again, key_id_order: key VE/1 is attempted at S00000001 after key VE/1"},
    {"installed where it was never attempted", [](auto& e) { without(e, "attempted"); },
     "provisioned, installation: key VE/1 is stored in meter M1, and was never attempted"},
    {"in another meter",
     [](auto& e) { in(e, "provisioned").event = key_provisioned{meter2, key, check}; },
     "provisioned, names: key VE/1 is for meter M1; this names M2"},
    {"Installed by the archive and not by Steel",
     [](auto& e) {
       std::get<installation_finished>(in(e, "finished").event).failure = refusal::meter_write_failed;
     },
     "installed, installation: key VE/1 is stored as Installed, and Steel box S00000001 never reported it so"},
    {"a cause of another life",
     [](auto& e) {
       e.insert(e.begin(), {"other", post, meter_labelled{meter2, {"PC"}, 0}});
       in(e, "leg").cause = "other";
     },
     "leg, cause: its cause, record 1 of post, is of another key, order or meter"},
    {"each rests on the other", [](auto& e) { in(e, "assigned").cause = "leg"; },
     "assigned, cause: its cause, record 8 of kmc, rests on it in turn"},
    {"a cause behind it in its own log", [](auto& e) { in(e, "order").cause = "leg"; },
     "order, cause: its cause, record 8 of kmc, is not before it"},
  };
  for (const auto& [what, how, broken] : table) {
    const auto o = told_as_one(how);
    BOOST_TEST(o.broken.starts_with(broken), what << ": " << o.broken);
  }
}

// EP-18: across clocks only within the tolerance. The clock of the KDC's node is behind the others by 5 ms.
BOOST_AUTO_TEST_CASE(causes_may_be_later_by_as_much_as_clocks_differ) {
  BOOST_TEST(told_as_one({}, {}, {}, false, 5000).broken.starts_with("received, cause: its cause, record "));
  BOOST_TEST(told_as_one({}, {}, 3ms, false, 5000).broken.ends_with("by more than clocks may differ"));
  BOOST_TEST(told_as_one({}, {}, 4ms, false, 5000).broken == "");
}

BOOST_AUTO_TEST_CASE(what_a_log_lacks_of_what_another_says_is_named) {
  struct line {
    std::string_view what;
    cut lost;
    std::vector<std::string_view> lacks;
  };
  const line table[] = {
    {"Steel's last report",
     {kdc, "finished"},
     {"the log of kdc has 5 records and lacks record 6, to which that of meter refers once, in record 2",
      "the log of kdc lacks that Steel box S00000001 reported key VE/1 as installed, on which record 2 of meter rests",
      "the log of kdc lacks MI7 of key VE/1 by box S00000001, on which record 11 of kmc rests"}},
    {"the archive's last record",
     {post, "installed"},
     {"the log of post has 5 records and lacks record 6, to which that of kmc refers once, in record 12",
      "the log of post lacks that key VE/1 became Installed, on which record 12 of kmc rests"}},
    {"the KMC's beginnings",
     {kmc, "order"},
     {"the log of kmc has 6 records and lacks records 7 to 11, to which that of post refers 3 times, first in record 3",
      "the log of kmc lacks MI3 of key VE/1 by box O00000001, on which record 4 of post rests"}},
  };
  for (const auto& [what, lost, lacks] : table) {
    const auto o = told_as_one({}, lost);
    for (const auto& wanted : lacks)
      BOOST_TEST(std::any_of(o.lacks.begin(), o.lacks.end(), [&](const auto& l) { return l.starts_with(wanted); }),
                 what << ": not " << wanted);
    for (const auto& l : o.lacks)
      BOOST_TEST_MESSAGE(what << ": " << l);
    // A log whose writer goes on may have it by now.
    BOOST_TEST(told_as_one({}, lost, {}, true).lacks.empty(), what);
  }
}

BOOST_AUTO_TEST_CASE(each_counterpart_is_asked_for) {
  struct line {
    std::string_view lost, lacks;
  };
  const line table[] = {
    {"oak admitted", "the log of kmc lacks that box M00000001 admitted box O00000001, on which record 2 of kmc rests"},
    {"issued", "the log of kmc lacks that box M00000001 gave box S00000001 these keys, on which record 2 of kdc rests"},
    {"assigned", "the log of post lacks that key id VE/1 was assigned, on which record 8 of kmc rests"},
    {"generated", "the log of kmc lacks MI3 of key VE/1 by box O00000001, on which record 4 of post rests"},
    {"received", "the log of kdc lacks that the KDC received key VE/1, on which"},
    {"handed out", "the log of kdc lacks that the KDC handed out key VE/1, on which"},
    {"finished", "the log of kdc lacks that Steel box S00000001 reported key VE/1 as installed, on which"},
    {"committed", "the log of meter lacks that meter M1 keeps key VE/1 for good, on which record 6 of post rests"},
    {"confirmed", "the log of post lacks MI9 of key VE/1 by box B00000001, on which record 5 of post rests"},
    {"installed", "the log of post lacks that key VE/1 became Installed, on which record 12 of kmc rests"},
  };
  for (const auto& [lost, lacks] : table) {
    // What followed from it says that it follows from the event before.
    const auto o = told_as_one([&lost = lost](auto& e) {
      const auto before = in(e, std::string{lost}).cause;
      const auto log = in(e, std::string{lost}).log;
      std::string stand_in;
      for (const auto& s : e)
        if (s.log == log && s.called != lost)
          stand_in = s.called;
        else if (s.called == lost)
          break;
      without(e, std::string{lost});
      for (auto& s : e)
        if (s.cause == lost)
          s.cause = stand_in;
    });
    BOOST_TEST(std::any_of(o.lacks.begin(), o.lacks.end(), [&](const auto& l) { return l.starts_with(lacks); }), lost);
    for (const auto& l : o.lacks)
      BOOST_TEST_MESSAGE(lost << ": " << l);
  }
}

// EP-16, US-9: a meter has no certificate, so whoever sits between it and Steel can give it a key of his own.
BOOST_AUTO_TEST_CASE(a_key_in_a_meter_that_no_archive_knows_is_named) {
  const auto o = told_as_one([](auto& e) {
    e.push_back({"stranger", meter_log, key_provisioned{meter2, {ve, 999}, check}});
    e.push_back({"kept", meter_log, key_committed{meter2, {ve, 999}}});
  });
  BOOST_REQUIRE(o.lacks.size() == 1u);
  BOOST_TEST(o.lacks.front() == "the log of post lacks that key id VE/999 was assigned, on which record 3 of meter rests");
}

// A key id whose MI3 was never stored is a gap (EP-13b); one that was stored and failed must be Bad.
BOOST_AUTO_TEST_CASE(a_failed_leg_asks_for_the_bad_key_that_was_stored) {
  const auto failing = [](auto& e) {
    without(e, "leg finished");
    e.push_back({"failed", kmc, leg_key_failed{{1}, key, refusal::no_answer}});
  };
  const auto o = told_as_one(failing);
  BOOST_REQUIRE(o.lacks.size() == 1u);
  BOOST_TEST(o.lacks.front().starts_with("the log of post lacks that key VE/1 became Bad"));
  BOOST_TEST(told_as_one([&](auto& e) {
               e.resize(static_cast<std::size_t>(&in(e, "generated") - e.data()));
               e.push_back({"failed", kmc, leg_key_failed{{1}, key, refusal::no_answer}});
             }).lacks.empty());
}

BOOST_AUTO_TEST_CASE(a_log_that_is_named_and_was_not_given_is_no_fault) {
  const auto o = told_as_one([](auto& e) { in(e, "leg").cause = "elsewhere"; });
  BOOST_TEST(o.broken == "");
  BOOST_TEST(o.lacks.empty());
  BOOST_REQUIRE(o.absent.size() == 1u);
  BOOST_TEST(o.absent.begin()->second.references == 1u);
  BOOST_TEST((o.absent.begin()->second.named_by == std::set<std::size_t>{kmc}));
}

BOOST_AUTO_TEST_SUITE_END()
