#include "actors/computers/answers.hpp"

#include "actors/kept_record.hpp"
#include "storage/signed_body.hpp"

namespace oaksteel {

bool answers(const new_key_id& asked, const mi0_answer& got) {
  return got.key.domain == asked.domain && got.steel == asked.steel && got.order == asked.order;
}

bool answers(const mi1& asked, const mi2& got) {
  const auto fits = [&](const auto& body) {
    return !body || (body->key == asked.key && body->steel == asked.steel);
  };
  return got.key == asked.key && fits(decode_body<mi3_body>(got.mi3.record.body))
         && fits(decode_body<mi4_body>(got.mi4.record.body));
}

bool answers(const fetch_record& asked, const record_fetched& got) {
  const auto& key = got.key.key;
  const bool of_that = asked.key.number != 0 ? key == asked.key
                                             : key.domain == asked.key.domain && got.key.meter == asked.meter;
  if (!got.record)
    return key == asked.key && got.key.meter == asked.meter && got.key.status == key_status::none;
  return of_that && stands_at(got.key, *got.record);
}

bool answers(const store_record& asked, const record_stored& got) {
  const auto kept = event_of(asked.record);
  return got.key == asked.key && (!kept || got.status == status_after(*kept));
}

bool answers(const order& asked, const mi7_body& got) {
  const auto* leg = leg_of(asked, got.key.domain);
  return leg && got.steel == leg->plan.steel && (got.failure || got.meter == asked.details.meter);
}

} // namespace oaksteel
