#include "node/restore.hpp"

#include "actors/surroundings.hpp"
#include "node/node_log.hpp"
#include "storage/backup.hpp"
#include "storage/files.hpp"
#include "storage/replay.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

namespace oaksteel {

namespace fs = std::filesystem;

namespace {

/// A directory that appears under its name in the end, and goes when it does not come to that.
class hidden_directory {
public:
  /// Beside `path`, whose parents are made; with mode 0700.
  static stored<hidden_directory> begin(const fs::path& path) {
    const auto parent = path.parent_path();
    std::error_code failed;
    fs::create_directories(parent, failed);
    auto name = (parent / ("." + path.filename().string() + ".XXXXXX")).string();
    if (failed)
      return unexpected{system_error(failed.value(), "cannot be created", parent)};
    if (!mkdtemp(name.data()))
      return unexpected{system_error(errno, "cannot be written, and what is restored is to appear in it", parent)};
    return hidden_directory{path, name};
  }
  hidden_directory(hidden_directory&& other) noexcept
    : path_(std::move(other.path_)), at_(std::exchange(other.at_, {})) {}
  hidden_directory& operator=(hidden_directory&&) = delete;
  ~hidden_directory() {
    std::error_code none;
    if (!at_.empty())
      fs::remove_all(at_, none);
  }

  const fs::path& at() const { return at_; }
  /// In the place of an empty directory, or where there is none.
  stored<done> finish() {
    if (auto kept = keep_owner(); !kept)
      return kept;
    if (auto synced = sync_directory(at_); !synced)
      return synced;
    if (rename(at_.c_str(), path_.c_str()) != 0)
      return unexpected{system_error(errno, "cannot be put in place", path_)};
    at_.clear();
    return sync_directory(path_.parent_path());
  }

private:
  hidden_directory(fs::path path, fs::path at) : path_(std::move(path)), at_(std::move(at)) {}
  /// The empty directory may be of the user of a service, and root the one who restores.
  stored<done> keep_owner() const {
    struct stat before {};
    if (stat(path_.c_str(), &before) != 0 || before.st_uid == geteuid())
      return done{};
    std::error_code failed;
    std::vector<fs::path> all{at_};
    for (fs::directory_iterator entry{at_, failed}, end; !failed && entry != end; entry.increment(failed))
      all.push_back(entry->path());
    for (const auto& one : all)
      if (failed || lchown(one.c_str(), before.st_uid, before.st_gid) != 0)
        return unexpected{system_error(failed ? failed.value() : errno, "cannot be given to its owner", path_)};
    return done{};
  }
  fs::path path_, at_;
};

std::optional<storage_error> occupied(const fs::path& data) {
  std::error_code error;
  const auto kind = fs::symlink_status(data, error).type();
  if (kind == fs::file_type::not_found)
    return std::nullopt;
  if (kind == fs::file_type::directory && fs::is_empty(data, error) && !error)
    return std::nullopt;
  return storage_error{storage_code::exists,
                       data.string() + ": is not empty; give a new or an empty directory to restore into"};
}

/// What `log verify` and `replay` find wrong with the log in `dir`, told of the backup.
std::optional<storage_error> unsound(const fs::path& dir, const fs::path& backup) {
  const auto wrong = [&backup](std::uint64_t position, const std::string& text) {
    return storage_error{storage_code::damaged,
                         backup.string() + ": record " + std::to_string(position) + ": " + text};
  };
  for (const bool folding : {false, true}) {
    auto source = log_source::open(dir);
    if (!source)
      return storage_error{source.error().code, backup.string() + ": its log cannot be used: " + source.error().text};
    if (!folding) {
      if (const auto found = verify(*source, identify).problem)
        return wrong(found->position, found->text);
    } else if (const auto found = replay(*source).problem) {
      return wrong(found->position, (found->stream ? found->stream->text() + ": " : "") + found->text);
    }
  }
  return std::nullopt;
}

} // namespace

stored<restored_log> restore_backup(const fs::path& backup, const fs::path& data, std::uint32_t raise_by) {
  auto where = fs::absolute(data).lexically_normal();
  if (!where.has_filename())
    where = where.parent_path(); // `a/b/` names the directory `a/b`
  if (auto problem = occupied(where))
    return unexpected{std::move(*problem)};
  auto making = hidden_directory::begin(where);
  if (!making)
    return unexpected{making.error()};
  if (auto unpacked = unpack_backup(backup, making->at()); !unpacked)
    return unexpected{unpacked.error()};
  if (auto problem = unsound(making->at(), backup))
    return unexpected{std::move(*problem)};
  restored_log made;
  {
    auto opened = open_log(making->at());
    if (!opened)
      return unexpected{opened.error()};
    if (opened->node.simulated)
      return unexpected{unfit_log(backup, "holds the log of a scenario, whose seed gives its keys away; it is not "
                                          "restored")};
    const auto key = log_key::generate(blinding_generator());
    made = {opened->node.name, {}, opened->written.id(), opened->written.size()};
    const log_restored first{made.node, made.parent, made.position, key.public_bytes(), raise_by};
    if (auto problem = begin_next_log(*opened, first, system_clock_after(opened->last)->now()))
      return unexpected{std::move(*problem)};
    made.log = opened->written.id();
    if (auto signed_ = write_checkpoint(making->at(), made.log, false, opened->written.position(), key); !signed_)
      return unexpected{signed_.error()};
  }
  if (auto placed = making->finish(); !placed)
    return unexpected{placed.error()};
  return made;
}

std::optional<storage_error> no_log_to_back_up(const std::filesystem::path& data) {
  auto source = log_source::open(data);
  const auto* item = source ? source->next() : nullptr;
  if (item && std::holds_alternative<scanned_meta>(*item))
    item = source->next();
  const auto* first = item ? std::get_if<scanned_record>(item) : nullptr;
  const auto read = first ? decode_record(first->data) : expected<record, std::string>{unexpected{std::string{}}};
  const auto identity = read ? identify(*read) : std::nullopt;
  if (identity && identity->simulated)
    return unfit_log(data, "holds the log of a scenario, whose seed gives its keys away; it is not backed up");
  return std::nullopt; // what cannot be read is for who makes the copy to say
}

} // namespace oaksteel
