#include "storage/environment.hpp"

#include "storage/child.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace oaksteel {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t map_size = std::size_t{1} << 40; // address space, not disk; set once and never again
constexpr unsigned reader_limit = 1000;

constexpr std::uint32_t lmdb_magic = 0xBEEFC0DE;

storage_error damaged(const fs::path& where, std::string_view what) {
  return {storage_code::damaged, where.string() + ": " + std::string{what}};
}

} // namespace

storage_error never_written(const fs::path& dir) {
  std::error_code none;
  if (fs::exists(dir / "checkpoint", none))
    return {storage_code::damaged, data_file(dir).string() + ": was cut off: the checkpoint beside it speaks of records"};
  return {storage_code::missing, dir.string() + ": holds no log (one was begun and never written)"};
}

fs::path data_file(const fs::path& dir) { return dir / "data.mdb"; }

page_tree::page_tree(std::span<const std::uint8_t> described)
  : page_size(number_at<std::uint32_t>(described, 0)), flags(number_at<std::uint16_t>(described, 4)),
    depth(number_at<std::uint16_t>(described, 6)), branches(number_at<std::uint64_t>(described, 8)),
    leaves(number_at<std::uint64_t>(described, 16)), overflows(number_at<std::uint64_t>(described, 24)),
    entries(number_at<std::uint64_t>(described, 32)), root(number_at<std::uint64_t>(described, 40)) {}

std::optional<meta_page> read_meta(int fd, std::uint64_t at) {
  std::array<std::uint8_t, 136> raw;
  if (pread(fd, raw.data(), raw.size(), static_cast<off_t>(at + page_header)) != static_cast<ssize_t>(raw.size()))
    return std::nullopt;
  const std::span<const std::uint8_t> b{raw};
  return meta_page{number_at<std::uint32_t>(b, 0),        number_at<std::uint32_t>(b, 4),
                   page_tree{b.subspan(24, table_size)},  page_tree{b.subspan(72, table_size)},
                   number_at<std::uint64_t>(b, 120),      number_at<std::uint64_t>(b, 128)};
}

stored<file_header> check_data_file(const fs::path& dir) {
  auto path = data_file(dir);
  // LMDB would follow a link, and a writer change a file elsewhere.
  open_file file{open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
  struct stat s {};
  if (!file && errno == ELOOP)
    return unexpected{storage_error{storage_code::not_ours, path.string() + ": a symbolic link; a log's file lies in "
                                                                            "its directory"}};
  if (!file || fstat(file.fd(), &s) != 0) {
    if (errno == ENOENT || errno == ENOTDIR)
      return unexpected{storage_error{storage_code::missing, dir.string() + ": holds no log"}};
    return unexpected{system_error(errno, "cannot be read", path)};
  }
  if (!S_ISREG(s.st_mode))
    return unexpected{storage_error{storage_code::not_ours, path.string() + ": not a regular file"}};
  if (s.st_size == 0)
    return unexpected{never_written(dir)};
  auto first = read_meta(file.fd(), 0);
  if (!first)
    return unexpected{damaged(path, "too short for a log; it was cut off")};
  if (first->magic != lmdb_magic || first->version != 1)
    return unexpected{storage_error{storage_code::not_ours, path.string() + ": not an LMDB data file of version 1"}};
  const std::uint64_t page = first->free_pages.page_size;
  if (page < 512 || page > 65536 || (page & (page - 1)) != 0)
    return unexpected{damaged(path, "the first page names an impossible page size")};
  auto second = read_meta(file.fd(), page);
  if (!second && first->transaction == 0)
    return unexpected{never_written(dir)};
  if (!second)
    return unexpected{damaged(path, "too short for a log; it was cut off")};
  if (second->magic != lmdb_magic || second->version != 1 || second->free_pages.page_size != page)
    return unexpected{damaged(path, "its two first pages contradict one another")};
  auto size = static_cast<std::uint64_t>(s.st_size);
  // LMDB reads the newer one. The other may be half of a commit that was cut short: the number of the transaction is
  // the last that is written of it.
  const auto& newest = second->transaction > first->transaction ? *second : *first;
  if (newest.last_page >= map_size / page || (newest.last_page + 1) * page > size)
    return unexpected{damaged(path, "it has " + std::to_string(size) + " bytes, its last page lies beyond: cut off")};
  for (const auto* tree : {&newest.names, &newest.free_pages})
    if (tree->root != no_page && tree->root > newest.last_page)
      return unexpected{damaged(path, "a first page points outside the file")};
  return file_header{page, newest.last_page + 1, newest.names.entries};
}

storage_error lmdb_error(int rc, std::string_view doing, const fs::path& dir) {
  auto code = storage_code::io;
  switch (rc) {
  case MDB_MAP_FULL:
    code = storage_code::full;
    break;
  case MDB_CORRUPTED:
  case MDB_PAGE_NOTFOUND:
  case MDB_CURSOR_FULL:
  case MDB_BAD_TXN:
    code = storage_code::damaged;
    break;
  case MDB_INVALID:
  case MDB_INCOMPATIBLE:
  case MDB_VERSION_MISMATCH:
    code = storage_code::not_ours;
    break;
  default:
    if (rc > 0)
      return system_error(rc, doing, dir);
    break;
  }
  return {code, dir.string() + ": " + std::string{doing} + ": " + mdb_strerror(rc)};
}

std::array<std::uint8_t, 8> big_endian(std::uint64_t n) {
  std::array<std::uint8_t, 8> result;
  for (int i = 7; i >= 0; --i, n >>= 8)
    result[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(n);
  return result;
}

std::uint64_t from_big_endian(std::span<const std::uint8_t> data) {
  if (data.size() != 8)
    return 0;
  std::uint64_t result = 0;
  for (auto b : data)
    result = result << 8 | b;
  return result;
}

std::optional<row_view> read_row(std::span<const std::uint8_t> value) {
  if (value.size() < row_prefix)
    return std::nullopt;
  return row_view{number_at<std::uint64_t>(value, 0), number_at<std::uint64_t>(value, 8),
                  value.subspan(row_prefix)};
}

std::optional<std::span<const std::uint8_t>> lmdb_transaction::find(MDB_dbi table, MDB_val key) const {
  MDB_val value;
  if (mdb_get(txn_, table, &key, &value) != 0)
    return std::nullopt;
  return as_span(value);
}

stored<std::unique_ptr<environment>> environment::open(const fs::path& dir, access how) {
  std::unique_ptr<environment> e{new environment};
  if (int rc = mdb_env_create(&e->env_))
    return unexpected{lmdb_error(rc, "cannot be opened", dir)};
  mdb_env_set_maxdbs(e->env_, 8);
  mdb_env_set_mapsize(e->env_, map_size);
  mdb_env_set_maxreaders(e->env_, reader_limit);
  // Where LMDB finds its own file impossible it ends the process; a reader's child does so without a word.
  if (how == access::read)
    mdb_env_set_assert(e->env_, [](MDB_env*, const char*) { std::abort(); });
  unsigned flags = MDB_NOTLS | (how == access::read ? MDB_RDONLY : 0);
  int rc = mdb_env_open(e->env_, dir.c_str(), flags, 0600);
  if (how == access::read && (rc == EACCES || rc == EPERM)) {
    // LMDB's lock file cannot be written here. Without it only a log that nobody writes may be read, which
    // a shared lock on the writer's lock file makes sure of while we read.
    e->shared_lock_ = open_file{::open((dir / "lock").c_str(), O_RDONLY | O_CLOEXEC)};
    if (e->shared_lock_ && flock(e->shared_lock_.fd(), LOCK_SH | LOCK_NB) != 0)
      return unexpected{storage_error{storage_code::locked, dir.string() + ": is being written; reading beside the "
                                                                           "writer needs write access to lock.mdb"}};
    mdb_env_close(e->env_);
    e->env_ = nullptr;
    if ((rc = mdb_env_create(&e->env_)) == 0) {
      mdb_env_set_maxdbs(e->env_, 8);
      mdb_env_set_mapsize(e->env_, map_size);
      rc = mdb_env_open(e->env_, dir.c_str(), flags | MDB_NOLOCK, 0600);
    }
  }
  if (rc == 0 && how != access::create) {
    lmdb_transaction txn;
    rc = txn.begin(e->env_, MDB_RDONLY);
    if (rc == 0)
      rc = e->open_tables(txn, 0);
    if (rc == 0)
      rc = txn.commit(); // keeps the table handles, though it only read
  }
  if (rc == MDB_NOTFOUND)
    return unexpected{storage_error{storage_code::not_ours, dir.string() + ": an LMDB file, but no oaksteel log"}};
  if (rc != 0)
    return unexpected{lmdb_error(rc, "cannot be opened", dir)};
  return e;
}

environment::~environment() {
  if (env_)
    mdb_env_close(env_);
}

int environment::open_tables(const lmdb_transaction& txn, unsigned flags) {
  std::pair<const char*, MDB_dbi*> tables[] = {{"events", &events},   {"streams", &streams}, {"merkle", &merkle},
                                               {"lookups", &lookups}, {"sealed", &sealed},   {"meta", &meta}};
  for (auto [name, table] : tables)
    if (int rc = mdb_dbi_open(txn.raw(), name, flags, table))
      return rc;
  return 0;
}

stored<log_identification> read_identification(const environment& env, const lmdb_transaction& txn,
                                               const fs::path& dir) {
  auto format = txn.find(env.meta, as_val(format_row));
  if (!format || format->size() != 4)
    return unexpected{storage_error{storage_code::not_ours, dir.string() + ": an LMDB file, but no oaksteel log"}};
  auto version = number_at<std::uint32_t>(*format, 0);
  if (version > log_format)
    return unexpected{storage_error{storage_code::newer_version, dir.string() + ": format " + std::to_string(version) +
                                                                     " is newer than this program, which reads up to " +
                                                                     std::to_string(log_format)}};
  // The rows of states are as the program of then had them; records are read for ever.
  if (version != 0 && version < log_format)
    return unexpected{storage_error{storage_code::older_version, dir.string() + ": format " + std::to_string(version) +
                                                                     ", of an earlier program; this one reads format " +
                                                                     std::to_string(log_format) +
                                                                     " and what the earlier one's `log export` writes"}};
  auto id = txn.find(env.meta, as_val(id_row));
  auto epoch = txn.find(env.meta, as_val(epoch_row));
  if (version == 0 || !id || id->size() != 32 || !epoch || epoch->size() != 4)
    return unexpected{damaged(dir, "the rows that every log begins with are damaged")};
  log_identification log;
  std::memcpy(log.id.value.data(), id->data(), 32);
  log.epoch = number_at<std::uint32_t>(*epoch, 0);
  return log;
}

stored<log_start> read_start(const environment& env, const lmdb_transaction& txn, const fs::path& dir) {
  auto log = read_identification(env, txn, dir);
  if (!log)
    return unexpected{log.error()};
  auto frontier = txn.find(env.merkle, as_val(frontier_row));
  if (!frontier || frontier->size() < 8 || (frontier->size() - 8) % 32 != 0 || frontier->size() > 8 + 64 * 32)
    return unexpected{damaged(dir, "the frontier of the tree of hashes is damaged")};
  log_start start{*log, number_at<std::uint64_t>(*frontier, 0), {}};
  start.peaks.resize((frontier->size() - 8) / 32);
  for (std::size_t i = 0; i < start.peaks.size(); ++i)
    std::memcpy(start.peaks[i].value.data(), frontier->data() + 8 + 32 * i, 32);

  cursor last;
  MDB_val key, value;
  if (last.open(txn, env.events) != 0 || last.move(key, value, MDB_LAST) != 0 ||
      from_big_endian(as_span(key)) != start.size || value.mv_size <= 32)
    return unexpected{damaged(dir, "the last record is not the one that the tree of hashes ends with")};
  return start;
}

stored<done> probe(const fs::path& dir) {
  child_process child{[&dir](int fd) {
    auto say = [fd](const storage_error& e) {
      auto code = static_cast<char>(e.code);
      child_process::write_all(fd, &code, 1);
      child_process::write_all(fd, e.text.data(), e.text.size());
      return 0;
    };
    auto env = environment::open(dir, access::read);
    if (!env)
      return say(env.error());
    lmdb_transaction txn;
    if (int rc = txn.begin((*env)->raw(), MDB_RDONLY))
      return say(lmdb_error(rc, "cannot be read", dir));
    auto start = read_start(**env, txn, dir);
    return start ? 0 : say(start.error());
  }};
  if (!child.started())
    return unexpected{system_error(errno, "no process to check it in", dir)};
  std::string said(1024, '\0');
  std::size_t got = 0;
  while (auto n = child.read(said.data() + got, said.size() - got))
    got += n;
  if (auto end = child.finish(); !end.empty())
    return unexpected{damaged(data_file(dir), "reading it ends the reader (" + end + ")")};
  if (got > 0)
    return unexpected{storage_error{static_cast<storage_code>(said[0]), said.substr(1, got - 1)}};
  return done{};
}

} // namespace oaksteel
