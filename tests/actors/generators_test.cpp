// EP-11 at the boxes: a generator whose source fails is found, the other carries on and the box says so first; a site
// that works with both only gets nothing; with none left nothing is handed out.

#include "scenarios/faulty_noise.hpp"
#include "tests/actors/site_bench.hpp"

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(generators)
namespace {

const domain_id ve{"VE"}, usps{"USPS"};
const label oak{"oak-ve"}, factory{"manufacturing-1"}, steel{"steel-1"};

/// Simulated noise, with a string to pull for each generator.
class pulled_noise final : public noise_supply {
public:
  explicit pulled_noise(randomness& random) { begin(random); }
  /// The next process: other noise, the same strings.
  void begin(randomness& random) { good_ = seeded_noise(random); }

  std::unique_ptr<noise_source> source(const label& slot, generator_part part) override {
    return std::make_unique<pulled>(good_->source(slot, part), what_[{slot, part}]);
  }
  noise_terms terms(generator_part part) const override { return good_->terms(part); }
  void fail(const label& slot, generator_part part, std::string_view what) { what_[{slot, part}] = what; }

private:
  class pulled final : public noise_source {
  public:
    pulled(std::unique_ptr<noise_source> source, const std::string& what)
      : source_(std::move(source)), what_(what) {}
    std::string name() const override { return source_->name(); }
    std::optional<unread> read(std::span<std::uint8_t> out, std::chrono::milliseconds bound) override {
      if (!what_.empty() && !failing_) {
        source_ = faulty_source(std::move(source_), what_, 0);
        failing_ = true;
      }
      return source_->read(out, bound);
    }

  private:
    std::unique_ptr<noise_source> source_;
    const std::string& what_; ///< of its supply, which outlives it; empty while it is good
    bool failing_ = false;
  };

  std::unique_ptr<noise_supply> good_;
  std::map<std::pair<label, generator_part>, std::string> what_;
};

/// The site of a finished day with strings at its noise.
struct pulled_site {
  explicit pulled_site(degraded_work degraded = degraded_work::allowed, const std::vector<box_plan>& more = {},
                       const std::vector<known_answer>& answers = known_answers())
    : bench(more, nullptr, {}, [this, degraded, computed = &answers](site_options& options) {
        auto& around = options.around;
        if (noise)
          noise->begin(*around.random);
        else
          noise = std::make_unique<pulled_noise>(*around.random);
        around.noise = noise.get();
        around.degraded = degraded;
        around.answers = computed;
      }) {}

  mi1 order(const std::string& steel_slot = "steel-1") {
    const auto id =
      bench.get<mi0_answer>(bench.all().archive_of(ve), new_key_id{{}, ve, bench.id_of(steel_slot), {99}}).key;
    return {{}, id, bench.id_of(steel_slot), bench.world().time().now()};
  }
  pending_handle<mi2> generate(const mi1& m) { return bench.ask<mi2>(bench.box(oak.text).oak, m); }

  std::unique_ptr<pulled_noise> noise;
  site_bench bench;
};

std::vector<std::string> names_of(const std::vector<told_event>& all, std::size_t from) {
  std::vector<std::string> names;
  for (auto i = from; i < all.size(); ++i)
    names.emplace_back(name_of_event(all[i].event));
  return names;
}

box_plan new_box(const char* slot, box_type type) {
  return {{slot}, {}, type, {ve}, {}, 2, {{"Xaver"}, {"Yvonne"}}};
}

const label officer{"Ada"};

/// The source's order for a new box.
set_secure_box_id order_for(site_bench& bench, const box_plan& plan) {
  bench.type_in(plan.slot, {officer});
  const auto order =
    bench.get<box_id_allocated>(bench.box(factory.text).manufacturing,
                                allocate_box_id{{}, plan.slot, plan.type, officer, bench.media_folder()});
  return bench.begin_order(plan.slot.text, order, officer);
}
sharing shares_of(site_bench& bench, const box_plan& plan) {
  for (const auto& custodian : plan.custodians)
    std::filesystem::create_directories(bench.media_folder() / custodian.text);
  return {2, plan.custodians, bench.media_folder()};
}

/// The box refuses to be enrolled: the fault is the only event.
void takes_no_order(const std::string& about, refusal why, site_bench& bench, const box_plan& plan) {
  const auto order = order_for(bench, plan);
  bench.only_refused<start_up_key_offered>(about, why, bench.box(plan.slot.text).common, order);
}

} // namespace

BOOST_AUTO_TEST_CASE(a_fault_of_the_hardware_is_said_before_anything_that_was_drawn_with_it) {
  for (const auto what : noise_faults)
    BOOST_TEST_CONTEXT(what) {
      pulled_site site;
      auto& bench = site.bench;
      site.noise->fail(oak, generator_part::hardware, what);
      bool said = false;
      // A biased source is found in the first window of 512 samples that begins with the value; a key takes about 300.
      for (int keys = 0; keys < 12 && !said; ++keys) {
        const auto m = site.order();
        const auto before = bench.events().size();
        const auto made = site.generate(m);
        BOOST_REQUIRE(made->answer);
        const auto names = names_of(bench.events(), before);
        said = names.size() == 2;
        if (said)
          BOOST_TEST(names == (std::vector<std::string>{"generators_changed", "key_generated"}),
                     boost::test_tools::per_element());
        else
          BOOST_TEST(names == std::vector<std::string>{"key_generated"}, boost::test_tools::per_element());
      }
      BOOST_REQUIRE(said);
      const auto told = bench.last<generators_changed>();
      BOOST_CHECK(told.box == bench.id_of(oak.text) && told.health == generator_health::degraded);
      BOOST_CHECK(told.hardware && told.hardware->starts_with(std::string{what} + " at sample "));
      BOOST_CHECK(!told.software && !told.combination);
      // The box says so itself, and works on; it says it once.
      const auto report = bench.get<box_report>(bench.box(oak.text).common, ask_box{});
      BOOST_CHECK(report.box.generators.health == generator_health::degraded);
      const auto m = site.order();
      const auto before = bench.events().size();
      BOOST_CHECK(site.generate(m)->answer);
      BOOST_TEST(names_of(bench.events(), before) == std::vector<std::string>{"key_generated"},
                 boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(a_site_that_works_with_both_only_is_refused_and_nothing_changes) {
  const auto plan = new_box("oak-new", box_type::oak);
  pulled_site site{degraded_work::refused, {plan}};
  auto& bench = site.bench;
  for (const auto part : {generator_part::hardware, generator_part::software}) {
    const auto& slot = part == generator_part::hardware ? oak : label{"oak-usps"};
    site.noise->fail(slot, part, "stuck");
  }
  // The key that was being drawn is refused too; before that the box says why.
  auto m = site.order();
  const auto before = bench.events().size();
  BOOST_CHECK(site.generate(m)->failure == std::optional{refusal::generators_degraded});
  BOOST_TEST(names_of(bench.events(), before) == (std::vector<std::string>{"generators_changed", "fault_recorded"}),
             boost::test_tools::per_element());
  m = site.order();
  bench.only_refused<mi2>("a key", refusal::generators_degraded, bench.box(oak.text).oak, m);

  // The other one: the software generator of the other Oak.
  auto of_usps = mi1{{}, bench.get<mi0_answer>(bench.all().archive_of(usps),
                                               new_key_id{{}, usps, bench.id_of("steel-2"), {99}}).key,
                     bench.id_of("steel-2"), bench.world().time().now()};
  BOOST_CHECK(bench.ask<mi2>(bench.box("oak-usps").oak, of_usps)->failure
              == std::optional{refusal::generators_degraded});
  BOOST_CHECK(bench.last<generators_changed>().software.has_value());

  // A new Oak takes no id, and Manufacturing creates no domain and allocates none.
  site.noise->fail(plan.slot, generator_part::hardware, "dead");
  takes_no_order("a degraded Oak", refusal::generators_degraded, bench, plan);
  site.noise->fail(factory, generator_part::hardware, "dead");
  const auto& manufacturing = bench.box(factory.text).manufacturing;
  BOOST_CHECK(bench.ask<acknowledged>(manufacturing, create_domain{{}, {"UKRM"}, "postal", {"GB"}})->failure
              == std::optional{refusal::generators_degraded});
  bench.only_refused<acknowledged>("a domain", refusal::generators_degraded, manufacturing,
                                   create_domain{{}, {"UKRM"}, "postal", {"GB"}});
  bench.only_refused<box_id_allocated>("an id", refusal::generators_degraded, manufacturing,
                                       allocate_box_id{{}, {"oak-newer"}, box_type::oak, officer,
                                                       bench.media_folder()});
}

BOOST_AUTO_TEST_CASE(with_both_out_nothing_is_handed_out) {
  pulled_site site;
  auto& bench = site.bench;
  site.noise->fail(oak, generator_part::hardware, "stuck");
  site.noise->fail(oak, generator_part::software, "dead");
  BOOST_CHECK(site.generate(site.order())->failure == std::optional{refusal::generators_failed});
  const auto told = bench.last<generators_changed>();
  BOOST_CHECK(told.health == generator_health::failed && told.hardware && told.software);
  const auto m = site.order();
  bench.only_refused<mi2>("a key", refusal::generators_failed, bench.box(oak.text).oak, m);
  const auto keys = bench.package_for(oak.text, usps);
  bench.only_refused<acknowledged>("keys to keep", refusal::generators_failed, bench.box(oak.text).common,
                                   take_domain_process{{}, usps, keys});
}

BOOST_AUTO_TEST_CASE(a_steel_box_with_a_dead_generator_is_refused) {
  pulled_site site;
  auto& bench = site.bench;
  const auto made = *site.generate(site.order())->answer;
  const install_key delivery{{}, made.key, {"M0000001"}, bench.world().time().now(), made.mi4};
  site.noise->fail(steel, generator_part::software, "dead");
  const auto before = bench.events().size();
  BOOST_CHECK(bench.ask<mi7>(bench.box(steel.text).steel, delivery)->failure
              == std::optional{refusal::generators_failed});
  // The meter hears nothing of it: no attempt is on record, and the key can still be installed.
  BOOST_TEST(names_of(bench.events(), before) == (std::vector<std::string>{"generators_changed", "fault_recorded"}),
             boost::test_tools::per_element());
  const auto told = bench.last<generators_changed>();
  BOOST_CHECK(told.health == generator_health::failed && !told.hardware);
  bench.only_refused<mi7>("again", refusal::generators_failed, bench.box(steel.text).steel, delivery);
  // What it only signs is refused as well: no MI7 without a salt.
  bench.only_refused<mi7>("a report", refusal::generators_failed, bench.box(steel.text).steel,
                          ask_report{{}, made.key, bench.id_of(steel.text), bench.id_of(oak.text), {"M0000001"}});
}

BOOST_AUTO_TEST_CASE(a_box_is_tested_before_it_takes_an_id) {
  const auto new_oak = new_box("oak-new", box_type::oak), new_steel = new_box("steel-new", box_type::steel);
  pulled_site site{degraded_work::allowed, {new_oak, new_steel}};
  auto& bench = site.bench;
  site.noise->fail(new_oak.slot, generator_part::hardware, "stuck");
  site.noise->fail(new_oak.slot, generator_part::software, "slow");
  takes_no_order("an Oak with none", refusal::generators_failed, bench, new_oak);
  // It fails when the box is admitted already: still no id, and no share on a medium.
  auto admitted = bench.enrol(new_steel.slot.text).admission;
  admitted.shares = shares_of(bench, new_steel);
  site.noise->fail(new_steel.slot, generator_part::software, "repeating");
  bench.only_refused<box_id_set>("a Steel with none", refusal::generators_failed, bench.box("steel-new").common,
                                 admitted);
  for (const auto& custodian : new_steel.custodians)
    BOOST_TEST(std::filesystem::is_empty(bench.media_folder() / custodian.text));
}

BOOST_AUTO_TEST_CASE(a_box_whose_software_is_wrong_takes_no_id) {
  auto answers = known_answers();
  const auto plan = new_box("steel-new", box_type::steel);
  pulled_site site{degraded_work::allowed, {plan}, answers};
  auto& bench = site.bench;
  const auto sound = answers[3].holds;
  answers[3].holds = [] { return false; };
  const auto says_why = [&] {
    BOOST_TEST(bench.last<fault_recorded>().about == "steel-new: " + answers[3].name + " gives a wrong answer");
  };
  takes_no_order("wrong software", refusal::self_test_failed, bench, plan);
  says_why();
  answers[3].holds = sound;
  auto admitted = bench.enrol(plan.slot.text).admission;
  admitted.shares = shares_of(bench, plan);
  answers[3].holds = [] { return false; };
  bench.only_refused<box_id_set>("wrong since", refusal::self_test_failed, bench.box(plan.slot.text).common, admitted);
  says_why();
}

BOOST_AUTO_TEST_CASE(a_degraded_box_takes_its_id_and_says_so) {
  const auto plan = new_box("oak-new", box_type::oak);
  pulled_site site{degraded_work::allowed, {plan}};
  auto& bench = site.bench;
  site.noise->fail(plan.slot, generator_part::hardware, "repeating");
  auto admitted = bench.enrol(plan.slot.text).admission;
  admitted.shares = shares_of(bench, plan);
  const auto before = bench.events().size();
  bench.get<box_id_set>(bench.box(plan.slot.text).common, admitted);
  BOOST_TEST(names_of(bench.events(), before) == (std::vector<std::string>{"box_initialised", "generators_changed"}),
             boost::test_tools::per_element());
  BOOST_CHECK(bench.last<generators_changed>().box == bench.id_of("oak-new"));
}

BOOST_AUTO_TEST_CASE(a_start_makes_the_generators_anew_and_says_what_it_finds) {
  pulled_site site;
  auto& bench = site.bench;
  site.noise->fail(oak, generator_part::hardware, "stuck");
  BOOST_REQUIRE(site.generate(site.order())->answer);
  BOOST_CHECK(bench.last<generators_changed>().health == generator_health::degraded);
  // Mended while the process runs, it stays out; the next process takes it in.
  site.noise->fail(oak, generator_part::hardware, "");
  BOOST_REQUIRE(site.generate(site.order())->answer);
  BOOST_CHECK(bench.last<generators_changed>().health == generator_health::degraded);
  const auto before = bench.events().size();
  bench.restart();
  const auto all = bench.events();
  std::size_t said = 0;
  for (auto i = before; i < all.size(); ++i)
    if (const auto* e = std::get_if<generators_changed>(&all[i].event)) {
      ++said;
      BOOST_CHECK(*e == (generators_changed{bench.id_of(oak.text), generator_health::ok, {}, {}, {}}));
    }
  BOOST_TEST(said == 1u);
  // And a source that is dead at the start is found by the start.
  site.noise->fail(factory, generator_part::hardware, "dead");
  bench.restart();
  BOOST_CHECK(bench.last<generators_changed>()
              == (generators_changed{bench.id_of(factory.text), generator_health::degraded,
                                     "dead at sample 0: it was unplugged", {}, {}}));
}

BOOST_AUTO_TEST_CASE(a_test_on_demand_answers_a_report_and_what_it_finds_is_an_event) {
  const auto plan = new_box("steel-new", box_type::steel);
  pulled_site site{degraded_work::allowed, {plan}};
  auto& bench = site.bench;
  const auto size = bench.events().size();
  const auto sound = bench.get<box_tested>(bench.box(oak.text).common, test_box{});
  BOOST_CHECK(sound.box == bench.id_of(oak.text) && !sound.found.wrong_answer);
  const auto& generators = sound.found.generators;
  BOOST_REQUIRE(generators.hardware && generators.combination);
  for (const auto* part : {&*generators.hardware, &generators.software, &*generators.combination})
    BOOST_CHECK(!part->fault && part->statistics.size() == 15 && all_passed(part->statistics));
  const auto of_steel = bench.get<box_tested>(bench.box(steel.text).common, test_box{});
  BOOST_CHECK(!of_steel.found.generators.hardware && !of_steel.found.generators.combination);
  BOOST_TEST(of_steel.found.generators.software.name == "simulated software");
  BOOST_TEST(bench.get<box_tested>(bench.box(plan.slot.text).common, test_box{}).box.number == 0u);
  BOOST_TEST(bench.events().size() == size);

  // No work found the fault, the test does; the report waits for the event. With nothing left it answers all the same.
  site.noise->fail(oak, generator_part::software, "stuck");
  const auto degraded = bench.get<box_tested>(bench.box(oak.text).common, test_box{});
  BOOST_CHECK(degraded.found.generators.state.health == generator_health::degraded);
  BOOST_TEST(names_of(bench.events(), size) == std::vector<std::string>{"generators_changed"},
             boost::test_tools::per_element());
  site.noise->fail(oak, generator_part::hardware, "dead");
  const auto failed = bench.get<box_tested>(bench.box(oak.text).common, test_box{});
  BOOST_CHECK(failed.found.generators.state.health == generator_health::failed);
  BOOST_CHECK(bench.last<generators_changed>().health == generator_health::failed);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
