#include "crypto/envelope.hpp"

#include "tests/crypto/fixtures.hpp"
#include "tests/crypto/foreign_vectors.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace oaksteel;
using namespace oaksteel::testing;

BOOST_AUTO_TEST_SUITE(envelope)
namespace {

const signing_scope key_of_ve{"key", "VE"};

bytes flipped(bytes b, std::size_t at, std::uint8_t mask) {
  b[at] ^= mask;
  return b;
}

std::vector<byte_view> views(const std::vector<std::string>& texts) {
  std::vector<byte_view> v;
  for (const auto& t : texts)
    v.push_back(view(t));
  return v;
}

/// A fresh checker's verdict: nothing remembered.
bool proves(const public_key& signer, const signing_scope& scope, std::string_view record, byte_view proof) {
  return proof_checker{}.check(signer, scope, view(record), proof);
}

struct parties {
  std::unique_ptr<generator> random = seeded(20);
  private_key own = private_key::generate(suite_id::p256, *random);
  private_key stranger = private_key::generate(suite_id::p256, *random);
};

} // namespace

BOOST_AUTO_TEST_CASE(what_another_implementation_sealed_opens) {
  const auto key = standard_p256();
  const auto random = seeded(21);
  const auto plaintext = opener{key, *random}.open(hex_bytes(p256_sealed), view("VE/1"));
  BOOST_REQUIRE(plaintext);
  BOOST_TEST(text_of(*plaintext) == "a master key");
}

BOOST_FIXTURE_TEST_CASE(a_batch_opens_in_any_order, parties) {
  sealer one{own.public_part(), *random}, two{own.public_part(), *random};
  const auto a = one.seal(secret_of("same"), view("x")), b = one.seal(secret_of("same"), view("x")),
             c = two.seal(secret_of("other"), view("y")), empty = two.seal(secret{}, {});
  BOOST_CHECK(bytes(a.end() - 20, a.end()) != bytes(b.end() - 20, b.end())); // a nonce of its own
  opener in{own, *random};
  for (int round = 0; round < 2; ++round) {
    BOOST_TEST(text_of(*in.open(b, view("x"))) == "same");
    BOOST_TEST(text_of(*in.open(c, view("y"))) == "other");
    BOOST_TEST(text_of(*in.open(a, view("x"))) == "same");
    BOOST_REQUIRE(in.open(empty, {}));
  }
}

BOOST_FIXTURE_TEST_CASE(sealed_to_another_for_another_or_damaged, parties) {
  sealer out{own.public_part(), *random};
  const auto sealed = out.seal(secret_of("a master key"), view("VE/1")), next = out.seal(secret_of("b"), view("VE/2"));
  opener in{own, *random};
  BOOST_REQUIRE(in.open(sealed, view("VE/1"))); // from here on with a remembered key, the harder case
  BOOST_CHECK(!in.open(sealed, view("VE/2")));
  BOOST_CHECK(!in.open(sealed, view("VE/")));
  BOOST_CHECK(!in.open(sealed, {}));
  BOOST_CHECK(!(opener{stranger, *random}.open(sealed, view("VE/1"))));
  for (std::size_t i = 0; i < sealed.size(); ++i)
    for (const std::uint8_t mask : {0x01, 0x80})
      BOOST_CHECK_MESSAGE(!in.open(flipped(sealed, i, mask), view("VE/1")), "byte " << i);
  for (std::size_t n = 0; n < sealed.size(); ++n)
    BOOST_CHECK(!in.open(byte_view{sealed}.first(n), view("VE/1")));
  auto longer = sealed;
  longer.push_back(0);
  BOOST_CHECK(!in.open(longer, view("VE/1")));
  // The head of one record before the body of another of the same batch.
  auto spliced = bytes(sealed.begin(), sealed.begin() + 39 + 113);
  spliced.insert(spliced.end(), next.begin() + 39 + 113, next.end());
  BOOST_CHECK(!in.open(spliced, view("VE/2")));
  BOOST_CHECK(in.open(sealed, view("VE/1"))); // no failure spoilt the opener
}

BOOST_FIXTURE_TEST_CASE(the_header_does_not_run_into_the_associated_data, parties) {
  // Bytes moved from the ciphertext's front to the associated data's end, and back.
  sealer out{own.public_part(), *random};
  const auto sealed = out.seal(secret_of("text"), view("VE"));
  auto shorter = sealed;
  shorter.erase(shorter.begin() + 39 + 113);
  bytes associated{'V', 'E', sealed[39 + 113]};
  BOOST_CHECK(!(opener{own, *random}.open(shorter, associated)));
}

BOOST_FIXTURE_TEST_CASE(a_sealer_cannot_lie_in_the_header, parties) {
  // Written by hand, so that everything is authentic and only the header's claim differs.
  const secret key{random->random_vec(32)};
  const auto wrapped = own.public_part().wrap(key, *random);
  const auto write = [&](std::uint8_t suite, const fingerprint& recipient) {
    bytes sealed{suite};
    sealed.insert(sealed.end(), recipient.of.value.begin(), recipient.of.value.end());
    sealed.insert(sealed.end(), {0, 0, 0, 5, 0, 113});
    sealed.insert(sealed.end(), wrapped.begin(), wrapped.end());
    told_generator nonce{hex_bytes("000000000000000000000005")};
    const auto body = seal_under(key, secret_of("K"), sealed, nonce);
    sealed.insert(sealed.end(), body.begin() + 12, body.end());
    return sealed;
  };
  opener in{own, *random};
  BOOST_REQUIRE(in.open(write(2, own.public_part().name()), {}));
  BOOST_CHECK(!in.open(write(2, stranger.public_part().name()), {}));
  BOOST_CHECK(!in.open(write(1, own.public_part().name()), {}));
}

// Records of several batches in any order cost an unwrapping each batch, and openers can share it. A batch that is
// forgotten is unwrapped again.
BOOST_FIXTURE_TEST_CASE(a_batch_is_unwrapped_once, parties) {
  sealer first{own.public_part(), *random}, second{own.public_part(), *random};
  const auto kept = std::make_shared<unwrapped_keys>();
  const auto wrapped_in = [](const bytes& sealed) { return byte_view{sealed}.subspan(39, 113); };
  std::vector<bytes> sealed;
  for (int n = 0; n < 2; ++n)
    for (auto* batch : {&first, &second})
      sealed.push_back(batch->seal(secret_of("K"), view("VE/1")));
  for (const auto& record : sealed)
    BOOST_CHECK((opener{own, *random, kept}.open(record, view("VE/1"))));
  const auto known = kept->find(wrapped_in(sealed[0]));
  BOOST_REQUIRE(known);
  BOOST_CHECK(kept->find(wrapped_in(sealed[2])) == known);
  BOOST_CHECK(kept->find(wrapped_in(sealed[1])) != known);
  BOOST_CHECK((opener{own, *random, kept}.open(sealed[2], view("VE/1"))));
  // What is kept is believed, so nothing is unwrapped again: with a wrong key nothing opens.
  const auto wrong = std::make_shared<unwrapped_keys>();
  wrong->keep(wrapped_in(sealed[2]), kept->find(wrapped_in(sealed[1])));
  BOOST_CHECK(!(opener{own, *random, wrong}.open(sealed[2], view("VE/1"))));
  // It opens no more than the private key does.
  BOOST_CHECK(!(opener{own, *random, kept}.open(sealed[2], view("VE/2"))));
  BOOST_CHECK(!(opener{stranger, *random, kept}.open(sealed[2], view("VE/1"))));
  for (std::size_t n = 0; n < unwrapped_keys::limit; ++n)
    kept->keep(random->random_vec(113), known);
  BOOST_CHECK(!kept->find(wrapped_in(sealed[0])));
  BOOST_CHECK((opener{own, *random, kept}.open(sealed[0], view("VE/1"))));
}

BOOST_AUTO_TEST_CASE(gcm_of_the_standard) {
  // McGrew and Viega, "The Galois/Counter Mode of Operation", B, test case 16 (AES-256, 96-bit nonce).
  const auto key = secret_from_hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
  const std::string plaintext =
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
      "b16aedf5aa0de657ba637b39";
  const auto associated = hex_bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  told_generator nonce{hex_bytes("cafebabefacedbaddecaf888")};
  const auto sealed = seal_under(key, secret_from_hex(plaintext), associated, nonce);
  BOOST_TEST(to_hex(sealed) ==
             "cafebabefacedbaddecaf888"
             "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838"
             "c5f61e6393ba7a0abcc9f662"
             "76fc6ece0f4e1768cddf8853bb2d551b");
  const auto opened = open_under(key, sealed, associated);
  BOOST_REQUIRE(opened);
  BOOST_TEST(hex_of(*opened) == plaintext);
}

BOOST_FIXTURE_TEST_CASE(sealed_under_a_secret_key, parties) {
  const secret key{random->random_vec(32)}, other{random->random_vec(32)};
  const auto sealed = seal_under(key, secret_of("K"), view("VE/1"), *random);
  BOOST_CHECK(seal_under(key, secret_of("K"), view("VE/1"), *random) != sealed);
  BOOST_REQUIRE(open_under(key, sealed, view("VE/1")));
  BOOST_CHECK(!open_under(other, sealed, view("VE/1")));
  BOOST_CHECK(!open_under(secret_of("short"), sealed, view("VE/1")));
  BOOST_CHECK(!open_under(key, sealed, view("VE/2")));
  for (std::size_t i = 0; i < sealed.size(); ++i)
    BOOST_CHECK(!open_under(key, flipped(sealed, i, 1), view("VE/1")));
  for (std::size_t n = 0; n < sealed.size(); ++n)
    BOOST_CHECK(!open_under(key, byte_view{sealed}.first(n), view("VE/1")));
  BOOST_CHECK_THROW(seal_under(secret_of("short"), secret_of("K"), {}, *random), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(tags_and_comparison) {
  // SP 800-38B, D.3, example 3 (CMAC-AES-256, 40 bytes).
  const auto key = secret_from_hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
  const auto message = hex_bytes("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411");
  BOOST_TEST(to_hex(tag_under(key, message)) == "aaf3d8f1de5640c232f5b169b9c911e6");
  BOOST_CHECK_THROW(tag_under(secret_of("short"), message), std::invalid_argument);
  BOOST_TEST(same_bytes(view("abc"), view("abc")));
  BOOST_TEST(!same_bytes(view("abc"), view("abd")));
  BOOST_TEST(!same_bytes(view("abc"), view("ab")));
  BOOST_TEST(!same_bytes(view("ab"), view("abc")));
  BOOST_TEST(same_bytes({}, {}));
}

BOOST_AUTO_TEST_CASE(what_another_implementation_proved_checks) {
  const auto key = standard_p256();
  proof_checker checker;
  const char* const records[] = {"one", "two", "three"};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto proof = hex_bytes(p256_proofs[i]);
    BOOST_TEST(checker.check(key.public_part(), key_of_ve, view(records[i]), proof));
    BOOST_TEST(claimed_signer(proof)->hex() == key.public_part().name().hex());
    BOOST_TEST(!checker.check(key.public_part(), key_of_ve, view(records[(i + 1) % 3]), proof));
  }
}

BOOST_FIXTURE_TEST_CASE(batches_of_every_small_size, parties) {
  BOOST_TEST(prove(own, key_of_ve, {}, *random).empty());
  for (std::size_t n = 1; n <= 17; ++n) {
    std::vector<std::string> records;
    for (std::size_t i = 0; i < n; ++i)
      records.push_back("record " + std::to_string(i));
    const auto proofs = prove(own, key_of_ve, views(records), *random);
    BOOST_REQUIRE(proofs.size() == n);
    proof_checker checker;
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t other = 0; other < n; ++other)
        BOOST_REQUIRE(checker.check(own.public_part(), key_of_ve, view(records[other]), proofs[i]) == (i == other));
  }
}

BOOST_FIXTURE_TEST_CASE(a_proof_is_for_one_scope_one_signer_one_record, parties) {
  const auto proof = prove(own, key_of_ve, views({"r", "s", "t"}), *random)[1];
  const auto& signer = own.public_part();
  BOOST_REQUIRE(proves(signer, key_of_ve, "s", proof));
  BOOST_CHECK(!proves(stranger.public_part(), key_of_ve, "s", proof));
  BOOST_CHECK(!proves(signer, {"kez", "VE"}, "s", proof));
  BOOST_CHECK(!proves(signer, {"key", "VF"}, "s", proof));
  BOOST_CHECK(!proves(signer, {"ke", "yVE"}, "s", proof));
  BOOST_CHECK(!proves(signer, {std::string_view{"key\0", 4}, "VE"}, "s", proof));
  BOOST_CHECK(!proves(signer, {"key", std::string(300, 'V')}, "s", proof));
  BOOST_CHECK(!proves(signer, key_of_ve, "r", proof));
  BOOST_CHECK(!proves(signer, key_of_ve, "", proof));
  BOOST_CHECK_THROW(prove(own, {std::string_view{"k\0y", 3}, "VE"}, views({"r"}), *random), std::invalid_argument);
  BOOST_CHECK_THROW(prove(own, {"key", std::string(256, 'V')}, views({"r"}), *random), std::invalid_argument);
}

BOOST_FIXTURE_TEST_CASE(a_stranger_cannot_name_our_key, parties) {
  // The stranger signs, then writes our fingerprint over his own.
  auto proof = prove(stranger, key_of_ve, views({"r"}), *random)[0];
  const auto& name = own.public_part().name().of.value;
  std::copy(name.begin(), name.end(), proof.begin() + 1);
  BOOST_CHECK(claimed_signer(proof) == own.public_part().name());
  BOOST_CHECK(!proves(own.public_part(), key_of_ve, "r", proof));
  BOOST_CHECK(!proves(stranger.public_part(), key_of_ve, "r", proof));
}

BOOST_FIXTURE_TEST_CASE(a_signer_cannot_say_what_cannot_be_said, parties) {
  // Written by hand and truly signed: another suite's number, a NUL in the purpose, a domain too long for its length.
  const auto write = [&](std::uint8_t suite, const std::string& purpose, const std::string& domain) {
    const auto& name = own.public_part().name().of.value;
    const auto root = leaf_hash(view("r"));
    bytes proof{suite}, statement;
    proof.insert(proof.end(), name.begin(), name.end());
    for (const auto c : "oaksteel/1/" + purpose)
      statement.push_back(static_cast<std::uint8_t>(c));
    statement.push_back(0);
    statement.insert(statement.end(), proof.begin(), proof.end());
    statement.push_back(static_cast<std::uint8_t>(domain.size()));
    statement.insert(statement.end(), domain.begin(), domain.end());
    statement.insert(statement.end(), {0, 0, 0, 1});
    statement.insert(statement.end(), root.value.begin(), root.value.end());
    const auto signature = own.sign(statement, *random);
    proof.insert(proof.end(), {0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 64});
    proof.insert(proof.end(), signature.begin(), signature.end());
    return proof;
  };
  const auto& signer = own.public_part();
  const std::string nul{"k\0y", 3}, endless(300, 'V');
  BOOST_REQUIRE(proves(signer, {"key", "VE"}, "r", write(2, "key", "VE")));
  BOOST_CHECK(!proves(signer, {"key", "VE"}, "r", write(1, "key", "VE")));
  BOOST_CHECK(!proves(signer, {nul, "VE"}, "r", write(2, nul, "VE")));
  BOOST_CHECK(!proves(signer, {"key", endless}, "r", write(2, "key", endless)));
}

BOOST_FIXTURE_TEST_CASE(every_byte_of_a_proof_counts, parties) {
  // Also for a checker that remembers this batch's good signature, and also the count, which no path pins down.
  const auto proofs = prove(own, key_of_ve, views({"a", "b", "c", "d", "e"}), *random);
  const char* const records[] = {"a", "b", "c", "d", "e"};
  for (const std::size_t n : {0, 2, 4}) {
    const auto& proof = proofs[n];
    proof_checker warm;
    BOOST_REQUIRE(warm.check(own.public_part(), key_of_ve, view(records[n]), proof));
    for (std::size_t i = 0; i < proof.size(); ++i)
      for (const std::uint8_t mask : {0x01, 0x02, 0x08}) {
        const auto bad = flipped(proof, i, mask);
        BOOST_CHECK_MESSAGE(!warm.check(own.public_part(), key_of_ve, view(records[n]), bad), "byte " << i);
      }
    for (std::size_t length = 0; length < proof.size(); ++length) {
      BOOST_CHECK(!warm.check(own.public_part(), key_of_ve, view(records[n]), byte_view{proof}.first(length)));
      BOOST_CHECK(!claimed_signer(byte_view{proof}.first(length)));
    }
    auto longer = proof;
    longer.push_back(0);
    BOOST_CHECK(!warm.check(own.public_part(), key_of_ve, view(records[n]), longer));
    BOOST_CHECK(!claimed_signer(longer));
    BOOST_CHECK(warm.check(own.public_part(), key_of_ve, view(records[n]), proof));
  }
}

BOOST_FIXTURE_TEST_CASE(what_is_remembered_is_of_one_key_and_one_scope, parties) {
  const auto proof = prove(own, key_of_ve, views({"r"}), *random)[0];
  proof_checker checker;
  BOOST_REQUIRE(checker.check(own.public_part(), key_of_ve, view("r"), proof));
  BOOST_CHECK(!checker.check(own.public_part(), {"key", "US"}, view("r"), proof));
  BOOST_CHECK(!checker.check(own.public_part(), {"order", "VE"}, view("r"), proof));
  BOOST_CHECK(!checker.check(stranger.public_part(), key_of_ve, view("r"), proof));
  BOOST_CHECK(!checker.check(own.public_part(), key_of_ve, view("q"), proof));
}

BOOST_FIXTURE_TEST_CASE(noise_is_refused, parties) {
  const std::uint64_t seed = 20260303;
  BOOST_TEST_MESSAGE("seed " << seed);
  std::mt19937_64 dice{seed};
  const auto proof = prove(own, key_of_ve, views({"a", "b", "c"}), *random)[1];
  sealer out{own.public_part(), *random};
  const auto sealed = out.seal(secret_of("K"), view("VE/1"));
  opener in{own, *random};
  proof_checker checker;
  for (int i = 0; i < 2'000; ++i) {
    auto bad_proof = proof, bad_sealed = sealed;
    for (auto* b : {&bad_proof, &bad_sealed}) {
      b->resize(dice() % (2 * b->size()));
      for (auto n = dice() % 4 + 1; n > 0 && !b->empty(); --n)
        (*b)[dice() % b->size()] ^= static_cast<std::uint8_t>(dice() % 255 + 1);
    }
    BOOST_REQUIRE(!checker.check(own.public_part(), key_of_ve, view("b"), bad_proof) || bad_proof == proof);
    BOOST_REQUIRE(!in.open(bad_sealed, view("VE/1")) || bad_sealed == sealed);
    claimed_signer(bad_proof);
  }
}

BOOST_AUTO_TEST_CASE(rsa_envelopes) {
  const auto key = private_key::parse(suite_id::rsa3072, secret_from_hex(rsa_pkcs8));
  BOOST_REQUIRE(key);
  const auto random = seeded(22);
  sealer out{key->public_part(), *random};
  const auto a = out.seal(secret_of("K1"), view("VE/1")), b = out.seal(secret_of("K2"), view("VE/2"));
  opener in{*key, *random};
  BOOST_TEST(text_of(*in.open(a, view("VE/1"))) == "K1");
  BOOST_TEST(text_of(*in.open(b, view("VE/2"))) == "K2");
  for (std::size_t i = 0; i < a.size(); i += 29)
    BOOST_CHECK(!in.open(flipped(a, i, 1), view("VE/1")));
  const auto proofs = prove(*key, key_of_ve, views({"r", "s"}), *random);
  proof_checker checker;
  BOOST_TEST(checker.check(key->public_part(), key_of_ve, view("s"), proofs[1]));
  for (std::size_t i = 0; i < proofs[1].size(); i += 7)
    BOOST_CHECK(!checker.check(key->public_part(), key_of_ve, view("s"), flipped(proofs[1], i, 1)));
}

BOOST_AUTO_TEST_SUITE_END()
