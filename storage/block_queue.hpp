#pragma once
// Records on their way from the thread that reads them to the thread that works on them. For storage/ only.

#include "events/ids.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <thread>

namespace oaksteel {

/// Many records in one piece: one wake-up and one lock for all of them.
struct record_block {
  bytes data;
  std::vector<std::size_t> ends; ///< where each record ends in `data`
  std::uint64_t first = 0;       ///< position of the first
  std::vector<std::optional<digest>> stored_leaves; ///< of each, where they were kept too

  void add(std::uint64_t position, std::span<const std::uint8_t> record) {
    if (ends.empty())
      first = position;
    data.insert(data.end(), record.begin(), record.end());
    ends.push_back(data.size());
  }
  /// Calls `take` with the index, the position and the bytes of each.
  template <class Take>
  void for_each(Take take) const {
    std::size_t begin = 0;
    for (std::size_t i = 0; i < ends.size(); begin = ends[i++])
      take(i, first + i, std::span{data}.subspan(begin, ends[i] - begin));
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
    block.stored_leaves.clear();
    std::lock_guard guard{mutex_};
    used_.push_back(std::move(block));
  }

private:
  std::mutex mutex_;
  std::condition_variable room_, more_;
  std::deque<record_block> waiting_, used_;
  bool closed_ = false;
};

/// A thread that works on blocks, one after another. What is thrown there comes out of finish(); no other block is worked
/// on then.
class block_worker {
public:
  using work = std::function<void(const record_block&)>;
  explicit block_worker(work w) : thread_([this, w = std::move(w)] { run(w); }) {}
  ~block_worker() {
    if (thread_.joinable()) {
      queue_.close();
      thread_.join();
    }
  }

  /// What is being filled.
  record_block& block() { return block_; }
  /// Hands it over when it is full.
  void pass_on() {
    if (block_.data.size() >= block_bytes)
      block_ = queue_.exchange(std::move(block_));
  }
  /// Something was thrown; what comes now is not worked on.
  bool failed() const { return failed_; }
  /// Waits until all is done.
  void finish() {
    if (!block_.ends.empty())
      queue_.exchange(std::move(block_));
    queue_.close();
    thread_.join();
    if (thrown_)
      std::rethrow_exception(thrown_);
  }

private:
  static constexpr std::size_t block_bytes = 256 * 1024;

  void run(const work& w) {
    while (auto block = queue_.take()) {
      try {
        if (!thrown_)
          w(*block);
      } catch (...) {
        thrown_ = std::current_exception();
        failed_ = true;
      }
      queue_.give_back(std::move(*block));
    }
  }

  block_queue queue_;
  record_block block_;
  std::exception_ptr thrown_;
  std::atomic<bool> failed_ = false;
  std::thread thread_; // last: it uses the others
};

} // namespace oaksteel
