#include "storage/log.hpp"

#include "crypto/merkle.hpp"
#include "tests/storage/sample_log.hpp"

#include <fstream>
#include <thread>

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

namespace oaksteel { // for `log`, which the C library has too

using namespace testing;

BOOST_AUTO_TEST_SUITE(log_of_a_node)
namespace {

/// A small file system in memory; not there without the rights to mount one.
class small_disk {
public:
  explicit small_disk(const std::filesystem::path& at, const char* options) : at_(at) {
    std::filesystem::create_directory(at);
    mounted_ = mount("tmpfs", at.c_str(), "tmpfs", 0, options) == 0;
    if (!mounted_)
      std::fprintf(stderr, "SKIPPED: no right to mount a tmpfs; the full and the read-only disk are not tested\n");
  }
  ~small_disk() {
    if (mounted_)
      umount2(at_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  bool make_read_only() { return mount("tmpfs", at_.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, nullptr) == 0; }

private:
  std::filesystem::path at_;
  bool mounted_ = false;
};

storage_code open_code(const std::filesystem::path& dir) {
  auto l = log::open(dir);
  BOOST_REQUIRE(!l);
  BOOST_TEST_MESSAGE(l.error().text);
  BOOST_TEST(l.error().text.find('\n') == std::string::npos);
  return l.error().code;
}

stored<appended> append_one(log& l, const append_request& r) {
  auto results = l.append({&r});
  if (!results)
    return unexpected{results.error()};
  return results->at(0);
}

} // namespace

BOOST_AUTO_TEST_CASE(a_new_log_has_its_first_record) {
  temporary_directory dir;
  BOOST_TEST(!log::present(dir / "log"));
  auto l = log::create(dir / "log", first_record(), bytes{1, 2, 3});
  BOOST_REQUIRE(l);
  BOOST_TEST(log::present(dir / "log"));
  auto view = l->view();
  auto data = view.record_bytes(1);
  BOOST_REQUIRE(data);
  BOOST_TEST((l->id() == sha256(*data)));
  BOOST_TEST((l->position().root == leaf_hash(*data)));
  auto first = view.at(1);
  BOOST_REQUIRE(first);
  BOOST_TEST((first->log == digest{}));
  BOOST_TEST(first->position == 1u);
  BOOST_TEST(first->epoch == 1u);
  BOOST_TEST(first->correlation->position == 1u);
  auto row = view.row(node_stream());
  BOOST_REQUIRE(row);
  BOOST_TEST((row->version == 1 && row->head == 1 && row->state == bytes{1, 2, 3}));
  struct stat s {};
  BOOST_REQUIRE(stat((dir / "log").c_str(), &s) == 0);
  BOOST_TEST((s.st_mode & 0777) == 0700u);
  BOOST_REQUIRE(stat((dir / "log" / "data.mdb").c_str(), &s) == 0);
  BOOST_TEST((s.st_mode & 0777) == 0600u);
}

BOOST_AUTO_TEST_CASE(an_append_fills_in_what_only_the_log_knows) {
  temporary_directory dir;
  auto l = log::create(dir / "log", first_record(), {});
  BOOST_REQUIRE(l);
  append_request r;
  r.events = {event(key_stream(1), 1), event(key_stream(2), 2), event(key_stream(1), 3)};
  r.events[1].correlation = reference{2, std::nullopt};
  r.events[2].sealed = {9, 9, 9};
  r.events[2].lookups = {{4, "one"}, {4, "other"}};
  r.rows = {{key_stream(1), 0, {1}}, {key_stream(2), 0, {2}}};
  auto done = append_one(*l, r);
  BOOST_REQUIRE(done);
  BOOST_TEST(done->first == 2u);
  auto view = l->view();
  BOOST_TEST(view.size() == 4u);
  auto a = view.at(2), b = view.at(3), c = view.at(4);
  BOOST_REQUIRE((a && b && c));
  BOOST_TEST((a->log == l->id() && c->log == l->id()));
  BOOST_TEST((a->previous == 0 && b->previous == 0 && c->previous == 2));
  BOOST_TEST((a->correlation->position == 2 && b->correlation->position == 2 && c->correlation->position == 4));
  BOOST_TEST((c->epoch == 1 && c->position == 4 && c->payload == r.events[2].payload));
  BOOST_TEST((view.row(key_stream(1))->version == 2 && view.row(key_stream(1))->head == 4));
  BOOST_TEST((view.find(4, "one") == 4u && !view.find(4, "on") && !view.find(5, "one")));
  BOOST_TEST((view.sealed(4) == bytes{9, 9, 9} && !view.sealed(3)));
  BOOST_TEST((!view.at(5) && !view.record_bytes(0) && !view.row(key_stream(3))));
  merkle_frontier tree;
  for (std::uint64_t n = 1; n <= 4; ++n)
    tree.add(leaf_hash(*view.record_bytes(n)));
  BOOST_TEST((l->position().root == tree.root()));
}

BOOST_AUTO_TEST_CASE(look_ups_are_found_in_order_and_removed) {
  temporary_directory dir;
  auto l = log::create(dir / "log", first_record(), {});
  BOOST_REQUIRE(l);
  auto r = request(key_stream(1), 0, 1);
  r.events[0].lookups = {{1, "b"}, {1, "ab"}, {1, "aa"}, {2, "a"}, {1, ""}};
  BOOST_REQUIRE(append_one(*l, r));
  auto names = [&] {
    std::string all;
    for (const auto& [key, position] : l->view().range(1, "a"))
      all += key + "=" + std::to_string(position) + " ";
    return all;
  };
  BOOST_TEST(names() == "aa=2 ab=2 ");
  r = request(key_stream(1), 1, 2);
  r.events[0].lookups = {{1, "aa", true}, {1, "ac"}, {1, "never there", true}};
  BOOST_REQUIRE(append_one(*l, r));
  BOOST_TEST(names() == "ab=2 ac=3 ");
  BOOST_TEST(l->view().range(1, "").size() == 4u);
}

BOOST_AUTO_TEST_CASE(requests_of_a_commit_see_one_another) {
  temporary_directory dir;
  auto l = log::create(dir / "log", first_record(), {});
  BOOST_REQUIRE(l);
  auto a = request(key_stream(1), 0, 1), b = request(key_stream(1), 1, 2), late = request(key_stream(1), 1, 3),
       c = request(key_stream(1), 2, 4);
  auto results = l->append({&a, &b, &late, &c});
  BOOST_REQUIRE(results);
  BOOST_TEST(((*results)[0]->first == 2 && (*results)[1]->first == 3 && (*results)[3]->first == 4));
  BOOST_REQUIRE(!(*results)[2]);
  BOOST_TEST(((*results)[2].error().code == storage_code::version_conflict));
  auto row = l->view().row(key_stream(1));
  BOOST_TEST((row->version == 3 && row->head == 4 && row->state == c.rows[0].state));
}

BOOST_AUTO_TEST_CASE(a_refused_request_leaves_no_trace) {
  temporary_directory dir;
  auto l = log::create(dir / "log", first_record(), {});
  BOOST_REQUIRE(l);
  auto before = l->position();
  auto refused = [&](append_request r, storage_code code) {
    auto result = append_one(*l, r);
    BOOST_REQUIRE(!result);
    BOOST_TEST_MESSAGE(result.error().text);
    BOOST_TEST((result.error().code == code));
    BOOST_TEST((l->position().size == before.size && l->position().root == before.root));
    BOOST_TEST(l->view().size() == before.size);
  };
  refused(request(key_stream(1), 1, 1), storage_code::version_conflict);
  refused(request(node_stream(), 0, 1), storage_code::version_conflict);
  auto r = request(key_stream(1), 0, 1);
  r.events.push_back(event(key_stream(2), 2));
  refused(r, storage_code::version_conflict); // an event without its state
  r = request(key_stream(1), 0, 1);
  r.rows.push_back({key_stream(2), 0, {}});
  refused(r, storage_code::version_conflict); // a state without an event
  r = request(key_stream(1), 0, 1);
  r.rows.push_back(r.rows[0]);
  refused(r, storage_code::version_conflict); // two states
  refused(request(key_stream(1), 0, 1, record_limit), storage_code::too_large);
  r = request(key_stream(1), 0, 1);
  r.rows[0].state.resize(state_limit + 1);
  refused(r, storage_code::too_large);
  r = request(key_stream(1), 0, 1);
  r.events[0].lookups.push_back({1, std::string(600, 'x')});
  refused(r, storage_code::too_large);
  refused(request({stream_kind::meter, std::string(600, 'x')}, 0, 1), storage_code::too_large);

  // Between two good ones, after its first events were taken.
  auto good = request(key_stream(1), 0, 1), next = request(key_stream(1), 1, 3), bad = request(key_stream(1), 1, 2);
  bad.events.push_back(event(key_stream(1), 2, record_limit));
  auto results = l->append({&good, &bad, &next});
  BOOST_REQUIRE(results);
  BOOST_TEST((bool((*results)[0]) && !(*results)[1] && (*results)[2]->first == 3));
  BOOST_TEST(l->view().at(3)->command.counter == 3u);
}

// More streams than are remembered: where the first ones ended is read from the log again, where the last ones did is
// known before they are written.
BOOST_AUTO_TEST_CASE(a_stream_goes_on_whether_it_is_remembered_or_not) {
  temporary_directory dir;
  auto l = log::create(dir / "log", first_record(), {});
  BOOST_REQUIRE(l);
  constexpr std::uint64_t streams = 9'000;
  std::uint64_t events = 0;
  const auto go_on = [&events](std::uint64_t first, std::uint64_t version) {
    append_request all;
    for (auto n = first; n < first + streams; ++n) {
      auto one = request(key_stream(n), version, ++events, 10);
      all.events.push_back(std::move(one.events[0]));
      all.rows.push_back(std::move(one.rows[0]));
    }
    return all;
  };
  for (std::uint64_t generation = 0; generation < 3; ++generation)
    BOOST_REQUIRE(append_one(*l, go_on(1 + generation * streams, 0)).has_value());
  BOOST_TEST(!append_one(*l, request(key_stream(1), 0, events)).has_value());
  BOOST_TEST(!append_one(*l, request(key_stream(3 * streams), 0, events)).has_value());
  // Each is taken before the one in front of it is written.
  std::vector<append_request> commits;
  for (std::uint64_t version = 1; version < 5; ++version)
    commits.push_back(go_on(1, version));
  BOOST_REQUIRE(l->stage(commits[0]).has_value());
  for (std::size_t i = 0; i < commits.size(); ++i) {
    l->close();
    if (i + 1 < commits.size())
      BOOST_REQUIRE(l->stage(commits[i + 1]).has_value());
    BOOST_REQUIRE(l->write().has_value());
    l->settle(true);
  }
  const auto row = l->view().row(key_stream(1));
  BOOST_REQUIRE(row);
  BOOST_TEST(row->version == 5u);
  BOOST_TEST(row->head == 1 + 6 * streams + 1);
  const auto checked = verify_path(dir / "log");
  BOOST_CHECK_MESSAGE(!checked.problem, (checked.problem ? checked.problem->text : ""));
}

BOOST_AUTO_TEST_CASE(the_largest_record_and_state_fit) {
  temporary_directory dir;
  auto l = log::create(dir / "log", first_record(), bytes(state_limit));
  BOOST_REQUIRE(l);
  auto small = request(key_stream(1), 0, 1, 0);
  BOOST_REQUIRE(append_one(*l, small));
  auto rest = record_limit - l->view().record_bytes(2)->size();
  auto large = request(key_stream(2), 0, 2, rest);
  large.rows[0].state.resize(state_limit);
  BOOST_REQUIRE(append_one(*l, large));
  BOOST_TEST(l->view().record_bytes(3)->size() == record_limit);
  BOOST_TEST(!append_one(*l, request(key_stream(3), 0, 3, rest + 1)));
}

BOOST_AUTO_TEST_CASE(a_log_goes_on_in_a_new_epoch) {
  temporary_directory dir;
  digest root;
  {
    auto l = log::create(dir / "log", first_record(), {});
    BOOST_REQUIRE(l);
    BOOST_TEST(l->epoch() == 1u);
    writer w{*l};
    for (int i = 0; i < 7; ++i)
      BOOST_REQUIRE(w.commit(100));
    root = l->position().root;
  }
  for (int i = 0; i < 2; ++i) { // opening alone is no epoch
    auto l = log::open(dir / "log");
    BOOST_REQUIRE(l);
    BOOST_TEST(l->epoch() == 2u);
    BOOST_TEST((l->position().root == root));
  }
  {
    auto l = log::open(dir / "log");
    BOOST_REQUIRE(l);
    writer w{*l};
    BOOST_REQUIRE(w.commit(3));
    BOOST_TEST(l->view().at(704)->epoch == 2u);
  }
  BOOST_TEST(log::open(dir / "log")->epoch() == 3u);
  BOOST_TEST(verify_path(dir / "log").records == 704u);
}

BOOST_AUTO_TEST_CASE(one_process_writes) {
  temporary_directory dir;
  auto l = log::create(dir / "log", first_record(), {});
  BOOST_REQUIRE(l);
  BOOST_TEST((open_code(dir / "log") == storage_code::locked));
  // An older writer whose lock did not hold (another host, a removed lock file) is fenced off by the epoch.
  auto child = fork();
  if (child == 0) {
    std::filesystem::remove(dir / "log" / "lock");
    auto other = log::open(dir / "log");
    _exit(other && append_one(*other, request(key_stream(1), 0, 1)) ? 0 : 1);
  }
  int status = 1;
  waitpid(child, &status, 0);
  BOOST_REQUIRE(status == 0);
  auto result = append_one(*l, request(key_stream(2), 0, 2));
  BOOST_REQUIRE(!result);
  BOOST_TEST((result.error().code == storage_code::locked));
}

BOOST_AUTO_TEST_CASE(what_is_no_log_gives_one_line) {
  temporary_directory dir;
  BOOST_TEST((open_code(dir / "absent") == storage_code::missing));
  std::filesystem::create_directory(dir / "empty");
  BOOST_TEST((open_code(dir / "empty") == storage_code::missing));
  std::ofstream{dir / "file"} << "text";
  BOOST_TEST((open_code(dir / "file") == storage_code::missing));
  BOOST_TEST(!log::create(dir / "file", first_record(), {}));
  std::filesystem::create_directory(dir / "garbage");
  std::ofstream{dir / "garbage" / "data.mdb"} << std::string(10'000, 'g');
  BOOST_TEST((open_code(dir / "garbage") == storage_code::not_ours));
  std::filesystem::create_directory(dir / "short");
  std::ofstream{dir / "short" / "data.mdb"} << "short";
  BOOST_TEST((open_code(dir / "short") == storage_code::damaged));
  BOOST_TEST((log::create(dir / "short", first_record(), {}).error().code == storage_code::exists));
  std::filesystem::create_directories(dir / "locked" / "lock");
  BOOST_TEST((log::create(dir / "locked", first_record(), {}).error().code == storage_code::io));
  BOOST_TEST((log::create(dir / "big", first_record(), bytes(state_limit + 1)).error().code == storage_code::too_large));
  // What was left is no obstacle.
  BOOST_TEST(bool(log::create(dir / "big", first_record(), {})));
  BOOST_TEST((log::create(dir / "big", first_record(), {}).error().code == storage_code::exists));
}

BOOST_AUTO_TEST_CASE(logs_of_others_are_told_apart) {
  temporary_directory dir;
  make_log(dir / "log", 3);
  for (const auto& [format, code] : {std::pair{log_format + 1, storage_code::newer_version},
                                     {log_format - 1, storage_code::older_version},
                                     {0u, storage_code::damaged}}) {
    {
      auto env = environment::open(dir / "log", access::write);
      BOOST_REQUIRE(env);
      lmdb_transaction txn;
      BOOST_REQUIRE(txn.begin((*env)->raw(), 0) == 0);
      MDB_val key = as_val(format_row), value = as_val(format);
      BOOST_REQUIRE(mdb_put(txn.raw(), (*env)->meta, &key, &value, 0) == 0);
      BOOST_REQUIRE(txn.commit() == 0);
    }
    BOOST_TEST((open_code(dir / "log") == code));
    BOOST_TEST((log_source::open(dir / "log").error().code == code));
  }

  std::filesystem::create_directory(dir / "other");
  {
    auto env = environment::open(dir / "other", access::create);
    BOOST_REQUIRE(env);
    lmdb_transaction txn;
    MDB_dbi table;
    BOOST_REQUIRE(txn.begin((*env)->raw(), 0) == 0);
    BOOST_REQUIRE(mdb_dbi_open(txn.raw(), "theirs", MDB_CREATE, &table) == 0);
    BOOST_REQUIRE(txn.commit() == 0);
  }
  BOOST_TEST((open_code(dir / "other") == storage_code::not_ours));
}

BOOST_AUTO_TEST_CASE(a_creation_that_was_cut_short_is_no_log) {
  temporary_directory dir;
  std::filesystem::create_directory(dir / "log");
  { BOOST_REQUIRE(environment::open(dir / "log", access::create)); }
  BOOST_TEST(std::filesystem::exists(dir / "log" / "data.mdb"));
  BOOST_TEST(!log::present(dir / "log"));
  BOOST_TEST((open_code(dir / "log") == storage_code::missing));
  BOOST_TEST(bool(log::create(dir / "log", first_record(), {})));
}

// A link would lead a writer to a file elsewhere.
BOOST_AUTO_TEST_CASE(a_link_in_the_directory_is_not_followed) {
  temporary_directory dir;
  BOOST_REQUIRE(log::create(dir / "log", first_record(), {}));
  for (const char* name : {"data.mdb", "lock"}) {
    const auto path = dir / "log" / name;
    std::filesystem::rename(path, dir / name);
    std::filesystem::create_symlink(dir / name, path);
    const auto opened = log::open(dir / "log");
    BOOST_REQUIRE(!opened);
    BOOST_TEST(opened.error().text.find(path.string()) != std::string::npos, opened.error().text);
    std::filesystem::rename(dir / name, path);
    BOOST_REQUIRE(log::open(dir / "log"));
  }
}

BOOST_AUTO_TEST_CASE(a_file_that_was_cut_off_is_damaged) {
  temporary_directory dir;
  make_log(dir / "log", 500);
  auto header = check_data_file(dir / "log");
  BOOST_REQUIRE(header);
  auto needed = header->pages * header->page_size;
  auto file = dir / "log" / "data.mdb";
  BOOST_TEST(std::filesystem::file_size(file) >= needed);
  std::filesystem::resize_file(file, needed); // what was extended in advance may go
  BOOST_TEST(bool(log::open(dir / "log")));
  for (auto size : {needed - 1, needed / 2, std::uint64_t{8192}, std::uint64_t{5000}, std::uint64_t{100}}) {
    std::filesystem::resize_file(file, size);
    BOOST_TEST((open_code(dir / "log") == storage_code::damaged));
    BOOST_TEST((log_source::open(dir / "log").error().code == storage_code::damaged));
  }
}

BOOST_AUTO_TEST_CASE(a_full_disk_is_reported_and_survived) {
  temporary_directory dir;
  small_disk disk{dir / "disk", "size=3m"};
  if (!disk.mounted())
    return;
  auto l = log::create(dir / "disk" / "log", first_record(), {});
  BOOST_REQUIRE(l);
  std::optional<storage_error> error;
  log_position before;
  std::uint64_t last = 0;
  for (std::uint64_t n = 1; n < 1000 && !error; ++n) {
    last = n;
    before = l->position();
    auto r = request(key_stream(n), 0, n, 40'000);
    auto results = l->append({&r});
    if (!results)
      error = results.error();
  }
  BOOST_REQUIRE(error);
  BOOST_TEST_MESSAGE(error->text);
  BOOST_TEST((error->code == storage_code::full));
  BOOST_TEST((l->position().size == before.size && l->position().root == before.root));
  BOOST_TEST(l->view().size() == before.size);
  // Room again: the same object goes on.
  BOOST_REQUIRE(mount("tmpfs", (dir / "disk").c_str(), "tmpfs", MS_REMOUNT, "size=20m") == 0);
  BOOST_TEST(writer{*l}.commit(1));
  BOOST_TEST(l->position().size == before.size + 1);
  // The stream of the request that was not written stands where it stood.
  BOOST_TEST(!append_one(*l, request(key_stream(last), 1, 5000)).has_value());
  BOOST_TEST(append_one(*l, request(key_stream(last), 0, 5000)).has_value());
  auto checked = verify_path(dir / "disk" / "log");
  BOOST_TEST(!checked.problem);
  BOOST_TEST(checked.records == before.size + 2);
}

BOOST_AUTO_TEST_CASE(a_read_only_disk_can_be_read) {
  temporary_directory dir;
  small_disk disk{dir / "disk", "size=8m"};
  if (!disk.mounted())
    return;
  make_log(dir / "disk" / "log", 20);
  BOOST_REQUIRE(disk.make_read_only());
  BOOST_TEST((open_code(dir / "disk" / "log") == storage_code::not_writable));
  BOOST_TEST((log::create(dir / "disk" / "new", first_record(), {}).error().code == storage_code::not_writable));
  auto checked = verify_path(dir / "disk" / "log");
  BOOST_TEST(!checked.problem);
  BOOST_TEST(checked.records == 20u);
}

BOOST_AUTO_TEST_CASE(many_read_while_one_writes) {
  temporary_directory dir;
  auto l = log::create(dir / "log", first_record(), {});
  BOOST_REQUIRE(l);
  std::atomic<bool> over = false;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> readers;
  for (int t = 0; t < 4; ++t)
    readers.emplace_back([&] {
      while (!over) {
        auto view = l->view();
        auto size = view.size();
        auto last = view.at(size);
        auto row = last ? view.row(last->stream) : std::nullopt;
        // The view is one moment: its last record is its stream's head.
        if (!last || last->position != size || !row || row->head != size || view.at(size + 1))
          ++wrong;
      }
    });
  writer w{*l};
  for (int i = 0; i < 100; ++i)
    BOOST_REQUIRE(w.commit(5));
  over = true;
  for (auto& t : readers)
    t.join();
  BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_CASE(a_view_outlives_its_log) {
  temporary_directory dir;
  auto l = std::make_unique<stored<log>>(log::create(dir / "log", first_record(), {}));
  BOOST_REQUIRE(*l);
  auto view = (*l)->view();
  BOOST_REQUIRE(append_one(**l, request(key_stream(1), 0, 1)));
  l.reset();
  BOOST_TEST(view.size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_was_acknowledged_survives_a_kill) {
  temporary_directory dir;
  { BOOST_REQUIRE(log::create(dir / "log", first_record(), {})); }
  std::mt19937_64 random{seed(5)};
  for (int round = 0; round < 20; ++round) {
    int ends[2];
    BOOST_REQUIRE(pipe(ends) == 0);
    auto child = fork();
    if (child == 0) {
      auto l = log::open(dir / "log");
      if (!l)
        _exit(1);
      for (writer w{*l}; w.commit(1 + l->position().size % 20);) {
        auto size = l->position().size;
        if (write(ends[1], &size, sizeof size) != sizeof size)
          _exit(2);
      }
      _exit(3);
    }
    close(ends[1]);
    std::uint64_t acknowledged = 0;
    auto commits = 1 + random() % 30;
    for (std::uint64_t n = 0; n < commits; ++n)
      BOOST_REQUIRE(read(ends[0], &acknowledged, sizeof acknowledged) == sizeof acknowledged);
    std::this_thread::sleep_for(std::chrono::microseconds{random() % 2000});
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    while (read(ends[0], &acknowledged, sizeof acknowledged) == sizeof acknowledged) {
    }
    close(ends[0]);
    auto checked = verify_path(dir / "log");
    BOOST_TEST(!checked.problem);
    BOOST_TEST(checked.records >= acknowledged);
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel
