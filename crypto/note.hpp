#pragma once
// Checkpoints in the public format of C2SP: tlog-checkpoint, as a signed note with Ed25519.

#include "crypto/random.hpp"
#include "crypto/secret.hpp"
#include "events/ids.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace oaksteel {

/// The Ed25519 key that signs a log's checkpoints.
class log_key {
public:
  static log_key generate(generator& random);
  /// From a 32-byte seed (RFC 8032, 5.1.5).
  static log_key from_seed(const secret& seed);
  /// 32 bytes.
  const bytes& public_bytes() const;
  bytes sign(std::string_view text) const;

  log_key(log_key&&) noexcept;
  log_key& operator=(log_key&&) noexcept;
  ~log_key();
  struct impl;
  explicit log_key(std::unique_ptr<impl> i);

private:
  std::unique_ptr<impl> impl_;
};

/// What a checkpoint says: of the log `origin`, the first `size` records have this root.
struct checkpoint {
  std::string origin;
  std::uint64_t size = 0;
  digest root;

  /// The three lines that are signed.
  std::string text() const;
};

/// `text` as a signed note with one signature line by `name`.
std::string signed_note(std::string_view text, std::string_view name, const log_key& key);
/// `name+hex8(key id)+base64(0x01 || public key)`.
std::string verifier_key(std::string_view name, const bytes& public_key);
/// The note's text when it carries a valid signature line by `name` under `public_key`.
std::optional<std::string> open_note(std::string_view note, std::string_view name, const bytes& public_key);
/// Reads a checkpoint's text; nothing when it is malformed (a size with a leading zero, a root that
/// is not 32 bytes, fewer than three lines).
std::optional<checkpoint> parse_checkpoint(std::string_view text);

} // namespace oaksteel
