#pragma once
// Install records at the KDC: each is handed out once (EP-15, MI4r).

#include "events/ids.hpp"
#include "events/refusal.hpp"

#include <variant>

namespace oaksteel {

/// MI4 came in (EP Fig. 24, step 318). Sealed beside it: (K, test tokens) to Steel.
struct install_record_received {
  key_id key;
  box_id steel;
  order_id order;
  sequence_number meter;
  signed_record mi4;

  static auto fields(auto& self, auto take) { return take(self.key, self.steel, self.order, self.meter, self.mi4); }
};

/// MI4' went out for a meter (EP Fig. 25, step 330).
struct install_record_handed_out {
  key_id key;
  sequence_number meter;

  static auto fields(auto& self, auto take) { return take(self.key, self.meter); }
};

/// MI10 or MB3 came in: nothing is left to do.
struct install_record_settled {
  key_id key;
  std::optional<refusal> failure;
  signed_record confirmation;

  static auto fields(auto& self, auto take) { return take(self.key, self.failure, self.confirmation); }
};

using distribution_event = std::variant<install_record_received, install_record_handed_out, install_record_settled>;

struct distribution {
  key_id key;
  box_id steel;
  order_id order;
  sequence_number meter;
  bool handed_out = false;
  bool settled = false;

  static auto fields(auto& self, auto take) {
    return take(self.key, self.steel, self.order, self.meter, self.handed_out, self.settled);
  }
};

decision<distribution_event> decide(const distribution& state, const install_record_received& proposed);
decision<distribution_event> decide(const distribution& state, const install_record_handed_out& proposed);
decision<distribution_event> decide(const distribution& state, const install_record_settled& proposed);
void evolve(distribution& state, const install_record_received& e);
void evolve(distribution& state, const install_record_handed_out& e);
void evolve(distribution& state, const install_record_settled& e);

} // namespace oaksteel
