#pragma once
// Records on their way from the thread that reads them to the thread that folds them. For storage/ only.

#include "events/ids.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <span>

namespace oaksteel {

/// Many records in one piece: one wake-up and one lock for all of them.
struct record_block {
  bytes data;
  std::vector<std::size_t> ends; ///< where each record ends in `data`
  std::uint64_t first = 0;       ///< position of the first

  void add(std::uint64_t position, std::span<const std::uint8_t> record) {
    if (ends.empty())
      first = position;
    data.insert(data.end(), record.begin(), record.end());
    ends.push_back(data.size());
  }
};

/// A queue of at most `depth` blocks between one writer and one reader. Used blocks come back, so that their
/// memory is used again.
class block_queue {
public:
  static constexpr std::size_t depth = 8;

  /// Waits while the queue is full; an empty block in return.
  record_block exchange(record_block full) {
    std::unique_lock guard{mutex_};
    room_.wait(guard, [this] { return waiting_.size() < depth; });
    waiting_.push_back(std::move(full));
    record_block next;
    if (!used_.empty()) {
      next = std::move(used_.front());
      used_.pop_front();
    }
    guard.unlock();
    more_.notify_one();
    return next;
  }

  /// No more will come.
  void close() {
    {
      std::lock_guard guard{mutex_};
      closed_ = true;
    }
    more_.notify_one();
  }

  /// The next block; nothing once the queue is closed and empty.
  std::optional<record_block> take() {
    std::unique_lock guard{mutex_};
    more_.wait(guard, [this] { return !waiting_.empty() || closed_; });
    if (waiting_.empty())
      return std::nullopt;
    auto block = std::move(waiting_.front());
    waiting_.pop_front();
    guard.unlock();
    room_.notify_one();
    return block;
  }

  void give_back(record_block block) {
    block.data.clear();
    block.ends.clear();
    std::lock_guard guard{mutex_};
    used_.push_back(std::move(block));
  }

private:
  std::mutex mutex_;
  std::condition_variable room_, more_;
  std::deque<record_block> waiting_, used_;
  bool closed_ = false;
};

} // namespace oaksteel
