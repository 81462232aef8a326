// The four files of a holder: what is wrong with any of them is found before anything is built on them, a line each.

#include "storage/credentials.hpp"

#include "storage/authority.hpp"
#include "tests/storage/sample_log.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <sstream>

#include <sys/stat.h>
#include <unistd.h>

using namespace oaksteel;
using namespace oaksteel::testing;
namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(credentials_of_a_holder)
namespace {

constexpr std::int64_t day = std::int64_t{86'400} * 1'000'000;
const instant noon = instant::parse("2026-03-02T12:00:00Z").value();
instant after(std::int64_t us) { return {noon.us + us}; }
holder_name holder(std::string_view text) { return holder_name::parse(text).value(); }

struct with_credentials {
  with_credentials() {
    for (const auto& dir : {ca, foreign}) {
      BOOST_REQUIRE(make_authority_directory(dir, noon, *random));
      BOOST_REQUIRE(issue(dir, {holder("node:factory"), {}, 30, {}, false}, noon, *random));
    }
  }

  /// All that is wrong, in one text.
  std::string problems(instant now = noon, const std::string& who = "node:factory") {
    const auto read = read_credentials(files, holder(who), now);
    std::string all;
    if (!read)
      for (const auto& line : read.error()) {
        BOOST_CHECK(line.find('\n') == std::string::npos);
        all += line + '\n';
      }
    return all;
  }
  void check(const std::string& all, std::initializer_list<std::string> parts) {
    BOOST_CHECK_MESSAGE(std::count(all.begin(), all.end(), '\n') == static_cast<std::ptrdiff_t>(parts.size()), all);
    for (const auto& part : parts)
      BOOST_CHECK_MESSAGE(all.find(part) != std::string::npos, part << " not in: " << all);
  }
  void put(const fs::path& from, const fs::path& to) { fs::copy_file(from, to, fs::copy_options::overwrite_existing); }
  credential_files theirs() const { return credential_files::in(foreign / "nodes" / "factory", {"factory"}); }

  temporary_directory scratch;
  fs::path ca = scratch.path() / "ca", foreign = scratch.path() / "foreign";
  std::unique_ptr<generator> random = seeded_randomness(6, 1)->stream("test", 0);
  credential_files files = credential_files::in(ca / "nodes" / "factory", {"factory"});
};

} // namespace

BOOST_FIXTURE_TEST_CASE(sound_ones_are_read, with_credentials) {
  BOOST_TEST(problems() == "");
  BOOST_TEST(read_credentials(files, {}, noon)->own.holder.text() == "node:factory");
}

BOOST_FIXTURE_TEST_CASE(missing_files_are_all_named, with_credentials) {
  fs::remove_all(files.key.parent_path());
  check(problems(),
        {"factory.cert.pem: cannot be read", "factory.key.pem: cannot be read", "ca.cert.pem: cannot be read"});
}

BOOST_FIXTURE_TEST_CASE(a_key_that_others_may_read_is_refused, with_credentials) {
  for (const auto bad : {0640, 0620, 0604, 0601}) {
    chmod(files.key.c_str(), static_cast<mode_t>(bad));
    check(problems(), {"factory.key.pem: group or others may use it; no one but its owner may: chmod 600"});
  }
  chmod(files.key.c_str(), 0600);
  for (const auto bad : {0750, 0711, 0707}) {
    chmod(files.key.parent_path().c_str(), static_cast<mode_t>(bad));
    check(problems(), {"nodes/factory: group or others may use it; no one but its owner may: chmod 700"});
  }
  chmod(files.key.parent_path().c_str(), 0500);
  chmod(files.key.c_str(), 0400);
  BOOST_TEST(problems() == "");
}

BOOST_FIXTURE_TEST_CASE(a_key_of_another_user_is_refused, with_credentials) {
  if (geteuid() != 0) {
    BOOST_TEST_MESSAGE("SKIPPED: only root can give a file away");
    return;
  }
  BOOST_REQUIRE(chown(files.key.c_str(), 65534, 65534) == 0);
  check(problems(), {"factory.key.pem: belongs to user 65534; it must belong to user 0"});
}

BOOST_FIXTURE_TEST_CASE(a_key_behind_a_link_is_refused, with_credentials) {
  const auto aside = scratch.path() / "aside.pem";
  fs::rename(files.key, aside);
  fs::create_symlink(aside, files.key);
  check(problems(), {"factory.key.pem: is a link; name the file itself"});
}

BOOST_FIXTURE_TEST_CASE(files_of_another_issue_are_found, with_credentials) {
  put(theirs().key, files.key);
  check(problems(), {"factory.key.pem: is not the key of"});
  put(theirs().certificate, files.certificate);
  check(problems(), {"factory.cert.pem: is not signed by the authority of"});
  put(theirs().authority, files.authority);
  check(problems(), {"ca.crl.pem: the authority has not signed it"});
  put(theirs().revocation_list, files.revocation_list);
  BOOST_TEST(problems() == "");
}

BOOST_FIXTURE_TEST_CASE(files_in_each_other_s_place_are_found, with_credentials) {
  put(files.authority, files.certificate);
  check(problems(), {"factory.cert.pem: it names no holder"});
  put(theirs().certificate, files.authority);
  check(problems(), {"factory.cert.pem: it names no holder", "ca.cert.pem: it is no authority"});
  put(files.key, files.authority);
  put(files.certificate, files.key);
  chmod(files.key.c_str(), 0600);
  check(problems(), {"factory.cert.pem: it names no holder", "factory.key.pem: is not one P-256 key",
                     "ca.cert.pem: is not one certificate in PEM"});
}

BOOST_FIXTURE_TEST_CASE(the_right_holder_is_asked_for, with_credentials) {
  check(problems(noon, "node:post"), {"factory.cert.pem: is the certificate of node:factory; it must be that of "
                                      "node:post"});
  check(problems(noon, "operator:factory"), {"it must be that of operator:factory"});
}

BOOST_FIXTURE_TEST_CASE(times_are_held_against_the_clock, with_credentials) {
  check(problems(after(-day)),
        {"factory.cert.pem: not valid yet", "ca.cert.pem: not valid yet", "ca.crl.pem: not valid yet"});
  check(problems(after(31 * day)), {"factory.cert.pem: expired", "ca.crl.pem: expired"});
  check(problems(after(366 * day)), {"factory.cert.pem: expired", "ca.crl.pem: expired", "ca.cert.pem: expired"});
}

BOOST_FIXTURE_TEST_CASE(a_revoked_one_is_found, with_credentials) {
  BOOST_REQUIRE(revoke(ca, "factory", noon, *random));
  put(ca / "ca.crl.pem", files.revocation_list);
  check(problems(), {"factory.cert.pem: is revoked in"});
}

BOOST_FIXTURE_TEST_CASE(spoilt_and_oversized_files_are_found, with_credentials) {
  std::ofstream{files.certificate, std::ios::app} << "x";
  check(problems(), {"factory.cert.pem: is not one certificate in PEM"});
  std::ofstream{files.certificate, std::ios::app} << std::string(certificate_file_limit, 'x');
  std::ofstream{files.key, std::ios::app} << std::string(certificate_file_limit, 'x');
  std::ofstream{files.revocation_list, std::ios::app} << std::string(revocation_list_file_limit, 'x');
  check(problems(), {"factory.cert.pem: larger than", "factory.key.pem: larger than", "ca.crl.pem: larger than"});
}

BOOST_AUTO_TEST_SUITE_END()
