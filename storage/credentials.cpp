#include "storage/credentials.hpp"

#include "crypto/pem.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace oaksteel {

namespace fs = std::filesystem;

namespace {

constexpr mode_t others = S_IRWXG | S_IRWXO;

storage_error not_private(const fs::path& path, const std::string& what) {
  return {storage_code::not_ours, path.string() + ": " + what};
}

/// Nothing when `s` is ours, or root's, and nobody else can do anything with it.
std::optional<storage_error> open_to_others(const fs::path& path, const struct stat& s) {
  if (s.st_uid != geteuid() && s.st_uid != 0)
    return not_private(path, "belongs to user " + std::to_string(s.st_uid) + "; it must belong to user " +
                                 std::to_string(geteuid()) + ", who runs this");
  if ((s.st_mode & others) != 0)
    return not_private(path, std::string{"group or others may use it; no one but its owner may: chmod "} +
                                 (S_ISDIR(s.st_mode) ? "700" : "600"));
  return std::nullopt;
}

fs::path directory_of(const fs::path& path) {
  const auto parent = path.parent_path();
  return parent.empty() ? fs::path{"."} : parent;
}

storage_error wrong(const fs::path& path, std::string_view what) {
  return {storage_code::not_ours, path.string() + ": " + std::string{what}};
}

expected<bytes, storage_error> read_pem(const fs::path& path, pem_kind kind, std::size_t limit) {
  const auto text = read_bounded(path, limit);
  if (!text)
    return unexpected{text.error()};
  auto der = from_pem(kind, *text);
  if (!der)
    return unexpected{
        wrong(path, kind == pem_kind::certificate
                        ? "is not one certificate in PEM, with nothing before and behind it"
                        : "is not one list of revoked certificates in PEM, with nothing before and behind "
                          "it")};
  return std::move(*der);
}

template <class T>
expected<T, storage_error> at(const fs::path& path, expected<T, certificate_refusal> read) {
  if (!read)
    return unexpected{wrong(path, text(read.error()))};
  return std::move(*read);
}

std::string from_to(const validity& valid) {
  return "it is valid from " + valid.from.text() + " to " + valid.to.text();
}

/// The times of a file, held against the clock.
void check_times(const fs::path& path, const validity& valid, std::string_view instead, instant now,
                 std::vector<std::string>& problems) {
  if (now < valid.from)
    problems.push_back(path.string() + ": not valid yet, " + from_to(valid) + "; set the clock right");
  if (now > valid.to)
    problems.push_back(path.string() + ": expired, " + from_to(valid) + "; " + std::string{instead});
}

} // namespace

stored<done> private_directory(const fs::path& dir) {
  struct stat s {};
  if (stat(dir.c_str(), &s) != 0)
    return unexpected{system_error(errno, "cannot be read", dir)};
  if (!S_ISDIR(s.st_mode))
    return unexpected{not_private(dir, "is not a directory")};
  if (auto open = open_to_others(dir, s))
    return unexpected{std::move(*open)};
  return done{};
}

stored<secret> read_private_file(const fs::path& path, std::size_t limit) {
  // A link would lead to a directory that is not looked at.
  open_file file{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)};
  if (!file && errno == ELOOP)
    return unexpected{not_private(path, "is a link; name the file itself")};
  struct stat s {};
  if (!file || fstat(file.fd(), &s) != 0)
    return unexpected{system_error(errno, "cannot be read", path)};
  if (!S_ISREG(s.st_mode))
    return unexpected{not_private(path, "not a regular file")};
  if (auto open = open_to_others(path, s))
    return unexpected{std::move(*open)};
  if (auto dir = private_directory(directory_of(path)); !dir)
    return unexpected{dir.error()};
  if (static_cast<std::uint64_t>(s.st_size) > limit)
    return unexpected{
        storage_error{storage_code::too_large, path.string() + ": larger than " + std::to_string(limit) + " bytes"}};
  Botan::secure_vector<std::uint8_t> content(static_cast<std::size_t>(s.st_size));
  std::size_t got = 0;
  while (got < content.size()) {
    const auto n = read(file.fd(), content.data() + got, content.size() - got);
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

expected<certificate, storage_error> read_certificate_file(const fs::path& path) {
  const auto der = read_pem(path, pem_kind::certificate, certificate_file_limit);
  if (!der)
    return unexpected{der.error()};
  return at(path, read_certificate(*der));
}

expected<authority_certificate, storage_error> read_authority_file(const fs::path& path) {
  const auto der = read_pem(path, pem_kind::certificate, certificate_file_limit);
  if (!der)
    return unexpected{der.error()};
  return at(path, read_authority(*der));
}

expected<revocation_list, storage_error> read_revocation_list_file(const fs::path& path,
                                                                   const authority_certificate& authority) {
  const auto der = read_pem(path, pem_kind::revocation_list, revocation_list_file_limit);
  if (!der)
    return unexpected{der.error()};
  return at(path, read_revocation_list(*der, authority));
}

expected<private_key, storage_error> read_key_file(const fs::path& path) {
  const auto content = read_private_file(path, certificate_file_limit);
  if (!content)
    return unexpected{content.error()};
  auto key = key_from_pem(*content);
  if (!key)
    return unexpected{wrong(path, "is not one P-256 key as PKCS#8 in PEM, not encrypted, with nothing before and "
                                  "behind it")};
  return std::move(*key);
}

credential_files credential_files::in(const fs::path& dir, const label& name) {
  return {dir / (name.text + ".cert.pem"), dir / (name.text + ".key.pem"), dir / "ca.cert.pem", dir / "ca.crl.pem"};
}

expected<credentials, std::vector<std::string>>
read_credentials(const credential_files& files, const std::optional<holder_name>& holder, instant now) {
  std::vector<std::string> problems;
  const auto keep = [&](const auto& read) {
    if (!read)
      problems.push_back(read.error().text);
    return read.has_value();
  };
  auto own = read_certificate_file(files.certificate);
  auto key = read_key_file(files.key);
  auto authority = read_authority_file(files.authority);
  const bool have_own = keep(own), have_key = keep(key), have_authority = keep(authority);
  std::optional<revocation_list> list;
  if (have_authority) {
    auto read = read_revocation_list_file(files.revocation_list, *authority);
    if (keep(read))
      list = std::move(*read);
    check_times(files.authority, authority->valid, "make another authority and new certificates", now, problems);
  }
  const auto& where = files.certificate.string();
  if (have_own) {
    if (holder && own->holder != *holder)
      problems.push_back(where + ": is the certificate of " + own->holder.text() + "; it must be that of " +
                         holder->text());
    check_times(files.certificate, own->valid, "have another one issued", now, problems);
    if (have_key && key->public_part().name() != own->key.name())
      problems.push_back(files.key.string() + ": is not the key of " + where + "; both must come from one issue");
    if (have_authority && not_vouched(*own, *authority))
      problems.push_back(where + ": is not signed by the authority of " + files.authority.string() +
                         "; both must come from one issue");
    if (list && list->holds(own->serial))
      problems.push_back(where + ": is revoked in " + files.revocation_list.string() + "; have another one issued");
  }
  if (list)
    check_times(files.revocation_list, {list->this_update, list->next_update}, "take a new one from the authority", now,
                problems);
  if (!problems.empty())
    return unexpected{std::move(problems)};
  return credentials{std::move(*own), std::move(*key), std::move(*authority), std::move(*list)};
}

} // namespace oaksteel
