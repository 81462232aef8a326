// Certificates: what is made says what it should, and what is not ours is refused, each for its own reason. Those that
// are not ours are written by Botan's own X.509, so that one writer is not held against itself.

#include "crypto/certificate.hpp"

#include "crypto/pem.hpp"
#include "tests/crypto/fixtures.hpp"
#include "tests/random_seed.hpp"

#include <botan/ber_dec.h>
#include <botan/bigint.h>
#include <botan/data_src.h>
#include <botan/der_enc.h>
#include <botan/ec_group.h>
#include <botan/ecdsa.h>
#include <botan/pkcs8.h>
#include <botan/pubkey.h>
#include <botan/rsa.h>
#include <botan/x509_ca.h>
#include <botan/x509_ext.h>
#include <botan/x509_key.h>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <set>

using namespace oaksteel;
using namespace oaksteel::testing;

BOOST_AUTO_TEST_SUITE(certificates)
namespace {

constexpr std::int64_t second = 1'000'000, day = 86'400 * second;

instant at(std::string_view text) { return instant::parse(text).value(); }
instant later(instant t, std::int64_t us) { return {t.us + us}; }

const instant noon = at("2026-03-02T12:00:00Z");
const validity year{later(noon, -300 * second), later(noon, 365 * day)};
const validity month{later(noon, -300 * second), later(noon, 30 * day)};

std::string_view name(const refused_certificate& r) { return oaksteel::name(r.why); }
std::string reason(const auto& read) { return read ? "taken" : std::string{name(read.error())}; }

certificate_serial serial(std::string_view hex) { return certificate_serial::parse(hex).value(); }

/// An authority with its key.
struct authority {
  explicit authority(std::uint64_t seed)
      : random(seeded(seed)), key(private_key::generate(suite_id::p256, *random)),
        own(read_authority(make_authority(key, serial("0a"), year, *random)).value()) {}

  bytes issue(const std::string& holder, std::vector<operator_role> roles, const certificate_serial& number,
              const public_key& of, const validity& valid = month) const {
    return make_certificate({holder_name::parse(holder).value(), std::move(roles), number, valid}, of, own, key,
                            *random);
  }
  revocation_list list(std::vector<revoked_serial> revoked, const validity& updates = month) const {
    return read_revocation_list(make_revocation_list(7, revoked, updates, own, key, *random), own).value();
  }

  std::unique_ptr<generator> random;
  private_key key;
  authority_certificate own;
};

const authority& ours() {
  static const authority a{1};
  return a;
}
const authority& foreign() {
  static const authority a{2};
  return a;
}
const private_key& holder_key() {
  static const auto random = seeded(3);
  static const auto key = private_key::generate(suite_id::p256, *random);
  return key;
}
bytes node_certificate() { return ours().issue("node:factory", {}, serial("0102"), holder_key().public_part()); }

// --- by another hand ---------------------------------------------------------------------------------------------

constexpr auto server_auth = "1.3.6.1.5.5.7.3.1", client_auth = "1.3.6.1.5.5.7.3.2", code_signing = "1.3.6.1.5.5.7.3.3";

/// An extension that nobody knows.
class strange final : public Botan::Certificate_Extension {
public:
  strange* copy() const override { return new strange; }
  Botan::OID oid_of() const override { return Botan::OID{"1.2.3.4"}; }

private:
  std::string oid_name() const override { return ""; }
  bytes encode_inner() const override { return {5, 0}; }
  void decode_inner(const bytes&) override {}
  void contents_to(Botan::Data_Store&, Botan::Data_Store&) const override {}
};

/// A certificate of a node as it should be, by another writer; tests change one thing.
struct other_terms {
  std::vector<std::string> uris{"oaksteel:node:factory"};
  std::string dns;
  std::vector<std::string> units;
  std::vector<const char*> usages{server_auth, client_auth};
  unsigned key_usage = Botan::DIGITAL_SIGNATURE;
  bool ca = false, strange_there = false, strange_critical = false;
  std::string hash = "SHA-256", signature = "1.2.840.10045.4.3.2";
  bytes key = holder_key().public_part().spki();
  Botan::BigInt number{258};
};

std::unique_ptr<Botan::Private_Key> botan_key(const private_key& key) {
  const auto stored = key.stored();
  Botan::DataSource_Memory source{reveal(stored)};
  return Botan::PKCS8::load_key(source);
}

Botan::X509_Time time_of(instant t) {
  return Botan::X509_Time{std::chrono::system_clock::time_point{std::chrono::microseconds{t.us}}};
}

bytes by_another_hand(const other_terms& t, const private_key& signing, const Botan::X509_DN& issuer,
                      const Botan::X509_DN* own_name = nullptr) {
  auto& random = *ours().random;
  const auto key = botan_key(signing);
  Botan::PK_Signer signer{*key, random, "EMSA1(" + t.hash + ")", Botan::DER_SEQUENCE};
  Botan::X509_DN subject;
  subject.add_attribute("X520.CommonName", "any");
  for (const auto& unit : t.units)
    subject.add_attribute("X520.OrganizationalUnit", unit);
  Botan::AlternativeName names;
  for (const auto& uri : t.uris)
    names.add_attribute("URI", uri);
  if (!t.dns.empty())
    names.add_attribute("DNS", t.dns);
  Botan::Extensions extensions;
  extensions.add(new Botan::Cert_Extension::Basic_Constraints(t.ca, 0), true);
  if (t.key_usage != 0)
    extensions.add(new Botan::Cert_Extension::Key_Usage(static_cast<Botan::Key_Constraints>(t.key_usage)), true);
  std::vector<Botan::OID> usages;
  for (const auto* usage : t.usages)
    usages.emplace_back(usage);
  if (!usages.empty())
    extensions.add(new Botan::Cert_Extension::Extended_Key_Usage(usages));
  if (names.has_items())
    extensions.add(new Botan::Cert_Extension::Subject_Alternative_Name(names));
  if (t.strange_there)
    extensions.add(new strange, t.strange_critical);
  return Botan::X509_CA::make_cert(
             &signer, random, t.number,
             Botan::AlgorithmIdentifier{Botan::OID{t.signature}, Botan::AlgorithmIdentifier::USE_EMPTY_PARAM}, t.key,
             time_of(month.from), time_of(month.to), issuer, own_name ? *own_name : subject, extensions)
      .BER_encode();
}

Botan::X509_DN dn_of(const authority_certificate& a) { return Botan::X509_Certificate{a.der}.subject_dn(); }

/// A list with nothing in it, under our authority's key.
bytes list_by_another_hand(const Botan::X509_DN& issuer, const Botan::Extensions& extensions,
                           const std::string& hash = "SHA-256", const char* algorithm_oid = "1.2.840.10045.4.3.2") {
  auto& random = *ours().random;
  const auto key = botan_key(ours().key);
  Botan::PK_Signer signer{*key, random, "EMSA1(" + hash + ")", Botan::DER_SEQUENCE};
  const Botan::AlgorithmIdentifier algorithm{Botan::OID{algorithm_oid}, Botan::AlgorithmIdentifier::USE_EMPTY_PARAM};
  Botan::secure_vector<std::uint8_t> tbs;
  Botan::DER_Encoder{tbs}
      .start_cons(Botan::SEQUENCE)
      .encode(std::size_t{1})
      .encode(algorithm)
      .encode(issuer)
      .encode(time_of(month.from))
      .encode(time_of(month.to))
      .start_explicit(0)
      .start_cons(Botan::SEQUENCE)
      .encode(extensions)
      .end_cons()
      .end_explicit()
      .end_cons();
  return Botan::X509_Object::make_signed(&signer, random, algorithm, tbs);
}

/// What becomes of a certificate by another writer under our authority.
std::string verdict(const other_terms& t) {
  return reason(admit(by_another_hand(t, ours().key, dn_of(ours().own)), ours().own, ours().list({}), noon));
}
template <class Change>
std::string with(Change change) {
  other_terms t;
  change(t);
  return verdict(t);
}

} // namespace

BOOST_AUTO_TEST_CASE(a_node_is_read_as_it_was_made) {
  const auto der = node_certificate();
  const auto c = read_certificate(der).value();
  BOOST_TEST(c.holder.text() == "node:factory");
  BOOST_TEST(c.roles.empty());
  BOOST_TEST(c.serial.text() == "0102");
  BOOST_TEST((c.key.name() == holder_key().public_part().name()));
  BOOST_TEST(c.valid.from.text() == "2026-03-02T11:55:00.000000Z");
  BOOST_TEST(c.valid.to.text() == "2026-04-01T12:00:00.000000Z");
  BOOST_TEST((c.der == der));
  BOOST_TEST(reason(admit(der, ours().own, ours().list({}), noon)) == "taken");
}

BOOST_AUTO_TEST_CASE(an_operator_has_his_roles) {
  using enum operator_role;
  for (const auto& roles : {std::vector{officer}, std::vector{officer, custodian, operating, verifier, auditor},
                            std::vector{custodian, auditor}}) {
    const auto c =
        read_certificate(ours().issue("operator:Ada", roles, serial("77"), holder_key().public_part())).value();
    BOOST_TEST(c.holder.text() == "operator:Ada");
    BOOST_TEST((c.roles == roles));
  }
}

BOOST_AUTO_TEST_CASE(an_authority_is_read_as_it_was_made) {
  const auto& a = ours().own;
  BOOST_TEST((a.key.name() == ours().key.public_part().name()));
  BOOST_TEST(a.name == "oaksteel authority " + a.key.name().hex().substr(0, 16));
  BOOST_TEST((a.valid.from == year.from && a.valid.to == year.to));
  const Botan::X509_Certificate x509{a.der};
  BOOST_TEST(x509.is_CA_cert());
  BOOST_TEST(x509.path_limit() == 0u);
  BOOST_TEST((x509.constraints() == (Botan::KEY_CERT_SIGN | Botan::CRL_SIGN)));
  // A holder is no authority, and an authority no holder.
  BOOST_TEST(reason(read_authority(node_certificate())) == "no_authority");
  BOOST_TEST(reason(read_certificate(a.der)) == "no_holder");
}

BOOST_AUTO_TEST_CASE(holders_have_one_spelling) {
  for (const auto* good : {"node:a", "operator:Ada", "node:0.x-y_Z", "node:12345678901234567890123456789012"})
    BOOST_TEST(holder_name::parse(good).value().text() == good);
  for (const auto* bad : {"", "node", "node:", "node:.a", "node:..", "node:-a", "node:_a", "Node:a", "person:a",
                          "node:a b", "node:a/b", "node:a:b", " node:a", "node:123456789012345678901234567890123"})
    BOOST_TEST(!holder_name::parse(bad), bad);
  for (const auto* good : {"01", "0a0b", "ff00", "0102030405060708090a0b0c0d0e0f1011121314"})
    BOOST_TEST(serial(good).text() == good);
  for (const auto* bad : {"", "0", "00", "0001", "0A", "xx", "0102030405060708090a0b0c0d0e0f101112131415"})
    BOOST_TEST(!certificate_serial::parse(bad), bad);
}

BOOST_AUTO_TEST_CASE(drawn_serials_are_positive_and_differ) {
  const auto random = seeded(4);
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const auto drawn = certificate_serial::draw(*random);
    BOOST_REQUIRE_EQUAL(drawn.value.size(), 16u);
    BOOST_REQUIRE((drawn.value[0] & 0xC0) == 0x40);
    BOOST_REQUIRE(seen.insert(drawn.text()).second);
  }
}

// What both RFC 5280 and we say: valid from the first second to the last, both included (4.1.2.5).
BOOST_AUTO_TEST_CASE(the_clock_decides) {
  const auto der = node_certificate();
  const auto list = ours().list({}, {later(noon, -day), later(noon, 60 * day)});
  const auto when = [&](instant t) { return reason(admit(der, ours().own, list, t)); };
  BOOST_TEST(when(month.from) == "taken");
  BOOST_TEST(when(later(month.from, -1)) == "not_yet_valid");
  BOOST_TEST(when(month.to) == "taken");
  BOOST_TEST(when(later(month.to, 1)) == "expired");
  // The authority's time counts too.
  const auto long_lived = ours().issue("node:factory", {}, serial("03"), holder_key().public_part(),
                                       {later(year.from, -day), later(year.to, day)});
  const auto long_list = ours().list({}, {later(year.from, -day), later(year.to, day)});
  BOOST_TEST(reason(admit(long_lived, ours().own, long_list, later(year.from, -1))) == "not_yet_valid");
  BOOST_TEST(reason(admit(long_lived, ours().own, long_list, later(year.to, 1))) == "expired");
}

BOOST_AUTO_TEST_CASE(what_is_revoked_is_refused) {
  const auto der = node_certificate();
  const auto other = ours().issue("node:factory", {}, serial("0103"), holder_key().public_part());
  const auto list = ours().list({{serial("0102"), noon}, {serial("05"), noon}});
  BOOST_TEST(list.number == 7u);
  BOOST_TEST(list.serials.size() == 2u);
  BOOST_TEST(reason(admit(der, ours().own, list, noon)) == "revoked");
  // It is told by its holder's name; nobody is named by what the authority has not signed.
  BOOST_TEST(admit(der, ours().own, list, noon).error().holder.has_value());
  BOOST_TEST(reason(admit(other, ours().own, list, noon)) == "taken");
}

BOOST_AUTO_TEST_CASE(a_list_by_another_writer_is_as_good_when_it_is_whole) {
  const auto ours_by_name = dn_of(ours().own);
  BOOST_TEST(reason(read_revocation_list(list_by_another_hand(ours_by_name, {}), ours().own)) == "taken");
  BOOST_TEST(reason(read_revocation_list(list_by_another_hand(dn_of(foreign().own), {}), ours().own)) == "foreign");
  Botan::Extensions partial;
  partial.add(new strange, true);
  BOOST_TEST(reason(read_revocation_list(list_by_another_hand(ours_by_name, partial), ours().own)) ==
             "unknown_extension");
  auto longer = list_by_another_hand(ours_by_name, {});
  longer.push_back(0);
  BOOST_TEST(reason(read_revocation_list(longer, ours().own)) == "unreadable");
  const auto with_sha384 = list_by_another_hand(ours_by_name, {}, "SHA-384", "1.2.840.10045.4.3.3");
  BOOST_TEST(reason(read_revocation_list(with_sha384, ours().own)) == "other_algorithm");
}

// A signature has one spelling, so that a certificate has one fingerprint.
BOOST_AUTO_TEST_CASE(a_signature_with_a_longer_number_is_none) {
  const Botan::X509_Certificate sound{node_certificate()};
  Botan::BigInt r, s;
  Botan::BER_Decoder{sound.signature()}.start_cons(Botan::SEQUENCE).decode(r).decode(s).end_cons();
  bytes longer{0x00, 0x00};
  const auto number = Botan::BigInt::encode(r);
  longer.insert(longer.end(), number.begin(), number.end());
  bytes signature, whole;
  Botan::DER_Encoder{signature}
      .start_cons(Botan::SEQUENCE)
      .add_object(Botan::INTEGER, Botan::UNIVERSAL, longer)
      .encode(s)
      .end_cons();
  Botan::DER_Encoder{whole}
      .start_cons(Botan::SEQUENCE)
      .raw_bytes(sound.tbs_data())
      .encode(sound.signature_algorithm())
      .encode(signature, Botan::BIT_STRING)
      .end_cons();
  BOOST_TEST(reason(read_certificate(whole)) == "taken");
  BOOST_TEST(reason(admit(whole, ours().own, ours().list({}), noon)) == "foreign");
  BOOST_TEST(!admit(whole, ours().own, ours().list({}), noon).error().holder);
}

BOOST_AUTO_TEST_CASE(a_list_out_of_its_time_is_none) {
  const auto der = node_certificate();
  const validity hour{noon, later(noon, 3600 * second)};
  const auto list = ours().list({}, hour);
  const auto when = [&](instant t) { return reason(admit(der, ours().own, list, t)); };
  BOOST_TEST(when(hour.from) == "taken");
  BOOST_TEST(when(later(hour.from, -1)) == "list_not_yet_valid");
  BOOST_TEST(when(hour.to) == "taken");
  BOOST_TEST(when(later(hour.to, 1)) == "list_expired");
}

BOOST_AUTO_TEST_CASE(another_authority_counts_for_nothing) {
  const auto der = foreign().issue("node:factory", {}, serial("0102"), holder_key().public_part());
  BOOST_TEST(reason(read_certificate(der)) == "taken"); // it says what ours do
  BOOST_TEST(reason(admit(der, ours().own, ours().list({}), noon)) == "foreign");
  // With our authority's name, signed with another key.
  const auto named = by_another_hand({}, foreign().key, dn_of(ours().own));
  BOOST_TEST(reason(admit(named, ours().own, ours().list({}), noon)) == "foreign");
  // With our authority's key, under another name.
  const auto renamed = by_another_hand({}, ours().key, dn_of(foreign().own));
  BOOST_TEST(reason(admit(renamed, ours().own, ours().list({}), noon)) == "foreign");
  // A list of another authority.
  const auto list = make_revocation_list(1, {}, month, foreign().own, foreign().key, *foreign().random);
  BOOST_TEST(reason(read_revocation_list(list, ours().own)) == "foreign");
  BOOST_TEST(reason(read_revocation_list(list, foreign().own)) == "taken");
  const auto forged = make_revocation_list(1, {}, month, ours().own, foreign().key, *foreign().random);
  BOOST_TEST(reason(read_revocation_list(forged, ours().own)) == "foreign");
}

BOOST_AUTO_TEST_CASE(nothing_stands_between_authority_and_holder) {
  // An intermediate that our authority signed, and a node's certificate by it.
  other_terms terms;
  terms.ca = true;
  terms.uris.clear();
  terms.usages.clear();
  terms.key_usage = Botan::KEY_CERT_SIGN | Botan::CRL_SIGN;
  const auto intermediate = by_another_hand(terms, ours().key, dn_of(ours().own));
  BOOST_TEST(reason(read_authority(intermediate)) == "no_authority");
  BOOST_TEST(reason(read_certificate(intermediate)) == "no_holder");
  const auto below = by_another_hand({}, holder_key(), Botan::X509_Certificate{intermediate}.subject_dn());
  BOOST_TEST(reason(read_certificate(below)) == "taken");
  BOOST_TEST(reason(admit(below, ours().own, ours().list({}), noon)) == "foreign");
  // Nor does a holder sign for others.
  const auto by_holder = by_another_hand({}, holder_key(), Botan::X509_Certificate{node_certificate()}.subject_dn());
  BOOST_TEST(reason(admit(by_holder, ours().own, ours().list({}), noon)) == "foreign");
}

BOOST_AUTO_TEST_CASE(a_certificate_by_another_writer_is_as_good) {
  BOOST_TEST(verdict({}) == "taken");
  BOOST_TEST(with([](auto& t) { t.dns = "factory.example"; }) == "taken");
  BOOST_TEST(with([](auto& t) { t.strange_there = true; }) == "taken");
  BOOST_TEST(with([](auto& t) {
               t.uris = {"oaksteel:operator:Ada"};
               t.units = {"auditor", "officer"};
               t.usages = {client_auth};
             }) == "taken");
}

BOOST_AUTO_TEST_CASE(holders_that_are_not_named_rightly_are_refused) {
  BOOST_TEST(with([](auto& t) { t.uris.clear(); }) == "no_holder");
  BOOST_TEST(with([](auto& t) {
               t.uris.clear();
               t.dns = "factory.example";
             }) == "no_holder");
  for (const auto* uri :
       {"https://example.com", "oaksteel:", "oaksteel:node:", "oaksteel:box:factory", "oaksteel:node:fac tory",
        "OAKSTEEL:node:factory", "oaksteel:node:..", "oaksteel:node:factory:more"})
    BOOST_TEST(with([&](auto& t) { t.uris = {uri}; }) == "no_holder", uri);
  BOOST_TEST(with([](auto& t) { t.uris = {std::string{"oaksteel:node:factory\0x", 23}}; }) == "no_holder");
  BOOST_TEST(with([](auto& t) { t.uris.push_back("oaksteel:node:post"); }) == "several_holders");
  BOOST_TEST(with([](auto& t) { t.uris.push_back("https://example.com"); }) == "several_holders");
}

BOOST_AUTO_TEST_CASE(roles_that_do_not_fit_are_refused) {
  const auto person = [](std::vector<std::string> units) {
    return with([&](auto& t) {
      t.uris = {"oaksteel:operator:Ada"};
      t.usages = {client_auth};
      t.units = std::move(units);
    });
  };
  BOOST_TEST(person({"officer"}) == "taken");
  BOOST_TEST(person({}) == "wrong_roles");
  BOOST_TEST(person({"officer", "director"}) == "wrong_roles");
  BOOST_TEST(person({"Officer"}) == "wrong_roles");
  BOOST_TEST(with([](auto& t) { t.units = {"officer"}; }) == "wrong_roles"); // a node
}

BOOST_AUTO_TEST_CASE(usage_that_does_not_fit_is_refused) {
  BOOST_TEST(with([](auto& t) { t.usages = {client_auth}; }) == "wrong_usage");
  BOOST_TEST(with([](auto& t) { t.usages.clear(); }) == "wrong_usage");
  BOOST_TEST(with([](auto& t) { t.usages.push_back(code_signing); }) == "wrong_usage");
  BOOST_TEST(with([](auto& t) { t.key_usage = 0; }) == "wrong_usage");
  BOOST_TEST(with([](auto& t) { t.key_usage |= Botan::KEY_CERT_SIGN; }) == "wrong_usage");
  BOOST_TEST(with([](auto& t) { t.ca = true; }) == "wrong_usage");
  BOOST_TEST(with([](auto& t) {
               t.uris = {"oaksteel:operator:Ada"};
               t.units = {"officer"};
             }) == "wrong_usage"); // an operator serves nobody
  BOOST_TEST(with([](auto& t) { t.strange_there = t.strange_critical = true; }) == "unknown_extension");
}

BOOST_AUTO_TEST_CASE(other_algorithms_are_refused) {
  BOOST_TEST(with([](auto& t) {
               t.hash = "SHA-384";
               t.signature = "1.2.840.10045.4.3.3";
             }) == "other_algorithm");
  const Botan::ECDSA_PrivateKey p384{*ours().random, Botan::EC_Group{"secp384r1"}};
  BOOST_TEST(with([&](auto& t) { t.key = Botan::X509::BER_encode(p384); }) == "other_algorithm");
  const Botan::RSA_PrivateKey rsa{*ours().random, 1024};
  BOOST_TEST(with([&](auto& t) { t.key = Botan::X509::BER_encode(rsa); }) == "other_algorithm");
  // P-256, its parameters spelt out.
  Botan::EC_Group group{"secp256r1"};
  Botan::ECDSA_PrivateKey explicit_key{*ours().random, group};
  explicit_key.set_parameter_encoding(Botan::EC_DOMPAR_ENC_EXPLICIT);
  BOOST_TEST(with([&](auto& t) { t.key = Botan::X509::BER_encode(explicit_key); }) == "other_algorithm");
}

BOOST_AUTO_TEST_CASE(an_authority_must_be_one) {
  const auto own_name = dn_of(ours().own);
  const auto self_signed = [&](auto change) {
    other_terms t;
    t.ca = true;
    t.uris.clear();
    t.usages.clear();
    t.key_usage = Botan::KEY_CERT_SIGN | Botan::CRL_SIGN;
    t.key = ours().key.public_part().spki();
    change(t);
    return reason(read_authority(by_another_hand(t, ours().key, own_name, &own_name)));
  };
  BOOST_TEST(self_signed([](auto&) {}) == "taken");
  const auto other_name = dn_of(foreign().own);
  other_terms renamed;
  renamed.ca = true;
  renamed.uris.clear();
  renamed.usages.clear();
  renamed.key_usage = Botan::KEY_CERT_SIGN | Botan::CRL_SIGN;
  renamed.key = ours().key.public_part().spki();
  BOOST_TEST(reason(read_authority(by_another_hand(renamed, ours().key, own_name, &other_name))) == "no_authority");
  BOOST_TEST(self_signed([](auto& t) { t.ca = false; }) == "no_authority");
  BOOST_TEST(self_signed([](auto& t) { t.key_usage = Botan::KEY_CERT_SIGN; }) == "no_authority");
  BOOST_TEST(self_signed([](auto& t) { t.key_usage = Botan::CRL_SIGN; }) == "no_authority");
  BOOST_TEST(self_signed([](auto& t) { t.key_usage = 0; }) == "no_authority");
  BOOST_TEST(self_signed([](auto& t) { t.key = holder_key().public_part().spki(); }) == "no_authority");
  BOOST_TEST(self_signed([](auto& t) { t.strange_there = t.strange_critical = true; }) == "unknown_extension");
}

BOOST_AUTO_TEST_CASE(serials_out_of_bounds_are_refused) {
  BOOST_TEST(with([](auto& t) { t.number = 0; }) == "unreadable");
  // Botan writes no negative ones.
  auto negative = ours().issue("node:factory", {}, serial("41fe"), holder_key().public_part());
  const bytes number{0x02, 0x02, 0x41, 0xFE};
  *(std::search(negative.begin(), negative.end(), number.begin(), number.end()) + 2) = 0xC1;
  BOOST_TEST(reason(read_certificate(negative)) == "unreadable");
  BOOST_TEST(with([](auto& t) { t.number = (Botan::BigInt{1} << 160) - 1; }) == "taken");
  BOOST_TEST(with([](auto& t) { t.number = Botan::BigInt{1} << 160; }) == "unreadable");
}

BOOST_AUTO_TEST_CASE(sizes_are_bounded) {
  // A signature has 70 to 72 bytes, so a size has to be hit.
  const auto of_size = [](std::size_t size) {
    other_terms t;
    t.dns = std::string(size - 500, 'a');
    bytes made;
    while (made.size() != size) {
      made = by_another_hand(t, ours().key, dn_of(ours().own));
      if (made.size() + 3 < size || made.size() > size + 3)
        t.dns.resize(t.dns.size() + size - made.size());
      t.number += 1;
    }
    return made;
  };
  BOOST_TEST(reason(read_certificate(of_size(certificate_limit))) == "taken");
  BOOST_TEST(reason(read_certificate(of_size(certificate_limit + 1))) == "too_large");
  BOOST_TEST(reason(read_authority(of_size(certificate_limit + 1))) == "too_large");
  BOOST_TEST(reason(read_certificate(bytes(1 << 20, 0x30))) == "too_large");
  BOOST_TEST(reason(read_revocation_list(bytes(revocation_list_limit + 1, 0x30), ours().own)) == "too_large");
  // As many as an authority may issue.
  std::vector<revoked_serial> many;
  for (unsigned i = 0; i < 20'000; ++i)
    many.push_back({certificate_serial::draw(*ours().random), noon});
  const auto list = make_revocation_list(1, many, month, ours().own, ours().key, *ours().random);
  BOOST_TEST(list.size() <= revocation_list_limit);
  BOOST_TEST(read_revocation_list(list, ours().own).value().serials.size() == many.size());
}

BOOST_AUTO_TEST_CASE(what_is_no_certificate_is_unreadable) {
  auto der = node_certificate();
  for (const auto& none : {bytes{}, bytes{0x30}, bytes{0x30, 0x80}, bytes(100, 0x30), bytes(4096, 0xA0)})
    BOOST_TEST(reason(read_certificate(none)) == "unreadable");
  for (std::size_t n = 0; n < der.size(); ++n)
    BOOST_REQUIRE(!read_certificate(byte_view{der}.first(n)));
  der.push_back(0);
  BOOST_TEST(reason(read_certificate(der)) == "unreadable");
}

// A peer's certificate comes from anybody. Whatever the bytes are, there is a certificate or a reason, soon; and none
// that the authority did not sign is let in.
BOOST_AUTO_TEST_CASE(changed_certificates_are_errors_and_never_more) {
  std::mt19937_64 random{random_seed()};
  const auto list = ours().list({});
  const auto list_der =
      make_revocation_list(9, {{serial("0102"), noon}}, month, ours().own, ours().key, *ours().random);
  const std::vector<bytes> sound{node_certificate(),
                                 ours().issue("operator:Ada", {operator_role::officer, operator_role::auditor},
                                              serial("03"), holder_key().public_part()),
                                 ours().own.der, list_der};
  const std::set<bytes> all{sound.begin(), sound.end()};
  std::chrono::steady_clock::duration slowest{};
  for (int i = 0; i < 200'000; ++i) {
    const auto which = random() % sound.size();
    auto input = sound[which];
    for (auto changes = 1 + random() % 4; changes > 0; --changes) {
      const auto place = input.begin() + static_cast<std::ptrdiff_t>(random() % input.size());
      const auto length = std::min<std::ptrdiff_t>(1 + static_cast<std::ptrdiff_t>(random() % 16), input.end() - place);
      switch (random() % 6) {
      case 0:
        *place ^= static_cast<std::uint8_t>(1u << random() % 8);
        break;
      case 1:
        *place = static_cast<std::uint8_t>(random());
        break;
      case 2: // lengths and their lengths
        *place = std::array<std::uint8_t, 8>{0x00, 0x7F, 0x80, 0x81, 0x82, 0x84, 0x88, 0xFF}[random() % 8];
        break;
      case 3:
        input.erase(place, place + length);
        break;
      case 4:
        input.insert(place, static_cast<std::size_t>(length), static_cast<std::uint8_t>(random()));
        break;
      default: {
        const bytes piece(place, place + length);
        input.insert(input.begin() + static_cast<std::ptrdiff_t>(random() % input.size()), piece.begin(), piece.end());
      }
      }
      if (input.empty())
        input.push_back(0);
    }
    if (all.contains(input))
      continue;
    const auto began = std::chrono::steady_clock::now();
    BOOST_REQUIRE(!admit(input, ours().own, list, noon));
    if (which == 2)
      BOOST_REQUIRE(!read_authority(input));
    if (which == 3)
      BOOST_REQUIRE(!read_revocation_list(input, ours().own));
    slowest = std::max(slowest, std::chrono::steady_clock::now() - began);
  }
  const std::chrono::duration<double, std::milli> slowest_ms = slowest;
  BOOST_TEST_MESSAGE("slowest: " << slowest_ms.count() << " ms");
  BOOST_TEST((slowest < std::chrono::seconds{1})); // also on a busy machine
}

BOOST_AUTO_TEST_CASE(every_reason_has_a_name_and_a_sentence) {
  const std::string names[] = {
      "unreadable",      "too_large",   "other_algorithm", "unknown_extension",  "no_holder",
      "several_holders", "wrong_roles", "wrong_usage",     "no_authority",       "foreign",
      "not_yet_valid",   "expired",     "revoked",         "list_not_yet_valid", "list_expired"};
  BOOST_TEST(certificate_refusals == std::size(names));
  for (std::uint8_t i = 0; i < std::size(names); ++i) {
    const auto why = static_cast<certificate_refusal>(i + 1);
    BOOST_TEST(name(why) == names[i]);
    BOOST_TEST(text(why).size() > 5u);
  }
}

BOOST_AUTO_TEST_CASE(text_has_one_spelling) {
  const auto der = node_certificate();
  const auto pem = to_pem(pem_kind::certificate, der);
  BOOST_TEST(pem.starts_with("-----BEGIN CERTIFICATE-----\n"));
  BOOST_TEST(pem.ends_with("\n-----END CERTIFICATE-----\n"));
  BOOST_TEST((from_pem(pem_kind::certificate, view(pem)) == der));
  BOOST_TEST(!from_pem(pem_kind::revocation_list, view(pem)));
  for (const auto& other :
       {"x" + pem, pem + "x", pem + pem, std::string{}, pem.substr(1), pem.substr(0, pem.size() - 1)})
    BOOST_TEST(!from_pem(pem_kind::certificate, view(other)));
  const auto key = key_pem(holder_key());
  BOOST_TEST((key_from_pem(key).value().public_part().name() == holder_key().public_part().name()));
  BOOST_TEST(text_of(key).starts_with("-----BEGIN PRIVATE KEY-----\n"));
  BOOST_TEST(!key_from_pem(secret_of(text_of(key) + "\n")));
  BOOST_TEST(!key_from_pem(secret_of(pem)));
}

BOOST_AUTO_TEST_SUITE_END()
