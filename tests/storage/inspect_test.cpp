#include "storage/inspect.hpp"

#include "crypto/merkle.hpp"
#include "tests/storage/sample_log.hpp"

#include <fstream>
#include <iterator>

#include <fcntl.h>

namespace oaksteel { // for `log`, which the C library has too

using namespace testing;

BOOST_AUTO_TEST_SUITE(inspection)
namespace {

constexpr std::size_t records = 600;

struct tampering {
  const char* what;
  MDB_dbi environment::*table;
  bytes key;
  std::size_t offset;
  std::uint64_t position; ///< that the problem must name
};

bytes key_of(std::uint64_t n) {
  auto k = big_endian(n);
  return {k.begin(), k.end()};
}

bytes key_of(const stream_id& stream) {
  std::string k;
  stream_key(stream, k);
  return {k.begin(), k.end()};
}

bytes key_of(std::string_view text) { return {text.begin(), text.end()}; }

/// Changes a row through LMDB, as an editor would; the pages stay sound.
void change(const std::filesystem::path& dir, MDB_dbi environment::*table, const bytes& key,
            const std::function<bool(bytes&)>& edit) {
  auto env = environment::open(dir, access::write);
  BOOST_REQUIRE(env);
  lmdb_transaction txn;
  BOOST_REQUIRE(txn.begin((*env)->raw(), 0) == 0);
  auto old = txn.find((**env).*table, as_val(key));
  BOOST_REQUIRE(old);
  bytes value{old->begin(), old->end()};
  bool keep = edit(value);
  MDB_val k = as_val(key), v = as_val(value);
  BOOST_REQUIRE(mdb_del(txn.raw(), (**env).*table, &k, nullptr) == 0);
  if (keep)
    BOOST_REQUIRE(mdb_put(txn.raw(), (**env).*table, &k, &v, 0) == 0);
  BOOST_REQUIRE(txn.commit() == 0);
}

std::string file_text(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

void write_text(const std::filesystem::path& path, const std::string& text) {
  std::ofstream{path, std::ios::binary} << text;
}

/// A log that all cases copy.
const std::filesystem::path& sample() {
  static temporary_directory dir;
  static const auto path = [] {
    make_log(dir / "log", records);
    return dir / "log";
  }();
  return path;
}

void copy_sample(const std::filesystem::path& to) {
  std::filesystem::create_directory(to);
  for (auto name : {"data.mdb", "checkpoint"})
    std::filesystem::copy_file(sample() / name, to / name);
}

/// Damages the file itself and puts it right again.
class flipped_byte {
public:
  flipped_byte(int fd, std::size_t at, std::uint8_t with) : fd_(fd), at_(at) {
    BOOST_REQUIRE(pread(fd, &old_, 1, static_cast<off_t>(at)) == 1);
    std::uint8_t changed = old_ ^ with;
    BOOST_REQUIRE(pwrite(fd, &changed, 1, static_cast<off_t>(at)) == 1);
  }
  ~flipped_byte() { static_cast<void>(!pwrite(fd_, &old_, 1, static_cast<off_t>(at_))); }

private:
  int fd_;
  std::size_t at_;
  std::uint8_t old_ = 0;
};

} // namespace

BOOST_AUTO_TEST_CASE(a_sound_log_is_found_sound) {
  auto v = verify_path(sample());
  BOOST_TEST(!v.problem, (v.problem ? v.problem->text : ""));
  BOOST_TEST(v.records == records);
  BOOST_TEST((v.own == checkpoint_status::valid && v.external == checkpoint_status::none));
  auto l = log::open(sample());
  BOOST_REQUIRE(l);
  BOOST_TEST((v.root == l->position().root && v.id == l->id()));
}

BOOST_AUTO_TEST_CASE(items_come_in_order) {
  auto source = log_source::open(sample());
  BOOST_REQUIRE(source);
  std::string order;
  while (const auto* item = source->next()) {
    char kind = "rsnflom"[item->index()];
    if (order.empty() || order.back() != kind)
      order += kind;
  }
  BOOST_TEST(order == "mrnfslo");
  BOOST_TEST(!source->damage());
  BOOST_TEST(source->next() == nullptr);
  BOOST_REQUIRE(log_source::open(sample())); // and one that is given up early
}

BOOST_AUTO_TEST_CASE(a_running_writer_is_no_obstacle) {
  temporary_directory dir;
  auto l = log::create(dir / "log", first_record(), {});
  BOOST_REQUIRE(l);
  writer w{*l};
  for (int i = 0; i < 5; ++i) {
    BOOST_REQUIRE(w.commit(50));
    auto source = log_source::open(dir / "log");
    BOOST_REQUIRE(source);
    BOOST_REQUIRE(w.commit(50));
    auto v = verify(*source, identify);
    BOOST_TEST(!v.problem);
    BOOST_TEST(v.records >= 51u + 100u * static_cast<unsigned>(i));
  }
}

// A node that starts again has a new key, and says so in a record. A checkpoint is held under the newest key that
// stands at or before its size, and under no other.
BOOST_AUTO_TEST_CASE(a_checkpoint_is_signed_by_the_key_of_its_time) {
  temporary_directory dir;
  auto l = log::create(dir / "log", first_record(), bytes(10, 1));
  BOOST_REQUIRE(l);
  const auto first = sample_key();
  const auto second = log_key::from_seed(secret{bytes(32, 2)}), third = log_key::from_seed(secret{bytes(32, 3)});
  const auto say_key = [&](const log_key& key, std::uint64_t version) {
    auto r = request(node_stream(), version, l->size() + 1); // times grow with these numbers
    r.events.front().payload = key.public_bytes();
    const auto result = l->append({&r});
    BOOST_REQUIRE(result && result->front());
  };
  std::vector<log_position> at; // 51: the first key; 52: a key is said; 102; 103: another one; 153
  const auto grow = [&](std::size_t count) {
    if (count > 0)
      BOOST_REQUIRE(writer{*l}.commit(count));
    at.push_back(l->position());
  };
  grow(50);
  say_key(second, 1);
  grow(0);
  grow(50);
  say_key(third, 2);
  grow(0);
  grow(50);
  const log_key* keys[] = {&first, &second, &third};
  const std::size_t right[] = {0, 1, 1, 2, 2};
  for (std::size_t i = 0; i < at.size(); ++i)
    for (std::size_t k = 0; k < 3; ++k) {
      const auto origin = log_origin(l->id(), false);
      const auto note = signed_note(checkpoint{origin, at[i].size, at[i].root}.text(), origin, *keys[k]);
      const auto v = verify_path(dir / "log", note);
      const bool valid = !v.problem && v.external == checkpoint_status::valid;
      BOOST_CHECK_MESSAGE(valid == (k == right[i]), "size " << at[i].size << ", key " << k << ": "
                                                           << (v.problem ? v.problem->text : "no problem"));
      if (k != right[i] && v.problem)
        BOOST_CHECK_EQUAL(v.problem->text, "the given checkpoint is not signed by this log, or by a later state of it: records may be missing");
    }
}

BOOST_AUTO_TEST_CASE(a_changed_row_of_every_kind_is_found) {
  const tampering cases[] = {
      {"record", &environment::events, key_of(300), 32 + 100, 300},
      {"first byte of a record", &environment::events, key_of(1), 32, 1},
      {"last record", &environment::events, key_of(records), 32 + 200, records},
      {"stored leaf", &environment::events, key_of(299), 5, 299},
      {"state row, version", &environment::streams, key_of(key_stream(3)), 0, 593},
      {"state row, head", &environment::streams, key_of(key_stream(3)), 9, 593},
      {"node", &environment::merkle, key_of(std::uint64_t{1}), 0, 257},
      {"look-up row", &environment::lookups, key_of(std::string{"\1SN300"}), 3, records},
      {"frontier, size", &environment::merkle, key_of(frontier_row), 0, records},
      {"frontier, peak", &environment::merkle, key_of(frontier_row), 20, records},
      {"sealed material", &environment::sealed, key_of(300), 63, 300},
      {"id", &environment::meta, key_of(id_row), 0, 1},
      {"epoch", &environment::meta, key_of(epoch_row), 0, records},
  };
  for (const auto& c : cases) {
    temporary_directory dir;
    copy_sample(dir / "log");
    change(dir / "log", c.table, c.key, [&](bytes& value) {
      value[c.offset] ^= 0x01;
      return true;
    });
    auto v = verify_path(dir / "log");
    BOOST_REQUIRE_MESSAGE(v.problem, c.what);
    BOOST_TEST_MESSAGE(c.what << ": record " << v.problem->position << ": " << v.problem->text);
    if (std::string_view{c.what} == "state row, version" || std::string_view{c.what} == "state row, head")
      BOOST_TEST((v.problem->position > 590 && v.problem->position <= records));
    else
      BOOST_TEST(v.problem->position == c.position, c.what);
  }
}

BOOST_AUTO_TEST_CASE(a_missing_row_of_every_kind_is_found) {
  const tampering cases[] = {
      {"record", &environment::events, key_of(300), 0, 300},
      {"last record", &environment::events, key_of(records), 0, records - 1},
      {"state row", &environment::streams, key_of(key_stream(3)), 0, 0},
      {"node", &environment::merkle, key_of(std::uint64_t{1}), 0, 257},
      {"first node", &environment::merkle, key_of(std::uint64_t{0}), 0, records},
      {"frontier", &environment::merkle, key_of(frontier_row), 0, records},
      {"sealed material", &environment::sealed, key_of(300), 0, 300},
      {"the last sealed material", &environment::sealed, key_of(records / 25 * 25), 0, records / 25 * 25},
      {"epoch", &environment::meta, key_of(epoch_row), 0, 0},
  };
  for (const auto& c : cases) {
    temporary_directory dir;
    copy_sample(dir / "log");
    change(dir / "log", c.table, c.key, [](bytes&) { return false; });
    auto v = verify_path(dir / "log");
    BOOST_REQUIRE_MESSAGE(v.problem, c.what);
    BOOST_TEST_MESSAGE(c.what << ": record " << v.problem->position << ": " << v.problem->text);
    if (c.position != 0)
      BOOST_TEST(v.problem->position == c.position, c.what);
  }
}

BOOST_AUTO_TEST_CASE(an_editor_who_mends_the_hashes_is_found) {
  // Each changes record 300 and its leaf; the node over it, 257 to 512, betrays all of them at the latest.
  const std::pair<const char*, std::function<void(record&)>> edits[] = {
      {"payload", [](record& r) { r.payload[0] ^= 1; }},
      {"position", [](record& r) { r.position = 299; }},
      {"log", [](record& r) { r.log.value[0] ^= 1; }},
      {"previous", [](record& r) { r.previous -= 10; }},
      {"time", [](record& r) { r.time.us = 1; }},
      {"epoch", [](record& r) { r.epoch = 0; }},
      {"stream", [](record& r) { r.stream = key_stream(77); }},
  };
  for (const auto& [what, edit] : edits) {
    temporary_directory dir;
    copy_sample(dir / "log");
    change(dir / "log", &environment::events, key_of(300), [&edit = edit](bytes& value) {
      auto r = decode_record(std::span{value}.subspan(32));
      BOOST_REQUIRE(r);
      edit(*r);
      auto data = encode_record(*r);
      auto leaf = leaf_hash(data);
      value.assign(leaf.value.begin(), leaf.value.end());
      value.insert(value.end(), data.begin(), data.end());
      return true;
    });
    auto v = verify_path(dir / "log");
    BOOST_REQUIRE_MESSAGE(v.problem, what);
    BOOST_TEST_MESSAGE(what << ": record " << v.problem->position << ": " << v.problem->text);
    // A payload shows only in what is over the record: first of all in the checkpoint's root.
    if (std::string_view{what} == "payload")
      BOOST_TEST(v.problem->position == records);
    else
      BOOST_TEST(v.problem->position == 300u, what);
  }
}

BOOST_AUTO_TEST_CASE(damaged_pages_never_end_the_parent) {
  temporary_directory dir;
  copy_sample(dir / "log");
  auto good = verify_path(dir / "log");
  auto header = check_data_file(dir / "log");
  BOOST_REQUIRE(header);
  open_file file{::open((dir / "log" / "data.mdb").c_str(), O_RDWR | O_CLOEXEC)};
  BOOST_REQUIRE(bool(file));
  std::mt19937_64 random{seed(6)};
  int found = 0, opened = 0;
  for (int i = 0; i < 1000; ++i) {
    auto page = random() % header->pages;
    auto at = page * header->page_size + (i % 5 == 0 ? random() % header->page_size : random() % 64);
    flipped_byte flip{file.fd(), at, static_cast<std::uint8_t>(1 + random() % 255)};
    auto v = verify_path(dir / "log");
    if (v.problem)
      ++found;
    else
      BOOST_REQUIRE((v.root == good.root && v.records == good.records));
    if (i % 5 == 0 && log::open(dir / "log"))
      ++opened;
  }
  BOOST_TEST_MESSAGE(found << " of 1000 flips found, the others harmless; the writer opened " << opened << " of 200");
  BOOST_TEST(found > 100);
  BOOST_TEST(!verify_path(dir / "log").problem);
}

BOOST_AUTO_TEST_CASE(truncations_never_end_the_parent) {
  std::mt19937_64 random{seed(7)};
  temporary_directory dir;
  copy_sample(dir / "log");
  auto header = check_data_file(dir / "log");
  BOOST_REQUIRE(header);
  auto file = dir / "log" / "data.mdb";
  for (int i = 0; i < 50; ++i) {
    std::filesystem::copy_file(sample() / "data.mdb", file, std::filesystem::copy_options::overwrite_existing);
    std::filesystem::resize_file(file, random() % (header->pages * header->page_size));
    BOOST_TEST(verify_path(dir / "log").problem.has_value());
    BOOST_TEST(!log::open(dir / "log"));
  }
}

BOOST_AUTO_TEST_CASE(an_export_holds_all_and_is_verified_alone) {
  temporary_directory dir;
  auto source = log_source::open(sample());
  BOOST_REQUIRE(source);
  auto count = write_export(*source, dir / "export");
  BOOST_REQUIRE(count);
  BOOST_TEST(*count == records);
  auto a = verify_path(sample()), b = verify_path(dir / "export");
  BOOST_TEST(!b.problem);
  BOOST_TEST((a.root == b.root && a.id == b.id && b.own == checkpoint_status::valid));
  auto again = log_source::open(dir / "export");
  BOOST_REQUIRE(again);
  BOOST_REQUIRE(write_export(*again, dir / "export2"));
  BOOST_TEST((file_text(dir / "export") == file_text(dir / "export2")));
}

BOOST_AUTO_TEST_CASE(a_damaged_export_is_found) {
  temporary_directory dir;
  auto source = log_source::open(sample());
  BOOST_REQUIRE(source);
  BOOST_REQUIRE(write_export(*source, dir / "export"));
  auto whole = file_text(dir / "export");
  std::mt19937_64 random{seed(8)};
  for (int i = 0; i < 300; ++i) {
    auto text = whole;
    if (i % 3 == 0)
      text.resize(random() % text.size());
    else
      text[random() % text.size()] ^= static_cast<char>(1 + random() % 255);
    write_text(dir / "export", text);
    BOOST_TEST(verify_path(dir / "export").problem.has_value());
  }
  write_text(dir / "export", whole + "x");
  BOOST_TEST(verify_path(dir / "export").problem.has_value());
  write_text(dir / "export", "oaksteel export 2\n");
  BOOST_TEST((log_source::open(dir / "export").error().code == storage_code::newer_version));
  write_text(dir / "export", "something else");
  BOOST_TEST((log_source::open(dir / "export").error().code == storage_code::not_ours));
  BOOST_TEST((log_source::open(dir / "absent").error().code == storage_code::missing));
  // A damaged source gives no file.
  write_text(dir / "export", whole.substr(0, whole.size() / 2));
  auto half = log_source::open(dir / "export");
  BOOST_REQUIRE(half);
  BOOST_TEST((write_export(*half, dir / "copy").error().code == storage_code::damaged));
  BOOST_TEST(!std::filesystem::exists(dir / "copy"));
}

BOOST_AUTO_TEST_CASE(checkpoints_are_held_against_the_records) {
  temporary_directory dir;
  copy_sample(dir / "log");
  auto good = verify_path(dir / "log");
  auto at = [&](std::uint64_t size) {
    auto source = log_source::open(dir / "log");
    merkle_frontier tree;
    while (const auto* item = source->next())
      if (const auto* r = std::get_if<scanned_record>(item); r && r->position <= size)
        tree.add(leaf_hash(r->data));
    return log_position{size, tree.root()};
  };
  auto write = [&](const log_position& p, bool simulated = false) {
    BOOST_REQUIRE(write_checkpoint(dir / "log", good.id, simulated, p, sample_key()));
    return verify_path(dir / "log");
  };
  auto old = write(at(300));
  BOOST_TEST((!old.problem && old.own == checkpoint_status::valid));
  auto external = *read_checkpoint(dir / "log");

  auto other = at(299);
  other.size = 300;
  auto wrong = write(other);
  BOOST_TEST((wrong.own == checkpoint_status::invalid && wrong.problem && wrong.problem->position == 300));

  auto beyond = write({records + 1, good.root});
  BOOST_TEST((beyond.own == checkpoint_status::invalid && beyond.problem && beyond.problem->position == records));
  BOOST_TEST(beyond.problem->text.find("missing") != std::string::npos);

  auto simulated = write(at(300), true); // the log is not a simulated one
  BOOST_TEST((simulated.own == checkpoint_status::invalid && simulated.problem));

  write_text(dir / "log" / "checkpoint", "garbage");
  const auto garbage = verify_path(dir / "log");
  BOOST_TEST((garbage.own == checkpoint_status::invalid && garbage.problem));
  BOOST_TEST(garbage.problem->text == "the checkpoint beside the log is no checkpoint");
  write_text(dir / "log" / "checkpoint", "");
  BOOST_TEST(verify_path(dir / "log").problem->text == "the checkpoint beside the log is no checkpoint: it is empty");
  std::filesystem::remove(dir / "log" / "checkpoint");
  auto none = verify_path(dir / "log", external);
  BOOST_TEST((!none.problem && none.own == checkpoint_status::none && none.external == checkpoint_status::valid));
  external->at(external->size() - 10) ^= 1;
  BOOST_TEST((verify_path(dir / "log", external).external == checkpoint_status::invalid));

  auto source = log_source::open(sample());
  auto unchecked = verify(*source, {});
  BOOST_TEST((!unchecked.problem && unchecked.own == checkpoint_status::unchecked));
}

BOOST_AUTO_TEST_CASE(a_log_written_anew_is_found_by_a_checkpoint_kept_elsewhere) {
  temporary_directory dir;
  make_log(dir / "log", 50);
  auto kept = *read_checkpoint(dir / "log");
  std::filesystem::remove_all(dir / "log");
  {
    auto l = log::create(dir / "log", first_record(), bytes(10, 1));
    writer w{*l};
    BOOST_REQUIRE(w.commit(49, 199)); // another history, sound in itself
    BOOST_REQUIRE(write_checkpoint(dir / "log", l->id(), false, l->position(), sample_key()));
  }
  BOOST_TEST(!verify_path(dir / "log").problem);
  auto v = verify_path(dir / "log", kept);
  BOOST_TEST((v.own == checkpoint_status::valid && v.external == checkpoint_status::invalid && v.problem));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel
