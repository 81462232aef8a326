#include "storage/inspect.hpp"

#include "crypto/merkle.hpp"
#include "storage/child.hpp"
#include "storage/environment.hpp"
#include "storage/export.hpp"
#include "storage/scan.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace oaksteel {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t buffer_bytes = 1 << 20;

digest digest_at(std::span<const std::uint8_t> data, std::size_t offset) {
  digest d;
  std::memcpy(d.value.data(), data.data() + offset, 32);
  return d;
}

/// Bytes of a pipe or a file, seen in one piece.
class arriving {
public:
  arriving() : data_(buffer_bytes) {}

  /// The next `n` bytes, at most `buffer_bytes`, not yet taken; fewer when no more come.
  template <class Read>
  std::span<const std::uint8_t> look(std::size_t n, const Read& read) {
    if (end_ - begin_ < n) {
      std::memmove(data_.data(), data_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
      while (end_ < n) {
        auto got = read(data_.data() + end_, data_.size() - end_);
        if (got == 0)
          break;
        end_ += got;
      }
    }
    return {data_.data() + begin_, std::min(n, end_ - begin_)};
  }
  void take(std::size_t n) { begin_ += n; }

private:
  bytes data_;
  std::size_t begin_ = 0, end_ = 0;
};

} // namespace

struct log_source::impl {
  fs::path path;
  std::unique_ptr<child_process> child; ///< of a directory
  open_file file;                       ///< of an export
  arriving input;
  log_item item;
  std::optional<log_problem> damage;
  std::optional<std::string> note;
  std::uint64_t last = 0; ///< the last record that was handed out
  bool over = false;

  std::span<const std::uint8_t> look(std::size_t n);
  const log_item* stop(std::uint64_t position, std::string text);
  const log_item* next_frame();
  const log_item* next_exported();
  bool read_frame(frame_kind kind, std::span<const std::uint8_t> payload);
  std::optional<storage_error> begin_scan();
  std::optional<storage_error> begin_export();
};

std::span<const std::uint8_t> log_source::impl::look(std::size_t n) {
  return input.look(n, [this](void* into, std::size_t size) -> std::size_t {
    if (child)
      return child->read(into, size);
    for (;;) {
      auto got = read(file.fd(), into, size);
      if (got >= 0 || errno != EINTR)
        return got > 0 ? static_cast<std::size_t>(got) : 0;
    }
  });
}

const log_item* log_source::impl::stop(std::uint64_t position, std::string text) {
  over = true;
  if (!text.empty())
    damage = log_problem{position, std::move(text)};
  return nullptr;
}

const log_item* log_source::impl::next_frame() {
  auto header = look(8);
  if (header.size() == 8) {
    auto kind = static_cast<frame_kind>(number_at<std::uint32_t>(header, 0));
    std::size_t length = number_at<std::uint32_t>(header, 4);
    auto all = length <= frame_limit ? look(8 + length) : std::span<const std::uint8_t>{};
    if (all.size() == 8 + length) {
      input.take(8 + length);
      auto payload = all.subspan(8);
      if (kind == frame_kind::end)
        return stop(0, {});
      if (kind == frame_kind::problem && length >= 8)
        return stop(number_at<std::uint64_t>(payload, 0), std::string{payload.begin() + 8, payload.end()});
      if (read_frame(kind, payload))
        return &item;
    }
  }
  auto end = child->finish();
  return stop(last, "reading on after record " + std::to_string(last) + " ends the reader (" +
                        (end.empty() ? std::string{"it stopped"} : end) + "): the file is damaged");
}

bool log_source::impl::read_frame(frame_kind kind, std::span<const std::uint8_t> payload) {
  switch (kind) {
  case frame_kind::meta:
    if (payload.size() != 36)
      return false;
    item = scanned_meta{digest_at(payload, 0), number_at<std::uint32_t>(payload, 32)};
    return true;
  case frame_kind::record:
    if (payload.size() <= 40)
      return false;
    last = number_at<std::uint64_t>(payload, 0);
    item = scanned_record{last, digest_at(payload, 8), payload.subspan(40)};
    return true;
  case frame_kind::row: {
    std::size_t key = payload.size() >= 5 ? number_at<std::uint32_t>(payload, 0) : 0;
    if (key == 0 || key > payload.size() - 4)
      return false;
    auto row = read_row(payload.subspan(4 + key));
    if (!row)
      return false;
    item = scanned_row{{static_cast<stream_kind>(payload[4]),
                        std::string{payload.begin() + 5, payload.begin() + 4 + static_cast<std::ptrdiff_t>(key)}},
                       row->version,
                       row->head,
                       row->state};
    return true;
  }
  case frame_kind::node:
    if (payload.size() != 40)
      return false;
    item = scanned_node{number_at<std::uint64_t>(payload, 0), digest_at(payload, 8)};
    return true;
  case frame_kind::frontier: {
    if (payload.size() < 8 || (payload.size() - 8) % 32 != 0)
      return false;
    scanned_frontier f{number_at<std::uint64_t>(payload, 0), {}};
    for (std::size_t at = 8; at < payload.size(); at += 32)
      f.peaks.push_back(digest_at(payload, at));
    item = std::move(f);
    return true;
  }
  case frame_kind::lookup:
    if (payload.size() < 10)
      return false;
    item = scanned_lookup{payload[8], std::string{payload.begin() + 9, payload.end()},
                          number_at<std::uint64_t>(payload, 0)};
    return true;
  case frame_kind::sealed:
    if (payload.size() != 40)
      return false;
    item = scanned_sealed{number_at<std::uint64_t>(payload, 0), digest_at(payload, 8)};
    return true;
  default:
    return false;
  }
}

std::optional<storage_error> log_source::impl::begin_scan() {
  if (auto header = check_data_file(path); !header)
    return header.error();
  // Before the scan begins: a checkpoint that is written meanwhile may be ahead of what the scan sees.
  auto found = read_checkpoint(path);
  if (!found)
    return found.error();
  note = std::move(*found);
  child = std::make_unique<child_process>([this](int fd) { return scan_log(path, fd); });
  if (!child->started())
    return system_error(errno, "no process to read it in", path);
  auto header = look(8);
  auto length = header.size() == 8 ? number_at<std::uint32_t>(header, 4) : 0;
  if (length == 0 || length > frame_limit)
    return storage_error{storage_code::damaged,
                         path.string() + ": reading it ends the reader (" + child->finish() + ")"};
  auto all = look(8 + length);
  if (static_cast<frame_kind>(number_at<std::uint32_t>(all, 0)) == frame_kind::failure && all.size() > 9)
    return storage_error{static_cast<storage_code>(all[8]), std::string{all.begin() + 9, all.end()}};
  return std::nullopt;
}

std::optional<storage_error> log_source::impl::begin_export() {
  file = open_file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat s {};
  if (!file || fstat(file.fd(), &s) != 0)
    return system_error(errno, "cannot be read", path);
  auto magic = look(export_magic.size());
  std::string_view text{reinterpret_cast<const char*>(magic.data()), magic.size()};
  if (!S_ISREG(s.st_mode) || !text.starts_with(export_magic.substr(0, export_magic.size() - 2)))
    return storage_error{storage_code::not_ours, path.string() + ": neither a data directory nor an exported log"};
  if (text != export_magic)
    return storage_error{storage_code::newer_version, path.string() + ": an export of a version that this program does "
                                                                      "not read"};
  input.take(export_magic.size());
  // The note is wanted before the records and stands behind them; its length stands last.
  std::uint32_t length = 0;
  auto size = static_cast<std::uint64_t>(s.st_size);
  if (size < export_magic.size() + 8 || pread(file.fd(), &length, 4, static_cast<off_t>(size - 4)) != 4 ||
      length == 0 || length > note_limit || length > size - export_magic.size() - 8)
    return std::nullopt;
  std::string found(length, '\0');
  if (pread(file.fd(), found.data(), length, static_cast<off_t>(size - 4 - length)) == static_cast<ssize_t>(length))
    note = std::move(found);
  return std::nullopt;
}

const log_item* log_source::impl::next_exported() {
  auto cut = [this] { return stop(last, "the export ends after record " + std::to_string(last) + ": cut off"); };
  auto header = look(4);
  if (header.size() < 4)
    return cut();
  std::size_t length = number_at<std::uint32_t>(header, 0);
  if (length > record_limit)
    return stop(last + 1, "record " + std::to_string(last + 1) + " has an impossible size");
  if (length > 0) {
    auto all = look(4 + length);
    if (all.size() < 4 + length)
      return cut();
    input.take(4 + length);
    item = scanned_record{++last, std::nullopt, all.subspan(4)};
    return &item;
  }
  // Nothing but the note and its length may follow.
  std::size_t note_size = note ? note->size() : 0;
  auto rest = look(4 + note_size + 4 + 1);
  if (rest.size() != 4 + note_size + 4 || number_at<std::uint32_t>(rest, 4 + note_size) != note_size)
    return stop(last, "the export's end is damaged");
  return stop(0, {});
}

bool is_as_written(const scanned_record& r) {
  return !r.stored_leaf || leaf_hash(r.data) == *r.stored_leaf;
}

stored<log_source> log_source::open(const fs::path& path) {
  auto i = std::make_unique<impl>();
  i->path = path;
  std::error_code error;
  auto kind = fs::status(path, error).type();
  if (kind == fs::file_type::not_found)
    return unexpected{storage_error{storage_code::missing, path.string() + ": there is no such file or directory"}};
  auto failed = kind == fs::file_type::directory ? i->begin_scan() : i->begin_export();
  if (failed)
    return unexpected{std::move(*failed)};
  return log_source{std::move(i)};
}

const log_item* log_source::next() {
  if (impl_->over)
    return nullptr;
  return impl_->child ? impl_->next_frame() : impl_->next_exported();
}

const std::optional<log_problem>& log_source::damage() const { return impl_->damage; }

const std::optional<std::string>& log_source::checkpoint_note() const { return impl_->note; }

log_source::log_source(std::unique_ptr<impl> i) : impl_(std::move(i)) {}
log_source::log_source(log_source&&) noexcept = default;
log_source& log_source::operator=(log_source&&) noexcept = default;
log_source::~log_source() = default;

} // namespace oaksteel
