#include "crypto/merkle.hpp"
#include "storage/block_queue.hpp"
#include "storage/environment.hpp"
#include "storage/inspect.hpp"

#include <unordered_map>

namespace oaksteel {

namespace {

/// A checkpoint to hold the records against, once its signature has been found good.
struct awaited_root {
  std::string_view whose;
  const std::string& note;
  checkpoint_status* status;
  std::optional<checkpoint> says; ///< when it is signed by the key that holds where it speaks of
};

class verifier {
public:
  verifier(const identify_log& identify, const std::optional<std::string>& own,
           const std::optional<std::string>& external)
      : identify_(identify), own_(own), external_(external) {
    streams_.reserve(1 << 16);
  }

  void take(const record_block& records);
  /// Behind the rows there are none.
  void take(const scanned_record& late) { wrong(tree_.size(), "record " + std::to_string(late.position) + " comes twice"); }
  void take(const scanned_row& row);
  void take(const scanned_node& node);
  void take(const scanned_frontier& f);
  void take(const scanned_lookup& row);
  void take(const scanned_sealed& sealed);
  void take(const scanned_meta& m) { meta_ = m; }
  verification finish(const std::optional<log_problem>& damage);

private:
  /// Keeps the first problem only: those behind it mostly follow from it.
  void wrong(std::uint64_t position, std::string text) {
    if (!result_.problem)
      result_.problem = log_problem{position, std::move(text)};
  }
  void take(std::uint64_t position, std::span<const std::uint8_t> data, const std::optional<digest>& stored_leaf);
  void check_first(const record& first, std::span<const std::uint8_t> data);
  void check_next(const record& first, std::span<const std::uint8_t> data);
  void check_id();
  void check_order(const record& r, std::uint64_t position);
  void await(std::string_view whose, const std::optional<std::string>& note, checkpoint_status& status);
  void use_key(std::uint64_t position, const bytes& public_key);
  void compare_roots();
  void sealed_until(std::uint64_t position);

  struct stream_end {
    std::uint64_t version = 0;
    std::uint64_t head = 0;
    bool has_row = false;
  };

  const identify_log& identify_;
  const std::optional<std::string>& own_;
  const std::optional<std::string>& external_;
  verification result_;
  std::optional<scanned_meta> meta_;
  merkle_frontier tree_;
  std::vector<digest> nodes_;
  std::vector<std::pair<std::uint64_t, digest>> sealed_; ///< what records name, in their order
  std::size_t seen_ = 0;                                 ///< of these
  record record_; ///< the present one
  std::unordered_map<stream_id, stream_end> streams_;
  std::vector<awaited_root> awaited_;
  stream_id node_;          ///< of the first record
  std::uint64_t began_ = 1; ///< where the present log began
  instant time_{std::numeric_limits<std::int64_t>::min()};
  std::uint32_t epoch_ = 0;
  bool rows_were_seen_ = false;
};

void verifier::take(const record_block& records) {
  records.for_each([&](std::size_t i, std::uint64_t position, std::span<const std::uint8_t> data) {
    take(position, data, records.stored_leaves[i]);
  });
}

void verifier::take(std::uint64_t position, std::span<const std::uint8_t> data, const std::optional<digest>& stored_leaf) {
  const auto leaf = leaf_hash(data);
  if (stored_leaf && *stored_leaf != leaf)
    wrong(position, "the record's hash is not the one stored with it");
  tree_.add(leaf);
  if (tree_.size() % leaves_per_node == 0)
    if (auto node = tree_.complete_subtree(node_level))
      nodes_.push_back(*node);
  if (const auto why = decode_record_into(record_, data)) {
    wrong(position, "the record cannot be decoded: " + *why);
  } else {
    if (position == 1) {
      check_first(record_, data);
    } else if (record_.log == digest{}) {
      check_next(record_, data);
    } else if (record_.log != result_.id) {
      check_id();
      wrong(position, "the record belongs to another log");
    } else if (identify_ && record_.stream == node_) {
      if (const auto later = identify_(record_))
        use_key(position, later->public_key);
    }
    check_order(record_, position);
    if (record_.sealed)
      sealed_.emplace_back(position, *record_.sealed);
  }
  compare_roots();
}

void verifier::check_first(const record& first, std::span<const std::uint8_t> data) {
  result_.id = sha256(data);
  if (first.log != digest{})
    wrong(1, "the first record names a log; it must be the first of its own");
  if (!identify_) {
    result_.own = own_ ? checkpoint_status::unchecked : checkpoint_status::none;
    result_.external = external_ ? checkpoint_status::unchecked : checkpoint_status::none;
    return;
  }
  auto identity = identify_(first);
  if (!identity) {
    wrong(1, "the first record does not say whose log this is");
    result_.own = own_ ? checkpoint_status::unchecked : checkpoint_status::none;
    result_.external = external_ ? checkpoint_status::unchecked : checkpoint_status::none;
    return;
  }
  result_.simulated = identity->simulated;
  node_ = first.stream;
  await("the checkpoint beside the log", own_, result_.own);
  await("the given checkpoint", external_, result_.external);
  use_key(1, identity->public_key);
}

/// A log that was restored goes on behind its parent, of which all records are here.
void verifier::check_next(const record& first, std::span<const std::uint8_t> data) {
  const auto identity = identify_ ? identify_(first) : std::nullopt;
  const reference before{first.position - 1, result_.id};
  if (identify_ && (!identity || first.stream != node_ || identity->parent != before))
    wrong(first.position, "it begins a log and does not name the one before as its parent");
  result_.id = sha256(data);
  began_ = first.position;
  if (identity)
    use_key(first.position, identity->public_key);
}

void verifier::check_id() {
  if (meta_ && meta_->id != result_.id)
    wrong(began_, "the log's id is not the hash of its first record");
}

void verifier::check_order(const record& r, std::uint64_t position) {
  if (r.position != position)
    wrong(position, "the record says that it is number " + std::to_string(r.position));
  auto& stream = streams_[r.stream];
  if (r.previous != stream.head)
    wrong(position, "the record before it in " + r.stream.text() + " is " + std::to_string(stream.head) + ", not " +
                        std::to_string(r.previous));
  stream.head = position;
  stream.version += 1;
  if (r.time <= time_)
    wrong(position, "its time is not after that of the record before");
  time_ = r.time;
  if (r.epoch < epoch_ || r.epoch == 0)
    wrong(position, "its epoch is before that of the record before");
  epoch_ = r.epoch;
}

void verifier::await(std::string_view whose, const std::optional<std::string>& note, checkpoint_status& status) {
  if (!note)
    return;
  status = checkpoint_status::invalid;
  awaited_.push_back({whose, *note, &status, {}});
}

/// Opens the checkpoints with the key that holds from `position` on. What is wrong with one is told at the end: a
/// problem in a record before is the one to name.
void verifier::use_key(std::uint64_t position, const bytes& public_key) {
  const auto origin = log_origin(result_.id, result_.simulated);
  for (auto& a : awaited_) {
    // One that speaks of the records before was signed by a key before.
    if (a.says && a.says->size < position)
      continue;
    const auto text = open_note(a.note, origin, public_key);
    a.says = text ? parse_checkpoint(*text) : std::nullopt;
    if (a.says && (a.says->origin != origin || (position > 1 && a.says->size < position)))
      a.says.reset();
  }
}

void verifier::compare_roots() {
  for (auto& a : awaited_)
    if (a.says && a.says->size == tree_.size()) {
      if (tree_.root() == a.says->root)
        *a.status = checkpoint_status::valid;
      else
        wrong(tree_.size(), std::string{a.whose} + " has another root for the first " + std::to_string(tree_.size()) +
                                " records: one of them was changed");
    }
}

void verifier::take(const scanned_row& row) {
  rows_were_seen_ = true;
  auto found = streams_.find(row.stream);
  if (found == streams_.end()) {
    wrong(tree_.size(), "a state row of " + row.stream.text() + ", a stream without records");
    return;
  }
  auto& stream = found->second;
  stream.has_row = true;
  if (row.version != stream.version || row.head != stream.head)
    wrong(stream.head, "the state row of " + row.stream.text() + " is at version " + std::to_string(row.version) +
                           ", record " + std::to_string(row.head) + "; the records are at version " +
                           std::to_string(stream.version) + ", record " + std::to_string(stream.head));
}

void verifier::take(const scanned_node& node) {
  auto last = (node.index + 1) * leaves_per_node;
  if (node.index >= nodes_.size())
    wrong(tree_.size(), "a stored hash over records that are not there");
  else if (nodes_[node.index] != node.root)
    wrong(last - leaves_per_node + 1, "the stored hash over records " + std::to_string(last - leaves_per_node + 1) +
                                          " to " + std::to_string(last) + " is not theirs");
  else
    nodes_[node.index] = {}; // seen
}

void verifier::take(const scanned_frontier& f) {
  rows_were_seen_ = true;
  if (f.size != tree_.size())
    wrong(tree_.size(),
          "the log has " + std::to_string(tree_.size()) + " records and its tree of hashes " + std::to_string(f.size));
  else if (f.peaks != tree_.peaks())
    wrong(tree_.size(), "the stored root of the tree is not that of the records");
}

void verifier::take(const scanned_lookup& row) {
  if (row.position == 0 || row.position > tree_.size())
    wrong(tree_.size(), "a look-up row leads to record " + std::to_string(row.position) + ", which is not there");
}

void verifier::take(const scanned_sealed& found) {
  if (found.position > tree_.size())
    wrong(tree_.size(), "sealed material of record " + std::to_string(found.position) + ", which is not there");
  // Both ascend. What a program before wrote names none.
  sealed_until(found.position);
  if (seen_ == sealed_.size() || sealed_[seen_].first != found.position)
    return;
  if (sealed_[seen_++].second != found.hash)
    wrong(found.position, "what lies sealed beside the record was changed");
}

/// What is named by records before this one and was not found is not there.
void verifier::sealed_until(std::uint64_t position) {
  for (; seen_ < sealed_.size() && sealed_[seen_].first < position; ++seen_)
    wrong(sealed_[seen_].first, "what lay sealed beside the record is missing");
}

verification verifier::finish(const std::optional<log_problem>& damage) {
  result_.records = tree_.size();
  result_.root = tree_.root();
  if (damage)
    wrong(damage->position, damage->text);
  if (tree_.size() == 0)
    wrong(0, "the log has no record");
  if (meta_ && !damage) {
    check_id();
    for (const auto& [stream, end] : streams_)
      if (!end.has_row)
        wrong(end.head, "the state row of " + stream.text() + " is missing");
    for (std::size_t i = 0; i < nodes_.size(); ++i)
      if (nodes_[i] != digest{})
        wrong(i * leaves_per_node + 1,
              "the stored hash over records from " + std::to_string(i * leaves_per_node + 1) + " on is missing");
    sealed_until(tree_.size() + 1);
    if (!rows_were_seen_)
      wrong(tree_.size(), "the rows beside the records are missing");
    if (epoch_ != meta_->epoch)
      wrong(tree_.size(), "the stored epoch is not that of the last record");
  }
  for (const auto& a : awaited_) {
    const auto text = a.note.substr(0, a.note.find("\n\n") + 1);
    if (!a.says && !parse_checkpoint(text))
      wrong(0, std::string{a.whose} + " is no checkpoint" + (a.note.empty() ? ": it is empty" : ""));
    else if (!a.says)
      wrong(tree_.size(), std::string{a.whose} + " is not signed by this log, or by a later state of it: "
                                                       "records may be missing");
    else if (a.says->size > tree_.size())
      wrong(tree_.size(), std::string{a.whose} + " speaks of " + std::to_string(a.says->size) +
                              " records: those after " + std::to_string(tree_.size()) + " are missing");
    else if (*a.status != checkpoint_status::valid)
      wrong(tree_.size(), std::string{a.whose} + " does not fit the records");
  }
  return std::move(result_);
}

} // namespace

/// Of a directory the rows come behind all records, and are held against them.
verification verify(log_source& source, const identify_log& identify, const std::optional<std::string>& external) {
  verifier v{identify, source.checkpoint_note(), external};
  const auto* item = source.next();
  if (const auto* meta = item ? std::get_if<scanned_meta>(item) : nullptr) {
    v.take(*meta);
    item = source.next();
  }
  block_worker records{[&v](const record_block& block) { v.take(block); }};
  for (; item && std::holds_alternative<scanned_record>(*item); item = source.next()) {
    const auto& r = std::get<scanned_record>(*item);
    records.block().add(r.position, r.data);
    records.block().stored_leaves.push_back(r.stored_leaf);
    records.pass_on();
  }
  records.finish();
  for (; item; item = source.next())
    std::visit([&v](const auto& i) { v.take(i); }, *item);
  return v.finish(source.damage());
}

} // namespace oaksteel
