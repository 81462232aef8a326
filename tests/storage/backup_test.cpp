// A backup is one consistent copy of a log, made beside its writer, whole or not there (SYS-6); and a log behind another.

#include "storage/backup.hpp"

#include "crypto/merkle.hpp"
#include "storage/archive.hpp"
#include "tests/storage/sample_log.hpp"

#include <fstream>
#include <iterator>
#include <thread>

#include <sys/stat.h>

namespace oaksteel { // for `log`, which the C library has too

using namespace testing;

BOOST_AUTO_TEST_SUITE(backups)
namespace {

bytes content_of(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}
void put(const std::filesystem::path& path, const bytes& data) {
  std::ofstream{path, std::ios::binary}.write(reinterpret_cast<const char*>(data.data()),
                                              static_cast<std::streamsize>(data.size()));
}

/// A log of `records` with its backup.
struct backed_up {
  explicit backed_up(std::size_t records = 300) {
    make_log(dir / "log", records);
    BOOST_REQUIRE(write_backup(dir / "log", file));
  }
  /// The code of what is refused; nothing when the backup is taken.
  std::optional<storage_code> unpack(const std::filesystem::path& from, const char* to) {
    std::filesystem::create_directory(dir / to);
    const auto done = unpack_backup(from, dir / to);
    return done ? std::nullopt : std::optional{done.error().code};
  }
  temporary_directory dir;
  std::filesystem::path file = dir / "backup";
};

/// Like testing::identify, and for a first record behind another log, whose payload is key, parent and its last position.
std::optional<log_identity> identify_next(const record& r) {
  if (r.tag != 9)
    return identify(r);
  const std::span<const std::uint8_t> payload{r.payload};
  digest parent;
  std::copy_n(payload.begin() + 32, 32, parent.value.begin());
  return log_identity{{payload.begin(), payload.begin() + 32}, false, reference{number_at<std::uint64_t>(payload, 64), parent}};
}
append_request first_behind(const log& l, const digest& parent, std::uint64_t position) {
  append_request first;
  auto e = event(node_stream(), 5000);
  e.tag = 9;
  e.payload = sample_key().public_bytes();
  e.payload.insert(e.payload.end(), parent.value.begin(), parent.value.end());
  const auto number = encode(position);
  e.payload.insert(e.payload.end(), number.begin(), number.end());
  e.time = l.view().at(l.size())->time;
  ++e.time.us;
  first.events.push_back(std::move(e));
  first.rows.push_back({node_stream(), l.view().row(node_stream())->version, bytes(10, 3)});
  return first;
}
std::optional<log_problem> problem_in(const std::filesystem::path& dir) {
  auto source = log_source::open(dir);
  BOOST_REQUIRE(source);
  return verify(*source, identify_next).problem;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_backup_holds_the_log_of_its_moment) {
  temporary_directory dir;
  make_log(dir / "log", 3000);
  const auto before = verify_path(dir / "log");
  auto l = log::open(dir / "log");
  BOOST_REQUIRE(l);
  BOOST_REQUIRE(write_backup(dir / "log", dir / "backup"));
  writer w{*l};
  BOOST_REQUIRE(w.commit(100));
  struct stat s {};
  BOOST_REQUIRE(stat((dir / "backup").c_str(), &s) == 0);
  BOOST_TEST((s.st_mode & 0777) == 0600u);
  std::filesystem::create_directory(dir / "out");
  BOOST_REQUIRE(unpack_backup(dir / "backup", dir / "out"));
  const auto after = verify_path(dir / "out");
  BOOST_TEST(!after.problem);
  BOOST_TEST(after.records == 3000u);
  BOOST_CHECK(after.root == before.root && after.id == before.id);
  BOOST_CHECK(after.own == checkpoint_status::valid);
  auto again = log::open(dir / "out"); // a writer takes its pages
  BOOST_REQUIRE(again);
  BOOST_TEST(writer{*again}.commit(100));
}

// "Never blocks the node's commits for long", and the copy is of one commit.
BOOST_AUTO_TEST_CASE(a_writer_goes_on_meanwhile) {
  temporary_directory dir;
  make_log(dir / "log", 2000);
  auto l = log::open(dir / "log");
  BOOST_REQUIRE(l);
  std::atomic<bool> over = false;
  std::size_t commits = 0;
  std::thread writing{[&] {
    for (writer w{*l}; !over; ++commits)
      if (!w.commit(10))
        break;
  }};
  for (int n = 0; n < 10; ++n) {
    const auto name = "backup" + std::to_string(n), out = "out" + std::to_string(n);
    BOOST_REQUIRE(write_backup(dir / "log", dir / name));
    std::filesystem::create_directory(dir / out);
    BOOST_REQUIRE(unpack_backup(dir / name, dir / out));
    const auto found = verify_path(dir / out);
    BOOST_TEST_CONTEXT((found.problem ? found.problem->text : "")) { BOOST_TEST(!found.problem); }
  }
  over = true;
  writing.join();
  BOOST_TEST(commits > 0u);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_copied_leaves_no_file) {
  backed_up all;
  const auto refused = [&](const std::filesystem::path& data, const char* to) {
    const auto done = write_backup(data, all.dir / to);
    BOOST_TEST(!std::filesystem::exists(all.dir / (std::string{to} + ".new")));
    return done ? std::nullopt : std::optional{done.error().code};
  };
  const auto before = content_of(all.file);
  BOOST_CHECK(refused(all.dir / "log", "backup") == storage_code::exists);
  BOOST_CHECK(content_of(all.file) == before);
  BOOST_CHECK(refused(all.dir / "nothing", "b1") == storage_code::missing);
  BOOST_CHECK(refused(all.dir / "log", "no/such/folder/b1") == storage_code::missing);
  // EP-20: "a tamper event wipes them": no copy may outlive that.
  for (const auto* memory : {"meter.keys", "meters.keys"}) {
    put(all.dir / "log" / memory, {1});
    BOOST_CHECK(refused(all.dir / "log", "b1") == storage_code::not_ours);
    std::filesystem::remove(all.dir / "log" / memory);
  }
  auto data = content_of(all.dir / "log" / "data.mdb");
  put(all.dir / "log" / "data.mdb", {data.begin(), data.begin() + 5000});
  BOOST_CHECK(refused(all.dir / "log", "b1") == storage_code::damaged);
  BOOST_TEST(!std::filesystem::exists(all.dir / "b1"));
}

BOOST_AUTO_TEST_CASE(a_changed_or_cut_backup_is_refused) {
  backed_up all{50};
  const auto whole = content_of(all.file);
  BOOST_TEST(!all.unpack(all.file, "whole"));
  int n = 0;
  const auto taken = [&](const bytes& data) {
    put(all.dir / "changed", data);
    return !all.unpack(all.dir / "changed", ("out" + std::to_string(++n)).c_str());
  };
  std::mt19937_64 random{seed(20261128)};
  for (int i = 0; i < 200; ++i) {
    auto changed = whole;
    const auto at = i < 60 ? static_cast<std::size_t>(i) : i < 120 ? whole.size() - static_cast<std::size_t>(i - 59)
                                                                   : random() % whole.size();
    changed[at] ^= static_cast<std::uint8_t>(1 + random() % 255);
    BOOST_TEST_CONTEXT("byte " << at) { BOOST_TEST(!taken(changed)); }
  }
  for (int i = 0; i < 100; ++i) {
    const auto size = i < 60 ? static_cast<std::size_t>(i) : random() % whole.size();
    const bytes cut{whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)};
    BOOST_TEST_CONTEXT("cut to " << size) { BOOST_TEST(!taken(cut)); }
  }
  auto longer = whole;
  longer.push_back(0);
  BOOST_TEST(!taken(longer));
}

BOOST_AUTO_TEST_CASE(what_is_no_backup_is_told_apart) {
  backed_up all{50};
  auto newer = content_of(all.file);
  newer[std::string_view{"oaksteel backup "}.size()] = '2';
  put(all.dir / "newer", newer);
  BOOST_CHECK(all.unpack(all.dir / "newer", "o1") == storage_code::newer_version);
  BOOST_CHECK(all.unpack(all.dir / "log" / "data.mdb", "o2") == storage_code::not_ours);
  BOOST_CHECK(all.unpack(all.dir / "log", "o3") == storage_code::not_ours);
  BOOST_CHECK(all.unpack(all.dir / "nothing", "o4") == storage_code::missing);
}

// --- a log behind another ------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_log_goes_on_behind_its_parent) {
  temporary_directory dir;
  make_log(dir / "log", 300);
  const auto kept = *read_checkpoint(dir / "log");
  digest parent, id;
  {
    auto l = log::open(dir / "log");
    BOOST_REQUIRE(l);
    parent = l->id();
    BOOST_REQUIRE(l->begin_next(first_behind(*l, parent, 300)));
    id = l->id();
    BOOST_CHECK(id == sha256(*l->view().record_bytes(301)) && id != parent);
    BOOST_CHECK(l->origin() == parent);
    BOOST_TEST(writer{*l}.commit(300));
    const auto first = *l->view().at(301), next = *l->view().at(302);
    BOOST_CHECK(first.log == digest{} && next.log == id);
    BOOST_TEST(first.epoch == 2u);
    BOOST_REQUIRE(write_checkpoint(dir / "log", id, false, l->position(), sample_key()));
  }
  BOOST_CHECK(!problem_in(dir / "log"));
  auto source = log_source::open(dir / "log");
  const auto found = verify(*source, identify_next);
  BOOST_CHECK(found.id == id && found.own == checkpoint_status::valid);
  auto l = log::open(dir / "log");
  BOOST_REQUIRE(l);
  BOOST_CHECK(l->id() == id && l->origin() == parent);
  BOOST_TEST(l->epoch() == 3u);
  // Checkpoints of the parent that were kept elsewhere hold what is here, and say when more was there.
  const auto origin = log_origin(parent, false);
  const auto later = signed_note(checkpoint{origin, 600, digest{}}.text(), origin, sample_key());
  for (const auto& [note, status] : {std::pair{*kept, checkpoint_status::valid}, {later, checkpoint_status::invalid}}) {
    auto again = log_source::open(dir / "log");
    BOOST_CHECK(verify(*again, identify_next, note).external == status);
  }
}

BOOST_AUTO_TEST_CASE(a_log_that_does_not_name_the_one_before_is_found) {
  struct {
    const char* what;
    bool another;
    std::uint64_t position;
  } const lines[] = {{"another parent", true, 300}, {"it ended earlier", false, 299}, {"or later", false, 301}};
  for (const auto& line : lines) {
    temporary_directory dir;
    make_log(dir / "log", 300);
    {
      auto l = log::open(dir / "log");
      auto parent = l->id();
      parent.value[0] ^= line.another;
      BOOST_REQUIRE(l->begin_next(first_behind(*l, parent, line.position)));
      BOOST_REQUIRE(write_checkpoint(dir / "log", l->id(), false, l->position(), sample_key()));
    }
    const auto found = problem_in(dir / "log");
    BOOST_TEST_CONTEXT(line.what) {
      BOOST_REQUIRE(found);
      BOOST_TEST(found->position == 301u);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_log_begins_with_one_record_or_not) {
  temporary_directory dir;
  make_log(dir / "log", 10);
  auto l = log::open(dir / "log");
  const auto id = l->id();
  auto two = first_behind(*l, id, 10);
  two.events.push_back(two.events.front());
  BOOST_TEST(!l->begin_next(two));
  auto stale = first_behind(*l, id, 10);
  --stale.rows[0].expected_version;
  BOOST_TEST(!l->begin_next(stale));
  BOOST_CHECK(l->id() == id);
  BOOST_TEST(l->size() == 10u);
  BOOST_TEST(writer{*l}.commit(5));
  BOOST_CHECK(l->view().at(11)->log == id);
}

BOOST_AUTO_TEST_CASE(a_raised_epoch_is_the_writer_s_from_then_on) {
  temporary_directory dir;
  make_log(dir / "log", 10);
  {
    auto l = log::open(dir / "log");
    BOOST_TEST(writer{*l}.commit(5));
    l->raise_epoch(40);
    BOOST_TEST(l->epoch() == 40u);
    l->raise_epoch(30);
    BOOST_TEST(l->epoch() == 40u);
    BOOST_TEST(writer{*l}.commit(5));
    BOOST_TEST(writer{*l}.commit(5));
    BOOST_TEST(l->view().at(15)->epoch == 2u);
    BOOST_TEST(l->view().at(16)->epoch == 40u);
  }
  BOOST_TEST(log::open(dir / "log")->epoch() == 41u);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel
