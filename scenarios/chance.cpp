#include "scenarios/chance.hpp"

#include "actors/link/any_message.hpp"
#include "node/node_log.hpp"
#include "scenarios/message_changes.hpp"
#include "storage/find_event.hpp"

#include <algorithm>
#include <charconv>

namespace oaksteel {
namespace {

constexpr std::string_view said_before_seed = "chance ";

/// How often a fault is of this kind, beside the others that the message can meet.
struct share {
  std::string_view what;
  unsigned weight;
};
constexpr share shares[] = {{"lost", 4},      {"delayed", 3},         {"doubled", 3},     {"replayed", 3},
                            {"altered", 4},   {"wrong_signature", 3}, {"wrong_steel", 3}, {"wrong_box", 3},
                            {"wrong_domain", 1}, {"earlier_time", 2}};

/// Nobody signs what an operator is told, so he would remember what nobody said.
bool would_mislead(const any_message& m, std::string_view fault) {
  return kind_of_fault(fault).changes && m.name == line_of<order_result>.name;
}

/// The first start in which something can happen by chance: the one before is that of the ceremony.
constexpr std::uint32_t first_epoch = 2;

} // namespace

chance::chance(const chance_step& terms, std::uint64_t seed, std::uint32_t epoch)
  : terms_(terms), seed_(seed), epoch_(epoch), random_(seed * 1'000'003 + epoch) {}

std::optional<message_fault> chance::meets(const command& c) {
  if (!begun_ || !in_a_thousand(terms_.messages))
    return std::nullopt;
  const auto* message = message_with(c.code);
  // What says only that a command arrived has no parameters.
  if (!message || c.parameters.size() != message->fields.size())
    return std::nullopt;
  std::vector<share> possible;
  unsigned balls = 0;
  for (const auto& kind : shares)
    if (can_meet(*message, c.to.part, kind.what) && !would_mislead(*message, kind.what)) {
      possible.push_back(kind);
      balls += kind.weight;
    }
  auto ball = below(balls);
  const auto drawn = std::ranges::find_if(possible, [&](const share& kind) {
    return ball < kind.weight || (ball -= kind.weight, false);
  });
  message_fault f;
  f.message = message->name;
  f.what = drawn->what;
  const auto one_of = [&](const auto& names) { return std::string{names[below(names.size())]}; };
  const auto scope = kind_of_fault(f.what).each;
  if (scope == fault_scope::field) {
    f.field = one_of(message->fields);
    f.bit = static_cast<std::uint32_t>(random_());
  }
  if (scope == fault_scope::record)
    f.field = one_of(record_fields(*message));
  return f;
}

std::optional<chance_end> chance::end() {
  if (terms_.records == 0 || epoch_ >= first_epoch + terms_.ends)
    return std::nullopt;
  chance_end e;
  e.records = 1 + below(2 * std::uint64_t{terms_.records});
  e.messages = below(30);
  // An answer is the one thing that leaves the house: what it rests on must not be lost with the next moment.
  if (below(3) == 0)
    e.answers = 1 + below(8);
  return e;
}

std::vector<meter_defect> chance::defects(const sequence_number& meter, const std::vector<domain_plan>& domains) const {
  std::uint64_t own = seed_;
  for (const char c : meter.text)
    own = own * 131 + static_cast<unsigned char>(c);
  std::mt19937_64 random{own};
  std::vector<meter_defect> all;
  for (const auto& domain : domains) {
    const bool fails = random() % 1000 < terms_.memory;
    const bool wrong_tokens = random() % 2 == 0;
    const auto times = static_cast<unsigned>(1 + random() % 2);
    if (fails)
      all.push_back({domain.id, wrong_tokens, times});
  }
  return all;
}

std::string chance_said(std::uint64_t seed) {
  return std::string{said_before_seed} + std::to_string(seed);
}

std::optional<std::uint64_t> parse_chance(std::string_view said) {
  if (!said.starts_with(said_before_seed))
    return std::nullopt;
  said.remove_prefix(said_before_seed.size());
  std::uint64_t seed = 0;
  const auto [end, failed] = std::from_chars(said.data(), said.data() + said.size(), seed);
  if (failed != std::errc{} || end != said.data() + said.size())
    return std::nullopt;
  return seed;
}

std::optional<std::uint64_t> chance_in(const log_view& view) {
  const auto drawn = newest_event<scenario_step_finished>(
    view, node_stream, [](const auto& e) { return parse_chance(e.what).has_value(); });
  return drawn ? parse_chance(drawn->event.what) : std::nullopt;
}

} // namespace oaksteel
