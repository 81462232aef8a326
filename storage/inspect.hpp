#pragma once
// Reading a log that nobody vouches for: by anyone, without secrets, beside its running writer or without
// one. Whatever the bytes are, the outcome is items and at most one line about damage.

#include "storage/checkpoint.hpp"

#include <functional>
#include <variant>

namespace oaksteel {

/// Something that is wrong with a log, and the record at which it shows; 0 before the first.
struct log_problem {
  std::uint64_t position = 0;
  std::string text;
};

/// A record as it is stored. `data` is good until the next item is asked for.
struct scanned_record {
  std::uint64_t position = 0;
  std::optional<digest> stored_leaf; ///< an export has none
  std::span<const std::uint8_t> data;
};
/// Whether it is what was written, as far as its own leaf hash tells: an export has none.
bool is_as_written(const scanned_record& r);

/// A stream's state row. `state` is good until the next item is asked for.
struct scanned_row {
  stream_id stream;
  std::uint64_t version = 0;
  std::uint64_t head = 0;
  std::span<const std::uint8_t> state;
};
/// The stored root over the complete records 256 * index + 1 to 256 * index + 256.
struct scanned_node {
  std::uint64_t index = 0;
  digest root;
};
struct scanned_frontier {
  std::uint64_t size = 0;
  std::vector<digest> peaks;
};
/// A row of a look-up table.
struct scanned_lookup {
  std::uint8_t index = 0;
  std::string key;
  std::uint64_t position = 0;
};
/// Sealed material of an event, by its SHA-256. What it holds, its box alone can tell.
struct scanned_sealed {
  std::uint64_t position = 0;
  digest hash;
};
struct scanned_meta {
  digest id;
  std::uint32_t epoch = 0; ///< of the last writer that committed
};
using log_item = std::variant<scanned_record, scanned_row, scanned_node, scanned_frontier, scanned_lookup,
                              scanned_sealed, scanned_meta>;

/// The items of a log, one after another: meta, all records, nodes, frontier, state rows, look-up rows, sealed
/// material. An export has records only.
class log_source {
public:
  /// A data directory or an export file. A directory is mapped and read by a child process, in one
  /// transaction; a writer may go on meanwhile. missing, not_ours, newer_version, damaged (cut off, or the
  /// rows that every log begins with), locked (see environment.cpp), io.
  static stored<log_source> open(const std::filesystem::path& path);

  /// The next item; null at the end, or at damage.
  const log_item* next();
  /// Why there is no next item, when that is not the log's end.
  const std::optional<log_problem>& damage() const;
  /// The checkpoint beside the log or in the export, unchecked.
  const std::optional<std::string>& checkpoint_note() const;

  log_source(log_source&&) noexcept;
  log_source& operator=(log_source&&) noexcept;
  ~log_source();
  struct impl;
  explicit log_source(std::unique_ptr<impl> i);

private:
  std::unique_ptr<impl> impl_;
};

/// Writes the rest of `source`, its records and its checkpoint, as an export file; the number of records.
/// damaged when the source is, or a record in it was changed: no file then.
///
///   export := "oaksteel export 1\n" { length(u32, not 0) record } 0(u32) note note_length(u32)
///
/// Integers are little-endian; the note is the checkpoint, or empty.
stored<std::uint64_t> write_export(log_source& source, const std::filesystem::path& file);

/// The same bytes, handed to `write` in pieces; a damaged source is told of when some are out already.
using write_piece = std::function<stored<done>(std::span<const std::uint8_t>)>;
stored<std::uint64_t> write_export(log_source& source, const write_piece& write);

/// What a record says about the log's key.
struct log_identity {
  bytes public_key;       ///< Ed25519, 32 bytes: signs the checkpoints from this record on, until another record says
  bool simulated = false; ///< of the first record
  std::optional<reference> parent; ///< of the first record of a log behind another: that one's id and last position
};
/// Asked about the first record and the later ones of its stream. Nothing when the first one is not what a log begins
/// with, or a later one says nothing about the key.
using identify_log = std::function<std::optional<log_identity>(const record&)>;

enum class checkpoint_status : std::uint8_t {
  none = 1,  ///< there is no checkpoint
  unchecked, ///< the log's key is not known
  valid,     ///< the signature is the log's and its root is that of the records
  invalid,   ///< `problem` says why
};

struct verification {
  std::uint64_t records = 0;
  digest root; ///< over those records
  digest id;
  bool simulated = false;
  checkpoint_status own = checkpoint_status::none;      ///< the one beside the log
  checkpoint_status external = checkpoint_status::none; ///< the one that was given
  std::optional<log_problem> problem;                   ///< the first, in the order of the log
};

/// Reads the whole of `source` and checks every record (hash, number, coding, log, predecessor in its stream,
/// time, epoch) and every row against what the records give; then the checkpoints, each under the newest key that
/// stands at or before its size. `external` is a note that was kept elsewhere: it finds an editor who wrote all of the
/// log anew.
verification verify(log_source& source, const identify_log& identify,
                    const std::optional<std::string>& external = std::nullopt);

} // namespace oaksteel
