// EP-10 at the boxes themselves: below the quorum nothing opens; a share that is not right is refused as it is entered,
// is on record and does not count; a share that is taken out disables at once, also with work in hand; a ceremony that
// cannot be finished leaves nothing behind.

#include "actors/boxes/initialisation.hpp"
#include "events/signed_bodies.hpp"
#include "storage/share_file.hpp"
#include "storage/signed_body.hpp"
#include "tests/actors/site_bench.hpp"
#include "tests/share_text.hpp"
#include "tests/small_disk.hpp"

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(shares_at_boxes)
namespace {

namespace fs = std::filesystem;

const domain_id ve{"VE"};
const label dora{"Dora"}, emil{"Emil"}, fritz{"Fritz"}; // Dora and Emil hold the shares of oak-ve
const label rita{"Rita"}, sven{"Sven"};                 // and these two those of a box that has no id yet

box_plan spare() {
  return {{"oak-spare"}, {}, box_type::oak, {}, {}, 2, {rita, sven}};
}

using folder = std::map<std::string, std::string>;

/// Every file below `at`, with its content.
folder content_of(const fs::path& at) {
  folder all;
  for (const auto& entry : fs::recursive_directory_iterator{at})
    if (entry.is_regular_file())
      all[entry.path().string()] = file_content(entry.path());
  return all;
}

struct share_bench : site_bench {
  share_bench() : site_bench({spare()}) {}

  fs::path file(const label& custodian, const std::string& slot) const {
    return media_folder() / custodian.text / share_file_name(id_of(slot).text());
  }
  std::string share_of(const label& custodian, const std::string& slot) const {
    return file_content(file(custodian, slot));
  }
  share_terms terms_of(const label& custodian, const std::string& slot) const {
    const auto read = parse_share(wiped(share_of(custodian, slot)));
    BOOST_REQUIRE(read);
    return read->terms;
  }
  template <class Event>
  std::uint64_t last_position() const {
    const auto all = events();
    const auto it = std::find_if(all.rbegin(), all.rend(),
                                 [](const told_event& e) { return std::holds_alternative<Event>(e.event); });
    BOOST_REQUIRE(it != all.rend());
    return it->position;
  }
  bool enabled(const std::string& slot) { return get<box_report>(box(slot).common, ask_box{}).box.enabled; }
  void take_out(const std::string& slot, const label& who) { get<box_report>(box(slot).common, take_share{{}, who}); }
  void put(const std::string& slot, const label& who) {
    get<box_report>(box(slot).common, put_share{{}, who, media_folder()});
  }

  /// One event that names box, custodian, reason and, where it can be read, the share; no state changes.
  void refuses(const std::string& about, const std::string& slot, const label& who, refusal why,
               std::optional<share_name> share) {
    const auto before = rows();
    const auto size = events().size();
    const auto p = ask<box_report>(box(slot).common, put_share{{}, who, media_folder()});
    BOOST_CHECK_MESSAGE(p->failure == std::optional{why},
                        about << ": answered " << (p->failure ? name(*p->failure) : "with success"));
    const auto all = events();
    BOOST_REQUIRE_MESSAGE(all.size() == size + 1, about << ": " << all.size() - size << " events");
    const share_refused wanted{id_of(slot), who, why, share};
    const auto* told = std::get_if<share_refused>(&all.back().event);
    BOOST_CHECK_MESSAGE(told && *told == wanted, about << ": " << (told ? name(told->reason) : "another event"));
    BOOST_CHECK_MESSAGE(rows() == before, about << ": a state has changed");
  }
};

/// A box without an id, and the order that gives it one.
struct ceremony_bench : share_bench {
  ceremony_bench() {
    for (const auto& who : {rita, sven})
      fs::create_directories(media_folder() / who.text);
    auto begun = enrol("oak-spare");
    id = begun.order.id;
    order = begun.admission;
    order.shares = {2, {rita, sven}, media_folder()};
  }
  fs::path spare_file(const label& who) const { return media_folder() / who.text / share_file_name(id.text()); }
  /// The order is refused; no medium has another file than before, and the box no id.
  void refuses_order(const std::string& about, refusal why, const take_box_id& m) {
    const auto before = content_of(media_folder());
    only_refused<box_id_set>(about, why, box("oak-spare").common, m);
    BOOST_CHECK_MESSAGE(content_of(media_folder()) == before, about << ": a medium has changed");
  }

  box_id id;
  take_box_id order; ///< what is left to say to the box
};

} // namespace

BOOST_FIXTURE_TEST_CASE(every_wrong_share_is_refused_as_it_is_entered, share_bench) {
  take_out("oak-ve", emil);
  BOOST_CHECK(!enabled("oak-ve"));
  const auto own = share_of(dora, "oak-ve");
  const auto terms = terms_of(dora, "oak-ve");
  const auto name = terms.name();
  const auto place = file(dora, "oak-ve");
  const auto stream = random().stream("forger", 0);
  const auto key = private_key::generate(suite_id::p256, *stream);
  const auto forged = [&](const share_terms& t) { return clear(share_text(t, wiped("no share"), key, *stream)); };
  const auto refused = [&](const std::string& about, refusal why, const std::string& text,
                           std::optional<share_name> share) {
    write_file(place, text);
    refuses(about, "oak-ve", dora, why, share);
  };

  auto text = own;
  text[text.find("share = \"") + 12] ^= 1;
  refused("damaged", refusal::share_damaged, text, {});
  refused("cut off", refusal::share_damaged, own.substr(0, own.size() / 2), {});
  refused("empty", refusal::share_damaged, "", {});
  refused("too large", refusal::share_damaged, own + std::string(media_file_limit, '\n'), {});
  refused("of the form before", refusal::share_damaged, "oaksteel share 1\nfor = \"O00000001\"\n", {});
  refused("altered, with a checksum that fits", refusal::share_forged, with_line(own, "threshold", "threshold = 1"),
          name);
  refused("made up for the set", refusal::share_forged, forged(terms), name);
  auto other = terms;
  other.set = {{9}};
  refused("outdated", refusal::share_outdated, forged(other), other.name());
  other.of = "O00000077";
  refused("of another box of the site", refusal::share_of_another_box, forged(other), other.name());
  other.log = {{9}};
  refused("foreign", refusal::share_foreign, forged(other), other.name());
  refused("of another box, on record", refusal::share_of_another_box, share_of(fritz, "oak-usps"),
          terms_of(fritz, "oak-usps").name());
  refused("another custodian's", refusal::share_of_another_custodian, share_of(emil, "oak-ve"),
          terms_of(emil, "oak-ve").name());

  fs::remove(place);
  refuses("no file", "oak-ve", dora, refusal::share_missing, {});
  fs::create_directory(place);
  refuses("a folder in its place", "oak-ve", dora, refusal::share_damaged, {});
  fs::rename(media_folder() / "Dora", media_folder() / "elsewhere");
  refuses("no medium", "oak-ve", dora, refusal::medium_missing, {});
  fs::rename(media_folder() / "elsewhere", media_folder() / "Dora");
  fs::remove(place);
  write_file(place, own);
  write_file(file(fritz, "oak-ve"), own);
  refuses("by one who holds none", "oak-ve", fritz, refusal::custodian_not_known, name);
  fs::remove(file(fritz, "oak-ve"));
  refuses("by one who holds none and brings none", "oak-ve", fritz, refusal::custodian_not_known, {});

  // None of them counted. The same share twice, by one and by two.
  put("oak-ve", dora);
  BOOST_CHECK(!enabled("oak-ve"));
  refuses("twice", "oak-ve", dora, refusal::share_doubled, name);
  const auto emils = share_of(emil, "oak-ve");
  write_file(file(emil, "oak-ve"), own);
  refuses("twice, by two custodians", "oak-ve", emil, refusal::share_doubled, name);
  BOOST_CHECK(!enabled("oak-ve"));
  write_file(file(emil, "oak-ve"), emils);
  put("oak-ve", emil);
  BOOST_CHECK(enabled("oak-ve"));
  BOOST_CHECK(last<share_entered>() == (share_entered{id_of("oak-ve"), emil, terms_of(emil, "oak-ve").name()}));
  BOOST_CHECK_EQUAL(broken_rules(events()), "");
}

// A share of the domain key set enables nothing, though it lies where the box's own would.
BOOST_FIXTURE_TEST_CASE(a_share_for_another_use_is_refused, share_bench) {
  const label ada{"Ada"};
  take_out("manufacturing-1", ada);
  const auto domain_share = file_content(media_folder() / "Ada" / share_file_name(domain_share_purpose));
  write_file(file(ada, "manufacturing-1"), domain_share);
  const auto terms = parse_share(wiped(domain_share));
  BOOST_REQUIRE(terms);
  refuses("the domain key set's", "manufacturing-1", ada, refusal::share_of_another_box, terms->terms.name());
}

// What was not reached is no box yet; who tried is on record all the same.
BOOST_FIXTURE_TEST_CASE(a_box_without_an_id_takes_no_share, share_bench) {
  only_refused<box_report>("put", refusal::box_not_initialised, box("oak-spare").common,
                           put_share{{}, rita, media_folder()});
  BOOST_CHECK(last<fault_recorded>().involved
              == (std::vector<participant>{{participant_kind::custodian, "Rita"}}));
}

BOOST_FIXTURE_TEST_CASE(below_the_quorum_nothing_opens, share_bench) {
  const auto now = world().time().now();
  take_out("oak-ve", emil);
  const auto refused = [&](const std::string& about) {
    only_refused<mi2>(about, refusal::box_disabled, box("oak-ve").oak, mi1{{}, {ve, 1000}, id_of("steel-1"), now});
    only_refused<acknowledged>(about, refusal::box_disabled, box("oak-ve").common, take_domain_process{{}, {"UKRM"}, {}});
    only_refused<acknowledged>(about, refusal::box_disabled, box("oak-ve").common, activate_domain{{}, ve});
  };
  refused("no share");
  put("oak-ve", emil);
  refused("one of two");
  put("oak-ve", dora);
  get<mi2>(box("oak-ve").oak, mi1{{}, {ve, 1000}, id_of("steel-1"), now});
}

// "A ceremony that was cut short and run again": the box wrote its shares and ended before it took its id.
BOOST_FIXTURE_TEST_CASE(a_share_of_an_unfinished_ceremony_is_outdated, ceremony_bench) {
  const auto stream = random().stream("cut short", 0);
  const initialisation_terms terms{
    id,           {"oak-spare"}, suite_id::p256, order.shares, written().id(), id_of("manufacturing-1"),
    std::make_shared<const private_key>(private_key::generate(suite_id::p256, *stream))};
  const auto cut_short = initialise_box(terms, *stream);
  BOOST_REQUIRE(!cut_short.problem);
  const auto old = file_content(spare_file(rita));
  const auto old_terms = parse_share(wiped(old));
  BOOST_REQUIRE(old_terms && old_terms->signature_valid);
  get<box_id_set>(box("oak-spare").common, order);
  const auto current = file_content(spare_file(rita));
  BOOST_CHECK(current != old);
  write_file(spare_file(rita), old);
  refuses("outdated", "oak-spare", rita, refusal::share_outdated, old_terms->terms.name());
  put("oak-spare", sven);
  refuses("outdated, in the last place", "oak-spare", rita, refusal::share_outdated, old_terms->terms.name());
  write_file(spare_file(rita), current);
  put("oak-spare", rita);
  BOOST_CHECK(enabled("oak-spare"));
}

// The same order again would write other shares over those that open the box.
BOOST_FIXTURE_TEST_CASE(a_repeated_order_leaves_the_shares_alone, ceremony_bench) {
  get<box_id_set>(box("oak-spare").common, order);
  refuses_order("again", refusal::box_already_initialised, order);
  // Also while the first is still being carried out.
  put("oak-spare", rita);
  put("oak-spare", sven);
  BOOST_CHECK(enabled("oak-spare"));
}

BOOST_FIXTURE_TEST_CASE(one_ceremony_at_a_time, ceremony_bench) {
  work().holding = true;
  const auto first = world().ask<box_id_set>(box("oak-spare").common, order);
  world().settle();
  const auto second = world().ask<box_id_set>(box("oak-spare").common, order);
  world().settle();
  BOOST_REQUIRE_EQUAL(work().jobs.size(), 1u);
  work().holding = false;
  work().work(0);
  world().settle();
  BOOST_CHECK(first->answer);
  BOOST_CHECK(second->failure == refusal::busy);
  put("oak-spare", rita);
  put("oak-spare", sven);
  BOOST_CHECK(enabled("oak-spare"));
}

BOOST_FIXTURE_TEST_CASE(a_set_that_cannot_be_is_refused, ceremony_bench) {
  const auto with = [&](unsigned threshold, std::vector<label> custodians) {
    auto m = order;
    m.shares.threshold = static_cast<std::uint8_t>(threshold);
    m.shares.custodians = std::move(custodians);
    return m;
  };
  std::vector<label> many;
  for (int i = 0; i < 300; ++i)
    many.push_back({"person-" + std::to_string(i)});
  refuses_order("no share", refusal::share_count_wrong, with(1, {}));
  refuses_order("300 shares", refusal::share_count_wrong, with(2, many));
  refuses_order("two for one", refusal::share_count_wrong, with(1, {rita, rita}));
  refuses_order("a folder above", refusal::share_count_wrong, with(1, {rita, {".."}}));
  refuses_order("threshold 0", refusal::share_threshold_wrong, with(0, {rita, sven}));
  refuses_order("threshold 3 of 2", refusal::share_threshold_wrong, with(3, {rita, sven}));
  get<box_id_set>(box("oak-spare").common, order);
}

BOOST_FIXTURE_TEST_CASE(a_medium_that_is_not_fit_stops_the_ceremony, ceremony_bench) {
  const auto svens = media_folder() / "Sven";
  fs::remove(svens);
  refuses_order("no medium", refusal::medium_missing, order);
  fs::create_directory(svens);
  write_file(svens / "holiday.jpg", "a picture");
  write_file(spare_file(sven), "somebody's notes");
  refuses_order("another file in the place", refusal::medium_taken, order);
  BOOST_CHECK(last<fault_recorded>().involved
              == (std::vector<participant>{{participant_kind::custodian, "Sven"}}));
  // Another system's box may have the same id: its share is not written over.
  const auto stream = random().stream("elsewhere", 0);
  const auto key = private_key::generate(suite_id::p256, *stream);
  share_terms foreign{{{9}}, {{9}}, id.text(), id, sven, 1, 1, 1, {}};
  write_file(spare_file(sven), clear(share_text(foreign, wiped("a share"), key, *stream)));
  refuses_order("a share of another system", refusal::medium_taken, order);
  fs::remove(spare_file(sven));
  get<box_id_set>(box("oak-spare").common, order);
  BOOST_CHECK_EQUAL(file_content(svens / "holiday.jpg"), "a picture");
}

BOOST_FIXTURE_TEST_CASE(a_full_or_read_only_medium_stops_the_ceremony, ceremony_bench) {
  const auto svens = media_folder() / "Sven";
  small_disk disk{svens, "8k"};
  if (!disk.mounted())
    return skip("no file system can be mounted here");
  write_file(svens / "films", std::string(8192, 'x'));
  refuses_order("full", refusal::medium_full, order);
  fs::remove(svens / "films");
  BOOST_REQUIRE(disk.make_read_only());
  refuses_order("read-only", refusal::medium_not_writable, order);
}

// --- taken out with work in hand ------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(work_in_hand_fails_when_a_share_is_taken_out, share_bench) {
  const auto now = world().time().now();
  auto& oak = box("oak-ve");
  const mi1 request{{{"test", 900}}, {ve, 1000}, id_of("steel-1"), now};
  work().holding = true;
  const auto made = world().ask<mi2>(oak.oak, request);
  world().settle();
  BOOST_REQUIRE_EQUAL(work().jobs.size(), 1u);
  const auto before = events().size();
  // At once: the worker is still busy.
  take_out("oak-ve", emil);
  BOOST_CHECK_EQUAL(events().size(), before + 1);
  BOOST_CHECK(!made->ready());
  work().holding = false;
  work().work(0);
  world().settle();
  BOOST_CHECK(made->failure == refusal::box_disabled);
  const auto all = events();
  BOOST_REQUIRE_EQUAL(all.size(), before + 2); // that it was disabled, and the refusal
  BOOST_CHECK(std::holds_alternative<fault_recorded>(all.back().event));
  put("oak-ve", dora);
  put("oak-ve", emil);
  get<mi2>(oak.oak, request);
  BOOST_CHECK_EQUAL(broken_rules(events()), "");
}

BOOST_FIXTURE_TEST_CASE(manufacturing_hands_out_no_keys_after_a_share_is_taken_out, share_bench) {
  const auto& maker = all().manufacturing();
  work().holding = true;
  const auto package = world().ask<package_of_keys>(
    maker.manufacturing, make_domain_process{{{"test", 901}}, id_of("oak-ve"), ve, {id_of("steel-1")}});
  const auto created =
    world().ask<acknowledged>(maker.manufacturing, create_domain{{{"test", 902}}, {"UKRM"}, "postal", {"GB"}});
  world().settle();
  take_out("manufacturing-1", {"Ada"});
  work().holding = false;
  while (!work().jobs.empty()) {
    work().work(0);
    world().settle();
  }
  BOOST_CHECK(package->failure == refusal::box_disabled);
  BOOST_CHECK(created->failure == refusal::box_disabled);
  BOOST_CHECK(!written().view().row({stream_kind::domain, "UKRM"}));
}

// An installation, with the share taken out after each message of it. Nothing is half done: either MI7 is durable and
// says what is so, or the attempt stays open until the box is enabled again and is then closed as failed.
BOOST_AUTO_TEST_CASE(a_share_is_taken_out_at_every_moment_of_an_installation) {
  unsigned refused = 0, failed = 0, done = 0, provisioned_late = 0, committed_late = 0;
  for (unsigned messages = 0; done < 3; ++messages) {
    BOOST_REQUIRE(messages < 200);
    BOOST_TEST_CONTEXT("after " << messages << " messages") {
      share_bench bench;
      scratch_directory memory;
      auto slots = erasable_slots::open(memory / "slots", 16);
      BOOST_REQUIRE(slots);
      const sequence_number number{"M0000009"};
      const auto meter_actor = bench.all().connect_meter({number, 9, &*slots, {}});
      bench.world().settle();
      bench.get<acknowledged>(meter_actor, load_label{{}, number, {"DM400"}});
      const auto id =
        bench.get<mi0_answer>(bench.all().archive_of(ve), new_key_id{{}, ve, bench.id_of("steel-1"), {99}}).key;
      const auto time = [&] { return bench.world().time().now(); };
      const auto made = bench.get<mi2>(bench.box("oak-ve").oak, mi1{{}, id, bench.id_of("steel-1"), time()});

      const auto report = bench.world().ask<mi7>(bench.box("steel-1").steel,
                                                 install_key{{{"test", 903}}, id, number, time(), made.mi4});
      unsigned passed = 0;
      pending_handle<box_report> out;
      bench.world().run_until([&] {
        if (passed++ == messages) {
          done += report->ready();
          out = bench.world().ask<box_report>(bench.box("steel-1").common, take_share{{{"test", 904}}, {"Max"}});
        }
        return out && out->ready() && report->ready();
      });
      BOOST_REQUIRE(out && out->answer);
      const auto disabled_at = bench.last_position<box_disabled>();
      for (const auto& e : bench.events())
        if (e.position > disabled_at) {
          BOOST_CHECK(!std::holds_alternative<installation_attempted>(e.event));
          BOOST_CHECK(!std::holds_alternative<installation_finished>(e.event));
          provisioned_late += std::holds_alternative<key_provisioned>(e.event);
          committed_late += std::holds_alternative<key_committed>(e.event);
        }
      bench.put("steel-1", {"Max"});
      bench.put("steel-1", {"Lena"});
      bench.world().settle();

      std::optional<installation_finished> outcome;
      bool attempted = false, committed = false;
      for (const auto& e : bench.events()) {
        if (const auto* a = std::get_if<installation_attempted>(&e.event))
          attempted = attempted || a->key == id;
        if (const auto* f = std::get_if<installation_finished>(&e.event); f && f->key == id)
          outcome = *f;
        if (const auto* c = std::get_if<key_committed>(&e.event))
          committed = committed || c->key == id;
      }
      BOOST_CHECK_EQUAL(attempted, outcome.has_value());
      BOOST_CHECK(!committed || (outcome && !outcome->failure));
      refused += !attempted;
      failed += outcome && outcome->failure;
    }
  }
  BOOST_TEST_MESSAGE(refused << " refused, " << failed << " failed, " << provisioned_late << " provisioned and "
                             << committed_late << " committed after");
  BOOST_CHECK_GT(refused, 0u);
  BOOST_CHECK_GT(failed, 5u);
  BOOST_CHECK_LE(provisioned_late, 2u); // MI5 was on its way already
  BOOST_CHECK_LE(committed_late, 4u);   // and MI6c, after an MI7 that is durable
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
