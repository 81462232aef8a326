#include "crypto/agreement.hpp"

#include "tests/crypto/fixtures.hpp"

#include <botan/kdf.h>

#include <boost/test/unit_test.hpp>

using namespace oaksteel;
using namespace oaksteel::testing;

BOOST_AUTO_TEST_SUITE(agreement)

BOOST_AUTO_TEST_CASE(the_points_of_rfc_5903) {
  // RFC 5903, 8.1: both private keys, both points. The agreed key is X963KDF of `cryptography` over its shared
  // secret (vectors.py).
  told_generator i{hex_bytes("c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433")},
      r{hex_bytes("c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53")};
  const ephemeral_key a{i}, b{r};
  BOOST_TEST(to_hex(a.public_point()) ==
             "04dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c37725811805271a0461cdb82"
             "52d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3");
  BOOST_TEST(to_hex(b.public_point()) ==
             "04d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf6356fbf3ca366cc2"
             "3e8157854c13c58d6aac23f046ada30f8353e74f33039872ab");
  const auto at_a = a.agree(b.public_point(), view("oaksteel/1/session")),
             at_b = b.agree(a.public_point(), view("oaksteel/1/session"));
  BOOST_REQUIRE((at_a && at_b));
  BOOST_TEST(hex_of(*at_a) == "55e73d47fbb7026b8b6574a6699a79927d7cd969d046ec08e637789ff19b213b");
  BOOST_TEST(hex_of(*at_b) == hex_of(*at_a));
}

BOOST_AUTO_TEST_CASE(botans_kdf2_is_the_kdf_of_x9_63) {
  // NIST CAVP, ANSI X9.63 (ansx963_2001.rsp), SHA-256: without and with SharedInfo, which is KDF2's salt.
  const auto kdf = Botan::KDF::create_or_throw("KDF2(SHA-256)");
  const auto short_z = hex_bytes("96c05619d56c328ab95fe84b18264b08725b85e33fd34f08");
  BOOST_TEST(to_hex(kdf->derive_key(16, short_z.data(), short_z.size(), nullptr, 0, nullptr, 0)) ==
             "443024c3dae66b95e6f5670601558f71");
  const auto z = hex_bytes("22518b10e70f2a3f243810ae3254139efbee04aa57c7af7d"),
             info = hex_bytes("75eef81aa3041e33b80971203d2c0c52");
  BOOST_TEST(
      to_hex(kdf->derive_key(64, z.data(), z.size(), info.data(), info.size(), nullptr, 0)) ==
      "c498af77161cc59f2962b9a713e2b215152d139766ce34a776df11866a69bf2e52a13d9c7c6fc878c50c5ea0bc7b00e0da2447cfd874f6"
      "cf92f30d0097111485");
}

BOOST_AUTO_TEST_CASE(a_key_depends_on_both_sides_and_on_the_shared_info) {
  const auto random = seeded(40);
  const ephemeral_key a{*random}, b{*random}, c{*random};
  const auto key = hex_of(*a.agree(b.public_point(), view("x")));
  BOOST_TEST(key == hex_of(*b.agree(a.public_point(), view("x"))));
  BOOST_TEST(key != hex_of(*a.agree(b.public_point(), view("y"))));
  BOOST_TEST(key != hex_of(*a.agree(c.public_point(), view("x"))));
  BOOST_TEST(key != hex_of(*c.agree(b.public_point(), view("x"))));
}

BOOST_AUTO_TEST_CASE(points_that_are_none) {
  const auto random = seeded(41);
  const ephemeral_key a{*random}, b{*random};
  const auto& point = b.public_point();
  for (std::size_t i = 0; i < point.size(); ++i) {
    auto bad = point;
    bad[i] ^= 1; // another x or y alone leaves the curve
    BOOST_CHECK_MESSAGE(!a.agree(bad, {}), "byte " << i);
  }
  for (std::size_t n = 0; n < point.size(); ++n)
    BOOST_CHECK(!a.agree(byte_view{point}.first(n), {}));
  auto longer = point;
  longer.push_back(0);
  BOOST_CHECK(!a.agree(longer, {}));
  auto compressed = bytes(point.begin(), point.begin() + 33), hybrid = point;
  compressed[0] = static_cast<std::uint8_t>(2 | (point[64] & 1));
  hybrid[0] = static_cast<std::uint8_t>(6 | (point[64] & 1));
  BOOST_CHECK(!a.agree(compressed, {}));
  BOOST_CHECK(!a.agree(hybrid, {}));
  BOOST_CHECK(!a.agree(bytes(1), {})); // infinity
  auto zero = bytes(65);
  zero[0] = 4;
  BOOST_CHECK(!a.agree(zero, {}));
  // Coordinates that are not reduced: the field's prime itself for x.
  auto large = hex_bytes("04ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
  large.resize(65);
  BOOST_CHECK(!a.agree(large, {}));
}

BOOST_AUTO_TEST_SUITE_END()
