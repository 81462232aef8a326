#include "actors/kept_record.hpp"

#include "events/signed_bodies.hpp"
#include "storage/signed_body.hpp"

namespace oaksteel {

std::optional<master_key_event> event_of(const sealed_record& kept) {
  const auto& r = kept.record;
  if (auto b = decode_body<mi3_body>(r.body))
    return key_created{b->key, b->oak, b->steel, r};
  if (auto b = decode_body<mi9_body>(r.body))
    return key_installed{b->key, b->brass, b->meter, r};
  if (auto b = decode_body<mr3_body>(r.body))
    return key_activated{b->key, b->brass, b->meter, b->product, b->serial, b->country, b->date, r, kept.tag};
  if (auto b = decode_body<mo2_body>(r.body))
    return key_retired{b->key, b->brass, b->meter, b->reason, b->date, r, kept.tag};
  if (auto b = decode_body<mb2_body>(r.body))
    return key_marked_bad{b->key, b->brass, b->reason, r};
  return std::nullopt;
}

bool stands_at(const master_key& key, const sealed_record& r) {
  const auto led_there = event_of(r);
  if (!led_there)
    return false;
  return std::visit(
    [&](const auto& e) {
      auto after = key;
      evolve(after, e);
      return e.key == key.key && after == key;
    },
    *led_there);
}

} // namespace oaksteel
