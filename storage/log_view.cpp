#include "storage/log_view.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace oaksteel {

reading::~reading() {
  for (auto* txn : idle_)
    mdb_txn_abort(txn);
}

MDB_txn* reading::begin() {
  {
    std::lock_guard guard{mutex_};
    if (!idle_.empty()) {
      auto* txn = idle_.back();
      idle_.pop_back();
      if (mdb_txn_renew(txn) == 0)
        return txn;
      mdb_txn_abort(txn);
    }
  }
  int rc = 0;
  for (int attempt = 0; attempt < 1000; ++attempt) {
    MDB_txn* txn = nullptr;
    rc = mdb_txn_begin(env->raw(), nullptr, MDB_RDONLY, &txn);
    if (rc == 0)
      return txn;
    int dead = 0;
    mdb_reader_check(env->raw(), &dead);
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  std::fprintf(stderr, "oaksteel: the log cannot be read any more: %s\n", mdb_strerror(rc));
  std::abort();
}

void reading::end(MDB_txn* txn) {
  mdb_txn_reset(txn);
  std::lock_guard guard{mutex_};
  idle_.push_back(txn);
}

std::optional<std::span<const std::uint8_t>> log_view::impl::find(MDB_dbi table, MDB_val key) const {
  MDB_val value;
  if (mdb_get(txn, table, &key, &value) != 0)
    return std::nullopt;
  return as_span(value);
}

log_view view_of(std::shared_ptr<reading> from) {
  auto* txn = from->begin();
  return log_view{std::unique_ptr<log_view::impl>{new log_view::impl{std::move(from), txn}}};
}

log_view::log_view(std::unique_ptr<impl> i) : impl_(std::move(i)) {}
log_view::log_view(log_view&&) noexcept = default;
log_view::~log_view() = default;

namespace {

bytes copy(std::span<const std::uint8_t> data) { return {data.begin(), data.end()}; }

} // namespace

std::uint64_t log_view::size() const {
  MDB_stat stat{};
  mdb_stat(impl_->txn, impl_->from->env->events, &stat);
  return stat.ms_entries;
}

std::optional<bytes> log_view::record_bytes(std::uint64_t position) const {
  auto key = big_endian(position);
  auto value = impl_->find(impl_->from->env->events, as_val(key));
  if (!value || value->size() < 32)
    return std::nullopt;
  return copy(value->subspan(32));
}

std::optional<record> log_view::at(std::uint64_t position) const {
  auto key = big_endian(position);
  auto value = impl_->find(impl_->from->env->events, as_val(key));
  if (!value || value->size() < 32)
    return std::nullopt;
  auto decoded = decode_record(value->subspan(32));
  if (!decoded)
    return std::nullopt;
  return std::move(*decoded);
}

std::optional<stored_row> log_view::row(const stream_id& stream) const {
  std::string key;
  stream_key(stream, key);
  auto value = impl_->find(impl_->from->env->streams, as_val(key));
  auto row = value ? read_row(*value) : std::nullopt;
  if (!row)
    return std::nullopt;
  return stored_row{row->version, row->head, copy(row->state)};
}

std::optional<std::uint64_t> log_view::find(std::uint8_t index, std::string_view key) const {
  std::string full(1, static_cast<char>(index));
  full += key;
  auto value = impl_->find(impl_->from->env->lookups, as_val(full));
  if (!value || value->size() != 8)
    return std::nullopt;
  return from_big_endian(*value);
}

std::vector<std::pair<std::string, std::uint64_t>> log_view::range(std::uint8_t index, std::string_view prefix) const {
  std::vector<std::pair<std::string, std::uint64_t>> result;
  std::string from(1, static_cast<char>(index));
  from += prefix;
  MDB_cursor* rows = nullptr;
  if (mdb_cursor_open(impl_->txn, impl_->from->env->lookups, &rows) != 0)
    return result;
  MDB_val key = as_val(from), value;
  for (int rc = mdb_cursor_get(rows, &key, &value, MDB_SET_RANGE); rc == 0;
       rc = mdb_cursor_get(rows, &key, &value, MDB_NEXT)) {
    std::string_view text{static_cast<const char*>(key.mv_data), key.mv_size};
    if (!text.starts_with(from))
      break;
    result.emplace_back(text.substr(1), from_big_endian(as_span(value)));
  }
  mdb_cursor_close(rows);
  return result;
}

std::optional<bytes> log_view::sealed(std::uint64_t position) const {
  auto key = big_endian(position);
  auto value = impl_->find(impl_->from->env->sealed, as_val(key));
  if (!value)
    return std::nullopt;
  return copy(*value);
}

} // namespace oaksteel
