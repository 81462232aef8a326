#pragma once
// The keys of one process of a box, as bytes to be sealed and as objects to be used.
//
//   bundle := { part(u8) length(u32) bytes }      parts ascend

#include "crypto/envelope.hpp"
#include "crypto/secret.hpp"
#include "crypto/suite.hpp"
#include "events/domain.hpp"

#include <map>
#include <memory>
#include <optional>

namespace oaksteel {

/// What a part is. Private and public halves go by the role (events/domain.hpp).
enum class bundle_part : std::uint8_t {
  brass_secret_confidentiality = 0x81, ///< S_B
  brass_secret_authentication = 0x82,  ///< s_B
  domain_set_confidentiality = 0x91,   ///< Manufacturing: private half of the domain key set
  domain_set_authentication = 0x92,
  start_up_confidentiality = 0x93,     ///< every box: private half of its start-up key
  start_up_first = 0xa0,               ///< + index of the box type: start-up authentication keys
};
bundle_part private_part(key_role role);
bundle_part public_part(key_role role);
bundle_part start_up_part(box_type type);

/// Keys by part. Moves only, like what it holds.
class key_bundle {
public:
  void add(bundle_part part, secret content) { parts_.insert_or_assign(part, std::move(content)); }
  /// Null when the bundle has no such part.
  const secret* find(bundle_part part) const;

  secret packed() const;
  /// Nothing for bytes that are not a bundle.
  static std::optional<key_bundle> unpack(const secret& packed);

  /// The private key of a part; nothing when it is absent or no key of the suite.
  std::optional<private_key> key(bundle_part part, suite_id suite) const;
  std::optional<public_key> peer(key_role role, suite_id suite) const;

private:
  std::map<bundle_part, secret> parts_;
};

/// A domain's keys in an enabled box, ready for use by workers. Which are there depends on the box (EP-9).
struct domain_ring {
  domain_id domain;
  std::shared_ptr<const private_key> authentication;
  std::shared_ptr<const private_key> confidentiality;
  std::shared_ptr<unwrapped_keys> unwrapped = std::make_shared<unwrapped_keys>(); ///< with `confidentiality`
  std::optional<public_key> oak_authentication;
  std::optional<public_key> steel_authentication;
  std::optional<public_key> steel_confidentiality;
  std::optional<public_key> brass_authentication;
  std::optional<public_key> brass_confidentiality;
  secret_handle secret_confidentiality; ///< S_B
  secret_handle secret_authentication;  ///< s_B
};
using ring_handle = std::shared_ptr<const domain_ring>;

/// The ring of a box of this type; null when the bundle lacks what the type needs.
ring_handle make_ring(const key_bundle& bundle, const domain_id& domain, suite_id suite, box_type type);

/// The parts of a whole domain that a box of this type may hold (EP-9), copied out of the domain's bundle: all of them
/// for a Manufacturing box.
key_bundle share_of_domain(const key_bundle& whole, box_type type);

} // namespace oaksteel
