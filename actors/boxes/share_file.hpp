#pragma once
// Shares on removable media: one directory for each custodian, one file for each share. The box reads and
// writes them itself, so that no share is in a message or passes a general parser (EP-10).
//
//   oaksteel share 1
//   for = "O00000001"
//   custodian = "Ada"
//   index = 1
//   threshold = 2
//   share = "<hex>"

#include "crypto/secret.hpp"
#include "events/expected.hpp"
#include "events/ids.hpp"
#include "events/refusal.hpp"
#include "storage/log.hpp"

#include <filesystem>

namespace oaksteel {

struct share_header {
  std::string of; ///< box id, or `domain-key-set`
  label custodian;
  unsigned index = 1;
  unsigned threshold = 2;
};

/// Writes durably; nothing when done, else one line that says why not.
std::optional<storage_error> write_share(const std::filesystem::path& media, const share_header& header,
                                         const secret& share);
/// Reads the share of a custodian; refused when the medium or the file is missing or damaged.
expected<secret, refusal> read_share(const std::filesystem::path& media, const label& custodian,
                                     const std::string& of);

} // namespace oaksteel
