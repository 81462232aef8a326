#pragma once
// An answer is about what was asked (EP-28). Answers are not signed: one that says another key, Steel box, order or meter
// than the question is faulty, whatever is right in it.

#include "actors/messages.hpp"
#include "events/signed_bodies.hpp"

namespace oaksteel {

/// MI0': an id of that domain, assigned for that Steel box and that order.
bool answers(const new_key_id& asked, const mi0_answer& got);
/// MI2: MI3 and MI4 of that key, made for that Steel box. Of a record that cannot be read its keeper says so.
bool answers(const mi1& asked, const mi2& got);
/// That key, or that meter's, where its record leads; or that there is none, of what was asked for.
bool answers(const fetch_record& asked, const record_fetched& got);
/// That key, with the status to which the record led.
bool answers(const store_record& asked, const record_stored& got);
/// MI7: of the Steel box that the order names; a key that is in a meter is in the order's. One that is in none may be told
/// of another: Oak signs no meter, and Steel tried the one that it was told.
bool answers(const order& asked, const mi7_body& got);
/// That key, where both name one.
template <class Asked, class Got>
bool answers(const Asked& asked, const Got& got) {
  if constexpr (requires { asked.key == got.key; })
    return asked.key == got.key;
  else
    return true;
}

} // namespace oaksteel
