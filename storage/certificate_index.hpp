#pragma once
// What an authority remembers of the certificates that it issued: a text of one line for each, in the order of issue.
//
//   index := "oaksteel certificates 1\n"
//            "list " n "\n"                     number of the newest list of revoked certificates (CRL)
//            "count " n "\n"                    certificates that follow
//            entry*
//   entry := serial " " holder " " roles " " not-before " " not-after " " fingerprint " " revoked "\n"
//            serial, fingerprint: small hex digits; holder: node:NAME or operator:NAME; roles: with "," between, or
//            "-"; revoked: a time, or "-"
//
// Nothing more and nothing less: an index has one spelling.

#include "crypto/certificate.hpp"

namespace oaksteel {

struct issued_certificate {
  holder_name holder;
  std::vector<operator_role> roles;
  certificate_serial serial;
  digest fingerprint;
  validity valid;
  std::optional<instant> revoked;

  /// Not revoked, and not over at `now`.
  bool good_at(instant now) const { return !revoked && now <= valid.to; }
};

struct certificate_index {
  std::uint64_t list = 0;
  std::vector<issued_certificate> issued;

  std::string text() const;
  /// Reads what text() writes; else one line that says which line of it is wrong.
  static expected<certificate_index, std::string> parse(std::string_view text);
  /// The certificates that are revoked, as the list has them.
  std::vector<revoked_serial> revoked() const;
};

/// `officer,auditor`, or `-`.
std::string roles_text(const std::vector<operator_role>& roles);

} // namespace oaksteel
