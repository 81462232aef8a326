#pragma once
// Events as the journal gets them, without the domain behind them: many streams side by side, each a life of
// eight events, three of which leave a look-up row. The mix is that of a key's installation: about two rows
// for five events, a new state of the stream with each.

#include "storage/log.hpp"

#include <atomic>
#include <memory>
#include <vector>

namespace oaksteel::bench {

/// Bytes of a record and of a state, near those of real events.
inline constexpr std::size_t record_bytes = 400, state_bytes = 120;
inline constexpr std::uint64_t events_of_a_life = 8, lookups_of_a_life = 3;

/// Gives requests of `batch` events, each of another stream. One for each producer; `lives` is shared, so that no
/// two work on one stream.
class life_source {
public:
  life_source(std::size_t batch, std::atomic<std::uint64_t>& lives);

  std::shared_ptr<append_request> next();

private:
  struct life {
    std::uint64_t number = 0;
    std::uint64_t version = 0;
  };

  std::vector<life> open_;
  std::atomic<std::uint64_t>& lives_;
  std::uint64_t commands_ = 0;
};

/// What the log writes for an event: its row with key and leaf hash, the stream's row, its part of the look-up
/// rows.
struct written_bytes {
  std::size_t event = 0;
  std::size_t state = 0;
  std::size_t lookups = 0;
  std::size_t all() const { return event + state + lookups; }
};
/// Of the log's last record, which a life_source must have made.
written_bytes bytes_per_event(const log& written);

/// A log with one record, that of a node.
log new_log(const std::filesystem::path& directory, const std::string& node = "bench");

/// Appends `count` events, past the journal.
void fill(log& written, std::size_t count, std::atomic<std::uint64_t>& lives);

} // namespace oaksteel::bench
