#pragma once
// How a box and the Manufacturing box that admits it prove to each other that both know the box's enrolment secret,
// which people typed in at both ends (EP-8; the seed signs the box's answer with a public key, which proves nothing).
//
//   source                                             box
//     order:     id, slot, source, challenge   ---->           signed with the type's start-up authentication key
//     answer:    start-up key, own nonce, proof <----          MAC under the secret over all of it
//     admission: proof, signature              ---->           MAC over the same for the other side, and the same key
//
// A challenge is answered once and lives in memory only: an answer that is replayed, to another challenge, slot or
// source, or made with another secret proves nothing.

#include "crypto/suite.hpp"
#include "events/enrolment.hpp"

namespace oaksteel {

nonce fresh_nonce(generator& random);

/// What both sides have seen.
struct enrolment {
  digest log; ///< of the source's node
  box_id id;
  label slot;
  box_id source;
  nonce challenge{};  ///< the source's
  nonce answer{};     ///< the box's
  bytes start_up_key; ///< the box's public start-up confidentiality key, SubjectPublicKeyInfo
};

enum class enrolment_side : std::uint8_t { box = 'B', source = 'S' };

/// HMAC-SHA-256 (FIPS 198-1) under the secret over `oaksteel/1/enrolment`, the side and the enrolment; 32 bytes.
bytes enrolment_proof(const secret& enrolment_secret, enrolment_side side, const enrolment& seen);
/// Compares in constant time.
bool proves(byte_view proof, const secret& enrolment_secret, enrolment_side side, const enrolment& seen);

/// What the start-up authentication key of the box's type signs: the order, before there is an answer.
bytes order_text(const enrolment& seen);
/// The same for the admission, over the answer too.
bytes admission_text(const enrolment& seen);
/// The same for a package of keys to a box that was admitted (EP Fig. 23): `domain` is empty for the domain key set.
bytes package_text(const box_id& source, const box_id& target, const domain_id& domain,
                   const std::vector<box_id>& steels, byte_view package);

/// An enrolment secret: one line of 20 to 128 printable ASCII characters, as it was typed. 20 characters of a random
/// text in base 32 are 100 bits, beyond guessing for who has seen a proof.
inline constexpr std::size_t enrolment_secret_least = 20, enrolment_secret_most = 128;
/// The secret in a file, without the end of its line; nothing for anything else.
std::optional<secret> read_enrolment_secret(const secret& file);
/// 160 random bits in base 32, with an end of line, as people would type them.
secret make_enrolment_secret(generator& random);
/// The file's name on a medium: `<slot>.enrolment`.
std::string enrolment_file_name(const label& slot);

} // namespace oaksteel
