// Two threads and a child: the child maps the file and sends records, the caller's thread copies them into
// blocks and hashes them, a second one decodes and folds. Each keeps the first difference that it sees; the
// one at the lower position is the first of all.

#include "storage/replay.hpp"

#include "crypto/merkle.hpp"
#include "storage/archive.hpp"
#include "storage/block_queue.hpp"
#include "storage/environment.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <future>
#include <thread>

namespace oaksteel {

namespace {

/// Keeps the first of all problems that it is told, by position.
class first_problem {
public:
  void tell(std::uint64_t position, std::optional<stream_id> stream, std::string text) {
    if (!found_ || position < found_->position)
      found_ = replay_problem{position, std::move(stream), std::move(text)};
  }
  void tell(const first_problem& other) {
    if (other.found_)
      tell(other.found_->position, other.found_->stream, other.found_->text);
  }
  const std::optional<replay_problem>& found() const { return found_; }

private:
  std::optional<replay_problem> found_;
};

/// The records' hashes against the stored ones.
class tree_side {
public:
  first_problem problem;

  void take(const scanned_record& r) {
    const auto leaf = leaf_hash(r.data);
    if (r.stored_leaf && *r.stored_leaf != leaf)
      problem.tell(r.position, {}, "the record's hash is not the one stored with it");
    tree_.add(leaf);
    if (tree_.size() % leaves_per_node == 0)
      if (auto node = tree_.complete_subtree(node_level))
        nodes_.push_back(*node);
  }

  void take(const scanned_node& node) {
    const auto first = node.index * leaves_per_node + 1;
    ++seen_;
    if (node.index >= nodes_.size() || nodes_[node.index] != node.root)
      problem.tell(std::min(first, tree_.size()), {},
                   "the stored hash over records " + std::to_string(first) + " to " +
                     std::to_string(first + leaves_per_node - 1) + " is not theirs");
  }

  void take(const scanned_frontier& f) {
    if (f.size != tree_.size() || f.peaks != tree_.peaks())
      problem.tell(tree_.size(), {}, "the stored root of the tree is not that of the records");
  }

  /// After the last node of a directory.
  void finish() {
    if (seen_ < nodes_.size())
      problem.tell(seen_ * leaves_per_node + 1, {},
                   "the stored hash over records from " + std::to_string(seen_ * leaves_per_node + 1) +
                       " on is missing");
  }

  const merkle_frontier& tree() const { return tree_; }

private:
  merkle_frontier tree_;
  std::vector<digest> nodes_;
  std::uint64_t seen_ = 0;
};

using lookup_key = std::pair<std::uint8_t, std::string>;

/// The records' content: decodes, checks and folds.
class fold_side {
public:
  explicit fold_side(const replay_watch& watch) : watch_(watch), names_(tag_limit) { result.folded.reserve(1 << 16); }

  first_problem problem;
  replay_result result;
  std::uint32_t epoch = 0;
  std::uint64_t began = 1; ///< where the present log began
  std::atomic<bool> stopped = false; ///< it found a problem: what comes now is not folded
  std::map<lookup_key, std::uint64_t> lookups; ///< as the events give them

  void take(const record_block& block) {
    block.for_each([this](std::size_t, std::uint64_t position, std::span<const std::uint8_t> data) {
      if (!problem.found())
        take(position, data);
    });
    stopped = problem.found().has_value();
  }

  void count_events() {
    for (const auto& [name, count] : names_)
      if (count > 0)
        result.events[std::string{name}] += count;
    for (const auto& [stream, folded] : result.folded)
      ++result.streams[stream.kind];
  }

private:
  static constexpr std::size_t tag_limit = 256;

  void wrong(const record& r, std::string text) { problem.tell(r.position, r.stream, std::move(text)); }
  void take(std::uint64_t position, std::span<const std::uint8_t> data);
  bool in_order(const record& r, std::uint64_t position, std::span<const std::uint8_t> data);
  bool begins_rightly(const record& r, const any_event& e, std::span<const std::uint8_t> data);
  void fold(const record& r, const any_event& e);
  void count(std::uint16_t tag, const any_event& e);

  const replay_watch& watch_;
  record record_;                                                 ///< the present one
  std::vector<std::pair<std::string_view, std::uint64_t>> names_; ///< by tag
};

void fold_side::take(std::uint64_t position, std::span<const std::uint8_t> data) {
  if (auto why = decode_record_into(record_, data))
    return problem.tell(position, {}, "the record cannot be decoded: " + *why);
  const auto& r = record_;
  if (!in_order(r, position, data))
    return;
  auto event = decode_event(r);
  if (!event)
    return wrong(r, "the event cannot be decoded: " + event.error());
  if (stream_of(*event) != r.stream)
    return wrong(r, "the event belongs to " + stream_of(*event).text());
  if (!names_exactly(*event, r.participants))
    return wrong(r, "the participants are not those that the event names");
  if (!begins_rightly(r, *event, data))
    return wrong(r, "it begins a log and does not name the one before as its parent");
  fold(r, *event);
}

bool fold_side::in_order(const record& r, std::uint64_t position, std::span<const std::uint8_t> data) {
  if (r.position != position) {
    problem.tell(position, r.stream, "the record says that it is number " + std::to_string(r.position));
    return false;
  }
  if (position == 1) {
    result.id = result.origin = sha256(data);
    result.first = r.time;
    if (r.log != digest{} || r.epoch == 0)
      wrong(r, "the first record must be the first of its own log");
  } else {
    if (r.log != result.id && r.log != digest{})
      wrong(r, "the record belongs to another log");
    if (r.time <= result.last)
      wrong(r, "its time is not after that of the record before");
    if (r.epoch < epoch)
      wrong(r, "its epoch is before that of the record before");
  }
  result.last = r.time;
  epoch = r.epoch;
  return !problem.found();
}

/// A log that was restored goes on behind its parent; nothing else begins a log behind the first record.
bool fold_side::begins_rightly(const record& r, const any_event& e, std::span<const std::uint8_t> data) {
  const auto* restored = std::get_if<log_restored>(&e);
  if (r.position == 1)
    return !restored;
  if ((r.log == digest{}) != (restored != nullptr))
    return false;
  if (!restored)
    return true;
  if (restored->parent != result.id || restored->position != r.position - 1)
    return false;
  result.id = sha256(data);
  began = r.position;
  return true;
}

void fold_side::fold(const record& r, const any_event& e) {
  auto [it, fresh] = result.folded.try_emplace(r.stream);
  auto& stream = it->second;
  if (fresh)
    stream.state = initial_state(e);
  if (r.previous != stream.head)
    return wrong(r, "the record before it in its stream is " + std::to_string(stream.head) + ", not " +
                      std::to_string(r.previous));
  if (watch_.each)
    watch_.each({r, e, stream});
  if (!evolve_any(stream.state, e))
    return wrong(r, "the stream's state is of another kind than the event's");
  for (auto& change : oaksteel::lookups(e)) {
    lookup_key key{static_cast<std::uint8_t>(change.index), std::move(change.key)};
    if (change.remove)
      lookups.erase(key);
    else
      lookups[std::move(key)] = r.position;
  }
  ++stream.version;
  stream.head = r.position;
  ++result.records;
  count(r.tag, e);
}

void fold_side::count(std::uint16_t tag, const any_event& e) {
  if (tag >= names_.size())
    names_.resize(std::size_t{tag} + 1);
  auto& [name, count] = names_[tag];
  if (count++ == 0)
    name = name_of_event(e);
}

using folded_stream = std::pair<const stream_id, replayed_stream>;

/// All streams in the order of their rows.
std::vector<const folded_stream*> in_order(const std::unordered_map<stream_id, replayed_stream>& streams) {
  std::vector<const folded_stream*> sorted;
  sorted.reserve(streams.size());
  for (const auto& s : streams)
    sorted.push_back(&s);
  std::sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return a->first < b->first; });
  return sorted;
}

digest digest_of(const std::vector<const folded_stream*>& sorted) {
  merkle_frontier tree;
  bytes entry;
  for (const auto* s : sorted) {
    entry.clear();
    encode_into(entry, s->first);
    encode_into(entry, s->second.version);
    const auto state = encode_state(s->second.state);
    entry.insert(entry.end(), state.begin(), state.end());
    tree.add(leaf_hash(entry));
  }
  return tree.root();
}

/// Holds the folded streams against the state rows, which come in the same order.
class row_side {
public:
  row_side(const std::vector<const folded_stream*>& sorted, first_problem& problem)
      : sorted_(sorted), problem_(problem) {}

  void take(const scanned_row& row) {
    const auto& stream = row.stream;
    while (next_ < sorted_.size() && sorted_[next_]->first < stream)
      missing();
    if (next_ == sorted_.size() || sorted_[next_]->first != stream)
      return problem_.tell(row.head, stream, "there is a state row of a stream without events");
    const auto& folded = sorted_[next_++]->second;
    if (row.version != folded.version || row.head != folded.head)
      return problem_.tell(folded.head, stream,
                           "the state row is at version " + std::to_string(row.version) + ", record "
                             + std::to_string(row.head) + "; the events are at version "
                             + std::to_string(folded.version) + ", record " + std::to_string(folded.head));
    const auto state = encode_state(folded.state);
    if (!std::equal(state.begin(), state.end(), row.state.begin(), row.state.end()))
      problem_.tell(folded.head, stream, "the state row is not what the events give");
  }

  /// After the last row.
  void finish() {
    while (next_ < sorted_.size())
      missing();
  }

private:
  void missing() {
    problem_.tell(sorted_[next_]->second.head, sorted_[next_]->first, "the state row is missing");
    ++next_;
  }

  const std::vector<const folded_stream*>& sorted_;
  first_problem& problem_;
  std::size_t next_ = 0;
};

/// Holds the look-up rows against those that the events give.
class lookup_side {
public:
  lookup_side(const std::map<lookup_key, std::uint64_t>& given, first_problem& problem)
    : next_(given.begin()), end_(given.end()), problem_(problem) {}

  void take(const scanned_lookup& row) {
    const lookup_key key{row.index, row.key};
    while (next_ != end_ && next_->first < key)
      missing();
    if (next_ == end_ || next_->first != key)
      return problem_.tell(row.position, {}, "there is a look-up row that no event made: " + row.key);
    if (next_->second != row.position)
      problem_.tell(next_->second, {}, "the look-up row " + row.key + " leads to record " + std::to_string(row.position)
                                         + ", not " + std::to_string(next_->second));
    ++next_;
  }

  /// After the last row.
  void finish() {
    while (next_ != end_)
      missing();
  }

private:
  void missing() {
    problem_.tell(next_->second, {}, "the look-up row " + next_->first.second + " is missing");
    ++next_;
  }

  std::map<lookup_key, std::uint64_t>::const_iterator next_, end_;
  first_problem& problem_;
};

/// One replay, from the first item of the source to its last.
class replayer {
public:
  replayer(log_source& source, const replay_limit& limit, const replay_watch& watch)
      : source_(source), limit_(limit), watch_(watch), fold_(watch) {}

  replay_result run() {
    const auto* item = records();
    auto& result = fold_.result;
    result.root = tree_.tree().root();
    fold_.count_events();
    problem_.tell(tree_.problem);
    problem_.tell(fold_.problem);
    const auto sorted = in_order(result.folded);
    auto states = std::async(std::launch::async, [&sorted] { return digest_of(sorted); });
    result.compared = result.complete && !source_.damage() && !problem_.found() && meta_;
    if (result.compared)
      compare(item, sorted);
    if (source_.damage())
      problem_.tell(source_.damage()->position, {}, source_.damage()->text);
    if (result.records == 0 && !problem_.found())
      problem_.tell(0, {}, "the log has no record");
    result.states = states.get();
    result.problem = problem_.found();
    return std::move(result);
  }

private:
  /// Reads up to the limit, the first problem or the last record; the item behind the records.
  const log_item* records() {
    block_worker folding{[this](const record_block& block) { fold_.take(block); }};
    const log_item* item = source_.next();
    for (; item; item = source_.next()) {
      if (auto meta = std::get_if<scanned_meta>(item)) {
        meta_ = *meta;
        continue;
      }
      const auto* r = std::get_if<scanned_record>(item);
      if (!r || beyond_limit(*r) || fold_.stopped || folding.failed() || tree_.problem.found())
        break;
      tree_.take(*r);
      folding.block().add(r->position, r->data);
      folding.pass_on();
      if (watch_.progress && r->position % 4096 == 0)
        watch_.progress(r->position);
    }
    folding.finish();
    fold_.result.complete = !item || !std::holds_alternative<scanned_record>(*item);
    return item;
  }

  bool beyond_limit(const scanned_record& r) const {
    if (limit_.position && r.position > *limit_.position)
      return true;
    if (!limit_.time)
      return false;
    const auto decoded = decode_record(r.data); // what cannot be decoded is the other thread's to report
    return decoded && decoded->time > *limit_.time;
  }

  void compare(const log_item* item, const std::vector<const folded_stream*>& sorted) {
    row_side rows{sorted, problem_};
    lookup_side lookups{fold_.lookups, problem_};
    if (meta_->id != fold_.result.id)
      problem_.tell(fold_.began, {}, "the log's id is not the hash of its first record");
    if (meta_->epoch != fold_.epoch)
      problem_.tell(fold_.result.records, {}, "the stored epoch is not that of the last record");
    for (; item; item = source_.next()) {
      if (auto node = std::get_if<scanned_node>(item))
        tree_.take(*node);
      else if (auto frontier = std::get_if<scanned_frontier>(item))
        tree_.take(*frontier);
      else if (auto row = std::get_if<scanned_row>(item))
        rows.take(*row);
      else if (auto lookup = std::get_if<scanned_lookup>(item))
        lookups.take(*lookup);
    }
    if (!source_.damage()) {
      tree_.finish();
      rows.finish();
      lookups.finish();
    }
    problem_.tell(tree_.problem);
  }

  log_source& source_;
  const replay_limit& limit_;
  const replay_watch& watch_;
  std::optional<scanned_meta> meta_;
  tree_side tree_;
  fold_side fold_;
  first_problem problem_;
};

} // namespace

replay_result replay(log_source& source, const replay_limit& limit, const replay_watch& watch) {
  return replayer{source, limit, watch}.run();
}

} // namespace oaksteel
