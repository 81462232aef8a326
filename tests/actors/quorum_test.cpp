// EP-10: "The combination is what unseals the box's stored keys, so enabling is cryptography and not a flag." A quorum
// of shares that are all right, and something else sealed in the log: the box stays disabled, says why, and keeps
// nothing.

#include "events/box_reasons.hpp"
#include "tests/actors/custodians.hpp"
#include "tests/actors/memory_image.hpp"

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(quorum)
namespace {

const label rita{"Rita"}, sven{"Sven"};
const box_id spare_id{box_type::oak, 77};
const domain_id ve{"VE"};

box_plan spare(unsigned threshold) {
  return {{"oak-spare"}, {}, box_type::oak, {}, {}, threshold, {rita, sven}};
}

/// Writes an event of the spare box to the log, and beside it what is sealed.
template <class Event>
void put(log& site, secure_box& box, const Event& e, bytes sealed) {
  const stream_id stream{stream_kind::box, spare_id.text()};
  const auto view = site.view();
  const auto row = view.row(stream);
  append_request request;
  auto pending = describe(e);
  pending.time = {view.at(site.size())->time.us + 1};
  pending.actor = "oak/oak-spare";
  pending.command = {"overnight", site.size()};
  pending.sealed = std::move(sealed);
  request.events.push_back(std::move(pending));
  evolve(box, e);
  request.rows.push_back({stream, row ? row->version : 0, encode(box)});
  const auto written = site.append({&request});
  BOOST_REQUIRE(written && written->front());
}

/// A ceremony of the spare box whose sealed material is exchanged for what `own` and `process` make of it; without
/// `process` it serves no domain.
struct exchange {
  unsigned threshold = 2;
  std::function<bytes(bytes sealed, const log&)> own;
  std::function<bytes(bytes sealed)> process;

  void operator()(log& site) const {
    const auto media = site.directory() / "media";
    for (const auto& who : {rita, sven})
      std::filesystem::create_directories(media / who.text);
    const auto random = seeded_randomness(5, 1)->stream("spare", 0);
    const initialisation_terms terms{
      spare_id, {"oak-spare"}, suite_id::p256, {static_cast<std::uint8_t>(threshold), {rita, sven}, media}, site.id(),
      box_id{box_type::manufacturing, 1},
      std::make_shared<const private_key>(private_key::generate(suite_id::p256, *random))};
    auto made = initialise_box(terms, *random);
    BOOST_REQUIRE(!made.problem);
    secure_box box;
    put(site, box, made.event, own(made.sealed, site));
    if (process)
      put(site, box, domain_process_made{spare_id, ve, suite_id::p256, {}}, process(made.sealed));
  }
};

bytes as_it_is(bytes sealed, const log&) {
  return sealed;
}
bytes flipped(bytes sealed, const log&) {
  sealed[sealed.size() / 2] ^= 1;
  return sealed;
}
/// What another box of the site sealed, with the same purpose.
bytes of_another_box(const bytes&, const log& site) {
  const auto view = site.view();
  return *view.sealed(*view.find(static_cast<std::uint8_t>(lookup::box_keys), box_id{box_type::oak, 1}.text()));
}

struct quorum_bench : site_bench {
  explicit quorum_bench(const exchange& what) : site_bench({spare(what.threshold)}, nullptr, what) {
    const auto& plan = box("oak-spare").plan;
    image.look_for("combination", reveal(combination_of(*this, box("oak-spare"))));
    for (unsigned i = 0; i < plan.threshold; ++i) {
      const auto share = share_on(*this, plan.custodians[i], spare_id.text());
      // After the header of the share (crypto/shares.cpp), which is public.
      image.look_for("share of " + plan.custodians[i].text, std::span{reveal(share)}.subspan(21, 32));
    }
  }

  pending_handle<box_report> put_share_of(const label& who) {
    return ask<box_report>(box("oak-spare").common, put_share{{}, who, media_folder()});
  }
  secure_box state() { return get<box_report>(box("oak-spare").common, ask_box{}).box; }

  void holds_nothing(const std::string& about) {
    for (const auto& [what, count] : image.search())
      BOOST_CHECK_MESSAGE(count == 0, about << ": " << what << " is found " << count << " times");
  }

  memory_image image;
};

/// The quorum is refused at its last share; twice, since nothing changes by trying.
void opens_nothing(const std::string& about, const exchange& what) {
  quorum_bench bench{what};
  const auto last = what.threshold == 1 ? rita : sven;
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (what.threshold == 2)
      BOOST_CHECK_MESSAGE(bench.put_share_of(rita)->answer, about);
    const auto size = bench.events().size();
    const auto answer = bench.put_share_of(last);
    BOOST_CHECK_MESSAGE(answer->failure == refusal::sealed_material_invalid, about);
    const auto all = bench.events();
    const auto made = bench.last<box_initialised>([](const box_initialised& e) { return e.box == spare_id; });
    const auto index = static_cast<std::uint8_t>(what.threshold);
    const share_refused refused{spare_id, last, refusal::sealed_material_invalid, share_name{made.set->id, index}};
    // With one share in, the box says too that it holds that one no more.
    BOOST_REQUIRE_EQUAL(all.size(), size + what.threshold);
    BOOST_CHECK(std::get<share_refused>(all[size].event) == refused);
    if (what.threshold == 2)
      BOOST_CHECK_EQUAL(std::get<box_disabled>(all[size + 1].event).reason, nothing_opened);
    const auto box = bench.state();
    BOOST_CHECK_MESSAGE(!box.enabled && box.entered.empty(), about);
    bench.holds_nothing(about);
    bench.only_refused<acknowledged>(about, refusal::box_disabled, bench.box("oak-spare").common,
                                     take_domain_process{{}, ve, {}});
  }
}

} // namespace

BOOST_AUTO_TEST_CASE(a_quorum_that_opens_nothing_enables_nothing) {
  opens_nothing("one bit is changed", {2, flipped, {}});
  opens_nothing("cut off", {2, [](bytes sealed, const log&) { return bytes{sealed.begin(), sealed.end() - 1}; }, {}});
  opens_nothing("nothing is there", {2, [](const bytes&, const log&) { return bytes{}; }, {}});
  opens_nothing("another box's", {2, of_another_box, {}});
  opens_nothing("one share is a quorum", {1, flipped, {}});
}

// Sealed with the right combination, and for another purpose: the box's own instead of a domain's.
BOOST_AUTO_TEST_CASE(a_quorum_that_opens_not_everything_enables_nothing) {
  opens_nothing("a domain's keys", {2, as_it_is, [](bytes sealed) { return sealed; }});
}

// What the others are held against: the same box, with what it sealed.
BOOST_AUTO_TEST_CASE(the_box_as_it_was_is_enabled) {
  quorum_bench bench{{2, as_it_is, {}}};
  BOOST_CHECK(bench.put_share_of(rita)->answer);
  BOOST_CHECK(bench.put_share_of(sven)->answer);
  BOOST_CHECK(bench.state().enabled);
  for (const auto& [what, count] : bench.image.search())
    BOOST_CHECK_MESSAGE(count > 0, what << " is not found in an enabled box");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
