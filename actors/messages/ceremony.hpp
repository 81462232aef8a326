#pragma once
// The making of boxes and domains, and what custodians do (EP Figs. 22, 23).

#include "actors/messages/message.hpp"
#include "crypto/self_test.hpp"
#include "events/box.hpp"
#include "events/domain.hpp"
#include "events/enrolment.hpp"
#include "events/introduction.hpp"

#include <filesystem>

namespace oaksteel {

/// How a secret is to be shared: one directory for each custodian below `media`.
struct sharing {
  std::uint8_t threshold = 2;
  std::vector<label> custodians;
  std::filesystem::path media;

  static auto fields(auto& self, auto take) { return take(self.threshold, self.custodians, self.media); }
};
/// KMC - first Manufacturing box: Set First Secure Box ID (EP Fig. 22). The box makes its keys, writes the shares to
/// media and takes the id.
struct set_first_secure_box_id {
  message_head head;
  box_id id;
  label slot;
  suite_id suite = suite_id::rsa3072;
  sharing shares;

  static auto fields(auto& self, auto take) { return take(self.head, self.id, self.slot, self.suite, self.shares); }
};
struct box_id_set {
  message_head head;
  box_id id;

  static auto fields(auto& self, auto take) { return take(self.head, self.id); }
};
/// KMC - source: allocate an id for the box in a slot. The box reads the enrolment secret that was typed for that slot
/// from the officer's medium itself.
struct allocate_box_id {
  message_head head;
  label slot;
  box_type type = box_type::oak;
  label officer;
  std::filesystem::path media;

  static auto fields(auto& self, auto take) { return take(self.head, self.slot, self.type, self.officer, self.media); }
};
struct box_id_allocated {
  message_head head;
  box_id id;
  box_id source;
  nonce challenge{};
  bytes signature; ///< by the type's start-up authentication key

  static auto fields(auto& self, auto take) {
    return take(self.head, self.id, self.source, self.challenge, self.signature);
  }
};
/// KMC - box: Set Secure Box ID (EP Fig. 23), with where the enrolment secret is typed in at this end.
struct set_secure_box_id {
  message_head head;
  box_id id;
  label slot;
  box_id source;
  nonce challenge{};
  bytes signature;
  label officer;
  std::filesystem::path media;

  static auto fields(auto& self, auto take) {
    return take(self.head, self.id, self.slot, self.source, self.challenge, self.signature, self.officer,
                self.media);
  }
};
/// The box's answer: its start-up confidentiality key, and the proof that it knows the secret.
struct start_up_key_offered {
  message_head head;
  bytes start_up_key;
  nonce answer{};
  bytes proof;

  static auto fields(auto& self, auto take) { return take(self.head, self.start_up_key, self.answer, self.proof); }
};
/// KMC - source: that answer.
struct admit_box {
  message_head head;
  label slot;
  bytes start_up_key;
  nonce answer{};
  bytes proof;

  static auto fields(auto& self, auto take) {
    return take(self.head, self.slot, self.start_up_key, self.answer, self.proof);
  }
};
/// The source's proof, and its signature over the whole enrolment.
struct box_admission {
  message_head head;
  bytes proof;
  bytes signature;

  static auto fields(auto& self, auto take) { return take(self.head, self.proof, self.signature); }
};
/// KMC - box: the admission. The box makes its operation combination, writes the shares to media and takes the id.
struct take_box_id {
  message_head head;
  bytes proof;
  bytes signature;
  sharing shares;

  static auto fields(auto& self, auto take) { return take(self.head, self.proof, self.signature, self.shares); }
};
/// KMC - source: create a domain and its keys.
struct create_domain {
  message_head head;
  domain_id domain;
  std::string kind;
  country_code sub_domain;
  time_zone zone; ///< of its days (EP-18)

  static auto fields(auto& self, auto take) {
    return take(self.head, self.domain, self.kind, self.sub_domain, self.zone);
  }
};
/// Keys for a box that was admitted, encrypted to its start-up key, signed with its type's start-up authentication key.
struct package {
  box_id source;
  std::vector<box_id> steels; ///< for an Oak: the Steel boxes that serve the domain
  bytes sealed;
  bytes signature;

  static auto fields(auto& self, auto take) { return take(self.source, self.steels, self.sealed, self.signature); }
};
struct package_of_keys {
  message_head head;
  package keys;

  static auto fields(auto& self, auto take) { return take(self.head, self.keys); }
};
/// KMC - source: make domain process.
struct make_domain_process {
  message_head head;
  box_id target;
  domain_id domain;
  std::vector<box_id> steels;

  static auto fields(auto& self, auto take) { return take(self.head, self.target, self.domain, self.steels); }
};
/// KMC - box: that package.
struct take_domain_process {
  message_head head;
  domain_id domain;
  package keys;

  static auto fields(auto& self, auto take) { return take(self.head, self.domain, self.keys); }
};
/// KMC - source: give domain key set and start-up keys to another Manufacturing box (EP-7).
struct hand_over_key_set {
  message_head head;
  box_id target;

  static auto fields(auto& self, auto take) { return take(self.head, self.target); }
};
/// KMC - that box: the package.
struct take_key_set {
  message_head head;
  package keys;

  static auto fields(auto& self, auto take) { return take(self.head, self.keys); }
};
/// Another node - a Manufacturing box: whom are my boxes to believe? (SYS-6)
struct ask_authority {
  message_head head;

  static auto fields(auto& self, auto take) { return take(self.head); }
};
struct authority_told {
  message_head head;
  authority_introduced told; ///< without the node, which is known by its certificate

  static auto fields(auto& self, auto take) { return take(self.head, self.told); }
};
/// The same about a domain: its public side, signed with the domain key set.
struct ask_domain {
  message_head head;
  domain_id domain;

  static auto fields(auto& self, auto take) { return take(self.head, self.domain); }
};
struct domain_told {
  message_head head;
  domain_introduced told; ///< likewise

  static auto fields(auto& self, auto take) { return take(self.head, self.told); }
};
/// A custodian puts a share in, or takes it out. The box reads the medium itself.
struct put_share {
  message_head head;
  label custodian;
  std::filesystem::path media;

  static auto fields(auto& self, auto take) { return take(self.head, self.custodian, self.media); }
};
struct take_share {
  message_head head;
  label custodian;

  static auto fields(auto& self, auto take) { return take(self.head, self.custodian); }
};
struct activate_domain {
  message_head head;
  domain_id domain;

  static auto fields(auto& self, auto take) { return take(self.head, self.domain); }
};
/// What anybody may know of a box.
struct ask_box {
  message_head head;

  static auto fields(auto& self, auto take) { return take(self.head); }
};
struct box_report {
  message_head head;
  secure_box box;

  static auto fields(auto& self, auto take) { return take(self.head, self.box); }
};
/// Operator - box: test your generators and your software now (EP-11).
struct test_box {
  message_head head;

  static auto fields(auto& self, auto take) { return take(self.head); }
};
struct box_tested {
  message_head head;
  box_id box; ///< number 0 before it has an id
  box_self_test found;

  static auto fields(auto& self, auto take) { return take(self.head, self.box, self.found); }
};

} // namespace oaksteel
