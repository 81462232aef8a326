#pragma once
// A small log with real events and good signatures, written as the shell writes: for the tests of replay, of
// the audit and of the command line.

#include "crypto/envelope.hpp"
#include "events/signed_bodies.hpp"
#include "storage/any_event.hpp"
#include "storage/event_codec.hpp"
#include "storage/signed_body.hpp"
#include "tests/storage/sample_log.hpp"

namespace oaksteel::testing {

/// Adds events to a log. Each is one that its stream could take.
class story {
public:
  explicit story(const std::filesystem::path& dir) : log_(open_log(dir)) {
    states_[node_state_stream()] = {any_state{first_state()}, 1};
  }

  log& site() { return log_; }
  instant now() { return {clock_ += 1'000}; }

  /// Puts one event into the next commit.
  template <class Event>
  void add(const Event& e, const std::string& actor) {
    const any_event any{e};
    const auto stream = stream_of(any);
    auto [it, fresh] = states_.try_emplace(stream);
    auto& [state, version] = it->second;
    if (fresh)
      state = initial_state(any);
    auto pending = describe(e);
    pending.time = now();
    pending.actor = actor;
    pending.command = {actor, ++commands_};
    pending.correlation = reference{};
    touched_.try_emplace(stream, version);
    evolve_any(state, any);
    ++version;
    request_.events.push_back(std::move(pending));
  }

  void commit() {
    if (request_.events.empty())
      return;
    for (const auto& [stream, version] : touched_)
      request_.rows.push_back({stream, version, encode_state(states_.at(stream).first)});
    auto results = log_.append({&request_});
    BOOST_REQUIRE(results && results->front());
    request_ = {};
    touched_.clear();
  }

  void checkpoint() {
    BOOST_REQUIRE(write_checkpoint(log_.directory(), log_.id(), true, log_.position(), sample_key()));
  }

  /// `body`, signed by the domain's key of that use.
  template <class Body>
  signed_record sign(const Body& body, key_role role, const domain_id& of = domain()) {
    signed_record r{encode_body(body), {}};
    r.proof = prove(keys_.at(role), {"record", of.text}, {byte_view{r.body}}, random_).front();
    return r;
  }

  // --- the cast -----------------------------------------------------------------------------------------

  static domain_id domain() { return {"VE"}; }
  static box_id oak() { return {box_type::oak, 1}; }
  static box_id steel() { return {box_type::steel, 1}; }
  static box_id brass() { return {box_type::brass, 1}; }
  static box_id factory() { return {box_type::manufacturing, 1}; }
  static key_id key(std::uint64_t n) { return {domain(), n}; }
  static sequence_number meter_of(std::uint64_t n) { return {"M" + std::to_string(1'000'000 + n)}; }

  fingerprint domain_key_set() const { return set_.public_part().name(); }

  /// Four boxes with two shares each, one domain, and its processes.
  void ceremony() {
    box(factory(), "factory-1");
    add(factory_created(), "manufacturing/factory-1");
    for (const auto& [id, slot] : {std::pair{oak(), "oak-1"}, {steel(), "steel-1"}, {brass(), "brass-1"}}) {
      add(box_id_reserved{id, {slot}}, "manufacturing/factory-1");
      box(id, slot);
      add(domain_process_made{id, domain(), suite_id::p256, id == oak() ? std::vector{steel()} : std::vector<box_id>{}},
          std::string{name(id.type)} + "/" + slot);
    }
    commit();
  }

  /// A key for a meter of its own, up to `status`.
  void life(std::uint64_t n, key_status status) {
    const auto k = key(n);
    const auto m = meter_of(n);
    const order_id o{n};
    add(meter_labelled{m, {"PC-1"}, static_cast<std::uint32_t>(n)}, "meter/" + m.text);
    add(order_opened{o, {order_kind::install, m, {"PC-1"}, {}, {}, {}, {}, {}}, {{domain(), steel()}}}, "kmc");
    add(order_numbered{o}, "kmc");
    add(key_id_assigned{k, steel(), o}, "archive/VE");
    add(leg_key_assigned{o, k}, "kmc");
    const mi3_body b3{oak(), steel(), k, digest{}, check(n), now(), now()};
    const mi4_body b4{oak(), steel(), k, digest{}, check(n), b3.oak_time};
    const auto mi3 = sign(b3, key_role::oak_authentication);
    const auto mi4 = sign(b4, key_role::oak_authentication);
    add(key_generated{k, oak(), steel(), mi3, mi4}, "oak/oak-1");
    add(key_created{k, oak(), steel(), mi3}, "archive/VE");
    add(install_record_received{k, steel(), o, m, mi4}, "kdc");
    add(leg_delivered{o, k}, "kmc");
    if (status != key_status::new_key)
      install(n, status);
    commit();
  }

private:
  static stream_id node_state_stream() { return {stream_kind::node, "node"}; }
  static log_opened opening() { return {"n1", true, sample_key().public_bytes()}; }
  static node_state first_state() {
    node_state s;
    evolve(s, opening());
    return s;
  }
  static check_value check(std::uint64_t n) {
    return {static_cast<std::uint8_t>(n), static_cast<std::uint8_t>(n >> 8)};
  }

  static log open_log(const std::filesystem::path& dir) {
    const auto pending = describe(opening());
    record first;
    first.stream = pending.stream;
    first.time = {start};
    first.actor = "node";
    first.command = {"node", 1};
    first.correlation = reference{1, {}};
    first.participants = pending.participants;
    first.tag = pending.tag;
    first.version = pending.version;
    first.payload = pending.payload;
    auto l = log::create(dir, first, encode(first_state()));
    BOOST_REQUIRE(l);
    return std::move(*l);
  }

  void box(const box_id& id, const std::string& slot) {
    box_initialised e{id, {slot}, suite_id::p256, 2, {}, {{{"Ada"}, {}}, {{"Bela"}, {}}}, {}, {}, {}};
    if (id == factory())
      e.domain_key_set = set_.public_part().spki();
    const auto actor = std::string{name(id.type)} + "/" + slot;
    add(e, actor);
    add(share_entered{id, {"Ada"}}, actor);
    add(share_entered{id, {"Bela"}}, actor);
    add(box_enabled{id}, actor);
  }

  domain_created factory_created() {
    domain_keys_body body{domain(), "vendor", {"US"}, suite_id::p256, {}};
    for (auto role : {key_role::oak_authentication, key_role::steel_authentication, key_role::steel_confidentiality,
                      key_role::brass_authentication, key_role::brass_confidentiality}) {
      keys_.emplace(role, private_key::generate(suite_id::p256, random_));
      body.keys.push_back({role, keys_.at(role).public_part().spki()});
    }
    domain_created e{domain(), "vendor", {"US"}, suite_id::p256, factory(), {encode_body(body), {}}};
    e.signed_keys.proof = prove(set_, {"domain keys", domain().text}, {byte_view{e.signed_keys.body}}, random_).front();
    return e;
  }

  void install(std::uint64_t n, key_status status) {
    const auto k = key(n);
    const auto m = meter_of(n);
    const order_id o{n};
    const bool bad = status == key_status::bad;
    const auto failure = bad ? std::optional{refusal::meter_write_failed} : std::nullopt;
    const auto psr = now();
    add(install_record_handed_out{k, m}, "kdc");
    add(installation_attempted{k, oak(), steel(), m, psr}, "steel/steel-1");
    if (bad) {
      add(meter_key_refused{m, k, refusal::meter_write_failed}, "meter/" + m.text);
    } else {
      add(key_provisioned{m, k, check(n)}, "meter/" + m.text);
      add(key_committed{m, k}, "meter/" + m.text);
    }
    const auto mi7 = sign(mi7_body{failure, oak(), steel(), k, m, bad ? "" : "12345678", psr, now()},
                          key_role::steel_authentication);
    add(installation_finished{k, steel(), m, failure, mi7}, "steel/steel-1");
    add(leg_reported{o, k, failure, mi7}, "kmc");
    if (bad)
      return condemn(k);
    const auto mi9 = sign(mi9_body{brass(), oak(), steel(), k, m, digest{}, check(n), now(), now()},
                          key_role::brass_authentication);
    const auto mi10 = sign(mi10_body{k, m}, key_role::brass_authentication);
    add(installation_confirmed{k, brass(), m, mi9, mi10}, "brass/brass-1");
    add(key_installed{k, brass(), m, mi9}, "archive/VE");
    add(install_record_settled{k, {}, mi10}, "kdc");
    add(leg_finished{o, k}, "kmc");
    add(order_closed{o, true}, "kmc");
    if (status == key_status::active || status == key_status::obsolete)
      activate(n);
    if (status == key_status::obsolete)
      retire(n);
  }

  void condemn(const key_id& k) {
    const auto reason = refusal::meter_write_failed;
    const auto mb2 = sign(mb2_body{brass(), oak(), steel(), k, reason, now()}, key_role::brass_authentication);
    const auto mb3 = sign(mb3_body{k, reason}, key_role::brass_authentication);
    add(key_condemned{k, brass(), reason, mb2, mb3}, "brass/brass-1");
    add(key_marked_bad{k, brass(), reason, mb2}, "archive/VE");
    add(install_record_settled{k, reason, mb3}, "kdc");
  }

  void activate(std::uint64_t n) {
    const auto m = meter_of(n);
    const auto day = calendar_date::of({clock_});
    const indicia_serial serial{std::to_string(1'000'000 + n)};
    add(meter_registered{m, {"PC-1"}, serial, {"US"}, day}, "meter/" + m.text);
    const auto mr3 = sign(mr3_body{brass(), key(n), m, {"PC-1"}, serial, {"US"}, day, digest{}, check(n), now(), now()},
                          key_role::brass_authentication);
    const auto mr4 = sign(mr4_body{domain(), m, serial, {"US"}}, key_role::brass_authentication);
    add(registration_confirmed{key(n), brass(), m, serial, mr3, bytes(16, 1), mr4, bytes(16, 2)}, "brass/brass-1");
    add(key_activated{key(n), brass(), m, {"PC-1"}, serial, {"US"}, day, mr3, bytes(16, 1)}, "archive/VE");
    add(indicia_printed{m, 1, 10, day}, "meter/" + m.text);
  }

  void retire(std::uint64_t n) {
    const auto m = meter_of(n);
    const auto day = calendar_date::of({clock_});
    const auto mo2 = sign(mo2_body{brass(), key(n), m, "withdrawn", day, digest{}, now(), now()},
                          key_role::brass_authentication);
    const auto mo3 = sign(mo3_body{key(n), m}, key_role::brass_authentication);
    add(retirement_confirmed{key(n), brass(), m, mo2, bytes(16, 3), mo3, bytes(16, 4)}, "brass/brass-1");
    add(key_retired{key(n), brass(), m, "withdrawn", day, mo2, bytes(16, 3)}, "archive/VE");
  }

  static constexpr std::int64_t start = 1'772'000'000'000'000;

  Botan::AutoSeeded_RNG random_;
  private_key set_ = private_key::generate(suite_id::p256, random_);
  std::map<key_role, private_key> keys_;
  std::int64_t clock_ = start;
  std::uint64_t commands_ = 0;
  log log_;
  std::map<stream_id, std::pair<any_state, std::uint64_t>> states_;
  append_request request_;
  std::map<stream_id, std::uint64_t> touched_;
};

} // namespace oaksteel::testing
