#pragma once
// A master key's life, as its domain's archive keeps it (EP Figs. 14, 15; EP-13, EP-14, EP-19).
//
//   (none) --MI3--> New --MI9--> Installed --MR3--> Active --MO2--> Obsolete
//                    |                \-------------MO2------------^
//                    \--MB2--> Bad

#include "events/ids.hpp"
#include "events/refusal.hpp"

#include <string>
#include <variant>

namespace oaksteel {

enum class key_status : std::uint8_t { none = 0, new_key = 1, installed = 2, active = 3, obsolete = 4, bad = 5 };
bool valid(key_status s);
/// `New`, `Installed`, `Active`, `Obsolete`, `Bad`; `-` for none.
std::string_view name(key_status s);

/// The only legal transitions (EP-13).
bool may_follow(key_status from, key_status to);

/// Identifies a master key and tells nothing else about it (crypto/token.hpp).
using check_value = std::array<std::uint8_t, 8>;
/// A code under a key that is derived from a master key (crypto/token.hpp), which is of no other use: who makes it has that
/// master key. Steel shows the meter one in MI6c, the meter another in MI6c'.
using commit_code = std::array<std::uint8_t, 16>;

// --- events ------------------------------------------------------------------------------------

/// The archive gave out a key id (MI0', EP Fig. 8, step 82). Stream: key_counter.
struct key_id_assigned {
  key_id key;
  box_id steel;
  order_id order;

  static auto fields(auto& self, auto take) { return take(self.key, self.steel, self.order); }
};

/// After a restoration: key ids up to this one may have been given out, and are not again. Stream: key_counter.
struct key_ids_raised {
  key_id key;

  static auto fields(auto& self, auto take) { return take(self.key); }
};

/// New: the archive stored MI3 (EP Fig. 24, step 312). Sealed beside it: (K) to Brass.
struct key_created {
  key_id key;
  box_id oak;
  box_id steel;
  signed_record mi3;

  static auto fields(auto& self, auto take) { return take(self.key, self.oak, self.steel, self.mi3); }
};

/// Installed: the archive stored MI9 (EP Fig. 25, step 346). Sealed beside it: (K) to Brass.
struct key_installed {
  key_id key;
  box_id brass;
  sequence_number meter;
  signed_record mi9;

  static auto fields(auto& self, auto take) { return take(self.key, self.brass, self.meter, self.mi9); }
};

/// Active: the archive stored MR3 (EP Fig. 26, step 370). Sealed beside it: (K) under S_B.
struct key_activated {
  key_id key;
  box_id brass;
  sequence_number meter;
  product_code product;
  indicia_serial serial;
  country_code country;
  calendar_date date;
  signed_record mr3;
  bytes tag; ///< under s_B, over the body of MR3

  static auto fields(auto& self, auto take) {
    return take(self.key, self.brass, self.meter, self.product, self.serial, self.country, self.date, self.mr3,
                self.tag);
  }
};

/// Obsolete: the archive stored MO2 (EP Fig. 27, step 384). Sealed beside it: what was sealed before.
struct key_retired {
  key_id key;
  box_id brass;
  sequence_number meter;
  std::string reason;
  calendar_date date;
  signed_record mo2;
  bytes tag; ///< under s_B, over the body of MO2

  static auto fields(auto& self, auto take) {
    return take(self.key, self.brass, self.meter, self.reason, self.date, self.mo2, self.tag);
  }
};

/// Bad: the archive stored MB2 (EP Fig. 14, step 184; EP-13b).
struct key_marked_bad {
  key_id key;
  box_id brass;
  refusal reason = refusal::no_answer;
  signed_record mb2;

  static auto fields(auto& self, auto take) { return take(self.key, self.brass, self.reason, self.mb2); }
};

// --- the counter of key ids ----------------------------------------------------------------------

struct key_counter {
  std::uint64_t last = 0;

  static auto fields(auto& self, auto take) { return take(self.last); }
};
using key_counter_event = std::variant<key_id_assigned, key_ids_raised>;

/// MI0 at the archive: the next key id of the domain, for a Steel box.
struct assign_key_id {
  domain_id domain;
  box_id steel;
  order_id order;
};
decision<key_counter_event> decide(const key_counter& state, const assign_key_id& command);
/// No event where it stands as high already.
decision<key_counter_event> decide(const key_counter& state, const key_ids_raised& proposed);
void evolve(key_counter& state, const key_id_assigned& e);
void evolve(key_counter& state, const key_ids_raised& e);

// --- the key -------------------------------------------------------------------------------------

struct master_key {
  key_status status = key_status::none;
  key_id key;
  box_id oak;
  box_id steel;
  sequence_number meter;
  product_code product;
  indicia_serial serial;
  country_code country;
  calendar_date registered; ///< 0 before registration
  calendar_date retired;    ///< 0 before retirement
  refusal reason = refusal::no_answer; ///< why it is Bad

  static auto fields(auto& self, auto take) {
    return take(self.status, self.key, self.oak, self.steel, self.meter, self.product, self.serial, self.country,
                self.registered, self.retired, self.reason);
  }
};
using master_key_event = std::variant<key_created, key_installed, key_activated, key_retired, key_marked_bad>;

/// What a worker found about the record that is to be stored.
struct record_check {
  bool signature_valid = false; ///< the proof is good, by the key that this status needs
  bool body_agrees = false;     ///< the signed body says what the command says
  bool sealed_agrees = false;   ///< the sealed material has the digest that was signed
};

/// Stores a record that moves a key on. The event is complete but for nothing: what is decided is
/// whether it may follow. Repeating the stored one gives no event and no refusal.
decision<master_key_event> decide(const master_key& state, const master_key_event& proposed, const record_check& facts,
                                  std::uint64_t last_assigned);

void evolve(master_key& state, const key_created& e);
void evolve(master_key& state, const key_installed& e);
void evolve(master_key& state, const key_activated& e);
void evolve(master_key& state, const key_retired& e);
void evolve(master_key& state, const key_marked_bad& e);

/// The status that an event leads to.
key_status status_after(const master_key_event& e);

} // namespace oaksteel
