#pragma once
// From an order to a key in a meter and in its archive (EP Figs. 24, 25, 30), in the order in which they flow.

#include "actors/messages/message.hpp"
#include "events/distribution.hpp"
#include "events/master_key.hpp"
#include "events/meter.hpp"
#include "events/order.hpp"

namespace oaksteel {

/// Operator - KMC: an order for a meter; answered when the order is closed.
struct open_order {
  message_head head;
  order_details details;
  std::vector<leg_plan> legs;

  static auto fields(auto& self, auto take) { return take(self.head, self.details, self.legs); }
};
struct order_result {
  message_head head;
  order outcome;

  static auto fields(auto& self, auto take) { return take(self.head, self.outcome); }
};
/// KMC - KDC: a leg of an order needs a key.
struct begin_leg {
  message_head head;
  order_id order;
  key_id wanted; ///< the domain; no number yet
  box_id steel;
  sequence_number meter;

  static auto fields(auto& self, auto take) { return take(self.head, self.order, self.wanted, self.steel, self.meter); }
};
/// MI0, KDC - KMC: request key.
struct mi0 {
  message_head head;
  order_id order;
  domain_id domain;
  box_id steel;

  static auto fields(auto& self, auto take) { return take(self.head, self.order, self.domain, self.steel); }
};
/// KMC - archive: the next key id; MI0' is the answer, with what the archive has assigned it for.
struct new_key_id {
  message_head head;
  domain_id domain;
  box_id steel;
  order_id order;

  static auto fields(auto& self, auto take) { return take(self.head, self.domain, self.steel, self.order); }
};
struct mi0_answer {
  message_head head;
  key_id key;
  box_id steel;
  order_id order;

  static auto fields(auto& self, auto take) { return take(self.head, self.key, self.steel, self.order); }
};
/// MI1, KMC - Oak: generate key.
struct mi1 {
  message_head head;
  key_id key;
  box_id steel;
  instant kms_request;

  static auto fields(auto& self, auto take) { return take(self.head, self.key, self.steel, self.kms_request); }
};
/// MI2, Oak - KMC: MI3 and MI4 of the same key.
struct mi2 {
  message_head head;
  key_id key;
  sealed_record mi3;
  sealed_record mi4;

  static auto fields(auto& self, auto take) { return take(self.head, self.key, self.mi3, self.mi4); }
};
/// KMC - archive: store a record (MI3, MI9, MB2, MR3, MO2).
struct store_record {
  message_head head;
  key_id key;
  sealed_record record;

  static auto fields(auto& self, auto take) { return take(self.head, self.key, self.record); }
};
/// The archive's response (EP steps 312, 346, 370, 384).
struct record_stored {
  message_head head;
  key_id key;
  key_status status = key_status::none;

  static auto fields(auto& self, auto take) { return take(self.head, self.key, self.status); }
};
/// KMC - Oak, Brass: the archive's response goes back to the box that made the record.
struct pass_response {
  message_head head;
  key_id key;
  key_status status = key_status::none;

  static auto fields(auto& self, auto take) { return take(self.head, self.key, self.status); }
};
/// Oak - KMC: Generate Response (EP step 316).
struct generate_response {
  message_head head;
  key_id key;

  static auto fields(auto& self, auto take) { return take(self.head, self.key); }
};
/// MI4, KMC - KDC.
struct mi4 {
  message_head head;
  order_id order;
  key_id key;
  box_id steel;
  sequence_number meter;
  sealed_record record;

  static auto fields(auto& self, auto take) {
    return take(self.head, self.order, self.key, self.steel, self.meter, self.record);
  }
};
/// KDC - PSR: a record waits for a meter on the line.
struct record_ready {
  message_head head;
  key_id key;
  sequence_number meter;

  static auto fields(auto& self, auto take) { return take(self.head, self.key, self.meter); }
};
/// MI4r, PSR - KDC: request an install record; MI4' is the answer.
struct mi4r {
  message_head head;
  key_id key;
  sequence_number meter;

  static auto fields(auto& self, auto take) { return take(self.head, self.key, self.meter); }
};
struct mi4_prime {
  message_head head;
  key_id key;
  box_id steel;
  sealed_record record;

  static auto fields(auto& self, auto take) { return take(self.head, self.key, self.steel, self.record); }
};
/// PSR - Steel: install the record in this meter; answered with MI7.
struct install_key {
  message_head head;
  key_id key;
  sequence_number meter;
  instant psr_install;
  sealed_record record;

  static auto fields(auto& self, auto take) {
    return take(self.head, self.key, self.meter, self.psr_install, self.record);
  }
};
/// KMC - KDC - PSR - Steel: what became of it? Answered with MI7 when the attempt has ended or never began.
struct ask_report {
  message_head head;
  key_id key;
  box_id steel;
  box_id oak;
  sequence_number meter;

  static auto fields(auto& self, auto take) { return take(self.head, self.key, self.steel, self.oak, self.meter); }
};
/// MI7, Steel - Brass, via PSR, KDC, KMC.
struct mi7 {
  message_head head;
  key_id key;
  signed_record record;

  static auto fields(auto& self, auto take) { return take(self.head, self.key, self.record); }
};

// --- Steel and meter, relayed by the PSR ------------------------------------------------------------------

/// Operator - PSR - meter: load the label.
struct load_label {
  message_head head;
  sequence_number meter;
  product_code product;

  static auto fields(auto& self, auto take) { return take(self.head, self.meter, self.product); }
};
/// MI5q: who are you? With Steel's ephemeral public point.
struct mi5q {
  message_head head;
  sequence_number meter;
  box_id steel;
  bytes point;

  static auto fields(auto& self, auto take) { return take(self.head, self.meter, self.steel, self.point); }
};
/// MI5i: sequence number, product code, software, which domains have keys; the meter's ephemeral point.
struct mi5i {
  message_head head;
  sequence_number meter;
  product_code product;
  std::string software;
  std::vector<key_id> keys;
  bytes point;

  static auto fields(auto& self, auto take) {
    return take(self.head, self.meter, self.product, self.software, self.keys, self.point);
  }
};
/// MI5: (K) to this session of this Steel and this meter.
struct mi5 {
  message_head head;
  sequence_number meter;
  box_id steel;
  key_id key;
  check_value check{};
  bytes sealed;

  static auto fields(auto& self, auto take) {
    return take(self.head, self.meter, self.steel, self.key, self.check, self.sealed);
  }
};
/// MI5s: checked and stored, provisionally, or a code.
struct mi5s {
  message_head head;
  std::optional<refusal> problem;

  static auto fields(auto& self, auto take) { return take(self.head, self.problem); }
};
/// MI6r: test tokens wanted, by position and number.
struct mi6r {
  message_head head;
  sequence_number meter;
  key_id key;
  std::uint8_t position = 0;
  std::uint8_t number = 0;

  static auto fields(auto& self, auto take) {
    return take(self.head, self.meter, self.key, self.position, self.number);
  }
};
struct mi6 {
  message_head head;
  sequence_number meter;
  std::string test_tokens;

  static auto fields(auto& self, auto take) { return take(self.head, self.meter, self.test_tokens); }
};
/// MI6c: commit, with a code that only who has the key can make: Steel makes it for the key that it found right.
struct mi6c {
  message_head head;
  sequence_number meter;
  key_id key;
  commit_code code{};

  static auto fields(auto& self, auto take) { return take(self.head, self.meter, self.key, self.code); }
};
/// MI6c': this key is the meter's for good, with a code that only who has it can make.
struct mi6c_answer {
  message_head head;
  sequence_number meter;
  key_id key;
  commit_code code{};

  static auto fields(auto& self, auto take) { return take(self.head, self.meter, self.key, self.code); }
};

// --- Brass ---------------------------------------------------------------------------------------------------

/// KMC - archive: the current record of a key, or of a meter's key.
struct fetch_record {
  message_head head;
  key_id key; ///< number 0: by meter
  sequence_number meter;

  static auto fields(auto& self, auto take) { return take(self.head, self.key, self.meter); }
};
/// With the key's state; of what has no record, what was asked for and no record.
struct record_fetched {
  message_head head;
  master_key key;
  std::optional<sealed_record> record;

  static auto fields(auto& self, auto take) { return take(self.head, self.key, self.record); }
};
/// MI8, KMC - Brass: MI3 and MI7 of the same key id; MI9 is the answer.
struct mi8 {
  message_head head;
  key_id key;
  sealed_record mi3;
  signed_record mi7;
  instant kms_install;

  static auto fields(auto& self, auto take) { return take(self.head, self.key, self.mi3, self.mi7, self.kms_install); }
};
struct mi9 {
  message_head head;
  key_id key;
  sealed_record record;

  static auto fields(auto& self, auto take) { return take(self.head, self.key, self.record); }
};
/// MB1, KMC - Brass: MI3 and the reason; MB2 is the answer.
struct mb1 {
  message_head head;
  key_id key;
  sealed_record mi3;
  refusal reason = refusal::no_answer;
  std::optional<signed_record> mi7; ///< the evidence, when Steel gave one; else the KMC's time-out

  static auto fields(auto& self, auto take) { return take(self.head, self.key, self.mi3, self.reason, self.mi7); }
};
struct mb2 {
  message_head head;
  key_id key;
  sealed_record record;

  static auto fields(auto& self, auto take) { return take(self.head, self.key, self.record); }
};
/// KMC - Brass: give MI10, MB3, MR4 or MO3, now that the archive has answered. `confirmed` holds it.
struct confirm_stored {
  message_head head;
  key_id key;
  key_status status = key_status::none;

  static auto fields(auto& self, auto take) { return take(self.head, self.key, self.status); }
};
struct confirmed {
  message_head head;
  key_id key;
  signed_record record;

  static auto fields(auto& self, auto take) { return take(self.head, self.key, self.record); }
};
/// MI10 or MB3, Brass - KDC, by way of the KMC.
struct settle {
  message_head head;
  key_id key;
  std::optional<refusal> failure;
  signed_record record;

  static auto fields(auto& self, auto take) { return take(self.head, self.key, self.failure, self.record); }
};
/// Operator - KMC: go on with every order that is open (after a restart, when boxes are enabled again).
struct take_up_orders {
  message_head head;

  static auto fields(auto& self, auto take) { return take(self.head); }
};

} // namespace oaksteel
