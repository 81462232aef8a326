#include "storage/event_codec.hpp"

#include "events/earlier.hpp"
#include "storage/any_event.hpp"
#include "storage/archive.hpp"

namespace oaksteel {

template <class Event>
pending_event describe(const Event& e) {
  const any_event any{e};
  pending_event pending;
  pending.stream = stream_of(any);
  pending.participants = participants(any);
  pending.tag = tag_of(any);
  pending.version = version_of(any);
  pending.payload = encode(e);
  for (auto& change : lookups(any))
    pending.lookups.push_back({static_cast<std::uint8_t>(change.index), std::move(change.key), change.remove});
  return pending;
}

template <class Event>
std::optional<Event> read_as(const record& r) {
  auto any = decode_event(r);
  if (!any)
    return std::nullopt;
  if (auto event = std::get_if<Event>(&*any))
    return std::move(*event);
  return std::nullopt;
}

namespace {

/// Reads the payload of an entry of one of the lists and says what `newest` makes of it.
template <class Payload>
expected<any_event, std::string> read_payload(const record& r, std::string_view name, auto newest) {
  auto event = decode<Payload>(r.payload);
  if (!event)
    return unexpected{std::string{name} + ": " + event.error()};
  return any_event{newest(std::move(*event))};
}

} // namespace

expected<any_event, std::string> decode_event(const record& r) {
  expected<any_event, std::string> found =
    unexpected{"event tag " + std::to_string(r.tag) + " is not known to this version"};
  std::string_view name;
  const bool newest = event_list::find([&]<class Entry>() {
    if (Entry::tag == r.tag)
      name = Entry::name;
    if (Entry::tag != r.tag || Entry::version != r.version)
      return false;
    found = read_payload<typename Entry::event>(r, name, [](auto event) { return event; });
    return true;
  });
  if (newest || name.empty())
    return found;
  const bool earlier = earlier_list::find([&]<class Entry>() {
    if (Entry::tag != r.tag || Entry::version != r.version)
      return false;
    found = read_payload<typename Entry::event>(r, name, [](auto event) { return lifted(std::move(event)); });
    return true;
  });
  if (!earlier)
    found = unexpected{std::string{name} + " version " + std::to_string(r.version) + " is not known to this version"};
  return found;
}

bytes encode_state(const any_state& state) {
  return std::visit([](const auto& s) { return encode(s); }, state);
}

namespace {

/// Names both functions for every event of the list, so that they are compiled here.
template <class... Entry>
auto all_of(event_entries<Entry...>) {
  return std::tuple{std::pair{&describe<typename Entry::event>, &read_as<typename Entry::event>}...};
}

} // namespace

/// Never read: its address keeps the functions above in this object file.
extern const decltype(all_of(event_list{})) codec_table;
const decltype(all_of(event_list{})) codec_table = all_of(event_list{});

} // namespace oaksteel
