// Two ends of a connection between nodes, and what a peer that is not one sends.

#include "actors/link/peer_end.hpp"

#include "storage/archive.hpp"
#include "tests/random_seed.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(peer_ends)
namespace {

peer_hello hello_of(const std::string& node) {
  return {peer_version, node, {}, 7};
}

/// Hands over in pieces of `size`.
void bring(peer_end& to, const bytes& data, std::size_t size) {
  for (std::size_t at = 0; at < data.size(); at += size)
    to.received(std::span{data}.subspan(at, std::min(size, data.size() - at)));
}

bytes content(std::size_t size, std::uint64_t seed) {
  std::mt19937_64 random{seed};
  bytes all(size);
  for (auto& b : all)
    b = static_cast<std::uint8_t>(random());
  return all;
}

bytes frame(frame_class kind, std::uint8_t number, const bytes& payload) {
  bytes out;
  write_frame(out, kind, number, payload);
  return out;
}
bytes hello_frame(const peer_hello& h) {
  return frame(frame_class::hello, 0, encode(h));
}
/// id(u64) kind last and the content, as peer_end.hpp has it.
bytes piece(std::uint64_t id, char kind, std::uint8_t last, const bytes& data = {}) {
  bytes all(8);
  for (std::size_t i = 0; i < 8; ++i)
    all[i] = static_cast<std::uint8_t>(id >> 8 * i);
  all.push_back(static_cast<std::uint8_t>(kind));
  all.push_back(last);
  all.insert(all.end(), data.begin(), data.end());
  return all;
}

/// What an end makes of these frames after a right hello.
std::optional<refusal> broken_by(const std::vector<bytes>& frames) {
  peer_end end{hello_of("here")};
  end.received(hello_frame(hello_of("there")));
  for (const auto& f : frames)
    end.received(f);
  BOOST_TEST(!end.delivered());
  return end.broken();
}

/// All that an end has to write.
bytes all_of(peer_end& end) {
  bytes all;
  for (auto next = end.to_write(); !next.empty(); next = end.to_write())
    all.insert(all.end(), next.begin(), next.end());
  return all;
}

} // namespace

BOOST_AUTO_TEST_CASE(both_say_who_they_are_and_messages_of_any_size_arrive_in_order) {
  for (const std::size_t pieces : {1, 7, 1000, 1'000'000}) {
    peer_end a{hello_of("a")}, b{hello_of("b")};
    const std::size_t sizes[] = {0, 1, 32 * 1024, 32 * 1024 + 1, 300'000};
    std::uint64_t id = 0;
    for (const auto size : sizes)
      if (pieces > 10 || size < 40'000)
        a.send({peer_message_kind::command, ++id, content(size, id)});
    bring(b, all_of(a), pieces);
    bring(a, all_of(b), pieces);
    BOOST_REQUIRE(b.peer() && a.peer());
    BOOST_TEST(b.peer()->node == "a");
    BOOST_TEST(a.peer()->node == "b");
    BOOST_TEST(b.peer()->epoch == 7u);
    for (std::uint64_t n = 1; n <= id; ++n) {
      const auto m = b.delivered();
      BOOST_REQUIRE(m);
      BOOST_TEST(m->id == n);
      BOOST_TEST((m->kind == peer_message_kind::command));
      BOOST_TEST((m->data == content(sizes[n - 1], n)));
    }
    BOOST_TEST(!b.delivered());
    BOOST_TEST(!b.broken());
  }
}

BOOST_AUTO_TEST_CASE(the_longest_message_arrives_and_one_byte_more_ends_the_connection) {
  for (const std::size_t more : {0, 1}) {
    peer_end a{hello_of("a")}, b{hello_of("b")};
    a.send({peer_message_kind::answer, 1, bytes(peer_message_limit + more, 'x')});
    b.received(all_of(a));
    BOOST_TEST(b.delivered().has_value() == (more == 0));
    BOOST_TEST((b.broken() == (more == 0 ? std::nullopt : std::optional{refusal::frame_malformed})));
  }
}

BOOST_AUTO_TEST_CASE(a_long_message_is_made_ready_as_it_goes) {
  peer_end a{hello_of("a")};
  a.send({peer_message_kind::command, 1, bytes(1'000'000, 'x')});
  BOOST_TEST(a.unsent() >= 1'000'000u);
  BOOST_TEST(a.to_write().size() < 200'000u);
  BOOST_TEST(a.unsent() > 800'000u);
  all_of(a);
  BOOST_TEST(a.unsent() == 0u);
  // Short ones count too: whoever only asks and does not read fills no memory.
  for (int n = 0; n < 10'000; ++n)
    a.send({peer_message_kind::pong, 1, bytes(8)});
  BOOST_TEST(a.unsent() > 1'000'000u);
}

BOOST_AUTO_TEST_CASE(a_peer_of_another_version_is_told_from_one_that_is_none) {
  peer_end end{hello_of("here")};
  end.received(frame(frame_class::hello, 0, {peer_version + 1, 0, 'x'})); // of whatever form
  BOOST_TEST((end.broken() == refusal::peer_version_unknown));
  BOOST_TEST(!end.peer());

  peer_end other{hello_of("here")};
  auto long_name = hello_of(std::string(node_name_limit + 1, 'n'));
  other.received(hello_frame(long_name));
  BOOST_TEST((other.broken() == refusal::frame_malformed));
}

// A node says which logs its log follows on: a few, and not as many as it likes.
BOOST_AUTO_TEST_CASE(a_hello_names_the_parents_of_a_log) {
  for (const std::size_t count : {std::size_t{0}, ancestors_limit, ancestors_limit + 1}) {
    auto hello = hello_of("there");
    hello.parents.resize(count);
    if (count > 0)
      hello.parents.back().value[0] = 1;
    peer_end end{hello_of("here")};
    end.received(hello_frame(hello));
    BOOST_TEST_CONTEXT(count) {
      BOOST_TEST((end.broken() == (count > ancestors_limit ? std::optional{refusal::frame_malformed} : std::nullopt)));
      BOOST_TEST((end.peer() && end.peer()->parents == hello.parents) == (count <= ancestors_limit));
    }
  }
}

BOOST_AUTO_TEST_CASE(nothing_but_a_hello_comes_first_and_none_later) {
  for (const auto& first : {frame(frame_class::data, 0, piece(1, 'C', 1)), frame(frame_class::hello, 0, {1}),
                            frame(frame_class::hello, 1, encode(hello_of("there"))),
                            frame(frame_class::hello, 0, bytes(513, 1)), bytes{'G', 'E', 'T', ' '}}) {
    peer_end end{hello_of("here")};
    end.received(first);
    BOOST_TEST((end.broken() == refusal::frame_malformed));
    end.received(hello_frame(hello_of("there"))); // too late
    BOOST_TEST(!end.peer());
  }
  BOOST_TEST((broken_by({frame(frame_class::hello, 1, encode(hello_of("there")))}) == refusal::frame_malformed));
}

BOOST_AUTO_TEST_CASE(what_is_no_piece_of_a_message_ends_the_connection) {
  const std::vector<std::vector<bytes>> wrong{
    {frame(frame_class::data, 1, {})},
    {frame(frame_class::data, 1, bytes(9, 0))},
    {frame(frame_class::data, 1, piece(1, 'Z', 1))},
    {frame(frame_class::data, 1, piece(1, 'C', 2))},
    {frame(frame_class::data, 2, piece(1, 'C', 1))},                                             // a frame is missing
    {frame(frame_class::data, 1, piece(1, 'C', 0)), frame(frame_class::data, 1, piece(1, 'C', 1))}, // a frame twice
    {frame(frame_class::data, 1, piece(1, 'C', 0)), frame(frame_class::data, 2, piece(2, 'C', 1))}, // another message
    {frame(frame_class::data, 1, piece(1, 'C', 0)), frame(frame_class::data, 2, piece(1, 'R', 1))},
    {frame(frame_class::acknowledged, 1, {})},
    {frame(frame_class::data, 1, piece(1, 'C', 0)), bytes{0x55}},
  };
  for (const auto& frames : wrong)
    BOOST_TEST((broken_by(frames) == refusal::frame_malformed));
}

BOOST_AUTO_TEST_CASE(mutated_streams_never_give_a_message_that_was_not_sent) {
  const auto seed = random_seed();
  std::mt19937_64 random{seed};
  peer_end a{hello_of("a")};
  const auto sent = content(500, 1);
  a.send({peer_message_kind::command, 1, sent});
  a.send({peer_message_kind::answer, 2, sent});
  const auto whole = all_of(a);
  for (int round = 0; round < 20'000; ++round) {
    auto data = whole;
    const auto at = random() % data.size();
    data[at] = static_cast<std::uint8_t>(data[at] ^ (1 + random() % 255));
    peer_end b{hello_of("b")};
    b.received(data);
    while (const auto m = b.delivered())
      BOOST_REQUIRE_MESSAGE(m->data == sent, "seed " << seed << ", round " << round);
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
