#pragma once
// Writes a log of real events with their states, as the shells would: keys installed one after another. The
// signatures have the size of rsa3072 and are none.

#include "events/event.hpp"
#include "storage/log.hpp"

#include <map>

namespace oaksteel::bench {

class story {
public:
  explicit story(const std::filesystem::path& directory, const std::string& node = "bench");

  /// Adds whole lives until the log has at least `records`.
  void grow_to(std::uint64_t records);

private:
  struct stream_in_work {
    any_state state;
    std::uint64_t version = 0;
  };

  void boxes();
  void life(std::uint64_t n);
  template <class Event>
  void add(const Event& e, const char* actor);
  void commit();

  log written_;
  std::map<stream_id, stream_in_work> streams_;
  std::map<stream_id, std::uint64_t> touched_; ///< and their versions before
  append_request request_;
  std::uint64_t lives_ = 0;
  std::int64_t clock_ = 1'772'000'000'000'000;
};

} // namespace oaksteel::bench
