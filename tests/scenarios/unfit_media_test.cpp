// EP-6, EP-10: media that are not fit for a share, and sets of shares that cannot be, through the program. Each gives
// one line that says what and where; no box takes an id, no share is left behind, what lay on the media stays as it
// was. When the medium is fit the ceremony goes on, and its log plays again as if nothing had been.

#include "tests/scenarios/ceremony_site.hpp"
#include "tests/scenarios/stopped_program.hpp"
#include "tests/scenarios/whole_boxes.hpp"
#include "tests/share_text.hpp"
#include "tests/small_disk.hpp"

#include <csignal>
#include <regex>

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(unfit_media)
namespace {

namespace fs = std::filesystem;

const std::set<std::string> slots{"manufacturing-1"};
const std::string share = "M00000001.share";

/// A ceremony that has its log and its custodians' media, and is about to write the first share.
struct ceremony_at_its_media {
  ceremony_at_its_media() {
    write_file(file, ceremony_site());
    BOOST_REQUIRE_EQUAL(run_stopped(command(data), data, first_of_a_share(moment::before)).signal, SIGKILL);
    BOOST_REQUIRE_EQUAL(content().size(), 0u);
  }

  /// The first call for a share, in a run from the beginning to the end.
  stop_point first_of_a_share(moment when) const {
    fs::remove_all(whole);
    BOOST_REQUIRE_EQUAL(run_stopped(command(whole), whole, {0, when}, work / "list").status, 0);
    const auto calls = listed_calls(work / "list", whole);
    const auto first = std::find_if(calls.begin(), calls.end(), [](const file_call& c) {
      return c.path.string().ends_with(".share.new");
    });
    BOOST_REQUIRE(first != calls.end());
    return {static_cast<unsigned>(first - calls.begin()) + 1, when};
  }

  std::vector<std::string> command(const fs::path& in) const {
    return {"scenario", "run", file.string(), "--data", in.string()};
  }
  fs::path medium(const std::string& who) const { return data / "media" / who; }
  /// Every file on the media.
  std::map<std::string, std::string> content() const {
    std::map<std::string, std::string> all;
    for (const auto& entry : fs::recursive_directory_iterator{data / "media"})
      if (entry.is_regular_file())
        all[entry.path().string()] = file_content(entry.path());
    return all;
  }

  /// Exit status and one line with `part` and the custodian's name; no box, no share, nothing changed.
  void refused(const std::string& about, int status, const std::string& part, const std::string& who) {
    const auto before = content();
    const auto r = run_program(command(data));
    BOOST_CHECK_MESSAGE(r.status == status && r.one_line() && r.err.find(part) != std::string::npos
                          && r.err.find(who) != std::string::npos,
                        about << ": " << r.told() << r.out);
    BOOST_CHECK_MESSAGE(content() == before, about << ": a medium has changed");
    const auto events = read_log(data);
    BOOST_REQUIRE(events);
    for (const auto& e : *events)
      BOOST_CHECK_MESSAGE(!std::holds_alternative<box_initialised>(e.event), about << ": a box took its id");
  }
  void goes_on() {
    const auto r = run_program(command(data));
    BOOST_CHECK_MESSAGE(r.status == 0, r.told() << r.out);
    BOOST_CHECK_EQUAL(ceremony_traces{data}.not_finished(slots), "");
    const auto again = run_program({"scenario", "replay", data.string()});
    BOOST_CHECK_MESSAGE(again.status == 0, again.told() << again.out);
  }

  scratch_directory work;
  fs::path file = work / "ceremony.toml";
  fs::path data = fs::canonical(work.path()) / "data", whole = fs::canonical(work.path()) / "whole";
};

} // namespace

BOOST_FIXTURE_TEST_CASE(a_medium_that_is_missing, ceremony_at_its_media) {
  // The ceremony's custodians bring their media; where something else lies, none can be.
  fs::remove(medium("Bela"));
  write_file(medium("Bela"), "no folder");
  const auto r = run_program(command(data));
  BOOST_CHECK_MESSAGE(r.status == 3 && r.one_line() && r.err.find("media/Bela") != std::string::npos,
                      r.told() << r.out);
  BOOST_CHECK_EQUAL(content().size(), 1u);
  BOOST_CHECK_EQUAL(file_content(medium("Bela")), "no folder");
  fs::remove(medium("Bela"));
  goes_on();
}

BOOST_FIXTURE_TEST_CASE(another_file_in_the_place_of_a_share, ceremony_at_its_media) {
  for (const auto* name : {"M00000001.share", "domain-key-set.share"}) {
    write_file(medium("Clara") / name, "somebody's notes");
    write_file(medium("Clara") / "holiday.jpg", "a picture");
    refused(name, 1, "lies where the share would go", "media/Clara");
    fs::remove(medium("Clara") / name);
    fs::create_directory(medium("Clara") / name);
    refused("a folder", 1, "lies where the share would go", "media/Clara");
    fs::remove(medium("Clara") / name);
    fs::remove(medium("Clara") / "holiday.jpg");
  }
  goes_on();
}

// Both would lie in one file, and no quorum would be left.
BOOST_FIXTURE_TEST_CASE(one_medium_for_two_custodians, ceremony_at_its_media) {
  fs::remove(medium("Bela"));
  fs::create_directory_symlink("Ada", medium("Bela"));
  refused("a link", 1, "is also the medium of Ada", "media/Bela");
  fs::remove(medium("Bela"));
  goes_on();
}

// This site's own, but of another use: it may be in use, whatever its file is called.
BOOST_FIXTURE_TEST_CASE(a_share_that_was_renamed, ceremony_at_its_media) {
  fs::copy(whole / "media/Clara/domain-key-set.share", medium("Clara") / share);
  refused("renamed", 1, "lies where the share would go", "media/Clara");
  fs::remove(medium("Clara") / share);
  // Under its own name it is one of a set that never came to be, as far as this log knows: it is replaced.
  fs::copy(whole / "media/Clara/domain-key-set.share", medium("Clara") / "domain-key-set.share");
  goes_on();
}

// Every share is read again before the box takes its id.
BOOST_FIXTURE_TEST_CASE(a_medium_that_does_not_keep_what_it_was_given, ceremony_at_its_media) {
  data = fs::canonical(work.path()) / "spoilt";
  const auto r = run_stopped(command(data), data, first_of_a_share(moment::spoil));
  BOOST_CHECK_MESSAGE(r.status == 3 && r.one_line() && r.err.find("is not what was written") != std::string::npos,
                      r.told() << r.out);
  BOOST_CHECK_EQUAL(content().size(), 0u);
  goes_on();
}

// Another site has a box of that id too; its custodian brought the wrong medium.
BOOST_FIXTURE_TEST_CASE(a_share_of_another_system, ceremony_at_its_media) {
  auto other = command(work / "other");
  other.insert(other.end(), {"--seed", "2"});
  BOOST_REQUIRE_EQUAL(run_program(other).status, 0);
  const auto foreign = file_content(work / "other/media/Bela" / share);
  write_file(medium("Bela") / share, foreign);
  refused("whole", 1, "lies where the share would go", "media/Bela");
  write_file(medium("Bela") / share, foreign.substr(0, foreign.size() / 2));
  refused("damaged", 1, "lies where the share would go", "media/Bela");
  fs::remove(medium("Bela") / share);
  goes_on();
}

BOOST_FIXTURE_TEST_CASE(a_full_and_a_read_only_medium, ceremony_at_its_media) {
  {
    small_disk disk{medium("Clara"), "8k"};
    if (!disk.mounted())
      return skip("no file system can be mounted here");
    write_file(medium("Clara") / "films", std::string(8192, 'x'));
    refused("full", 3, "No space left", "media/Clara");
    fs::remove(medium("Clara") / "films");
    // One share of two fits.
    write_file(medium("Clara") / "films", std::string(4096, 'x'));
    refused("full after the first share", 3, "No space left", "media/Clara");
    fs::remove(medium("Clara") / "films");
    BOOST_REQUIRE(disk.make_read_only());
    refused("read-only", 3, "Read-only", "media/Clara");
  }
  goes_on();
}

BOOST_AUTO_TEST_CASE(a_set_that_cannot_be_is_placed_in_its_file) {
  const std::string custodians = "custodians = [\"Ada\", \"Bela\", \"Clara\"]", threshold = "threshold = 2";
  std::string many = "custodians = [";
  for (int i = 0; i < 300; ++i)
    many += (i ? ", \"P" : "\"P") + std::to_string(i) + '"';
  const struct {
    std::string what, with, said;
  } table[] = {
    {custodians, "custodians = []", "`custodians` is an array of 0; it must be an array of 1 to 16 texts"},
    {custodians, many + "]", "`custodians` is an array of 300; it must be an array of 1 to 16 texts"},
    {custodians, "custodians = [\"Ada\", \"Ada\"]", "\"Ada\" is in `custodians` twice"},
    {custodians, "custodians = [\"../Ada\", \"Bela\"]", "a value in `custodians` is \"../Ada\""},
    {threshold, "threshold = 0", "`threshold` is 0; it must be a whole number from 1 to 16"},
    {threshold, "threshold = 4", "the threshold is 4 (2 when left out) of 3 custodians; it must be at most their"},
    {threshold, "threshold = 300", "`threshold` is 300; it must be a whole number from 1 to 16"},
  };
  const scratch_directory work;
  const auto file = work / "ceremony.toml";
  for (const auto& line : table) {
    auto text = ceremony_site();
    const auto at = text.find(line.what);
    text.replace(at, line.what.size(), line.with);
    write_file(file, text);
    const auto r = run_program({"scenario", "run", file.string(), "--data", (work / "data").string()});
    const auto number = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
    const auto place = "oaksteel: " + file.string() + ':' + std::to_string(number) + ':';
    const std::regex column{"^[1-9][0-9]*: "};
    BOOST_CHECK_MESSAGE(r.status == 2 && r.one_line() && r.err.starts_with(place)
                          && std::regex_search(r.err.substr(place.size()), column)
                          && r.err.find(line.said) != std::string::npos,
                        line.with << ": " << r.told());
    BOOST_CHECK_MESSAGE(!fs::exists(work / "data"), line.with << ": a directory was made");
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
