#include "cli/ceremony_log.hpp"

#include "cli/output.hpp"
#include "storage/share_file.hpp"
#include "storage/signatures.hpp"

namespace oaksteel {
namespace {

std::vector<label> custodians_of(const std::vector<share_plan>& shares) {
  std::vector<label> names;
  for (const auto& s : shares)
    names.push_back(s.custodian);
  return names;
}

/// Takes one event after another.
struct collector {
  ceremony_log& log;
  input_collector inputs;
  signature_checker signatures;
  std::optional<std::uint64_t> cut; ///< the first event that is one too many

  void take(const replay_step& step) {
    std::visit([this](const auto& e) { on(e); }, step.event);
    if (!concerns_ceremony(step.event))
      return;
    if (std::holds_alternative<box_initialised>(step.event))
      signatures.check(step.event, step.written.actor, false);
    if (log.events.size() < ceremony_event_limit)
      log.events.push_back({step.written.position, step.written.time, step.event});
    else if (!cut)
      cut = step.written.position;
  }

  void on(const log_opened& e) { log.simulated = e.simulated; }
  void on(const scenario_input& e) { inputs.add(e); }
  void on(const box_initialised& e) {
    log.boxes[e.box].slot = e.slot;
    const auto id = [](const std::optional<share_set>& set) { return set ? std::optional{set->id} : std::nullopt; };
    log.sets.push_back({id(e.set), e.box.text(), e.threshold, custodians_of(e.shares)});
    if (!e.domain_shares.empty())
      log.sets.push_back(
        {id(e.domain_set), std::string{domain_share_purpose}, e.threshold, custodians_of(e.domain_shares)});
  }
  void on(const box_enabled& e) { log.boxes[e.box].enabled = true; }
  void on(const box_disabled& e) { log.boxes[e.box].enabled = false; }
  void on(const domain_created& e) { log.domains[e.domain] = e; }
  void on(const auto&) {}
};

} // namespace

stored<ceremony_log> read_ceremony_log(const std::filesystem::path& data) {
  auto source = log_source::open(data);
  if (!source)
    return unexpected{source.error()};
  ceremony_log log;
  collector all{log, {}, signature_checker{}, {}};
  record_progress progress;
  const auto folded =
    replay(*source, {}, {[&](const replay_step& s) { all.take(s); }, [&](auto n) { progress.show(n); }});
  log.scenario = all.inputs.complete();
  log.domain_key_set = all.signatures.domain_key_set();
  log.id = folded.id;
  log.root = folded.root;
  log.records = folded.records;
  if (folded.problem)
    log.problem = "record " + std::to_string(folded.problem->position) + ": " + folded.problem->text;
  else if (all.cut)
    log.problem = "record " + std::to_string(*all.cut) + ": more than " + std::to_string(ceremony_event_limit)
                  + " events of a ceremony come before it";
  return log;
}

} // namespace oaksteel
