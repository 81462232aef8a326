#include "crypto/generators.hpp"

#include "tests/crypto/fixtures.hpp"

#include <botan/hmac_drbg.h>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <functional>
#include <thread>

using namespace oaksteel;
using namespace oaksteel::testing;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(generators)
namespace {

/// How a source goes wrong from one sample on.
using failing = std::function<std::optional<unread>(std::span<std::uint8_t>)>;

/// Seeded noise; from sample `*from` on, what `bad` makes of it.
class played_source final : public noise_source {
public:
  played_source(std::uint64_t seed, std::shared_ptr<std::uint64_t> from, failing bad)
      : good_(seeded(seed)), from_(std::move(from)), bad_(std::move(bad)) {}
  std::string name() const override { return "played"; }
  std::optional<unread> read(std::span<std::uint8_t> out, std::chrono::milliseconds) override {
    good_->randomize(out.data(), out.size());
    const auto before = std::min<std::uint64_t>(out.size(), *from_ - std::min(*from_, at_));
    at_ += out.size();
    return before == out.size() ? std::nullopt : bad_(out.subspan(before));
  }

private:
  std::unique_ptr<generator> good_;
  std::shared_ptr<std::uint64_t> from_;
  failing bad_;
  std::uint64_t at_ = 0;
};

constexpr std::uint64_t never = ~std::uint64_t{0};
constexpr std::size_t seed_samples = 96;                                  // 384 bits at 4 bits each
constexpr std::uint64_t before_use = start_up_samples + 2 * seed_samples; // start-up, statistics of each and of both

std::optional<unread> filled(std::span<std::uint8_t> out, std::function<std::uint8_t(std::size_t)> with) {
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = with(i);
  return std::nullopt;
}
const failing stuck = [](auto out) { return filled(out, [](auto) { return 0; }); };
const failing dying = [](auto) -> std::optional<unread> { throw std::runtime_error("unplugged"); };

/// A generator and the strings that a test pulls.
struct pulled {
  std::shared_ptr<std::uint64_t> fails_from = std::make_shared<std::uint64_t>(never);
  std::shared_ptr<std::chrono::nanoseconds> now = std::make_shared<std::chrono::nanoseconds>(0);

  noise_terms terms() const {
    return {[now = now] { return *now; }};
  }
  std::unique_ptr<noise_source> source(std::uint64_t seed, failing bad = stuck) const {
    return std::make_unique<played_source>(seed, fails_from, std::move(bad));
  }
  tested_generator made(std::uint64_t seed, failing bad = stuck) const {
    return {source(seed, std::move(bad)), terms()};
  }
  void fail() const { *fails_from = 0; }
};

/// What a tested generator over good noise gives, written out: each answer takes `seed_samples`.
class expected_generator {
public:
  explicit expected_generator(std::uint64_t seed) : noise_(seeded(seed)), drbg_("SHA-256") { self_test(); }
  /// The output that is counted.
  Botan::secure_vector<std::uint8_t> self_test() {
    noise_->random_vec(start_up_samples);
    return next(fips140_bytes);
  }
  Botan::secure_vector<std::uint8_t> next(std::size_t n) {
    const auto seed = noise_->random_vec(seed_samples);
    drbg_.add_entropy(seed.data(), seed.size());
    return drbg_.random_vec(n);
  }

private:
  std::unique_ptr<generator> noise_;
  Botan::HMAC_DRBG drbg_;
};

struct pair_of_generators {
  explicit pair_of_generators(degraded_work degraded = degraded_work::allowed)
      : both{hardware.made(1), software.made(2), degraded} {}
  pulled hardware, software;
  combined_generator both;
};

using output = Botan::secure_vector<std::uint8_t>;

output exclusive_or(output a, const output& b) {
  for (std::size_t i = 0; i < a.size(); ++i)
    a[i] ^= b[i];
  return a;
}

std::vector<double> figures(const std::vector<statistic>& statistics) {
  std::vector<double> values;
  for (const auto& s : statistics)
    values.push_back(s.value);
  return values;
}
std::vector<double> figures(const generator_report& report) { return figures(report.statistics); }
std::vector<double> figures(const output& counted) {
  return figures(fips140_statistics(std::span<const std::uint8_t, fips140_bytes>{counted}));
}

} // namespace

BOOST_AUTO_TEST_CASE(each_fault_is_found_as_soon_as_the_standard_says) {
  const auto block = seeded(3)->random_vec(32);
  const auto clock = std::make_shared<std::chrono::nanoseconds>(0);
  struct line {
    const char* what;
    failing bad;
    fault_kind kind;
    std::uint64_t within; ///< samples after the first bad one
  };
  // A source that is slow or dead is found in the read, before another sample is taken.
  const line lines[] = {{"stuck", stuck, fault_kind::stuck, 9},
                        {"biased", [](auto out) { return filled(out, [](auto i) { return i % 5 == 0 ? 0 : i; }); },
                         fault_kind::biased, 2 * window_of_bytes - 1},
                        {"repeating", [&](auto out) { return filled(out, [&](auto i) { return block[i % 32]; }); },
                         fault_kind::repeating, 3 * 32 * 16},
                        {"slow",
                         [&](auto) -> std::optional<unread> {
                           *clock += 1'000ms + 1ns;
                           return std::nullopt;
                         },
                         fault_kind::slow, 0},
                        {"dying", dying, fault_kind::dead, 0},
                        {"short",
                         [](auto) {
                           return unread{fault_kind::dead, "short"};
                         },
                         fault_kind::dead, 0},
                        {"silent",
                         [](auto) {
                           return unread{fault_kind::slow, "silent"};
                         },
                         fault_kind::slow, 0}};
  for (const auto& l : lines)
    for (const std::uint64_t from : {std::uint64_t{0}, std::uint64_t{start_up_samples}, std::uint64_t{32} * 100})
      BOOST_TEST_CONTEXT(l.what << " from " << from) {
        tested_source source{std::make_unique<played_source>(4, std::make_shared<std::uint64_t>(from), l.bad),
                             {[&] { return *clock; }}};
        BOOST_TEST(source.fault().has_value() == (from == 0)); // at start-up
        for (int reads = 0; reads < 1'000 && !source.fault(); ++reads)
          if (const auto noise = source.draw(32 * 16))
            BOOST_TEST(noise->size() == 32u * 16);
        BOOST_REQUIRE(source.fault());
        BOOST_CHECK(source.fault()->kind == l.kind);
        BOOST_TEST(source.fault()->sample <= from + l.within);
        const auto first = source.fault();
        BOOST_CHECK(!source.draw(1)); // for good
        BOOST_CHECK(source.fault() == first);
      }
}

BOOST_AUTO_TEST_CASE(a_read_may_take_its_bound_and_no_longer) {
  for (const auto& [took, passes] : {std::pair{1'000ms + 0ns, true}, std::pair{1'000ms + 1ns, false}}) {
    const pulled strings;
    const failing late = [&, took = took](auto) {
      *strings.now += took;
      return std::optional<unread>{};
    };
    *strings.fails_from = start_up_samples;
    tested_source source{strings.source(5, late), strings.terms()};
    BOOST_TEST(source.draw(1).has_value() == passes);
  }
}

BOOST_AUTO_TEST_CASE(a_source_that_only_says_it_filled_is_stuck) {
  class idle final : public noise_source {
    std::string name() const override { return "idle"; }
    std::optional<unread> read(std::span<std::uint8_t>, std::chrono::milliseconds) override { return std::nullopt; }
  };
  const tested_source source{std::make_unique<idle>(), pulled{}.terms()};
  BOOST_REQUIRE(source.fault());
  BOOST_TEST(describe(*source.fault()) == "stuck at sample 9: repetition count (SP 800-90B, 4.4.1)");
}

BOOST_AUTO_TEST_CASE(terms_that_test_nothing_are_refused) {
  const pulled strings;
  for (const auto& break_ : std::vector<std::function<void(noise_terms&)>>{[](auto& t) { t.clock = nullptr; },
                                                                           [](auto& t) { t.bound = 0ms; },
                                                                           [](auto& t) { t.requests_per_seed = 0; },
                                                                           [](auto& t) { t.claim.min_entropy = 0; }}) {
    auto terms = strings.terms();
    break_(terms);
    BOOST_CHECK_THROW((tested_source{strings.source(6), terms}), std::invalid_argument);
  }
}

BOOST_AUTO_TEST_CASE(a_source_is_tested_over_1024_samples_at_start_up_and_on_demand) {
  for (const auto& [from, found] : {std::pair{start_up_samples - 9, true}, std::pair{start_up_samples - 8, false}}) {
    const pulled at_start, later;
    *at_start.fails_from = from;
    BOOST_TEST((tested_source{at_start.source(7), at_start.terms()}.fault().has_value()) == found);
    *later.fails_from = start_up_samples + from;
    tested_source source{later.source(7), later.terms()};
    BOOST_TEST(source.test() == !found);
  }
}

BOOST_AUTO_TEST_CASE(a_generator_is_hmac_drbg_over_fresh_noise) {
  auto made = pulled{}.made(8);
  expected_generator expected{8};
  for (const std::size_t n : {32, 1, 0, 1'000}) {
    bytes out(n);
    BOOST_TEST(made.fill(out));
    BOOST_CHECK(to_hex(out) == to_hex(expected.next(n)));
  }
}

BOOST_AUTO_TEST_CASE(a_seed_can_serve_more_requests) {
  const pulled strings;
  auto terms = strings.terms();
  terms.requests_per_seed = 3;
  tested_generator made{strings.source(8), terms};
  // Written out: start-up, a seed and the output that is counted; two more requests with that seed; the next seed.
  const auto noise = seeded(8);
  noise->random_vec(start_up_samples);
  Botan::HMAC_DRBG drbg{"SHA-256"};
  const auto reseed = [&] {
    const auto seed = noise->random_vec(seed_samples);
    drbg.add_entropy(seed.data(), seed.size());
  };
  reseed();
  drbg.random_vec(fips140_bytes);
  bytes out(32);
  for (int request = 1; request <= 7; ++request) {
    if (request % 3 == 0)
      reseed();
    BOOST_TEST(made.fill(out));
    BOOST_CHECK(to_hex(out) == to_hex(drbg.random_vec(32)));
  }
  // What fails is found by the next seed, and until then the good one serves; a test on demand does not wait.
  strings.fail();
  BOOST_TEST(made.fill(out));
  BOOST_TEST(!made.fill(out));
  const pulled other;
  tested_generator asked{other.source(9), terms};
  other.fail();
  BOOST_TEST(asked.self_test().fault.has_value());
}

BOOST_AUTO_TEST_CASE(the_noise_of_each_request_is_tested) {
  const pulled strings;
  auto made = strings.made(9);
  bytes out(16);
  BOOST_TEST(made.fill(out));
  const auto before = out;
  strings.fail();
  BOOST_TEST(!made.fill(out));
  BOOST_CHECK(out == before);
  BOOST_CHECK(made.fault()->kind == fault_kind::stuck);
}

BOOST_AUTO_TEST_CASE(output_that_fails_a_statistic_stops_a_generator) {
  const pulled strings;
  tested_generator made{strings.source(10), strings.terms(), std::make_unique<told_generator>(hex_bytes("0f"))};
  BOOST_REQUIRE(made.fault());
  BOOST_TEST(describe(*made.fault()) == "not random at sample 1120: poker (FIPS 140-1, 4.11.1)");
  bytes out(16);
  BOOST_TEST(!made.fill(out));
  BOOST_CHECK(out == bytes(16));
  // A second test does not mend it.
  BOOST_CHECK(made.self_test().fault == made.fault());
  BOOST_TEST(made.fault().has_value());
}

BOOST_AUTO_TEST_CASE(two_generators_give_their_exclusive_or) {
  pair_of_generators of;
  expected_generator hardware{1}, software{2};
  hardware.next(fips140_bytes), software.next(fips140_bytes); // the combination's own start-up test
  for (const std::size_t n : {16, 1, 3'000})
    BOOST_CHECK(of.both.random_vec(n) == exclusive_or(hardware.next(n), software.next(n)));
  BOOST_CHECK(of.both.state() == (generator_state{generator_health::ok, false, {}, {}, {}}));
  BOOST_TEST(of.both.is_seeded());
  BOOST_TEST(of.both.name() == "played xor played");
}

BOOST_AUTO_TEST_CASE(one_fails_and_the_other_carries_on) {
  for (const bool hardware_fails : {true, false}) {
    pair_of_generators of;
    expected_generator other(hardware_fails ? 2 : 1);
    other.next(fips140_bytes);
    (hardware_fails ? of.hardware : of.software).fail();
    for (int i = 0; i < 3; ++i)
      BOOST_TEST(to_hex(of.both.random_vec(40)) == to_hex(other.next(40)));
    const auto state = of.both.state();
    BOOST_CHECK(state.health == generator_health::degraded);
    BOOST_TEST(!state.refuses);
    BOOST_TEST(state.hardware.has_value() == hardware_fails);
    BOOST_TEST(state.software.has_value() == !hardware_fails);
    const auto& fault = hardware_fails ? state.hardware : state.software;
    BOOST_CHECK(fault->kind == fault_kind::stuck);
    BOOST_TEST(fault->sample <= before_use + 9);
  }
}

BOOST_AUTO_TEST_CASE(a_site_that_refuses_degraded_work_gets_nothing) {
  for (const bool hardware_fails : {true, false}) {
    pair_of_generators of{degraded_work::refused};
    of.both.random_vec(8);
    (hardware_fails ? of.hardware : of.software).fail();
    bytes out(8, 0xAA);
    for (int i = 0; i < 2; ++i)
      BOOST_CHECK_THROW(of.both.randomize(out.data(), out.size()), generators_refuse);
    BOOST_CHECK(out == bytes(8, 0xAA));
    BOOST_CHECK(of.both.state().health == generator_health::degraded);
    BOOST_TEST(of.both.state().refuses);
    BOOST_TEST(!of.both.is_seeded());
  }
}

BOOST_AUTO_TEST_CASE(both_fail_and_nothing_comes) {
  for (const auto degraded : {degraded_work::allowed, degraded_work::refused}) {
    pair_of_generators of{degraded};
    of.hardware.fail();
    of.software.fail();
    bytes out(8, 0xAA);
    BOOST_CHECK_EXCEPTION(of.both.randomize(out.data(), out.size()), generators_refuse, [](const auto& e) {
      const std::string what = e.what();
      return what.find("; hardware stuck at sample ") != what.npos && what.find("; software stuck ") != what.npos;
    });
    BOOST_CHECK(out == bytes(8, 0xAA));
    BOOST_CHECK(of.both.state().health == generator_health::failed);
    BOOST_TEST(of.both.state().refuses);
  }
}

BOOST_AUTO_TEST_CASE(a_box_can_start_with_one_generator_dead) {
  const pulled hardware, software;
  hardware.fail();
  combined_generator both{hardware.made(1, dying), software.made(2), degraded_work::allowed};
  BOOST_CHECK(both.state().health == generator_health::degraded);
  BOOST_TEST(describe(*both.state().hardware) == "dead at sample 0: unplugged");
  BOOST_TEST(both.random_vec(8).size() == 8u);
}

BOOST_AUTO_TEST_CASE(two_generators_that_give_the_same_are_refused) {
  combined_generator both{pulled{}.made(1), pulled{}.made(1), degraded_work::allowed};
  const auto state = both.state();
  BOOST_CHECK(state.health == generator_health::failed);
  BOOST_REQUIRE(state.combination);
  BOOST_TEST(describe(*state.combination) == "not random at sample 0: monobit (FIPS 140-1, 4.11.1)");
  BOOST_CHECK_THROW(both.random_vec(8), generators_refuse);
  const auto report = both.self_test();
  BOOST_CHECK(report.state == state);
  BOOST_CHECK(report.combination->fault == state.combination);
}

BOOST_AUTO_TEST_CASE(a_test_on_demand_shows_every_figure) {
  pair_of_generators of;
  const auto report = of.both.self_test();
  for (const auto* part : {&*report.hardware, &report.software, &*report.combination}) {
    BOOST_CHECK(!part->fault);
    BOOST_TEST(part->statistics.size() == 15u);
    BOOST_TEST(all_passed(part->statistics));
  }
  BOOST_TEST(report.hardware->name == "played");
  BOOST_TEST(report.combination->name == "played xor played");
  BOOST_CHECK(report.state == of.both.state());
  // Each is counted on its own, over output that nobody else gets.
  expected_generator hardware{1}, software{2};
  hardware.next(fips140_bytes), software.next(fips140_bytes);
  BOOST_CHECK(figures(*report.hardware) == figures(hardware.self_test()));
  BOOST_CHECK(figures(report.software) == figures(software.self_test()));
  BOOST_CHECK(figures(*report.combination) ==
              figures(exclusive_or(hardware.next(fips140_bytes), software.next(fips140_bytes))));
}

BOOST_AUTO_TEST_CASE(a_test_on_demand_finds_what_failed_since) {
  pair_of_generators of;
  of.hardware.fail();
  const auto report = of.both.self_test();
  BOOST_CHECK(report.hardware->fault && report.hardware->statistics.empty());
  BOOST_CHECK(!report.software.fault && report.software.statistics.size() == 15);
  BOOST_TEST(report.combination->statistics.size() == 15u); // of the one that is left
  BOOST_CHECK(report.state.health == generator_health::degraded);
  of.software.fail();
  const auto last = of.both.self_test();
  BOOST_CHECK(last.state.health == generator_health::failed);
  BOOST_TEST(last.combination->statistics.empty());
}

BOOST_AUTO_TEST_CASE(seeded_generators_give_the_same_again) {
  const auto combined = [](randomness& from, std::uint64_t number) {
    const noise_terms terms{[] { return 0ns; }};
    combined_generator both{{generator_source("h", from.stream("oak/hardware", number)), terms},
                            {generator_source("s", from.stream("oak/software", number)), terms},
                            degraded_work::allowed};
    return to_hex(both.random_vec(32));
  };
  const auto a = seeded_randomness(1, 1), b = seeded_randomness(1, 1), other = seeded_randomness(2, 1);
  BOOST_TEST(combined(*a, 7) == combined(*b, 7));
  BOOST_TEST(combined(*a, 7) != combined(*a, 8));
  BOOST_TEST(combined(*a, 7) != combined(*other, 7));
}

BOOST_AUTO_TEST_CASE(the_generators_of_this_machine_work_together) {
  const noise_terms terms{[] { return std::chrono::steady_clock::now().time_since_epoch(); }};
  const bool without_hardware = hardware_source()->name() == "none on this machine";
  combined_generator both{{hardware_source(), terms}, {kernel_source(), terms}, degraded_work::allowed};
  BOOST_TEST_MESSAGE(both.name());
  BOOST_CHECK(both.self_test().state.health
              == (without_hardware ? generator_health::degraded : generator_health::ok));
  BOOST_CHECK(both.random_vec(16) != both.random_vec(16));
}

BOOST_AUTO_TEST_CASE(threads_draw_one_after_another) {
  static std::atomic<int> inside{0}, overlaps{0};
  const failing crowded = [](auto) {
    overlaps += ++inside > 1;
    std::this_thread::sleep_for(100us);
    --inside;
    return std::optional<unread>{};
  };
  const pulled hardware, software;
  *hardware.fails_from = start_up_samples;
  combined_generator both{hardware.made(1, crowded), software.made(2), degraded_work::allowed};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i)
        both.random_vec(16);
    });
  for (auto& thread : threads)
    thread.join();
  BOOST_TEST(overlaps == 0);
}

BOOST_AUTO_TEST_SUITE_END()
