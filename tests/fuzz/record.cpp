// The record decoders: any bytes are a record of the log, or there is a line that says why not; the same for its event.
// And any bytes are one of the signed bodies that messages carry (EP-15), or none.

#include "crypto/merkle.hpp"
#include "events/signed_bodies.hpp"
#include "storage/record.hpp"
#include "storage/any_event.hpp"
#include "storage/archive.hpp"
#include "storage/event_codec.hpp"
#include "storage/signed_body.hpp"
#include "tests/actors/random_value.hpp"
#include "tests/fuzz/target.hpp"

namespace oaksteel::fuzz {
namespace {

template <class... Event>
void add_samples(std::vector<bytes>& all, std::variant<Event...>*) {
  random_values random{1};
  const auto add = [&]<class E>() {
    for (int i = 0; i < 3; ++i) {
      E event;
      random.fill(event);
      const auto described = describe(event);
      record r;
      random.fill(r);
      r.tag = described.tag;
      r.version = described.version;
      r.payload = described.payload;
      if (i > 0)
        r.sealed = sha256(r.payload);
      all.push_back(encode_record(r));
    }
  };
  (add.template operator()<Event>(), ...);
}

template <class... Body>
struct bodies {
  static void add_samples(std::vector<bytes>& all) {
    random_values random{1};
    const auto add = [&]<class B>() {
      for (int i = 0; i < 3; ++i) {
        B body;
        random.fill(body);
        all.push_back(encode_body(body));
      }
    };
    (add.template operator()<Body>(), ...);
  }
  static void take(std::span<const std::uint8_t> input) {
    const auto one = [&]<class B>() {
      const auto body = decode_body<B>(input);
      if (body && input[1] == version_of_body<B>())
        expect(encode_body(*body) == bytes(input.begin(), input.end()), "a body is written in one way only");
    };
    (one.template operator()<Body>(), ...);
  }
};
using signed_bodies = bodies<mi3_body, mi4_body, mi7_body, mi9_body, mi10_body, mb2_body, mb3_body, mr3_body, mr4_body,
                             mo2_body, mo3_body, domain_keys_body, operation_body>;

} // namespace

std::vector<bytes> samples() {
  std::vector<bytes> all;
  add_samples(all, static_cast<any_event*>(nullptr));
  signed_bodies::add_samples(all);
  return all;
}

void take(std::span<const std::uint8_t> input) {
  signed_bodies::take(input);
  const auto r = decode_record(input);
  if (!r)
    return expect(!r.error().empty(), "what is no record has a reason");
  expect(encode_record(*r) == bytes(input.begin(), input.end()), "a record is written in one way only");
  const auto event = decode_event(*r);
  if (!event)
    return expect(!event.error().empty(), "what is no event has a reason");
  expect(tag_of(*event) == r->tag, "an event has its record's tag");
}

} // namespace oaksteel::fuzz
