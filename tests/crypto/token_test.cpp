#include "crypto/token.hpp"

#include "tests/crypto/fixtures.hpp"

#include <botan/kdf.h>

#include <boost/test/unit_test.hpp>

#include <climits>

using namespace oaksteel;
using namespace oaksteel::testing;

BOOST_AUTO_TEST_SUITE(token)
namespace {

// From vectors.py (`cryptography`: KBKDFCMAC, CMAC, AES), master key 00 01 .. 1f.
const char* const master_hex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const char* const token_key_hex = "ef6b40581ba2ce8fb7bd152780ea3648a749252667177cc9d8723ebccea06b7e";

struct derivation {
  key_use use;
  const char* label;
  const char* context;
  const char* key;
};
const derivation derivations[] = {
    {key_use::test, "test", "VE", "37ab04e6061830131dd5e8733039dd00e91350c9dd22ce0ee2c467ce7827c525"},
    {key_use::commit, "commit", "VE", "f204a480157baaea144f76c22b7550c6a98311df54a87a3eae09759bae9d15c0"},
    {key_use::registration, "registration", "VE", "d5645c62e703fd721557631640e5d0d77f062cc7483b6f43d11e0f6e723f8baf"},
    {key_use::token, "token", "VE|4711|202603", token_key_hex},
    {key_use::token, "token", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
     "5aee351078f50ec8ae0feb474bac2f2d2cfba017d7fe095558bf9065dfef57dd"},
};

} // namespace

BOOST_AUTO_TEST_CASE(derivation_agrees_with_openssl_and_with_botan) {
  token_engine engine;
  const auto master = secret_from_hex(master_hex);
  const auto kdf = Botan::KDF::create_or_throw("SP800-108-Counter(CMAC(AES-256))");
  for (const auto& d : derivations) {
    BOOST_TEST(hex_of(engine.derive(master, d.use, d.context)) == d.key);
    const auto salt = view(d.context), label = view(d.label);
    const auto botan = kdf->derive_key(32, reveal(master).data(), reveal(master).size(), salt.data(), salt.size(),
                                       label.data(), label.size());
    BOOST_TEST(to_hex(botan) == d.key);
  }
}

BOOST_AUTO_TEST_CASE(derivation_agrees_with_botan_at_every_length) {
  token_engine engine;
  const std::uint64_t seed = 20260301;
  BOOST_TEST_MESSAGE("seed " << seed);
  const auto random = seeded(seed);
  const auto kdf = Botan::KDF::create_or_throw("SP800-108-Counter(CMAC(AES-256))");
  const std::string label = "token";
  for (std::size_t n = 0; n < 70; ++n) {
    const secret master{random->random_vec(32)};
    const auto raw = random->random_vec(n);
    const std::string context{raw.begin(), raw.end()};
    const auto botan =
        kdf->derive_key(32, reveal(master).data(), 32, raw.data(), raw.size(), view(label).data(), label.size());
    BOOST_TEST(hex_of(engine.derive(master, key_use::token, context)) == to_hex(botan));
  }
}

BOOST_AUTO_TEST_CASE(mail_tokens) {
  token_engine engine;
  const auto key = secret_from_hex(token_key_hex);
  const char* piece = "1|VE|4711|20260302|17|1100|53113";
  BOOST_TEST(engine.mail_token(key, piece, 4) == "7024");
  BOOST_TEST(engine.mail_token(key, piece, 6) == "177024");
  BOOST_TEST(engine.mail_token(key, piece, 18) == "284949750118177024");
  BOOST_TEST(engine.mail_token(key, "1|VE|4711|20260302|72|1100|53113", 6) == "000777"); // zeros in front stay
  BOOST_CHECK_THROW(engine.mail_token(key, piece, 3), std::invalid_argument);
  BOOST_CHECK_THROW(engine.mail_token(key, piece, 19), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(registration_tokens) {
  token_engine engine;
  const auto key = engine.derive(secret_from_hex(master_hex), key_use::registration, "VE");
  BOOST_TEST(to_hex(engine.registration_token(key, "1|VE|12345678|PC-1|4711|DE|20260302")) ==
             "1ab26c33c34153f7f2e783ab22aa916c");
}

BOOST_AUTO_TEST_CASE(commit_codes) {
  token_engine engine;
  const auto key = engine.derive(secret_from_hex(master_hex), key_use::commit, "VE");
  BOOST_TEST(to_hex(engine.commit_code(key, "oaksteel/1/commit|M0000001|VE/1")) == "78106177e74b8e80263fee25397098d3");
  BOOST_TEST(to_hex(engine.commit_code(key, "oaksteel/1/committed|M0000001|VE/1")) == "ce5abdf5c2cd5a140e2139867f8efdac");
}

BOOST_AUTO_TEST_CASE(cmac_of_the_standard) {
  // SP 800-38B, D.3 (CMAC-AES-256).
  const auto key = secret_from_hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
  const auto message =
      hex_bytes("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f"
               "2445df4f9b17ad2b417be66c3710");
  const std::pair<std::size_t, const char*> expected[] = {{0, "028962f61b7bf89efc6b551f4667d983"},
                                                          {16, "28a7023f452e8f82bd4bf28d8c37c35c"},
                                                          {40, "aaf3d8f1de5640c232f5b169b9c911e6"},
                                                          {64, "e1992190549f6ed5696a2c056c315410"}};
  token_engine engine;
  for (const auto& [length, tag] : expected)
    BOOST_TEST(to_hex(engine.registration_token(key, std::string{message.begin(), message.begin() + length})) == tag);
}

BOOST_AUTO_TEST_CASE(test_tokens_and_the_part_that_is_asked_for) {
  token_engine engine;
  const auto key = engine.derive(secret_from_hex(master_hex), key_use::test, "VE");
  BOOST_TEST(engine.test_tokens(key, 0, 16) == "5555576839861076");
  BOOST_TEST(engine.test_tokens(key, 6, 4) == "6839");
  BOOST_TEST(engine.test_tokens(key, 15, 1) == "6");
  BOOST_TEST(engine.test_tokens(key, 15, 2) == "");
  BOOST_TEST(engine.test_tokens(key, 17, 0) == "");
  BOOST_TEST(engine.test_tokens(key, 1, UINT_MAX) == "");
  BOOST_TEST(engine.test_tokens(key, UINT_MAX, 2) == "");
}

BOOST_AUTO_TEST_CASE(check_value_names_a_key) {
  token_engine engine;
  BOOST_TEST(to_hex(engine.check_value(secret_from_hex(master_hex))) == "3a56cb4a9771214c");
}

BOOST_AUTO_TEST_CASE(keys_of_another_size_are_a_broken_call_and_leave_the_engine_whole) {
  token_engine engine;
  BOOST_CHECK_THROW(engine.derive(secret_of("short"), key_use::test, "VE"), std::invalid_argument);
  BOOST_CHECK_THROW(engine.mail_token(secret_of("sixteen bytes..."), "x", 6), std::invalid_argument);
  BOOST_CHECK_THROW(engine.test_tokens(secret{}, 0, 16), std::invalid_argument);
  BOOST_TEST(hex_of(engine.derive(secret_from_hex(master_hex), key_use::token, "VE|4711|202603")) == token_key_hex);
}

BOOST_AUTO_TEST_SUITE_END()
