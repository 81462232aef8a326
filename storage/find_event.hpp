#pragma once
// Events found in a log: by a look-up row, or back along a stream.

#include "events/event.hpp"
#include "storage/event_codec.hpp"

namespace oaksteel {

template <class Event>
struct found_event {
  Event event;
  std::uint64_t position = 0;
};

/// The event that a look-up row leads to; nothing when there is no such row.
template <class Event>
std::optional<found_event<Event>> find_event(const log_view& view, lookup index, std::string_view key) {
  auto position = view.find(static_cast<std::uint8_t>(index), key);
  auto record = position ? view.at(*position) : std::nullopt;
  auto event = record ? read_as<Event>(*record) : std::nullopt;
  if (!event)
    return std::nullopt;
  return found_event<Event>{std::move(*event), *position};
}

/// The newest event of this type in a stream for which `wanted` holds.
template <class Event, class Predicate>
std::optional<found_event<Event>> newest_event(const log_view& view, const stream_id& stream, Predicate wanted) {
  auto row = view.row(stream);
  for (auto position = row ? row->head : 0; position != 0;) {
    auto record = view.at(position);
    if (!record)
      return std::nullopt;
    if (auto event = read_as<Event>(*record); event && wanted(*event))
      return found_event<Event>{std::move(*event), position};
    position = record->previous;
  }
  return std::nullopt;
}

} // namespace oaksteel
