#pragma once
// A share as a file on a custodian's medium (EP-10): readable (it is TOML), signed, and with a checksum.
//
//   file := "format = \"oaksteel share 2\"\n"
//           "log = \"" hex(32) "\"\n"           the log of the site that made the set
//           "set = \"" hex(16) "\"\n"
//           "for = \"" (box id | "domain-key-set") "\"\n"
//           "box = \"" box id "\"\n"            the box that made the set
//           "custodian = \"" label "\"\n"
//           "index = " n "\ncount = " n "\nthreshold = " n "\n"
//           "share = \"" hex "\"\n"             crypto/shares.cpp
//           "key = \"" hex "\"\n"               SubjectPublicKeyInfo, P-256: the set's, also in box_initialised
//           "signature = \"" hex "\"\n"         ECDSA with SHA-256 by that key over all lines above
//           "checksum = \"" hex(32) "\"\n"      SHA-256 over all lines above
//
// Small hex digits, numbers without leading zeros, nothing more and nothing less: a share has one spelling. Any
// slip of a medium or a typist meets the checksum; who makes a new checksum still meets the signature. The text
// stays in wiped memory, and no general parser sees it.

#include "crypto/suite.hpp"
#include "events/box.hpp"
#include "storage/media.hpp"

namespace oaksteel {

/// What a share file says of its share; nothing in it is secret.
struct share_terms {
  digest log;
  share_set_id set;
  std::string of; ///< box id, or `domain_share_purpose`
  box_id box;
  label custodian;
  unsigned index = 1;
  unsigned count = 1;
  unsigned threshold = 1;
  bytes key; ///< the set's public key; share_text() puts it in

  static auto fields(auto& self, auto take) {
    return take(self.log, self.set, self.of, self.box, self.custodian, self.index, self.count, self.threshold,
                self.key);
  }
  share_name name() const { return {set, static_cast<std::uint8_t>(index)}; }
};

/// What `share_terms::of` says of the shares of the domain key set.
inline constexpr std::string_view domain_share_purpose = "domain-key-set";

struct share_file {
  share_terms terms;
  secret share;
  bool signature_valid = false; ///< under the key in the file, which anybody can have made
};

/// The name of a share's file: `O00000001.share`.
std::string share_file_name(std::string_view of);

/// The whole text of a file, signed with the set's key (suite p256).
secret share_text(const share_terms& terms, const secret& share, const private_key& key, generator& random);
/// Reads what share_text() writes, byte for byte; else one line that says where the text is wrong.
expected<share_file, std::string> parse_share(const secret& text);

/// Why a signed share that names a set is none of it, as the set's making is recorded (EP-10).
std::optional<refusal> not_of_set(const share_file& file, const share_set& set, const digest& salt,
                                  const std::vector<share_plan>& shares);

} // namespace oaksteel
