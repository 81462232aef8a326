// The directory of an authority, with a clock that is told: files and their modes, what is refused, ends and
// revocations, two processes at once.

#include "storage/authority.hpp"

#include "crypto/pem.hpp"
#include "storage/credentials.hpp"
#include "tests/storage/sample_log.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <set>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace oaksteel;
using namespace oaksteel::testing;
namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(authority)
namespace {

constexpr std::int64_t minute = 60'000'000, day = std::int64_t{86'400} * 1'000'000;
const instant noon = instant::parse("2026-03-02T12:00:00Z").value();
instant after(std::int64_t us) { return {noon.us + us}; }

holder_name holder(std::string_view text) { return holder_name::parse(text).value(); }

unsigned mode_of(const fs::path& path) {
  struct stat s {};
  BOOST_REQUIRE_MESSAGE(lstat(path.c_str(), &s) == 0, path);
  return s.st_mode & 07777;
}

/// An authority of its own for each test.
struct with_authority {
  with_authority() { BOOST_REQUIRE(make_authority_directory(ca, noon, *random)); }

  from_authority<issue_result> give(const std::string& to, bool again = false, instant now = noon, unsigned days = 30) {
    certificate_order order{holder(to), {}, days, {}, again};
    if (order.holder.kind == holder_kind::person)
      order.roles = {operator_role::officer};
    return issue(ca, order, now, *random);
  }
  std::string refusal(const auto& result) {
    BOOST_REQUIRE(!result);
    BOOST_CHECK(result.error().refused);
    return result.error().text;
  }
  std::set<std::string> names(const fs::path& dir) {
    std::set<std::string> all;
    for (const auto& entry : fs::directory_iterator{dir})
      all.insert(entry.path().filename().string());
    return all;
  }
  authority_view view() { return look_at_authority(ca).value(); }
  certificate_refusal why_not(const fs::path& folder, const std::string& name, instant now) {
    const auto c = read_certificate_file(folder / (name + ".cert.pem")).value();
    const auto a = view();
    return not_good(c, a.certificate, a.list, now).value_or(certificate_refusal{});
  }

  temporary_directory scratch;
  fs::path ca = scratch.path() / "ca";
  std::unique_ptr<generator> random = seeded_randomness(5, 1)->stream("test", 0);
};

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

} // namespace

BOOST_FIXTURE_TEST_CASE(files_are_private_from_the_beginning, with_authority) {
  const auto mask = umask(0);
  const auto other = scratch.path() / "deep" / "er" / "ca";
  BOOST_REQUIRE(make_authority_directory(other, noon, *random));
  const auto issued = issue(other, {holder("node:factory"), {}, 30, {}, false}, noon, *random);
  umask(mask);
  BOOST_REQUIRE(issued);
  BOOST_TEST((names(issued->folder) ==
              std::set<std::string>{"factory.cert.pem", "factory.key.pem", "ca.cert.pem", "ca.crl.pem"}));
  for (const auto& entry : fs::recursive_directory_iterator{scratch.path() / "deep"})
    BOOST_TEST(mode_of(entry.path()) == (entry.is_directory() ? 0700u : 0600u), entry.path());
  BOOST_TEST(mode_of(scratch.path() / "deep") == 0700u);
}

BOOST_FIXTURE_TEST_CASE(a_folder_is_good_for_its_holder_from_the_beginning_to_the_end, with_authority) {
  const auto issued = give("node:factory").value();
  BOOST_TEST(issued.folder == ca / "nodes" / "factory");
  const auto files = credential_files::in(issued.folder, {"factory"});
  for (const auto now : {after(-5 * minute), noon, after(30 * day)}) {
    const auto read = read_credentials(files, holder("node:factory"), now);
    BOOST_REQUIRE_MESSAGE(read, (read ? "" : read.error().front()));
    BOOST_TEST((read->own.fingerprint == issued.issued.fingerprint));
    BOOST_TEST((read->key.public_part().name() == read->own.key.name()));
  }
  BOOST_TEST(!read_credentials(files, holder("node:factory"), after(-5 * minute - 1)));
  BOOST_TEST(!read_credentials(files, holder("node:factory"), after(30 * day + 1)));
  // Of the longest certificate too.
  const auto longest = give("node:post", false, noon, 90).value();
  BOOST_TEST(read_credentials(credential_files::in(longest.folder, {"post"}), {}, after(90 * day)).has_value());
}

BOOST_FIXTURE_TEST_CASE(a_second_authority_in_its_place_is_refused, with_authority) {
  const auto before = view().certificate.fingerprint;
  BOOST_TEST(has(refusal(make_authority_directory(ca, noon, *random)), "holds an authority already"));
  BOOST_TEST(has(refusal(make_authority_directory(ca / "", noon, *random)), "holds an authority already"));
  BOOST_TEST((view().certificate.fingerprint == before));
  const auto other = scratch.path() / "other";
  fs::create_directory(other);
  std::ofstream{other / "x"} << "x";
  BOOST_TEST(has(refusal(make_authority_directory(other, noon, *random)), "not an empty directory"));
  BOOST_TEST(has(refusal(make_authority_directory(other / "x", noon, *random)), "not an empty directory"));
  fs::remove(other / "x");
  BOOST_TEST(make_authority_directory(other, noon, *random).has_value()); // an empty one is as good as none
  BOOST_TEST(mode_of(other) == 0700u);
  BOOST_TEST((names(scratch.path()) == std::set<std::string>{"ca", "other"})); // nothing half done lies about
}

BOOST_FIXTURE_TEST_CASE(a_holder_gets_another_one_only_again, with_authority) {
  const auto first = give("node:factory").value();
  const auto why = refusal(give("node:factory"));
  BOOST_TEST(has(why, first.issued.serial.text()));
  BOOST_TEST(has(why, "--again"));
  BOOST_TEST(view().index.issued.size() == 1u);
  BOOST_TEST(give("operator:factory").has_value()); // another holder
  const auto second = give("node:factory", true).value();
  BOOST_TEST((second.issued.serial != first.issued.serial));
  BOOST_TEST((read_certificate_file(second.folder / "factory.cert.pem")->fingerprint == second.issued.fingerprint));
  BOOST_TEST(read_credentials(credential_files::in(second.folder, {"factory"}), {}, noon).has_value());
  BOOST_TEST((names(ca / "nodes") == std::set<std::string>{"factory"})); // the old folder is gone
  // One that has ended, or was revoked, stands in nobody's way.
  BOOST_TEST(give("node:factory", false, after(31 * day)).has_value());
  BOOST_TEST(revoke(ca, "node:factory", after(31 * day), *random)->size() == 1u);
  BOOST_TEST(give("node:factory", false, after(31 * day)).has_value());
  BOOST_TEST(view().index.issued.size() == 5u);
}

BOOST_FIXTURE_TEST_CASE(what_is_revoked_is_in_the_list, with_authority) {
  const auto first = give("node:factory").value(), second = give("node:factory", true).value(),
             ada = give("operator:Ada").value();
  BOOST_TEST(view().list.number == 4u); // made with the authority, and with each certificate
  BOOST_TEST(revoke(ca, "factory", noon, *random)->size() == 2u);
  BOOST_TEST(view().list.number == 5u);
  BOOST_TEST(view().list.holds(first.issued.serial));
  BOOST_TEST(view().list.holds(second.issued.serial));
  BOOST_TEST(!view().list.holds(ada.issued.serial));
  BOOST_TEST((why_not(second.folder, "factory", noon) == certificate_refusal::revoked));
  // It stays in every later list.
  const auto third = give("node:factory").value();
  BOOST_TEST(view().list.serials.size() == 2u);
  // By serial, and by file; once more is no error and changes nothing but the list's number.
  BOOST_TEST(revoke(ca, third.issued.serial.text(), noon, *random)->size() == 1u);
  BOOST_TEST(revoke(ca, (ada.folder / "Ada.cert.pem").string(), noon, *random)->size() == 1u);
  const auto before = view();
  BOOST_TEST(revoke(ca, "Ada", after(day), *random)->empty());
  BOOST_TEST(view().list.number == before.list.number + 1);
  BOOST_TEST(view().index.issued[2].revoked->us == noon.us);
}

BOOST_FIXTURE_TEST_CASE(what_names_nothing_or_two_is_not_revoked, with_authority) {
  give("node:Ada").value();
  give("operator:Ada").value();
  const auto why = refusal(revoke(ca, "Ada", noon, *random));
  BOOST_TEST(has(why, "node:Ada or operator:Ada"));
  BOOST_TEST(has(refusal(revoke(ca, "Bela", noon, *random)), "no holder, no serial and no file"));
  BOOST_TEST(has(refusal(revoke(ca, "node:Ada", after(31 * day), *random)), "nothing to revoke"));
  const auto other = scratch.path() / "other";
  BOOST_REQUIRE(make_authority_directory(other, noon, *random));
  const auto theirs = issue(other, {holder("node:Ada"), {}, 30, {}, false}, noon, *random).value();
  BOOST_TEST(
      has(refusal(revoke(ca, (theirs.folder / "Ada.cert.pem").string(), noon, *random)), "not of this authority"));
  BOOST_TEST(has(refusal(revoke(ca, (theirs.folder / "Ada.key.pem").string(), noon, *random)), "not one certificate"));
  BOOST_TEST(view().list.serials.empty());
  BOOST_TEST(revoke(ca, "operator:Ada", noon, *random)->size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(a_list_lasts_as_long_as_the_last_certificate, with_authority) {
  BOOST_TEST((view().list.next_update == after(30 * day)));
  give("node:factory", false, noon, 90).value();
  BOOST_TEST((view().list.next_update == after(90 * day)));
  give("node:post", false, after(day), 1).value();
  BOOST_TEST((view().list.next_update == after(90 * day)));
  BOOST_REQUIRE(revoke(ca, "factory", after(2 * day), *random));
  BOOST_TEST((view().list.next_update == after(32 * day)));
  BOOST_TEST((view().list.this_update == after(2 * day - 5 * minute)));
}

BOOST_FIXTURE_TEST_CASE(nothing_outlives_the_authority, with_authority) {
  BOOST_TEST((view().certificate.valid.to == after(365 * day)));
  BOOST_TEST(give("node:factory", false, after(335 * day)).has_value());
  BOOST_TEST(has(refusal(give("node:post", false, after(335 * day + 1'000'000))), "fewer days"));
  BOOST_TEST(has(refusal(give("node:post", false, after(-6 * minute))), "clock"));
}

BOOST_FIXTURE_TEST_CASE(a_folder_with_anything_else_is_left_alone, with_authority) {
  const auto out = scratch.path() / "out";
  const auto to = [&](const std::string& who) { return issue(ca, {holder(who), {}, 30, out, true}, noon, *random); };
  fs::create_directory(out);
  std::ofstream{out / "notes"} << "mine";
  BOOST_TEST(has(refusal(to("node:factory")), "holds notes too"));
  fs::remove(out / "notes");
  BOOST_TEST(to("node:factory").has_value());
  BOOST_TEST(mode_of(out) == 0700u);
  BOOST_TEST(has(refusal(to("node:post")), "holds factory.")); // or another of its four
  BOOST_TEST(to("node:factory").has_value());
  BOOST_TEST(
      has(refusal(issue(ca, {holder("operator:factory"), {operator_role::officer}, 30, out, true}, noon, *random)),
          "something else"));
  fs::remove_all(out);
  const auto other = scratch.path() / "other";
  BOOST_REQUIRE(make_authority_directory(other, noon, *random));
  BOOST_REQUIRE(issue(other, {holder("node:factory"), {}, 30, out, false}, noon, *random));
  BOOST_TEST(has(refusal(to("node:factory")), "by this authority"));
  fs::remove_all(out);
  std::ofstream{out} << "a file";
  BOOST_TEST(has(refusal(to("node:factory")), "not a directory"));
  BOOST_TEST(view().index.issued.size() == 2u); // refused ones are not in it
}

BOOST_FIXTURE_TEST_CASE(an_authority_that_others_may_read_issues_nothing, with_authority) {
  for (const auto bad : {0640, 0604, 0660, 0601}) {
    chmod((ca / "ca.key.pem").c_str(), static_cast<mode_t>(bad));
    const auto why = refusal(give("node:factory"));
    BOOST_TEST(has(why, "ca.key.pem: group or others"));
    BOOST_TEST(has(why, "chmod 600"));
    BOOST_TEST(has(refusal(revoke(ca, "factory", noon, *random)), "ca.key.pem: group or others"));
  }
  chmod((ca / "ca.key.pem").c_str(), 0400);
  BOOST_TEST(give("node:factory").has_value());
  for (const auto bad : {0750, 0705, 0701}) {
    chmod(ca.c_str(), static_cast<mode_t>(bad));
    const auto why = refusal(give("node:post"));
    BOOST_TEST(has(why, "ca: group or others"));
    BOOST_TEST(has(why, "chmod 700"));
  }
  chmod(ca.c_str(), 0700);
  fs::rename(ca / "ca.key.pem", ca / "moved");
  fs::create_symlink("moved", ca / "ca.key.pem");
  BOOST_TEST(has(refusal(give("node:post")), "is a link"));
}

BOOST_FIXTURE_TEST_CASE(a_damaged_directory_is_named, with_authority) {
  const auto index = [&](const std::string& text) { std::ofstream{ca / "index"} << text; };
  index("oaksteel certificates 1\nlist 1\ncount 1\n");
  BOOST_TEST(has(refusal(give("node:factory")), "index: "));
  BOOST_TEST(has(refusal(look_at_authority(ca)), "index: "));
  index("oaksteel certificates 1\nlist 1\ncount 0\n");
  const auto other = scratch.path() / "other";
  BOOST_REQUIRE(make_authority_directory(other, noon, *random));
  fs::copy_file(other / "ca.key.pem", ca / "ca.key.pem", fs::copy_options::overwrite_existing);
  BOOST_TEST(has(refusal(give("node:factory")), "is not the key of"));
  fs::copy_file(other / "ca.crl.pem", ca / "ca.crl.pem", fs::copy_options::overwrite_existing);
  BOOST_TEST(has(refusal(look_at_authority(ca)), "ca.crl.pem: the authority has not signed it"));
  const auto none = look_at_authority(scratch.path() / "none");
  BOOST_REQUIRE(!none);
  BOOST_TEST(!none.error().refused);
  BOOST_TEST(has(none.error().text, "oaksteel pki init"));
}

BOOST_FIXTURE_TEST_CASE(an_authority_issues_so_many_and_no_more, with_authority) {
  auto index = view().index;
  give("node:factory").value();
  const auto one = view().index.issued.front();
  for (std::size_t i = 1; i < issued_limit; ++i) {
    index.issued.push_back(one);
    index.issued.back().serial = certificate_serial::draw(*random);
    index.issued.back().revoked = noon;
  }
  std::ofstream{ca / "index"} << index.text();
  BOOST_TEST(give("node:post").has_value()); // the last one
  BOOST_TEST(has(refusal(give("node:other")), "20000 certificates"));
  // All of it can still be read, and the list of those that are revoked too.
  BOOST_TEST(view().index.issued.size() == issued_limit);
  BOOST_TEST(view().list.serials.size() == issued_limit - 1);
  BOOST_TEST(revoke(ca, "post", noon, *random)->size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(what_cannot_be_remembered_is_not_handed_out, with_authority) {
  const auto first = give("node:factory").value();
  fs::create_directory(ca / "index.new"); // where the next index would be written
  BOOST_TEST(!give("node:factory", true));
  BOOST_TEST(!give("node:post"));
  BOOST_TEST((read_certificate_file(first.folder / "factory.cert.pem")->fingerprint == first.issued.fingerprint));
  BOOST_TEST((names(ca / "nodes") == std::set<std::string>{"factory"}));
  BOOST_TEST(!revoke(ca, "factory", noon, *random));
  BOOST_TEST(view().list.serials.empty());
}

BOOST_FIXTURE_TEST_CASE(a_list_that_was_lost_is_made_again, with_authority) {
  const auto issued = give("node:factory").value();
  BOOST_REQUIRE(revoke(ca, "factory", noon, *random));
  fs::remove(ca / "ca.crl.pem");
  BOOST_TEST(!look_at_authority(ca));
  BOOST_REQUIRE(revoke(ca, "factory", noon, *random));
  BOOST_TEST(view().list.holds(issued.issued.serial));
}

// Each in a process of its own, as commands are.
BOOST_FIXTURE_TEST_CASE(at_once_none_is_lost, with_authority) {
  constexpr int processes = 8, each = 3;
  std::vector<pid_t> running;
  for (int p = 0; p < processes; ++p) {
    const auto pid = fork();
    BOOST_REQUIRE(pid >= 0);
    if (pid == 0) {
      const auto own = seeded_randomness(100 + static_cast<std::uint64_t>(p), 1)->stream("test", 0);
      bool good = true;
      for (int i = 0; i < each; ++i) {
        const auto who = "node:p" + std::to_string(p) + "." + std::to_string(i);
        good = good && issue(ca, {holder(who), {}, 30, {}, false}, noon, *own);
      }
      _exit(good ? 0 : 1);
    }
    running.push_back(pid);
  }
  for (const auto pid : running) {
    int status = -1;
    BOOST_REQUIRE(waitpid(pid, &status, 0) == pid);
    BOOST_TEST(status == 0);
  }
  std::set<std::string> serials;
  for (const auto& c : view().index.issued)
    serials.insert(c.serial.text());
  BOOST_TEST(serials.size() == std::size_t{processes * each});
  BOOST_TEST(view().list.number == 1u + processes * each);
}

BOOST_AUTO_TEST_SUITE_END()
