#pragma once
// Secrets in files: shares on removable media, and keys in slots that can be erased. They never lie in LMDB,
// whose freed pages keep what they held.

#include "crypto/secret.hpp"
#include "storage/files.hpp"

namespace oaksteel {

/// Longer files on media are not read.
inline constexpr std::size_t media_file_limit = 64 * 1024;

/// A directory that somebody carries: absent until it is put in. Names are 1 to 128 letters, digits, `-`, `_`
/// and `.`, and begin with none of the last.
class media {
public:
  explicit media(std::filesystem::path directory) : directory_(std::move(directory)) {}

  const std::filesystem::path& directory() const { return directory_; }
  /// True when the media is there.
  bool present() const;
  /// True when both are one directory, by whatever names.
  bool same_as(const media& other) const;
  /// Writes a file of mode 0600; when this returns, the media may be taken out. missing, not_writable, full, io;
  /// exists when there is one of that name, which is kept; not_ours for a name that no file here may have.
  stored<done> write(std::string_view name, const secret& content) const;
  /// The whole of a file, in memory that is wiped. missing, too_large, not_ours (no regular file), io.
  stored<secret> read(std::string_view name) const;
  /// Takes a file away, durably; one that is not there is no error.
  stored<done> remove(std::string_view name) const;
  /// Names of the files, sorted; at most 10,000.
  stored<std::vector<std::string>> list() const;

private:
  std::filesystem::path directory_;
};

/// A file of 32-byte slots, overwritten where they lie. What stands in a wiped slot is gone from the file; a
/// file system or disk that writes elsewhere (copy on write, flash) may keep it, so a slot holds a key that
/// opens something else, and never the thing itself.
class erasable_slots {
public:
  static constexpr std::size_t slot_size = 32;
  static constexpr std::size_t slot_limit = std::size_t{1} << 24;

  /// Opens `path`, making it (mode 0600) or growing it to `count` slots; it never shrinks. The space is
  /// reserved, so that a full disk refuses here and not in write().
  static stored<erasable_slots> open(const std::filesystem::path& path, std::size_t count);

  std::size_t count() const { return count_; }
  /// Puts a secret of 32 bytes, not all zero, into a slot; durable on return. too_large when it does not fit.
  stored<done> write(std::size_t slot, const secret& key);
  /// Nothing when the slot is empty or wiped.
  stored<std::optional<secret>> read(std::size_t slot) const;
  /// Overwrites the slot with zeros; durable on return.
  stored<done> wipe(std::size_t slot);

private:
  erasable_slots(std::filesystem::path path, open_file file, std::size_t count)
      : path_(std::move(path)), file_(std::move(file)), count_(count) {}
  stored<done> put(std::size_t slot, const std::uint8_t* data);

  std::filesystem::path path_;
  open_file file_;
  std::size_t count_ = 0;
};

} // namespace oaksteel
