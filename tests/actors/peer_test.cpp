// A link to another node and the door there, without the connection between them: each command is done once, whatever
// becomes of the connection, and only those of the wires come in (SYS-6, EP-27).

#include "actors/link/peer.hpp"

#include "actors/actor_config.hpp"
#include "actors/errors.hpp"
#include "actors/link/message_list.hpp"

#include <boost/test/unit_test.hpp>

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <mutex>

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(peers)
namespace {

using namespace std::chrono_literals;

const wire ends{{component::kmc, {}}, {component::archive, "VE"}};

bytes command_of(const wire& way, std::uint32_t request) {
  return encode(command{command_kind::command, line_of<new_key_id>.code, request, way.from, way.to, {}});
}

/// What actors sent, in order.
struct sent {
  std::mutex mutex;
  std::vector<peer_message> all;

  std::function<void(peer_message)> taker() {
    return [this](peer_message m) {
      std::lock_guard lock{mutex};
      all.push_back(std::move(m));
    };
  }
  std::vector<peer_message> now() {
    std::lock_guard lock{mutex};
    return all;
  }
  bool reaches(std::size_t count) {
    for (int i = 0; i < 400 && now().size() < count; ++i)
      std::this_thread::sleep_for(10ms);
    return now().size() >= count;
  }
};

struct bench {
  actor_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};

  ~bench() {
    for (const auto& one : made)
      caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
  }
  std::vector<caf::actor> made;
};

struct with_link : bench {
  sent out;
  peer_link_actor link = spawn(60s);

  peer_link_actor spawn(std::chrono::seconds within) {
    const auto made_now = system.spawn(peer_link, peer_link_options{out.taker(), within});
    made.push_back(caf::actor_cast<caf::actor>(made_now));
    return made_now;
  }
};

struct with_door : bench {
  sent out;
  std::atomic<int> done = 0;
  std::atomic<bool> refuses = false; ///< the component, each command
  std::optional<order> outcome;      ///< it answers with
  std::vector<std::pair<refusal, std::string>> refused;
  std::mutex mutex;
  carrier_actor near = system.spawn([this](carrier_actor::pointer) -> carrier_actor::behavior_type {
    return {[this](const carried& m) -> caf::result<carried> {
      ++done;
      auto c = *decode_command(m.data);
      if (refuses)
        return carried{{}, encode(refusal_of(c, refusal::box_disabled))};
      c.kind = command_kind::response;
      if (outcome) {
        c.code = line_of<order_result>.code;
        c.parameters = parameters_in(order_result{{}, *outcome});
      }
      return carried{{}, encode(c)};
    }};
  });
  peer_door_actor door = system.spawn(peer_door, peer_door_options{out.taker(), [this](refusal why, const std::string& about) {
                                                                     std::lock_guard lock{mutex};
                                                                     refused.emplace_back(why, about);
                                                                   }});
  with_door() {
    made = {caf::actor_cast<caf::actor>(near), caf::actor_cast<caf::actor>(door)};
    self->send(door, wire_offered{{}, ends, near});
    self->send(door, peer_joined{{}, {peer_version, "there", {}, 1}});
  }
  void command(std::uint64_t id, const bytes& data) { self->send(door, peer_heard{{}, id, data}); }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(a_command_waits_for_the_connection_and_is_sent_again_over_the_next, with_link) {
  auto asked = self->request(link, 10s, carried{{}, {1, 2, 3}});
  self->send(link, peer_joined{{}, {}});
  BOOST_REQUIRE(out.reaches(1));
  self->send(link, peer_left{});
  self->send(link, peer_joined{{}, {}});
  BOOST_REQUIRE(out.reaches(2));
  const auto all = out.now();
  BOOST_TEST(all[0].id == all[1].id); // or it would be another command
  BOOST_TEST((all[0].data == bytes{1, 2, 3} && all[1].data == all[0].data));
  self->send(link, peer_heard{{}, all[0].id + 1, {7}}); // nobody asked that
  self->send(link, peer_heard{{}, all[0].id, {9}});
  self->send(link, peer_heard{{}, all[0].id, {8}}); // too late
  asked.receive([](const carried& a) { BOOST_TEST((a.data == bytes{9})); },
                [](const caf::error&) { BOOST_ERROR("no answer"); });
}

BOOST_FIXTURE_TEST_CASE(who_waits_too_long_hears_that_there_is_no_answer, with_link) {
  const auto hasty = spawn(0s);
  self->request(hasty, 10s, carried{{}, {1}})
    .receive([](const carried&) { BOOST_ERROR("an answer"); },
             [](const caf::error& e) { BOOST_TEST((refusal_in(e) == refusal::no_answer)); });
}

BOOST_FIXTURE_TEST_CASE(so_many_commands_and_bytes_wait_and_no_more, with_link) {
  const auto told = [this](bytes data) {
    std::optional<refusal> why;
    self->request(link, 10s, carried{{}, std::move(data)})
      .receive([](const carried&) {}, [&](const caf::error& e) { why = refusal_in(e); });
    return why;
  };
  BOOST_TEST((told(bytes(peer_message_limit + 1)) == refusal::command_malformed));
  for (std::size_t i = 0; i < peer_outstanding_bytes / peer_message_limit; ++i)
    self->send(link, carried{{}, bytes(peer_message_limit)});
  BOOST_TEST((told({1}) == refusal::busy));
  // The others are answered, and their place is free again.
  self->send(link, peer_joined{{}, {}});
  BOOST_REQUIRE(out.reaches(peer_outstanding_bytes / peer_message_limit));
  for (const auto& m : out.now())
    self->send(link, peer_heard{{}, m.id, {}});
  for (std::size_t i = 0; i < peer_outstanding_limit; ++i)
    self->send(link, carried{{}, {1}});
  BOOST_TEST((told({1}) == refusal::busy));
}

BOOST_FIXTURE_TEST_CASE(what_comes_again_gets_the_first_answer_and_is_not_done_again, with_door) {
  command(1, command_of(ends, 5));
  BOOST_REQUIRE(out.reaches(1));
  command(1, command_of(ends, 5));
  BOOST_REQUIRE(out.reaches(2));
  const auto all = out.now();
  BOOST_TEST(done == 1);
  BOOST_TEST((all[0].data == all[1].data && all[0].id == all[1].id));
  // The same node, connected again: still the same command.
  self->send(door, peer_joined{{}, {peer_version, "there", {}, 1}});
  command(1, command_of(ends, 5));
  BOOST_REQUIRE(out.reaches(3));
  BOOST_TEST(done == 1);
  // A node that has started again counts from the beginning.
  self->send(door, peer_joined{{}, {peer_version, "there", {}, 2}});
  command(1, command_of(ends, 6));
  BOOST_REQUIRE(out.reaches(4));
  BOOST_TEST(done == 2);
}

BOOST_FIXTURE_TEST_CASE(only_the_wires_of_the_plan_lead_in, with_door) {
  const std::vector<std::pair<bytes, refusal>> strange{
    {command_of({ends.from, {component::archive, "USPS"}}, 1), refusal::sender_not_permitted},
    {command_of({{component::kdc, {}}, ends.to}, 1), refusal::sender_not_permitted},
    {command_of({ends.to, ends.from}, 1), refusal::sender_not_permitted},
    {{1, 2, 3}, refusal::command_malformed},
    {{}, refusal::command_malformed},
  };
  std::uint64_t id = 0;
  for (const auto& [data, why] : strange) {
    command(++id, data);
    BOOST_REQUIRE(out.reaches(id));
    const auto answer = decode_command(out.now().back().data);
    BOOST_REQUIRE(answer);
    BOOST_TEST((refusal_in(*answer) == why));
    std::lock_guard lock{mutex};
    BOOST_REQUIRE(refused.size() == id);
    BOOST_TEST((refused.back().first == why));
  }
  BOOST_TEST(done == 0);
}

// Each refusal of a component is an event: a node must not fill the log of another with them (EP-29).
BOOST_FIXTURE_TEST_CASE(whose_commands_are_refused_again_and_again_is_busy, with_door) {
  constexpr std::uint32_t many = 3 * wire_refusals_limit;
  const wire other{{component::kmc, {}}, {component::archive, "USPS"}};
  self->send(door, wire_offered{{}, other, near});
  std::uint32_t id = 0;
  const auto come = [&](const wire& way) {
    for (std::uint32_t i = 0; i < many; ++i) {
      ++id;
      command(id, command_of(way, id));
      if (id % 512 == 0) // no more at once than a door takes
        BOOST_REQUIRE(out.reaches(id));
    }
  };
  // What is done uses nothing up.
  come(ends);
  BOOST_TEST(done == static_cast<int>(many));
  done = 0;
  refuses = true;
  const auto began = std::chrono::steady_clock::now();
  come(ends);
  const auto more = (std::chrono::steady_clock::now() - began) / wire_refusals_interval + 1;
  BOOST_TEST(done >= static_cast<int>(wire_refusals_limit));
  BOOST_TEST(done <= static_cast<int>(wire_refusals_limit) + more);
  const auto last = decode_command(out.now().back().data);
  BOOST_REQUIRE(last);
  BOOST_TEST((refusal_in(*last) == refusal::busy));
  {
    std::lock_guard lock{mutex};
    BOOST_REQUIRE(!refused.empty());
    BOOST_TEST((refused.back().first == refusal::busy));
  }
  // Another wire has its own.
  refuses = false;
  done = 0;
  come(other);
  BOOST_TEST(done == static_cast<int>(many));
}

// Each is events in the log of whoever took it, though nothing came of it.
BOOST_FIXTURE_TEST_CASE(orders_that_end_incomplete_are_no_more_than_refusals, with_door) {
  constexpr std::uint32_t many = 3 * wire_refusals_limit;
  const wire way{{component::kdc, {}}, {component::kmc, {}}};
  self->send(door, wire_offered{{}, way, near});
  std::uint32_t id = 0;
  const auto came_through = [&](bool complete) {
    outcome = order{};
    outcome->complete = complete;
    done = 0;
    for (std::uint32_t i = 0; i < many; ++i) {
      ++id;
      command(id, encode(oaksteel::command{command_kind::command, line_of<mr1>.code, id, way.from, way.to, {}}));
      if (id % 512 == 0)
        BOOST_REQUIRE(out.reaches(id));
    }
    BOOST_REQUIRE(out.reaches(id));
    return done.load();
  };
  BOOST_TEST(came_through(true) == static_cast<int>(many));
  const auto began = std::chrono::steady_clock::now();
  const auto incomplete = came_through(false);
  const auto more = (std::chrono::steady_clock::now() - began) / wire_refusals_interval + 1;
  BOOST_TEST(incomplete >= static_cast<int>(wire_refusals_limit));
  BOOST_TEST(incomplete <= static_cast<int>(wire_refusals_limit) + more);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
