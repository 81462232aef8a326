// EP-2: a record of one domain, given to every process of another that takes such a record: as it is; under the other
// domain's name; with that name in the record; and signed anew under that name by the box that made it. Each is
// refused, changes no state and is in the error log. One row for each type of record in events/signed_bodies.hpp.

#include "events/signed_bodies.hpp"
#include "storage/signed_body.hpp"
#include "tests/actors/custodians.hpp"

// A type of record without a row does not compile.
#pragma GCC diagnostic error "-Wswitch"

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(other_domain)
namespace {

const domain_id ve{"VE"}, usps{"USPS"};

/// A record as it is presented, and for which key.
struct presented {
  std::string how;
  key_id key;
  signed_record record;
  bool as_it_is = false;
};

struct two_sides : site_bench {
  domain_id home, there;
  key_id fresh;      ///< of the other domain: New, and nothing has come of it yet
  key_id registered; ///< of the other domain: Active
  sealed_record own_mi3;
  std::map<key_role, std::shared_ptr<const private_key>> home_keys;

  two_sides(const domain_id& a, const domain_id& b) : home(a), there(b) {
    const auto steel = id_of(steel_of(there));
    fresh = get<mi0_answer>(all().archive_of(there), new_key_id{{}, there, steel, {99}}).key;
    const auto made = get<mi2>(box(slot("oak", there)).oak, mi1{{}, fresh, steel, now()});
    own_mi3 = made.mi3;
    get<record_stored>(all().archive_of(there), store_record{{}, fresh, made.mi3});
    registered = last<key_activated>([&](const key_activated& e) {
      return e.key.domain == there && e.meter.text == "M0000001";
    }).key;
    const auto whole = whole_domain(*this, home);
    for (const auto role : {key_role::oak_authentication, key_role::steel_authentication,
                            key_role::brass_authentication})
      home_keys[role] = std::make_shared<const private_key>(*whole.key(private_part(role), suite_id::p256));
  }

  static std::string slot(const std::string& type, const domain_id& d) { return type + (d == ve ? "-ve" : "-usps"); }
  /// Where the domain is active.
  static std::string steel_of(const domain_id& d) { return d == ve ? "steel-1" : "steel-2"; }
  instant now() { return world().time().now(); }
  const brass_actor& brass() { return box(slot("brass", there)).brass; }

  template <class Event>
  Event of_home() const {
    return last<Event>([&](const Event& e) { return e.key.domain == home; });
  }

  template <class Body>
  std::vector<presented> disguises(const signed_record& genuine, key_role signer, const key_id& target) {
    auto body = decode_body<Body>(genuine.body);
    BOOST_REQUIRE(body);
    speaks_for_its_domain_alone(genuine, signer);
    const std::string what = "body " + std::to_string(static_cast<int>(Body::type)) + " of " + home.text + ", ";
    std::vector<presented> all_of_them;
    if constexpr (requires { body->key; }) {
      all_of_them.push_back({what + "as it is", body->key, genuine, true});
      body->key = target;
    } else {
      body->domain = there;
    }
    all_of_them.push_back({what + "under another name", target, genuine});
    const auto rewritten = encode_body(*body);
    all_of_them.push_back({what + "re-addressed", target, {rewritten, genuine.proof}});
    all_of_them.push_back({what + "signed anew", target, signed_by_home(signer, rewritten)});
    return all_of_them;
  }

  signed_record signed_by_home(key_role signer, const bytes& body) const {
    const signing_scope scope{"record", there.text};
    return {body, prove(*home_keys.at(signer), scope, {byte_view{body}}, blinding_generator()).front()};
  }

  /// The signature is over domain and purpose too: a second line, should two domains ever have one key.
  void speaks_for_its_domain_alone(const signed_record& r, key_role signer) const {
    proof_checker proofs;
    const auto& key = home_keys.at(signer)->public_part();
    BOOST_CHECK(proofs.check(key, {"record", home.text}, r.body, r.proof));
    BOOST_CHECK(!proofs.check(key, {"record", there.text}, r.body, r.proof));
    BOOST_CHECK(!proofs.check(key, {"record", as_long_as_home()}, r.body, r.proof));
    BOOST_CHECK(!proofs.check(key, {"domain keys", home.text}, r.body, r.proof));
  }

  /// The length of a name is signed too, and must not be what tells two domains apart.
  std::string as_long_as_home() const { return {home.text.rbegin(), home.text.rend()}; }

  template <class Answer, class Handle, class Message>
  void refused(const presented& p, refusal as_it_is, const Handle& whom, const Message& m) {
    only_refused<Answer>(p.how, p.as_it_is ? as_it_is : refusal::signature_invalid, whom, m);
  }
  void archive_refuses(const presented& p, const bytes& sealed, const bytes& tag = {}) {
    refused<record_stored>(p, refusal::domain_not_known, all().archive_of(there),
                           store_record{{}, p.key, {p.record, sealed, tag}});
  }

  // --- a row for each type ------------------------------------------------------------------------------

  void mi3_row() {
    const auto e = of_home<key_created>();
    const auto material = sealed();
    for (const auto& p : disguises<mi3_body>(e.mi3, key_role::oak_authentication, fresh)) {
      const sealed_record r{p.record, material, {}};
      archive_refuses(p, material);
      refused<mi9>(p, refusal::domain_not_known, brass(), mi8{{}, p.key, r, {}, now()});
      refused<mb2>(p, refusal::domain_not_known, brass(), mb1{{}, p.key, r, refusal::no_answer, {}});
    }
  }
  void mi4_row() {
    const auto e = of_home<install_record_received>();
    const auto material = sealed();
    for (const auto& p : disguises<mi4_body>(e.mi4, key_role::oak_authentication, fresh))
      refused<mi7>(p, refusal::domain_not_active, box(steel_of(there)).steel,
                   install_key{{}, p.key, {"M0000009"}, now(), {p.record, material, {}}});
  }
  void mi7_row() {
    const auto e = of_home<installation_finished>();
    for (const auto& p : disguises<mi7_body>(e.mi7, key_role::steel_authentication, fresh)) {
      only_a_fault(p.how, p.as_it_is ? refusal::order_not_known : refusal::signature_invalid,
                   [&] { send(all().kmc(), mi7{{}, p.key, p.record}); });
      refused<mi9>(p, refusal::domain_not_known, brass(), mi8{{}, p.key, own_mi3, p.record, now()});
      refused<mb2>(p, refusal::domain_not_known, brass(),
                   mb1{{}, p.key, own_mi3, refusal::test_tokens_differ, p.record});
    }
  }
  void mi9_row() {
    const auto e = of_home<key_installed>();
    const auto material = sealed();
    for (const auto& p : disguises<mi9_body>(e.mi9, key_role::brass_authentication, fresh)) {
      const sealed_record r{p.record, material, {}};
      archive_refuses(p, material);
      refused<mr3>(p, refusal::domain_not_known, brass(), mr2{{}, p.key, r, {}, {}, now()});
      refused<mo2>(p, refusal::domain_not_known, brass(),
                   mo1{{}, p.key, r, key_status::installed, e.meter, "", {20260303}, now()});
    }
  }
  /// MI10 or MB3 to the KDC, which serves all domains: a record speaks for its own key alone.
  void settles_nothing(const presented& p, std::optional<refusal> failure) {
    if (!p.as_it_is)
      refused<acknowledged>(p, {}, all().kdc(), settle{{}, p.key, failure, p.record});
  }
  void mi10_row() {
    for (const auto& p : disguises<mi10_body>(of_home<installation_confirmed>().mi10, key_role::brass_authentication,
                                              fresh))
      settles_nothing(p, {});
  }
  void mb2_row() {
    // Only VE has a Bad key on that day: the other domain's boxes are asked for one.
    for (const auto& p : disguises<mb2_body>(bad_key().mb2, key_role::brass_authentication, fresh))
      archive_refuses(p, {});
  }
  void mb3_row() {
    for (const auto& p : disguises<mb3_body>(bad_key().mb3, key_role::brass_authentication, fresh))
      settles_nothing(p, refusal::no_answer);
  }
  void mr3_row() {
    const auto e = of_home<key_activated>();
    const auto material = sealed();
    for (const auto& p : disguises<mr3_body>(e.mr3, key_role::brass_authentication, registered)) {
      archive_refuses(p, material, e.tag);
      refused<mo2>(p, refusal::domain_not_known, brass(),
                   mo1{{}, p.key, {p.record, material, e.tag}, key_status::active, e.meter, "", {20260310}, now()});
    }
  }
  void mo2_row() {
    const auto e = of_home<key_retired>();
    const auto material = sealed();
    for (const auto& p : disguises<mo2_body>(e.mo2, key_role::brass_authentication, registered))
      archive_refuses(p, material, e.tag);
  }
  /// Confirmations that the KMC has from Brass as an answer: no process takes one as a message.
  void mr4_row() {
    speaks_for_its_domain_alone(of_home<registration_confirmed>().mr4, key_role::brass_authentication);
  }
  void mo3_row() {
    speaks_for_its_domain_alone(of_home<retirement_confirmed>().mo3, key_role::brass_authentication);
  }
  /// Read from the log alone, by archives, KMC and auditors: signed with the domain key set, for one domain.
  void domain_keys_row() {
    const auto e = last<domain_created>([&](const domain_created& d) { return d.domain == home; });
    const auto first = last<box_initialised>([](const box_initialised& b) { return !b.domain_key_set.empty(); });
    const auto set = public_key::parse(first.suite, first.domain_key_set);
    BOOST_REQUIRE(set);
    proof_checker proofs;
    BOOST_CHECK(proofs.check(*set, {"domain keys", home.text}, e.signed_keys.body, e.signed_keys.proof));
    for (const auto& another : {there.text, as_long_as_home()})
      BOOST_CHECK(!proofs.check(*set, {"domain keys", another}, e.signed_keys.body, e.signed_keys.proof));
    BOOST_CHECK(!proofs.check(*set, {"record", home.text}, e.signed_keys.body, e.signed_keys.proof));
  }

  bool row(body_type type) {
    switch (type) {
      case body_type::mi3: return mi3_row(), true;
      case body_type::mi4: return mi4_row(), true;
      case body_type::mi7: return mi7_row(), true;
      case body_type::mi9: return mi9_row(), true;
      case body_type::mi10: return mi10_row(), true;
      case body_type::mb2: return mb2_row(), true;
      case body_type::mb3: return mb3_row(), true;
      case body_type::mr3: return mr3_row(), true;
      case body_type::mr4: return mr4_row(), true;
      case body_type::mo2: return mo2_row(), true;
      case body_type::mo3: return mo3_row(), true;
      case body_type::domain_keys: return domain_keys_row(), true;
      case body_type::operation: break; // of an operator, in no domain
    }
    return false;
  }

  /// A key of this domain that Brass has declared Bad.
  key_condemned bad_key() {
    const auto steel = id_of(steel_of(home));
    const auto key = get<mi0_answer>(all().archive_of(home), new_key_id{{}, home, steel, {99}}).key;
    const auto made = get<mi2>(box(slot("oak", home)).oak, mi1{{}, key, steel, now()});
    get<mb2>(box(slot("brass", home)).brass, mb1{{}, key, made.mi3, refusal::no_answer, {}});
    return of_home<key_condemned>();
  }
};

void every_row(const domain_id& home, const domain_id& there) {
  two_sides sides{home, there};
  unsigned rows = 0;
  for (unsigned number = 0; number < 256; ++number)
    rows += sides.row(static_cast<body_type>(number));
  BOOST_CHECK_GE(rows, 12);
  BOOST_CHECK_EQUAL(broken_rules(sides.events()), "");
}

} // namespace

BOOST_AUTO_TEST_CASE(usps_refuses_every_type_of_record_of_ve) { every_row(ve, usps); }
BOOST_AUTO_TEST_CASE(ve_refuses_every_type_of_record_of_usps) { every_row(usps, ve); }

// Keys on their way to a box are for this box and this domain.
BOOST_FIXTURE_TEST_CASE(a_package_is_taken_by_its_box_for_its_domain_alone, site_bench) {
  const auto& maker = all().manufacturing().manufacturing;
  const domain_id fresh{"UKRM"}, second{"UKRN"};
  get<acknowledged>(maker, create_domain{{}, fresh, "postal", {"GB"}});
  get<acknowledged>(maker, create_domain{{}, second, "postal", {"GB"}});
  const auto keys = package_for("oak-ve", fresh);
  const auto refused = [&](const std::string& about, const std::string& slot, const domain_id& domain,
                           const package& of) {
    only_refused<acknowledged>(about, refusal::sealed_material_invalid, box(slot).common,
                               take_domain_process{{}, domain, of});
  };
  const auto with = [&](auto change) {
    auto other = keys;
    change(other);
    return other;
  };
  for (const auto& b : all().boxes())
    if (const auto& slot = b.plan.slot.text; slot != "oak-ve" && slot != "manufacturing-1")
      refused("another box", slot, fresh, keys);
  refused("for another domain", "oak-ve", second, keys);
  refused("with another Steel box", "oak-ve", fresh, with([](package& p) { p.steels.push_back({box_type::steel, 9}); }));
  refused("without its Steel boxes", "oak-ve", fresh, with([](package& p) { p.steels.clear(); }));
  refused("of another source", "oak-ve", fresh, with([](package& p) { p.source.number = 7; }));
  refused("altered", "oak-ve", fresh, with([](package& p) { p.sealed.back() ^= 1; }));
  refused("not signed", "oak-ve", fresh, with([](package& p) { p.signature.clear(); }));
  refused("signed otherwise", "oak-ve", fresh, with([](package& p) { p.signature.back() ^= 1; }));
  // Signed for another box of the same type.
  refused("for a neighbour", "oak-ve", fresh, package_for("oak-usps", fresh));
  get<acknowledged>(box("oak-ve").common, take_domain_process{{}, fresh, keys});
}

// A start-up order is for one id, one slot and one type of box.
BOOST_FIXTURE_TEST_CASE(a_start_up_order_is_for_one_box, site_bench) {
  const auto& maker = all().manufacturing().manufacturing;
  type_in({"oak-new"}, {{"Ada"}});
  const auto given = get<box_id_allocated>(
    maker, allocate_box_id{{}, {"oak-new"}, box_type::oak, {"Ada"}, media_folder()});
  const auto order = begin_order("oak-new", given, {"Ada"});
  const auto permitted = [&](const box_place& place, const set_secure_box_id& m) {
    return !order_not_permitted(written(), place, m);
  };
  BOOST_CHECK(permitted({{"oak-new"}, box_type::oak}, order));
  BOOST_CHECK(!permitted({{"oak-newer"}, box_type::oak}, order));
  BOOST_CHECK(!permitted({{"oak-new"}, box_type::steel}, order));
  const auto other = [&](const label& slot, box_type type, auto change) {
    auto moved = order;
    change(moved);
    return !permitted({slot, type}, moved);
  };
  BOOST_CHECK(other({"oak-newer"}, box_type::oak, [](auto& m) { m.slot = {"oak-newer"}; }));
  BOOST_CHECK(other({"oak-new"}, box_type::oak, [](auto& m) { ++m.id.number; }));
  BOOST_CHECK(other({"oak-new"}, box_type::steel, [](auto& m) { m.id.type = box_type::steel; }));
  BOOST_CHECK(other({"oak-new"}, box_type::oak, [](auto& m) { ++m.source.number; }));
  BOOST_CHECK(other({"oak-new"}, box_type::oak, [](auto& m) { m.challenge[0] ^= 1; }));
  only_refused<start_up_key_offered>("a box that has an id", refusal::wrong_box, box("oak-ve").common, order);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
