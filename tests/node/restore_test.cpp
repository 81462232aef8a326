// Backups become data directories, whose counters are raised before the node acts (SYS-6).

#include "crypto/merkle.hpp"
#include "node/raising.hpp"
#include "node/restore.hpp"
#include "storage/any_event.hpp"
#include "storage/archive.hpp"
#include "storage/backup.hpp"
#include "storage/environment.hpp"
#include "storage/event_codec.hpp"
#include "storage/replay.hpp"
#include "tests/program.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(restoring)
namespace {

namespace fs = std::filesystem;

const domain_id ve{"VE"}, usps{"USPS"};
const box_id oak{box_type::oak, 1}, steel{box_type::steel, 1}, brass{box_type::brass, 1};

/// The log of a node that is alone and did a little.
class small_node {
public:
  explicit small_node(bool simulated = false) {
    auto made = create_log(data, {"n1", simulated, key.public_bytes()}, {1'000'000});
    BOOST_REQUIRE(made);
    opened.emplace(std::move(*made));
    for (const auto& box : {oak, steel, brass})
      add(box_initialised{box, {"slot-" + box.text()}, suite_id::p256, 2, {}, {{{"Ada"}, {}}, {{"Bela"}, {}}}, {}, {}, {}});
    for (const auto& box : {oak, steel})
      add(domain_process_made{box, ve, suite_id::p256, {steel}});
    for (std::uint64_t n = 1; n <= 5; ++n)
      add(key_id_assigned{{ve, n}, steel, {n}});
    add(order_numbered{{5}});
    add(box_id_reserved{oak, {"slot-O00000001"}});
    sign();
    BOOST_REQUIRE(write_backup(data, backup));
  }
  template <class Event>
  void add(const Event& e) {
    auto pending = describe(e);
    pending.time = opened->last = {opened->last.us + 1};
    pending.actor = "node";
    pending.command = {"node", 0};
    const auto row = opened->written.view().row(pending.stream);
    auto state = initial_state(e);
    if (row)
      std::visit([&](auto& s) { s = *decode<std::decay_t<decltype(s)>>(row->state); }, state);
    BOOST_REQUIRE(evolve_any(state, e));
    append_request request;
    request.rows.push_back({pending.stream, row ? row->version : 0, encode_state(state)});
    request.events.push_back(std::move(pending));
    const auto results = opened->written.append({&request});
    BOOST_REQUIRE(results && results->front());
  }
  void sign() {
    BOOST_REQUIRE(write_checkpoint(data, opened->written.id(), opened->node.simulated, opened->written.position(), key));
  }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator{work.path()}, fs::directory_iterator{}));
  }

  scratch_directory work;
  fs::path data = work / "data", backup = work / "backup";
  log_key key = log_key::generate(blinding_generator());
  std::optional<opened_log> opened;
};

std::string text_of(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  std::ostringstream all;
  all << in.rdbuf();
  return all.str();
}
/// A backup of whatever lies in a directory, by its grammar (storage/backup.hpp) and without a checkpoint.
void put_backup(const fs::path& data, const fs::path& backup) {
  const auto pages = text_of(data / "data.mdb");
  auto all = "oaksteel backup 1\n" + std::string(4, '\0') + pages;
  for (unsigned i = 0; i < 8; ++i)
    all += static_cast<char>(pages.size() >> 8 * i);
  const auto sum = sha256({reinterpret_cast<const std::uint8_t*>(all.data()), all.size()});
  all.append(sum.value.begin(), sum.value.end());
  std::ofstream{backup, std::ios::binary} << all;
}

verification verified(const fs::path& data) {
  auto source = log_source::open(data);
  BOOST_REQUIRE(source);
  return verify(*source, identify);
}
replay_result folded(const fs::path& data) {
  auto source = log_source::open(data);
  BOOST_REQUIRE(source);
  return replay(*source);
}

node_configuration alone() {
  node_configuration plan;
  plan.name = "n1";
  plan.domains = {{ve, "vendor", {"US"}, {}}, {usps, "postal", {"US"}, {}}};
  return plan;
}
template <class State>
State state_of(const opened_log& opened, const stream_id& stream) {
  const auto row = opened.written.view().row(stream);
  BOOST_REQUIRE(row);
  return *decode<State>(row->state);
}

} // namespace

BOOST_AUTO_TEST_CASE(a_backup_becomes_a_log_behind_its_parent) {
  small_node old;
  const auto parent = old.opened->written.id();
  const auto size = old.opened->written.size();
  old.add(key_id_assigned{{ve, 6}, steel, {6}}); // after the backup
  const auto made = restore_backup(old.backup, old.work / "new", 0);
  BOOST_REQUIRE_MESSAGE(made, (made ? "" : made.error().text));
  BOOST_TEST(made->node == "n1");
  BOOST_CHECK(made->parent == parent && made->log != parent);
  BOOST_TEST(made->position == size);
  const auto found = verified(old.work / "new");
  BOOST_TEST(!found.problem);
  BOOST_CHECK(found.id == made->log && found.own == checkpoint_status::valid);
  BOOST_TEST(found.records == size + 1);
  const auto states = folded(old.work / "new");
  BOOST_TEST(!states.problem);
  BOOST_TEST(states.compared);
  BOOST_CHECK(states.id == made->log && states.origin == parent);
  {
    const auto opened = open_log(old.work / "new");
    BOOST_REQUIRE(opened);
    BOOST_CHECK(opened->node.restored && opened->node.ancestors == std::vector{parent});
    const auto first = opened->written.view().at(size + 1);
    BOOST_CHECK(first->log == digest{});
    BOOST_CHECK((*read_as<log_restored>(*first)
                 == log_restored{"n1", parent, size, read_as<log_restored>(*first)->public_log_key, 0}));
    BOOST_TEST(state_of<key_counter>(*opened, {stream_kind::key_counter, "VE"}).last == 5u);
  }
  // The same backup again is another log, and what was restored can be backed up and restored itself.
  const auto again = restore_backup(old.backup, old.work / "again", 0);
  BOOST_REQUIRE(again);
  BOOST_CHECK(again->log != made->log);
  BOOST_REQUIRE(write_backup(old.work / "new", old.work / "backup2"));
  const auto second = restore_backup(old.work / "backup2", old.work / "second/", 0);
  BOOST_REQUIRE_MESSAGE(second, (second ? "" : second.error().text));
  BOOST_CHECK(second->parent == made->log);
  BOOST_TEST(!verified(old.work / "second").problem);
  BOOST_TEST(!folded(old.work / "second").problem);
  BOOST_CHECK((open_log(old.work / "second")->node.ancestors == std::vector{made->log, parent}));
}

BOOST_AUTO_TEST_CASE(an_empty_directory_is_taken_and_one_that_is_not_stays_as_it_is) {
  small_node old;
  fs::create_directory(old.work / "empty");
  BOOST_TEST(restore_backup(old.backup, old.work / "empty", 0).has_value());
  BOOST_CHECK((fs::status(old.work / "empty").permissions() & fs::perms::all) == fs::perms::owner_all);
  fs::create_directory(old.work / "full");
  std::ofstream{old.work / "full" / "kept"} << "x";
  std::ofstream{old.work / "file"} << "x";
  fs::create_directory_symlink(old.work / "nowhere", old.work / "link");
  const auto files = old.files();
  for (const auto* taken : {"full", "file", "link", "empty"})
    BOOST_TEST_CONTEXT(taken) {
      const auto made = restore_backup(old.backup, old.work / taken, 0);
      BOOST_REQUIRE(!made);
      BOOST_CHECK(made.error().code == storage_code::exists);
    }
  BOOST_TEST(fs::exists(old.work / "full" / "kept"));
  BOOST_TEST(old.files() == files);
}

BOOST_AUTO_TEST_CASE(what_is_not_sound_is_not_restored) {
  small_node old;
  const auto refused = [&](const fs::path& backup, storage_code code, std::string_view says) {
    const auto files = old.files();
    const auto made = restore_backup(backup, old.work / "new", 0);
    BOOST_TEST_CONTEXT(says) {
      BOOST_REQUIRE(!made);
      BOOST_CHECK(made.error().code == code);
      BOOST_TEST(made.error().text.find(says) != std::string::npos, made.error().text);
      BOOST_TEST(made.error().text.find('\n') == std::string::npos);
      BOOST_TEST(old.files() == files);
    }
  };
  /// A backup of the log after an editor changed a row.
  const auto edited = [&](const char* name, MDB_dbi environment::*table, const bytes& key, const bytes& value) {
    old.opened.reset();
    const auto to = old.work / name;
    fs::create_directory(to);
    BOOST_REQUIRE(unpack_backup(old.backup, to));
    {
      auto env = environment::open(to, access::write);
      BOOST_REQUIRE(env);
      lmdb_transaction txn;
      BOOST_REQUIRE(txn.begin((*env)->raw(), 0) == 0);
      MDB_val k = as_val(key), v = as_val(value);
      BOOST_REQUIRE(mdb_put(txn.raw(), (**env).*table, &k, &v, 0) == 0);
      BOOST_REQUIRE(txn.commit() == 0);
    }
    put_backup(to, old.work / (std::string{name} + ".backup"));
    return old.work / (std::string{name} + ".backup");
  };
  small_node simulated{true};
  refused(simulated.backup, storage_code::exists, "whose seed gives its keys away");
  refused(old.work / "none", storage_code::missing, "none");
  std::ofstream{old.work / "text"} << "no backup";
  refused(old.work / "text", storage_code::not_ours, "no backup");
  const auto kept = text_of(old.backup);
  auto changed = kept;
  changed[kept.size() / 2] ^= 1;
  std::ofstream{old.work / "changed", std::ios::binary} << changed;
  refused(old.work / "changed", storage_code::damaged, "no whole backup");
  changed = kept;
  changed[std::string_view{"oaksteel backup "}.size()] = '7';
  std::ofstream{old.work / "newer", std::ios::binary} << changed;
  refused(old.work / "newer", storage_code::newer_version, "version");
  // The file is as it was written, and the log in it is not sound: what `log verify` finds, and what `replay` alone finds.
  const auto position = big_endian(3);
  refused(edited("record", &environment::events, {position.begin(), position.end()}, bytes(200, 1)),
          storage_code::damaged, "record 3");
  std::string stream;
  stream_key({stream_kind::key_counter, "VE"}, stream);
  auto row = encode(std::pair{std::uint64_t{5}, std::uint64_t{11}});
  const auto state = encode(key_counter{4});
  row.insert(row.end(), state.begin(), state.end());
  refused(edited("row", &environment::streams, {stream.begin(), stream.end()}, row), storage_code::damaged,
          "the state row is not what the events give");
  const std::uint32_t newer = log_format + 1;
  const auto version = encode(newer);
  const std::string format{format_row};
  refused(edited("format", &environment::meta, {format.begin(), format.end()}, version), storage_code::newer_version,
          "newer than this program");
}

BOOST_AUTO_TEST_CASE(a_log_that_begins_behind_another_one_than_it_says_is_found) {
  for (const bool position : {false, true}) {
    small_node node;
    log_restored first{"n1", node.opened->written.id(), node.opened->written.size(), node.key.public_bytes(), 0};
    if (position)
      --first.position;
    else
      first.parent.value[3] ^= 1;
    BOOST_REQUIRE(!begin_next_log(*node.opened, first, {}));
    node.sign();
    const auto at = node.opened->written.size();
    const auto found = verified(node.data).problem;
    BOOST_REQUIRE(found);
    BOOST_TEST(found->position == at);
    const auto fold = folded(node.data).problem;
    BOOST_REQUIRE(fold);
    BOOST_TEST(fold->position == at);
    BOOST_TEST(fold->text.find("does not name the one before") != std::string::npos, fold->text);
  }
}

// A record of this event that does not begin a log, or a log that another event begins.
BOOST_AUTO_TEST_CASE(only_a_restoration_begins_a_log_behind_another) {
  {
    small_node node;
    node.add(log_restored{"n1", node.opened->written.id(), node.opened->written.size(), node.key.public_bytes(), 0});
    BOOST_TEST(folded(node.data).problem.has_value());
  }
  small_node node;
  append_request request;
  auto e = describe(node_restarted{3, node.key.public_bytes()});
  e.time = {node.opened->last.us + 1};
  e.actor = "node";
  auto state = node.opened->node;
  evolve(state, node_restarted{});
  request.rows.push_back({e.stream, 1, encode(state)});
  request.events.push_back(std::move(e));
  BOOST_REQUIRE(node.opened->written.begin_next(request));
  BOOST_TEST(folded(node.data).problem.has_value());
  BOOST_TEST(verified(node.data).problem.has_value());
}

// --- counters ------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_log_tells_what_it_has_seen) {
  small_node node;
  seen_of_nodes seen;
  seen.read(node.opened->written);
  BOOST_CHECK((seen.of("n2")
               == seen_numbers{{{ve, 5}}, {{box_type::brass, 1}, {box_type::oak, 1}, {box_type::steel, 1}}, 5, 0}));
  node.add(neighbour_met{"n2", node.opened->written.id(), 7, {}});
  node.add(key_id_assigned{{usps, 2}, {box_type::steel, 9}, {4}});
  BOOST_CHECK((seen.of("n2") == seen_numbers{{{ve, 5}, {usps, 2}},
                                             {{box_type::brass, 1}, {box_type::oak, 1}, {box_type::steel, 9}}, 5, 7}));
  BOOST_TEST(seen.of("n3").epoch == 0u);
  // The highest of all of its logs: it came back with an older one.
  digest next;
  next.value[0] = 1;
  node.add(neighbour_met{"n2", next, 3, {node.opened->written.id()}});
  BOOST_TEST(seen.of("n2").epoch == 7u);
}

// A node that turns hostile must not use up the numbers of one that comes back, nor fill its log.
BOOST_AUTO_TEST_CASE(so_much_is_believed_of_what_others_have_seen_and_no_more) {
  const seen_numbers own{{{ve, 5}}, {{box_type::oak, 1}}, 5, 3};
  const std::vector<domain_id> domains{ve, usps};
  const auto says = [&](const seen_numbers& seen) { return believed(encode(seen), own, domains); };
  const seen_numbers good{{{ve, 1'000'005}, {usps, 1'000'000}}, {{box_type::tin, 1'000'000}}, 1'000'005, 1'000'003};
  BOOST_REQUIRE(says(good));
  BOOST_CHECK(*says(good) == good);
  for (const auto& wrong : {seen_numbers{{{ve, 1'000'006}}, {}, 0, 0}, {{{usps, 1'000'001}}, {}, 0, 0},
                            {{}, {{box_type::tin, 1'000'001}}, 0, 0}, {{}, {}, 1'000'006, 0}, {{}, {}, 0, 1'000'004}}) {
    BOOST_REQUIRE(!says(wrong));
    BOOST_TEST(says(wrong).error().find("more than 1,000,000 beyond") != std::string::npos);
  }
  seen_numbers many = good;
  for (int n = 0; n < 2000; ++n)
    many.keys[{"X" + std::to_string(n)}] = 10;
  many.keys[{"\x1b[31mEVIL"}] = 1;
  BOOST_REQUIRE(says(many));
  BOOST_CHECK(*says(many) == good);
  BOOST_TEST(!believed({1, 2, 3}, own, domains));
}

BOOST_AUTO_TEST_CASE(every_counter_is_raised_above_what_was_seen_and_the_log_stays_sound) {
  small_node old;
  BOOST_REQUIRE(restore_backup(old.backup, old.work / "new", 0));
  auto opened = open_log(old.work / "new");
  BOOST_REQUIRE(opened);
  const seen_numbers seen{{{ve, 70}, {usps, 30}}, {{box_type::oak, 4}, {box_type::tin, 2}}, 60, 20};
  BOOST_TEST(!raise_counters(*opened, alone(), seen, {"n2", "n3"}));
  BOOST_TEST(!opened->node.restored);
  BOOST_TEST(opened->written.epoch() == 21u);
  const auto counter = [&](const char* domain) {
    return state_of<key_counter>(*opened, {stream_kind::key_counter, domain}).last;
  };
  BOOST_TEST(counter("VE") == 70u);
  BOOST_TEST(counter("USPS") == 30u);
  BOOST_TEST(state_of<order_book>(*opened, {stream_kind::order_book, "orders"}).last == 60u);
  const auto allocator = state_of<box_allocator>(*opened, {stream_kind::allocator, "boxes"});
  BOOST_CHECK((allocator.raised == std::map<box_type, std::uint32_t>{{box_type::oak, 4}, {box_type::tin, 2}}));
  for (const auto& box : {oak, steel}) {
    const auto state = state_of<secure_box>(*opened, {stream_kind::box, box.text()});
    BOOST_TEST(state.processes.at(ve).last_seen == 70u);
    BOOST_TEST(state.raised.at(usps) == 30u);
  }
  const auto last = opened->written.view().at(opened->written.size());
  BOOST_CHECK((*read_as<counters_raised>(*last) == counters_raised{21, {"n2", "n3"}}));
  BOOST_TEST(last->epoch == 21u);
  BOOST_REQUIRE(!write_node_events(*opened, {node_restarted{1, old.key.public_bytes()}}));
  BOOST_TEST(!folded(old.work / "new").problem);
}

BOOST_AUTO_TEST_CASE(parts_of_other_nodes_are_left_alone) {
  small_node old;
  BOOST_REQUIRE(restore_backup(old.backup, old.work / "new", 0));
  auto opened = open_log(old.work / "new");
  auto plan = alone();
  plan.nodes = {{{"n1"}, {}, {}}, {{"n2"}, {}, {component::kmc}}};
  plan.domains[0].archive = {"n1"};
  plan.domains[1].archive = {"n2"};
  BOOST_TEST(!raise_counters(*opened, plan, {{{ve, 70}, {usps, 30}}, {}, 60, 0}, {"n2"}));
  BOOST_TEST(state_of<key_counter>(*opened, {stream_kind::key_counter, "VE"}).last == 70u);
  BOOST_TEST(!opened->written.view().row({stream_kind::key_counter, "USPS"}));
  BOOST_TEST(state_of<order_book>(*opened, {stream_kind::order_book, "orders"}).last == 5u);
}

BOOST_AUTO_TEST_CASE(a_node_that_is_alone_needs_its_operator_to_say_by_how_much) {
  small_node old;
  BOOST_REQUIRE(restore_backup(old.backup, old.work / "zero", 0));
  auto zero = open_log(old.work / "zero");
  const auto size = zero->written.size();
  const auto refused = catch_up(*zero, alone(), -1);
  BOOST_REQUIRE(!refused);
  BOOST_CHECK(refused.error().code == storage_code::exists);
  BOOST_TEST(refused.error().text.find("--raise-by") != std::string::npos);
  BOOST_TEST(zero->written.size() == size);
  BOOST_REQUIRE(restore_backup(old.backup, old.work / "ten", 10));
  auto ten = open_log(old.work / "ten");
  const auto epoch = ten->written.epoch();
  const auto done = catch_up(*ten, alone(), -1);
  BOOST_CHECK(done && *done);
  BOOST_TEST(state_of<key_counter>(*ten, {stream_kind::key_counter, "VE"}).last == 15u);
  BOOST_TEST(state_of<key_counter>(*ten, {stream_kind::key_counter, "USPS"}).last == 10u);
  BOOST_TEST(state_of<order_book>(*ten, {stream_kind::order_book, "orders"}).last == 15u);
  BOOST_TEST(state_of<secure_box>(*ten, {stream_kind::box, steel.text()}).processes.at(ve).last_seen == 15u);
  BOOST_CHECK(state_of<box_allocator>(*ten, {stream_kind::allocator, "boxes"}).raised.at(box_type::oak) == 11u);
  BOOST_TEST(ten->written.epoch() > epoch + 9);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
