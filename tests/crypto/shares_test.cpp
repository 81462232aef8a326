#include "crypto/shares.hpp"

#include "crypto/merkle.hpp"
#include "tests/crypto/fixtures.hpp"
#include "tests/crypto/foreign_vectors.hpp"

#include <boost/test/unit_test.hpp>

#include <bit>

using namespace oaksteel;
using namespace oaksteel::testing;

BOOST_AUTO_TEST_SUITE(shares)
namespace {

std::vector<const secret*> chosen(const std::vector<secret>& all, std::initializer_list<std::size_t> which) {
  std::vector<const secret*> some;
  for (auto i : which)
    some.push_back(&all[i]);
  return some;
}

bytes raw(const secret& s) { return {reveal(s).begin(), reveal(s).end()}; }

/// A share changed by someone who mends its checksum.
secret forged(const secret& share, std::size_t at, std::uint8_t mask) {
  auto b = raw(share);
  b[at] ^= mask;
  b.resize(b.size() - 8);
  const auto sum = sha256(b);
  b.insert(b.end(), sum.value.begin(), sum.value.begin() + 8);
  return secret{byte_view{b}};
}

} // namespace

BOOST_AUTO_TEST_CASE(shares_of_another_implementation) {
  std::vector<secret> all;
  for (auto hex : five_shares)
    all.push_back(secret_from_hex(hex));
  for (const auto& three : {chosen(all, {0, 1, 2}), chosen(all, {4, 0, 3}), chosen(all, {0, 1, 2, 3, 4})}) {
    const auto whole = combine(three);
    BOOST_REQUIRE(whole);
    BOOST_TEST(hex_of(*whole) == "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
  }
  BOOST_CHECK(!combine(chosen(all, {0, 1})));
}

BOOST_AUTO_TEST_CASE(any_threshold_of_any_count) {
  const auto random = seeded(30);
  const secret whole{random->random_vec(32)};
  for (unsigned count = 1; count <= 5; ++count)
    for (unsigned threshold = 1; threshold <= count; ++threshold) {
      const auto all = split(whole, threshold, count, *random);
      BOOST_REQUIRE(all.size() == count);
      for (unsigned subset = 0; subset < 1u << count; ++subset) {
        std::vector<const secret*> some;
        for (unsigned i = 0; i < count; ++i)
          if (subset >> i & 1)
            some.push_back(&all[i]);
        const auto back = combine(some);
        BOOST_REQUIRE(back.has_value() == (some.size() >= threshold));
        BOOST_REQUIRE((!back || reveal(*back) == reveal(whole)));
      }
    }
  BOOST_CHECK(
      combine(chosen(split(secret_of("k"), 16, 16, *random), {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})));
}

BOOST_AUTO_TEST_CASE(broken_calls) {
  const auto random = seeded(31);
  const auto whole = secret_of("k");
  for (const auto& [threshold, count] : {std::pair{0u, 2u}, {3u, 2u}, {2u, 17u}, {0u, 0u}, {257u, 257u}})
    BOOST_CHECK_THROW(split(whole, threshold, count, *random), std::invalid_argument);
  BOOST_CHECK_THROW(split(secret{}, 2, 3, *random), std::invalid_argument);
  BOOST_CHECK_THROW(split(secret_of(std::string(70'000, 'x')), 2, 3, *random), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(shares_of_two_sets_do_not_mix) {
  const auto random = seeded(32);
  const auto whole = secret_of("the same secret");
  const auto one = split(whole, 2, 3, *random), two = split(whole, 2, 3, *random);
  BOOST_CHECK(!combine({&one[0], &two[1]}));
  BOOST_CHECK(!combine({&one[0], &one[1], &two[2]}));
  BOOST_CHECK(!combine({&one[0], &one[0]}));
  BOOST_CHECK(!combine({&one[0], nullptr}));
  BOOST_CHECK(!combine({}));
  BOOST_CHECK(!combine(std::vector<const secret*>(17, &one[0])));
}

BOOST_AUTO_TEST_CASE(a_damaged_share_is_refused_in_every_byte) {
  const auto random = seeded(33);
  for (const unsigned threshold : {1u, 2u}) { // a lone share of one too
    const auto all = split(secret{random->random_vec(32)}, threshold, 2, *random);
    for (std::size_t i = 0; i < all[0].size(); ++i) {
      auto b = raw(all[0]);
      b[i] ^= 0x10;
      const secret bad{byte_view{b}};
      BOOST_CHECK_MESSAGE(!combine(threshold == 1 ? std::vector{&bad} : std::vector{&bad, &all[1]}), "byte " << i);
    }
    for (std::size_t n = 0; n < all[0].size(); ++n) {
      const secret bad{byte_view{reveal(all[0])}.first(n)};
      BOOST_CHECK(!combine(threshold == 1 ? std::vector{&bad} : std::vector{&bad, &all[1]}));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_forged_share_is_refused_when_it_is_combined) {
  const auto random = seeded(34);
  const auto all = split(secret{random->random_vec(32)}, 2, 3, *random);
  for (std::size_t i = 0; i + 8 < all[0].size(); ++i) {
    const auto bad = forged(all[0], i, 0x01);
    BOOST_CHECK_MESSAGE(!combine({&bad, &all[1]}), "byte " << i);
    BOOST_CHECK_MESSAGE(!combine({&bad, &all[1], &all[2]}), "byte " << i);
  }
  // All shares agree to go without the hash, or with a lower threshold.
  const auto a = forged(all[0], 16, 2), b = forged(all[1], 16, 2);
  BOOST_CHECK(!combine({&a, &b}));
  const auto lone = forged(all[0], 17, 2 ^ 1);
  BOOST_CHECK(!combine({&lone}));
  const auto none_a = forged(all[0], 17, 2 ^ 0), none_b = forged(all[1], 17, 2 ^ 0);
  BOOST_CHECK(!combine({&none_a}));
  BOOST_CHECK(!combine({&none_a, &none_b}));
  const auto long_a = forged(all[0], 19, 1), long_b = forged(all[1], 19, 1);
  BOOST_CHECK(!combine({&long_a, &long_b}));
}

BOOST_AUTO_TEST_CASE(a_threshold_of_one_is_held_to_the_same) {
  const auto random = seeded(36);
  const auto whole = secret_of("a secret of one share");
  const auto one = split(whole, 1, 3, *random), two = split(whole, 1, 3, *random);
  for (const auto& some : {chosen(one, {0}), chosen(one, {2}), chosen(one, {0, 1, 2})})
    BOOST_TEST(text_of(*combine(some)) == "a secret of one share");
  BOOST_CHECK(!combine({&one[0], &two[0]}));
  BOOST_CHECK(!combine(std::vector<const secret*>(17, &one[0]))); // no set is that large
  // A forged part of the secret, alone and beside a good one; a forged hash.
  for (const std::size_t at : {std::size_t{21}, one[0].size() - 9}) {
    const auto bad = forged(one[0], at, 1);
    BOOST_CHECK(!combine({&bad}));
    BOOST_CHECK(!combine({&one[1], &bad}));
  }
}

BOOST_AUTO_TEST_CASE(commitments) {
  // SHA-256 of 32 bytes 00 and `abc`, by sha256sum.
  BOOST_TEST(share_commitment({}, secret_of("abc")).hex() == sha256(view(std::string(32, '\0') + "abc")).hex());
  digest salt;
  salt.value[31] = 1;
  BOOST_CHECK(share_commitment(salt, secret_of("abc")) != share_commitment({}, secret_of("abc")));
  BOOST_CHECK(share_commitment({}, secret_of("abd")) != share_commitment({}, secret_of("abc")));
}

BOOST_AUTO_TEST_CASE(a_seeded_generator_gives_the_same_shares) {
  const auto a = seeded(35), b = seeded(35);
  const auto one = split(secret_of("k"), 2, 3, *a), two = split(secret_of("k"), 2, 3, *b);
  for (std::size_t i = 0; i < one.size(); ++i)
    BOOST_CHECK(raw(one[i]) == raw(two[i]));
}

BOOST_AUTO_TEST_SUITE_END()
