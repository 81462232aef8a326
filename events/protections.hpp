#pragma once
// Protections that `script/simulate --without` leaves out, one at a time and in a program built for nothing else, to show
// that the checks of the simulation see it. Every other program has them all.

namespace oaksteel {

enum class protection {
  none,
  steel_freshness,   ///< Steel attempts a key id only when it is greater than all before (EP-14)
  steel_id,          ///< Steel attempts only what names it (EP-14)
  oak_freshness,     ///< Oak generates for a key id only when it is greater than all before (EP-14)
  status_table,      ///< the archive moves a key along EP-13's table only: one New for each key id
  handed_out_once,   ///< the KDC hands an install record out once (EP-15, MI4r)
  audit_times,       ///< Brass confirms an installation only when its times are in order (EP-18)
  durable_first,     ///< the KMC answers an order, and goes on with it, when what that rests on is durable
};

#ifndef OAKSTEEL_WITHOUT
#define OAKSTEEL_WITHOUT none
#endif

constexpr bool keeps(protection p) {
  return p != protection::OAKSTEEL_WITHOUT;
}

} // namespace oaksteel
