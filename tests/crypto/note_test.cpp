#include "crypto/note.hpp"

#include "crypto/merkle.hpp"
#include "tests/crypto/fixtures.hpp"

#include <botan/base64.h>

#include <boost/test/unit_test.hpp>

using namespace oaksteel;
using namespace oaksteel::testing;

BOOST_AUTO_TEST_SUITE(note)
namespace {

// c2sp.org/signed-note, "Test vectors".
const std::string foo = "example.com/foo";
const std::string foo_verifier = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const std::string foo_text = "This is an example message.\n";
const std::string foo_line =
    "\xE2\x80\x94 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3"
    "mFXmRKuwHjG1Yu72IneyaQM=\n";

bytes foo_key() {
  const auto raw = Botan::base64_decode("AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k");
  return {raw.begin() + 1, raw.end()};
}

log_key standard_key() {
  return log_key::from_seed(secret_from_hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"));
}

} // namespace

BOOST_AUTO_TEST_CASE(ed25519_of_the_standard) {
  // RFC 8032, 7.1, tests 1 and 2.
  const auto one = standard_key();
  BOOST_TEST(to_hex(one.public_bytes()) == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  BOOST_TEST(to_hex(one.sign("")) ==
             "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39"
             "701cf9b46bd25bf5f0595bbe24655141438e7a100b");
  const auto two =
      log_key::from_seed(secret_from_hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
  BOOST_TEST(to_hex(two.public_bytes()) == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  BOOST_TEST(to_hex(two.sign("\x72")) ==
             "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e45"
             "8f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
  BOOST_CHECK_THROW(log_key::from_seed(secret_of("short")), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(the_published_note_opens) {
  BOOST_TEST(verifier_key(foo, foo_key()) == foo_verifier);
  const auto text = open_note(foo_text + "\n" + foo_line, foo, foo_key());
  BOOST_REQUIRE(text);
  BOOST_TEST(*text == foo_text);
}

BOOST_AUTO_TEST_CASE(what_is_signed_opens_and_nothing_else) {
  const auto random = seeded(5);
  const auto key = log_key::generate(*random), stranger = log_key::generate(*random);
  const auto note = signed_note("a\n\nb\n", "oaksteel/log", key);
  const auto text = open_note(note, "oaksteel/log", key.public_bytes());
  BOOST_REQUIRE(text);
  BOOST_TEST(*text == "a\n\nb\n");
  BOOST_CHECK(!open_note(note, "oaksteel/log", stranger.public_bytes()));
  BOOST_CHECK(!open_note(note, "oaksteel/other", key.public_bytes()));
  for (std::size_t i = 0; i < note.size(); ++i)
    for (const char flip : {1, 32}) {
      auto bad = note;
      bad[i] = static_cast<char>(bad[i] ^ flip);
      BOOST_CHECK_MESSAGE(!open_note(bad, "oaksteel/log", key.public_bytes()), "byte " << i << " flipped");
    }
  for (std::size_t n = 0; n < note.size(); ++n)
    BOOST_CHECK_MESSAGE(!open_note(note.substr(0, n), "oaksteel/log", key.public_bytes()), "cut at " << n);
}

BOOST_AUTO_TEST_CASE(several_signatures) {
  const auto random = seeded(6);
  const auto key = log_key::generate(*random), witness = log_key::generate(*random);
  const auto mine = signed_note("x\n", "log", key), theirs = signed_note("x\n", "witness", witness);
  const auto both = mine + theirs.substr(3);
  BOOST_CHECK(open_note(both, "log", key.public_bytes()));
  BOOST_CHECK(open_note(both, "witness", witness.public_bytes()));
  // A line of a known key that is wrong spoils the note beside a right one.
  const auto wrong = signed_note("y\n", "log", key);
  BOOST_CHECK(!open_note(mine + wrong.substr(3), "log", key.public_bytes()));
  // A line of an unknown key must still be a signature line.
  BOOST_CHECK(!open_note(mine + "\xE2\x80\x94 witness !\n", "log", key.public_bytes()));
  BOOST_CHECK(!open_note(mine + "witness\n", "log", key.public_bytes()));
  // Bounded: neither endless signatures nor an endless text.
  auto many = mine;
  for (int i = 0; i < 70; ++i)
    many += theirs.substr(3);
  BOOST_CHECK(!open_note(many, "log", key.public_bytes()));
  BOOST_CHECK(!open_note(signed_note(std::string(70'000, 'x') + "\n", "log", key), "log", key.public_bytes()));
}

BOOST_AUTO_TEST_CASE(names_and_texts_that_cannot_be_written) {
  const auto key = standard_key();
  for (const char* name : {"", "a b", "a+b", "a\nb"})
    BOOST_CHECK_THROW(signed_note("x\n", name, key), std::invalid_argument);
  for (const char* text : {"", "x", "x\ty\n"})
    BOOST_CHECK_THROW(signed_note(text, "log", key), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(checkpoints_read_back) {
  checkpoint c{"oaksteel/log simulated", 20'852'163, sha256(view("x"))};
  const auto read = parse_checkpoint(c.text());
  BOOST_REQUIRE(read);
  BOOST_TEST(read->origin == c.origin);
  BOOST_TEST(read->size == c.size);
  BOOST_CHECK(read->root == c.root);
  BOOST_TEST(read->text() == c.text());
  // c2sp.org/tlog-checkpoint, its example, with an extension line behind it.
  const auto example =
      parse_checkpoint("example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
                       "extension\n");
  BOOST_REQUIRE(example);
  BOOST_TEST(example->size == 20'852'163u);
}

BOOST_AUTO_TEST_CASE(checkpoints_that_are_none) {
  const std::string root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
  BOOST_REQUIRE(parse_checkpoint("o\n0\n" + root));
  for (const auto& text : std::vector<std::string>{"",
                                                   "o\n",
                                                   "o\n0\n",
                                                   "o\n0\n" + root.substr(0, root.size() - 1),
                                                   "\n0\n" + root,
                                                   "o\n\n" + root,
                                                   "o\n00\n" + root,
                                                   "o\n01\n" + root,
                                                   "o\n+1\n" + root,
                                                   "o\n-1\n" + root,
                                                   "o\n 1\n" + root,
                                                   "o\n1 \n" + root,
                                                   "o\n0x1\n" + root,
                                                   "o\n18446744073709551616\n" + root,
                                                   "o\n1\n\n",
                                                   "o\n1\nAAAA\n",
                                                   "o\n1\n" + root.substr(1),
                                                   "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n",
                                                   "o\n1\n" + root + "\n",
                                                   "o\n1\n" + root + "unfinished"})
    BOOST_CHECK_MESSAGE(!parse_checkpoint(text), text);
}

BOOST_AUTO_TEST_SUITE_END()
