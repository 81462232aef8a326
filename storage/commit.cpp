#include "storage/commit.hpp"

#include "crypto/merkle.hpp"
#include "storage/archive.hpp"

#include <algorithm>
#include <cstring>
#include <tuple>

namespace oaksteel {

namespace {

constexpr std::size_t key_limit = 511; // LMDB's, for every key
/// Streams of one generation that are remembered, and as many of the one before.
constexpr std::size_t ends_limit = 8192;

/// The members of a record, taken from where they are: an append copies nothing but bytes.
struct record_parts {
  const digest& log;
  std::uint64_t position;
  const stream_id& stream;
  std::uint64_t previous;
  const instant& time;
  std::uint32_t epoch;
  const std::string& actor;
  const command_id& command;
  const std::optional<reference>& cause;
  const std::optional<reference>& correlation;
  const std::vector<participant>& participants;
  std::uint16_t tag;
  std::uint8_t version;
  const bytes& payload;
};

storage_error conflict(const stream_id& stream, std::string_view what) {
  return {storage_code::version_conflict, stream.text() + ": " + std::string{what}};
}

storage_error too_large(const stream_id& stream, std::string_view what, std::size_t size, std::size_t limit) {
  return {storage_code::too_large, stream.text() + ": " + std::string{what} + " of " + std::to_string(size) +
                                       " bytes; at most " + std::to_string(limit) + " are allowed"};
}

} // namespace

std::uint64_t stream_ends::begin_commit() {
  if (young_.size() >= ends_limit)
    old_ = std::exchange(young_, {});
  return ++commits_;
}

void stream_ends::forget() {
  young_.clear();
  old_.clear();
}

stream_end* stream_ends::find(const stream_id& stream) {
  auto [it, is_new] = young_.try_emplace(stream);
  if (!is_new)
    return &it->second;
  if (auto before = old_.find(stream); before != old_.end()) {
    it->second = before->second;
    return &it->second;
  }
  const log_view::impl view{from_, from_->begin()};
  stream_key(stream, key_);
  MDB_val key = as_val(key_), value;
  const int rc = mdb_get(view.txn, from_->env->streams, &key, &value);
  if (rc == MDB_NOTFOUND)
    return &it->second;
  const auto row = rc == 0 ? read_row(as_span(value)) : std::nullopt;
  if (!row) {
    young_.erase(it);
    return nullptr;
  }
  it->second.version = row->version;
  it->second.head = row->head;
  return &it->second;
}

void commit::begin(const digest& id, std::uint32_t epoch, merkle_frontier tree, stream_ends& ends) {
  id_ = id;
  epoch_ = epoch;
  behind_ = tree.size();
  tree_ = std::move(tree);
  ends_ = &ends;
  number_ = ends.begin_commit();
  streams_.clear();
  entries_.clear();
  records_.clear();
  nodes_.clear();
}

stored<appended> commit::take(const append_request& request) {
  const auto kept = entries_.size();
  const auto bytes_kept = records_.size();
  if (auto refusal = judge(request)) {
    entries_.resize(kept);
    records_.resize(bytes_kept);
    return unexpected{std::move(*refusal)};
  }
  keep(request, kept);
  return appended{position_of(kept)};
}

std::optional<storage_error> commit::judge(const append_request& request) {
  working_.clear();
  row_ = 0;
  if (auto refusal = judge_rows(request))
    return refusal;
  for (const auto& event : request.events)
    if (auto refusal = encode(request, event))
      return refusal;
  for (std::size_t i = 0; i < working_.size(); ++i)
    if (working_[i].second.version == working_[i].first->version)
      return conflict(request.rows[i].stream, "a new state without an event");
  return std::nullopt;
}

std::optional<storage_error> commit::judge_rows(const append_request& request) {
  const auto judging = ends_->begin_request();
  for (const auto& row : request.rows) {
    if (1 + row.stream.of.size() > key_limit)
      return too_large(row.stream, "a name", row.stream.of.size(), key_limit - 1);
    if (row.state.size() > state_limit)
      return too_large(row.stream, "a state", row.state.size(), state_limit);
    auto* end = ends_->find(row.stream);
    if (!end)
      return storage_error{storage_code::damaged, row.stream.text() + ": its row cannot be read"};
    if (end->version != row.expected_version)
      return conflict(row.stream, "at version " + std::to_string(end->version) + ", the writer saw " +
                                      std::to_string(row.expected_version));
    if (std::exchange(end->judged, judging) == judging)
      return conflict(row.stream, "two states in one request");
    working_.emplace_back(end, *end);
  }
  return std::nullopt;
}

std::optional<storage_error> commit::encode(const append_request& request, const pending_event& event) {
  // Events mostly come in the order of their rows: the search begins where the last one ended.
  std::size_t tried = 0;
  for (; tried < working_.size() && request.rows[row_].stream != event.stream; ++tried)
    row_ = row_ + 1 < working_.size() ? row_ + 1 : 0;
  if (tried == working_.size())
    return conflict(event.stream, "an event without the state that follows from it");
  auto& stream = working_[row_].second;
  for (const auto& lookup : event.lookups)
    if (1 + lookup.key.size() > key_limit)
      return too_large(event.stream, "a look-up key", lookup.key.size(), key_limit - 1);

  const auto position = position_of(entries_.size());
  auto correlation = event.correlation;
  if (correlation && correlation->position == 0) {
    // The events of one command belong together: they name the first of them.
    const bool same_command = &event != request.events.data() && (&event)[-1].command == event.command;
    correlation->position = same_command ? opened_ : position;
    opened_ = correlation->position;
  }
  record_parts parts{id_,           position,      event.stream, stream.head, event.time,         epoch_,
                     event.actor,   event.command, event.cause,  correlation, event.participants, event.tag,
                     event.version, event.payload};
  auto offset = records_.size();
  {
    archive_output out{records_};
    record::fields(parts, [&out](const auto&... member) { (out(member), ...); });
    if (!event.sealed.empty())
      out(sha256(event.sealed));
  }
  auto size = records_.size() - offset;
  if (size > record_limit)
    return too_large(event.stream, "a record", size, record_limit);
  entries_.push_back({offset, size, {}, &event});
  stream.version += 1;
  stream.head = position;
  return std::nullopt;
}

/// The request is taken: its leaves go into the tree, its rows stand for those of earlier ones.
void commit::keep(const append_request& request, std::size_t first) {
  for (auto i = first; i < entries_.size(); ++i) {
    auto& e = entries_[i];
    e.leaf = leaf_hash(std::span<const std::uint8_t>{records_}.subspan(e.offset, e.size));
    tree_.add(e.leaf);
    if (tree_.size() % leaves_per_node == 0)
      nodes_.push_back({tree_.size() / leaves_per_node - 1, *tree_.complete_subtree(node_level)});
  }
  for (std::size_t i = 0; i < working_.size(); ++i) {
    auto& [end, becomes] = working_[i];
    if (std::exchange(becomes.commit, number_) != number_) {
      becomes.row = streams_.size();
      streams_.emplace_back();
    }
    streams_[becomes.row] = {&request.rows[i], becomes.version, becomes.head};
    *end = becomes;
  }
}

int commit::write(const lmdb_transaction& txn) const {
  int rc = write_events(txn);
  if (rc == 0)
    rc = write_streams(txn);
  if (rc == 0)
    rc = write_lookups(txn);
  if (rc == 0)
    rc = write_tree(txn);
  return rc;
}

int commit::write_events(const lmdb_transaction& txn) const {
  cursor events, sealed;
  if (int rc = events.open(txn, from_->env->events))
    return rc;
  if (int rc = sealed.open(txn, from_->env->sealed))
    return rc;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const auto& e = entries_[i];
    auto key = big_endian(position_of(i));
    MDB_val value{e.leaf.value.size() + e.size, nullptr};
    if (int rc = events.put(as_val(key), value, MDB_APPEND | MDB_RESERVE))
      return rc;
    auto* to = static_cast<std::uint8_t*>(value.mv_data);
    std::memcpy(to, e.leaf.value.data(), e.leaf.value.size());
    std::memcpy(to + e.leaf.value.size(), records_.data() + e.offset, e.size);
    if (!e.event->sealed.empty()) {
      auto blob = as_val(e.event->sealed);
      if (int rc = sealed.put(as_val(key), blob, MDB_APPEND))
        return rc;
    }
  }
  return 0;
}

int commit::write_streams(const lmdb_transaction& txn) const {
  // In the order of the keys, so that writing walks the table once.
  std::vector<const changed_stream*> sorted;
  sorted.reserve(streams_.size());
  for (const auto& one : streams_)
    sorted.push_back(&one);
  std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->row->stream < b->row->stream; });
  cursor rows;
  if (int rc = rows.open(txn, from_->env->streams))
    return rc;
  std::string key;
  for (const auto* one : sorted) {
    const auto& state = one->row->state;
    stream_key(one->row->stream, key);
    MDB_val value{row_prefix + state.size(), nullptr};
    if (int rc = rows.put(as_val(key), value, MDB_RESERVE))
      return rc;
    auto* to = static_cast<std::uint8_t*>(value.mv_data);
    std::memcpy(to, &one->version, 8);
    std::memcpy(to + 8, &one->head, 8);
    if (!state.empty())
      std::memcpy(to + row_prefix, state.data(), state.size());
  }
  return 0;
}

int commit::write_lookups(const lmdb_transaction& txn) const {
  struct row_at {
    const lookup_row* row;
    std::uint64_t position;
  };
  std::vector<row_at> rows;
  for (std::size_t i = 0; i < entries_.size(); ++i)
    for (const auto& row : entries_[i].event->lookups)
      rows.push_back({&row, position_of(i)});
  // Stable: of two rows with one key the later event's holds.
  std::stable_sort(rows.begin(), rows.end(), [](const row_at& a, const row_at& b) {
    return std::tie(a.row->index, a.row->key) < std::tie(b.row->index, b.row->key);
  });
  cursor table;
  if (int rc = table.open(txn, from_->env->lookups))
    return rc;
  std::string key;
  for (const auto& r : rows) {
    key.assign(1, static_cast<char>(r.row->index));
    key += r.row->key;
    auto at = big_endian(r.position);
    MDB_val k = as_val(key), value = as_val(at);
    int rc = r.row->remove ? mdb_del(txn.raw(), from_->env->lookups, &k, nullptr) : table.put(k, value, 0);
    if (rc != 0 && !(r.row->remove && rc == MDB_NOTFOUND))
      return rc;
  }
  return 0;
}

int commit::write_tree(const lmdb_transaction& txn) const {
  for (const auto& n : nodes_) {
    auto key = big_endian(n.number);
    MDB_val k = as_val(key), value = as_val(n.root.value);
    if (int rc = mdb_put(txn.raw(), from_->env->merkle, &k, &value, 0))
      return rc;
  }
  const auto& peaks = tree_.peaks();
  MDB_val key = as_val(frontier_row), value{8 + 32 * peaks.size(), nullptr};
  if (int rc = mdb_put(txn.raw(), from_->env->merkle, &key, &value, MDB_RESERVE))
    return rc;
  auto* to = static_cast<std::uint8_t*>(value.mv_data);
  auto size = tree_.size();
  std::memcpy(to, &size, 8);
  for (std::size_t i = 0; i < peaks.size(); ++i)
    std::memcpy(to + 8 + 32 * i, peaks[i].value.data(), 32);
  return 0;
}

} // namespace oaksteel
