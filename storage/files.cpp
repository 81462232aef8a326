#include "storage/files.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace oaksteel {

namespace fs = std::filesystem;

open_file::~open_file() {
  if (fd_ >= 0)
    close(fd_);
}

storage_error system_error(int error, std::string_view doing, const fs::path& where) {
  auto code = storage_code::io;
  switch (error) {
  case ENOENT:
  case ENOTDIR:
    code = storage_code::missing;
    break;
  case ENOSPC:
  case EDQUOT:
  case EFBIG:
    code = storage_code::full;
    break;
  case EACCES:
  case EPERM:
  case EROFS:
    code = storage_code::not_writable;
    break;
  default:
    break;
  }
  return {code, where.string() + ": " + std::string{doing} + ": " + std::strerror(error)};
}

stored<done> write_bytes(int fd, std::span<const std::uint8_t> data, const fs::path& where) {
  while (!data.empty()) {
    auto n = ::write(fd, data.data(), data.size());
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return unexpected{system_error(errno, "cannot be written", where)};
    data = data.subspan(static_cast<std::size_t>(n));
  }
  return done{};
}

stored<done> sync_directory(const fs::path& dir) {
  open_file d{open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!d || fsync(d.fd()) != 0)
    return unexpected{system_error(errno, "cannot be made durable", dir)};
  return done{};
}

namespace {

/// 0, or an errno: EEXIST when the name is taken. Some file systems (NFS) cannot do it in one step; there it is looked
/// at first.
int rename_to_free_name(const fs::path& from, const fs::path& to) {
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0)
    return 0;
  if (errno != EINVAL && errno != ENOSYS)
    return errno;
  struct stat s {};
  if (lstat(to.c_str(), &s) == 0)
    return EEXIST;
  return errno == ENOENT && rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}

} // namespace

new_file::new_file(fs::path path, fs::path temporary, int fd)
    : path_(std::move(path)), temporary_(std::move(temporary)), file_(fd) {}

new_file::new_file(new_file&& other) noexcept
    : path_(std::move(other.path_)), temporary_(std::move(other.temporary_)), file_(std::move(other.file_)) {
  other.temporary_.clear();
}

new_file::~new_file() {
  if (!temporary_.empty())
    unlink(temporary_.c_str());
}

stored<new_file> new_file::begin(const fs::path& path) {
  auto temporary = path;
  temporary += ".new";
  // One that a crash left behind is not continued, and a link put there is not followed.
  unlink(temporary.c_str());
  int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0)
    return unexpected{system_error(errno, "cannot be created", temporary)};
  return new_file{path, temporary, fd};
}

stored<done> new_file::write(std::span<const std::uint8_t> data) { return write_bytes(file_.fd(), data, temporary_); }

stored<done> new_file::finish(existing there) {
  if (fsync(file_.fd()) != 0)
    return unexpected{system_error(errno, "cannot be made durable", temporary_)};
  const int failed = there == existing::kept ? rename_to_free_name(temporary_, path_)
                     : rename(temporary_.c_str(), path_.c_str()) != 0 ? errno : 0;
  if (failed == EEXIST)
    return unexpected{storage_error{storage_code::exists, path_.string() + ": lies there already and is not replaced"}};
  if (failed != 0)
    return unexpected{system_error(failed, "cannot be put in place", path_)};
  temporary_.clear();
  auto parent = path_.parent_path();
  return sync_directory(parent.empty() ? fs::path{"."} : parent);
}

stored<done> write_durably(const fs::path& path, std::span<const std::uint8_t> data, existing there) {
  auto file = new_file::begin(path);
  if (!file)
    return unexpected{file.error()};
  if (auto written = file->write(data); !written)
    return written;
  return file->finish(there);
}

stored<bytes> read_bounded(const fs::path& path, std::size_t limit) {
  // Not blocking: opening a pipe that lies there must not wait for its writer.
  open_file file{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat s {};
  if (!file || fstat(file.fd(), &s) != 0)
    return unexpected{system_error(errno, "cannot be read", path)};
  if (!S_ISREG(s.st_mode))
    return unexpected{storage_error{storage_code::not_ours, path.string() + ": not a regular file"}};
  if (static_cast<std::uint64_t>(s.st_size) > limit)
    return unexpected{
        storage_error{storage_code::too_large, path.string() + ": larger than " + std::to_string(limit) + " bytes"}};
  bytes data(static_cast<std::size_t>(s.st_size));
  std::size_t got = 0;
  while (got < data.size()) {
    auto n = read(file.fd(), data.data() + got, data.size() - got);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return unexpected{system_error(errno, "cannot be read", path)};
    if (n == 0)
      break;
    got += static_cast<std::size_t>(n);
  }
  data.resize(got);
  return data;
}

} // namespace oaksteel
