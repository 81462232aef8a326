#include "bench/story.hpp"

#include "bench/bench_site.hpp"
#include "bench/lives.hpp"
#include "events/signed_bodies.hpp"
#include "storage/any_event.hpp"
#include "storage/event_codec.hpp"
#include "storage/signed_body.hpp"

namespace oaksteel::bench {
namespace {

constexpr std::uint64_t lives_of_a_commit = 64;
constexpr std::size_t proof_bytes = 428; ///< of a batch of one (crypto/envelope.cpp)

const box_id factory{box_type::manufacturing, 1}, oak{box_type::oak, 1}, steel{box_type::steel, 1},
  brass{box_type::brass, 1};

template <class Body>
signed_record seemingly_signed(const Body& body) {
  return {encode_body(body), bytes(proof_bytes, 0x5a)};
}

/// Streams that go on after the life that they serve.
bool lasts(stream_kind kind) {
  return kind == stream_kind::box || kind == stream_kind::order_book || kind == stream_kind::key_counter;
}

} // namespace

story::story(const std::filesystem::path& directory, const std::string& node) : written_(new_log(directory, node)) {
  boxes();
}

template <class Event>
void story::add(const Event& e, const char* actor) {
  const any_event any{e};
  const auto stream = stream_of(any);
  auto [it, fresh] = streams_.try_emplace(stream);
  if (fresh)
    it->second.state = initial_state(any);
  touched_.try_emplace(stream, it->second.version);
  auto pending = describe(e);
  pending.time = {clock_ += 250};
  pending.actor = actor;
  pending.command = {"kmc", static_cast<std::uint64_t>(clock_)};
  pending.cause = reference{written_.size(), {}};
  pending.correlation = reference{};
  evolve_any(it->second.state, any);
  ++it->second.version;
  request_.events.push_back(std::move(pending));
}

void story::commit() {
  for (const auto& [stream, version] : touched_)
    request_.rows.push_back({stream, version, encode_state(streams_.at(stream).state)});
  const auto results = written_.append({&request_});
  if (!results || !results->front())
    throw bench_failed{results ? results->front().error().text : results.error().text};
  for (const auto& [stream, version] : touched_)
    if (!lasts(stream.kind))
      streams_.erase(stream);
  request_ = {};
  touched_.clear();
}

void story::boxes() {
  const std::vector<share_plan> shares{{{"Ada"}, {}}, {{"Bela"}, {}}};
  const std::pair<box_id, const char*> all[] = {
    {factory, "factory-1"}, {oak, "oak-1"}, {steel, "steel-1"}, {brass, "brass-1"}};
  for (const auto& [id, slot] : all) {
    add(box_initialised{id, {slot}, suite_id::rsa3072, 2, {}, shares, {}, {}, {}}, slot);
    if (id != factory)
      add(domain_process_made{id, domain, suite_id::rsa3072, id == oak ? std::vector{steel} : std::vector<box_id>{}},
          slot);
  }
  commit();
}

void story::grow_to(std::uint64_t records) {
  while (written_.size() < records) {
    for (std::uint64_t i = 0; i < lives_of_a_commit; ++i)
      life(++lives_);
    commit();
  }
}

/// EP Figs. 24 and 25: what the order, Oak, the archive, the KDC, Steel, the meter and Brass write.
void story::life(std::uint64_t n) {
  const key_id k{domain, n};
  const sequence_number m{std::to_string(10'000'000 + n)};
  const order_id o{n};
  const check_value check{1, 2, 3, 4, 5, 6, 7, static_cast<std::uint8_t>(n)};
  order_details details;
  details.meter = m;
  details.product = {"PC-1"};
  add(meter_labelled{m, {"PC-1"}, static_cast<std::uint32_t>(n)}, "meter");
  add(order_opened{o, details, {{domain, steel}}}, "kmc");
  add(order_numbered{o}, "kmc");
  add(key_id_assigned{k, steel, o}, "archive/VE");
  add(leg_key_assigned{o, k}, "kmc");
  const auto mi3 = seemingly_signed(mi3_body{oak, steel, k, {}, check, {clock_}, {clock_}});
  const auto mi4 = seemingly_signed(mi4_body{oak, steel, k, {}, check, {clock_}});
  add(key_generated{k, oak, steel, mi3, mi4}, "oak/oak-1");
  add(key_created{k, oak, steel, mi3}, "archive/VE");
  add(install_record_received{k, steel, o, m, mi4}, "kdc");
  add(leg_delivered{o, k}, "kmc");
  add(install_record_handed_out{k, m}, "kdc");
  add(installation_attempted{k, oak, steel, m, {clock_}}, "steel/steel-1");
  add(key_provisioned{m, k, check}, "meter");
  const auto mi7 = seemingly_signed(mi7_body{{}, oak, steel, k, m, "12345678", {clock_}, {clock_}});
  add(installation_finished{k, steel, m, {}, mi7}, "steel/steel-1");
  add(key_committed{m, k}, "meter");
  add(leg_reported{o, k, {}, mi7}, "kmc");
  const auto mi9 = seemingly_signed(mi9_body{brass, oak, steel, k, m, {}, check, {clock_}, {clock_}});
  const auto mi10 = seemingly_signed(mi10_body{k, m});
  add(installation_confirmed{k, brass, m, mi9, mi10}, "brass/brass-1");
  add(key_installed{k, brass, m, mi9}, "archive/VE");
  add(install_record_settled{k, {}, mi10}, "kdc");
  add(leg_finished{o, k}, "kmc");
  add(order_closed{o, true}, "kmc");
}

} // namespace oaksteel::bench
