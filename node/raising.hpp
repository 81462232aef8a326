#pragma once
// A node whose log is a restored one stands behind what it did before: others have seen numbers that are not in its log.
// Before any part of it acts it hears from every other node of its plan what that one has seen, and raises its counters
// above all of it (SYS-6): key ids and last-seen ids (EP-14), box ids (EP-7), order numbers, the writer's epoch.

#include "events/seen_numbers.hpp"
#include "node/configuration.hpp"
#include "node/node_log.hpp"

namespace oaksteel {

/// What the log here has seen of others: the highest numbers in its records. One thread at a time.
class seen_of_nodes {
public:
  /// The log outlives it.
  void read(const log& written) { log_ = &written; }
  /// What `node` must stay above, its epoch included. The first call reads the whole log, the next what came since.
  seen_numbers of(const std::string& node);

private:
  const log* log_ = nullptr;
  std::uint64_t up_to_ = 0; ///< records that are in `all_`
  seen_numbers all_;
};

/// What another node's answer says of these domains: of further ones there are no keys, and a node that names many must not fill
/// what is kept here. The error is why it is not believed: a number is more than 1,000,000 beyond `own`, or it is no answer.
expected<seen_numbers, std::string> believed(const bytes& answer, const seen_numbers& own,
                                             const std::vector<domain_id>& domains);

/// Raises every counter of the parts that the plan has here above `seen`, and by what the operator said at the
/// restoration, in one commit; `told` are the nodes that were asked. From then on the node is as any other.
std::optional<storage_error> raise_counters(opened_log& opened, const node_configuration& plan, seen_numbers seen,
                                            const std::vector<std::string>& told);

/// Asks all other nodes and raises the counters when the last of them has answered. Until then whoever operates the node
/// hears what it waits for, and sees boxes and domains. A node that is alone asks nobody: its operator must have said at
/// the restoration by how much (exists: he did not). False when the node is to end (`ended` can be read) before that.
/// `waits` is called once, with a line that says for whom.
stored<bool> catch_up(opened_log& opened, const node_configuration& plan, int ended,
                      const std::function<void(const std::string&)>& waits = [](const std::string&) {});

} // namespace oaksteel
