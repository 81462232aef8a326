#include "tests/simulation/lives.hpp"

#include "crypto/envelope.hpp"
#include "crypto/merkle.hpp"
#include "storage/media.hpp"
#include "storage/replay.hpp"
#include "storage/signatures.hpp"
#include "tests/scenarios/log_facts.hpp"

namespace oaksteel::testing {
namespace {

namespace fs = std::filesystem;

/// The states are what the events give, and what an auditor checks is right: signatures, transitions, key ids, audit times.
std::string differences(const fs::path& data) {
  auto source = log_source::open(data);
  if (!source)
    return source.error().text + '\n';
  history keys;
  signature_checker signatures;
  std::string all;
  const auto audit = [&](const replay_step& step) {
    const auto& r = step.written;
    const auto signs = signatures.check(step.event, r.actor, true);
    for (const auto& part : signs.parts)
      if (part.problem)
        all += "audit: record " + std::to_string(r.position) + ": " + std::string{part.record} + ": " + *part.problem + '\n';
    if (const auto broken = keys.take({{r.position, {}}, r.time, step.event, step.before.state, signs.facts}))
      all += "audit: record " + std::to_string(r.position) + ": " + broken->text + '\n';
  };
  const auto folded = replay(*source, {}, {audit, {}});
  if (folded.problem)
    all += "replay: record " + std::to_string(folded.problem->position) + ": " + folded.problem->text + '\n';
  return all;
}

/// What the meters hold, opened with the keys of their own memories: no key lies in two of them.
std::string shared_keys(const fs::path& data, const std::vector<told_event>& events) {
  auto site = log::open(data);
  if (!site)
    return site.error().text + '\n';
  std::map<sequence_number, std::uint32_t> slots;
  for (const auto& e : events)
    if (auto labelled = std::get_if<meter_labelled>(&e.event))
      slots[labelled->meter] = labelled->slot;
  auto memory = erasable_slots::open(data / "meters.keys", 1);
  if (!memory)
    return memory.error().text + '\n';
  std::string all;
  std::map<digest, sequence_number> holders;
  for (const auto& e : events) {
    auto stored_key = std::get_if<key_provisioned>(&e.event);
    if (!stored_key)
      continue;
    auto own = memory->read(slots[stored_key->meter]);
    const auto sealed = site->view().sealed(e.position);
    const auto about = "oaksteel/1/meter|" + stored_key->meter.text + '|' + stored_key->key.text();
    auto k = own && *own && sealed ? open_under(**own, *sealed, bytes{about.begin(), about.end()}) : std::nullopt;
    if (!k) {
      all += "meter " + stored_key->meter.text + " cannot read its key " + stored_key->key.text() + '\n';
      continue;
    }
    const auto [held, first] = holders.try_emplace(sha256(reveal(*k)), stored_key->meter);
    if (!first && held->second != stored_key->meter)
      all += "meters " + held->second.text + " and " + stored_key->meter.text + " were given one key\n";
  }
  return all;
}

} // namespace

std::string broken_by(const fs::path& data, const run_result& life) {
  const auto events = read_log(data);
  if (!events)
    return "the log is not sound\n";
  std::string all;
  for (const auto& failure : life.failures)
    all += failure + '\n';
  if (!life.finished && life.failures.empty())
    all += "the life did not end\n";
  return all + broken_rules(*events) + differences(data) + shared_keys(data, *events);
}

} // namespace oaksteel::testing
