// The one list of events: tags, streams, participants (EP-30), look-ups, and the fold.

#include "events/earlier.hpp"

#include "tests/events/given.hpp"

#include <set>

using namespace oaksteel;
using namespace oaksteel::given_when_then;

BOOST_AUTO_TEST_SUITE(events)
namespace {

const box_id manufacturing_1{box_type::manufacturing, 1};
const label anna{"anna"}, boris{"boris"}, slot{"slot-1"};
const order_details details{order_kind::install, meter_a, product_1, serial_1, germany, march_2, "", {}};

struct entry {
  unsigned tag;
  std::string_view name;
  any_event example;
  std::string_view stream;
  std::string_view who;  ///< participants, in the order of the fields
  std::string_view rows; ///< number of the look-up and its key; `-` takes one out
  unsigned version = 1;
};

// "Tags are explicit numbers, never reused": a line may be added here, and no tag or name changed.
const entry list[] = {
  {1, "log_opened", log_opened{"n1", true, {1}}, "node/node", "", ""},
  {2, "node_restarted", node_restarted{9, {1}}, "node/node", "", "", 2},
  {3, "scenario_input", scenario_input{"a.toml", 2, 3, "x"}, "node/node", "", "13 a.toml|2"},
  {4, "scenario_started", scenario_started{"day", 5}, "node/node", "", ""},
  {5, "scenario_step_finished", scenario_step_finished{3, "x"}, "node/node", "", ""},
  {6, "fault_recorded",
   fault_recorded{"kmc", "MI7", "kdc", refusal::signature_invalid, "VE/1",
                  {{participant_kind::key, "VE/1"}, {participant_kind::meter, "A1"}, {participant_kind::key, "VE/1"}}},
   "faults/kmc", "key VE/1, meter A1", ""},
  {7, "log_restored", log_restored{"n1", {}, 9, {1}, 2}, "node/node", "", ""},
  {8, "counters_raised", counters_raised{3, {"n2"}}, "node/node", "", ""},

  {20, "box_id_reserved", box_id_reserved{oak_1, slot}, "allocator/boxes", "box O00000001", ""},
  {21, "box_initialised",
   box_initialised{manufacturing_1, slot, suite_id::p256, 2, {}, {{anna, {}}, {boris, {}}}, {{anna, {}}}, {}, {}},
   "box/M00000001", "box M00000001, custodian anna, custodian boris", "6 slot-1, 11 M00000001", 3},
  {22, "share_entered", share_entered{oak_1, anna}, "box/O00000001", "box O00000001, custodian anna", "", 2},
  {23, "share_refused", share_refused{oak_1, anna, refusal::share_wrong}, "box/O00000001",
   "box O00000001, custodian anna", "", 2},
  {24, "box_enabled", box_enabled{oak_1}, "box/O00000001", "box O00000001", ""},
  {25, "box_disabled", box_disabled{oak_1, "x", anna}, "box/O00000001", "box O00000001, custodian anna", "", 2},
  {26, "domain_process_made", domain_process_made{oak_1, ve, suite_id::p256, {steel_1, steel_2}}, "box/O00000001",
   "box O00000001, domain VE, box S00000001, box S00000002", "8 O00000001|VE", 2},
  {27, "active_domain_switched", active_domain_switched{oak_1, ve}, "box/O00000001", "box O00000001, domain VE", ""},
  {28, "domain_created", domain_created{ve, "vendor", germany, suite_id::p256, manufacturing_1, {}}, "domain/VE",
   "domain VE, box M00000001", "7 VE"},
  {29, "box_admitted", box_admitted{oak_1, slot, manufacturing_1, suite_id::p256, {1}}, "admission/O00000001",
   "box O00000001, box M00000001", "14 O00000001"},

  {30, "key_generated", key_generated{key(1), oak_1, steel_1, {}, {}}, "box/O00000001",
   "domain VE, key VE/1, box O00000001, box S00000001", "1 VE/1"},
  {31, "installation_attempted", installation_attempted{key(1), oak_1, steel_1, meter_a, {}}, "box/S00000001",
   "domain VE, key VE/1, box O00000001, box S00000001, meter A1", ""},
  {32, "installation_finished", installation_finished{key(1), steel_1, meter_a, {}, {}}, "box/S00000001",
   "domain VE, key VE/1, box S00000001, meter A1", "9 VE/1", 2},
  {33, "installation_confirmed", installation_confirmed{key(1), brass_1, meter_a, {}, {}}, "box/B00000001",
   "domain VE, key VE/1, box B00000001, meter A1", "10 installation|VE/1"},
  {34, "key_condemned", key_condemned{key(1), brass_1, refusal::no_answer, {}, {}}, "box/B00000001",
   "domain VE, key VE/1, box B00000001", "10 condemnation|VE/1"},
  {35, "registration_confirmed", registration_confirmed{key(1), brass_1, meter_a, serial_1, {}, {}, {}, {}},
   "box/B00000001", "domain VE, key VE/1, box B00000001, meter A1", "10 registration|VE/1"},
  {36, "retirement_confirmed", retirement_confirmed{key(1), brass_1, meter_a, {}, {}, {}, {}}, "box/B00000001",
   "domain VE, key VE/1, box B00000001, meter A1", "10 retirement|VE/1"},
  {37, "tokens_verified", tokens_verified{ve, brass_1, "r1", 1, {}, {0}}, "box/B00000001",
   "domain VE, box B00000001", ""},
  {38, "keys_issued", keys_issued{manufacturing_1, oak_1, ve, {steel_1}, {}}, "box/M00000001",
   "box M00000001, box O00000001, domain VE, box S00000001", ""},
  {39, "key_set_received", key_set_received{{box_type::manufacturing, 2}, manufacturing_1, {}, {}}, "box/M00000002",
   "box M00000002, box M00000001", "15 M00000002"},

  {40, "key_id_assigned", key_id_assigned{key(1), steel_1, {7}}, "key_counter/VE",
   "domain VE, key VE/1, box S00000001, order 7", ""},
  {41, "key_created", key_created{key(1), oak_1, steel_1, {}}, "key/VE/1",
   "domain VE, key VE/1, box O00000001, box S00000001", ""},
  {42, "key_installed", key_installed{key(1), brass_1, meter_a, {}}, "key/VE/1",
   "domain VE, key VE/1, box B00000001, meter A1", "2 VE|A1"},
  {43, "key_activated", key_activated{key(1), brass_1, meter_a, product_1, serial_1, germany, march_2, {}, {}},
   "key/VE/1", "domain VE, key VE/1, box B00000001, meter A1", "3 VE|4711"},
  {44, "key_retired", key_retired{key(1), brass_1, meter_a, "x", march_3, {}, {}}, "key/VE/1",
   "domain VE, key VE/1, box B00000001, meter A1", ""},
  {45, "key_marked_bad", key_marked_bad{key(1), brass_1, refusal::no_answer, {}}, "key/VE/1",
   "domain VE, key VE/1, box B00000001", ""},
  {46, "key_ids_raised", key_ids_raised{key(1)}, "key_counter/VE", "domain VE, key VE/1", ""},

  {50, "order_numbered", order_numbered{{7}}, "order_book/orders", "order 7", ""},
  {51, "order_opened", order_opened{{7}, details, {{ve, steel_1}, {usps, {box_type::steel, 0}}}}, "order/7",
   "order 7, meter A1, domain VE, box S00000001, domain USPS", "4 7, 5 installation|A1|VE|USPS"},
  {52, "leg_key_assigned", leg_key_assigned{{7}, key(1)}, "order/7", "order 7, domain VE, key VE/1", ""},
  {53, "leg_delivered", leg_delivered{{7}, key(1)}, "order/7", "order 7, domain VE, key VE/1", ""},
  {54, "leg_reported", leg_reported{{7}, key(1), {}, {}}, "order/7", "order 7, domain VE, key VE/1", ""},
  {55, "leg_timed_out", leg_timed_out{{7}, key(1)}, "order/7", "order 7, domain VE, key VE/1", ""},
  {56, "leg_key_failed", leg_key_failed{{7}, key(1), refusal::no_answer}, "order/7", "order 7, domain VE, key VE/1",
   ""},
  {57, "leg_finished", leg_finished{{7}, key(1)}, "order/7", "order 7, domain VE, key VE/1", ""},
  {58, "leg_abandoned", leg_abandoned{{7}, ve, refusal::no_answer}, "order/7", "order 7, domain VE", ""},
  {59, "order_closed", order_closed{{7}, true}, "order/7", "order 7", "-4 7"},
  {60, "order_numbers_raised", order_numbers_raised{{7}}, "order_book/orders", "order 7", ""},

  {65, "install_record_received", install_record_received{key(1), steel_1, {7}, meter_a, {}}, "distribution/VE/1",
   "domain VE, key VE/1, box S00000001, order 7, meter A1", ""},
  {66, "install_record_handed_out", install_record_handed_out{key(1), meter_a}, "distribution/VE/1",
   "domain VE, key VE/1, meter A1", ""},
  {67, "install_record_settled", install_record_settled{key(1), {}, {}}, "distribution/VE/1", "domain VE, key VE/1",
   ""},

  {80, "meter_labelled", meter_labelled{meter_a, product_1, 7}, "meter/A1", "meter A1", ""},
  {81, "key_provisioned", key_provisioned{meter_a, key(1), {}}, "meter/A1", "meter A1, domain VE, key VE/1",
   "12 A1|VE"},
  {82, "meter_key_refused", meter_key_refused{meter_a, key(1), refusal::meter_write_failed}, "meter/A1",
   "meter A1, domain VE, key VE/1", ""},
  {83, "key_committed", key_committed{meter_a, key(1)}, "meter/A1", "meter A1, domain VE, key VE/1", ""},
  {84, "meter_registered", meter_registered{meter_a, product_1, serial_1, germany, march_2}, "meter/A1", "meter A1",
   ""},
  {85, "indicia_printed", indicia_printed{meter_a, 1, 2, march_2}, "meter/A1", "meter A1", ""},
  {86, "tamper_detected", tamper_detected{meter_a}, "meter/A1", "meter A1", ""},

  {100, "generators_changed", generators_changed{oak_1, generator_health::degraded, "x", {}, {}}, "box/O00000001",
   "box O00000001", ""},
  {101, "last_seen_raised", last_seen_raised{oak_1, key(1)}, "box/O00000001", "box O00000001, domain VE, key VE/1", ""},
  {102, "box_ids_raised", box_ids_raised{oak_1}, "allocator/boxes", "box O00000001", ""},
  {110, "authority_introduced",
   authority_introduced{"there", {}, manufacturing_1, suite_id::p256, {1}, {{box_type::oak, {2}}}}, "authority/authority",
   "box M00000001", "16 authority"},
  {111, "domain_introduced", domain_introduced{ve, "vendor", germany, suite_id::p256, manufacturing_1, {}, "there"},
   "domain/VE", "domain VE, box M00000001", "7 VE"},
  {112, "neighbour_met", neighbour_met{"n2", {}, 1, {{}}}, "neighbour/n2", "", ""},
  {120, "operation_asked", operation_asked{{"Ada"}, {"c-1"}, {}, {}}, "operation/Ada/c-1", "operator Ada", "17 Ada/c-1"},
  {121, "operation_answered", operation_answered{{"Ada"}, {"c-1"}, "{}"}, "operation/Ada/c-1", "operator Ada",
   "18 Ada/c-1"},
};

template <class T>
std::string joined(const std::vector<T>& all, auto text) {
  std::string s;
  for (const auto& one : all)
    s += (s.empty() ? "" : ", ") + text(one);
  return s;
}

std::string who(const any_event& e) {
  return joined(participants(e), [](const participant& p) { return std::string{name(p.kind)} + ' ' + p.id; });
}

std::string rows(const any_event& e) {
  return joined(lookups(e), [](const lookup_change& c) {
    return (c.remove ? "-" : "") + std::to_string(static_cast<unsigned>(c.index)) + ' ' + c.key;
  });
}

} // namespace

BOOST_AUTO_TEST_CASE(tags_and_names_are_for_ever) {
  std::set<unsigned> tags;
  std::set<std::string_view> names;
  std::set<std::size_t> types;
  for (const auto& l : list)
    BOOST_TEST_CONTEXT(l.name) {
      BOOST_TEST(tag_of(l.example) == l.tag);
      BOOST_TEST(name_of_event(l.example) == l.name);
      BOOST_TEST(version_of(l.example) == l.version);
      BOOST_TEST(tags.insert(tag_of(l.example)).second);
      BOOST_TEST(names.insert(name_of_event(l.example)).second);
      BOOST_TEST(types.insert(l.example.index()).second);
    }
  // An event that is added gets a line above.
  BOOST_TEST(types.size() == std::variant_size_v<any_event>);
}

// What was written once can be read for ever: each version but the newest is in the list of earlier ones, once.
BOOST_AUTO_TEST_CASE(every_earlier_version_is_known) {
  std::set<std::pair<unsigned, unsigned>> known, wanted;
  std::size_t lines = 0;
  earlier_list::find([&]<class Entry>() {
    known.emplace(Entry::tag, Entry::version);
    ++lines;
    return false;
  });
  for (const auto& l : list)
    for (unsigned v = 1; v < l.version; ++v)
      wanted.emplace(l.tag, v);
  BOOST_CHECK(known == wanted);
  BOOST_TEST(lines == known.size());
}

BOOST_AUTO_TEST_CASE(streams_participants_and_rows) {
  for (const auto& l : list)
    BOOST_TEST_CONTEXT(l.name) {
      BOOST_TEST(stream_of(l.example).text() == l.stream);
      BOOST_TEST(who(l.example) == l.who);
      BOOST_TEST(rows(l.example) == l.rows);
    }
}

// What replay asks of each record, without making the list: it says the same as the list.
BOOST_AUTO_TEST_CASE(a_list_of_participants_is_exact_or_not) {
  for (const auto& l : list)
    BOOST_TEST_CONTEXT(l.name) {
      const auto all = participants(l.example);
      BOOST_TEST(names_exactly(l.example, all));
      auto more = all;
      more.push_back({participant_kind::box, "T00000099"});
      BOOST_TEST(!names_exactly(l.example, more));
      more.front() = more.back();
      BOOST_TEST(!names_exactly(l.example, more));
      for (std::size_t i = 0; i < all.size(); ++i) {
        auto fewer = all, other = all, turned = all;
        fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
        BOOST_TEST(!names_exactly(l.example, fewer));
        other[i].id += "9";
        BOOST_TEST(!names_exactly(l.example, other));
        std::swap(turned[0], turned[i]);
        BOOST_TEST(names_exactly(l.example, turned) == (i == 0));
      }
    }
}

BOOST_AUTO_TEST_CASE(who_has_no_id_took_no_part) {
  BOOST_TEST(who(key_created{{ve, 0}, {box_type::oak, 0}, {box_type::steel, 0}, {}}) == "domain VE");
  BOOST_TEST(who(order_numbered{}) == "");
  BOOST_TEST(who(meter_labelled{}) == "");
  BOOST_TEST(who(share_entered{oak_1, {}}) == "box O00000001");
}

// The same order again, of another kind: rows of its own.
BOOST_AUTO_TEST_CASE(orders_of_a_meter_are_found_by_kind) {
  auto opened = order_opened{{8}, details, {{ve, {}}}};
  opened.details.kind = order_kind::registration;
  BOOST_TEST(rows(opened) == "4 8, 5 registration|A1|VE");
  opened.details.kind = order_kind::retirement;
  BOOST_TEST(rows(opened) == "4 8, 5 retirement|A1|VE");
}

BOOST_AUTO_TEST_CASE(an_event_changes_a_state_of_its_kind_only) {
  std::set<std::size_t> kinds;
  for (const auto& l : list) {
    const auto own = initial_state(l.example);
    kinds.insert(own.index());
    for (const auto& other : list)
      BOOST_TEST_CONTEXT(l.name << " into the state of " << other.name) {
        auto state = initial_state(other.example);
        const auto before = state;
        BOOST_TEST(evolve_any(state, l.example) == (own.index() == before.index()));
        BOOST_TEST((own.index() == before.index() || state == before));
        BOOST_TEST(state.index() == before.index());
      }
  }
  BOOST_TEST(kinds.size() == std::variant_size_v<any_state>);
}

BOOST_AUTO_TEST_CASE(what_a_node_and_an_error_log_remember) {
  any_state node = node_state{};
  const any_event day[] = {log_opened{"n1", true, {1}}, scenario_input{"a.toml", 0, 1, "x"}, scenario_started{"day", 5},
                           scenario_step_finished{1, "x"}, scenario_step_finished{2, "y"}, node_restarted{9, {}}};
  for (const auto& e : day)
    BOOST_TEST(evolve_any(node, e));
  BOOST_CHECK(std::get<node_state>(node) == (node_state{"n1", true, 1, true, 5, 2}));

  any_state faults = fault_log{};
  BOOST_TEST(evolve_any(faults, fault_recorded{}));
  BOOST_TEST(evolve_any(faults, fault_recorded{}));
  BOOST_TEST(std::get<fault_log>(faults).count == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
