#pragma once
// What boxes sign: the bodies of the records in the tables of EP Figs. 30 and 31. A body holds the
// digest of sealed material and never the material, so that every signature can be checked from the
// log alone. `storage/signed_body.hpp` turns a body into the bytes that are signed.

#include "events/domain.hpp"
#include "events/ids.hpp"
#include "events/master_key.hpp"
#include "events/refusal.hpp"

namespace oaksteel {

/// Numbers are signed and on disk: never reused.
enum class body_type : std::uint8_t {
  mi3 = 1, mi4 = 2, mi7 = 3, mi9 = 4, mi10 = 5, mb2 = 6, mb3 = 7, mr3 = 8, mr4 = 9, mo2 = 10, mo3 = 11, domain_keys = 12,
  operation = 13 ///< an operator's command (events/operation.hpp)
};
inline bool valid(body_type t) {
  return body_type::mi3 <= t && t <= body_type::operation;
}
/// `MI3`.
inline std::string_view name(body_type t) {
  constexpr std::string_view names[] = {"MI3", "MI4", "MI7", "MI9", "MI10", "MB2",
                                        "MB3", "MR3", "MR4", "MO2", "MO3", "domain keys", "command"};
  return valid(t) ? names[static_cast<std::size_t>(t) - 1] : "unknown";
}

/// MI3: [New, Oak id, domain, Steel id, key id, (K) to Brass] by Oak.
struct mi3_body {
  static constexpr body_type type = body_type::mi3;
  box_id oak;
  box_id steel;
  key_id key;
  digest sealed;      ///< SHA-256 of (K) to Brass
  check_value check{};
  instant kms_request; ///< the KMC's clock when the key was requested (EP-18)
  instant oak_time;

  static auto fields(auto& self, auto take) {
    return take(self.oak, self.steel, self.key, self.sealed, self.check, self.kms_request, self.oak_time);
  }
};

/// MI4: [New, Oak id, domain, Steel id, key id, (K, test tokens) to Steel] by Oak.
struct mi4_body {
  static constexpr body_type type = body_type::mi4;
  box_id oak;
  box_id steel;
  key_id key;
  digest sealed; ///< SHA-256 of (K, test tokens) to Steel
  check_value check{};
  instant oak_time;

  static auto fields(auto& self, auto take) {
    return take(self.oak, self.steel, self.key, self.sealed, self.check, self.oak_time);
  }
};

/// MI7: [Installed or Failed with code, Oak id, domain, Steel id, key id, sequence number, test tokens] by Steel.
struct mi7_body {
  static constexpr body_type type = body_type::mi7;
  std::optional<refusal> failure; ///< nothing: installed
  box_id oak;
  box_id steel;
  key_id key;
  sequence_number meter;
  std::string test_tokens; ///< as the meter gave them; empty after a failure
  instant psr_install;
  instant steel_time;

  static auto fields(auto& self, auto take) {
    return take(self.failure, self.oak, self.steel, self.key, self.meter, self.test_tokens, self.psr_install,
                self.steel_time);
  }
};

/// MI9: [Installed, ids, sequence number, (K) to Brass] by Brass.
struct mi9_body {
  static constexpr body_type type = body_type::mi9;
  box_id brass;
  box_id oak;
  box_id steel;
  key_id key;
  sequence_number meter;
  digest sealed;
  check_value check{};
  instant kms_install;
  instant brass_time;

  static auto fields(auto& self, auto take) {
    return take(self.brass, self.oak, self.steel, self.key, self.meter, self.sealed, self.check, self.kms_install,
                self.brass_time);
  }
};

/// MI10: [Installed, key id, sequence number] by Brass.
struct mi10_body {
  static constexpr body_type type = body_type::mi10;
  key_id key;
  sequence_number meter;

  static auto fields(auto& self, auto take) { return take(self.key, self.meter); }
};

/// MB2: [Bad, ids, reason] by Brass.
struct mb2_body {
  static constexpr body_type type = body_type::mb2;
  box_id brass;
  box_id oak;
  box_id steel;
  key_id key;
  refusal reason = refusal::no_answer;
  instant brass_time;

  static auto fields(auto& self, auto take) {
    return take(self.brass, self.oak, self.steel, self.key, self.reason, self.brass_time);
  }
};

/// MB3: Brass's confirmation to the KDC.
struct mb3_body {
  static constexpr body_type type = body_type::mb3;
  key_id key;
  refusal reason = refusal::no_answer;

  static auto fields(auto& self, auto take) { return take(self.key, self.reason); }
};

/// MR3: [Active, domain, sequence number, product code, indicia serial number, country, (K) under S_B] under s_B,
/// and by Brass.
struct mr3_body {
  static constexpr body_type type = body_type::mr3;
  box_id brass;
  key_id key;
  sequence_number meter;
  product_code product;
  indicia_serial serial;
  country_code country;
  calendar_date date;
  digest sealed;
  check_value check{};
  instant kms_registration;
  instant brass_time;

  static auto fields(auto& self, auto take) {
    return take(self.brass, self.key, self.meter, self.product, self.serial, self.country, self.date, self.sealed,
                self.check, self.kms_registration, self.brass_time);
  }
};

/// MR4: [Active, domain, sequence number, indicia serial number, country] under s_B, and by Brass.
struct mr4_body {
  static constexpr body_type type = body_type::mr4;
  domain_id domain;
  sequence_number meter;
  indicia_serial serial;
  country_code country;

  static auto fields(auto& self, auto take) { return take(self.domain, self.meter, self.serial, self.country); }
};

/// MO2: [Obsolete, ids, reason] by Brass (EP Fig. 27, step 382).
struct mo2_body {
  static constexpr body_type type = body_type::mo2;
  box_id brass;
  key_id key;
  sequence_number meter;
  std::string reason;
  calendar_date date;
  digest sealed; ///< of the material that stays sealed
  instant kms_obsolete;
  instant brass_time;

  static auto fields(auto& self, auto take) {
    return take(self.brass, self.key, self.meter, self.reason, self.date, self.sealed, self.kms_obsolete,
                self.brass_time);
  }
};

/// MO3: Brass's confirmation to the KMC (EP Fig. 27, step 386).
struct mo3_body {
  static constexpr body_type type = body_type::mo3;
  key_id key;
  sequence_number meter;

  static auto fields(auto& self, auto take) { return take(self.key, self.meter); }
};

/// Version 1 of that below named no time zone.
struct domain_keys_body_1 {
  domain_id domain;
  std::string kind;
  country_code sub_domain;
  suite_id suite = suite_id::rsa3072;
  std::vector<domain_key> keys;

  static auto fields(auto& self, auto take) {
    return take(self.domain, self.kind, self.sub_domain, self.suite, self.keys);
  }
};

/// A domain's public side, signed with the domain key set (EP-9): its keys, and the time zone of its days (EP-18).
struct domain_keys_body {
  static constexpr body_type type = body_type::domain_keys;
  static constexpr std::uint8_t version = 2;
  using earlier = domain_keys_body_1;
  domain_id domain;
  std::string kind;
  country_code sub_domain;
  suite_id suite = suite_id::rsa3072;
  std::vector<domain_key> keys;
  std::optional<time_zone> zone; ///< none: version 1

  static auto fields(auto& self, auto take) {
    return take(self.domain, self.kind, self.sub_domain, self.suite, self.keys, self.zone);
  }
};
inline domain_keys_body lifted(domain_keys_body_1 b) {
  return {std::move(b.domain), std::move(b.kind), std::move(b.sub_domain), b.suite, std::move(b.keys), {}};
}

} // namespace oaksteel
