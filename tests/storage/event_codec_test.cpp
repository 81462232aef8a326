// Events of every version: today's program reads what earlier ones wrote, lifted to the newest struct.

#include "storage/event_codec.hpp"

#include "events/earlier.hpp"
#include "events/signed_bodies.hpp"
#include "storage/any_event.hpp"
#include "storage/archive.hpp"
#include "storage/signed_body.hpp"
#include "tests/storage/sample_log.hpp"

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(event_codec)
namespace {

const box_id oak{box_type::oak, 1};

record holding(std::uint16_t tag, std::uint8_t version, bytes payload) {
  record r;
  r.tag = tag;
  r.version = version;
  r.payload = std::move(payload);
  return r;
}

template <class Event>
Event read(const record& r) {
  const auto event = decode_event(r);
  BOOST_REQUIRE_MESSAGE(event, (event ? "" : event.error()));
  BOOST_REQUIRE(std::holds_alternative<Event>(*event));
  BOOST_CHECK(read_as<Event>(r) == std::get<Event>(*event)); // actors read it the same way
  return std::get<Event>(*event);
}

} // namespace

BOOST_AUTO_TEST_CASE(version_1_of_shares_is_lifted) {
  const box_initialised_1 made{oak,    {"oak-1"}, suite_id::p256, 2, {{7}}, {{{"Ada"}, {{8}}}}, {{{"Bela"}, {{9}}}},
                               {1, 2}, {{box_type::oak, {3}}}};
  BOOST_CHECK(read<box_initialised>(holding(21, 1, encode(made)))
              == (box_initialised{oak, made.slot, made.suite, 2, made.salt, made.shares, made.domain_shares,
                                  made.domain_key_set, made.start_up_keys, {}, {}}));
  BOOST_CHECK(read<share_entered>(holding(22, 1, encode(share_entered_1{oak, {"Ada"}})))
              == (share_entered{oak, {"Ada"}, {}}));
  BOOST_CHECK(read<share_refused>(holding(23, 1, encode(share_refused_1{oak, {"Ada"}, refusal::share_doubled})))
              == (share_refused{oak, {"Ada"}, refusal::share_doubled, {}}));
}

BOOST_AUTO_TEST_CASE(version_2_of_shares_comes_back) {
  const share_name second{{{4, 5}}, 2};
  const box_initialised_2 made{oak, {"oak-1"}, suite_id::p256,           1, {}, {{{"Ada"}, {}}}, {}, {},
                               {},  share_set{{{4, 5}}, {6}}, share_set{{{7}}, {8}}};
  const box_initialised lifted{oak, {"oak-1"}, suite_id::p256,           1, {}, {{{"Ada"}, {}}}, {}, {},
                               {},  share_set{{{4, 5}}, {6}}, share_set{{{7}}, {8}}};
  BOOST_CHECK(read<box_initialised>(holding(21, 2, encode(made))) == lifted);
  const share_entered in{oak, {"Ada"}, second};
  BOOST_CHECK(read<share_entered>(holding(22, 2, encode(in))) == in);
  const share_refused out{oak, {"Ada"}, refusal::share_forged, second};
  BOOST_CHECK(read<share_refused>(holding(23, 2, encode(out))) == out);
}

// Boxes of before took their ids without an enrolment, and nobody said who issued keys.
BOOST_AUTO_TEST_CASE(boxes_before_enrolments_are_lifted) {
  const box_id source{box_type::manufacturing, 1};
  const domain_process_made_1 made{oak, {"VE"}, suite_id::p256, {{box_type::steel, 1}}};
  BOOST_CHECK(read<domain_process_made>(holding(26, 1, encode(made)))
              == (domain_process_made{oak, {"VE"}, suite_id::p256, {{box_type::steel, 1}}, {}, {}, {}}));
  const domain_process_made now{oak, {"VE"}, suite_id::p256, {{box_type::steel, 1}}, source, {{3}}, check_value{4}};
  BOOST_CHECK(read<domain_process_made>(holding(26, 2, encode(now))) == now);
  const box_initialised box{oak, {"oak-1"}, suite_id::p256, 1, {}, {{{"Ada"}, {}}}, {}, {}, {}, {}, {}, source, {5}, {}};
  BOOST_CHECK(read<box_initialised>(holding(21, 3, encode(box))) == box);
}

// A version says how the payload is written: the bytes of one are none of another.
BOOST_AUTO_TEST_CASE(a_version_that_is_not_known_is_refused) {
  const auto old = encode(share_entered_1{oak, {"Ada"}});
  const auto problem = [](const record& r) {
    const auto event = decode_event(r);
    return event ? std::string{"read"} : event.error();
  };
  BOOST_TEST(problem(holding(22, 0, old)) == "share_entered version 0 is not known to this version");
  BOOST_TEST(problem(holding(22, 3, old)) == "share_entered version 3 is not known to this version");
  BOOST_TEST(problem(holding(24, 2, old)) == "box_enabled version 2 is not known to this version");
  BOOST_TEST(problem(holding(999, 1, old)) == "event tag 999 is not known to this version");
  BOOST_TEST(problem(holding(22, 2, old)) == "share_entered: ends too early");
  BOOST_TEST(problem(holding(22, 1, encode(share_entered{oak, {"Ada"}, {}}))) == "share_entered: 1 bytes too many");
}

// The public side of a domain, as the domain key set signed it before it named a time zone (EP-18).
BOOST_AUTO_TEST_CASE(version_1_of_a_domains_public_side_names_no_zone) {
  const domain_keys_body_1 before{{"VE"}, "vendor", {"US"}, suite_id::p256, {{key_role::brass_authentication, {1, 2}}}};
  bytes written{static_cast<std::uint8_t>(body_type::domain_keys), 1};
  const auto rest = encode(before);
  written.insert(written.end(), rest.begin(), rest.end());
  const auto lifted = decode_body<domain_keys_body>(written);
  BOOST_REQUIRE(lifted);
  BOOST_CHECK(lifted->domain == before.domain && lifted->kind == before.kind && lifted->sub_domain == before.sub_domain
              && lifted->keys == before.keys && !lifted->zone);
  const domain_keys_body now{{"VE"}, "vendor", {"US"}, suite_id::p256, before.keys, time_zone{-300}};
  auto data = encode_body(now);
  BOOST_CHECK_EQUAL(unsigned{data[1]}, 2u);
  BOOST_CHECK(decode_body<domain_keys_body>(data)->zone == time_zone{-300});
  data[1] = 3;
  BOOST_CHECK(!decode_body<domain_keys_body>(data));
  data[1] = 0;
  BOOST_CHECK(!decode_body<domain_keys_body>(data));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
