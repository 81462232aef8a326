#pragma once
// What Brass checks before it moves a key on, and the records that it makes (EP Figs. 25-27, 30, 31).
// Pure but for the generator: run by workers.

#include "actors/boxes/key_bundle.hpp"
#include "actors/messages.hpp"
#include "actors/work_context.hpp"
#include "events/audit_times.hpp"

namespace oaksteel {

/// A proposed event with its records unsigned, or why there is none.
template <class Event>
struct brass_work {
  std::optional<refusal> problem = refusal::box_disabled;
  Event event;
  bytes sealed;
};

/// MI8: MI3 by Oak and MI7 by Steel speak of one key; the meter's test tokens are those of the archived key.
brass_work<installation_confirmed> check_installation(const mi8& m, const box_id& brass, const box_clock& clock,
                                                      const domain_ring& ring, work_context& w);
/// MB1: the key is New, and what is said against it is evidenced (EP-13b).
brass_work<key_condemned> check_condemnation(const mb1& m, const box_id& brass, const box_clock& clock,
                                             const domain_ring& ring, work_context& w);
/// MR2: MI9 by Brass; the registration token is the key's. `zone` is the domain's.
brass_work<registration_confirmed> check_registration(const mr2& m, const box_id& brass, const box_clock& clock,
                                                      const std::optional<time_zone>& zone, const domain_ring& ring,
                                                      work_context& w);
/// MO1: MR3 (or MI9) of the meter.
brass_work<retirement_confirmed> check_retirement(const mo1& m, const box_id& brass, const box_clock& clock,
                                                  const domain_ring& ring, work_context& w);

} // namespace oaksteel
