#pragma once
// What the log is held against: one LMDB table to which rows are appended, one durable commit for each batch.
// LMDB as it comes: nothing is hashed, encoded or looked up, and the file grows as LMDB grows it.

#include <lmdb.h>

#include <cstdint>
#include <filesystem>
#include <vector>

namespace oaksteel::bench {

class plain_table {
public:
  /// Makes an environment in `directory`. Throws bench_failed, as the others do.
  explicit plain_table(const std::filesystem::path& directory);
  ~plain_table();
  plain_table(const plain_table&) = delete;
  plain_table& operator=(const plain_table&) = delete;

  /// Appends `rows` rows of `row_bytes` bytes, keys of 8 bytes included, in one durable commit.
  void append(std::size_t rows, std::size_t row_bytes);

private:
  MDB_env* env_ = nullptr;
  MDB_dbi table_ = 0;
  std::uint64_t last_ = 0;
  std::vector<std::uint8_t> row_;
};

} // namespace oaksteel::bench
