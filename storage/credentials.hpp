#pragma once
// The files by which a node or an operator shows who he is: certificate, key, the authority's certificate and its list
// of revoked ones. They are read and checked before anything is built on them.

#include "crypto/certificate.hpp"
#include "storage/files.hpp"

namespace oaksteel {

/// Longer files are no certificate and no key.
inline constexpr std::size_t certificate_file_limit = 8 * 1024;
inline constexpr std::size_t revocation_list_file_limit = 2 * 1024 * 1024;

/// A file that nobody but its owner may read, in a directory that nobody else may enter: the whole of it, in wiped
/// memory. not_ours when that is not so; the line says what would be right.
stored<secret> read_private_file(const std::filesystem::path& path, std::size_t limit);

/// The same for what lies in it: not_ours when group or others may look into the directory, or it is another's.
stored<done> private_directory(const std::filesystem::path& dir);

/// A certificate as a file; the error is one line that says what is wrong, where, and what would be right.
expected<certificate, storage_error> read_certificate_file(const std::filesystem::path& path);
expected<authority_certificate, storage_error> read_authority_file(const std::filesystem::path& path);
expected<revocation_list, storage_error> read_revocation_list_file(const std::filesystem::path& path,
                                                                   const authority_certificate& authority);
expected<private_key, storage_error> read_key_file(const std::filesystem::path& path);

struct credential_files {
  std::filesystem::path certificate, key, authority, revocation_list;

  /// As `oaksteel pki issue` names them: NAME.cert.pem, NAME.key.pem, ca.cert.pem, ca.crl.pem.
  static credential_files in(const std::filesystem::path& dir, const label& name);
};

struct credentials {
  certificate own;
  private_key key;
  authority_certificate authority;
  revocation_list revocations;
};

/// Reads and checks all four: they can be read, nobody else may read the key, the key is that of the certificate, the
/// authority signed the certificate and the list, all are valid at `now`, the certificate is not revoked and it is
/// `holder`'s, if one is given. The error is everything that is wrong, a line for each.
expected<credentials, std::vector<std::string>> read_credentials(const credential_files& files,
                                                                 const std::optional<holder_name>& holder, instant now);

} // namespace oaksteel
