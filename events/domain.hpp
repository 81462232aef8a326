#pragma once
// A domain's public side (EP-1, EP-9, EP-12).

#include "events/ids.hpp"
#include "events/refusal.hpp"

#include <string>
#include <variant>
#include <vector>

namespace oaksteel {

/// Which process owns the private half, and what for (EP-9). Numbers are on disk.
enum class key_role : std::uint8_t {
  oak_authentication = 1,
  steel_authentication = 2,
  steel_confidentiality = 3,
  brass_authentication = 4,
  brass_confidentiality = 5,
};
bool valid(key_role r);
std::string_view name(key_role r);

/// A public key of a domain.
struct domain_key {
  key_role role = key_role::oak_authentication;
  bytes spki; ///< SubjectPublicKeyInfo, DER

  static auto fields(auto& self, auto take) { return take(self.role, self.spki); }
};

/// A Manufacturing box made the domain and its keys (EP-12, EP Fig. 22). Sealed beside it: the private keys,
/// encrypted to the domain key set. The keys are signed with the domain key set (`signed_keys`,
/// a domain_keys_body), whose public key is in the box_initialised event of the Manufacturing box.
struct domain_created {
  domain_id domain;
  std::string kind; ///< "vendor" or "postal"
  country_code sub_domain;
  suite_id suite = suite_id::rsa3072;
  box_id creator;
  signed_record signed_keys;

  static auto fields(auto& self, auto take) {
    return take(self.domain, self.kind, self.sub_domain, self.suite, self.creator, self.signed_keys);
  }
};

/// The node that has the Manufacturing box told of the domain (SYS-6). Its keys are signed with the domain key set of the
/// authority that was introduced (introduction.hpp).
struct domain_introduced {
  domain_id domain;
  std::string kind;
  country_code sub_domain;
  suite_id suite = suite_id::rsa3072;
  box_id creator;
  signed_record signed_keys;
  std::string node; ///< that told it

  static auto fields(auto& self, auto take) {
    return take(self.domain, self.kind, self.sub_domain, self.suite, self.creator, self.signed_keys, self.node);
  }
};

struct domain {
  bool exists = false;
  std::string kind;
  country_code sub_domain;
  suite_id suite = suite_id::rsa3072;
  box_id creator;

  static auto fields(auto& self, auto take) {
    return take(self.exists, self.kind, self.sub_domain, self.suite, self.creator);
  }
};
using domain_event = std::variant<domain_created, domain_introduced>;

/// `enabled` is a fact about the Manufacturing box that makes it.
decision<domain_event> decide(const domain& state, const domain_created& proposed, bool enabled);
/// `believable` says that the keys are signed with the key set that belongs here. One that is known already is no event.
decision<domain_event> decide(const domain& state, const domain_introduced& proposed, bool believable);
void evolve(domain& state, const domain_created& e);
void evolve(domain& state, const domain_introduced& e);

} // namespace oaksteel
