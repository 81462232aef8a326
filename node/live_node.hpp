#pragma once
// A node at work: its log, a site on the machine's clock and generators, its lines, and its connections to other nodes.

#include "actors/actor_config.hpp"
#include "node/control.hpp"
#include "node/operations.hpp"
#include "node/peers.hpp"
#include "node/process.hpp"
#include "node/real_line.hpp"

#include <map>

namespace oaksteel {

/// Threads for long work. More than cores: Botan has half of an RSA operation done by another thread, and a worker
/// waits for it.
inline constexpr unsigned worker_threads = 4;
/// shell_limits::gather. With it four nodes make more than twice as many keys a second (bench/README.md); a key that is alone
/// takes so much longer in each of the four places where it is sealed or signed for.
inline constexpr std::chrono::milliseconds gather_for{10};

class live_node {
public:
  /// What would keep it from starting: its log, a line or an address that cannot be opened; locked while it runs.
  static std::optional<storage_error> look(const node_configuration& plan);
  /// Opens what the node needs, and lets it work. Null when `ended` could be read before: a restored node asks the others
  /// first. The error says why it cannot run. The plan outlives the node.
  /// `waits`: catch_up().
  static stored<std::unique_ptr<live_node>> begin(const node_configuration& plan, int ended,
                                                  const std::function<void(const std::string&)>& waits);
  /// Ends it cleanly: what was answered is in the log, and the checkpoint is signed.
  ~live_node();

  caf::actor_system& system() { return *system_; }
  site& hosted() { return *site_; }
  const log& written() const { return opened_.written; }
  /// The time of the last record of before, where it was later than the machine's clock: new records get no earlier one.
  std::optional<instant> ahead_at_start() const { return ahead_; }
  /// What stops it: nothing is answered that is not in the log.
  const disk_failure& trouble() const { return trouble_; }

  /// Works on a request of whoever has the node in hand, and hands over the answer, once.
  void ask(requests::any_request request, std::function<void(requests::answer)> done) {
    desk_->start(*system_, std::move(request), std::move(done));
  }
  /// It is about to end: what would be waited for longer is answered now.
  void end() { desk_->end(); }
  /// So long, at most, for the answers to operators of other machines.
  void finish(std::chrono::milliseconds limit) {
    if (others_)
      others_->finish(limit);
  }

private:
  /// The ports of all lines, by what the configuration calls them.
  using line_ports = std::map<std::string, std::unique_ptr<real_line>>;
  static stored<line_ports> open_lines(const node_configuration& plan);
  live_node(const node_configuration& plan, log_key key, opened_log opened, line_ports lines, std::unique_ptr<peers> others);
  void connect_lines(const node_configuration& plan);
  void take_from_operator(const certificate& who, const std::string& line, const control_server::reply& reply);

  // What is below rests on what is above.
  disk_failure trouble_;
  log_key key_;
  opened_log opened_;
  std::optional<instant> ahead_;
  std::unique_ptr<clock> time_;
  std::unique_ptr<randomness> random_ = system_randomness();
  std::unique_ptr<noise_supply> noise_ = machine_noise();
  std::unique_ptr<workers> work_ = thread_workers(worker_threads);
  std::unique_ptr<workers> writer_ = thread_workers(1);
  actor_config config_;
  line_ports lines_;
  std::unique_ptr<peers> others_; ///< null where the node is alone
  std::unique_ptr<site> site_;
  std::unique_ptr<operations> desk_;
  operators_actor operators_;
  std::unique_ptr<caf::actor_system> system_;
};

} // namespace oaksteel
