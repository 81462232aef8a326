#pragma once
// Files of a node that are not the LMDB environment: written whole and durably, or read whole and bounded.

#include "storage/log.hpp"

#include <filesystem>
#include <span>
#include <string_view>

namespace oaksteel {

/// An open file; closed with its owner.
class open_file {
public:
  open_file() = default;
  explicit open_file(int fd) : fd_(fd) {}
  open_file(open_file&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  open_file& operator=(open_file&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~open_file();

  int fd() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

private:
  int fd_ = -1;
};

/// `error` (an errno) as our code and one line: "/data/log: cannot be read: No space left on device".
storage_error system_error(int error, std::string_view doing, const std::filesystem::path& where);

/// Writes all of `data`; full or io when the system refuses.
stored<done> write_bytes(int fd, std::span<const std::uint8_t> data, const std::filesystem::path& where);

/// Makes the names in `dir` durable.
stored<done> sync_directory(const std::filesystem::path& dir);

/// What becomes of a file that has the name of a new one.
enum class existing { replaced, kept };

/// A file that appears under its name when it is whole and durable, and not at all before.
class new_file {
public:
  /// Begins `path`; its content goes to a name beside it, with mode 0600.
  static stored<new_file> begin(const std::filesystem::path& path);
  stored<done> write(std::span<const std::uint8_t> data);
  /// fsync, rename, fsync of the directory. `exists` when a file is to be kept that lies there.
  stored<done> finish(existing there = existing::replaced);

  new_file(new_file&& other) noexcept;
  new_file& operator=(new_file&&) = delete;
  /// Takes an unfinished file away.
  ~new_file();

private:
  new_file(std::filesystem::path path, std::filesystem::path temporary, int fd);
  std::filesystem::path path_;
  std::filesystem::path temporary_;
  open_file file_;
};

/// new_file in one call.
stored<done> write_durably(const std::filesystem::path& path, std::span<const std::uint8_t> data,
                           existing there = existing::replaced);

/// The whole of a regular file of at most `limit` bytes.
stored<bytes> read_bounded(const std::filesystem::path& path, std::size_t limit);

} // namespace oaksteel
