#include "scenarios/chance.hpp"

#include "actors/link/any_message.hpp"
#include "node/node_log.hpp"
#include "storage/find_event.hpp"

#include <charconv>

namespace oaksteel {
namespace {

constexpr std::string_view said_before_seed = "chance ";

/// Of twenty faults, how many are of each kind.
struct share {
  std::string_view what;
  unsigned of_twenty;
};
constexpr share shares[] = {{"lost", 4},     {"delayed", 3}, {"doubled", 3},
                            {"replayed", 3}, {"altered", 4}, {"wrong_box", 3}};

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
  message_fault f;
  f.message = message->name;
  auto ball = below(20);
  for (const auto& kind : shares) {
    if (ball < kind.of_twenty) {
      f.what = kind.what;
      break;
    }
    ball -= kind.of_twenty;
  }
  if (f.what == "altered")
    f.field = message->fields[below(message->fields.size())];
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
