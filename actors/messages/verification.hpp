#pragma once
// Printing and verifying mail (EP Fig. 28).

#include "actors/messages/message.hpp"
#include "events/mail.hpp"
#include "events/master_key.hpp"

#include <memory>

namespace oaksteel {

/// Operator - meter: print `count` indicia.
struct print_request {
  message_head head;
  sequence_number meter;
  std::uint32_t count = 0;
  calendar_date date;
  std::uint64_t postage_thousandths = 0;
  std::string origin;

  static auto fields(auto& self, auto take) {
    return take(self.head, self.meter, self.count, self.date, self.postage_thousandths, self.origin);
  }
};
struct printed {
  message_head head;
  std::vector<indicium> pieces;

  static auto fields(auto& self, auto take) { return take(self.head, self.pieces); }
};
/// Data capture system - KMC: verify these, in every domain named; answered with a verdict list for each domain.
struct verify_mail {
  message_head head;
  std::string request;
  std::vector<domain_id> domains;
  std::shared_ptr<const std::vector<indicium>> pieces;

  static auto fields(auto& self, auto take) { return take(self.head, self.request, self.domains, self.pieces); }
};
struct domain_verdicts {
  domain_id domain;
  std::vector<verdict> verdicts;

  static auto fields(auto& self, auto take) { return take(self.domain, self.verdicts); }
};
struct mail_verified {
  message_head head;
  std::vector<domain_verdicts> results;

  static auto fields(auto& self, auto take) { return take(self.head, self.results); }
};
/// KMC - archive: what Brass needs to verify pieces with these serials.
struct fetch_verification {
  message_head head;
  domain_id domain;
  std::shared_ptr<const std::vector<indicium>> pieces;

  static auto fields(auto& self, auto take) { return take(self.head, self.domain, self.pieces); }
};
/// A registered key, as Brass needs it: MR3 with its tag, (K) under S_B, and whether it is retired.
struct verification_key {
  master_key key;
  bytes mr3_body;
  bytes mr3_tag;
  bytes mo2_body; ///< empty unless retired
  bytes mo2_tag;
  bytes sealed;

  static auto fields(auto& self, auto take) {
    return take(self.key, self.mr3_body, self.mr3_tag, self.mo2_body, self.mo2_tag, self.sealed);
  }
};
/// For each piece the index of its key, or -1.
struct verification_material {
  message_head head;
  std::vector<verification_key> keys;
  std::vector<std::int32_t> key_of_piece;

  static auto fields(auto& self, auto take) { return take(self.head, self.keys, self.key_of_piece); }
};
/// KMC - Brass.
struct verify_tokens {
  message_head head;
  domain_id domain;
  std::string request;
  std::shared_ptr<const std::vector<indicium>> pieces;
  std::shared_ptr<const verification_material> material;

  static auto fields(auto& self, auto take) {
    return take(self.head, self.domain, self.request, self.pieces, self.material);
  }
};
struct tokens_checked {
  message_head head;
  domain_verdicts result;

  static auto fields(auto& self, auto take) { return take(self.head, self.result); }
};

} // namespace oaksteel
