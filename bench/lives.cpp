#include "bench/lives.hpp"

#include "bench/figure.hpp"
#include "events/event.hpp"
#include "storage/archive.hpp"
#include "storage/event_codec.hpp"

namespace oaksteel::bench {
namespace {

/// What a record has beside its payload, with the names used here.
constexpr std::size_t record_frame = 223;

stream_id stream_of_life(std::uint64_t number) {
  return {stream_kind::key, "VE/" + std::to_string(10'000'000 + number)};
}

pending_event event_of_life(std::uint64_t number, std::uint64_t version, std::uint64_t command) {
  pending_event e;
  e.stream = stream_of_life(number);
  e.time = {static_cast<std::int64_t>(command)}; // the journal sets it
  e.actor = "archive/VE";
  e.command = {"kmc", command};
  e.cause = reference{1, {}};
  e.correlation = reference{1, {}};
  e.participants = {{participant_kind::domain, "VE"},
                    {participant_kind::key, e.stream.of},
                    {participant_kind::box, "B00000001"}};
  e.tag = 41;
  e.payload.assign(record_bytes - record_frame, static_cast<std::uint8_t>(number + version));
  if (version < lookups_of_a_life)
    e.lookups.push_back({static_cast<std::uint8_t>(version + 1), "VE|" + std::to_string(10'000'000 + number)});
  return e;
}

} // namespace

life_source::life_source(std::size_t batch, std::atomic<std::uint64_t>& lives) : open_(batch), lives_(lives) {
  // Lives begin one after another, so that each batch has some at every age.
  for (std::size_t i = 0; i < batch; ++i)
    open_[i] = {lives_++, 0};
}

std::shared_ptr<append_request> life_source::next() {
  auto request = std::make_shared<append_request>();
  request->events.reserve(open_.size());
  request->rows.reserve(open_.size());
  ++commands_;
  for (std::size_t i = 0; i < open_.size(); ++i) {
    auto& one = open_[i];
    if (one.version == events_of_a_life || (commands_ == 1 + i % events_of_a_life && one.version > 0))
      one = {lives_++, 0};
    request->events.push_back(event_of_life(one.number, one.version, commands_));
    request->rows.push_back({request->events.back().stream, one.version,
                             bytes(state_bytes, static_cast<std::uint8_t>(one.version))});
    ++one.version;
  }
  return request;
}

written_bytes bytes_per_event(const log& written) {
  const auto view = written.view();
  const auto data = view.record_bytes(view.size());
  const auto last = view.at(view.size());
  if (!data || !last)
    throw bench_failed{"the last record cannot be read"};
  const auto name = 1 + last->stream.of.size();
  return {8 + 32 + data->size(), name + 16 + state_bytes, (name + 8) * lookups_of_a_life / events_of_a_life};
}

log new_log(const std::filesystem::path& directory, const std::string& node_name) {
  const log_opened opened{node_name, false, bytes(32, 1)};
  node_state node;
  evolve(node, opened);
  const auto described = describe(opened);
  record first;
  first.stream = {stream_kind::node, "node"};
  first.time = {1};
  first.actor = "node";
  first.command = {"node", 0};
  first.participants = described.participants;
  first.tag = described.tag;
  first.version = described.version;
  first.payload = described.payload;
  auto created = log::create(directory, std::move(first), encode(node));
  if (!created)
    throw bench_failed{created.error().text};
  return std::move(*created);
}

void fill(log& written, std::size_t count, std::atomic<std::uint64_t>& lives) {
  life_source source{4096, lives};
  for (std::size_t done = 0; done < count; done += 4096) {
    const auto request = source.next();
    const auto results = written.append({request.get()});
    if (!results || !results->front())
      throw bench_failed{results ? results->front().error().text : results.error().text};
  }
}

} // namespace oaksteel::bench
