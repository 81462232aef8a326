#include "storage/commit.hpp"

#include "storage/archive.hpp"

#include <algorithm>
#include <cstring>

namespace oaksteel {

namespace {

constexpr std::size_t key_limit = 511; // LMDB's, for every key

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

bool same(const stream_id& a, const stream_id& b) { return a.kind == b.kind && a.of == b.of; }

} // namespace

commit::commit(const environment& env, const lmdb_transaction& txn, const digest& id, std::uint32_t epoch,
               merkle_frontier frontier, commit_memory& memory)
    : env_(env), txn_(txn), id_(id), epoch_(epoch), frontier_(std::move(frontier)), slots_(memory.slots),
      slot_of_(memory.slot_of), working_(memory.working), entries_(memory.entries), records_(memory.records) {
  slots_.clear();
  entries_.clear();
  records_.clear();
}

int commit::load_slots(const std::vector<const append_request*>& requests) {
  struct row_at {
    const stream_id* stream;
    std::size_t index;
  };
  std::vector<row_at> rows;
  for (const auto* request : requests)
    for (const auto& row : request->rows)
      rows.push_back({&row.stream, rows.size()});
  // In the order of the keys, so that reading and writing walk the table once.
  std::sort(rows.begin(), rows.end(), [](const row_at& a, const row_at& b) { return *a.stream < *b.stream; });
  slot_of_.resize(rows.size());
  // Neighbours lie in one page: a cursor that stands there need not come from the root.
  cursor streams;
  if (int rc = streams.open(txn_, env_.streams))
    return rc;
  std::string key;
  for (const auto& row : rows) {
    if (slots_.empty() || !same(*slots_.back().stream, *row.stream)) {
      slots_.push_back({row.stream});
      stream_key(*row.stream, key);
      if (key.size() > key_limit)
        continue; // the request is refused later
      MDB_val k = as_val(key), value;
      int rc = streams.move(k, value, MDB_SET);
      if (rc == 0) {
        auto old = read_row(as_span(value));
        if (!old)
          return MDB_CORRUPTED;
        slots_.back().version = old->version;
        slots_.back().head = old->head;
      } else if (rc != MDB_NOTFOUND) {
        return rc;
      }
    }
    slot_of_[row.index] = slots_.size() - 1;
  }
  return 0;
}

int commit::judge(const std::vector<const append_request*>& requests, std::vector<stored<appended>>& results) {
  if (int rc = load_slots(requests))
    return rc;
  std::span<const std::size_t> slots = slot_of_;
  for (const auto* request : requests) {
    auto first = frontier_.size() + entries_.size() + 1;
    auto kept = entries_.size();
    auto refusal = accept(*request, slots.first(request->rows.size()));
    slots = slots.subspan(request->rows.size());
    if (refusal) {
      if (kept < entries_.size())
        records_.resize(entries_[kept].offset);
      entries_.resize(kept);
      results.emplace_back(unexpected{std::move(*refusal)});
    } else {
      results.emplace_back(appended{first});
    }
  }
  return 0;
}

std::optional<storage_error> commit::check_rows(const append_request& request,
                                                std::span<const std::size_t> slots) {
  ++judging_;
  for (std::size_t i = 0; i < request.rows.size(); ++i) {
    const auto& row = request.rows[i];
    if (1 + row.stream.of.size() > key_limit)
      return too_large(row.stream, "a name", row.stream.of.size(), key_limit - 1);
    if (row.state.size() > state_limit)
      return too_large(row.stream, "a state", row.state.size(), state_limit);
    auto& slot = slots_[slots[i]];
    auto version = slot.version;
    if (version != row.expected_version)
      return conflict(row.stream, "at version " + std::to_string(version) + ", the writer saw " +
                                      std::to_string(row.expected_version));
    if (std::exchange(slot.judged, judging_) == judging_)
      return conflict(row.stream, "two states in one request");
  }
  return std::nullopt;
}

std::optional<storage_error> commit::accept(const append_request& request, std::span<const std::size_t> slots) {
  if (auto refusal = check_rows(request, slots))
    return refusal;
  working_.clear();
  for (auto s : slots)
    working_.push_back(slots_[s]);
  row_ = 0;
  for (const auto& event : request.events)
    if (auto refusal = add(request, event, working_))
      return refusal;
  for (std::size_t i = 0; i < slots.size(); ++i)
    if (working_[i].version == slots_[slots[i]].version)
      return conflict(request.rows[i].stream, "a new state without an event");
  for (std::size_t i = 0; i < slots.size(); ++i) {
    slots_[slots[i]] = working_[i];
    slots_[slots[i]].state = &request.rows[i].state;
  }
  return std::nullopt;
}

std::optional<storage_error> commit::add(const append_request& request, const pending_event& event,
                                         std::span<commit_slot> working) {
  // Events mostly come in the order of their rows: the search begins where the last one ended.
  std::size_t tried = 0;
  for (; tried < working.size() && !same(request.rows[row_].stream, event.stream); ++tried)
    row_ = row_ + 1 < working.size() ? row_ + 1 : 0;
  if (tried == working.size())
    return conflict(event.stream, "an event without the state that follows from it");
  const auto i = row_;
  for (const auto& lookup : event.lookups)
    if (1 + lookup.key.size() > key_limit)
      return too_large(event.stream, "a look-up key", lookup.key.size(), key_limit - 1);

  auto position = frontier_.size() + entries_.size() + 1;
  auto correlation = event.correlation;
  if (correlation && correlation->position == 0) {
    // The events of one command belong together: they name the first of them.
    const bool same_command = &event != request.events.data() && (&event)[-1].command == event.command;
    correlation->position = same_command ? opened_ : position;
    opened_ = correlation->position;
  }
  record_parts parts{id_,           position,      event.stream, working[i].head, event.time,         epoch_,
                     event.actor,   event.command, event.cause,  correlation,     event.participants, event.tag,
                     event.version, event.payload};
  auto offset = records_.size();
  {
    archive_output out{records_};
    std::apply([&out](const auto&... member) { (out(member), ...); }, record::fields(parts));
  }
  auto size = records_.size() - offset;
  if (size > record_limit) {
    records_.resize(offset);
    return too_large(event.stream, "a record", size, record_limit);
  }
  entries_.push_back({offset, size, &event});
  working[i].version += 1;
  working[i].head = position;
  return std::nullopt;
}

int commit::write() {
  int rc = write_events();
  if (rc == 0)
    rc = write_streams();
  if (rc == 0)
    rc = write_lookups();
  if (rc == 0)
    rc = write_frontier();
  return rc;
}

int commit::write_events() {
  cursor events, sealed;
  if (int rc = events.open(txn_, env_.events))
    return rc;
  if (int rc = sealed.open(txn_, env_.sealed))
    return rc;
  for (const auto& e : entries_) {
    auto data = std::span<const std::uint8_t>{records_}.subspan(e.offset, e.size);
    auto leaf = leaf_hash(data);
    frontier_.add(leaf);
    auto key = big_endian(frontier_.size());
    MDB_val value{leaf.value.size() + data.size(), nullptr};
    if (int rc = events.put(as_val(key), value, MDB_APPEND | MDB_RESERVE))
      return rc;
    auto* to = static_cast<std::uint8_t*>(value.mv_data);
    std::memcpy(to, leaf.value.data(), leaf.value.size());
    std::memcpy(to + leaf.value.size(), data.data(), data.size());
    if (!e.event->sealed.empty()) {
      auto blob = as_val(e.event->sealed);
      if (int rc = sealed.put(as_val(key), blob, MDB_APPEND))
        return rc;
    }
    if (frontier_.size() % leaves_per_node == 0)
      if (int rc = write_node())
        return rc;
  }
  return 0;
}

int commit::write_node() {
  auto root = frontier_.complete_subtree(node_level);
  if (!root)
    return MDB_CORRUPTED;
  auto key = big_endian(frontier_.size() / leaves_per_node - 1);
  MDB_val k = as_val(key), value = as_val(root->value);
  return mdb_put(txn_.raw(), env_.merkle, &k, &value, 0);
}

int commit::write_streams() {
  cursor rows;
  if (int rc = rows.open(txn_, env_.streams))
    return rc;
  std::string key;
  for (const auto& s : slots_) {
    if (!s.state)
      continue;
    stream_key(*s.stream, key);
    MDB_val value{row_prefix + s.state->size(), nullptr};
    if (int rc = rows.put(as_val(key), value, MDB_RESERVE))
      return rc;
    auto* to = static_cast<std::uint8_t*>(value.mv_data);
    std::memcpy(to, &s.version, 8);
    std::memcpy(to + 8, &s.head, 8);
    if (!s.state->empty())
      std::memcpy(to + row_prefix, s.state->data(), s.state->size());
  }
  return 0;
}

int commit::write_lookups() {
  struct row_at {
    const lookup_row* row;
    std::uint64_t position;
  };
  std::vector<row_at> rows;
  auto position = frontier_.size() - entries_.size();
  for (const auto& e : entries_) {
    ++position;
    for (const auto& row : e.event->lookups)
      rows.push_back({&row, position});
  }
  // Stable: of two rows with one key the later event's holds.
  std::stable_sort(rows.begin(), rows.end(), [](const row_at& a, const row_at& b) {
    return std::tie(a.row->index, a.row->key) < std::tie(b.row->index, b.row->key);
  });
  cursor table;
  if (int rc = table.open(txn_, env_.lookups))
    return rc;
  std::string key;
  for (const auto& r : rows) {
    key.assign(1, static_cast<char>(r.row->index));
    key += r.row->key;
    auto at = big_endian(r.position);
    MDB_val k = as_val(key), value = as_val(at);
    int rc = r.row->remove ? mdb_del(txn_.raw(), env_.lookups, &k, nullptr) : table.put(k, value, 0);
    if (rc != 0 && !(r.row->remove && rc == MDB_NOTFOUND))
      return rc;
  }
  return 0;
}

int commit::write_frontier() {
  const auto& peaks = frontier_.peaks();
  MDB_val key = as_val(frontier_row), value{8 + 32 * peaks.size(), nullptr};
  if (int rc = mdb_put(txn_.raw(), env_.merkle, &key, &value, MDB_RESERVE))
    return rc;
  auto* to = static_cast<std::uint8_t*>(value.mv_data);
  auto size = frontier_.size();
  std::memcpy(to, &size, 8);
  for (std::size_t i = 0; i < peaks.size(); ++i)
    std::memcpy(to + 8 + 32 * i, peaks[i].value.data(), 32);
  return 0;
}

} // namespace oaksteel
