#pragma once
// A digital meter: a label first, then keys that go in once and cannot be read out (EP-20), registration,
// printing. Its keys lie sealed under a key of the meter's own, which a tamper event overwrites.

#include "events/ids.hpp"
#include "events/master_key.hpp"
#include "events/refusal.hpp"

#include <map>
#include <string>
#include <variant>

namespace oaksteel {

/// Product code and sequence number were loaded (EP, "Digital Meter Requirements").
struct meter_labelled {
  sequence_number meter;
  product_code product;
  std::uint32_t slot = 0; ///< where the meter's own memory key lies (storage/media.hpp)

  static auto fields(auto& self, auto take) { return take(self.meter, self.product, self.slot); }
};

/// A key was checked and stored, provisionally (MI5s). Sealed beside it: the key, under the meter's memory key.
struct key_provisioned {
  sequence_number meter;
  key_id key;
  check_value check{};

  static auto fields(auto& self, auto take) { return take(self.meter, self.key, self.check); }
};

/// The meter would not take a key (MI5s with a code).
struct meter_key_refused {
  sequence_number meter;
  key_id key;
  refusal reason = refusal::meter_write_failed;

  static auto fields(auto& self, auto take) { return take(self.meter, self.key, self.reason); }
};

/// The provisional key is the meter's for good (MI6c).
struct key_committed {
  sequence_number meter;
  key_id key;

  static auto fields(auto& self, auto take) { return take(self.meter, self.key); }
};

/// Country, indicia serial number and date were set (MR1, EP Fig. 26, step 360).
struct meter_registered {
  sequence_number meter;
  product_code product;
  indicia_serial serial;
  country_code country;
  calendar_date date;

  static auto fields(auto& self, auto take) {
    return take(self.meter, self.product, self.serial, self.country, self.date);
  }
};

/// Pieces were printed: piece counts `first` to `first + count - 1`.
struct indicia_printed {
  sequence_number meter;
  std::uint64_t first = 0;
  std::uint32_t count = 0;
  calendar_date date;

  static auto fields(auto& self, auto take) { return take(self.meter, self.first, self.count, self.date); }
};

/// The meter was opened; its memory key is overwritten.
struct tamper_detected {
  sequence_number meter;

  static auto fields(auto& self, auto take) { return take(self.meter); }
};

using meter_event = std::variant<meter_labelled, key_provisioned, meter_key_refused, key_committed, meter_registered,
                                 indicia_printed, tamper_detected>;

/// A domain's key in a meter.
struct meter_key {
  std::uint64_t number = 0; ///< the last key id offered, taken or not
  bool held = false;
  bool committed = false;
  check_value check{};
  std::uint32_t refusals = 0;

  static auto fields(auto& self, auto take) {
    return take(self.number, self.held, self.committed, self.check, self.refusals);
  }
};

struct meter {
  sequence_number number;
  product_code product;
  std::uint32_t slot = 0;
  std::map<domain_id, meter_key> keys;
  indicia_serial serial;
  country_code country;
  calendar_date registered;
  std::uint64_t pieces = 0; ///< printed so far
  bool tampered = false;

  static auto fields(auto& self, auto take) {
    return take(self.number, self.product, self.slot, self.keys, self.serial, self.country, self.registered,
                self.pieces, self.tampered);
  }
};

decision<meter_event> decide(const meter& state, const meter_labelled& proposed);

/// MI5, opened and ready to store.
struct provision_key {
  key_id key;
  check_value check{};
};
/// What the meter's hardware says.
struct memory_check {
  bool opened = false;  ///< the session's cipher was good and the key has the right check value
  bool written = false; ///< the memory could be written
};
/// A provisional key can be replaced by one of a later id, a committed one never; the same again is
/// acknowledged and not stored twice (EP-15).
decision<meter_event> decide(const meter& state, const provision_key& command, const memory_check& facts);

/// MI6c.
struct commit_key {
  key_id key;
  bool proven = false; ///< it has the code that only who has the key can make (`commit_code`)
};
/// A key is committed by who has it: the Steel box that found it right, and not the commit of another key. What is committed
/// is acknowledged again (EP-15). Refused: meter_key_missing, commit_code_wrong.
decision<meter_event> decide(const meter& state, const commit_key& command);

decision<meter_event> decide(const meter& state, const meter_registered& proposed);

struct print_indicia {
  std::uint32_t count = 0;
  calendar_date date;
};
decision<meter_event> decide(const meter& state, const print_indicia& command);

struct report_tamper {};
decision<meter_event> decide(const meter& state, const report_tamper& command);

void evolve(meter& state, const meter_labelled& e);
void evolve(meter& state, const key_provisioned& e);
void evolve(meter& state, const meter_key_refused& e);
void evolve(meter& state, const key_committed& e);
void evolve(meter& state, const meter_registered& e);
void evolve(meter& state, const indicia_printed& e);
void evolve(meter& state, const tamper_detected& e);

} // namespace oaksteel
