#include "storage/scan.hpp"

#include "crypto/merkle.hpp"
#include "storage/child.hpp"
#include "storage/pages.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <unistd.h>

namespace oaksteel {

namespace {

constexpr std::size_t batch_bytes = 256 * 1024; // many records for one switch to the reader

/// The frames that are not written yet. One for the process, since a crash handler has no other way to it.
struct {
  std::array<std::uint8_t, batch_bytes + frame_limit + 64> data;
  volatile std::sig_atomic_t complete; ///< bytes of whole frames
  int fd;
} waiting;

/// Says what was read before the page that ended us. Only calls that a signal handler may make.
void write_and_die(int signal) {
  child_process::write_all(waiting.fd, waiting.data.data(), static_cast<std::size_t>(waiting.complete));
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void write_at_a_crash(int fd) {
  waiting.fd = fd;
  waiting.complete = 0;
  static std::array<std::uint8_t, 64 * 1024> other_stack; // a crash may be the stack's end
  stack_t stack{};
  stack.ss_sp = other_stack.data();
  stack.ss_size = other_stack.size();
  sigaltstack(&stack, nullptr);
  struct sigaction action {};
  action.sa_handler = write_and_die;
  action.sa_flags = SA_ONSTACK | SA_NODEFER;
  for (int s : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGPROF})
    sigaction(s, &action, nullptr);
}

bool flush() {
  child_process::still_alive();
  bool read = child_process::write_all(waiting.fd, waiting.data.data(), static_cast<std::size_t>(waiting.complete));
  waiting.complete = 0;
  return read;
}

/// Adds a frame made of `parts`; false when nobody reads any more.
template <class... Part>
bool frame(frame_kind kind, const Part&... parts) {
  std::size_t length = (std::size_t{0} + ... + parts.size());
  if (length > frame_limit)
    return false;
  if (static_cast<std::size_t>(waiting.complete) + 8 + length > waiting.data.size() && !flush())
    return false;
  auto* to = waiting.data.data() + waiting.complete;
  std::uint32_t header[2] = {static_cast<std::uint32_t>(kind), static_cast<std::uint32_t>(length)};
  std::memcpy(to, header, 8);
  to += 8;
  ((std::memcpy(to, parts.data(), parts.size()), to += parts.size()), ...);
  waiting.complete = static_cast<std::sig_atomic_t>(to - waiting.data.data());
  return waiting.complete < static_cast<std::sig_atomic_t>(batch_bytes) || flush();
}

template <class T>
std::span<const std::uint8_t> number(const T& n) {
  return {reinterpret_cast<const std::uint8_t*>(&n), sizeof n};
}

bool problem(std::uint64_t position, std::string_view text) {
  frame(frame_kind::problem, number(position), text);
  return false;
}

bool failure(const storage_error& e) {
  frame(frame_kind::failure, number(e.code), e.text);
  return false;
}

/// LMDB's own complaint, at the row that would have come.
bool unreadable(std::uint64_t position, std::string_view table, int rc) {
  return problem(position, std::string{table} + " cannot be read on: " + mdb_strerror(rc));
}

bool scan_records(const environment& env, const lmdb_transaction& txn, std::uint64_t& size) {
  cursor records;
  MDB_val key, value;
  int rc = records.open(txn, env.events);
  std::uint64_t position = 0;
  if (rc == 0)
    rc = records.move(key, value, MDB_FIRST);
  for (; rc == 0; rc = records.move(key, value, MDB_NEXT)) {
    ++position;
    if (from_big_endian(as_span(key)) != position)
      return problem(position, "record " + std::to_string(position) + " is missing");
    if (value.mv_size <= 32 || value.mv_size > 32 + record_limit)
      return problem(position, "record " + std::to_string(position) + " has an impossible size");
    if (!frame(frame_kind::record, number(position), as_span(value)))
      return false;
  }
  size = position;
  return rc == MDB_NOTFOUND || unreadable(position + 1, "the table of records", rc);
}

enum class row { good, damaged, unheard };

/// Hands each row of a table to `take`; false at the first that is not good. `size` is for messages.
template <class Take>
bool scan_table(const lmdb_transaction& txn, MDB_dbi table, std::string_view what, std::uint64_t size, Take take) {
  cursor rows;
  MDB_val key, value;
  int rc = rows.open(txn, table);
  if (rc == 0)
    rc = rows.move(key, value, MDB_FIRST);
  for (; rc == 0; rc = rows.move(key, value, MDB_NEXT)) {
    const auto found = take(as_span(key), as_span(value));
    if (found == row::damaged)
      return problem(size, std::string{what} + " is damaged");
    if (found == row::unheard)
      return false;
  }
  return rc == MDB_NOTFOUND || unreadable(size, what, rc);
}

row heard(bool read) { return read ? row::good : row::unheard; }

/// Keys of a table ascend; asked for each, so that a ring of pages comes to an end.
class ascending {
public:
  bool next(std::span<const std::uint8_t> key) {
    std::string_view text{reinterpret_cast<const char*>(key.data()), key.size()};
    if (text <= last_ || key.size() > 511)
      return false;
    last_.assign(text);
    return true;
  }

private:
  std::string last_;
};

bool scan_rows(const environment& env, const lmdb_transaction& txn, std::uint64_t size) {
  ascending keys;
  return scan_table(txn, env.streams, "the table of state rows", size, [&](auto key, auto value) {
    if (!keys.next(key) || value.size() < row_prefix || value.size() > row_prefix + state_limit)
      return row::damaged;
    return heard(frame(frame_kind::row, number(static_cast<std::uint32_t>(key.size())), key, value));
  });
}

bool scan_tree(const environment& env, const lmdb_transaction& txn, std::uint64_t size) {
  cursor nodes;
  MDB_val key, value;
  int rc = nodes.open(txn, env.merkle);
  std::uint64_t index = 0;
  std::optional<std::span<const std::uint8_t>> frontier;
  if (rc == 0)
    rc = nodes.move(key, value, MDB_FIRST);
  for (; rc == 0; rc = nodes.move(key, value, MDB_NEXT)) {
    auto k = as_span(key);
    if (!frontier && std::string_view{static_cast<char*>(key.mv_data), k.size()} == frontier_row) {
      frontier = as_span(value);
      continue;
    }
    if (frontier || k.size() != 8 || from_big_endian(k) != index || value.mv_size != 32)
      return problem(size, "the table of the tree's nodes is damaged");
    if (!frame(frame_kind::node, number(index), as_span(value)))
      return false;
    ++index;
  }
  if (rc != MDB_NOTFOUND)
    return unreadable(size, "the table of the tree's nodes", rc);
  if (!frontier || frontier->size() > 8 + 64 * 32)
    return problem(size, "the tree's frontier is damaged");
  return frame(frame_kind::frontier, *frontier);
}

bool scan_lookups(const environment& env, const lmdb_transaction& txn, std::uint64_t size) {
  ascending keys;
  return scan_table(txn, env.lookups, "the table of look-up rows", size, [&](auto key, auto value) {
    if (!keys.next(key) || key.size() < 2 || value.size() != 8)
      return row::damaged;
    return heard(frame(frame_kind::lookup, number(from_big_endian(value)), key));
  });
}

bool scan_sealed(const environment& env, const lmdb_transaction& txn, std::uint64_t size) {
  ascending keys;
  return scan_table(txn, env.sealed, "the table of sealed material", size, [&](auto key, auto value) {
    if (!keys.next(key) || key.size() != 8)
      return row::damaged;
    return heard(frame(frame_kind::sealed, number(from_big_endian(key)), sha256(value).value));
  });
}

bool scan_pages(const environment& env, const meta_page& meta, std::uint64_t size) {
  const auto damage = damaged_page(env, meta);
  return !damage || problem(size, *damage);
}

/// Begins to read, and takes the meta page of that moment with it: two commits later it is gone.
int begin(const environment& env, lmdb_transaction& txn, std::optional<meta_page>& meta) {
  for (int attempts = 1000; attempts > 0 && !meta; --attempts) {
    txn.abort();
    if (int rc = txn.begin(env.raw(), MDB_RDONLY))
      return rc;
    meta = meta_of(env, txn);
  }
  return meta ? 0 : EAGAIN;
}

} // namespace

int scan_log(const std::filesystem::path& dir, int fd) {
  write_at_a_crash(fd);
  auto env = environment::open(dir, access::read);
  lmdb_transaction txn;
  std::optional<meta_page> meta;
  if (!env) {
    failure(env.error());
  } else if (int rc = begin(**env, txn, meta)) {
    failure(lmdb_error(rc, "cannot be read", dir));
  } else if (auto log = read_identification(**env, txn, dir); !log) {
    failure(log.error());
  } else {
    // The first frame at once: the parent's open() waits for it.
    std::uint64_t size = 0;
    if (frame(frame_kind::meta, log->id.value, number(log->epoch)) && flush() && scan_records(**env, txn, size) &&
        scan_tree(**env, txn, size) && scan_rows(**env, txn, size) && scan_lookups(**env, txn, size) &&
        scan_sealed(**env, txn, size) && scan_pages(**env, *meta, size))
      frame(frame_kind::end);
  }
  flush();
  return 0;
}

} // namespace oaksteel
