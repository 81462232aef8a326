#pragma once
// The directory of an authority that issues the certificates of a trial deployment:
//
//   ca.cert.pem   its certificate
//   ca.key.pem    its private key
//   ca.crl.pem    the newest list of what it revoked; follows from the index
//   index         all that it issued (storage/certificate_index.hpp)
//   lock          held with flock by the process that issues or revokes
//   nodes/NAME, operators/NAME
//                 what was issued: NAME.cert.pem, NAME.key.pem, ca.cert.pem, ca.crl.pem
//
// Files have mode 0600, directories 0700, from the moment they are there. A directory appears whole or not at all. A
// certificate is in the index, durably, before anybody has it: what was handed out can be revoked.

#include "storage/certificate_index.hpp"
#include "storage/files.hpp"

namespace oaksteel {

/// Certificates begin so much earlier, for clocks that are behind.
inline constexpr std::int64_t clock_tolerance_us = std::int64_t{5} * 60 * 1'000'000;
inline constexpr unsigned authority_days = 365;
inline constexpr unsigned certificate_days = 30;
inline constexpr unsigned certificate_days_limit = 90;
/// A list is for so long, and never ends before the last certificate does: a folder is as good as its certificate.
inline constexpr unsigned revocation_list_days = 30;
/// Certificates of one authority.
inline constexpr std::size_t issued_limit = 20'000;

/// Why nothing was done.
struct authority_problem {
  bool refused = true; ///< else the system would not, or there is no such file
  std::string text;    ///< one line: what, where, what would be right
};
template <class T>
using from_authority = expected<T, authority_problem>;

/// What anybody sees who may look into the directory.
struct authority_view {
  authority_certificate certificate;
  certificate_index index;
  revocation_list list;
};

/// Makes the directory, with a new key. Refused when something is there already, an empty directory excepted.
from_authority<authority_view> make_authority_directory(const std::filesystem::path& dir, instant now,
                                                        generator& random);
/// Needs neither key nor lock.
from_authority<authority_view> look_at_authority(const std::filesystem::path& dir);

/// What is to be issued.
struct certificate_order {
  holder_name holder;
  std::vector<operator_role> roles;         ///< of an operator at least one, of a node none
  unsigned days = certificate_days;         ///< 1 to certificate_days_limit
  std::optional<std::filesystem::path> out; ///< the folder; nodes/NAME or operators/NAME when left out
  bool again = false;                       ///< though the holder has a certificate that is valid
};
struct issue_result {
  issued_certificate issued;
  std::filesystem::path folder;
};
/// Makes a key and its certificate and puts them into the folder, which may hold an earlier certificate of this holder
/// and authority, and nothing else.
from_authority<issue_result> issue(const std::filesystem::path& dir, const certificate_order& order, instant now,
                                   generator& random);

/// Revokes what `what` names: a holder (`Ada`, or `operator:Ada` where a node has that name too), whose valid
/// certificates are revoked all; a serial; or a file with a certificate. Gives what is revoked now; what was before
/// stays as it is, and only the list is made anew.
from_authority<std::vector<issued_certificate>> revoke(const std::filesystem::path& dir, const std::string& what,
                                                       instant now, generator& random);

} // namespace oaksteel
