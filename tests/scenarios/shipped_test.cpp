// The scenario files of this project: they are read, and what they expect follows from what they do.

#include "tests/scenarios/mutation.hpp"

#include "scenarios/script.hpp"

#include <algorithm>
#include <set>

namespace oaksteel {

BOOST_AUTO_TEST_SUITE(shipped_scenarios)
namespace {

/// Sums up the steps of a scenario by the definition of each.
struct sums {
  std::set<sequence_number> meters;
  std::uint64_t scrapped = 0;
  std::uint64_t registered = 0;
  std::uint64_t retired = 0;
  std::map<std::string, std::uint64_t> verdicts;

  void check_known(const std::vector<sequence_number>& named) const {
    for (const auto& meter : named)
      BOOST_TEST(meters.contains(meter), meter.text);
  }

  void operator()(const auto&) {} // ceremonies and waiting
  void operator()(const install_step& s) {
    const auto text = read_text(scenario_file(s.labels), label_file_limit);
    BOOST_REQUIRE_MESSAGE(text, s.labels);
    const auto labels = parse_labels(*text, s.labels);
    BOOST_REQUIRE_MESSAGE(labels, s.labels);
    for (const auto& l : *labels)
      meters.insert(l.meter);
  }
  void operator()(const scrap_step& s) {
    check_known(s.meters);
    scrapped += s.meters.size();
  }
  void operator()(const register_step& s) { registered += s.count; }
  void operator()(const retire_step& s) {
    check_known(s.meters);
    retired += s.meters.size();
  }
  void operator()(const mail_step& s) {
    verdicts["good"] += (registered - retired) * s.pieces;
    verdicts["bad_token"] += s.forged + s.altered;
    verdicts["before_registration"] += s.misdated;
    verdicts["not_registered"] += s.unregistered;
  }
};

script shipped(const std::string& file) {
  const auto text = read_text(scenario_file(file), scenario_limit);
  BOOST_REQUIRE_MESSAGE(text, file);
  const auto s = parse_script(*text, file);
  BOOST_REQUIRE_MESSAGE(s, (s ? "" : s.error().text()));
  return *s;
}

} // namespace

BOOST_AUTO_TEST_CASE(expect_what_follows_from_their_steps) {
  for (const std::string file : {"factory-day.toml", "small-day.toml"}) {
    const script s = shipped(file);
    sums all;
    for (const auto& each : s.steps)
      std::visit(all, each);
    for (const auto& f : s.faults)
      all.check_known({f.meter});
    for (const auto& d : s.domains) {
      const auto& keys = s.expect.keys.at(d.id);
      std::uint64_t bad = 0;
      for (const auto& f : s.faults)
        bad += f.domain == d.id ? f.times : 0;
      BOOST_TEST(keys.at("Bad") == bad);
      BOOST_TEST(keys.at("New") == 0u);
      BOOST_TEST(keys.at("Active") == all.registered - all.retired);
      BOOST_TEST(keys.at("Obsolete") == all.scrapped + all.retired);
      BOOST_TEST(keys.at("Installed") == all.meters.size() - all.scrapped - all.registered);
      for (const auto& [verdict, count] : all.verdicts)
        BOOST_TEST(s.expect.verdicts.at(d.id).at(verdict) == count, file << " " << d.id.text << " " << verdict);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_factory_day_is_the_day_of_the_issue) {
  const script s = shipped("factory-day.toml");
  BOOST_CHECK(s.suite == suite_id::rsa3072);
  BOOST_TEST(s.seed == 19960401u);
  const auto count = [&](box_type type) { return std::ranges::count(s.boxes, type, &box_plan::type); };
  BOOST_TEST(count(box_type::manufacturing) == 1);
  BOOST_TEST(count(box_type::oak) == 2);
  BOOST_TEST(count(box_type::brass) == 2);
  BOOST_TEST(count(box_type::steel) == 2);
  sums all;
  for (const auto& each : s.steps)
    std::visit(all, each);
  BOOST_TEST(all.meters.size() == 24u);
  BOOST_TEST(all.registered == 20u);
  BOOST_TEST(all.scrapped == 1u);
  BOOST_TEST(all.retired == 2u);
}

BOOST_AUTO_TEST_CASE(survives_mutations) {
  check_mutations(*read_text(scenario_file("small-day.toml"), scenario_limit),
                  [](const std::string& text) { return parse_script(text, "f"); });
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel
