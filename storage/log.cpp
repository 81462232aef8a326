// The layout of a log, format 3. DIR holds
//
//   data.mdb, lock.mdb   an LMDB environment (below); lock.mdb lists its readers
//   lock                 held with flock by the process that writes
//   checkpoint           the last signed checkpoint (checkpoint.hpp)
//
// The environment has six tables. Positions and node numbers as keys are big-endian u64, so that they sort as
// numbers; integers in values are little-endian, but for the positions in `lookups`.
//
//   events   position                    -> leaf(32) record          appended only; leaf = H(0x00 || record)
//   streams  kind(u8) name               -> version(u64) head(u64) state
//   merkle   node number, from 0         -> hash(32)                 RFC 6962 subtree over 256 complete leaves
//            "f"                         -> size(u64) peak(32)*      the frontier, largest subtree first
//   lookups  index(u8) key               -> position(u64, big-endian)
//   sealed   position                    -> sealed material of that event
//   meta     "format" -> u32   "id" -> log id(32)   "epoch" -> u32, of the last writer that committed
//
// A log that was restored from a backup lies behind its parent in the same tables: positions, streams, hashes and
// sealed material go on, records carry the new log's id from its first record on, and "id" is the new one.
//
// A commit holds events, the last state of each stream that they touch, their look-up rows and sealed
// material, the nodes that they complete, and the frontier. A writer that opens the log takes the epoch after
// the stored one; it is stored with that writer's first commit, in whose transaction an older writer finds
// itself fenced off.

#include "storage/log.hpp"

#include "storage/archive.hpp"
#include "storage/commit.hpp"
#include "storage/log_view.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace oaksteel {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t mebibyte = 1 << 20;
constexpr std::uint64_t extend_from = 1 * mebibyte; ///< smaller logs stay as small as they are
constexpr std::uint64_t least_step = 4 * mebibyte, greatest_step = 64 * mebibyte;
constexpr std::uint32_t first_epoch = 1;
constexpr unsigned commits_between_checks = 256; ///< of readers that died, and of a disk that was full

stored<open_file> take_lock(const fs::path& dir) {
  auto path = dir / "lock";
  open_file file{open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (!file)
    return unexpected{system_error(errno, "cannot be opened for writing", path)};
  if (flock(file.fd(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK)
      return unexpected{storage_error{storage_code::locked, dir.string() + ": another process is using this log; stop "
                                                                           "it, or give a directory of its own"}};
    return unexpected{system_error(errno, "cannot be locked", path)};
  }
  return file;
}

stored<done> make_directory(const fs::path& dir) {
  auto parent = fs::absolute(dir).lexically_normal().parent_path();
  std::error_code error;
  fs::create_directories(parent, error);
  if (error)
    return unexpected{system_error(error.value(), "cannot be created", parent)};
  if (mkdir(dir.c_str(), 0700) == 0)
    return sync_directory(parent);
  if (errno != EEXIST || !fs::is_directory(dir, error))
    return unexpected{system_error(errno, "cannot be created", dir)};
  return done{};
}

int put(const lmdb_transaction& txn, MDB_dbi table, MDB_val key, MDB_val value) {
  return mdb_put(txn.raw(), table, &key, &value, 0);
}

/// The tables and the first record, in one transaction: a creation that is cut short leaves no log at all.
int write_first(environment& env, const digest& id, const digest& leaf, const bytes& data, const stream_id& stream,
                const bytes& state) {
  lmdb_transaction txn;
  int rc = txn.begin(env.raw(), 0);
  if (rc == 0)
    rc = env.open_tables(txn, MDB_CREATE);
  auto position = big_endian(1);
  bytes event{leaf.value.begin(), leaf.value.end()};
  event.insert(event.end(), data.begin(), data.end());
  std::string key;
  stream_key(stream, key);
  auto row = encode(std::pair{std::uint64_t{1}, std::uint64_t{1}});
  row.insert(row.end(), state.begin(), state.end());
  auto frontier = encode(std::pair{std::uint64_t{1}, leaf});
  std::tuple<MDB_dbi, MDB_val, MDB_val> rows[] = {
      {env.events, as_val(position), as_val(event)},        {env.streams, as_val(key), as_val(row)},
      {env.merkle, as_val(frontier_row), as_val(frontier)}, {env.meta, as_val(format_row), as_val(log_format)},
      {env.meta, as_val(id_row), as_val(id.value)},         {env.meta, as_val(epoch_row), as_val(first_epoch)},
  };
  for (const auto& [table, k, v] : rows)
    if (rc == 0)
      rc = put(txn, table, k, v);
  return rc == 0 ? txn.commit() : rc;
}

/// Of the log that the directory began with.
std::optional<digest> id_of_first(const environment& env, const lmdb_transaction& txn) {
  const auto first = big_endian(1);
  const auto value = txn.find(env.events, as_val(first));
  return value && value->size() > 32 ? std::optional{sha256(value->subspan(32))} : std::nullopt;
}

} // namespace

struct log::impl {
  impl(fs::path where, open_file held, std::unique_ptr<environment> env, const digest& of, std::uint32_t writer,
       merkle_frontier tree)
      : dir(std::move(where)), lock(std::move(held)), reads(std::make_shared<reading>(std::move(env))), id(of),
        stored_id(of), origin(of), epoch(writer), frontier(std::move(tree)), ends(reads),
        turns{commit{reads}, commit{reads}} {}

  fs::path dir;
  open_file lock;
  std::shared_ptr<reading> reads;
  digest id, stored_id, origin;
  std::uint32_t epoch = 0, stored_epoch = 0;
  merkle_frontier frontier; ///< behind the last settled commit
  stream_ends ends;
  std::array<commit, 2> turns;
  commit* open = &turns[0];
  bool begun = false;       ///< `open` has been emptied for its next use: by the first request, when nobody waits
  commit* closed = nullptr; ///< being written
  std::uint64_t allocated = 0; ///< bytes of the data file that were asked for in advance
  std::uint64_t step = least_step;
  unsigned commits = 0;
  unsigned try_extending_at = 0; ///< after a refusal: the commit to ask again

  stored<done> write();
  void settle(bool written);
  stored<done> check_epoch(const lmdb_transaction& txn) const;
  void extend();
  storage_error failure(int rc) const;
};

/// Grows the data file ahead of the commits: a flush that need not record a new length is faster. LMDB minds
/// its own count of pages and not the file's length. What the disk refuses here may still fit as it comes.
void log::impl::extend() {
  MDB_envinfo info{};
  MDB_stat stat{};
  int fd = -1;
  if (mdb_env_info(reads->env->raw(), &info) != 0 || mdb_env_stat(reads->env->raw(), &stat) != 0 ||
      mdb_env_get_fd(reads->env->raw(), &fd) != 0)
    return;
  auto used = (info.me_last_pgno + 1) * stat.ms_psize;
  if (used < extend_from || used + mebibyte < allocated || commits < try_extending_at)
    return;
  if (allocated == 0) {
    struct stat s {};
    if (fstat(fd, &s) == 0)
      allocated = std::max(used, static_cast<std::uint64_t>(s.st_size));
    if (used + mebibyte < allocated)
      return;
  }
  auto from = std::max(used, allocated);
  if (fallocate(fd, 0, static_cast<off_t>(from), static_cast<off_t>(step)) == 0) {
    allocated = from + step;
    step = std::min(step * 2, greatest_step);
  } else {
    step = least_step;
    try_extending_at = commits + commits_between_checks;
  }
}

/// LMDB reports a write that was cut short as EIO, also when the disk is full.
storage_error log::impl::failure(int rc) const {
  struct statvfs disk {};
  if (rc == EIO && statvfs(dir.c_str(), &disk) == 0 && disk.f_bavail * disk.f_frsize < mebibyte)
    rc = ENOSPC;
  return lmdb_error(rc, "the last commit was not written; what the log has stays, and the same command goes on", dir);
}

stored<done> log::impl::check_epoch(const lmdb_transaction& txn) const {
  auto row = txn.find(reads->env->meta, as_val(epoch_row));
  std::uint32_t last = 0;
  if (!row || row->size() != sizeof last)
    return unexpected{storage_error{storage_code::damaged, dir.string() + ": the writer's epoch is damaged"}};
  std::memcpy(&last, row->data(), sizeof last);
  if (last != stored_epoch)
    return unexpected{storage_error{storage_code::locked, dir.string() +
                                                              ": another writer has gone on with this log "
                                                              "(epoch " +
                                                              std::to_string(last) + ", ours is " +
                                                              std::to_string(epoch) + ")"}};
  return done{};
}

stored<done> log::impl::write() {
  ++commits;
  extend();
  const auto& env = *reads->env;
  if (commits % commits_between_checks == 0)
    mdb_reader_check(env.raw(), nullptr);
  lmdb_transaction txn;
  if (int rc = txn.begin(env.raw(), 0))
    return unexpected{failure(rc)};
  if (auto fenced = check_epoch(txn); !fenced)
    return unexpected{fenced.error()};
  int rc = closed->write(txn);
  if (rc == 0 && stored_epoch != epoch)
    rc = put(txn, env.meta, as_val(epoch_row), as_val(epoch));
  if (rc == 0 && stored_id != id)
    rc = put(txn, env.meta, as_val(id_row), as_val(id.value));
  if (rc == 0)
    rc = txn.commit();
  if (rc != 0)
    return unexpected{failure(rc)};
  stored_epoch = epoch;
  stored_id = id;
  return done{};
}

void log::impl::settle(bool written) {
  if (written) {
    frontier = closed->tree();
  } else {
    begun = false;
    ends.forget();
  }
  closed = nullptr;
}

stored<log> log::create(const fs::path& dir, record first, bytes first_state) {
  if (auto made = make_directory(dir); !made)
    return unexpected{made.error()};
  auto lock = take_lock(dir);
  if (!lock)
    return unexpected{lock.error()};
  if (present(dir))
    return unexpected{storage_error{storage_code::exists, dir.string() + ": holds a log already"}};
  if (first_state.size() > state_limit)
    return unexpected{storage_error{storage_code::too_large, dir.string() + ": the first state exceeds 8192 bytes"}};

  first.log = {};
  first.position = 1;
  first.previous = 0;
  first.epoch = first_epoch;
  if (first.correlation && first.correlation->position == 0)
    first.correlation->position = 1;
  auto data = encode_record(first);
  if (data.size() > record_limit)
    return unexpected{storage_error{storage_code::too_large, dir.string() + ": the first record exceeds 65535 bytes"}};
  // What was begun and is not even an empty environment, LMDB would not open.
  if (auto begun = check_data_file(dir); !begun && begun.error().code == storage_code::missing &&
      unlink(data_file(dir).c_str()) != 0 && errno != ENOENT)
    return unexpected{system_error(errno, "cannot be replaced", data_file(dir))};
  auto env = environment::open(dir, access::create);
  if (!env)
    return unexpected{env.error()};
  auto leaf = leaf_hash(data);
  merkle_frontier tree;
  tree.add(leaf);
  auto i = std::make_unique<impl>(dir, std::move(*lock), std::move(*env), sha256(data), first_epoch, std::move(tree));
  if (int rc = write_first(*i->reads->env, i->id, leaf, data, first.stream, first_state))
    return unexpected{i->failure(rc)};
  i->stored_epoch = first_epoch;
  if (auto synced = sync_directory(dir); !synced)
    return unexpected{synced.error()};
  return log{std::move(i)};
}

stored<log> log::open(const fs::path& dir) {
  auto header = check_data_file(dir);
  if (!header)
    return unexpected{header.error()};
  if (header->tables == 0)
    return unexpected{never_written(dir)};
  auto lock = take_lock(dir);
  if (!lock)
    return unexpected{lock.error()};
  if (::access(data_file(dir).c_str(), R_OK | W_OK) != 0)
    return unexpected{system_error(errno, "cannot be written", data_file(dir))};
  if (auto readable = probe(dir); !readable)
    return unexpected{readable.error()};
  auto env = environment::open(dir, access::write);
  if (!env)
    return unexpected{env.error()};
  mdb_reader_check((*env)->raw(), nullptr);
  lmdb_transaction txn;
  if (int rc = txn.begin((*env)->raw(), MDB_RDONLY))
    return unexpected{lmdb_error(rc, "cannot be read", dir)};
  auto start = read_start(**env, txn, dir);
  if (!start)
    return unexpected{start.error()};
  const auto origin = id_of_first(**env, txn);
  txn.abort();
  auto frontier = merkle_frontier::resume(start->size, std::move(start->peaks));
  if (!frontier || !origin)
    return unexpected{storage_error{storage_code::damaged, dir.string() + ": the tree's frontier is damaged"}};
  auto i = std::make_unique<impl>(dir, std::move(*lock), std::move(*env), start->log.id, start->log.epoch + 1,
                                  std::move(*frontier));
  i->stored_epoch = start->log.epoch;
  i->origin = *origin;
  return log{std::move(i)};
}

bool log::present(const fs::path& dir) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(data_file(dir), error)))
    return false;
  // A creation that was cut short leaves an environment without a table, or one not even that long.
  auto header = check_data_file(dir);
  return header ? header->tables != 0 : header.error().code != storage_code::missing;
}

log::log(std::unique_ptr<impl> i) : impl_(std::move(i)) {}
log::log(log&&) noexcept = default;
log& log::operator=(log&&) noexcept = default;
log::~log() = default;

const digest& log::id() const { return impl_->id; }

const digest& log::origin() const { return impl_->origin; }

std::uint32_t log::epoch() const { return impl_->epoch; }

void log::raise_epoch(std::uint32_t epoch) { impl_->epoch = std::max(impl_->epoch, epoch); }

log_position log::position() const { return {impl_->frontier.size(), impl_->frontier.root()}; }

std::uint64_t log::size() const { return impl_->frontier.size(); }

const fs::path& log::directory() const { return impl_->dir; }

stored<std::vector<stored<appended>>> log::append(const std::vector<const append_request*>& requests) {
  std::vector<stored<appended>> results;
  results.reserve(requests.size());
  for (const auto* request : requests)
    results.push_back(stage(*request));
  if (staged() == 0)
    return results;
  close();
  auto written = write();
  settle(written.has_value());
  if (!written)
    return unexpected{std::move(written.error())};
  return results;
}

stored<done> log::begin_next(const append_request& first) {
  auto& i = *impl_;
  const auto parent = std::exchange(i.id, {});
  auto taken = first.events.size() == 1 ? stage(first)
                                        : stored<appended>{unexpected{storage_error{
                                            storage_code::io, i.dir.string() + ": a log begins with one record"}}};
  if (taken) {
    i.id = sha256(i.open->record_bytes(0));
    close();
    auto written = write();
    settle(written.has_value());
    if (written)
      return done{};
    taken = unexpected{std::move(written.error())};
  }
  i.id = parent;
  i.begun = false;
  return unexpected{std::move(taken.error())};
}

stored<appended> log::stage(const append_request& request) {
  auto& i = *impl_;
  if (!std::exchange(i.begun, true))
    i.open->begin(i.id, i.epoch, i.closed ? i.closed->tree() : i.frontier, i.ends);
  return i.open->take(request);
}

std::size_t log::staged() const { return impl_->begun ? impl_->open->events() : 0; }

void log::close() {
  auto& i = *impl_;
  i.closed = i.open;
  i.open = i.closed == &i.turns[0] ? &i.turns[1] : &i.turns[0];
  i.begun = false;
}

stored<done> log::write() { return impl_->write(); }

void log::settle(bool written) { impl_->settle(written); }

log_view log::view() const { return view_of(impl_->reads); }

} // namespace oaksteel
