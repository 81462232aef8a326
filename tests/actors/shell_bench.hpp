#pragma once
// A shell on a log of its own, in virtual time, with a journal and workers that do nothing until they are told to.

#include "actors/journal.hpp"
#include "actors/shell.hpp"
#include "scenarios/simulation.hpp"
#include "storage/any_event.hpp"
#include "tests/actors/held_workers.hpp"
#include "tests/program.hpp"

#include <caf/send.hpp>

namespace oaksteel::testing {

/// Keeps what it is asked to append until it is told to answer.
struct held_journal {
  std::deque<append_order> orders;
};
inline journal_actor::behavior_type holding(journal_actor::pointer, std::shared_ptr<held_journal> held) {
  return {[](const work_done&) {}, [held](const append_order& m) { held->orders.push_back(m); }, [](caf::ok_atom) {}};
}

/// The actor around the shell, which the test calls itself.
struct shell_host {
  std::unique_ptr<shell> house;
};
inline shell_client::behavior_type hosting(shell_client::pointer, std::shared_ptr<shell_host> host) {
  return {[host](const work_done& m) { host->house->on(m); }, [host](const append_done& m) { host->house->on(m); }};
}

/// `held`: the journal and the workers wait to be told. Else they do their work at once.
class shell_bench {
public:
  explicit shell_bench(bool held = true, std::chrono::milliseconds gather = {}) : held_(held) {
    record first;
    first.stream = {stream_kind::node, "node"};
    first.time = {1000};
    first.actor = "node";
    first.tag = 1;
    auto made = log::create(data_ / "log", std::move(first), bytes(10, 1));
    BOOST_REQUIRE(made);
    log_.emplace(std::move(*made));
    around_ = {&*log_, &world_.time(), random_.get(), held ? static_cast<workers*>(&busy) : inline_.get(), {}, {}};
    around_.limits.batch = 8;
    around_.limits.gather = gather;
    if (held) {
      around_.journal = world_.system().spawn(holding, orders);
    } else {
      journal_options options;
      options.journal_log = &*log_;
      options.time = &world_.time();
      around_.journal = world_.system().spawn(journal, options);
    }
    auto actor = world_.system().spawn(hosting, host_);
    host_->house = std::make_unique<shell>("archive/VE", actor, around_);
  }

  shell& house() { return *host_->house; }
  log& written() { return *log_; }
  simulation& world() { return world_; }
  const surroundings& around() const { return around_; }
  void settle() { world_.settle(); }
  std::filesystem::path data() const { return data_ / "log"; }

  /// What has been said so far, in order.
  std::vector<std::string> said;

  command_info info(const std::string& what) {
    return {{{"test", ++count_}, {}, {}}, what, [this, what](const caf::error& e) {
              said.push_back(what + " failed: " + std::string{name(refusal_in(e))});
            }};
  }
  /// A command that takes the next key id and says which.
  void take_id(const std::string& what) {
    house().submit(info(what), [this, what](transaction& t) { take_id_in(t, what); });
  }
  void take_id_in(transaction& t, const std::string& what) {
    const auto next = t.state<key_counter>(counter).last + 1;
    t.apply<key_counter, key_counter_event>(counter, {key_id_assigned{{{"VE"}, next}, {box_type::steel, 1}, {1}}});
    t.when_durable([this, what, next](const message_head& head) {
      said.push_back(what + " took " + std::to_string(next));
      heads.push_back(head);
    });
  }
  /// A query: the last id that was taken.
  void query(const std::string& what) {
    house().submit(info(what), [this, what](transaction& t) {
      const auto last = t.state<key_counter>(counter).last;
      t.when_durable([this, what, last](const message_head&) {
        said.push_back(what + " saw " + std::to_string(last));
      });
    });
  }

  /// The journal makes the oldest order durable, and says so.
  void append_one() {
    auto order = std::move(orders->orders.front());
    orders->orders.pop_front();
    for (auto& event : order.request->events)
      event.time = world_.time().now();
    auto results = log_->append({order.request.get()});
    BOOST_REQUIRE(results);
    append_done notice;
    notice.ticket = order.ticket;
    if (results->front())
      notice.first = results->front()->first;
    else
      notice.failure = refusal::storage_failed;
    caf::anon_send(order.client, notice);
    settle();
  }
  /// The journal could not write the oldest order.
  void fail_one() {
    append_done notice;
    notice.ticket = orders->orders.front().ticket;
    notice.failure = refusal::storage_failed;
    caf::anon_send(orders->orders.front().client, notice);
    orders->orders.pop_front();
    settle();
  }

  std::shared_ptr<held_journal> orders = std::make_shared<held_journal>();
  held_workers busy;
  std::vector<message_head> heads;
  const stream_id counter{stream_kind::key_counter, "VE"};

private:
  bool held_;
  scratch_directory data_;
  std::optional<log> log_;
  simulation world_{{5'000'000}, [] { return false; }};
  std::unique_ptr<randomness> random_ = seeded_randomness(1, 1);
  std::unique_ptr<workers> inline_ = inline_workers();
  surroundings around_;
  std::shared_ptr<shell_host> host_ = std::make_shared<shell_host>();
  std::uint64_t count_ = 0;
};

} // namespace oaksteel::testing
