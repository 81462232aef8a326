#pragma once
// Orders of the KMC: what spans several boxes has one owner, with its time-outs (EP-17). An order is for
// one meter and has a leg for each domain; a leg that was interrupted goes on from its stage.

#include "events/ids.hpp"
#include "events/master_key.hpp"
#include "events/refusal.hpp"

#include <string>
#include <variant>
#include <vector>

namespace oaksteel {

enum class order_kind : std::uint8_t { install = 1, registration = 2, retirement = 3 };
bool valid(order_kind k);
std::string_view name(order_kind k);

/// A domain of an order, and for an installation the Steel box that serves it.
struct leg_plan {
  domain_id domain;
  box_id steel;

  static auto fields(auto& self, auto take) { return take(self.domain, self.steel); }
};

/// An order number was reserved. Stream: order_book.
struct order_numbered {
  order_id order;

  static auto fields(auto& self, auto take) { return take(self.order); }
};
/// After a restoration: numbers up to this one may have been given out, and are not again. Stream: order_book.
struct order_numbers_raised {
  order_id order;

  static auto fields(auto& self, auto take) { return take(self.order); }
};
struct order_book {
  std::uint64_t last = 0;

  static auto fields(auto& self, auto take) { return take(self.last); }
};
using order_book_event = std::variant<order_numbered, order_numbers_raised>;
/// No event where it stands as high already.
decision<order_book_event> decide(const order_book& state, const order_numbers_raised& proposed);
void evolve(order_book& state, const order_numbered& e);
void evolve(order_book& state, const order_numbers_raised& e);

/// What the order is about.
struct order_details {
  order_kind kind = order_kind::install;
  sequence_number meter;
  product_code product;
  indicia_serial serial;   ///< registration
  country_code country;    ///< registration
  calendar_date date;      ///< registration, retirement
  std::string reason;      ///< retirement
  std::vector<bytes> tokens; ///< registration: the meter's tokens (MR1), in the order of the legs

  static auto fields(auto& self, auto take) {
    return take(self.kind, self.meter, self.product, self.serial, self.country, self.date, self.reason,
                self.tokens);
  }
};

struct order_opened {
  order_id order;
  order_details details;
  std::vector<leg_plan> legs;

  static auto fields(auto& self, auto take) { return take(self.order, self.details, self.legs); }
};

/// The archive's key id for a leg. KMS Request Time is in MI3 (EP, "Audit Trail").
struct leg_key_assigned {
  order_id order;
  key_id key;

  static auto fields(auto& self, auto take) { return take(self.order, self.key); }
};

/// MI4 is with the KDC (EP Fig. 24, step 318).
struct leg_delivered {
  order_id order;
  key_id key;

  static auto fields(auto& self, auto take) { return take(self.order, self.key); }
};

/// MI7 arrived. It is kept so that MI8 can be sent again; KMS Install Time is in MI9.
struct leg_reported {
  order_id order;
  key_id key;
  std::optional<refusal> failure;
  signed_record mi7;

  static auto fields(auto& self, auto take) { return take(self.order, self.key, self.failure, self.mi7); }
};

/// The leg's time ran out with no MI7 to be had.
struct leg_timed_out {
  order_id order;
  key_id key;

  static auto fields(auto& self, auto take) { return take(self.order, self.key); }
};

/// The key ended Bad; the leg takes another if it has tries left.
struct leg_key_failed {
  order_id order;
  key_id key;
  refusal reason = refusal::no_answer;

  static auto fields(auto& self, auto take) { return take(self.order, self.key, self.reason); }
};

/// The leg reached what the order asked for: Installed, Active or Obsolete.
struct leg_finished {
  order_id order;
  key_id key;

  static auto fields(auto& self, auto take) { return take(self.order, self.key); }
};

/// A leg that cannot go on; the order stays incomplete.
struct leg_abandoned {
  order_id order;
  domain_id domain;
  refusal reason = refusal::no_answer;

  static auto fields(auto& self, auto take) { return take(self.order, self.domain, self.reason); }
};

/// Nothing is left to do: complete, or not.
struct order_closed {
  order_id order;
  bool complete = false;

  static auto fields(auto& self, auto take) { return take(self.order, self.complete); }
};

using order_event = std::variant<order_opened, leg_key_assigned, leg_delivered, leg_reported, leg_timed_out,
                                 leg_key_failed, leg_finished, leg_abandoned, order_closed>;

enum class leg_stage : std::uint8_t {
  waiting = 0,   ///< needs a key id (installation) or its box's step (registration, retirement)
  assigned = 1,  ///< has a key id; Oak, archive and KDC are next, or MI7 is awaited of a key that came no further
  delivered = 2, ///< the KDC has MI4; MI7 is awaited
  reported = 3,  ///< MI7 says installed; Brass is next
  failed = 4,    ///< MI7 says failed, or time ran out; Brass must declare the key Bad
  finished = 5,
  abandoned = 6,
};
bool valid(leg_stage s);

struct order_leg {
  leg_plan plan;
  leg_stage stage = leg_stage::waiting;
  std::uint64_t key = 0;  ///< current key id number; 0 = none
  std::uint8_t tries = 0; ///< keys that ended Bad, and gaps
  refusal reason = refusal::no_answer;

  static auto fields(auto& self, auto take) {
    return take(self.plan, self.stage, self.key, self.tries, self.reason);
  }
};

struct order {
  order_id id;
  order_details details;
  std::vector<order_leg> legs;
  bool closed = false;
  bool complete = false;

  static auto fields(auto& self, auto take) {
    return take(self.id, self.details, self.legs, self.closed, self.complete);
  }
};

/// What makes two orders the same: kind, meter and domains, `installation|M1|VE|USPS`.
std::string order_key(const order_details& details, const std::vector<leg_plan>& legs);

/// A leg takes at most this many keys.
inline constexpr std::uint8_t tries_limit = 3;

/// The leg of a domain; null when the order has none.
const order_leg* leg_of(const order& o, const domain_id& domain);
/// The first leg that is neither finished nor abandoned: legs go one after another.
const order_leg* current_leg(const order& o);

/// Where a leg stands. Its key ids increase and the stages of each follow one another: what is past does not come again.
struct leg_place {
  key_id key; ///< number 0 before the first
  leg_stage stage = leg_stage::waiting;
};
leg_place place_of(const order_leg& leg);
/// True when the order is at that leg, and the leg is there.
bool is_at(const order& o, const leg_place& place);

decision<order_event> decide(const order& state, const order_opened& proposed);
/// Any progress of a leg: legal when the leg is at the stage that it follows; repeating what is done gives
/// no event. Appends order_closed when the last leg ends.
decision<order_event> decide(const order& state, const order_event& progress);

void evolve(order& state, const order_opened& e);
void evolve(order& state, const leg_key_assigned& e);
void evolve(order& state, const leg_delivered& e);
void evolve(order& state, const leg_reported& e);
void evolve(order& state, const leg_timed_out& e);
void evolve(order& state, const leg_key_failed& e);
void evolve(order& state, const leg_finished& e);
void evolve(order& state, const leg_abandoned& e);
void evolve(order& state, const order_closed& e);

} // namespace oaksteel
