// EP-8: what a box and its source prove to each other. Values are HMAC-SHA-256 of Python's hmac and hashlib
// (vectors.py).

#include "crypto/enrolment.hpp"

#include "crypto/envelope.hpp"
#include "tests/crypto/fixtures.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>
#include <set>

using namespace oaksteel;
using namespace oaksteel::testing;

BOOST_AUTO_TEST_SUITE(enrolment_proofs)
namespace {

enrolment example() {
  enrolment e;
  for (std::size_t i = 0; i < 32; ++i)
    e.log.value[i] = static_cast<std::uint8_t>(i);
  e.id = {box_type::oak, 1};
  e.slot = {"oak-1"};
  e.source = {box_type::manufacturing, 2};
  e.challenge.fill(0x11);
  e.answer.fill(0x22);
  e.start_up_key = {0x30, 0x31, 0x32};
  return e;
}

const auto typed = "ABCDEFGHIJKLMNOPQRST";

} // namespace

BOOST_AUTO_TEST_CASE(proofs_agree_with_another_implementation) {
  const auto s = secret_of(typed);
  BOOST_TEST(to_hex(enrolment_proof(s, enrolment_side::box, example()))
             == "ef5113839a6628f15da41b9e40a045f8610cc674a59443850eeb1fd3e929938c");
  BOOST_TEST(to_hex(enrolment_proof(s, enrolment_side::source, example()))
             == "22d9ee942204dd9de94b4328ee27fd9afe32ffa5eb46fc27254c2a25967fc238");
}

BOOST_AUTO_TEST_CASE(what_is_signed_is_what_was_seen) {
  BOOST_TEST(to_hex(order_text(example()))
             == "0000001c6f616b737465656c2f312f7365742d7365637572652d626f782d69640000002000010203040506"
                "0708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f000000094f3030303030303031000000056f"
                "616b2d31000000094d3030303030303032000000201111111111111111111111111111111111111111111111"
                "111111111111111111");
  const bytes sealed{'p', 'a', 'c', 'k', 'a', 'g', 'e'};
  const box_id source{box_type::manufacturing, 1}, target{box_type::oak, 1};
  const std::vector<box_id> steels{{box_type::steel, 1}, {box_type::steel, 2}};
  BOOST_TEST(to_hex(package_text(source, target, {"VE"}, steels, sealed))
             == "000000126f616b737465656c2f312f7061636b616765000000094d3030303030303031000000094f303030"
                "30303030310000000256450000000953303030303030303100000009533030303030303032000000"
                "20bc4a71180870f7945155fbb02f4b0a2e3faa2a62d6d31b7039013055ed19869a");
}

// Each thing that both have seen counts, and each side's proof is its own.
BOOST_AUTO_TEST_CASE(a_proof_is_for_one_enrolment_one_side_and_one_secret) {
  const auto s = secret_of(typed);
  const auto proof = enrolment_proof(s, enrolment_side::box, example());
  BOOST_TEST(proves(proof, s, enrolment_side::box, example()));
  BOOST_TEST(!proves(proof, s, enrolment_side::source, example()));
  BOOST_TEST(!proves(proof, secret_of("ABCDEFGHIJKLMNOPQRSU"), enrolment_side::box, example()));
  BOOST_TEST(!proves({}, s, enrolment_side::box, example()));
  BOOST_TEST(!proves(byte_view{proof}.first(31), s, enrolment_side::box, example()));
  const std::pair<const char*, std::function<void(enrolment&)>> changes[] = {
    {"log", [](auto& e) { e.log.value[0] ^= 1; }},
    {"number", [](auto& e) { ++e.id.number; }},
    {"type", [](auto& e) { e.id.type = box_type::steel; }},
    {"slot", [](auto& e) { e.slot = {"oak-2"}; }},
    {"source", [](auto& e) { --e.source.number; }},
    {"challenge", [](auto& e) { e.challenge[31] ^= 1; }},
    {"answer", [](auto& e) { e.answer[0] ^= 1; }},
    {"start-up key", [](auto& e) { e.start_up_key.back() ^= 1; }},
    {"start-up key, longer", [](auto& e) { e.start_up_key.push_back(0); }},
  };
  for (const auto& [what, change] : changes) {
    auto other = example();
    change(other);
    BOOST_TEST(!proves(proof, s, enrolment_side::box, other), what);
    BOOST_TEST((admission_text(other) != admission_text(example())), what);
  }
}

BOOST_AUTO_TEST_CASE(secrets_are_read_as_they_were_typed) {
  const auto read = [](const std::string& file) -> std::string {
    const auto s = read_enrolment_secret(secret_of(file));
    return s ? std::string{reveal(*s).begin(), reveal(*s).end()} : "refused";
  };
  const std::string twenty = typed;
  BOOST_TEST(read(twenty) == twenty);
  BOOST_TEST(read(twenty + "\n") == twenty);
  BOOST_TEST(read(twenty + "\r\n") == twenty);
  BOOST_TEST(read(std::string(128, 'x')) == std::string(128, 'x'));
  for (const auto& wrong : {std::string{}, std::string{"\n"}, twenty.substr(1), std::string(129, 'x'), twenty + "\n\n",
                            twenty + "\t", "\xc3\xa4" + twenty, twenty + std::string(1, '\0')})
    BOOST_TEST(read(wrong) == "refused");
}

BOOST_AUTO_TEST_CASE(secrets_are_drawn_with_160_bits) {
  const auto random = seeded_randomness(7, 1)->stream("officer", 0);
  std::set<std::string> all;
  for (int i = 0; i < 100; ++i) {
    const auto file = make_enrolment_secret(*random);
    const auto s = read_enrolment_secret(file);
    BOOST_REQUIRE(s);
    const std::string text{reveal(*s).begin(), reveal(*s).end()};
    BOOST_TEST(text.size() == 32u);
    BOOST_TEST(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == std::string::npos);
    all.insert(text);
  }
  BOOST_TEST(all.size() == 100u);
}

BOOST_AUTO_TEST_SUITE_END()
