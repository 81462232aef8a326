// EP-10: a disabled box holds nothing but ciphertext. A search of the process's own memory finds no share, no
// combination, no private key and no master key of it; the same search finds them while they are in use.

#include "tests/actors/custodians.hpp"
#include "tests/actors/memory_image.hpp"

#include "actors/boxes/record_addresses.hpp"
#include "crypto/token.hpp"
#include "scenarios/runner.hpp"
#include "storage/signed_body.hpp"

#include <botan/data_src.h>
#include <botan/pkcs8.h>
#include <botan/rsa.h>

#include <thread>

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(memory_search)
namespace {

const domain_id ve{"VE"}, usps{"USPS"};

std::string hex_of(bundle_part part) {
  static constexpr char digits[] = "0123456789abcdef";
  const auto number = static_cast<unsigned>(part);
  return {digits[number >> 4], digits[number & 15]};
}

void look_for_parts(memory_image& image, const std::string& of, const key_bundle& bundle) {
  for (const auto part : all_parts_of(bundle))
    if (!is_public(part))
      image.look_for(of + ", part " + hex_of(part), essence(*bundle.find(part)));
}

void check_all_found(const memory_hits& hits, const std::string& when) {
  BOOST_CHECK(!hits.empty());
  for (const auto& [what, count] : hits)
    BOOST_CHECK_MESSAGE(count > 0, when << ": " << what << " is not found");
}

void check_none_found(const memory_hits& hits, const std::string& when) {
  for (const auto& [what, count] : hits)
    BOOST_CHECK_MESSAGE(count == 0, when << ": " << what << " is found " << count << " times");
}

/// Workers that let work lie for a while.
class busy_workers final : public workers {
public:
  void run(std::function<void()> job, const worker_client& client, std::uint64_t ticket) override {
    if (!busy)
      return idle_->run(std::move(job), client, ticket);
    lying_.emplace_back([this, job = std::move(job), client, ticket] { idle_->run(job, client, ticket); });
  }
  void catch_up() {
    busy = false;
    for (const auto& work : std::exchange(lying_, {}))
      work();
  }
  bool busy = false;

private:
  std::unique_ptr<workers> idle_ = inline_workers();
  std::vector<std::function<void()>> lying_;
};

/// The site at work: everything that is asked of its boxes in a key's life.
struct working_site : site_bench {
  using site_bench::site_bench;

  const sequence_number meter{"M0000009"};
  const product_code product{"DM400"};
  const indicia_serial serial{"1000009"};
  meter_actor own_meter;

  void live_a_life() {
    own_meter = all().connect_meter({meter, 9, &slots, {}});
    world().settle();
    get<acknowledged>(own_meter, load_label{{}, meter, product});
    const auto order = [&](order_kind kind) {
      const order_details details{kind, meter, product, {}, {}, calendar_date::of(world().time().now()), "the end", {}};
      std::vector<leg_plan> legs{{ve, id_of("steel-1")}, {usps, id_of("steel-2")}};
      const auto done = get<order_result>(all().kmc(), open_order{{}, details, legs});
      BOOST_REQUIRE(done.outcome.complete);
    };
    order(order_kind::install);
    const auto today = calendar_date::of(world().time().now());
    get<order_result>(box("steel-1").line, register_meter{{}, meter, product, serial, {"US"}, today});
    world().advance(std::chrono::hours{24});
    const auto tomorrow = calendar_date::of(world().time().now());
    const auto mail = get<printed>(own_meter, print_request{{}, meter, 3, tomorrow, 730, "06926"});
    const auto pieces = std::make_shared<const std::vector<indicium>>(mail.pieces);
    const auto verified = get<mail_verified>(all().data_capture(), verify_mail{{}, "mail-9", {ve, usps}, pieces});
    for (const auto& result : verified.results)
      for (const auto v : result.verdicts)
        BOOST_REQUIRE(v == verdict::good);
    world().advance(std::chrono::hours{24});
    order(order_kind::retirement);
  }

  /// What a box has of its own while it is enabled.
  void look_for_combination(memory_image& image, const site_box& b) const {
    const auto& slot = b.plan.slot.text;
    image.look_for("combination of " + slot, reveal(combination_of(*this, b)));
    unsigned number = 0;
    for (const auto& share : shares_of(*this, b)) {
      // After the header of the share (crypto/shares.cpp), which is public.
      const std::span<const std::uint8_t> whole{reveal(share)};
      image.look_for("share " + std::to_string(++number) + " of " + slot, whole.subspan(21, 32));
    }
  }

  struct kept_key {
    key_installed event;
    bytes sealed;
    private_key brass; ///< that opens it
  };
  /// What the archive has of the meter's key of this domain.
  kept_key kept(const domain_id& domain, const std::string& brass) {
    const auto installed = last<key_installed>([&](const key_installed& e) {
      return e.meter == meter && e.key.domain == domain;
    });
    auto own = bundle_of(*this, box(brass), domain.text)
                 .key(private_part(key_role::brass_confidentiality), suite_id::p256);
    BOOST_REQUIRE(own);
    return {installed, sealed(), std::move(*own)};
  }

  /// The last share that was entered is taken out.
  void disable(const site_box& b) {
    get<box_report>(b.common, take_share{{}, b.plan.custodians[b.plan.threshold - 1]});
    BOOST_REQUIRE(!get<box_report>(b.common, ask_box{}).box.enabled);
  }
  void disable_all() {
    for (const auto& b : all().boxes())
      disable(b);
  }

  scratch_directory memory;
  erasable_slots slots = std::move(*erasable_slots::open(memory / "slots", 16));
};

} // namespace

BOOST_AUTO_TEST_CASE(the_search_finds_what_lies_in_memory_and_not_itself) {
  memory_image image;
  std::vector<std::uint8_t> plain(32), backwards(32), halved(16);
  for (std::size_t i = 0; i < 32; ++i)
    plain[i] = static_cast<std::uint8_t>(0x31 * i + getpid());
  image.look_for("plain", plain);
  BOOST_CHECK_EQUAL(image.search().at("plain"), 2); // both halves
  std::reverse_copy(plain.begin(), plain.end(), backwards.begin());
  std::copy_n(plain.begin() + 16, 16, halved.begin());
  BOOST_CHECK_EQUAL(image.search().at("plain"), 5);
  for (auto* v : {&plain, &backwards, &halved})
    std::fill_n(static_cast<volatile std::uint8_t*>(v->data()), v->size(), 0);
  check_none_found(image.search(), "wiped");
}

// Each box by itself: the others stay enabled.
BOOST_FIXTURE_TEST_CASE(a_disabled_box_holds_no_combination, working_site) {
  live_a_life();
  for (const auto& b : all().boxes()) {
    memory_image image;
    look_for_combination(image, b);
    check_all_found(image.search(), b.plan.slot.text + " enabled");
    disable(b);
    check_none_found(image.search(), b.plan.slot.text + " disabled");
  }
}

BOOST_FIXTURE_TEST_CASE(disabled_boxes_hold_no_private_key, working_site) {
  live_a_life();
  memory_image in_use, at_rest;
  for (const auto& b : all().boxes())
    for (const auto& domain : b.plan.domains)
      look_for_parts(in_use, b.plan.slot.text + " for " + domain.text, bundle_of(*this, b, domain.text));
  // The keys of the batches that MI9 and MI4 were in: Brass and Steel unwrapped them, and keep them while enabled. They stand
  // behind the header (crypto/envelope.cpp).
  const auto look_for_batch_key = [&](const std::string& what, const bytes& sealed, const private_key& own) {
    const auto length = static_cast<std::size_t>(sealed.at(37) << 8 | sealed.at(38));
    const auto batch_key = own.unwrap(byte_view{sealed}.subspan(39, length), blinding_generator());
    BOOST_REQUIRE(batch_key);
    in_use.look_for(what, reveal(*batch_key));
  };
  {
    const auto [installed, sealed_to_brass, brass] = kept(ve, "brass-ve");
    look_for_batch_key("the key of MI9's batch", sealed_to_brass, brass);
    last<key_generated>([&, key = installed.key](const key_generated& e) { return e.key == key; });
    const auto pair = decode<std::pair<bytes, bytes>>(sealed()); // to Brass, to Steel (actors/boxes/oak.cpp)
    const auto steel = bundle_of(*this, box("steel-1"), "VE").key(private_part(key_role::steel_confidentiality),
                                                                 suite_id::p256);
    BOOST_REQUIRE(pair && steel);
    look_for_batch_key("the key of MI4's batch", pair->second, *steel);
  }
  // What a Manufacturing box opens for each use only; and what it hands out to boxes.
  {
    const auto own = bundle_of(*this, box("manufacturing-1"), "box");
    const auto whole = whole_domain(*this, ve);
    look_for_parts(at_rest, "Manufacturing", own);
    look_for_parts(at_rest, "Manufacturing for VE", whole);
    check_all_found(at_rest.search(), "opened");
  }
  check_all_found(in_use.search(), "enabled");
  disable_all();
  check_none_found(in_use.search(), "disabled");
  check_none_found(at_rest.search(), "disabled");
}

// A domain is made and handed to boxes in this process: no key of it stays behind.
BOOST_FIXTURE_TEST_CASE(a_new_domain_leaves_no_private_key, working_site) {
  const domain_id fresh{"UKRM"};
  const auto& maker = all().manufacturing().manufacturing;
  get<acknowledged>(maker, create_domain{{}, fresh, "postal", {"GB"}});
  for (const auto* slot : {"oak-ve", "steel-1", "brass-ve"}) {
    get<acknowledged>(box(slot).common, take_domain_process{{}, fresh, package_for(slot, fresh)});
  }
  memory_image image;
  look_for_parts(image, "the new domain", whole_domain(*this, fresh));
  check_all_found(image.search(), "in use");
  disable_all();
  check_none_found(image.search(), "disabled");
}

// K is in clear at Oak, Steel and Brass, each for a moment; what is left is the meter's own memory, which is this
// process's too. A meter that is opened wipes it.
BOOST_FIXTURE_TEST_CASE(no_master_key_outlives_its_use, working_site) {
  live_a_life();
  memory_image masters, derived;
  for (const auto& [domain, brass] : {std::pair{ve, "brass-ve"}, {usps, "brass-usps"}}) {
    const auto [installed, sealed, own] = kept(domain, brass);
    const auto mi9 = decode_body<mi9_body>(installed.mi9.body);
    BOOST_REQUIRE(mi9);
    const auto k = opener{own, blinding_generator()}.open(
      sealed, sealed_address(body_type::mi9, installed.key, mi9->brass, mi9->steel));
    BOOST_REQUIRE(k);
    masters.look_for("K of " + installed.key.text(), reveal(*k));
    for (const auto use : {key_use::test, key_use::commit, key_use::registration}) {
      const auto key = work_context::tokens().derive(*k, use, domain.text);
      const auto what = "key " + std::to_string(static_cast<int>(use)) + " from K of " + installed.key.text();
      derived.look_for(what, reveal(key));
      BOOST_CHECK_GT(derived.search().at(what), 0);
    }
  }
  check_all_found(masters.search(), "in the meter");
  check_none_found(derived.search(), "the meter in use");
  get<acknowledged>(own_meter, tamper{{}, meter});
  check_none_found(masters.search(), "the boxes still enabled");
}

// A Steel box that waits for a meter has K in its hands: it lets go of it when a share is taken out, and not when the
// meter at last says something.
BOOST_FIXTURE_TEST_CASE(a_steel_box_disabled_in_a_conversation_drops_the_key, working_site) {
  const auto silent = world().system().spawn([](meter_actor::pointer self) -> meter_actor::behavior_type {
    return {[](const work_done&) {}, [](const append_done&) {},
            [](const command_refused&) -> caf::result<acknowledged> { return caf::error{}; },
            [self](const load_label&) { return self->make_response_promise<acknowledged>(); },
            [self](const mi5q&) { return self->make_response_promise<mi5i>(); },
            [self](const mi5&) { return self->make_response_promise<mi5s>(); },
            [self](const mi6r&) { return self->make_response_promise<mi6>(); },
            [self](const mi6c&) { return self->make_response_promise<mi6c_answer>(); },
            [self](const register_meter&) { return self->make_response_promise<mr1>(); },
            [self](const print_request&) { return self->make_response_promise<printed>(); },
            [self](const tamper&) { return self->make_response_promise<acknowledged>(); }};
  });
  const auto& steel = box("steel-1");
  send(steel.line, meter_connected{{}, meter, silent});
  const auto key = get<mi0_answer>(all().archive_of(ve), new_key_id{{}, ve, id_of("steel-1"), {99}}).key;
  const auto made = get<mi2>(box("oak-ve").oak, mi1{{}, key, id_of("steel-1"), world().time().now()});
  memory_image image;
  {
    const auto own = bundle_of(*this, box("brass-ve"), "VE").key(private_part(key_role::brass_confidentiality),
                                                                 suite_id::p256);
    const auto k = opener{*own, blinding_generator()}.open(
      made.mi3.sealed, sealed_address(body_type::mi3, key, id_of("oak-ve"), id_of("steel-1")));
    BOOST_REQUIRE(k);
    image.look_for("K", reveal(*k));
  }
  check_none_found(image.search(), "after Oak");
  send(steel.steel, install_key{{}, key, meter, world().time().now(), made.mi4});
  check_all_found(image.search(), "the meter is awaited");
  disable(steel);
  check_none_found(image.search(), "disabled");
  world().advance(std::chrono::hours{1});
  world().settle();
  BOOST_CHECK_EQUAL(broken_rules(events()), "");
  caf::anon_send_exit(silent, caf::exit_reason::user_shutdown);
}

// Work that waits for a worker, or behind other work, has no key of its own: none is left when its box is disabled.
BOOST_AUTO_TEST_CASE(work_that_waits_keeps_no_key_of_a_disabled_box) {
  auto hands = std::make_unique<busy_workers>();
  auto& lazy = *hands;
  working_site site{{}, std::move(hands)};
  const auto steel = site.id_of("steel-1");
  const auto now = site.world().time().now();
  const auto& maker = site.all().manufacturing().manufacturing;
  const auto keys = site.package_for("oak-ve", usps);
  memory_image image;
  for (const auto& b : site.all().boxes()) {
    site.look_for_combination(image, b);
    for (const auto& domain : b.plan.domains)
      look_for_parts(image, b.plan.slot.text + " for " + domain.text, bundle_of(site, b, domain.text));
  }
  memory_image opened_for_use;
  look_for_parts(opened_for_use, "Manufacturing", bundle_of(site, site.box("manufacturing-1"), "box"));
  lazy.busy = true;
  const auto wait = [&](const auto& whom, const auto& m) {
    for (unsigned i = 0; i < 3; ++i)
      site.send(whom, m);
  };
  wait(maker, create_domain{{}, {"UKRM"}, "postal", {"GB"}});
  wait(maker, make_domain_process{{}, site.id_of("oak-ve"), usps, {steel}});
  wait(site.box("oak-ve").common, take_domain_process{{}, usps, keys});
  wait(site.box("oak-ve").oak, mi1{{}, {ve, 1000}, steel, now});
  wait(site.box("steel-1").steel, install_key{{}, {ve, 1000}, site.meter, now, {}});
  wait(site.box("brass-ve").brass, mi8{{}, {ve, 1000}, {}, {}, now});
  wait(site.box("brass-usps").brass, verify_tokens{{}, usps, "mail-9", std::make_shared<std::vector<indicium>>(),
                                                   std::make_shared<verification_material>()});
  check_all_found(image.search(), "work waits");
  check_none_found(opened_for_use.search(), "work waits");
  for (const auto& b : site.all().boxes())
    site.send(b.common, take_share{{}, b.plan.custodians[b.plan.threshold - 1]});
  check_none_found(image.search(), "disabled");
  lazy.catch_up();
  site.world().settle();
  check_none_found(image.search(), "the work is refused");
  BOOST_CHECK_EQUAL(broken_rules(site.events()), "");
}

// The day itself, from the ceremony to the mail, in this process: when it has ended, nothing of it is left.
BOOST_AUTO_TEST_CASE(a_finished_day_leaves_no_secret) {
  const auto day = load_scenario(scenario_file("small-day.toml"));
  BOOST_REQUIRE(day);
  scratch_directory work;
  run_options options;
  options.data = work / "day";
  options.seed = day->plan.seed;
  const auto result = run_scenario(*day, options);
  BOOST_REQUIRE(result && result->finished);
  // The same seed made the same secrets as those of the day that lies ready.
  working_site site;
  BOOST_REQUIRE(file_content(work / "day" / "media" / "Ada" / "domain-key-set.share")
                == file_content(site.written().directory() / "media" / "Ada" / "domain-key-set.share"));
  memory_image image;
  for (const auto& b : site.all().boxes())
    site.look_for_combination(image, b);
  {
    const auto own = bundle_of(site, site.box("manufacturing-1"), "box");
    const auto of_ve = whole_domain(site, ve), of_usps = whole_domain(site, usps);
    look_for_parts(image, "Manufacturing", own);
    look_for_parts(image, "VE", of_ve);
    look_for_parts(image, "USPS", of_usps);
    check_all_found(image.search(), "opened");
  }
  site.disable_all();
  check_none_found(image.search(), "the day has ended");
}

// RSA keeps a key in more forms than P-256: the primes, the exponents, and what is prepared for blinding.
BOOST_AUTO_TEST_CASE(an_rsa_key_leaves_nothing_in_any_thread) {
  memory_image image;
  const auto use = [&image] {
    auto& random = blinding_generator();
    const auto made = private_key::generate(suite_id::rsa3072, random);
    const auto stored = made.stored();
    const auto read = private_key::parse(suite_id::rsa3072, stored);
    BOOST_REQUIRE(read);
    const bytes message{1, 2, 3};
    BOOST_CHECK(read->public_part().verify(message, read->sign(message, random)));
    const secret content{bytes(32, 7)};
    BOOST_CHECK(read->unwrap(read->public_part().wrap(content, random), random));
    Botan::DataSource_Memory source{reveal(stored)};
    const auto key = Botan::PKCS8::load_key(source);
    const auto& rsa = dynamic_cast<const Botan::RSA_PrivateKey&>(*key);
    const auto limbs = [&](const char* what, const Botan::BigInt& n) {
      image.look_for(what, Botan::BigInt::encode_locked(n));
    };
    limbs("p", rsa.get_p());
    limbs("q", rsa.get_q());
    limbs("d", rsa.get_d());
    limbs("d mod p-1", rsa.get_d1());
    limbs("d mod q-1", rsa.get_d2());
    check_all_found(image.search(), "in use");
  };
  std::thread{use}.join();
  auto hits = image.search();
#ifdef __SANITIZE_ADDRESS__
  // The sanitizer keeps freed memory and dead stack frames as they were: there d mod q-1 stands two or three times, and
  // nothing else (docs/threat-model.md). An ordinary process has overwritten it by now.
  hits.erase("d mod q-1");
#endif
  check_none_found(hits, "gone");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
