#include "actors/boxes/verification.hpp"

#include "actors/boxes/record_addresses.hpp"
#include "storage/signed_body.hpp"

#include <unordered_map>

namespace oaksteel {
namespace {

/// A key of the batch, opened once; its token keys by period.
struct opened_key {
  bool sound = false;
  master_key facts; ///< as signed by Brass, not as the archive's computer says
  secret k;
  std::unordered_map<std::string, secret> token_keys;
};

/// EP Fig. 18, EP-19: only Brass changed the record since, for it carries a tag under s_B.
opened_key open_key(const verification_key& key, const domain_ring& ring) {
  opened_key opened;
  if (!same_bytes(tag_under(*ring.secret_authentication, key.mr3_body), key.mr3_tag))
    return opened;
  auto mr3 = decode_body<mr3_body>(key.mr3_body);
  if (!mr3 || mr3->key.domain != ring.domain || mr3->sealed != sha256(key.sealed))
    return opened;
  opened.facts.status = key_status::active;
  opened.facts.key = mr3->key;
  opened.facts.serial = mr3->serial;
  opened.facts.registered = mr3->date;
  if (!key.mo2_body.empty()) {
    auto mo2 = decode_body<mo2_body>(key.mo2_body);
    if (!mo2 || mo2->key != mr3->key || !same_bytes(tag_under(*ring.secret_authentication, key.mo2_body), key.mo2_tag))
      return opened;
    opened.facts.status = key_status::obsolete;
    opened.facts.retired = mo2->date;
  }
  auto k = open_under(*ring.secret_confidentiality, key.sealed,
                      sealed_address(body_type::mr3, mr3->key, mr3->meter, mr3->serial));
  if (!k)
    return opened;
  opened.k = std::move(*k);
  opened.sound = true;
  return opened;
}

const std::string* token_of(const indicium& mail, const domain_id& domain) {
  for (const auto& token : mail.tokens)
    if (token.domain == domain)
      return &token.digits;
  return nullptr;
}

verdict judge(const indicium& mail, opened_key& key, const domain_ring& ring, work_context& w) {
  if (!key.sound || key.facts.serial != mail.serial)
    return verdict::refused;
  const auto first = admissible(&key.facts, mail.date);
  if (first != verdict::good)
    return first;
  const auto* printed = token_of(mail, ring.domain);
  if (!printed || printed->size() != mail_token_digits)
    return verdict::bad_token;
  auto& token_key = key.token_keys[mail.date.period()];
  if (token_key.empty())
    token_key = w.tokens().derive(key.k, key_use::token, token_context(ring.domain, mail));
  const auto expected_token =
    w.tokens().mail_token(token_key, token_data(ring.domain, mail), mail_token_digits);
  const auto as_bytes = [](const std::string& s) {
    return byte_view{reinterpret_cast<const std::uint8_t*>(s.data()), s.size()};
  };
  return same_bytes(as_bytes(expected_token), as_bytes(*printed)) ? verdict::good : verdict::bad_token;
}

} // namespace

bytes piece_bytes(const indicium& mail) {
  return encode(mail);
}

verified_batch verify_batch(const verify_tokens& m, const domain_ring& ring, work_context& w) {
  verified_batch batch;
  std::vector<opened_key> keys;
  keys.reserve(m.material->keys.size());
  for (const auto& key : m.material->keys)
    keys.push_back(open_key(key, ring));
  std::vector<digest> leaves;
  leaves.reserve(m.pieces->size());
  bytes buffer;
  for (std::size_t i = 0; i < m.pieces->size(); ++i) {
    const auto& mail = (*m.pieces)[i];
    const auto index = i < m.material->key_of_piece.size() ? m.material->key_of_piece[i] : -1;
    batch.verdicts.push_back(index < 0 || static_cast<std::size_t>(index) >= keys.size()
                               ? verdict::not_registered
                               : judge(mail, keys[static_cast<std::size_t>(index)], ring, w));
    buffer.clear();
    encode_into(buffer, mail);
    leaves.push_back(leaf_hash(buffer));
  }
  batch.pieces = merkle_root(leaves);
  return batch;
}

} // namespace oaksteel
