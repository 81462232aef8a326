#include "bench/plain_table.hpp"

#include "bench/figure.hpp"

#include <string>

namespace oaksteel::bench {
namespace {

constexpr std::size_t map_size = std::size_t{1} << 40; // as the log's

void must(int rc, const char* what) {
  if (rc != 0)
    throw bench_failed{std::string{"plain LMDB, "} + what + ": " + mdb_strerror(rc)};
}

} // namespace

plain_table::plain_table(const std::filesystem::path& directory) {
  std::filesystem::create_directories(directory);
  must(mdb_env_create(&env_), "create");
  must(mdb_env_set_mapsize(env_, map_size), "map size");
  must(mdb_env_open(env_, directory.c_str(), MDB_NOTLS, 0600), "open");
  MDB_txn* txn = nullptr;
  must(mdb_txn_begin(env_, nullptr, 0, &txn), "begin");
  must(mdb_dbi_open(txn, nullptr, 0, &table_), "table");
  must(mdb_txn_commit(txn), "commit");
}

plain_table::~plain_table() {
  mdb_env_close(env_);
}

void plain_table::append(std::size_t rows, std::size_t row_bytes) {
  std::uint8_t key[8];
  row_.resize(row_bytes - sizeof key);
  MDB_txn* txn = nullptr;
  must(mdb_txn_begin(env_, nullptr, 0, &txn), "begin");
  MDB_cursor* cursor = nullptr;
  must(mdb_cursor_open(txn, table_, &cursor), "cursor");
  for (std::size_t i = 0; i < rows; ++i) {
    auto n = ++last_;
    for (int place = 7; place >= 0; --place, n >>= 8)
      key[place] = static_cast<std::uint8_t>(n);
    row_[i % row_.size()] ^= static_cast<std::uint8_t>(last_);
    MDB_val k{sizeof key, key}, v{row_.size(), row_.data()};
    must(mdb_cursor_put(cursor, &k, &v, MDB_APPEND), "append");
  }
  mdb_cursor_close(cursor);
  must(mdb_txn_commit(txn), "commit");
}

} // namespace oaksteel::bench
