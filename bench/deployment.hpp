#pragma once
// Nodes as production runs them, each a process of this program (`oaksteel_bench node run FILE`) with its log, over TLS
// with certificates of an authority of the bench; or one of them in this process, so that the bench can put meters on its
// lines. Four boxes and one domain, as in bench_site.hpp:
//
//   centre   KMC, Manufacturing box, Oak        factory   KDC, Steel, PSR
//   post     archive, Brass                     mail      data capture system

#include "bench/bench_operator.hpp"
#include "node/child_program.hpp"
#include "node/live_node.hpp"

#include <map>

namespace oaksteel::bench {

/// Whoever asks a node, in this process or in another.
using asking = std::function<requests::answer(const requests::any_request&)>;

class deployment {
public:
  /// Files and certificates in `directory`, and nodes on free ports of this machine. The first node has whatever stands at
  /// one that is not named.
  deployment(std::filesystem::path directory, suite_id suite, std::vector<std::string> nodes);

  /// Starts all nodes, has the boxes made and enabled, and waits until they are at work.
  void ceremony();
  /// Begins a node's process, and waits until it answers.
  void start(const std::string& node);
  void spawn(const std::string& node);
  /// Ends it as its operator does, or by SIGKILL.
  void stop(const std::string& node) { running_.erase(node); }
  void kill(const std::string& node);
  /// An auditor asks a node over TLS.
  stored<requests::answer> ask_over_tls(const std::string& node, const requests::any_request& r) const;
  /// He asks what it is, again and again.
  void await_answer(const std::string& node) const {
    wait_until("node " + node + " answers", [&] { return ask_over_tls(node, requests::node_status{}).has_value(); });
  }
  /// The custodians of a node's boxes put their shares in.
  void enable_boxes(const std::string& node, const asking& ask) const;
  node_configuration configuration(const std::string& node) const;
  std::filesystem::path directory() const { return directory_; }

private:
  /// Where a part stands that belongs to that node.
  std::string at(const std::string& node) const;
  void write_files(suite_id suite) const;
  void issue_certificates() const;
  requests::answer ask(const std::string& node, const requests::any_request& r) const;
  void wait_until(const std::string& what, const std::function<bool()>& there) const;

  std::filesystem::path directory_;
  std::vector<std::string> nodes_;
  std::map<std::string, std::unique_ptr<child_program>> running_;
};

inline const std::vector<std::string> four_nodes{"centre", "factory", "post", "mail"};

/// A node of a deployment in this process, with its boxes enabled.
class node_here {
public:
  node_here(const deployment& all, const std::string& name, std::size_t most_meters = 1);

  bench_operator& hands() { return *hands_; }
  site& actors() { return node_->hosted(); }

private:
  node_configuration plan_;
  erasable_slots slots_;
  std::unique_ptr<live_node> node_;
  std::unique_ptr<bench_operator> hands_; ///< its meters are actors of the node, and end with it
};

/// A port of this machine that was free a moment ago.
unsigned short free_port();

} // namespace oaksteel::bench
