#include "storage/authority.hpp"

#include "crypto/pem.hpp"
#include "storage/credentials.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <set>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace oaksteel {

namespace fs = std::filesystem;

namespace {

constexpr auto certificate_file = "ca.cert.pem", key_file = "ca.key.pem", list_file = "ca.crl.pem",
               index_file = "index", lock_file = "lock";
constexpr std::size_t index_file_limit = 16 * 1024 * 1024;
constexpr std::int64_t second_us = 1'000'000, day_us = 86'400 * second_us;
/// What another process may take for its certificate, before we give up.
constexpr auto lock_patience = std::chrono::seconds{10};

authority_problem refused(std::string text) { return {true, std::move(text)}; }
authority_problem failed(const storage_error& e) {
  return {e.code == storage_code::exists || e.code == storage_code::not_ours || e.code == storage_code::damaged,
          e.text};
}
authority_problem failed(int error, std::string_view doing, const fs::path& where) {
  return failed(system_error(error, doing, where));
}

fs::path parent_of(const fs::path& path) {
  const auto parent = path.parent_path();
  return parent.empty() ? fs::path{"."} : parent;
}

/// `a/b/` names the directory `a/b`.
fs::path without_trailing_slash(const fs::path& path) { return path.has_filename() ? path : path.parent_path(); }

validity valid_for(instant now, unsigned days) {
  const auto second = now.us / second_us * second_us;
  return {{second - clock_tolerance_us}, {second + days * day_us}};
}

byte_view view(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

/// Directories that are missing, each with mode 0700.
std::optional<authority_problem> make_directories(const fs::path& dir) {
  if (mkdir(dir.c_str(), 0700) == 0) {
    const auto synced = sync_directory(parent_of(dir));
    return synced ? std::nullopt : std::optional{failed(synced.error())};
  }
  if (errno == ENOENT && parent_of(dir) != dir) {
    if (auto problem = make_directories(parent_of(dir)))
      return problem;
    return make_directories(dir);
  }
  const auto error = errno;
  std::error_code none;
  if (fs::is_directory(dir, none))
    return std::nullopt;
  return failed(error == EEXIST ? ENOTDIR : error, "cannot be created", dir);
}

/// A folder of a few files that appears under its name when it is whole and durable, and not at all before.
class new_folder {
public:
  /// Begins `path`; its files go to a directory beside it, with mode 0700.
  static from_authority<new_folder> begin(const fs::path& path) {
    auto name = (parent_of(path) / ("." + path.filename().string() + ".XXXXXX")).string();
    if (!mkdtemp(name.data()))
      return unexpected{failed(errno, "cannot be created", name)};
    return new_folder{path, name};
  }
  new_folder(new_folder&& other) noexcept
      : path_(std::move(other.path_)), temporary_(std::move(other.temporary_)), files_(std::move(other.files_)) {
    other.temporary_.clear();
  }
  new_folder& operator=(new_folder&&) = delete;
  /// Takes what is unfinished, or was replaced, away.
  ~new_folder() {
    if (temporary_.empty())
      return;
    for (const auto& file : files_)
      unlink((temporary_ / file).c_str());
    rmdir(temporary_.c_str());
  }

  std::optional<authority_problem> write(const fs::path& name, byte_view content) {
    files_.insert(name);
    const auto written = write_durably(temporary_ / name, content, existing::kept);
    return written ? std::nullopt : std::optional{failed(written.error())};
  }
  /// In the place of an empty directory, or where there is none.
  std::optional<authority_problem> finish() {
    if (rename(temporary_.c_str(), path_.c_str()) != 0)
      return failed(errno, "cannot be put in place", path_);
    temporary_.clear();
    return sync_parent();
  }
  /// In the place of a folder with files of the same names, which go.
  std::optional<authority_problem> replace() {
    if (renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, path_.c_str(), RENAME_EXCHANGE) != 0)
      return failed(errno, "cannot be replaced", path_);
    return sync_parent();
  }

private:
  new_folder(fs::path path, fs::path temporary) : path_(std::move(path)), temporary_(std::move(temporary)) {}
  std::optional<authority_problem> sync_parent() const {
    const auto synced = sync_directory(parent_of(path_));
    return synced ? std::nullopt : std::optional{failed(synced.error())};
  }

  fs::path path_, temporary_;
  std::set<fs::path> files_;
};

from_authority<open_file> take_lock(const fs::path& dir) {
  const auto path = dir / lock_file;
  open_file file{open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (!file)
    return unexpected{failed(errno, "cannot be opened for writing", path)};
  const auto until = std::chrono::steady_clock::now() + lock_patience;
  while (flock(file.fd(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR)
      return unexpected{failed(errno, "cannot be locked", path)};
    if (std::chrono::steady_clock::now() > until)
      return unexpected{authority_problem{false, dir.string() + ": another process has been using this authority for " +
                                                     std::to_string(lock_patience.count()) +
                                                     " s; wait for it or stop it"}};
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  return file;
}

from_authority<certificate_index> read_index(const fs::path& dir) {
  const auto path = dir / index_file;
  const auto text = read_bounded(path, index_file_limit);
  if (!text)
    return unexpected{failed(text.error())};
  auto index = certificate_index::parse({reinterpret_cast<const char*>(text->data()), text->size()});
  if (!index)
    return unexpected{refused(path.string() + ": " + index.error() + "; put back the index as it was written last")};
  return std::move(*index);
}

/// The directory in the hands of one process.
struct held_authority {
  fs::path dir;
  open_file lock;
  authority_certificate certificate;
  private_key key;
  certificate_index index;
};

authority_problem no_authority(const fs::path& dir, authority_problem why) {
  std::error_code none;
  if (!fs::exists(dir / certificate_file, none))
    why.text = dir.string() + ": holds no authority; make one with oaksteel pki init " + dir.string();
  return why;
}

from_authority<held_authority> hold(const fs::path& dir) {
  auto certificate = read_authority_file(dir / certificate_file);
  if (!certificate)
    return unexpected{no_authority(dir, failed(certificate.error()))};
  auto key = read_key_file(dir / key_file);
  if (!key)
    return unexpected{failed(key.error())};
  if (key->public_part().name() != certificate->key.name())
    return unexpected{refused((dir / key_file).string() + ": is not the key of " + (dir / certificate_file).string() +
                              "; put back the one that belongs to it")};
  auto lock = take_lock(dir);
  if (!lock)
    return unexpected{lock.error()};
  auto index = read_index(dir);
  if (!index)
    return unexpected{index.error()};
  return held_authority{dir, std::move(*lock), std::move(*certificate), std::move(*key), std::move(*index)};
}

/// The list that follows from the index. It ends when the last certificate does, and not before its time.
std::string list_text(const certificate_index& index, const authority_certificate& authority, const private_key& key,
                      instant now, generator& random) {
  auto updates = valid_for(now, revocation_list_days);
  for (const auto& c : index.issued)
    if (c.good_at(now))
      updates.to = std::max(updates.to, c.valid.to);
  return to_pem(pem_kind::revocation_list,
                make_revocation_list(index.list, index.revoked(), updates, authority, key, random));
}

/// Index first: the list follows from it, and is made anew with the next certificate at the latest.
std::optional<authority_problem> keep(held_authority& a, const std::string& list) {
  if (const auto written = write_durably(a.dir / index_file, view(a.index.text())); !written)
    return failed(written.error());
  if (const auto written = write_durably(a.dir / list_file, view(list)); !written)
    return failed(written.error());
  return std::nullopt;
}

bool is_empty_directory(const fs::path& dir) {
  std::error_code none;
  return fs::is_directory(dir, none) && fs::is_empty(dir, none);
}

/// Why the folder that is there may not be replaced.
std::optional<authority_problem> not_replaceable(const fs::path& folder, const certificate_order& order,
                                                 const authority_certificate& authority) {
  struct stat s {};
  if (lstat(folder.c_str(), &s) != 0)
    return errno == ENOENT ? std::nullopt : std::optional{failed(errno, "cannot be read", folder)};
  if (!S_ISDIR(s.st_mode))
    return refused(folder.string() + ": is not a directory; name a folder that holds nothing else");
  const auto files = credential_files::in(folder, order.holder.name);
  const std::array ours{files.certificate, files.key, files.authority, files.revocation_list};
  std::error_code error;
  bool any = false;
  for (fs::directory_iterator at{folder, error}, end; !error && at != end; at.increment(error)) {
    any = true;
    if (std::ranges::find(ours, at->path()) == ours.end())
      return refused(folder.string() + ": holds " + at->path().filename().string() +
                     " too; name a folder that holds nothing else");
  }
  if (error)
    return failed(error.value(), "cannot be read", folder);
  if (!any)
    return std::nullopt;
  const auto held = read_certificate_file(files.certificate);
  if (!held || held->holder != order.holder || not_vouched(*held, authority))
    return refused(folder.string() + ": holds something else than a certificate of " + order.holder.text() +
                   " by this authority; name another folder");
  return std::nullopt;
}

std::optional<authority_problem> not_issuable(const held_authority& a, const certificate_order& order,
                                              const validity& valid, instant now) {
  const auto& until = a.certificate.valid.to;
  if (now < a.certificate.valid.from)
    return refused(a.dir.string() + ": the authority is valid from " + a.certificate.valid.from.text() + ", it is " +
                   now.text() + " now; set the clock right");
  if (valid.to > until)
    return refused(a.dir.string() + ": the authority is valid until " + until.text() +
                   "; take fewer days, or make another authority");
  if (a.index.issued.size() >= issued_limit)
    return refused(a.dir.string() + ": the authority has issued " + std::to_string(issued_limit) +
                   " certificates, which is its limit; make another authority");
  for (const auto& c : a.index.issued)
    if (!order.again && c.holder == order.holder && c.good_at(now))
      return refused(order.holder.text() + " has a certificate that is valid until " + c.valid.to.text() + " (" +
                     c.serial.text() + "); --again issues another one");
  return std::nullopt;
}

/// Those of `index` that `what` names, or why none.
from_authority<std::vector<issued_certificate*>> named(certificate_index& index, const std::string& what) {
  std::vector<issued_certificate*> found;
  std::set<std::string> holders;
  for (auto& c : index.issued)
    if (what == c.holder.name.text || what == c.holder.text() || what == c.serial.text()) {
      found.push_back(&c);
      holders.insert(what == c.serial.text() && what != c.holder.name.text ? c.serial.text() : c.holder.text());
    }
  if (holders.size() > 1)
    return unexpected{refused(what + " may be " + *holders.begin() + " or " + *holders.rbegin() + "; say which")};
  if (!found.empty())
    return found;
  std::error_code none;
  if (!fs::exists(what, none))
    return unexpected{refused(what + " is no holder, no serial and no file; oaksteel pki list shows them")};
  const auto file = read_certificate_file(what);
  if (!file)
    return unexpected{failed(file.error())};
  for (auto& c : index.issued)
    if (c.fingerprint == file->fingerprint)
      return std::vector{&c};
  return unexpected{refused(what + ": the certificate " + file->serial.text() + " is not of this authority")};
}

} // namespace

from_authority<authority_view> make_authority_directory(const fs::path& given, instant now, generator& random) {
  const auto dir = without_trailing_slash(given);
  std::error_code none;
  if (fs::exists(dir / certificate_file, none))
    return unexpected{refused(dir.string() + ": holds an authority already; name another directory")};
  if (fs::exists(fs::symlink_status(dir, none)) && !is_empty_directory(dir))
    return unexpected{refused(dir.string() + ": is there and not an empty directory; name a new one")};
  const auto key = private_key::generate(suite_id::p256, random);
  const auto certificate =
      read_authority(make_authority(key, certificate_serial::draw(random), valid_for(now, authority_days), random));
  if (!certificate)
    return unexpected{refused(std::string{text(certificate.error())})};
  certificate_index index;
  index.list = 1;
  const auto list = list_text(index, *certificate, key, now, random);
  if (auto problem = make_directories(parent_of(dir)))
    return unexpected{std::move(*problem)};
  auto folder = new_folder::begin(dir);
  if (!folder)
    return unexpected{folder.error()};
  auto problem = folder->write(certificate_file, view(to_pem(pem_kind::certificate, certificate->der)));
  if (!problem)
    problem = folder->write(key_file, reveal(key_pem(key)));
  if (!problem)
    problem = folder->write(list_file, view(list));
  if (!problem)
    problem = folder->write(index_file, view(index.text()));
  if (!problem)
    problem = folder->finish();
  if (problem)
    return unexpected{std::move(*problem)};
  return look_at_authority(dir);
}

from_authority<authority_view> look_at_authority(const fs::path& dir) {
  auto certificate = read_authority_file(dir / certificate_file);
  if (!certificate)
    return unexpected{no_authority(dir, failed(certificate.error()))};
  auto index = read_index(dir);
  if (!index)
    return unexpected{index.error()};
  auto list = read_revocation_list_file(dir / list_file, *certificate);
  if (!list)
    return unexpected{failed(list.error())};
  return authority_view{std::move(*certificate), std::move(*index), std::move(*list)};
}

from_authority<issue_result> issue(const fs::path& dir, const certificate_order& order, instant now,
                                   generator& random) {
  auto a = hold(dir);
  if (!a)
    return unexpected{a.error()};
  const auto valid = valid_for(now, order.days);
  if (auto problem = not_issuable(*a, order, valid, now))
    return unexpected{std::move(*problem)};
  const bool node = order.holder.kind == holder_kind::node;
  const auto folder =
      order.out ? without_trailing_slash(*order.out) : dir / (node ? "nodes" : "operators") / order.holder.name.text;
  if (auto problem = not_replaceable(folder, order, a->certificate))
    return unexpected{std::move(*problem)};

  const auto key = private_key::generate(suite_id::p256, random);
  const auto made =
      read_certificate(make_certificate({order.holder, order.roles, certificate_serial::draw(random), valid},
                                        key.public_part(), a->certificate, a->key, random));
  if (!made)
    return unexpected{refused(std::string{text(made.error())})};
  issue_result result{{made->holder, made->roles, made->serial, made->fingerprint, made->valid, {}}, folder};
  a->index.issued.push_back(result.issued);
  ++a->index.list;
  const auto list = list_text(a->index, a->certificate, a->key, now, random);

  if (auto problem = make_directories(parent_of(folder)))
    return unexpected{std::move(*problem)};
  auto fresh = new_folder::begin(folder);
  if (!fresh)
    return unexpected{fresh.error()};
  const auto names = credential_files::in({}, order.holder.name);
  auto problem = fresh->write(names.key, reveal(key_pem(key)));
  if (!problem)
    problem = fresh->write(names.certificate, view(to_pem(pem_kind::certificate, made->der)));
  if (!problem)
    problem = fresh->write(names.authority, view(to_pem(pem_kind::certificate, a->certificate.der)));
  if (!problem)
    problem = fresh->write(names.revocation_list, view(list));
  if (!problem)
    problem = keep(*a, list);
  std::error_code none;
  if (!problem)
    problem = fs::exists(folder, none) ? fresh->replace() : fresh->finish();
  if (problem)
    return unexpected{std::move(*problem)};
  return result;
}

from_authority<std::vector<issued_certificate>> revoke(const fs::path& dir, const std::string& what, instant now,
                                                       generator& random) {
  auto a = hold(dir);
  if (!a)
    return unexpected{a.error()};
  const auto found = named(a->index, what);
  if (!found)
    return unexpected{found.error()};
  std::vector<issued_certificate> revoked;
  bool any = false;
  for (auto* c : *found) {
    any = any || c->revoked;
    if (!c->good_at(now))
      continue;
    c->revoked = instant{now.us / second_us * second_us};
    revoked.push_back(*c);
  }
  if (revoked.empty() && !any)
    return unexpected{refused(what + " has no certificate that is valid; there is nothing to revoke")};
  ++a->index.list;
  if (auto problem = keep(*a, list_text(a->index, a->certificate, a->key, now, random)))
    return unexpected{std::move(*problem)};
  return revoked;
}

} // namespace oaksteel
