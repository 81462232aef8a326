#include "storage/media.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace oaksteel {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t name_limit = 128, list_limit = 10'000;

bool good_name(std::string_view name) {
  return !name.empty() && name.size() <= name_limit && name[0] != '.' && name[0] != '-' && name[0] != '_' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_' ||
                  c == '.';
         });
}

storage_error bad_name(const fs::path& directory) {
  return {storage_code::not_ours,
          directory.string() +
              ": a file's name is 1 to 128 letters, digits, '-', '_', '.', the first a letter or digit"};
}

storage_error absent(const fs::path& directory) {
  return {storage_code::missing, directory.string() + ": the media is not there"};
}

} // namespace

bool media::present() const {
  std::error_code error;
  return fs::is_directory(directory_, error);
}

bool media::same_as(const media& other) const {
  std::error_code error;
  return fs::equivalent(directory_, other.directory_, error);
}

stored<done> media::write(std::string_view name, const secret& content) const {
  if (!good_name(name))
    return unexpected{bad_name(directory_)};
  if (!present())
    return unexpected{absent(directory_)};
  if (content.size() > media_file_limit)
    return unexpected{storage_error{storage_code::too_large, (directory_ / name).string() + ": at most 65536 bytes"}};
  return write_durably(directory_ / name, reveal(content), existing::kept);
}

stored<secret> media::read(std::string_view name) const {
  if (!good_name(name))
    return unexpected{bad_name(directory_)};
  if (!present())
    return unexpected{absent(directory_)};
  auto path = directory_ / name;
  open_file file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
  struct stat s {};
  if (!file || fstat(file.fd(), &s) != 0)
    return unexpected{system_error(errno, "cannot be read", path)};
  if (!S_ISREG(s.st_mode))
    return unexpected{storage_error{storage_code::not_ours, path.string() + ": not a regular file"}};
  if (static_cast<std::uint64_t>(s.st_size) > media_file_limit)
    return unexpected{storage_error{storage_code::too_large, path.string() + ": larger than 65536 bytes"}};
  Botan::secure_vector<std::uint8_t> content(static_cast<std::size_t>(s.st_size));
  std::size_t got = 0;
  while (got < content.size()) {
    auto n = ::read(file.fd(), content.data() + got, content.size() - got);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return unexpected{system_error(errno, "cannot be read", path)};
    if (n == 0)
      break;
    got += static_cast<std::size_t>(n);
  }
  content.resize(got);
  return secret{std::move(content)};
}

stored<done> media::remove(std::string_view name) const {
  if (!good_name(name))
    return unexpected{bad_name(directory_)};
  const auto path = directory_ / name;
  if (::unlink(path.c_str()) != 0)
    return errno == ENOENT ? stored<done>{done{}} : unexpected{system_error(errno, "cannot be removed", path)};
  return sync_directory(directory_);
}

stored<std::vector<std::string>> media::list() const {
  if (!present())
    return unexpected{absent(directory_)};
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at{directory_, error}, end; !error && at != end && names.size() < list_limit;
       at.increment(error)) {
    auto name = at->path().filename().string();
    std::error_code ignored;
    if (good_name(name) && !name.ends_with(".new") && fs::is_regular_file(at->symlink_status(ignored)))
      names.push_back(std::move(name));
  }
  if (error)
    return unexpected{system_error(error.value(), "cannot be listed", directory_)};
  std::sort(names.begin(), names.end());
  return names;
}

stored<erasable_slots> erasable_slots::open(const fs::path& path, std::size_t count) {
  if (count > slot_limit)
    return unexpected{storage_error{storage_code::too_large, path.string() + ": at most 16777216 slots"}};
  open_file file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
  struct stat s {};
  if (!file || fstat(file.fd(), &s) != 0)
    return unexpected{system_error(errno, "cannot be opened", path)};
  if (!S_ISREG(s.st_mode))
    return unexpected{storage_error{storage_code::not_ours, path.string() + ": not a regular file"}};
  auto size = static_cast<std::size_t>(s.st_size);
  if (size % slot_size != 0 || size / slot_size > slot_limit)
    return unexpected{storage_error{storage_code::damaged, path.string() + ": " + std::to_string(size) +
                                                               " bytes are not a number of 32-byte slots"}};
  if (size < count * slot_size) {
    // The new slots read as zeros, which is what an empty slot is.
    if (int error = posix_fallocate(file.fd(), 0, static_cast<off_t>(count * slot_size)))
      return unexpected{system_error(error, "cannot grow", path)};
    if (fsync(file.fd()) != 0)
      return unexpected{system_error(errno, "cannot be made durable", path)};
    auto parent = path.parent_path();
    if (auto synced = sync_directory(parent.empty() ? fs::path{"."} : parent); !synced)
      return unexpected{synced.error()};
    size = count * slot_size;
  }
  return erasable_slots{path, std::move(file), size / slot_size};
}

stored<done> erasable_slots::put(std::size_t slot, const std::uint8_t* data) {
  if (slot >= count_)
    return unexpected{storage_error{storage_code::missing, path_.string() + ": no slot " + std::to_string(slot)}};
  auto n = pwrite(file_.fd(), data, slot_size, static_cast<off_t>(slot * slot_size));
  if (n != static_cast<ssize_t>(slot_size))
    return unexpected{system_error(n < 0 ? errno : ENOSPC, "cannot be written", path_)};
  if (fdatasync(file_.fd()) != 0)
    return unexpected{system_error(errno, "cannot be made durable", path_)};
  return done{};
}

stored<done> erasable_slots::write(std::size_t slot, const secret& key) {
  const auto& data = reveal(key);
  if (data.size() != slot_size || std::all_of(data.begin(), data.end(), [](auto b) { return b == 0; }))
    return unexpected{storage_error{storage_code::too_large, path_.string() + ": a slot takes 32 bytes that are not "
                                                                              "all zero"}};
  return put(slot, data.data());
}

stored<std::optional<secret>> erasable_slots::read(std::size_t slot) const {
  if (slot >= count_)
    return unexpected{storage_error{storage_code::missing, path_.string() + ": no slot " + std::to_string(slot)}};
  Botan::secure_vector<std::uint8_t> data(slot_size);
  auto n = pread(file_.fd(), data.data(), slot_size, static_cast<off_t>(slot * slot_size));
  if (n != static_cast<ssize_t>(slot_size))
    return unexpected{system_error(n < 0 ? errno : EIO, "cannot be read", path_)};
  if (std::all_of(data.begin(), data.end(), [](auto b) { return b == 0; }))
    return std::optional<secret>{};
  return std::optional<secret>{secret{std::move(data)}};
}

stored<done> erasable_slots::wipe(std::size_t slot) {
  constexpr std::uint8_t zeros[slot_size] = {};
  return put(slot, zeros);
}

} // namespace oaksteel
