// What a node without a Manufacturing box is told by another, what of it is believed, and what becomes of refusals at its
// connections (SYS-6, EP-29).

#include "actors/neighbours.hpp"
#include "events/event.hpp"
#include "storage/find_domain_key.hpp"
#include "storage/find_event.hpp"
#include "tests/actors/shell_bench.hpp"
#include "tests/actors/site_bench.hpp"

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(neighbours_of_a_node)
namespace {

/// What the node of a small day's site says.
struct told_of_a_site {
  told_of_a_site() {
    site_bench site;
    const auto& maker = site.all().manufacturing().manufacturing;
    authority = site.get<authority_told>(maker, ask_authority{}).told;
    domain = site.get<domain_told>(maker, ask_domain{{}, {"VE"}}).told;
    key = find_domain_key(site.written().view(), {"VE"}, key_role::oak_authentication)->spki();
    auto unknown = site.ask<domain_told>(maker, ask_domain{{}, {"XX"}});
    BOOST_TEST((unknown->failure == refusal::domain_not_known));
    authority.node = domain.node = "there";
  }
  authority_introduced authority;
  domain_introduced domain;
  bytes key;
};

struct node_bench {
  shell_bench here{false};
  neighbours_actor notes = here.world().system().spawn(neighbours, here.around());

  ~node_bench() {
    caf::anon_send_exit(notes, caf::exit_reason::user_shutdown);
    here.settle();
  }
  /// The refusal, or nothing.
  template <class Message>
  std::optional<refusal> tell(Message m) {
    m.head.id = {"test", ++count_};
    auto p = here.world().ask<acknowledged>(notes, m);
    here.world().run_until([&] { return p->ready(); });
    return p->failure;
  }
  std::optional<refusal> authority(const authority_introduced& a, std::optional<fingerprint> expected = {}) {
    return tell(introduce_authority{{}, a, expected});
  }
  std::optional<refusal> domain(const domain_introduced& d) { return tell(introduce_domain{{}, d}); }
  bool knows(const std::string& domain) {
    return find_domain_key(here.written().view(), {domain}, key_role::oak_authentication).has_value();
  }
  std::vector<fault_recorded> faults() {
    std::vector<fault_recorded> all;
    const auto view = here.written().view();
    for (std::uint64_t at = 1; at <= records(); ++at)
      if (auto fault = read_as<fault_recorded>(*view.at(at)))
        all.push_back(std::move(*fault));
    return all;
  }
  std::uint64_t records() { return here.written().size(); }

private:
  std::uint64_t count_ = 0;
};

} // namespace

BOOST_AUTO_TEST_CASE(an_authority_and_its_domains_are_introduced_once) {
  const told_of_a_site told;
  node_bench node;
  BOOST_TEST(!node.authority(told.authority));
  BOOST_TEST(!node.domain(told.domain));
  const auto known = find_domain_key(node.here.written().view(), {"VE"}, key_role::oak_authentication);
  BOOST_REQUIRE(known);
  BOOST_TEST((known->spki() == told.key));
  const auto before = node.records();
  BOOST_TEST(!node.authority(told.authority)); // the same again is no event
  BOOST_TEST(!node.domain(told.domain));
  BOOST_TEST(node.records() == before);
}

BOOST_AUTO_TEST_CASE(what_the_domain_key_set_did_not_sign_is_no_domain) {
  const told_of_a_site told;
  {
    node_bench node; // nobody was introduced
    BOOST_TEST((node.domain(told.domain) == refusal::signature_invalid));
    BOOST_TEST(!node.knows("VE"));
  }
  node_bench node;
  BOOST_TEST(!node.authority(told.authority));
  const auto refused = [&](const char* what, const std::function<void(domain_introduced&)>& change,
                           refusal why = refusal::signature_invalid) {
    auto d = told.domain;
    change(d);
    BOOST_TEST((node.domain(d) == why), what);
    BOOST_TEST(!node.knows(d.domain.text));
    BOOST_REQUIRE(!node.faults().empty());
    BOOST_TEST((node.faults().back().reason == why));
  };
  refused("another domain", [](auto& d) { d.domain = {"XX"}; });
  refused("another kind", [](auto& d) { d.kind = "postal"; });
  refused("another country", [](auto& d) { d.sub_domain.text = "GB"; });
  refused("another suite", [](auto& d) { d.suite = suite_id::rsa3072; });
  refused("other keys", [](auto& d) { d.signed_keys.body.back() ^= 1; });
  refused("no signature", [](auto& d) { d.signed_keys.proof.clear(); });
  refused("made by no Manufacturing box", [](auto& d) { d.creator.type = box_type::oak; }, refusal::wrong_box_type);
  BOOST_TEST(!node.domain(told.domain));
}

// Whoever has the certificate of the node with the first Manufacturing box must not be believed by a node that knows better.
BOOST_AUTO_TEST_CASE(an_authority_other_than_the_expected_one_is_refused) {
  const told_of_a_site told;
  node_bench node;
  const fingerprint right{sha256(told.authority.domain_key_set)};
  auto wrong = right;
  wrong.of.value[0] ^= 1;
  BOOST_TEST((node.authority(told.authority, wrong) == refusal::wrong_signer));
  BOOST_TEST((node.faults().back().reason == refusal::wrong_signer));
  BOOST_TEST((node.domain(told.domain).has_value())); // nobody is known who could have signed it
  BOOST_TEST(!node.authority(told.authority, right));
  BOOST_TEST(!node.domain(told.domain));
}

BOOST_AUTO_TEST_CASE(a_second_authority_is_refused) {
  const told_of_a_site told;
  node_bench node;
  auto incomplete = told.authority;
  incomplete.start_up_keys.clear();
  BOOST_TEST((node.authority(incomplete) == refusal::record_malformed));
  auto wrong = told.authority;
  wrong.box.type = box_type::brass;
  BOOST_TEST((node.authority(wrong) == refusal::wrong_box_type));
  BOOST_TEST(!node.authority(told.authority));
  auto other = told.authority;
  other.domain_key_set = other.start_up_keys.front().spki;
  BOOST_TEST((node.authority(other) == refusal::wrong_signer));
  BOOST_TEST((node.faults().back().reason == refusal::wrong_signer));
}

// SYS-6: the log with which a node comes is on record before it is let through; an old copy of it is not, and fills no log.
BOOST_AUTO_TEST_CASE(a_node_is_let_through_when_its_log_is_on_record) {
  node_bench node;
  digest first, second;
  first.value[0] = 1;
  second.value[0] = 2;
  const auto comes = [&](const digest& log, std::uint32_t epoch, std::vector<digest> parents = {}) {
    std::optional<std::optional<refusal>> said;
    std::uint64_t then = 0;
    caf::anon_send(node.notes, peer_came{{}, "there", {peer_version, "there", log, epoch, std::move(parents), {}},
                                         [&](std::optional<refusal> why) { said = why, then = node.records(); }});
    node.here.settle();
    BOOST_REQUIRE(said);
    BOOST_TEST(then == node.records()); // not a record too early
    return *said;
  };
  const auto none = std::optional<refusal>{};
  const auto before = node.records();
  BOOST_CHECK(comes(first, 3) == none);
  BOOST_TEST(node.records() == before + 1);
  BOOST_CHECK(comes(first, 3) == none); // another connection
  BOOST_TEST(node.records() == before + 1);
  BOOST_CHECK(comes(first, 4) == none);
  BOOST_CHECK(comes(second, 4, {first}) == none);
  BOOST_TEST(node.records() == before + 3);
  for (int i = 0; i < 10; ++i) {
    BOOST_CHECK(comes(first, 5) == refusal::peer_log_superseded);
    BOOST_CHECK(comes({}, 1) == refusal::peer_log_unrelated);
  }
  BOOST_TEST(node.records() == before + 3);
  BOOST_TEST(node.faults().empty());
}

// Nor with starts that it only claims.
BOOST_AUTO_TEST_CASE(so_many_starts_of_a_node_are_put_on_record) {
  node_bench node;
  std::uint32_t epoch = 0;
  const auto comes = [&](const std::string& who) {
    std::optional<std::optional<refusal>> said;
    caf::anon_send(node.notes, peer_came{{}, who, {peer_version, who, {}, ++epoch, {}, {}},
                                         [&](std::optional<refusal> why) { said = why; }});
    node.here.settle();
    BOOST_REQUIRE(said);
    return *said;
  };
  const auto none = std::optional<refusal>{};
  const auto before = node.records();
  for (std::size_t i = 0; i < meetings_limit; ++i)
    BOOST_CHECK(comes("there") == none);
  for (int i = 0; i < 100; ++i)
    BOOST_CHECK(comes("there") == refusal::busy);
  BOOST_TEST(node.records() == before + meetings_limit);
  BOOST_CHECK(comes("elsewhere") == none);
  node.here.world().advance(std::chrono::hours{1});
  BOOST_CHECK(comes("there") == none);
}

// A stranger must not be able to fill the log.
BOOST_AUTO_TEST_CASE(a_burst_of_refusals_is_one_event_for_each_reason) {
  node_bench node;
  for (int i = 0; i < 10'000; ++i) {
    caf::anon_send(node.notes, peer_refused{{}, refusal::peer_not_certified, "10.0.0." + std::to_string(i % 200), "why", {}});
    caf::anon_send(node.notes, peer_refused{{}, refusal::peer_silent, "10.0.0.1", std::string(100'000, 'x'), {}});
  }
  node.here.settle();
  node.here.world().advance(std::chrono::hours{1});
  node.here.settle();
  const auto faults = node.faults();
  BOOST_REQUIRE(faults.size() == 2u);
  for (const auto& f : faults) {
    BOOST_TEST(f.where == "neighbours");
    BOOST_TEST(f.about.size() < 20u * 400u);
  }
  BOOST_TEST(faults[1].about.ends_with(" 10000"));
  BOOST_TEST(faults[0].about.find("others ") != std::string::npos); // of 200 addresses
}

// Nor hold back what is to be told of somebody whom the authority knows: strangers have gone on for an hour, and are told
// of every ten minutes by now.
BOOST_AUTO_TEST_CASE(what_concerns_a_known_holder_does_not_wait_for_strangers) {
  node_bench node;
  const auto stranger = [&] {
    caf::anon_send(node.notes, peer_refused{{}, refusal::peer_not_certified, "10.0.0.1", "why", {}});
    node.here.settle();
  };
  for (int second = 0; second < 3600; second += 5) {
    stranger();
    node.here.world().advance(std::chrono::seconds{5});
    node.here.settle();
  }
  const auto before = node.faults().size();
  BOOST_TEST(before <= 13u); // after 3, 6, 12, ... 384, 768, 1368, ... 3168 s
  stranger();
  for (const auto* name : {"node:away", "operator:Ada"})
    caf::anon_send(node.notes, peer_refused{{}, refusal::peer_not_certified, "10.0.0.1", "certificate of " + std::string{name} + ": it is revoked", name});
  node.here.settle();
  node.here.world().advance(std::chrono::milliseconds{gathered_faults::first_interval});
  node.here.settle();
  const auto faults = node.faults();
  BOOST_REQUIRE(faults.size() == before + 2);
  BOOST_TEST(faults[before].about == "10.0.0.1: certificate of node:away: it is revoked 1");
  BOOST_TEST(faults[before + 1].about == "10.0.0.1: certificate of operator:Ada: it is revoked 1");
  // Of ever more names no more are kept apart than that.
  for (int n = 0; n < 1000; ++n)
    caf::anon_send(node.notes, peer_refused{{}, refusal::peer_silent, "x", "", "node:" + std::to_string(n)});
  node.here.settle();
  node.here.world().advance(std::chrono::hours{1});
  node.here.settle();
  BOOST_TEST(node.faults().size() <= before + 3 + holders_limit);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
