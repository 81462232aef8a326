// `oaksteel share verify`: what it says of good and of spoilt shares, as text and as JSON, and its exit statuses. It
// uses no share up and prints none.

#include "storage/share_file.hpp"
#include "tests/scenarios/finished_day.hpp"
#include "tests/share_text.hpp"

#include <nlohmann/json.hpp>

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(share_command)
namespace {

using json = nlohmann::json;
namespace fs = std::filesystem;

/// The media of a finished day, and copies to spoil.
struct shares_of_a_day {
  fs::path media = finished_day::directory() / "media";
  scratch_directory work;

  std::string of(const std::string& custodian, const std::string& purpose = "M00000001") const {
    return (media / custodian / share_file_name(purpose)).string();
  }
  std::string spoilt(const std::string& text) {
    const auto file = work / ("spoilt-" + std::to_string(++count_));
    write_file(file, text);
    return file.string();
  }

private:
  int count_ = 0;
};

std::vector<std::string> verify(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"share", "verify"});
  return arguments;
}

json said(std::vector<std::string> arguments, int status) {
  arguments.push_back("--json");
  const auto r = run_program(verify(std::move(arguments)));
  BOOST_REQUIRE_MESSAGE(r.status == status && r.err.empty(), r.told() << r.out);
  return json::parse(r.out);
}

/// The reason for the only share that is given.
std::string problem(std::vector<std::string> arguments) {
  const auto share = said(std::move(arguments), 1).at("shares").at(0);
  BOOST_CHECK_EQUAL(share.at("valid"), false);
  return share.at("problem");
}

} // namespace

BOOST_FIXTURE_TEST_CASE(a_quorum_and_less, shares_of_a_day) {
  const auto one = said({of("Ada")}, 0);
  BOOST_CHECK_EQUAL(one.at("sets").at(0).at("quorum"), false);
  const auto two = said({of("Ada"), of("Clara")}, 0);
  const auto& share = two.at("shares").at(1);
  BOOST_CHECK_EQUAL(share.at("valid"), true);
  BOOST_CHECK(share.at("problem").is_null());
  BOOST_CHECK_EQUAL(share.at("share").at("custodian"), "Clara");
  BOOST_CHECK_EQUAL(share.at("share").at("index"), 3);
  BOOST_REQUIRE_EQUAL(two.at("sets").size(), 1u);
  const auto& set = two.at("sets").at(0);
  BOOST_CHECK_EQUAL(set.at("shares"), (json{1, 3}));
  BOOST_CHECK_EQUAL(set.at("quorum"), true);
  BOOST_CHECK_EQUAL(set.at("for"), "M00000001");
  BOOST_CHECK_EQUAL(set.at("count"), 3);
  BOOST_CHECK_EQUAL(set.at("threshold"), 2);
  BOOST_CHECK(two.at("checked_against").is_null());
  // Shares of different sets are no quorum together.
  const auto mixed = said({of("Ada"), of("Bela", "domain-key-set"), of("Dora", "O00000001")}, 0);
  BOOST_REQUIRE_EQUAL(mixed.at("sets").size(), 3u);
  for (const auto& s : mixed.at("sets"))
    BOOST_CHECK_EQUAL(s.at("quorum"), false);
}

BOOST_FIXTURE_TEST_CASE(the_same_in_words, shares_of_a_day) {
  const auto r = run_program(verify({of("Ada"), of("Bela"), of("Ada", "domain-key-set")}));
  BOOST_CHECK_MESSAGE(r.status == 0 && r.err.empty(), r.told());
  const auto lines = lines_of(r.out);
  BOOST_REQUIRE_EQUAL(lines.size(), 5u);
  BOOST_CHECK(lines[0].starts_with(of("Ada") + ": share 1 of 3 for M00000001, custodian Ada, set "));
  BOOST_CHECK(lines[0].ends_with(": valid\n"));
  BOOST_CHECK(lines[3].ends_with(" for M00000001: 2 of 3 shares given, 2 needed: a quorum\n"));
  BOOST_CHECK(lines[4].ends_with(" for the domain key set of M00000001: 1 of 3 shares given, 2 needed: no quorum\n"));
}

// Neither the share nor a piece of it, in words and as JSON, good and bad.
BOOST_FIXTURE_TEST_CASE(nothing_secret_is_printed, shares_of_a_day) {
  const auto text = file_content(of("Ada"));
  const auto at = text.find("share = \"", text.find("threshold")) + 9;
  const auto share = text.substr(at, text.find('"', at) - at);
  auto damaged = text;
  damaged[at + share.size() / 2] = 'x';
  for (const auto& file : {of("Ada"), spoilt(damaged), spoilt(with_line(text, "index", "index = 2")),
                           spoilt(text.substr(0, at + 70) + "\"\n")})
    for (const bool as_json : {false, true}) {
      auto command = verify({file, "--data", finished_day::directory().string()});
      if (as_json)
        command.push_back("--json");
      const auto r = run_program(command);
      for (std::size_t i = 42; i + 16 <= share.size(); i += 16) // behind the public header
        BOOST_REQUIRE_MESSAGE((r.out + r.err).find(share.substr(i, 16)) == std::string::npos, r.out << r.err);
    }
}

BOOST_FIXTURE_TEST_CASE(spoilt_shares_are_named, shares_of_a_day) {
  const auto text = file_content(of("Ada"));
  auto damaged = text;
  damaged[text.find("custodian") + 14] ^= 1;
  BOOST_CHECK_EQUAL(problem({spoilt(damaged)}), "share_damaged");
  BOOST_CHECK_EQUAL(problem({spoilt("")}), "share_damaged");
  BOOST_CHECK_EQUAL(problem({spoilt(std::string(media_file_limit + 1, 'x'))}), "share_damaged");
  BOOST_CHECK_EQUAL(problem({spoilt(with_line(text, "threshold", "threshold = 1"))}), "share_forged");
  const auto twice = said({of("Ada"), of("Ada")}, 1);
  BOOST_CHECK_EQUAL(twice.at("shares").at(1).at("problem"), "share_doubled");
  BOOST_CHECK_EQUAL(twice.at("sets").at(0).at("shares"), (json{1}));
  BOOST_CHECK_EQUAL(twice.at("sets").at(0).at("quorum"), false);
  // One that is not right does not count.
  const auto both = said({of("Ada"), spoilt(with_line(file_content(of("Bela")), "box", "box = \"M00000002\""))}, 1);
  BOOST_CHECK_EQUAL(both.at("sets").at(0).at("quorum"), false);
  const auto r = run_program(verify({spoilt(damaged)}));
  BOOST_CHECK_EQUAL(r.status, 1);
  BOOST_CHECK_MESSAGE(r.out.ends_with(": damaged: the checksum is not that of the lines above it\n"), r.out);
}

// With the log that recorded the set: what only that can tell.
BOOST_FIXTURE_TEST_CASE(a_log_tells_more, shares_of_a_day) {
  const auto data = finished_day::directory().string();
  const auto good = said({of("Ada"), of("Bela"), of("Ada", "domain-key-set"), "--data", data}, 0);
  BOOST_CHECK_EQUAL(good.at("checked_against"), good.at("shares").at(0).at("share").at("log"));
  const auto random = seeded_randomness(3, 1)->stream("forger", 0);
  const auto key = private_key::generate(suite_id::p256, *random);
  const auto read = parse_share(wiped(file_content(of("Ada"))));
  BOOST_REQUIRE(read);
  auto terms = read->terms;
  const auto made_up = [&] { return spoilt(clear(share_text(terms, wiped("a share"), key, *random))); };
  // By itself a file that somebody signed with a key of his own is whole; the log knows the set's key.
  const auto forged = made_up();
  BOOST_CHECK_EQUAL(said({forged}, 0).at("shares").at(0).at("valid"), true);
  BOOST_CHECK_EQUAL(problem({forged, "--data", data}), "share_forged");
  // Beside a good one of the same set, without a log: two sets, and no quorum.
  terms.index = 2;
  const auto beside = said({of("Ada"), made_up()}, 0);
  BOOST_REQUIRE_EQUAL(beside.at("sets").size(), 2u);
  BOOST_CHECK_EQUAL(beside.at("sets").at(0).at("quorum"), false);
  terms.set = {{7}};
  BOOST_CHECK_EQUAL(problem({made_up(), "--data", data}), "share_outdated");
  terms.log = {{7}};
  BOOST_CHECK_EQUAL(problem({made_up(), "--data", data}), "share_foreign");
  // The same day as it was recorded before sets had ids: that log knows of none.
  BOOST_CHECK_EQUAL(problem({of("Ada"), "--data", "tests/golden/v1.export"}), "share_outdated");
}

BOOST_FIXTURE_TEST_CASE(what_cannot_be_read_is_io, shares_of_a_day) {
  const auto refused = [](const std::vector<std::string>& arguments, const std::string& part) {
    const auto r = run_program(verify(arguments));
    BOOST_CHECK_MESSAGE(r.status == 3 && r.one_line() && r.err.find(part) != std::string::npos,
                        r.told() << r.out);
    return r.out;
  };
  refused({(work / "none.share").string()}, "none.share");
  refused({(work / "no-medium/x.share").string()}, "no-medium");
  refused({work.path().string()}, work.path().string());
  // The others are looked at all the same, whatever the order.
  for (const auto& files : {std::vector<std::string>{of("Ada"), (work / "none.share").string()},
                            std::vector<std::string>{(work / "none.share").string(), of("Ada")}})
    BOOST_CHECK(refused(files, "none.share").find("Ada/M00000001.share: share ") != std::string::npos);
  refused({of("Ada"), "--data", (work / "nothing").string()}, "nothing");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
