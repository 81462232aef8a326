#include "storage/backup.hpp"

#include "crypto/merkle.hpp"
#include "storage/archive.hpp"
#include "storage/checkpoint.hpp"
#include "storage/child.hpp"
#include "storage/environment.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace oaksteel {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view backup_magic = "oaksteel backup 1\n";
constexpr std::size_t backup_piece = 1 << 20, trailer_bytes = 8 + 32;
/// A copy takes a small part of a second of CPU for so much.
constexpr std::uint64_t bytes_a_second = 64 << 20;
/// What a meter remembers is overwritten when it is opened (EP-20): a copy would outlive that.
constexpr std::string_view memory_files[] = {"meter.keys", "meters.keys"};

storage_error not_whole(const fs::path& file, std::string_view why) {
  return {storage_code::damaged, file.string() + ": " + std::string{why} + ": it is no whole backup"};
}

/// In the child, which a damaged page ends. Pages that are free are left out: what was erased stays erased.
int copy_pages(const fs::path& dir, std::uint64_t size, int fd) {
  auto env = environment::open(dir, access::read);
  if (!env)
    return 1;
  child_process::still_alive(child_process::cpu_seconds + static_cast<int>(size / bytes_a_second));
  return mdb_env_copyfd2((*env)->raw(), fd, MDB_CP_COMPACT) == 0 ? 0 : 1;
}

/// What is written is hashed.
class backup_file {
public:
  explicit backup_file(new_file file) : file_(std::move(file)) {}
  stored<done> write(std::span<const std::uint8_t> data) {
    hash_.add(data);
    return file_.write(data);
  }
  stored<done> finish() {
    if (auto written = file_.write(hash_.finish().value); !written)
      return written;
    return file_.finish(existing::kept);
  }

private:
  new_file file_;
  sha256_in_pieces hash_;
};

stored<done> copy_log(const fs::path& dir, std::uint64_t expected, backup_file& to) {
  child_process child{[&](int fd) { return copy_pages(dir, expected, fd); }};
  if (!child.started())
    return unexpected{system_error(errno, "no process to read it in", dir)};
  bytes piece(backup_piece);
  std::uint64_t size = 0;
  while (const auto n = child.read(piece.data(), piece.size())) {
    if (auto written = to.write(std::span{piece}.first(n)); !written)
      return written;
    size += n;
  }
  if (const auto end = child.finish(); !end.empty())
    return unexpected{
      storage_error{storage_code::damaged, dir.string() + ": copying it ends the reader (" + end + ")"}};
  return to.write(encode(size));
}

/// A regular file, read from its beginning and hashed.
class reading_file {
public:
  explicit reading_file(const fs::path& path)
    : path_(path), file_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}

  /// Its size; an error for what is no regular file.
  stored<std::uint64_t> size() const {
    struct stat s {};
    if (!file_ || fstat(file_.fd(), &s) != 0)
      return unexpected{system_error(errno, "cannot be read", path_)};
    if (!S_ISREG(s.st_mode))
      return unexpected{storage_error{storage_code::not_ours, path_.string() + ": not a regular file"}};
    return static_cast<std::uint64_t>(s.st_size);
  }
  /// All of `into`, or an error.
  stored<done> fill(std::span<std::uint8_t> into, bool hashed = true) {
    for (std::size_t got = 0; got < into.size();) {
      const auto n = ::read(file_.fd(), into.data() + got, into.size() - got);
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return unexpected{system_error(errno, "cannot be read", path_)};
      if (n == 0)
        return unexpected{not_whole(path_, "it is cut off")};
      got += static_cast<std::size_t>(n);
    }
    if (hashed)
      hash_.add(into);
    return done{};
  }
  digest of_all() { return hash_.finish(); }

private:
  const fs::path& path_;
  open_file file_;
  sha256_in_pieces hash_;
};

stored<done> expect_magic(reading_file& from, std::uint64_t size, const fs::path& file) {
  std::string magic(backup_magic.size(), '\0');
  const auto kind = backup_magic.substr(0, backup_magic.size() - 2);
  if (size >= magic.size())
    if (auto read = from.fill({reinterpret_cast<std::uint8_t*>(magic.data()), magic.size()}); !read)
      return read;
  if (!magic.starts_with(kind))
    return unexpected{
      storage_error{storage_code::not_ours, file.string() + ": no backup as `oaksteel backup` writes it"}};
  if (magic != backup_magic)
    return unexpected{storage_error{storage_code::newer_version,
                                    file.string() + ": a backup of a version that this program does not read"}};
  return done{};
}

template <class T>
stored<T> read_number(reading_file& from) {
  bytes data(sizeof(T));
  if (auto read = from.fill(data); !read)
    return unexpected{read.error()};
  return number_at<T>(data, 0);
}

/// The data file, of `size` bytes, which is durable when nobody is told that it was wrong.
stored<done> unpack_pages(reading_file& from, std::uint64_t size, const fs::path& to) {
  auto file = new_file::begin(to);
  if (!file)
    return unexpected{file.error()};
  bytes piece(backup_piece);
  while (size > 0) {
    const auto now = std::span{piece}.first(std::min<std::uint64_t>(size, piece.size()));
    if (auto read = from.fill(now); !read)
      return read;
    if (auto written = file->write(now); !written)
      return written;
    size -= now.size();
  }
  return file->finish(existing::kept);
}

} // namespace

stored<done> write_backup(const fs::path& dir, const fs::path& file) {
  std::error_code none;
  // A copy takes its time: what lies in its way is said before.
  if (fs::exists(fs::symlink_status(file, none)))
    return unexpected{storage_error{storage_code::exists, file.string() + ": lies there already and is not replaced"}};
  for (const auto& name : memory_files)
    if (fs::exists(dir / name, none))
      return unexpected{storage_error{storage_code::not_ours,
                                      dir.string() + ": " + std::string{name}
                                        + " is the memory of meters, which must stay erasable; it is not copied"}};
  auto header = check_data_file(dir);
  if (!header)
    return unexpected{header.error()};
  if (auto readable = probe(dir); !readable)
    return readable;
  // Before the copy begins: a checkpoint that is written meanwhile may be ahead of it.
  auto note = read_checkpoint(dir);
  if (!note)
    return unexpected{note.error()};
  auto begun = new_file::begin(file);
  if (!begun)
    return unexpected{begun.error()};
  backup_file to{std::move(*begun)};
  const auto text = note->value_or("");
  for (const auto& part : {bytes{backup_magic.begin(), backup_magic.end()},
                           encode(static_cast<std::uint32_t>(text.size())), bytes{text.begin(), text.end()}})
    if (auto written = to.write(part); !written)
      return written;
  if (auto copied = copy_log(dir, header->pages * header->page_size, to); !copied)
    return copied;
  return to.finish();
}

stored<done> unpack_backup(const fs::path& file, const fs::path& dir) {
  reading_file from{file};
  const auto size = from.size();
  if (!size)
    return unexpected{size.error()};
  if (auto kind = expect_magic(from, *size, file); !kind)
    return kind;
  const auto length = read_number<std::uint32_t>(from);
  const auto least = backup_magic.size() + 4 + trailer_bytes;
  if (!length || *length > note_limit || *size < least + *length)
    return unexpected{not_whole(file, "it is cut off")};
  bytes note(*length);
  if (auto read = from.fill(note); !read)
    return read;
  const auto pages = *size - least - *length;
  if (auto unpacked = unpack_pages(from, pages, data_file(dir)); !unpacked)
    return unpacked;
  const auto said = read_number<std::uint64_t>(from);
  digest sum;
  const auto found = from.of_all();
  if (auto read = from.fill(sum.value, false); !said || !read || *said != pages || sum != found)
    return unexpected{not_whole(file, "its bytes are not those that were written")};
  return note.empty() ? stored<done>{done{}} : write_durably(checkpoint_file(dir), note, existing::kept);
}

} // namespace oaksteel
