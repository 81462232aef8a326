#pragma once
// Who is connected to whom; sent by the wiring of a node, and by the KMC to itself.

#include "actors/actors.hpp"
#include "actors/messages.hpp"

namespace oaksteel {

/// A meter is on a PSR's line.
struct meter_connected {
  message_head head;
  sequence_number meter;
  meter_actor line;
};
/// The Steel box beside a PSR.
struct steel_connected {
  message_head head;
  steel_actor steel;
};
struct kdc_connected {
  message_head head;
  kdc_actor kdc;
};
/// The PSR of a Steel box, once the box has its id.
struct psr_connected {
  message_head head;
  box_id steel;
  psr_actor psr;
};

/// A leg's time has run out; `last` when MI7 was asked for again before.
struct leg_overdue {
  message_head head;
  order_id order;
  key_id key;
  bool last = false;
  std::uint64_t number = 0; ///< the newest of an order counts
};
/// Try a leg again after something passing (a disabled box, a full disk), or when MI0 did not come.
struct leg_again {
  message_head head;
  order_id order;
  leg_place from; ///< nothing is tried again when the order is past it
};

} // namespace oaksteel
