#include "actors/surroundings.hpp"

#include "actors/messages.hpp"

#include <caf/send.hpp>
#include <caf/typed_actor.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace oaksteel {
namespace {

class system_clock final : public clock {
public:
  explicit system_clock(instant last) : last_(last.us) {}

  instant now() override {
    const auto reading = std::chrono::duration_cast<std::chrono::microseconds>(
                           std::chrono::system_clock::now().time_since_epoch())
                           .count();
    auto last = last_.load();
    std::int64_t next = 0;
    do
      next = std::max<std::int64_t>(reading, last + 1);
    while (!last_.compare_exchange_weak(last, next));
    return {next};
  }

private:
  std::atomic<std::int64_t> last_;
};

void tell(const worker_client& client, std::uint64_t ticket) {
  work_done notice;
  notice.ticket = ticket;
  caf::anon_send(client, std::move(notice));
}

class thread_pool final : public workers {
public:
  explicit thread_pool(unsigned threads) {
    for (unsigned i = 0; i < threads; ++i)
      threads_.emplace_back([this] { serve(); });
  }
  ~thread_pool() override {
    {
      std::lock_guard lock{mutex_};
      closing_ = true;
    }
    wake_.notify_all();
    for (auto& t : threads_)
      t.join();
  }
  void run(std::function<void()> job, const worker_client& client, std::uint64_t ticket) override {
    {
      std::lock_guard lock{mutex_};
      queue_.push_back({std::move(job), client, ticket});
    }
    wake_.notify_one();
  }

private:
  struct task {
    std::function<void()> job;
    worker_client client;
    std::uint64_t ticket;
  };

  void serve() {
    for (;;) {
      task next;
      {
        std::unique_lock lock{mutex_};
        wake_.wait(lock, [this] { return closing_ || !queue_.empty(); });
        if (closing_)
          return;
        next = std::move(queue_.front());
        queue_.pop_front();
      }
      next.job();
      tell(next.client, next.ticket);
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<task> queue_;
  std::vector<std::thread> threads_;
  bool closing_ = false;
};

class same_thread final : public workers {
public:
  void run(std::function<void()> job, const worker_client& client, std::uint64_t ticket) override {
    job();
    tell(client, ticket);
  }
};

} // namespace

std::unique_ptr<clock> system_clock_after(instant last) {
  return std::make_unique<system_clock>(last);
}
std::unique_ptr<workers> thread_workers(unsigned threads) {
  return std::make_unique<thread_pool>(threads);
}
std::unique_ptr<workers> inline_workers() {
  return std::make_unique<same_thread>();
}

} // namespace oaksteel
