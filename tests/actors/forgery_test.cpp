// EP-13b, EP-14, EP-29 at the boxes themselves: a message that fails authentication, Steel id or freshness changes
// nothing, last-seen key ids included; it is one error event, and its sender hears of it.

#include "tests/actors/site_bench.hpp"

#include "actors/boxes/record_addresses.hpp"
#include "crypto/envelope.hpp"
#include "events/signed_bodies.hpp"
#include "storage/signed_body.hpp"

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(forgery)
namespace {

const domain_id ve{"VE"}, usps{"USPS"};

/// The site and a new key of VE for steel-1: its id, MI3 and MI4.
struct fresh_key : site_bench {
  fresh_key() { made = generate(ve, "oak-ve", "steel-1"); }

  mi2 generate(const domain_id& domain, const std::string& oak, const std::string& steel) {
    const auto id = get<mi0_answer>(all().archive_of(domain), new_key_id{{}, domain, id_of(steel), {99}}).key;
    return get<mi2>(box(oak).oak, mi1{{}, id, id_of(steel), world().time().now()});
  }
  install_key delivery() { return {{}, made.key, {"M0000009"}, world().time().now(), made.mi4}; }
  /// A fifth meter on every line, labelled.
  meter_actor new_meter() {
    auto meter = all().connect_meter({{"M0000009"}, 9, &slots, {}});
    world().settle();
    get<acknowledged>(meter, load_label{{}, {"M0000009"}, {"DM400"}});
    return meter;
  }

  scratch_directory memory;
  erasable_slots slots = std::move(*erasable_slots::open(memory / "slots", 16));
  mi2 made;
};

signed_record altered(signed_record r, std::size_t at) {
  r.proof[at % r.proof.size()] ^= 1;
  return r;
}

template <class Body, class Change>
signed_record rewritten(signed_record r, Change change) {
  auto body = decode_body<Body>(r.body);
  BOOST_REQUIRE(body);
  change(*body);
  r.body = encode_body(*body);
  return r;
}

} // namespace

BOOST_FIXTURE_TEST_CASE(steel_refuses_what_oak_did_not_sign_for_it, fresh_key) {
  const auto& steel = box("steel-1").steel;
  const auto refused = [&](const std::string& about, refusal why, const install_key& m) {
    only_refused<mi7>(about, why, steel, m);
  };
  for (std::size_t at : {0u, 40u, 60u, 90u}) {
    auto m = delivery();
    m.record.record = altered(m.record.record, at);
    refused("an altered signature", refusal::signature_invalid, m);
  }
  auto m = delivery();
  m.record.record = rewritten<mi4_body>(m.record.record, [](mi4_body& b) { b.oak_time.us += 1; });
  refused("an altered body", refusal::signature_invalid, m);
  m = delivery();
  m.record.record = {};
  refused("no record", refusal::signature_invalid, m);
  m = delivery();
  m.record.record = made.mi3.record;
  refused("MI3 instead of MI4", refusal::signature_invalid, m);
  m = delivery();
  m.record.sealed.back() ^= 1;
  refused("an altered ciphertext", refusal::sealed_material_invalid, m);
  // Anybody can seal a key of his own to Steel, whose public key is in the log; Oak signed another one.
  m = delivery();
  const auto keys = decode_body<domain_keys_body>(
    last<domain_created>([](const domain_created& e) { return e.domain == ve; }).signed_keys.body);
  const auto to_steel = std::find_if(keys->keys.begin(), keys->keys.end(), [](const domain_key& k) {
    return k.role == key_role::steel_confidentiality;
  });
  const auto random = seeded_randomness(5, 1)->stream("forger", 0);
  sealer own{*public_key::parse(keys->suite, to_steel->spki), *random};
  m.record.sealed = own.seal(secret{bytes(32 + test_token_number, '7')},
                             sealed_address(body_type::mi4, m.key, id_of("oak-ve"), id_of("steel-1")));
  refused("another key for the same record", refusal::sealed_material_invalid, m);
  m = delivery();
  m.key.number += 1;
  refused("another key id", refusal::signature_invalid, m);
}

// EP-13b: what the KDC keeps it hands out, so nothing forged may come before the record that Oak made.
BOOST_FIXTURE_TEST_CASE(the_kdc_keeps_what_oak_signed_for_a_known_steel, fresh_key) {
  const auto right = delivery();
  const auto refused = [&](const std::string& about, refusal why, const std::function<void(mi4&)>& change) {
    mi4 m{{}, {99}, right.key, id_of("steel-1"), right.meter, right.record};
    change(m);
    only_refused<acknowledged>(about, why, all().kdc(), m);
  };
  refused("an altered signature", refusal::signature_invalid,
          [](mi4& m) { m.record.record = altered(m.record.record, 40); });
  refused("an altered body", refusal::signature_invalid, [](mi4& m) {
    m.record.record = rewritten<mi4_body>(m.record.record, [](mi4_body& b) { b.oak_time.us += 1; });
  });
  refused("no record", refusal::record_malformed, [](mi4& m) { m.record.record = {}; });
  refused("MI3 instead of MI4", refusal::record_malformed, [&](mi4& m) { m.record.record = made.mi3.record; });
  refused("an altered ciphertext", refusal::sealed_material_invalid, [](mi4& m) { m.record.sealed.back() ^= 1; });
  refused("another key id", refusal::records_disagree, [](mi4& m) { m.key.number += 1; });
  refused("another Steel", refusal::records_disagree, [&](mi4& m) { m.steel = id_of("steel-2"); });
  refused("a Steel that is not there", refusal::box_not_known, [](mi4& m) { m.steel.number = 77; });
  get<acknowledged>(all().kdc(), mi4{{}, {99}, right.key, id_of("steel-1"), right.meter, right.record});
}

BOOST_FIXTURE_TEST_CASE(steel_refuses_a_record_of_another_domain, fresh_key) {
  const auto& steel = box("steel-1").steel;
  const auto foreign = generate(usps, "oak-usps", "steel-1");
  install_key m{{}, foreign.key, {"M0000009"}, world().time().now(), foreign.mi4};
  only_refused<mi7>("as it is", refusal::domain_not_active, steel, m);
  m.key = made.key;
  only_refused<mi7>("for a key of VE", refusal::signature_invalid, steel, m);
  m.record.record = rewritten<mi4_body>(m.record.record, [&](mi4_body& b) { b.key = made.key; });
  only_refused<mi7>("relabelled", refusal::signature_invalid, steel, m);
  m.record.record = made.mi4.record;
  only_refused<mi7>("its ciphertext only", refusal::sealed_material_invalid, steel, m);
}

BOOST_FIXTURE_TEST_CASE(another_steel_box_refuses_the_record, fresh_key) {
  get<acknowledged>(box("steel-2").common, activate_domain{{}, ve});
  only_refused<mi7>("made for steel-1", refusal::wrong_box, box("steel-2").steel, delivery());
  // Nor does it answer for steel-1, or spend the key id in its own name.
  const ask_report question{{}, made.key, id_of("steel-1"), id_of("oak-ve"), {"M0000009"}};
  only_refused<mi7>("asked for steel-1", refusal::wrong_box, box("steel-2").steel, question);
}

BOOST_FIXTURE_TEST_CASE(a_replayed_install_record_is_refused, fresh_key) {
  auto meter = new_meter();
  const auto& steel = box("steel-1").steel;
  const auto outcome = get<mi7>(steel, delivery());
  const auto body = decode_body<mi7_body>(outcome.record.body);
  BOOST_REQUIRE(body);
  BOOST_CHECK(!body->failure);
  only_refused<mi7>("again", refusal::key_id_not_fresh, steel, delivery());
  auto m = delivery();
  m.meter = {"M0000001"};
  only_refused<mi7>("for another meter", refusal::key_id_not_fresh, steel, m);
  // What was installed long ago, from the log.
  const auto old = last<key_generated>([&](const key_generated& e) {
    return e.key.domain == ve && e.steel == id_of("steel-1") && e.key.number < made.key.number;
  });
  m.key = old.key;
  m.record.record = old.mi4;
  only_refused<mi7>("of the day before", refusal::key_id_not_fresh, steel, m);
}

namespace {

/// What the meter's line makes of a conversation: nothing, until it is told otherwise.
struct bad_line {
  bool spoils_tokens = false;                 ///< of MI6
  std::optional<key_id> commits, kept; ///< MI6c and MI6c' name this key
  bool forges = false;                 ///< it answers MI6c itself, and the meter hears nothing of it
};

meter_actor line_to(simulation& world, const meter_actor& meter, bad_line& line) {
  return world.system().spawn([meter, &line](meter_actor::pointer self) -> meter_actor::behavior_type {
    return {[](const work_done&) {}, [](const append_done&) {},
            [](const command_refused& m) { return acknowledged{m.head}; },
            [=](const load_label& m) { return self->delegate(meter, m); },
            [=](const mi5q& m) { return self->delegate(meter, m); },
            [=](const mi5& m) { return self->delegate(meter, m); },
            [=, &line](const mi6r& m) {
              auto rp = self->make_response_promise<mi6>();
              self->request(meter, caf::infinite, m).then([rp, &line](mi6 answer) mutable {
                if (line.spoils_tokens)
                  answer.test_tokens.front() ^= 1;
                rp.deliver(answer);
              });
              return rp;
            },
            [=, &line](mi6c m) {
              m.key = line.commits.value_or(m.key);
              auto rp = self->make_response_promise<mi6c_answer>();
              if (line.forges) {
                rp.deliver(mi6c_answer{m.head, m.meter, m.key, m.code});
                return rp;
              }
              self->request(meter, caf::infinite, m)
                .then(
                  [rp, &line](mi6c_answer answer) mutable {
                    answer.key = line.kept.value_or(answer.key);
                    rp.deliver(answer);
                  },
                  [rp](const caf::error& e) mutable { rp.deliver(e); });
              return rp;
            },
            [=](const register_meter& m) { return self->delegate(meter, m); },
            [=](const print_request& m) { return self->delegate(meter, m); },
            [=](const tamper& m) { return self->delegate(meter, m); }};
  });
}

} // namespace

// EP-15, MI6c: "commit: the key is now the meter's". A key that Steel found wrong stays in the meter, provisionally, and the
// commit of another key must not make it the meter's, nor be taken for said when another key was committed.
BOOST_FIXTURE_TEST_CASE(a_commit_is_of_the_key_that_its_steel_box_found_right, fresh_key) {
  const auto meter = new_meter();
  bad_line line;
  const auto wire = line_to(world(), meter, line);
  for (const auto* slot : {"steel-1", "steel-2"})
    send(box(slot).line, meter_connected{{}, {"M0000009"}, wire});
  const auto held = [&](const domain_id& domain) {
    return decode<oaksteel::meter>(written().view().row({stream_kind::meter, "M0000009"})->state)->keys.at(domain);
  };
  const auto body = [](const mi7& m) { return *decode_body<mi7_body>(m.record.body); };

  line.spoils_tokens = true;
  const auto vendors = made.key;
  BOOST_CHECK(body(get<mi7>(box("steel-1").steel, delivery())).failure == refusal::test_tokens_differ);
  BOOST_CHECK(held(ve).number == vendors.number && held(ve).held && !held(ve).committed);
  line.spoils_tokens = false;

  // Nobody but its Steel box has what commits it, and that box never will.
  only_refused<mi6c_answer>("a made-up code", refusal::commit_code_wrong, meter, mi6c{{}, {"M0000009"}, vendors, {}});
  made = generate(usps, "oak-usps", "steel-2");
  const auto posts = made.key;
  line.commits = vendors;
  BOOST_CHECK(ask<mi7>(box("steel-2").steel, delivery())->failure == refusal::commit_code_wrong);
  BOOST_CHECK(!held(ve).committed && !held(usps).committed);

  const auto asked = [&] {
    return ask<mi7>(box("steel-2").steel, ask_report{{}, posts, id_of("steel-2"), id_of("oak-usps"), {"M0000009"}});
  };
  line.commits.reset();
  line.forges = true;
  BOOST_CHECK(asked()->failure == refusal::commit_code_wrong);
  BOOST_CHECK(!held(usps).committed);
  line.forges = false;
  line.kept = vendors;
  BOOST_CHECK(asked()->failure == refusal::records_disagree);
  BOOST_CHECK(!held(ve).committed && held(usps).committed);
  line.kept.reset();
  const auto report = asked();
  BOOST_REQUIRE(report->answer);
  BOOST_CHECK(!body(*report->answer).failure && body(*report->answer).key == posts);
}

BOOST_FIXTURE_TEST_CASE(oak_refuses_a_key_id_that_is_not_fresh, fresh_key) {
  const auto& oak = box("oak-ve").oak;
  // The same request again is answered as before, with nothing new; for another Steel box it is another request.
  const auto before = events().size();
  const auto again = get<mi2>(oak, mi1{{}, made.key, id_of("steel-1"), world().time().now()});
  BOOST_CHECK(again.mi4.record.body == made.mi4.record.body && again.mi4.sealed == made.mi4.sealed);
  BOOST_CHECK_EQUAL(events().size(), before);
  const auto now = world().time().now();
  only_refused<mi2>("for another Steel", refusal::key_id_not_fresh, oak, mi1{{}, made.key, id_of("steel-2"), now});
  only_refused<mi2>("an old id", refusal::key_id_not_fresh, oak, mi1{{}, {ve, 1}, id_of("steel-2"), now});
  only_refused<mi2>("number 0", refusal::key_id_not_fresh, oak, mi1{{}, {ve, 0}, id_of("steel-1"), now});
  only_refused<mi2>("an unknown Steel", refusal::steel_not_valid_for_domain, oak,
                    mi1{{}, {ve, made.key.number + 1}, {box_type::steel, 77}, now});
  // What one Oak has made, another hands out to nobody; nor does it itself while it is disabled.
  only_refused<mi2>("the same at the Oak of USPS", refusal::domain_not_known, box("oak-usps").oak,
                    mi1{{}, made.key, id_of("steel-1"), now});
  only_refused<mi2>("a domain that it does not serve", refusal::domain_not_known, oak,
                    mi1{{}, {usps, 1000}, id_of("steel-1"), now});
}

// Records of VE at the archive of USPS, as they are and relabelled; each belongs to a stage of a key's life.
// Nobody signs for which Steel box an id is wanted; Oak signs for which it made the key.
BOOST_FIXTURE_TEST_CASE(an_archive_keeps_a_record_for_the_steel_box_of_its_id, fresh_key) {
  const auto& archive = all().archive_of(ve);
  const auto id = get<mi0_answer>(archive, new_key_id{{}, ve, id_of("steel-2"), {99}}).key;
  const auto other = get<mi2>(box("oak-ve").oak, mi1{{}, id, id_of("steel-1"), world().time().now()});
  only_refused<record_stored>("MI3 for another Steel box", refusal::records_disagree, archive, store_record{{}, id, other.mi3});
  get<record_stored>(archive, store_record{{}, made.key, made.mi3}); // that of its own
}

BOOST_FIXTURE_TEST_CASE(an_archive_refuses_every_record_of_another_domain, site_bench) {
  const auto& archive = all().archive_of(usps);
  const auto of_ve = [](const auto& e) { return e.key.domain == ve; };
  const key_id key{usps, 1};
  const auto check = [&]<class Body>(const std::string& what, const key_id& own, sealed_record r) {
    only_refused<record_stored>(what, refusal::domain_not_known, archive, store_record{{}, own, r});
    only_refused<record_stored>(what + " for a key of USPS", refusal::signature_invalid, archive,
                                store_record{{}, key, r});
    r.record = rewritten<Body>(r.record, [&](Body& b) { b.key = key; });
    only_refused<record_stored>(what + " relabelled", refusal::signature_invalid, archive, store_record{{}, key, r});
  };
  const auto created = last<key_created>(of_ve);
  check.template operator()<mi3_body>("MI3", created.key, {created.mi3, sealed(), {}});
  const auto installed = last<key_installed>(of_ve);
  check.template operator()<mi9_body>("MI9", installed.key, {installed.mi9, sealed(), {}});
  const auto activated = last<key_activated>(of_ve);
  check.template operator()<mr3_body>("MR3", activated.key, {activated.mr3, sealed(), activated.tag});
  const auto retired = last<key_retired>(of_ve);
  check.template operator()<mo2_body>("MO2", retired.key, {retired.mo2, sealed(), retired.tag});
  const auto bad = last<key_marked_bad>(of_ve);
  check.template operator()<mb2_body>("MB2", bad.key, {bad.mb2, {}, {}});
}

// The same at Brass of USPS, as messages to the box.
BOOST_FIXTURE_TEST_CASE(brass_refuses_every_record_of_another_domain_by_message, site_bench) {
  const auto& brass = box("brass-usps").brass;
  const auto now = world().time().now();
  const auto of_ve = [](const auto& e) { return e.key.domain == ve; };
  const auto installed = last<key_installed>(of_ve);
  const sealed_record mi9_record{installed.mi9, sealed(), {}};
  const auto created = last<key_created>([&](const key_created& e) { return e.key == installed.key; });
  const sealed_record mi3_record{created.mi3, sealed(), {}};
  const auto finished =
      last<installation_finished>([&](const installation_finished& e) { return e.key == installed.key; });
  const auto activated = last<key_activated>(of_ve);
  const sealed_record mr3_record{activated.mr3, sealed(), activated.tag};
  for (const auto& key : {installed.key, key_id{usps, installed.key.number + 1000}}) {
    const auto why = key.domain == ve ? refusal::domain_not_known : refusal::signature_invalid;
    const auto about = " of VE as " + key.text();
    only_refused<mi9>("MI8" + about, why, brass, mi8{{}, key, mi3_record, finished.mi7, now});
    only_refused<mb2>("MB1" + about, why, brass, mb1{{}, key, mi3_record, refusal::no_answer, {}});
    only_refused<mr3>("MR2" + about, why, brass, mr2{{}, key, mi9_record, {}, {}, now});
    only_refused<mo2>("MO1" + about, why, brass,
                      mo1{{}, key, mi9_record, key_status::installed, installed.meter, "", {20260303}, now});
  }
  // MR3 retires a registered key, so it comes under the name of one.
  const auto registered = last<key_activated>([](const key_activated& e) {
    return e.key.domain == usps && e.meter.text == "M0000001";
  });
  only_refused<mo2>("MO1 with MR3 of VE", refusal::signature_invalid, brass,
                    mo1{{}, registered.key, mr3_record, key_status::active, activated.meter, "", {20260303}, now});
}

// The KMC waits for MI7 of a key whose meter does not answer: a forger must not be able to kill it.
BOOST_FIXTURE_TEST_CASE(a_forged_report_kills_no_key, site_bench) {
  const auto kmc = all().kmc();
  const order_details details{order_kind::install, {"M0000009"}, {"DM400"}, {}, {}, {}, {}, {}};
  auto result = world().ask<order_result>(kmc, open_order{{{"test", 7'000'000}}, details, {{ve, id_of("steel-1")}}});
  world().settle();
  const auto delivered = last<leg_delivered>();
  const auto key = delivered.key;
  BOOST_REQUIRE(key.domain == ve && !result->ready());
  const auto forged = [&](const std::string& about, const signed_record& r) {
    only_refused<acknowledged>(about, refusal::signature_invalid, kmc, mi7{{}, key, r});
  };
  const mi7_body body{refusal::meter_write_failed, id_of("oak-ve"), id_of("steel-1"), key, {"M0000009"}, {}, {}, {}};
  forged("without a proof", {encode_body(body), {}});
  const auto genuine = last<installation_finished>([](const auto& e) { return e.key.domain == ve; });
  forged("with a proof of another report", {encode_body(body), genuine.mi7.proof});
  forged("the report of another key", genuine.mi7);
  forged("the report of another key, relabelled",
         rewritten<mi7_body>(genuine.mi7, [&](mi7_body& b) { b.key = key; }));
  const auto foreign = last<installation_finished>([](const auto& e) { return e.key.domain == usps; });
  forged("a report of Steel for another domain",
         rewritten<mi7_body>(foreign.mi7, [&](mi7_body& b) { b.key = key; }));
  // The real one still counts: nothing came of the others.
  BOOST_CHECK(!result->ready());
  world().run_until([&] { return result->ready(); });
  const auto bad = last<key_marked_bad>([&](const key_marked_bad& e) { return e.key == key; });
  BOOST_CHECK_EQUAL(name(bad.reason), name(refusal::no_answer)); // by the KMC's time-out
  BOOST_CHECK_EQUAL(broken_rules(events()), "");
}

// EP-10: the last share that is taken out disables the box at once, and every attempt is on record.
BOOST_FIXTURE_TEST_CASE(a_wrong_share_is_refused_and_on_record, site_bench) {
  const auto& oak = box("oak-ve").common;
  get<box_report>(oak, take_share{{}, {"Emil"}});
  BOOST_CHECK(!get<box_report>(oak, ask_box{}).box.enabled);
  const auto now = world().time().now();
  only_refused<mi2>("a disabled Oak", refusal::box_disabled, box("oak-ve").oak,
                    mi1{{}, {ve, 1000}, id_of("steel-1"), now});
  const auto old = last<key_generated>([](const key_generated& e) { return e.key.domain == ve; });
  only_refused<mi2>("what a disabled Oak made before", refusal::box_disabled, box("oak-ve").oak,
                    mi1{{}, old.key, old.steel, now});
  const auto before = events().size();
  // Somebody else's medium.
  auto p = ask<box_report>(oak, put_share{{}, {"Fritz"}, "/nowhere"});
  BOOST_CHECK(p->failure);
  BOOST_CHECK_EQUAL(events().size(), before + 1);
  BOOST_CHECK(!get<box_report>(oak, ask_box{}).box.enabled);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
