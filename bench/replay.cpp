// replay: records a second with all checks, against a cursor that runs over the records in one thread, hashes
// them into the tree and decodes them.

#include "bench/figure.hpp"
#include "bench/story.hpp"
#include "crypto/merkle.hpp"
#include "storage/any_event.hpp"
#include "storage/replay.hpp"

#include <lmdb.h>
#include <malloc.h>

namespace oaksteel::bench {
namespace {

constexpr std::uint64_t records_of_the_log = 200'000;

double run_replay(const std::filesystem::path& directory) {
  std::uint64_t records = 0;
  // As in a process of its own: what earlier slices freed would be copied page by page behind the fork of the reader.
  malloc_trim(0);
  const auto took = time_of([&] {
    auto source = log_source::open(directory);
    if (!source)
      throw bench_failed{source.error().text};
    const auto result = replay(*source);
    if (result.problem)
      throw bench_failed{"replay: " + result.problem->text};
    if (!result.complete || !result.compared)
      throw bench_failed{"replay: the state rows were not compared"};
    records = result.records;
  });
  return static_cast<double>(records) / took.count();
}

/// Closes what LMDB opened, whatever is thrown in between.
struct open_table {
  MDB_env* env = nullptr;
  MDB_txn* txn = nullptr;
  MDB_cursor* cursor = nullptr;

  explicit open_table(const std::filesystem::path& directory) {
    MDB_dbi table = 0;
    int rc = mdb_env_create(&env);
    if (rc == 0)
      rc = mdb_env_set_maxdbs(env, 8);
    if (rc == 0)
      rc = mdb_env_set_mapsize(env, std::size_t{1} << 40);
    if (rc == 0)
      rc = mdb_env_open(env, directory.c_str(), MDB_RDONLY | MDB_NOTLS, 0600);
    if (rc == 0)
      rc = mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn);
    if (rc == 0)
      rc = mdb_dbi_open(txn, "events", 0, &table);
    if (rc == 0)
      rc = mdb_cursor_open(txn, table, &cursor);
    if (rc != 0)
      throw bench_failed{std::string{"the bare scan: "} + mdb_strerror(rc)};
  }
  open_table(const open_table&) = delete;
  open_table& operator=(const open_table&) = delete;
  ~open_table() {
    mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
    mdb_env_close(env);
  }
};

double run_scan(const std::filesystem::path& directory) {
  merkle_frontier tree;
  const auto took = time_of([&] {
    const open_table table{directory};
    MDB_val key{}, value{};
    while (mdb_cursor_get(table.cursor, &key, &value, MDB_NEXT) == 0) {
      const std::span data{static_cast<const std::uint8_t*>(value.mv_data) + 32, value.mv_size - 32};
      tree.add(leaf_hash(data));
      const auto decoded = decode_record(data);
      if (!decoded || !decode_event(*decoded))
        throw bench_failed{"the bare scan: a record cannot be decoded"};
    }
  });
  return static_cast<double>(tree.size()) / took.count();
}

} // namespace

figure replay_figure(const bench_options& options) {
  const auto directory = options.data / "replay";
  const auto records = options.scaled(records_of_the_log);
  story{directory}.grow_to(records);
  const auto result =
    alternate(options.pairs(), [&] { return run_replay(directory); }, [&] { return run_scan(directory); });
  figure f{"replay", result.ratio, options.pairs(), 0.7, {}, {}};
  f.notes.push_back(std::to_string(records) + " records of key installations, mean "
                    + std::to_string(std::filesystem::file_size(directory / "data.mdb") / records)
                    + " bytes of file each, in the page cache");
  f.notes.push_back("replay with all checks and the comparison of all state rows "
                    + rate_text(result.ours.median, "records/s")
                    + ", cursor, leaf and interior hashes, decoding in one thread "
                    + rate_text(result.reference.median, "records/s"));
  return f;
}

} // namespace oaksteel::bench
