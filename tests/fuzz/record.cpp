// The record decoder: any bytes are a record of the log, or there is a line that says why not; the same for its event.

#include "storage/record.hpp"
#include "storage/any_event.hpp"
#include "storage/archive.hpp"
#include "storage/event_codec.hpp"
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
      all.push_back(encode(r));
    }
  };
  (add.template operator()<Event>(), ...);
}

} // namespace

std::vector<bytes> samples() {
  std::vector<bytes> all;
  add_samples(all, static_cast<any_event*>(nullptr));
  return all;
}

void take(std::span<const std::uint8_t> input) {
  const auto r = decode_record(input);
  if (!r)
    return expect(!r.error().empty(), "what is no record has a reason");
  expect(encode(*r) == bytes(input.begin(), input.end()), "a record is written in one way only");
  const auto event = decode_event(*r);
  if (!event)
    return expect(!event.error().empty(), "what is no event has a reason");
  expect(tag_of(*event) == r->tag, "an event has its record's tag");
}

} // namespace oaksteel::fuzz
