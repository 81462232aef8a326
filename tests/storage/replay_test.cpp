#include "storage/replay.hpp"

#include "tests/storage/sample_story.hpp"

using namespace oaksteel;
using namespace oaksteel::testing;

BOOST_AUTO_TEST_SUITE(replay_log)
namespace {

replay_result replay_path(const std::filesystem::path& path, const replay_limit& limit = {}) {
  auto source = log_source::open(path);
  BOOST_REQUIRE(source);
  return replay(*source, limit);
}

void tell(story& s) {
  s.ceremony();
  s.life(1, key_status::active);
  s.life(2, key_status::bad);
  s.life(3, key_status::obsolete);
  s.life(4, key_status::new_key);
}

/// The text of the first difference; empty when there is none.
std::string difference(const std::filesystem::path& path) {
  const auto r = replay_path(path);
  if (!r.problem)
    return {};
  return std::to_string(r.problem->position) + " " + (r.problem->stream ? r.problem->stream->text() : "-") + ": "
         + r.problem->text;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_log_folds_to_its_rows) {
  temporary_directory dir;
  log_position end;
  {
    story s{dir / "log"};
    tell(s);
    end = s.site().position();
  }
  const auto r = replay_path(dir / "log");
  BOOST_TEST(!r.problem);
  BOOST_TEST(r.complete);
  BOOST_TEST(r.compared);
  BOOST_TEST(r.records == end.size);
  BOOST_TEST(r.root.hex() == end.root.hex());
  BOOST_TEST(r.streams.at(stream_kind::key) == 4u);
  BOOST_TEST(r.streams.at(stream_kind::box) == 4u);
  BOOST_TEST(r.events.at("key_installed") == 2u);
  BOOST_TEST(r.events.at("key_marked_bad") == 1u);
}

BOOST_AUTO_TEST_CASE(an_export_folds_to_the_same_states) {
  temporary_directory dir;
  {
    story s{dir / "log"};
    tell(s);
  }
  auto source = log_source::open(dir / "log");
  BOOST_REQUIRE(source);
  BOOST_REQUIRE(write_export(*source, dir / "log.export"));
  const auto whole = replay_path(dir / "log"), exported = replay_path(dir / "log.export");
  BOOST_TEST(!exported.problem);
  BOOST_TEST(!exported.compared);
  BOOST_TEST(exported.states.hex() == whole.states.hex());
  BOOST_TEST(exported.root.hex() == whole.root.hex());
}

BOOST_AUTO_TEST_CASE(every_prefix_folds_to_the_state_of_then) {
  temporary_directory dir;
  std::map<std::uint64_t, std::string> digests; // by size, while the log grows
  story s{dir / "log"};
  s.ceremony();
  for (std::uint64_t n = 1; n <= 4; ++n) {
    s.life(n, n % 2 == 0 ? key_status::bad : key_status::obsolete);
    const auto r = replay_path(dir / "log");
    BOOST_TEST(!r.problem);
    BOOST_TEST(r.compared);
    digests[r.records] = r.states.hex();
  }
  for (const auto& [size, states] : digests) {
    const auto r = replay_path(dir / "log", {size, {}});
    BOOST_TEST(!r.problem);
    BOOST_TEST(r.records == size);
    BOOST_TEST(r.states.hex() == states);
    // And at the time of that record.
    const auto at = replay_path(dir / "log", {{}, s.site().view().at(size)->time});
    BOOST_TEST(at.records == size);
    BOOST_TEST(at.states.hex() == states);
    BOOST_TEST(at.root.hex() == r.root.hex());
  }
}

BOOST_AUTO_TEST_CASE(the_watch_sees_every_event_before_it_is_folded) {
  temporary_directory dir;
  story s{dir / "log"};
  tell(s);
  auto source = log_source::open(dir / "log");
  BOOST_REQUIRE(source);
  std::uint64_t last = 0;
  bool in_order = true, before = true;
  replay_watch watch;
  watch.each = [&](const replay_step& step) {
    in_order = in_order && step.written.position == ++last;
    if (auto e = std::get_if<key_installed>(&step.event))
      before = before && std::get<master_key>(step.before.state).status == key_status::new_key && e->key.number > 0;
  };
  BOOST_TEST(!replay(*source, {}, watch).problem);
  BOOST_TEST(in_order);
  BOOST_TEST(before);
  BOOST_TEST(last == s.site().position().size);
}

BOOST_AUTO_TEST_CASE(what_the_watch_throws_comes_out) {
  temporary_directory dir;
  story s{dir / "log"};
  tell(s);
  auto source = log_source::open(dir / "log");
  BOOST_REQUIRE(source);
  replay_watch watch;
  watch.each = [](const replay_step&) { throw std::runtime_error{"no more"}; };
  BOOST_CHECK_THROW(replay(*source, {}, watch), std::runtime_error);
}

// --- differences: each log is sound but for one thing ---------------------------------------------------------

namespace {

/// One more event in a commit of its own; `change` spoils what the shell would have written.
std::string spoiled(const std::function<void(pending_event&, stream_row&)>& change) {
  temporary_directory dir;
  {
    story s{dir / "log"};
    tell(s);
    const fault_recorded e{"kmc", "MI7", "kdc", refusal::order_not_known, "VE/9", {{participant_kind::key, "VE/9"}}};
    append_request request;
    request.events.push_back(describe(e));
    request.events[0].time = s.now();
    request.events[0].actor = "kmc";
    fault_log state;
    evolve(state, e);
    request.rows.push_back({request.events[0].stream, 0, encode(state)});
    change(request.events[0], request.rows[0]);
    auto results = s.site().append({&request});
    BOOST_REQUIRE(results && results->front());
  }
  return difference(dir / "log");
}

/// A look-up row of the story.
lookup_row a_lookup() {
  temporary_directory dir;
  {
    story s{dir / "log"};
    tell(s);
  }
  auto source = log_source::open(dir / "log");
  BOOST_REQUIRE(source);
  while (const auto* item = source->next())
    if (auto row = std::get_if<scanned_lookup>(item))
      return {row->index, row->key};
  BOOST_FAIL("the story has no look-up row");
  return {};
}

} // namespace

BOOST_AUTO_TEST_CASE(differences_are_named) {
  const auto known = a_lookup();
  const auto known_row = "the look-up row " + known.key;
  using change = std::function<void(pending_event&, stream_row&)>;
  const std::pair<change, std::string> table[] = {
      {[](auto&, auto&) {}, ""},
      {[](auto&, auto& row) { row.state = encode(fault_log{2}); },
       "faults/kmc: the state row is not what the events give"},
      {[](auto&, auto& row) { row.state.clear(); }, "faults/kmc: the state row is not what the events give"},
      {[](auto& e, auto&) { e.participants.clear(); }, "faults/kmc: the participants are not those"},
      {[](auto& e, auto&) {
         e.participants.push_back({participant_kind::box, "O00000001"});
       },
       "faults/kmc: the participants are not those"},
      {[](auto& e, auto& row) { e.stream.of = row.stream.of = "kdc"; }, "faults/kdc: the event belongs to faults/kmc"},
      {[](auto& e, auto&) { e.tag = 999; }, "faults/kmc: the event cannot be decoded: event tag 999"},
      {[](auto& e, auto&) { e.version = 9; }, "faults/kmc: the event cannot be decoded: fault_recorded version 9"},
      {[](auto& e, auto&) { e.payload.pop_back(); }, "faults/kmc: the event cannot be decoded: fault_recorded"},
      {[](auto& e, auto&) { e.payload.push_back(0); }, "faults/kmc: the event cannot be decoded: fault_recorded"},
      {[](auto& e, auto&) { e.time = {1}; }, "faults/kmc: its time is not after"},
      {[](auto& e, auto&) {
         e.lookups.push_back({2, "VE/999"});
       },
       "there is a look-up row that no event made: VE/999"},
      {[&](auto& e, auto&) { e.lookups.push_back(known); }, known_row + " leads to record"},
      {[&](auto& e, auto&) {
         e.lookups.push_back({known.index, known.key, true});
       },
       known_row + " is missing"},
  };
  for (const auto& [how, expected] : table) {
    const auto found = spoiled(how);
    BOOST_TEST_CONTEXT(expected << " / " << found)
    BOOST_TEST((expected.empty() ? found.empty() : found.find(expected) != std::string::npos));
  }
}

BOOST_AUTO_TEST_CASE(an_order_without_the_domain_is_folded_all_the_same) {
  temporary_directory dir;
  {
    story s{dir / "log"};
    s.ceremony();
    // What no program writes and anybody can: a leg of a domain that the order does not have.
    s.add(leg_delivered{{7}, story::key(1)}, "kmc");
    s.add(leg_abandoned{{7}, {"USPS"}, refusal::no_answer}, "kmc");
    s.commit();
  }
  BOOST_TEST(difference(dir / "log").empty());
}

/// Bytes are changed at random in an export: a difference or damage is named, and nothing else happens.
BOOST_AUTO_TEST_CASE(damaged_exports_are_named) {
  temporary_directory dir;
  {
    story s{dir / "log"};
    tell(s);
  }
  auto source = log_source::open(dir / "log");
  BOOST_REQUIRE(source);
  BOOST_REQUIRE(write_export(*source, dir / "good"));
  const auto whole = replay_path(dir / "good");
  auto good = read_bounded(dir / "good", 1 << 24);
  BOOST_REQUIRE(good);
  std::mt19937_64 random{seed(19960401)};
  for (int i = 0; i < 400; ++i) {
    auto bad = *good;
    const auto at = 18 + random() % (bad.size() - 18 - 8);
    if (i % 4 == 0)
      bad.resize(at);
    else
      bad[at] = static_cast<std::uint8_t>(bad[at] ^ (1 + random() % 255));
    BOOST_REQUIRE(write_durably(dir / "bad", bad));
    auto opened = log_source::open(dir / "bad");
    if (!opened)
      continue;
    const auto r = replay(*opened);
    BOOST_TEST((r.problem || r.root != whole.root), "byte " << at);
  }
}

BOOST_AUTO_TEST_SUITE_END()
