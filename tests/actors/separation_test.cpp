// EP-2: a record of domain A presented to a process of domain B fails to open, for every record type; EP-9: who holds
// which key, and nobody else can. The checks are the boxes' own; the domains differ in nothing but their keys.

#include "actors/boxes/initialisation.hpp"
#include "actors/boxes/verification.hpp"
#include "tests/actors/two_domains.hpp"

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(separation)
namespace {

struct two_domains {
  std::unique_ptr<generator> random = seeded_randomness(7, 1)->stream("separation", 0);
  work_context w{*random};
  test_domain ve = test_domain::make("VE", *random);
  test_domain usps = test_domain::make("UP", *random); ///< a name of the same length: only its text differs
  test_life life = test_life::live(ve, w); ///< of a key of VE
};

/// Hands out the same body as one of another domain, with the proof that it had; or with a new proof by `by`.
template <class Body>
signed_record relabelled(const signed_record& r, const test_domain& to, generator& random,
                         const private_key* by = nullptr) {
  auto body = decode_body<Body>(r.body);
  BOOST_REQUIRE(body);
  if constexpr (requires { body->key; })
    body->key.domain = to.id;
  else
    body->domain = to.id;
  return by ? to.sign(*by, encode_body(*body), random) : signed_record{encode_body(*body), r.proof};
}

/// VE's records as they are; under USPS's name; and signed anew under that name by VE's own boxes.
enum class disguise { none, name, name_and_signature };
constexpr disguise disguises[] = {disguise::none, disguise::name, disguise::name_and_signature};

test_life in_disguise(two_domains& d, disguise how) {
  auto life = d.life;
  if (how == disguise::none)
    return life;
  const bool again = how == disguise::name_and_signature;
  const auto* oak = again ? d.ve.oak->authentication.get() : nullptr;
  const auto* steel = again ? d.ve.steel->authentication.get() : nullptr;
  const auto* brass = again ? d.ve.brass->authentication.get() : nullptr;
  auto& random = *d.random;
  life.key.domain = d.usps.id;
  life.mi3.record = relabelled<mi3_body>(life.mi3.record, d.usps, random, oak);
  life.mi4.record = relabelled<mi4_body>(life.mi4.record, d.usps, random, oak);
  life.mi7 = relabelled<mi7_body>(life.mi7, d.usps, random, steel);
  life.mi9.record = relabelled<mi9_body>(life.mi9.record, d.usps, random, brass);
  life.mi10 = relabelled<mi10_body>(life.mi10, d.usps, random, brass);
  life.mb2.record = relabelled<mb2_body>(life.mb2.record, d.usps, random, brass);
  life.mb3 = relabelled<mb3_body>(life.mb3, d.usps, random, brass);
  life.mr3.record = relabelled<mr3_body>(life.mr3.record, d.usps, random, brass);
  life.mr4 = relabelled<mr4_body>(life.mr4, d.usps, random, brass);
  life.mo2.record = relabelled<mo2_body>(life.mo2.record, d.usps, random, brass);
  life.mo3 = relabelled<mo3_body>(life.mo3, d.usps, random, brass);
  return life;
}

/// What somebody with these keys gets out of a ciphertext, whichever of them it takes.
bool opens(const domain_ring& ring, const bytes& sealed, const bytes& address) {
  for (const auto& key : {ring.authentication, ring.confidentiality})
    if (key && opener{*key, blinding_generator()}.open(sealed, address))
      return true;
  for (const auto& key : {ring.secret_confidentiality, ring.secret_authentication})
    if (key && open_under(*key, sealed, address))
      return true;
  return false;
}

struct named_ring {
  std::string who;
  ring_handle ring;
};
std::vector<named_ring> everybody(const two_domains& d) {
  std::vector<named_ring> all;
  for (const auto* domain : {&d.ve, &d.usps})
    for (const auto& [box, ring] : {std::pair{"Oak", domain->oak}, {"Steel", domain->steel}, {"Brass", domain->brass},
                                    {"Tin", domain->tin}})
      all.push_back({std::string{box} + " of " + domain->id.text, ring});
  return all;
}

} // namespace

BOOST_FIXTURE_TEST_CASE(only_its_owner_opens_a_sealed_key, two_domains) {
  struct {
    std::string what;
    bytes sealed, address;
    std::string owner;
  } const table[] = {
    {"MI3", life.mi3.sealed, sealed_address(body_type::mi3, life.key, oak_box_id, steel_box_id), "Brass of VE"},
    {"MI4", life.mi4.sealed, sealed_address(body_type::mi4, life.key, oak_box_id, steel_box_id), "Steel of VE"},
    {"MI9", life.mi9.sealed, sealed_address(body_type::mi9, life.key, brass_box_id, steel_box_id), "Brass of VE"},
    {"MR3", life.mr3.sealed, sealed_address(body_type::mr3, life.key, test_meter, test_serial), "Brass of VE"},
    {"MO2", life.mo2.sealed, sealed_address(body_type::mr3, life.key, test_meter, test_serial), "Brass of VE"},
  };
  for (const auto& row : table)
    for (const auto& [who, ring] : everybody(*this))
      BOOST_CHECK_MESSAGE(opens(*ring, row.sealed, row.address) == (who == row.owner), who << " and " << row.what);
  // Moved to another record, key, box or meter it opens for nobody.
  const key_id second{ve.id, 2}, other{usps.id, 1};
  const box_id box{box_type::steel, 2};
  for (const auto& address : {sealed_address(body_type::mi4, life.key, oak_box_id, steel_box_id),
                              sealed_address(body_type::mi3, second, oak_box_id, steel_box_id),
                              sealed_address(body_type::mi3, other, oak_box_id, steel_box_id),
                              sealed_address(body_type::mi3, life.key, oak_box_id, box)})
    BOOST_CHECK(!opens(*ve.brass, life.mi3.sealed, address));
  for (const auto& address : {sealed_address(body_type::mr3, other, test_meter, test_serial),
                              sealed_address(body_type::mr3, life.key, {"M0000002"}, test_serial),
                              sealed_address(body_type::mr3, life.key, test_meter, {"1000002"})})
    BOOST_CHECK(!opens(*ve.brass, life.mr3.sealed, address));
}

// A box's package and bundle go to one box and one domain.
BOOST_FIXTURE_TEST_CASE(only_its_box_opens_a_package_and_a_bundle, two_domains) {
  const auto own = private_key::generate(suite_id::p256, *random),
             other = private_key::generate(suite_id::p256, *random);
  const secret content{bytes(100, 1)}, combination{bytes(32, 2)}, other_combination{bytes(32, 3)};
  const box_id second{box_type::steel, 2};
  const auto package = w.to(own.public_part()).seal(content, package_address(steel_box_id, ve.id));
  const auto taken_by = [&](const private_key& key, const box_id& box, const domain_id& domain) {
    return opener{key, *random}.open(package, package_address(box, domain)).has_value();
  };
  BOOST_CHECK(taken_by(own, steel_box_id, ve.id));
  BOOST_CHECK(!taken_by(other, steel_box_id, ve.id));
  BOOST_CHECK(!taken_by(own, second, ve.id));
  BOOST_CHECK(!taken_by(own, steel_box_id, usps.id));
  const auto bundle = seal_under(combination, content, bundle_address(steel_box_id, ve.id.text), *random);
  BOOST_CHECK(open_under(combination, bundle, bundle_address(steel_box_id, ve.id.text)));
  BOOST_CHECK(!open_under(other_combination, bundle, bundle_address(steel_box_id, ve.id.text)));
  BOOST_CHECK(!open_under(combination, bundle, bundle_address(second, ve.id.text)));
  BOOST_CHECK(!open_under(combination, bundle, bundle_address(steel_box_id, usps.id.text)));
  for (const auto& [who, ring] : everybody(*this)) {
    BOOST_CHECK_MESSAGE(!opens(*ring, package, package_address(steel_box_id, ve.id)), who);
    BOOST_CHECK_MESSAGE(!opens(*ring, bundle, bundle_address(steel_box_id, ve.id.text)), who);
  }
}

// EP-9, to the letter: which parts of a domain's keys each box is given.
BOOST_FIXTURE_TEST_CASE(each_box_holds_its_keys_and_no_others, two_domains) {
  const auto holds = [](const domain_ring& r) {
    std::string s;
    s += r.authentication ? "A" : "-";
    s += r.confidentiality ? "C" : "-";
    s += r.secret_confidentiality ? "S" : "-";
    s += r.secret_authentication ? "s" : "-";
    s += r.oak_authentication ? "o" : "-";
    s += r.steel_authentication ? "t" : "-";
    s += r.steel_confidentiality ? "e" : "-";
    s += r.brass_authentication ? "b" : "-";
    s += r.brass_confidentiality ? "r" : "-";
    return s;
  };
  BOOST_CHECK_EQUAL(holds(*ve.oak), "A-----e-r");
  BOOST_CHECK_EQUAL(holds(*ve.steel), "AC--o----");
  BOOST_CHECK_EQUAL(holds(*ve.brass), "ACSsot--r"); // the last is its own
  BOOST_CHECK_EQUAL(holds(*ve.tin), "-------b-");
}

BOOST_FIXTURE_TEST_CASE(brass_refuses_every_record_of_another_domain, two_domains) {
  for (const auto how : disguises) {
    const auto foreign = in_disguise(*this, how);
    const auto refused = [&](const auto& work, const char* what) {
      BOOST_CHECK_MESSAGE(work.problem && work.sealed.empty(),
                          what << " of VE, disguise " << static_cast<int>(how) << ", was taken by Brass of USPS");
    };
    refused(check_installation(foreign.as_mi8(), brass_box_id, {test_time(9)}, *usps.brass, w), "MI3 and MI7");
    refused(check_condemnation(foreign.as_mb1(), brass_box_id, {test_time(9)}, *usps.brass, w), "MI3");
    refused(check_registration(foreign.as_mr2(), brass_box_id, {test_time(9)}, time_zone{}, *usps.brass, w), "MI9");
    refused(check_retirement(foreign.as_mo1(key_status::installed), brass_box_id, {test_time(9)}, *usps.brass, w), "MI9");
    refused(check_retirement(foreign.as_mo1(key_status::active), brass_box_id, {test_time(9)}, *usps.brass, w), "MR3");
  }
}

// One foreign record beside those of its own domain does not pass either.
BOOST_FIXTURE_TEST_CASE(brass_refuses_a_foreign_record_among_its_own, two_domains) {
  const auto own = test_life::live(usps, w);
  for (const auto how : disguises) {
    const auto foreign = in_disguise(*this, how);
    auto m = own.as_mi8();
    m.mi7 = foreign.mi7;
    BOOST_CHECK(check_installation(m, brass_box_id, {test_time(9)}, *usps.brass, w).problem);
    auto condemned = own.as_mb1();
    condemned.mi7 = foreign.mi7;
    condemned.reason = refusal::test_tokens_differ;
    BOOST_CHECK(check_condemnation(condemned, brass_box_id, {test_time(9)}, *usps.brass, w).problem);
    // The key itself: its own record with a foreign ciphertext, and one that speaks of the foreign ciphertext.
    m = own.as_mi8();
    m.mi3.sealed = foreign.mi3.sealed;
    BOOST_CHECK(check_installation(m, brass_box_id, {test_time(9)}, *usps.brass, w).problem);
    auto body = *decode_body<mi3_body>(own.mi3.record.body);
    body.sealed = sha256(foreign.mi3.sealed);
    m.mi3.record = usps.sign(*usps.oak->authentication, encode_body(body), *random);
    BOOST_CHECK(check_installation(m, brass_box_id, {test_time(9)}, *usps.brass, w).problem);
    // Anybody can seal a key to Brass, but Oak and Brass sign what was sealed.
    m = own.as_mi8();
    m.mi3.sealed = w.to(*usps.oak->brass_confidentiality)
                     .seal(test_life::k(), sealed_address(body_type::mi3, own.key, oak_box_id, steel_box_id));
    BOOST_CHECK(check_installation(m, brass_box_id, {test_time(9)}, *usps.brass, w).problem);
    auto registration = own.as_mr2();
    registration.token = foreign.registration_token;
    BOOST_CHECK(check_registration(registration, brass_box_id, {test_time(9)}, time_zone{}, *usps.brass, w).problem);
    auto retirement = own.as_mo1(key_status::active);
    retirement.current.tag = foreign.mr3.tag;
    BOOST_CHECK(check_retirement(retirement, brass_box_id, {test_time(9)}, *usps.brass, w).problem);
    retirement = own.as_mo1(key_status::active);
    retirement.current.sealed = foreign.mr3.sealed;
    BOOST_CHECK(check_retirement(retirement, brass_box_id, {test_time(9)}, *usps.brass, w).problem);
  }
}

// MI10, MB2, MB3, MR4, MO2 and MO3 go to computers and archives, which know the domain's public keys.
BOOST_FIXTURE_TEST_CASE(a_proof_speaks_for_one_domain, two_domains) {
  proof_checker proofs;
  const auto& key_of_ve = ve.brass->authentication->public_part();
  const auto& key_of_usps = usps.brass->authentication->public_part();
  for (const auto how : disguises) {
    const auto foreign = in_disguise(*this, how);
    for (const auto& r : {foreign.mi9.record, foreign.mi10, foreign.mb2.record, foreign.mb3, foreign.mr3.record,
                          foreign.mr4, foreign.mo2.record, foreign.mo3}) {
      BOOST_CHECK(!proofs.check(key_of_usps, {"record", usps.id.text}, r.body, r.proof));
      BOOST_CHECK_EQUAL(proofs.check(key_of_ve, {"record", "VE"}, r.body, r.proof), how == disguise::none);
      BOOST_CHECK(!proofs.check(key_of_ve, {"other", "VE"}, r.body, r.proof));
    }
  }
}

// Mail is verified with MR3 and MO2 under s_B and S_B.
BOOST_FIXTURE_TEST_CASE(a_foreign_key_verifies_no_mail, two_domains) {
  const auto verdict_of = [&](const test_life& records, const test_domain& at) {
    indicium piece{test_serial, test_date, 1, 730, "06926", {}};
    auto& engine = w.tokens();
    const auto token_key = engine.derive(test_life::k(), key_use::token, token_context(at.id, piece));
    piece.tokens = {{at.id, engine.mail_token(token_key, token_data(at.id, piece), mail_token_digits)}};
    verification_material material;
    material.keys.push_back({{}, records.mr3.record.body, records.mr3.tag, records.mo2.record.body, records.mo2.tag,
                             records.mr3.sealed});
    material.key_of_piece = {0};
    const verify_tokens m{{}, at.id, "mail-1", std::make_shared<const std::vector<indicium>>(1, piece),
                          std::make_shared<const verification_material>(material)};
    return verify_batch(m, *at.brass, w).verdicts.at(0);
  };
  BOOST_CHECK(verdict_of(life, ve) == verdict::good);
  BOOST_CHECK(verdict_of(test_life::live(usps, w), usps) == verdict::good);
  for (const auto how : disguises)
    BOOST_CHECK(verdict_of(in_disguise(*this, how), usps) == verdict::refused);
  // One foreign part among its own.
  auto own = test_life::live(usps, w);
  own.mo2.tag = life.mo2.tag;
  BOOST_CHECK(verdict_of(own, usps) == verdict::refused);
  own = test_life::live(usps, w);
  own.mr3.tag = life.mr3.tag;
  BOOST_CHECK(verdict_of(own, usps) == verdict::refused);
  own = test_life::live(usps, w);
  own.mr3.sealed = life.mr3.sealed;
  BOOST_CHECK(verdict_of(own, usps) == verdict::refused);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
