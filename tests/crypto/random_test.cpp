#include "crypto/random.hpp"

#include "tests/crypto/fixtures.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace oaksteel;
using namespace oaksteel::testing;

BOOST_AUTO_TEST_SUITE(random_numbers)
namespace {

std::string first_bytes(randomness& source, const std::string& actor, std::uint64_t number) {
  return to_hex(source.stream(actor, number)->random_vec(32));
}

} // namespace

BOOST_AUTO_TEST_CASE(the_seeded_source_is_hmac_drbg) {
  // vectors.py: SP 800-90A, 10.1.2, written out in Python.
  const auto stream = seeded_randomness(42, 1)->stream("oak/O00000001", 7);
  BOOST_TEST(to_hex(stream->random_vec(20)) == "e1a0e7b7d74885221fc917d795f3cba62667437e");
  BOOST_TEST(to_hex(stream->random_vec(64)) == "e9540fe6d90212157c406e4f013e03ec4be4226e51151225b30d3b13abee91c8"
                                               "cac004abbbaca04011dd79d3447c81d6002e9866bf018bd6649fefb9965f63aa");
}

BOOST_AUTO_TEST_CASE(a_stream_depends_on_each_of_its_names_and_on_nothing_else) {
  std::set<std::string> seen;
  for (const std::uint64_t seed : {1, 2})
    for (const std::uint32_t epoch : {1, 2})
      for (const char* actor : {"oak", "steel", ""})
        for (const std::uint64_t number : {1, 2}) {
          const auto source = seeded_randomness(seed, epoch);
          source->stream("another", 99)->random_vec(8);
          const auto first = first_bytes(*source, actor, number);
          BOOST_TEST(first == first_bytes(*seeded_randomness(seed, epoch), actor, number));
          seen.insert(first);
        }
  BOOST_TEST(seen.size() == 2u * 2 * 3 * 2);
}

BOOST_AUTO_TEST_CASE(a_seeded_stream_does_not_end) {
  // A DRBG with a reseed interval would give up after 1,024 requests without a source.
  const auto a = seeded(3), b = seeded(3);
  for (int i = 0; i < 5'000; ++i)
    BOOST_REQUIRE(a->random_vec(8) == b->random_vec(8));
}

BOOST_AUTO_TEST_CASE(a_child_follows_its_parent) {
  const auto a = seeded(4), b = seeded(4);
  const auto first = child_generator(*a)->random_vec(32), second = child_generator(*a)->random_vec(32);
  BOOST_CHECK(first != second);
  BOOST_CHECK(child_generator(*b)->random_vec(32) == first);
  BOOST_CHECK(child_generator(*b)->random_vec(32) == second);
}

BOOST_AUTO_TEST_CASE(the_system_source_never_repeats) {
  const auto source = system_randomness();
  BOOST_TEST(first_bytes(*source, "oak", 1) != first_bytes(*source, "oak", 1));
}

BOOST_AUTO_TEST_CASE(a_secret_moves_and_does_nothing_else) {
  static_assert(!std::is_copy_constructible_v<secret> && !std::is_copy_assignable_v<secret>);
  static_assert(std::is_nothrow_move_constructible_v<secret>);
  static_assert(!std::is_convertible_v<secret, bytes>);
  auto a = secret_of("abc");
  const auto b = std::move(a);
  BOOST_TEST(b.size() == 3u);
  BOOST_TEST(a.empty());
}

BOOST_AUTO_TEST_SUITE_END()
