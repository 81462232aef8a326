// EP-7, EP-8 at the boxes: a box with a wrong enrolment secret, a replayed answer, another type's start-up key or a wrong
// nonce gets no id and no keys; Manufacturing boxes make each other and hold identical keys, whoever made a domain.

#include "actors/boxes/initialisation.hpp"
#include "tests/actors/custodians.hpp"
#include "tests/actors/site_bench.hpp"

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(enrolment_at_boxes)
namespace {

const domain_id ve{"VE"}, usps{"USPS"};
const label ada{"Ada"}, rita{"Rita"}, sven{"Sven"};

box_plan spare(const char* slot, box_type type) {
  return {{slot}, {}, type, {}, {}, 2, {rita, sven}};
}

/// Two Oaks, a Steel and a Manufacturing box without ids beside the boxes of the day.
struct enrolment_bench : site_bench {
  enrolment_bench()
    : site_bench({spare("oak-new", box_type::oak), spare("oak-newer", box_type::oak),
                  spare("steel-new", box_type::steel), spare("manufacturing-new", box_type::manufacturing)}) {
    for (const auto& who : {rita, sven})
      std::filesystem::create_directories(media_folder() / who.text);
  }

  const manufacturing_actor& maker() { return all().manufacturing().manufacturing; }
  allocate_box_id request(const std::string& slot) const {
    return {{}, {slot}, box(slot).plan.type, ada, media_folder()};
  }
  box_id_allocated allocate(const std::string& slot) {
    type_in({slot}, {ada});
    return get<box_id_allocated>(maker(), request(slot));
  }
  start_up_key_offered begin(const std::string& slot, const box_id_allocated& order) {
    return get<start_up_key_offered>(box(slot).common, begin_order(slot, order, ada));
  }
  static admit_box answer_of(const std::string& slot, const start_up_key_offered& a) {
    return {{}, {slot}, a.start_up_key, a.answer, a.proof};
  }
  take_box_id taking(const box_admission& admission) const {
    return {{}, admission.proof, admission.signature, {2, {rita, sven}, media_folder()}};
  }
  /// The whole way to an enabled box.
  box_id make(const std::string& slot) {
    auto begun = enrol(slot);
    begun.admission.shares = {2, {rita, sven}, media_folder()};
    get<box_id_set>(box(slot).common, begun.admission);
    for (const auto& who : {rita, sven})
      get<box_report>(box(slot).common, put_share{{}, who, media_folder()});
    return begun.order.id;
  }
  secure_box state(const std::string& slot) { return get<box_report>(box(slot).common, ask_box{}).box; }
  /// No id, no share and no admission came of it.
  void nothing_came_of(const std::string& slot, const box_id& id) {
    BOOST_CHECK(!written().view().find(static_cast<std::uint8_t>(lookup::box_in_slot), slot));
    BOOST_CHECK(!written().view().find(static_cast<std::uint8_t>(lookup::admitted_box), id.text()));
    for (const auto& who : {rita, sven})
      BOOST_CHECK(!std::filesystem::exists(media_folder() / who.text / (id.text() + ".share")));
  }
  /// Gives domain key set and all domains to a further Manufacturing box.
  void bring_up_to_date(const std::string& slot, const std::vector<domain_id>& domains) {
    const auto id = id_of(slot);
    const auto set = get<package_of_keys>(maker(), hand_over_key_set{{}, id}).keys;
    get<acknowledged>(box(slot).manufacturing, take_key_set{{}, set});
    for (const auto& domain : domains)
      get<acknowledged>(box(slot).common, take_domain_process{{}, domain, package_for(slot, domain)});
  }
  std::string key_data(const std::string& slot) {
    const auto box = state(slot);
    std::string all = box.key_set ? hex(*box.key_set) : "none";
    for (const auto& [domain, process] : box.processes)
      all += ' ' + domain.text + '=' + (process.key_data ? hex(*process.key_data) : "none");
    return all;
  }
  static std::string hex(const check_value& check) {
    std::string s;
    for (const auto byte : check)
      s += "0123456789abcdef"[byte >> 4], s += "0123456789abcdef"[byte & 15];
    return s;
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(a_box_that_proves_itself_gets_its_id_and_keys, enrolment_bench) {
  const auto id = make("oak-new");
  BOOST_CHECK_EQUAL(id.text(), "O00000003");
  const auto admitted = last<box_admitted>();
  const auto made = last<box_initialised>();
  BOOST_CHECK(admitted.box == id && admitted.source == id_of("manufacturing-1"));
  BOOST_CHECK(made.source == admitted.source && made.start_up_confidentiality == admitted.start_up_key);
  get<acknowledged>(box("oak-new").common, take_domain_process{{}, ve, package_for("oak-new", ve)});
  const auto taken = last<domain_process_made>();
  const auto issued = last<keys_issued>();
  BOOST_CHECK(taken.package == issued.package && taken.source == issued.box && issued.target == id);
  get<mi2>(box("oak-new").oak, mi1{{}, {ve, 1000}, id_of("steel-1"), world().time().now()});
}

BOOST_FIXTURE_TEST_CASE(a_wrong_enrolment_secret_gets_nothing, enrolment_bench) {
  const auto order = allocate("oak-new");
  // Somebody types another secret in at the box.
  type_in({"oak-new"}, {rita});
  const auto answer = get<start_up_key_offered>(box("oak-new").common, begin_order("oak-new", order, rita));
  only_refused<box_admission>("another secret", refusal::enrolment_refused, maker(), answer_of("oak-new", answer));
  only_refused<box_admission>("the challenge is used up", refusal::enrolment_not_open, maker(),
                              answer_of("oak-new", answer));
  nothing_came_of("oak-new", order.id);
  only_refused<package_of_keys>("keys without an admission", refusal::box_not_admitted, maker(),
                                make_domain_process{{}, order.id, ve, {}});
  only_refused<package_of_keys>("keys to an id that nobody has", refusal::box_not_admitted, maker(),
                                make_domain_process{{}, {box_type::oak, 77}, ve, {}});
}

BOOST_FIXTURE_TEST_CASE(an_answer_is_to_one_challenge_of_one_slot, enrolment_bench) {
  const auto first = allocate("oak-new");
  const auto old = answer_of("oak-new", begin("oak-new", first));
  // The same slot is asked again: the same id, another challenge; the old answer does not fit.
  const auto second = allocate("oak-new");
  BOOST_CHECK(second.id == first.id);
  BOOST_CHECK(second.challenge != first.challenge);
  only_refused<box_admission>("a replayed answer", refusal::enrolment_refused, maker(), old);
  // An answer that was good once.
  const auto order = allocate("oak-new");
  const auto good = answer_of("oak-new", begin("oak-new", order));
  const auto changed = [&](auto change) {
    auto other = good;
    change(other);
    return other;
  };
  const std::pair<const char*, admit_box> wrong[] = {
    {"a wrong nonce", changed([](admit_box& m) { m.answer[0] ^= 1; })},
    {"an altered proof", changed([](admit_box& m) { m.proof[0] ^= 1; })},
    {"no proof", changed([](admit_box& m) { m.proof.clear(); })},
    {"another start-up key", changed([&](admit_box& m) {
       m.start_up_key = private_key::generate(suite_id::p256, *random().stream("x", 0)).public_part().spki();
     })},
    {"no start-up key", changed([](admit_box& m) { m.start_up_key = {1, 2, 3}; })},
  };
  for (const auto& [about, m] : wrong) {
    allocate("oak-new");
    only_refused<box_admission>(about, refusal::enrolment_refused, maker(), m);
  }
  // In the place of another slot.
  allocate("oak-newer");
  auto elsewhere = good;
  elsewhere.slot = {"oak-newer"};
  only_refused<box_admission>("another slot", refusal::enrolment_refused, maker(), elsewhere);
  only_refused<box_admission>("a slot that nobody asked for", refusal::enrolment_not_open, maker(),
                              admit_box{{}, {"steel-new"}, good.start_up_key, good.answer, good.proof});
  nothing_came_of("oak-new", order.id);
}

BOOST_FIXTURE_TEST_CASE(a_box_takes_no_order_but_its_own, enrolment_bench) {
  const auto order = allocate("oak-new");
  const auto good = begin_order("oak-new", order, ada);
  const auto refused = [&](const std::string& about, const std::string& slot, refusal why, auto change) {
    auto other = good;
    change(other);
    only_refused<start_up_key_offered>(about, why, box(slot).common, other);
  };
  const auto steel = allocate("steel-new");
  refused("another type's start-up key", "oak-new", refusal::signature_invalid,
          [&](auto& m) { m.signature = steel.signature; });
  refused("an order for a Steel box", "oak-new", refusal::wrong_box_type, [&](auto& m) { m.id = steel.id; });
  refused("the order of a neighbour", "oak-newer", refusal::wrong_box, [](auto&) {});
  refused("moved to a neighbour", "oak-newer", refusal::signature_invalid, [](auto& m) { m.slot = {"oak-newer"}; });
  refused("another id", "oak-new", refusal::signature_invalid, [](auto& m) { m.id.number += 5; });
  refused("another challenge", "oak-new", refusal::signature_invalid, [](auto& m) { m.challenge[5] ^= 1; });
  refused("another source", "oak-new", refusal::signature_invalid, [](auto& m) { ++m.source.number; });
  refused("no signature", "oak-new", refusal::signature_invalid, [](auto& m) { m.signature.clear(); });
  refused("no secret there", "oak-new", refusal::enrolment_secret_unfit, [](auto& m) { m.officer = rita; });
  refused("no medium there", "oak-new", refusal::medium_missing, [](auto& m) { m.officer = {"Nobody"}; });
  refused("a path for a name", "oak-new", refusal::command_malformed, [](auto& m) { m.officer = {"../media/Ada"}; });
  nothing_came_of("oak-new", order.id);
}

// The box, too, must see that it talks to a source that knows the secret.
BOOST_FIXTURE_TEST_CASE(a_box_takes_its_id_from_its_source_alone, enrolment_bench) {
  only_refused<box_id_set>("nothing is open", refusal::enrolment_not_open, box("oak-new").common, taking({}));
  const auto order = allocate("oak-new");
  const auto answer = begin("oak-new", order);
  const auto admission = get<box_admission>(maker(), answer_of("oak-new", answer));
  auto wrong = taking(admission);
  wrong.signature.back() ^= 1;
  only_refused<box_id_set>("an altered signature", refusal::signature_invalid, box("oak-new").common, wrong);
  wrong = taking(admission);
  wrong.proof = answer.proof;
  only_refused<box_id_set>("its own proof sent back", refusal::enrolment_refused, box("oak-new").common, wrong);
  // The admission of an earlier enrolment of the same box.
  const auto again = allocate("oak-new");
  begin("oak-new", again);
  only_refused<box_id_set>("an old admission", refusal::signature_invalid, box("oak-new").common, taking(admission));
  BOOST_CHECK(!written().view().find(static_cast<std::uint8_t>(lookup::box_in_slot), "oak-new"));
}

BOOST_FIXTURE_TEST_CASE(a_challenge_does_not_outlive_its_source, enrolment_bench) {
  const auto order = allocate("oak-new");
  const auto answer = answer_of("oak-new", begin("oak-new", order));
  const auto off = [&] { get<box_report>(box("manufacturing-1").common, take_share{{}, {"Bela"}}); };
  const auto on = [&] {
    get<box_report>(box("manufacturing-1").common, put_share{{}, ada, media_folder()});
    get<box_report>(box("manufacturing-1").common, put_share{{}, {"Bela"}, media_folder()});
  };
  off();
  only_refused<box_admission>("disabled", refusal::box_disabled, maker(), answer);
  only_refused<box_id_allocated>("disabled", refusal::box_disabled, maker(), request("oak-new"));
  on();
  only_refused<box_admission>("enabled again", refusal::enrolment_not_open, maker(), answer);
}

BOOST_FIXTURE_TEST_CASE(what_a_source_refuses_to_begin, enrolment_bench) {
  only_refused<box_id_allocated>("no secret typed", refusal::enrolment_secret_unfit, maker(), request("oak-new"));
  auto m = request("oak-new");
  m.officer = {"Nobody"};
  only_refused<box_id_allocated>("no such officer", refusal::medium_missing, maker(), m);
  m.officer = {"../media/Ada"};
  only_refused<box_id_allocated>("a path for a name", refusal::command_malformed, maker(), m);
  write_file(media_folder() / "Ada" / "oak-new.enrolment", "too short\n");
  only_refused<box_id_allocated>("too short", refusal::enrolment_secret_unfit, maker(), request("oak-new"));
  type_in({"oak-ve"}, {ada});
  only_refused<box_id_allocated>("a box that has its id", refusal::box_already_initialised, maker(), request("oak-ve"));
  type_in({"manufacturing-new"}, {ada});
  make("manufacturing-new");
  only_refused<box_id_allocated>("a source without a key set", refusal::key_set_missing,
                                 box("manufacturing-new").manufacturing, request("oak-new"));
}

BOOST_FIXTURE_TEST_CASE(the_first_box_is_made_once, enrolment_bench) {
  const set_first_secure_box_id order{
    {}, {box_type::manufacturing, 1}, {"manufacturing-new"}, suite_id::p256, {2, {rita, sven}, media_folder()}};
  only_refused<box_id_set>("there is one", refusal::box_already_initialised, box("manufacturing-new").manufacturing,
                           order);
  auto other = order;
  other.id.number = 2;
  only_refused<box_id_set>("another id", refusal::wrong_box, box("manufacturing-new").manufacturing, other);
  other = order;
  other.id.type = box_type::oak;
  only_refused<box_id_set>("another type", refusal::wrong_box_type, box("manufacturing-new").manufacturing, other);
}

// "All Manufacturing boxes hold identical key data (compared by digest), before and after a domain is added."
BOOST_FIXTURE_TEST_CASE(manufacturing_boxes_hold_identical_keys, enrolment_bench) {
  make("manufacturing-new");
  BOOST_CHECK_EQUAL(key_data("manufacturing-new"), "none");
  bring_up_to_date("manufacturing-new", {ve, usps});
  for (const auto* slot : {"manufacturing-2", "manufacturing-new"})
    BOOST_CHECK_EQUAL(key_data(slot), key_data("manufacturing-1"));
  // The check values are not all there is to it: the keys themselves are the same.
  for (const auto part : all_parts_of(bundle_of(*this, box("manufacturing-1"), "box"))) {
    if (part == bundle_part::start_up_confidentiality)
      continue; // each box has its own
    const auto own = bundle_of(*this, box("manufacturing-1"), "box"),
               other = bundle_of(*this, box("manufacturing-new"), "key set");
    BOOST_REQUIRE(other.find(part));
    BOOST_CHECK(reveal(*own.find(part)) == reveal(*other.find(part)));
  }

  // The newest makes a domain: the others lack it until they are brought up to date.
  const domain_id fresh{"UKRM"};
  get<acknowledged>(box("manufacturing-new").manufacturing, create_domain{{}, fresh, "postal", {"GB"}});
  BOOST_CHECK_NE(key_data("manufacturing-1"), key_data("manufacturing-new"));
  only_refused<package_of_keys>("a domain that it does not hold", refusal::domain_not_known, maker(),
                                make_domain_process{{}, id_of("oak-ve"), fresh, {}});
  for (const auto* slot : {"manufacturing-1", "manufacturing-2"}) {
    const auto keys = get<package_of_keys>(box("manufacturing-new").manufacturing,
                                           make_domain_process{{}, id_of(slot), fresh, {}});
    get<acknowledged>(box(slot).common, take_domain_process{{}, fresh, keys.keys});
    BOOST_CHECK_EQUAL(key_data(slot), key_data("manufacturing-new"));
  }
  // And whoever holds it hands it out.
  get<acknowledged>(box("oak-ve").common, take_domain_process{{}, fresh, package_for("oak-ve", fresh)});
  only_refused<acknowledged>("a domain that is there already", refusal::domain_exists, maker(),
                             create_domain{{}, fresh, "postal", {"GB"}});
}

// Any initialised Manufacturing box is a source, and ids stay unique whoever hands them out.
BOOST_FIXTURE_TEST_CASE(a_further_box_is_a_source_too, enrolment_bench) {
  BOOST_CHECK_EQUAL(make("oak-new").text(), "O00000003");
  const auto& second = box("manufacturing-2").manufacturing;
  type_in({"oak-newer"}, {ada});
  const auto order = get<box_id_allocated>(second, request("oak-newer"));
  BOOST_CHECK_EQUAL(order.id.text(), "O00000004");
  BOOST_CHECK(order.source == id_of("manufacturing-2"));
  const auto answer = begin("oak-newer", order);
  only_refused<box_admission>("the source that did not ask", refusal::enrolment_not_open, maker(),
                              answer_of("oak-newer", answer));
  const auto admission = get<box_admission>(second, answer_of("oak-newer", answer));
  auto taking_it = taking(admission);
  get<box_id_set>(box("oak-newer").common, taking_it);
  BOOST_CHECK(last<box_admitted>().source == id_of("manufacturing-2"));
}

BOOST_FIXTURE_TEST_CASE(a_key_set_is_taken_by_its_box_alone_and_once, enrolment_bench) {
  make("manufacturing-new");
  const auto mine = get<package_of_keys>(maker(), hand_over_key_set{{}, id_of("manufacturing-new")}).keys;
  const auto refused = [&](const std::string& about, auto change) {
    auto other = mine;
    change(other);
    only_refused<acknowledged>(about, refusal::sealed_material_invalid, box("manufacturing-new").manufacturing,
                               take_key_set{{}, other});
  };
  refused("altered", [](package& p) { p.sealed.back() ^= 1; });
  refused("not signed", [](package& p) { p.signature.clear(); });
  refused("of another source", [](package& p) { p.source.number = 2; });
  refused("of another box",
          [&](package& p) { p = get<package_of_keys>(maker(), hand_over_key_set{{}, id_of("manufacturing-2")}).keys; });
  refused("a domain in its place", [&](package& p) { p = package_for("manufacturing-new", ve); });
  only_refused<acknowledged>("a box that has it", refusal::key_set_exists, box("manufacturing-2").manufacturing,
                             take_key_set{{}, mine});
  only_refused<package_of_keys>("for an Oak", refusal::wrong_box_type, maker(), hand_over_key_set{{}, id_of("oak-ve")});
  get<acknowledged>(box("manufacturing-new").manufacturing, take_key_set{{}, mine});
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
