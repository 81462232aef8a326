#include "crypto/suite.hpp"

#include "crypto/merkle.hpp"
#include "tests/crypto/fixtures.hpp"
#include "tests/crypto/foreign_vectors.hpp"

#include <botan/data_src.h>
#include <botan/numthry.h>
#include <botan/pkcs8.h>
#include <botan/rsa.h>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <thread>

using namespace oaksteel;
using namespace oaksteel::testing;

BOOST_AUTO_TEST_SUITE(suite)
namespace {

const char* const bytes_00_to_1f = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

std::optional<public_key> read(suite_id suite, std::string_view hex) { return public_key::parse(suite, hex_bytes(hex)); }

bytes flipped(bytes b, std::size_t at, std::uint8_t mask = 1) {
  b[at] ^= mask;
  return b;
}

} // namespace

BOOST_AUTO_TEST_CASE(p256_signs_as_the_standard_does) {
  // RFC 6979, A.2.5, P-256 with SHA-256.
  const auto key = standard_p256();
  const auto random = seeded(1);
  const auto signature = key.sign(view("sample"), *random);
  BOOST_TEST(to_hex(signature) == "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
                                  "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
  BOOST_TEST(key.public_part().verify(view("sample"), signature));
  BOOST_TEST(to_hex(key.public_part().spki()) == p256_spki);
  BOOST_TEST(key.stored().size() == 138u);
}

BOOST_AUTO_TEST_CASE(rsa_of_another_implementation) {
  const auto pkcs8 = secret_from_hex(rsa_pkcs8);
  const auto key = private_key::parse(suite_id::rsa3072, pkcs8);
  BOOST_REQUIRE(key);
  BOOST_TEST(to_hex(key->public_part().spki()) == rsa_spki);
  BOOST_TEST(hex_of(key->stored()) == rsa_pkcs8);
  const auto random = seeded(1);
  const auto unwrapped = key->unwrap(hex_bytes(rsa_wrapped), *random);
  BOOST_REQUIRE(unwrapped);
  BOOST_TEST(hex_of(*unwrapped) == bytes_00_to_1f);

  const auto& open = key->public_part();
  const auto signature = hex_bytes(rsa_signature);
  BOOST_TEST(open.verify(view("sample"), signature));
  BOOST_TEST(!open.verify(view("Sample"), signature));
  BOOST_TEST(!open.verify(view("sample"), hex_bytes(rsa_short_salt)));
  for (std::size_t i = 0; i < signature.size(); ++i)
    BOOST_TEST(!open.verify(view("sample"), flipped(signature, i)));
  BOOST_TEST(!open.verify(view("sample"), byte_view{signature}.first(383)));
  BOOST_TEST(!open.verify(view("sample"), {}));
}

BOOST_AUTO_TEST_CASE(rsa_signs_and_wraps_for_itself) {
  const auto key = private_key::parse(suite_id::rsa3072, secret_from_hex(rsa_pkcs8));
  BOOST_REQUIRE(key);
  const auto random = seeded(2);
  BOOST_TEST(key->public_part().verify(view("x"), key->sign(view("x"), *random)));
  const auto wrapped = key->public_part().wrap(secret_from_hex(bytes_00_to_1f), *random);
  BOOST_TEST(wrapped.size() == 384u);
  const auto unwrapped = key->unwrap(wrapped, *random);
  BOOST_REQUIRE(unwrapped);
  BOOST_TEST(hex_of(*unwrapped) == bytes_00_to_1f);
  for (const std::size_t i : {0u, 1u, 100u, 383u})
    BOOST_TEST(!key->unwrap(flipped(wrapped, i), *random));
  BOOST_TEST(!key->unwrap(byte_view{wrapped}.first(383), *random));
  BOOST_TEST(!key->unwrap(bytes(384, 0xFF), *random)); // larger than the modulus
  BOOST_TEST(!key->unwrap({}, *random));
}

BOOST_AUTO_TEST_CASE(an_rsa_signature_has_one_length) {
  // RFC 8017, 8.1.2, 1: "If the length of the signature S is not k octets, output 'invalid signature'". As a number,
  // a signature without its leading zero is the same.
  const auto key = private_key::parse(suite_id::rsa3072, secret_from_hex(rsa_pkcs8));
  BOOST_REQUIRE(key);
  const auto random = seeded(5);
  auto signature = key->sign(view("x"), *random);
  for (int i = 0; i < 3'000 && signature[0] != 0; ++i) // one in 160 begins with zero
    signature = key->sign(view("x"), *random);
  BOOST_REQUIRE(signature[0] == 0);
  BOOST_TEST(key->public_part().verify(view("x"), signature));
  BOOST_TEST(!key->public_part().verify(view("x"), byte_view{signature}.subspan(1)));
  signature.insert(signature.begin(), 0);
  BOOST_TEST(!key->public_part().verify(view("x"), signature));
}

BOOST_AUTO_TEST_CASE(p256_wraps) {
  const auto key = standard_p256();
  const auto random = seeded(3);
  const auto stranger = private_key::generate(suite_id::p256, *random);
  const auto wrapped = key.public_part().wrap(secret_from_hex(bytes_00_to_1f), *random);
  BOOST_TEST(wrapped.size() == 113u);
  const auto unwrapped = key.unwrap(wrapped, *random);
  BOOST_REQUIRE(unwrapped);
  BOOST_TEST(hex_of(*unwrapped) == bytes_00_to_1f);
  BOOST_TEST(!stranger.unwrap(wrapped, *random));
  for (std::size_t i = 0; i < wrapped.size(); ++i)
    BOOST_TEST(!key.unwrap(flipped(wrapped, i), *random));
  for (std::size_t n = 0; n < wrapped.size(); ++n)
    BOOST_TEST(!key.unwrap(byte_view{wrapped}.first(n), *random));
  BOOST_CHECK_THROW(key.public_part().wrap(secret_of("short"), *random), std::invalid_argument);
  BOOST_CHECK(key.public_part().wrap(secret_from_hex(bytes_00_to_1f), *random) != wrapped);
}

BOOST_AUTO_TEST_CASE(p256_signatures_are_of_one_key_and_one_message) {
  const auto key = standard_p256();
  const auto random = seeded(4);
  const auto stranger = private_key::generate(suite_id::p256, *random);
  const auto signature = key.sign(view("sample"), *random);
  BOOST_TEST(!stranger.public_part().verify(view("sample"), signature));
  BOOST_TEST(!key.public_part().verify(view("sampl"), signature));
  for (std::size_t i = 0; i < signature.size(); ++i)
    BOOST_TEST(!key.public_part().verify(view("sample"), flipped(signature, i)));
  BOOST_TEST(!key.public_part().verify(view("sample"), bytes(64)));
  BOOST_TEST(!key.public_part().verify(view("sample"), {}));
  auto longer = signature;
  longer.push_back(0);
  BOOST_TEST(!key.public_part().verify(view("sample"), longer));
}

BOOST_AUTO_TEST_CASE(public_keys_that_are_none) {
  BOOST_REQUIRE(read(suite_id::p256, p256_spki));
  BOOST_REQUIRE(read(suite_id::rsa3072, rsa_spki));
  BOOST_CHECK(!read(suite_id::rsa3072, p256_spki));
  BOOST_CHECK(!read(suite_id::p256, rsa_spki));
  BOOST_CHECK(!read(static_cast<suite_id>(3), p256_spki));
  BOOST_CHECK(!read(suite_id::p256, p256_compressed_spki)); // one key, one encoding
  BOOST_CHECK(!read(suite_id::p256, p384_spki));
  BOOST_CHECK(!read(suite_id::rsa3072, rsa2048_spki));
  BOOST_CHECK(!read(suite_id::rsa3072, rsa_e3_spki));
  const std::string all_but_e{rsa_spki.substr(0, rsa_spki.size() - 6)};
  BOOST_REQUIRE(read(suite_id::rsa3072, all_but_e + "010001"));
  BOOST_CHECK(!read(suite_id::rsa3072, all_but_e + "010003"));
  BOOST_CHECK(!read(suite_id::p256, ""));
  for (const auto& [suite, hex] : {std::pair{suite_id::p256, p256_spki}, std::pair{suite_id::rsa3072, rsa_spki}}) {
    BOOST_CHECK(!read(suite, std::string{hex} + "00"));
    for (std::size_t n = 0; n < hex.size(); n += 2)
      BOOST_CHECK(!read(suite, hex.substr(0, n)));
  }
  // Every other byte pattern is another point, almost never on the curve, or another structure.
  const auto spki = hex_bytes(p256_spki);
  for (std::size_t i = 0; i < spki.size(); ++i)
    BOOST_CHECK_MESSAGE(!public_key::parse(suite_id::p256, flipped(spki, i)), "byte " << i);
}

BOOST_AUTO_TEST_CASE(private_keys_that_are_none) {
  const auto key = standard_p256();
  const auto stored = key.stored();
  const auto again = private_key::parse(suite_id::p256, stored);
  BOOST_REQUIRE(again);
  BOOST_CHECK(again->public_part().name() == key.public_part().name());
  BOOST_CHECK(!private_key::parse(suite_id::rsa3072, stored));
  BOOST_CHECK(!private_key::parse(suite_id::p256, secret_from_hex(rsa_pkcs8)));
  BOOST_CHECK(!private_key::parse(suite_id::p256, secret{}));
  BOOST_CHECK(!private_key::parse(suite_id::p256, secret_of(std::string(100'000, '0'))));
  const std::string hex = hex_of(stored);
  BOOST_CHECK(!private_key::parse(suite_id::p256, secret_from_hex(hex + "00")));
  for (std::size_t n = 0; n < hex.size(); n += 2)
    BOOST_CHECK(!private_key::parse(suite_id::p256, secret_from_hex(hex.substr(0, n))));
  // The scalar zero, the curve's order, and a good scalar which is not this point's.
  const std::string scalar = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
  for (const auto* other : {"0000000000000000000000000000000000000000000000000000000000000000",
                            "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
                            "0000000000000000000000000000000000000000000000000000000000000005"}) {
    auto bad = hex;
    bad.replace(bad.find(scalar), scalar.size(), other);
    BOOST_CHECK(!private_key::parse(suite_id::p256, secret_from_hex(bad)));
  }
  // A scalar beyond the order, with the point that belongs to it: 5 and the order plus 5 are one key.
  const std::string five = "0000000000000000000000000000000000000000000000000000000000000005";
  told_generator tells_five{hex_bytes(five)};
  auto beyond = hex_of(private_key::generate(suite_id::p256, tells_five).stored());
  const auto at = beyond.find(five);
  BOOST_REQUIRE(at != std::string::npos);
  BOOST_CHECK(private_key::parse(suite_id::p256, secret_from_hex(beyond)));
  for (std::size_t i = 0; i < beyond.size(); i += 2) {
    auto flip = hex_bytes(beyond);
    flip[i / 2] ^= 1;
    BOOST_CHECK_MESSAGE(!private_key::parse(suite_id::p256, secret{byte_view{flip}}), "byte " << i / 2);
  }
  beyond.replace(at, five.size(), "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632556");
  BOOST_CHECK(!private_key::parse(suite_id::p256, secret_from_hex(beyond)));
  // An RSA key with sound primes whose exponent does not undo the public one.
  const auto raw = hex_bytes(rsa_pkcs8);
  Botan::DataSource_Memory source{raw.data(), raw.size()};
  const auto sound = Botan::PKCS8::load_key(source);
  const auto& rsa = dynamic_cast<const Botan::RSA_PrivateKey&>(*sound);
  const Botan::RSA_PrivateKey unsound{rsa.get_p(), rsa.get_q(), rsa.get_e(), rsa.get_d() + 2};
  BOOST_CHECK(!private_key::parse(suite_id::rsa3072, secret{Botan::PKCS8::BER_encode(unsound)}));
  for (std::size_t i = 0; i < raw.size(); ++i)
    BOOST_CHECK_MESSAGE(!private_key::parse(suite_id::rsa3072, secret{byte_view{flipped(raw, i)}}), "byte " << i);
}

// All of its numbers fit each other (RFC 8017, 3.2), but one of the primes is none: it does not sign.
BOOST_AUTO_TEST_CASE(an_rsa_key_of_a_composite_number_is_refused) {
  const auto raw = hex_bytes(rsa_pkcs8);
  Botan::DataSource_Memory source{raw.data(), raw.size()};
  const auto sound = Botan::PKCS8::load_key(source);
  const auto& rsa = dynamic_cast<const Botan::RSA_PrivateKey&>(*sound);
  const auto &e = rsa.get_e(), &q = rsa.get_q();
  auto composite = rsa.get_p() + 2;
  const auto random = seeded(1);
  while (Botan::is_prime(composite, *random) || Botan::gcd(composite - 1, e) != 1)
    composite += 2;
  const auto d = Botan::inverse_mod(e, Botan::lcm(composite - 1, q - 1));
  const Botan::RSA_PrivateKey unfit{composite, q, e, d};
  BOOST_REQUIRE_EQUAL(unfit.get_n().bits(), 3072u);
  BOOST_CHECK(private_key::parse(suite_id::rsa3072, secret_from_hex(rsa_pkcs8)));
  BOOST_CHECK(!private_key::parse(suite_id::rsa3072, secret{Botan::PKCS8::BER_encode(unfit)}));
}

BOOST_AUTO_TEST_CASE(the_fingerprint_is_of_the_spki) {
  const auto key = standard_p256();
  BOOST_TEST(key.public_part().name().hex() == sha256(hex_bytes(p256_spki)).hex());
  BOOST_CHECK(key.suite() == suite_id::p256);
  BOOST_CHECK(key.public_part().suite() == suite_id::p256);
}

BOOST_AUTO_TEST_CASE(a_seeded_generator_gives_the_same_key_signature_and_wrapping) {
  const auto a = seeded(7), b = seeded(7), c = seeded(8);
  const auto one = private_key::generate(suite_id::p256, *a), two = private_key::generate(suite_id::p256, *b),
             three = private_key::generate(suite_id::p256, *c);
  BOOST_CHECK(one.public_part().name() == two.public_part().name());
  BOOST_CHECK(one.public_part().name() != three.public_part().name());
  const auto rsa = private_key::parse(suite_id::rsa3072, secret_from_hex(rsa_pkcs8));
  const auto key = secret_from_hex(bytes_00_to_1f);
  for (int i = 0; i < 3; ++i) { // the second use is of a prepared key: it must draw what the first drew
    const auto x = seeded(9), y = seeded(9);
    BOOST_CHECK(rsa->sign(view("m"), *x) == rsa->sign(view("m"), *y));
    BOOST_CHECK(rsa->public_part().wrap(key, *x) == rsa->public_part().wrap(key, *y));
    BOOST_CHECK(one.sign(view("m"), *x) == two.sign(view("m"), *y));
    BOOST_CHECK(one.public_part().wrap(key, *x) == two.public_part().wrap(key, *y));
    BOOST_CHECK(x->random_vec(16) == y->random_vec(16));
  }
}

BOOST_AUTO_TEST_CASE(a_seeded_generator_gives_the_same_rsa_key) {
  const auto a = seeded(10), b = seeded(10);
  const auto one = private_key::generate(suite_id::rsa3072, *a), two = private_key::generate(suite_id::rsa3072, *b);
  BOOST_CHECK(one.public_part().name() == two.public_part().name());
  BOOST_CHECK(public_key::parse(suite_id::rsa3072, one.public_part().spki()));
  BOOST_CHECK(private_key::parse(suite_id::rsa3072, one.stored()));
}

BOOST_AUTO_TEST_CASE(generated_in_parallel_is_generated_the_same) {
  const auto a = seeded(11), b = seeded(11);
  const auto one = generate_keys(suite_id::p256, 5, *a), two = generate_keys(suite_id::p256, 5, *b);
  BOOST_REQUIRE(one.size() == 5u);
  for (std::size_t i = 0; i < one.size(); ++i) {
    BOOST_CHECK(one[i].public_part().name() == two[i].public_part().name());
    BOOST_CHECK(i == 0 || one[i].public_part().name() != one[0].public_part().name());
  }
}

BOOST_AUTO_TEST_CASE(one_key_serves_several_threads) {
  const auto key = standard_p256();
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      const auto random = seeded(12, t);
      for (int i = 0; i < 20; ++i) {
        const auto message = std::to_string(t) + "/" + std::to_string(i);
        const auto unwrapped = key.unwrap(key.public_part().wrap(secret_from_hex(bytes_00_to_1f), *random), *random);
        if (key.public_part().verify(view(message), key.sign(view(message), *random)) && unwrapped)
          ++good;
      }
    });
  for (auto& t : threads)
    t.join();
  BOOST_TEST(good == 80);
}

BOOST_AUTO_TEST_SUITE_END()
