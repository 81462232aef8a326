#pragma once
// A meter's registration and its end (EP Figs. 26, 27, 31).

#include "actors/messages/installation.hpp"

namespace oaksteel {

/// Operator - PSR - meter: set country, indicia serial number and date; MR1 is the answer.
struct register_meter {
  message_head head;
  sequence_number meter;
  product_code product;
  indicia_serial serial;
  country_code country;
  calendar_date date;

  static auto fields(auto& self, auto take) {
    return take(self.head, self.meter, self.product, self.serial, self.country, self.date);
  }
};
/// A registration token under the master key of a domain.
struct registration_token {
  domain_id domain;
  bytes token;

  static auto fields(auto& self, auto take) { return take(self.domain, self.token); }
};
/// MR1, meter - Brass of the country, via PSR, KDC, KMC.
struct mr1 {
  message_head head;
  sequence_number meter;
  product_code product;
  indicia_serial serial;
  country_code country;
  calendar_date date;
  std::vector<registration_token> tokens;

  static auto fields(auto& self, auto take) {
    return take(self.head, self.meter, self.product, self.serial, self.country, self.date, self.tokens);
  }
};
/// MR2, KMC - Brass: MR1 and MI9 of the same sequence number; MR3 is the answer.
struct mr2 {
  message_head head;
  key_id key;
  sealed_record mi9;
  order_details report;
  bytes token;
  instant kms_registration;

  static auto fields(auto& self, auto take) {
    return take(self.head, self.key, self.mi9, self.report, self.token, self.kms_registration);
  }
};
struct mr3 {
  message_head head;
  key_id key;
  sealed_record record;

  static auto fields(auto& self, auto take) { return take(self.head, self.key, self.record); }
};
/// MO1, KMC - Brass: retire, with MR3 (or MI9) of the meter; MO2 is the answer.
struct mo1 {
  message_head head;
  key_id key;
  sealed_record current;
  key_status status = key_status::none;
  sequence_number meter;
  std::string reason;
  calendar_date date;
  instant kms_obsolete;

  static auto fields(auto& self, auto take) {
    return take(self.head, self.key, self.current, self.status, self.meter, self.reason, self.date,
                self.kms_obsolete);
  }
};
struct mo2 {
  message_head head;
  key_id key;
  sealed_record record;

  static auto fields(auto& self, auto take) { return take(self.head, self.key, self.record); }
};
/// Operator - meter: the case was opened.
struct tamper {
  message_head head;
  sequence_number meter;

  static auto fields(auto& self, auto take) { return take(self.head, self.meter); }
};

} // namespace oaksteel
