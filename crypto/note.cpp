// Signed notes and checkpoints as C2SP publishes them (c2sp.org/signed-note, c2sp.org/tlog-checkpoint).
//
//   note        = text LF signature-line *signature-line       text ends with LF
//   signature-line = U+2014 SP name SP base64(key id 4 | signature) LF
//   key id      = first 4 bytes of SHA-256(name | 0x0A | 0x01 | public key 32)
//   checkpoint  = origin LF size-in-decimal LF base64(root 32) LF *(extension LF)
//
// The signature is Ed25519 (RFC 8032, 5.1.6) over the text.

#include "crypto/note.hpp"

#include "crypto/envelope.hpp"
#include "crypto/merkle.hpp"

#include <botan/base64.h>
#include <botan/ed25519.h>
#include <botan/hex.h>
#include <botan/pubkey.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

namespace oaksteel {

namespace {

constexpr std::size_t longest_note = 64 * 1024;
constexpr std::size_t most_signatures = 64;
constexpr std::size_t seed_bytes = 32;
constexpr std::size_t public_bytes_of_ed25519 = 32;
constexpr std::uint8_t ed25519_algorithm = 0x01;
constexpr std::string_view dash = "\xE2\x80\x94 ";

byte_view as_bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string base64(byte_view raw) { return Botan::base64_encode(raw.data(), raw.size()); }

/// RFC 4648, 3.5: only the one canonical encoding.
std::optional<bytes> read_base64(std::string_view text) {
  try {
    const auto raw = Botan::base64_decode(text.data(), text.size(), false);
    if (Botan::base64_encode(raw.data(), raw.size()) != text)
      return std::nullopt;
    return bytes{raw.begin(), raw.end()};
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

/// "The key name MUST be non-empty and not contain any Unicode spaces or plus (U+002B) characters."
bool valid_name(std::string_view name) {
  return !name.empty() &&
         std::none_of(name.begin(), name.end(), [](unsigned char c) { return c <= 0x20 || c == 0x7F || c == '+'; });
}

/// "no ASCII control characters other than newline"
bool printable(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return (c < 0x20 && c != '\n') || c == 0x7F; });
}

std::array<std::uint8_t, 4> key_id_of(std::string_view name, byte_view public_key) {
  bytes named{name.begin(), name.end()};
  named.push_back('\n');
  named.push_back(ed25519_algorithm);
  named.insert(named.end(), public_key.begin(), public_key.end());
  const auto hash = sha256(named);
  return {hash.value[0], hash.value[1], hash.value[2], hash.value[3]};
}

bool ed25519_verifies(const bytes& public_key, std::string_view text, byte_view signature) {
  try {
    const Botan::Ed25519_PublicKey key{public_key};
    Botan::PK_Verifier verifier{key, "Pure"};
    const auto message = as_bytes_of(text);
    return verifier.verify_message(message.data(), message.size(), signature.data(), signature.size());
  } catch (const std::exception&) {
    return false;
  }
}

/// The first line, which is cut from `text`; nothing when there is none that ends.
std::optional<std::string_view> next_line(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos)
    return std::nullopt;
  const auto line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

struct signature_line {
  std::string_view name;
  bytes id_and_signature;
};

std::optional<signature_line> read_signature_line(std::string_view line) {
  if (!line.starts_with(dash))
    return std::nullopt;
  line.remove_prefix(dash.size());
  const auto space = line.find(' ');
  if (space == std::string_view::npos || !valid_name(line.substr(0, space)))
    return std::nullopt;
  auto raw = read_base64(line.substr(space + 1));
  if (!raw || raw->size() < 5)
    return std::nullopt;
  return signature_line{line.substr(0, space), std::move(*raw)};
}

} // namespace

struct log_key::impl {
  explicit impl(const Botan::secure_vector<std::uint8_t>& seed) : key(seed), raw_public(key.public_key_bits()) {}
  Botan::Ed25519_PrivateKey key;
  bytes raw_public;
};

log_key::log_key(std::unique_ptr<impl> i) : impl_(std::move(i)) {}
log_key::log_key(log_key&&) noexcept = default;
log_key& log_key::operator=(log_key&&) noexcept = default;
log_key::~log_key() = default;

log_key log_key::generate(generator& random) {
  Botan::secure_vector<std::uint8_t> seed(seed_bytes);
  random.randomize(seed.data(), seed.size());
  return from_seed(secret{std::move(seed)});
}

log_key log_key::from_seed(const secret& seed) {
  // Botan takes 64 bytes for a whole key; we take only seeds.
  if (seed.size() != seed_bytes)
    throw std::invalid_argument("log_key: a seed of 32 bytes");
  return log_key{std::make_unique<impl>(reveal(seed))};
}

const bytes& log_key::public_bytes() const { return impl_->raw_public; }

bytes log_key::sign(std::string_view text) const {
  // Not a kept signer: it would hold the message while it signs, and a key may serve two threads.
  Botan::PK_Signer signer{impl_->key, blinding_generator(), "Pure"};
  const auto message = as_bytes_of(text);
  return signer.sign_message(message.data(), message.size(), blinding_generator());
}

std::string checkpoint::text() const { return origin + "\n" + std::to_string(size) + "\n" + base64(root.value) + "\n"; }

std::string signed_note(std::string_view text, std::string_view name, const log_key& key) {
  if (!valid_name(name) || text.empty() || text.back() != '\n' || !printable(text))
    throw std::invalid_argument("signed_note: a name without spaces, a text of whole lines");
  const auto id = key_id_of(name, key.public_bytes());
  bytes raw{id.begin(), id.end()};
  const auto signature = key.sign(text);
  raw.insert(raw.end(), signature.begin(), signature.end());
  std::string note{text};
  note += '\n';
  note += dash;
  note += name;
  note += ' ';
  note += base64(raw);
  note += '\n';
  return note;
}

std::string verifier_key(std::string_view name, const bytes& public_key) {
  const auto id = key_id_of(name, public_key);
  bytes raw{ed25519_algorithm};
  raw.insert(raw.end(), public_key.begin(), public_key.end());
  return std::string{name} + "+" + Botan::hex_encode(id.data(), id.size(), false) + "+" + base64(raw);
}

std::optional<std::string> open_note(std::string_view note, std::string_view name, const bytes& public_key) {
  if (note.size() > longest_note || !printable(note) || !valid_name(name) ||
      public_key.size() != public_bytes_of_ed25519)
    return std::nullopt;
  // The text may hold blank lines; the signatures stand behind the last one.
  const auto blank = note.rfind("\n\n");
  if (blank == std::string_view::npos)
    return std::nullopt;
  const auto text = note.substr(0, blank + 1);
  auto lines = note.substr(blank + 2);
  const auto id = key_id_of(name, public_key);
  bool signed_by_name = false;
  for (std::size_t i = 0; !lines.empty(); ++i) {
    const auto line = next_line(lines);
    const auto signature = line && i < most_signatures ? read_signature_line(*line) : std::nullopt;
    if (!signature)
      return std::nullopt;
    const byte_view raw{signature->id_and_signature};
    if (signature->name != name || !same_bytes(raw.first(4), id))
      continue; // of a key that we do not know: ignored, as the format asks
    // A known key's line that is wrong spoils the note, even beside a good one.
    if (!ed25519_verifies(public_key, text, raw.subspan(4)))
      return std::nullopt;
    signed_by_name = true;
  }
  if (!signed_by_name)
    return std::nullopt;
  return std::string{text};
}

std::optional<checkpoint> parse_checkpoint(std::string_view text) {
  if (text.size() > longest_note)
    return std::nullopt;
  const auto origin = next_line(text), size = next_line(text), root = next_line(text);
  if (!origin || !size || !root || origin->empty() || size->empty())
    return std::nullopt;
  checkpoint c;
  c.origin = *origin;
  const auto [end, error] = std::from_chars(size->data(), size->data() + size->size(), c.size);
  if (error != std::errc{} || end != size->data() + size->size() || (size->front() == '0' && size->size() > 1))
    return std::nullopt;
  const auto raw = read_base64(*root);
  if (!raw || raw->size() != c.root.value.size())
    return std::nullopt;
  std::copy(raw->begin(), raw->end(), c.root.value.begin());
  // Extension lines are allowed and not ours; a blank or unfinished one is neither.
  while (!text.empty())
    if (const auto extension = next_line(text); !extension || extension->empty())
      return std::nullopt;
  return c;
}

} // namespace oaksteel
