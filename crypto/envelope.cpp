// Numbers are big-endian; `|` is concatenation.
//
//   sealed     = header | ciphertext | tag 16
//   header     = suite u8 | recipient fingerprint 32 | index u32 | wrapped length u16 | wrapped key
//   ciphertext   AES-256-GCM (SP 800-38D) under the wrapped key, which is fresh for each batch; the nonce is
//                8 zero bytes | index, the place in the batch, so none comes twice under one key (8.2.1);
//                authenticated with it: header | the caller's associated data. The header says its own
//                length, so the two cannot be shifted into each other.
//
//   under a secret key (seal_under) = nonce 12 | ciphertext | tag 16
//                AES-256-GCM with a random nonce (8.2.2), authenticated with the caller's associated data
//
//   proof      = suite u8 | signer fingerprint 32 | leaf index u32 | leaf count u32 |
//                path length u8 | path, 32 each, nearest sibling first | signature length u16 | signature
//   signed     = "oaksteel/1/" | purpose | 0x00 | suite u8 | signer fingerprint 32 |
//                domain length u8 | domain | leaf count u32 | batch root 32
//                The root is RFC 6962's over the records of the batch. The count is signed because a path
//                alone fits trees of several sizes; with it each byte of a proof has one value.

#include "crypto/envelope.hpp"

#include <botan/aead.h>
#include <botan/loadstor.h>
#include <botan/mac.h>
#include <botan/mem_ops.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace oaksteel {

namespace {

constexpr std::size_t key_bytes = 32;
constexpr std::size_t tag_bytes = 16;
constexpr std::size_t nonce_bytes = 12;

void append(bytes& to, byte_view from) { to.insert(to.end(), from.begin(), from.end()); }
void append(bytes& to, std::string_view text) { to.insert(to.end(), text.begin(), text.end()); }
template <class Number>
void append_number(bytes& to, Number n) {
  std::uint8_t big_endian[sizeof n];
  Botan::store_be(n, big_endian);
  append(to, big_endian);
}

/// Takes fields from the front of bytes that nobody vouches for. A field that is not there turns it bad
/// and reads as zero.
class field_reader {
public:
  explicit field_reader(byte_view from) : rest_(from) {}

  byte_view take(std::size_t n) {
    if (n > rest_.size()) {
      good_ = false;
      rest_ = {};
      return {};
    }
    const auto field = rest_.first(n);
    rest_ = rest_.subspan(n);
    return field;
  }
  std::uint32_t number(std::size_t size) {
    std::uint32_t n = 0;
    for (auto b : take(size))
      n = n << 8 | b;
    return n;
  }
  digest hash() {
    digest d;
    const auto field = take(d.value.size());
    std::copy(field.begin(), field.end(), d.value.begin());
    return d;
  }
  byte_view rest() const { return rest_; }
  bool good() const { return good_; }
  bool finished() const { return good_ && rest_.empty(); }

private:
  byte_view rest_;
  bool good_ = true;
};

using gcm_nonce = std::array<std::uint8_t, nonce_bytes>;

gcm_nonce nonce_of(std::uint32_t index) {
  gcm_nonce n{};
  Botan::store_be(index, n.data() + 8);
  return n;
}

/// Encrypts or decrypts in place; throws when the tag is wrong.
void gcm(Botan::Cipher_Dir direction, const secret& key, const gcm_nonce& n, const bytes& associated,
         Botan::secure_vector<std::uint8_t>& data) {
  const auto aead = Botan::AEAD_Mode::create_or_throw("AES-256/GCM", direction);
  aead->set_key(reveal(key).data(), reveal(key).size());
  aead->set_ad(associated);
  aead->start(n.data(), n.size());
  aead->finish(data);
}

void gcm_append(bytes& to, const secret& key, const gcm_nonce& n, const bytes& associated, const secret& plaintext) {
  auto data = reveal(plaintext);
  gcm(Botan::Cipher_Dir::ENCRYPTION, key, n, associated, data);
  append(to, byte_view{data});
}

std::optional<secret> gcm_open(const secret& key, const gcm_nonce& n, const bytes& associated, byte_view ciphertext) {
  if (ciphertext.size() < tag_bytes)
    return std::nullopt;
  try {
    Botan::secure_vector<std::uint8_t> data{ciphertext.begin(), ciphertext.end()};
    gcm(Botan::Cipher_Dir::DECRYPTION, key, n, associated, data);
    return secret{std::move(data)};
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

struct proof_parts {
  suite_id suite = suite_id::rsa3072;
  fingerprint signer;
  std::uint32_t index = 0;
  std::uint32_t count = 0;
  std::vector<digest> path;
  byte_view signature;
};

std::optional<proof_parts> read_proof(byte_view proof) {
  proof_parts p;
  field_reader in{proof};
  p.suite = static_cast<suite_id>(in.number(1));
  p.signer.of = in.hash();
  p.index = in.number(4);
  p.count = in.number(4);
  const auto hashes = in.number(1);
  p.path.reserve(hashes);
  for (std::size_t i = 0; i < hashes; ++i)
    p.path.push_back(in.hash());
  p.signature = in.take(in.number(2));
  if (!in.finished() || !valid(p.suite) || p.index >= p.count)
    return std::nullopt;
  return p;
}

bool sayable(const signing_scope& scope) {
  return scope.purpose.find('\0') == std::string_view::npos && scope.domain.size() <= 255;
}

bytes signed_bytes(const signing_scope& scope, suite_id suite, const fingerprint& signer, std::uint32_t count,
                   const digest& root) {
  bytes b;
  append(b, "oaksteel/1/");
  append(b, scope.purpose);
  b.push_back(0x00);
  b.push_back(static_cast<std::uint8_t>(suite));
  append(b, signer.of.value);
  b.push_back(static_cast<std::uint8_t>(scope.domain.size()));
  append(b, scope.domain);
  append_number(b, count);
  append(b, root.value);
  return b;
}

secret fresh_key(generator& random) {
  Botan::secure_vector<std::uint8_t> key(key_bytes);
  random.randomize(key.data(), key.size());
  return secret{std::move(key)};
}

} // namespace

sealer::sealer(const public_key& to, generator& random)
    : to_(to), key_(fresh_key(random)), wrapped_(to_.wrap(key_, random)) {}

bytes sealer::seal(const secret& plaintext, byte_view associated) {
  if (count_ == std::numeric_limits<std::uint32_t>::max())
    throw std::length_error("seal: this batch is full");
  const auto index = count_++;
  bytes sealed;
  sealed.reserve(39 + wrapped_.size() + std::max(associated.size(), plaintext.size() + tag_bytes));
  sealed.push_back(static_cast<std::uint8_t>(to_.suite()));
  append(sealed, to_.name().of.value);
  append_number(sealed, index);
  append_number(sealed, static_cast<std::uint16_t>(wrapped_.size()));
  append(sealed, wrapped_);
  bytes authenticated = sealed;
  append(authenticated, associated);
  gcm_append(sealed, key_, nonce_of(index), authenticated, plaintext);
  return sealed;
}

std::shared_ptr<const secret> unwrapped_keys::find(byte_view wrapped) const {
  const std::lock_guard guard{lock_};
  const auto found = std::find_if(last_.begin(), last_.end(), [&](const auto& one) {
    return std::equal(wrapped.begin(), wrapped.end(), one.first.begin(), one.first.end());
  });
  return found == last_.end() ? nullptr : found->second;
}

void unwrapped_keys::keep(byte_view wrapped, std::shared_ptr<const secret> key) {
  const std::lock_guard guard{lock_};
  last_.emplace_back(bytes{wrapped.begin(), wrapped.end()}, std::move(key));
  if (last_.size() > limit)
    last_.pop_front();
}

std::optional<secret> opener::open(byte_view sealed, byte_view associated) {
  field_reader in{sealed};
  const auto suite = static_cast<suite_id>(in.number(1));
  const fingerprint recipient{in.hash()};
  const auto index = in.number(4);
  const auto wrapped = in.take(in.number(2));
  if (!in.good() || suite != own_.suite() || recipient != own_.public_part().name())
    return std::nullopt;
  auto key = kept_->find(wrapped);
  if (!key) {
    auto unwrapped = own_.unwrap(wrapped, random_);
    if (!unwrapped || unwrapped->size() != key_bytes)
      return std::nullopt;
    key = std::make_shared<const secret>(std::move(*unwrapped));
    kept_->keep(wrapped, key);
  }
  bytes authenticated{sealed.begin(), sealed.end() - static_cast<std::ptrdiff_t>(in.rest().size())};
  append(authenticated, associated);
  return gcm_open(*key, nonce_of(index), authenticated, in.rest());
}

bytes seal_under(const secret& key, const secret& plaintext, byte_view associated, generator& random) {
  if (key.size() != key_bytes)
    throw std::invalid_argument("seal_under: a key of 32 bytes");
  gcm_nonce n;
  random.randomize(n.data(), n.size());
  bytes sealed{n.begin(), n.end()};
  gcm_append(sealed, key, n, {associated.begin(), associated.end()}, plaintext);
  return sealed;
}

std::optional<secret> open_under(const secret& key, byte_view sealed, byte_view associated) {
  if (key.size() != key_bytes || sealed.size() < nonce_bytes + tag_bytes)
    return std::nullopt;
  gcm_nonce n;
  std::copy_n(sealed.begin(), n.size(), n.begin());
  return gcm_open(key, n, {associated.begin(), associated.end()}, sealed.subspan(nonce_bytes));
}

bytes tag_under(const secret& key, byte_view message) {
  if (key.size() != key_bytes)
    throw std::invalid_argument("tag_under: a key of 32 bytes");
  const auto mac = Botan::MessageAuthenticationCode::create_or_throw("CMAC(AES-256)");
  mac->set_key(reveal(key).data(), reveal(key).size());
  mac->update(message.data(), message.size());
  bytes tag(mac->output_length());
  mac->final(tag.data());
  return tag;
}

bytes check_under(const secret& key, std::string_view prefix, const secret& content) {
  const auto mac = Botan::MessageAuthenticationCode::create_or_throw("HMAC(SHA-256)");
  mac->set_key(reveal(key));
  mac->update(std::string{prefix});
  mac->update(reveal(content));
  bytes tag(mac->output_length());
  mac->final(tag.data());
  return tag;
}

bool same_bytes(byte_view a, byte_view b) {
  return a.size() == b.size() && (a.empty() || Botan::constant_time_compare(a.data(), b.data(), a.size()));
}

std::vector<bytes> prove(const private_key& own, const signing_scope& scope, const std::vector<byte_view>& records,
                         generator& random) {
  if (!sayable(scope))
    throw std::invalid_argument("prove: a purpose without NUL, a domain of at most 255 bytes");
  if (records.size() > std::numeric_limits<std::uint32_t>::max())
    throw std::length_error("prove: too large a batch");
  std::vector<bytes> proofs;
  if (records.empty())
    return proofs;
  const auto count = static_cast<std::uint32_t>(records.size());
  std::vector<digest> leaves;
  leaves.reserve(count);
  for (auto record : records)
    leaves.push_back(leaf_hash(record));
  const auto& signer = own.public_part().name();
  const auto signature = own.sign(signed_bytes(scope, own.suite(), signer, count, merkle_root(leaves)), random);
  const auto paths = inclusion_paths(leaves);
  proofs.reserve(count);
  for (std::uint32_t index = 0; index < count; ++index) {
    const auto& path = paths[index];
    bytes proof;
    proof.reserve(44 + 32 * path.size() + signature.size());
    proof.push_back(static_cast<std::uint8_t>(own.suite()));
    append(proof, signer.of.value);
    append_number(proof, index);
    append_number(proof, count);
    proof.push_back(static_cast<std::uint8_t>(path.size()));
    for (const auto& sibling : path)
      append(proof, sibling.value);
    append_number(proof, static_cast<std::uint16_t>(signature.size()));
    append(proof, signature);
    proofs.push_back(std::move(proof));
  }
  return proofs;
}

std::optional<fingerprint> claimed_signer(byte_view proof) {
  const auto parts = read_proof(proof);
  if (!parts)
    return std::nullopt;
  return parts->signer;
}

bool proof_checker::check(const public_key& signer, const signing_scope& scope, byte_view record, byte_view proof) {
  const auto parts = read_proof(proof);
  if (!parts || !sayable(scope) || parts->suite != signer.suite() || parts->signer != signer.name())
    return false;
  const auto root = root_from_path(leaf_hash(record), parts->index, parts->count, parts->path);
  if (!root)
    return false;
  // Remembered is all that the verdict depends on: what was signed, which names the key, and the signature.
  auto statement = signed_bytes(scope, parts->suite, parts->signer, parts->count, *root);
  const auto length = statement.size();
  append(statement, parts->signature);
  if (statement == last_good_)
    return true;
  if (!signer.verify(byte_view{statement}.first(length), parts->signature))
    return false;
  last_good_ = std::move(statement);
  return true;
}

} // namespace oaksteel
