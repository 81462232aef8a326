// `oaksteel pki`: what it makes, prints and refuses, and that OpenSSL agrees on every certificate.

#include "storage/authority.hpp"
#include "storage/credentials.hpp"
#include "tests/random_seed.hpp"
#include "tests/scenarios/finished_day.hpp"
#include "tests/share_text.hpp"

#include <nlohmann/json.hpp>

#include <csignal>
#include <cstdio>
#include <iostream>

#include <sys/stat.h>
#include <sys/wait.h>

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(pki_command)
namespace {

using json = nlohmann::json;
using command_line = std::vector<std::string>;
namespace fs = std::filesystem;

instant machine_time() {
  return {std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
              .count()};
}

struct with_authority {
  with_authority() {
    const auto r = pki({"init", ca.string()});
    BOOST_REQUIRE_MESSAGE(r.status == 0, r.told());
  }

  program_result pki(command_line command) {
    command.insert(command.begin(), "pki");
    return run_program(command);
  }
  command_line at_ca(command_line command) const {
    command.insert(command.end(), {"--ca", ca.string()});
    return command;
  }
  json said(command_line command) {
    command.push_back("--json");
    const auto r = pki(at_ca(std::move(command)));
    BOOST_REQUIRE_MESSAGE(r.status == 0 && r.err.empty(), r.told());
    return json::parse(r.out);
  }
  void refused(command_line command, int status, const std::string& part) {
    const auto r = pki(command);
    BOOST_CHECK_MESSAGE(r.status == status && r.one_line() && r.out.empty() && r.err.find(part) != std::string::npos,
                        r.told() << " (wanted exit " << status << " and \"" << part << "\")");
  }
  void refused_here(command_line command, int status, const std::string& part) {
    refused(at_ca(std::move(command)), status, part);
  }

  scratch_directory work;
  fs::path ca = work / "ca";
};

// --- OpenSSL -----------------------------------------------------------------------------------------------------

struct openssl_result {
  int status = -1;
  std::string text; ///< both of its outputs
};

openssl_result openssl(const std::string& arguments) {
  openssl_result r;
  auto* pipe = popen(("openssl " + arguments + " 2>&1 </dev/null").c_str(), "r");
  BOOST_REQUIRE(pipe);
  char buffer[4096];
  for (std::size_t n = 0; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;)
    r.text.append(buffer, n);
  const auto status = pclose(pipe);
  r.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return r;
}

/// False, loudly, where there is none.
bool openssl_is_there() {
  if (openssl("version").status == 0)
    return true;
  std::cerr << "\n*** SKIPPED: there is no openssl here; whether OpenSSL agrees was not tested ***\n" << std::endl;
  return false;
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

} // namespace

BOOST_FIXTURE_TEST_CASE(a_deployment_gets_its_certificates, with_authority) {
  const auto node = said({"issue", "node", "factory"});
  BOOST_CHECK_EQUAL(node.at("folder"), (ca / "nodes" / "factory").string());
  const auto ada = said({"issue", "operator", "Ada", "--role", "auditor", "--role", "officer", "--days", "1", "--out",
                         (work / "ada").string()});
  BOOST_CHECK_EQUAL(ada.at("folder"), (work / "ada").string());
  BOOST_CHECK_EQUAL(ada.at("certificate").at("roles"), (json{"officer", "auditor"}));
  // What node/ reads finds nothing wrong.
  const auto read =
      read_credentials(credential_files::in(work / "ada", {"Ada"}), holder_name::parse("operator:Ada"), machine_time());
  BOOST_CHECK_MESSAGE(read, (read ? std::string{} : read.error().front()));

  const auto list = said({"list"});
  const auto& all = list.at("certificates");
  BOOST_REQUIRE_EQUAL(all.size(), 2u);
  BOOST_CHECK_EQUAL(all[0].at("kind"), "node");
  BOOST_CHECK_EQUAL(all[0].at("name"), "factory");
  BOOST_CHECK_EQUAL(all[0].at("state"), "valid");
  BOOST_CHECK(all[0].at("roles").empty());
  BOOST_CHECK(all[0].at("revoked").is_null());
  BOOST_CHECK_EQUAL(all[0], node.at("certificate"));
  BOOST_CHECK_EQUAL(all[1], ada.at("certificate"));
  // 30 days and one day, from the same clock.
  const auto ends = [&](const json& c) { return instant::parse(c.at("not_after").get<std::string>()).value().us; };
  const auto days = static_cast<double>(ends(all[0]) - ends(all[1])) / 86'400e6;
  BOOST_CHECK_CLOSE(days, 29.0, 0.1);

  const auto gone = said({"revoke", "Ada"});
  BOOST_REQUIRE_EQUAL(gone.at("revoked").size(), 1u);
  BOOST_CHECK_EQUAL(gone.at("list"), (ca / "ca.crl.pem").string());
  BOOST_CHECK_EQUAL(said({"list"}).at("certificates")[1].at("state"), "revoked");
  BOOST_CHECK(said({"revoke", "Ada"}).at("revoked").empty());
}

BOOST_FIXTURE_TEST_CASE(the_same_in_words, with_authority) {
  const auto issued = pki(at_ca({"issue", "operator", "Ada", "--role", "officer"}));
  BOOST_CHECK_MESSAGE(issued.status == 0 && issued.err.empty(), issued.told());
  BOOST_CHECK(has(issued.out, "operators/Ada: certificate and key of operator:Ada (officer), serial "));
  const auto serial = said({"list"}).at("certificates")[0].at("serial").get<std::string>();
  const auto revoked = pki(at_ca({"revoke", serial}));
  const auto lines = lines_of(revoked.out);
  BOOST_REQUIRE_EQUAL(lines.size(), 2u);
  BOOST_CHECK_EQUAL(lines[0], "revoked " + serial + " of operator:Ada (officer)\n");
  BOOST_CHECK_EQUAL(lines[1], "copy " + (ca / "ca.crl.pem").string() + " to every node\n");
  const auto list = pki(at_ca({"list"}));
  BOOST_CHECK(has(list.out, serial + "  revoked  until "));
  BOOST_CHECK(has(list.out, "number 3, the next by "));
}

BOOST_FIXTURE_TEST_CASE(no_key_is_printed, with_authority) {
  std::string printed;
  for (auto command : std::vector<command_line>{
           {"issue", "node", "factory"}, {"list"}, {"issue", "node", "factory"}, {"revoke", "factory"}})
    for (const bool as_json : {false, true}) {
      auto c = command;
      if (as_json)
        c.push_back("--json");
      const auto r = pki(at_ca(c));
      printed += r.out + r.err;
    }
  for (const auto& key : {ca / "ca.key.pem", ca / "nodes" / "factory" / "factory.key.pem"}) {
    const auto text = file_content(key);
    BOOST_REQUIRE(text.size() > 100);
    for (std::size_t i = 28; i + 16 < text.size() - 26; i += 16)
      BOOST_REQUIRE(!has(printed, text.substr(i, 16)));
  }
}

BOOST_FIXTURE_TEST_CASE(wrong_words_are_wrong_usage, with_authority) {
  refused({}, 2, "oaksteel pki needs a command");
  refused({"issue"}, 2, "one of node, operator");
  refused({"init"}, 2, "DIR");
  refused({"issue", "node", "factory"}, 2, "--ca");
  refused_here({"issue", "operator", "Ada"}, 2, "--role");
  refused_here({"issue", "operator", "Ada", "--role", "oficer"}, 2, "did you mean \"officer\"?");
  refused_here({"issue", "node", "factory", "--role", "officer"}, 2, "--role");
  for (const auto* days : {"0", "91", "-1", "x", "18446744073709551646"})
    refused_here({"issue", "node", "factory", "--days", days}, 2, "--days");
  for (const auto* name : {".", "..", "../x", "a b", ".hidden", "_x", "123456789012345678901234567890123", "a\nb"})
    refused_here({"issue", "node", name}, 2, "NAME is ");
  BOOST_CHECK(said({"list"}).at("certificates").empty());
  BOOST_CHECK_EQUAL(said({"issue", "node", "factory", "--days", "90"}).at("certificate").at("state"), "valid");
}

BOOST_FIXTURE_TEST_CASE(what_may_not_be_is_refused, with_authority) {
  refused({"init", ca.string()}, 1, "holds an authority already");
  BOOST_REQUIRE_EQUAL(pki(at_ca({"issue", "node", "factory"})).status, 0);
  refused_here({"issue", "node", "factory"}, 1, "--again");
  BOOST_CHECK_EQUAL(pki(at_ca({"issue", "node", "factory", "--again"})).status, 0);
  refused_here({"revoke", "post"}, 1, "no holder, no serial and no file");
  refused_here({"issue", "node", "post", "--out", work.path().string()}, 1, "holds ca too");
  chmod((ca / "ca.key.pem").c_str(), 0640);
  refused_here({"issue", "node", "post"}, 1, "ca.key.pem: group or others may use it");
  chmod((ca / "ca.key.pem").c_str(), 0600);
  chmod(ca.c_str(), 0755);
  refused_here({"revoke", "factory"}, 1, "group or others may use it; no one but its owner may: chmod 700");
  chmod(ca.c_str(), 0700);
  write_file(ca / "index", "x\n");
  refused_here({"list"}, 1, "index: the first line is not");
}

BOOST_FIXTURE_TEST_CASE(what_is_not_there_is_io, with_authority) {
  const auto none = (work / "none").string();
  refused({"list", "--ca", none}, 3, "oaksteel pki init");
  refused({"issue", "node", "factory", "--ca", none}, 3, "oaksteel pki init");
  refused({"revoke", "factory", "--ca", none}, 3, "oaksteel pki init");
  BOOST_CHECK(!fs::exists(none));
  write_file(work / "file", "x");
  refused({"init", (work / "file" / "ca").string()}, 3, "Not a directory");
  fs::remove(ca / "ca.key.pem");
  refused_here({"issue", "node", "factory"}, 3, "ca.key.pem: cannot be read");
}

// A list that is behind its index: the process ended between the two.
BOOST_FIXTURE_TEST_CASE(what_was_cut_short_is_said_and_done_again, with_authority) {
  BOOST_REQUIRE_EQUAL(pki(at_ca({"issue", "node", "factory"})).status, 0);
  const auto old = file_content(ca / "ca.crl.pem");
  BOOST_REQUIRE_EQUAL(pki(at_ca({"revoke", "factory"})).status, 0);
  write_file(ca / "ca.crl.pem", old);
  refused_here({"list"}, 1, "is list 2, the index is at 3");
  BOOST_CHECK_EQUAL(pki(at_ca({"revoke", "factory"})).status, 0);
  BOOST_CHECK_EQUAL(said({"list"}).at("list").at("number"), 4);
}

BOOST_FIXTURE_TEST_CASE(expired_ones_are_listed_as_such, with_authority) {
  const auto long_ago = work / "long-ago";
  const auto random = system_randomness()->stream("test", 0);
  const instant then{machine_time().us - std::int64_t{40} * 86'400'000'000};
  BOOST_REQUIRE(make_authority_directory(long_ago, then, *random));
  BOOST_REQUIRE(issue(long_ago, {holder_name::parse("node:factory").value(), {}, 30, {}, false}, then, *random));
  const auto list = pki({"list", "--ca", long_ago.string(), "--json"});
  BOOST_REQUIRE_EQUAL(list.status, 0);
  BOOST_CHECK_EQUAL(json::parse(list.out).at("certificates")[0].at("state"), "expired");
  // It stands in nobody's way, and there is nothing to revoke.
  refused({"revoke", "factory", "--ca", long_ago.string()}, 1, "nothing to revoke");
  BOOST_CHECK_EQUAL(pki({"issue", "node", "factory", "--ca", long_ago.string()}).status, 0);
}

// In processes of their own, at once: every one is remembered.
BOOST_FIXTURE_TEST_CASE(at_once_none_is_lost, with_authority) {
  std::vector<std::unique_ptr<running_program>> running;
  for (int i = 0; i < 8; ++i)
    running.push_back(std::make_unique<running_program>(
        command_line{"pki", "issue", "node", "n" + std::to_string(i), "--ca", ca.string()}));
  for (auto& r : running) {
    const auto result = r->finish();
    BOOST_CHECK_MESSAGE(result.status == 0, result.told());
  }
  BOOST_CHECK_EQUAL(said({"list"}).at("certificates").size(), 8u);
}

// Killed anywhere: the folder is the old one or the new one, and whoever it is for is in the index.
BOOST_FIXTURE_TEST_CASE(a_process_that_is_killed_leaves_nothing_half_done, with_authority) {
  std::mt19937_64 random{random_seed()};
  BOOST_REQUIRE_EQUAL(pki(at_ca({"issue", "node", "factory"})).status, 0);
  const auto folder = ca / "nodes" / "factory";
  int killed = 0;
  for (int i = 0; i < 60; ++i) {
    running_program one{{"pki", "issue", "node", "factory", "--again", "--ca", ca.string()}};
    killed += one.finish(std::chrono::microseconds{random() % 40'000}, true).signal == SIGKILL;
    const auto read = read_credentials(credential_files::in(folder, {"factory"}), {}, machine_time());
    BOOST_REQUIRE_MESSAGE(read, (read ? std::string{} : read.error().front()));
    const auto view = look_at_authority(ca);
    BOOST_REQUIRE_MESSAGE(view, (view ? std::string{} : view.error().text));
    BOOST_REQUIRE(std::any_of(view->index.issued.begin(), view->index.issued.end(),
                              [&](const auto& c) { return c.fingerprint == read->own.fingerprint; }));
  }
  BOOST_CHECK(killed > 0);
  BOOST_CHECK_EQUAL(pki(at_ca({"issue", "node", "factory", "--again"})).status, 0);
  said({"list"});
}

BOOST_FIXTURE_TEST_CASE(openssl_agrees, with_authority) {
  if (!openssl_is_there())
    return;
  const auto node = said({"issue", "node", "factory"}),
             ada = said({"issue", "operator", "Ada", "--role", "officer", "--role", "auditor"});
  const auto node_file = (ca / "nodes/factory/factory.cert.pem").string();
  const auto ada_file = (ca / "operators/Ada/Ada.cert.pem").string();
  const auto verify = [&](const std::string& purpose, const std::string& file) {
    return openssl("verify -x509_strict -crl_check -purpose " + purpose + " -CAfile " + (ca / "ca.cert.pem").string() +
                   " -CRLfile " + (ca / "ca.crl.pem").string() + " " + file);
  };
  const auto good = [&](const std::string& purpose, const std::string& file) {
    const auto r = verify(purpose, file);
    BOOST_CHECK_MESSAGE(r.status == 0 && has(r.text, ": OK"), purpose << " " << file << ": " << r.text);
  };
  const auto bad = [&](const std::string& purpose, const std::string& file, const std::string& why) {
    const auto r = verify(purpose, file);
    BOOST_CHECK_MESSAGE(r.status != 0 && has(r.text, why), purpose << " " << file << ": " << r.text);
  };
  good("sslserver", node_file);
  good("sslclient", node_file);
  good("sslclient", ada_file);
  bad("sslserver", ada_file, "nsuitable certificate purpose");

  const auto shown = openssl("x509 -noout -serial -fingerprint -sha256 -subject -ext subjectAltName,keyUsage,"
                             "extendedKeyUsage -in " +
                             ada_file);
  BOOST_CHECK(has(shown.text, "URI:oaksteel:operator:Ada"));
  BOOST_CHECK(has(shown.text, "OU = officer, OU = auditor"));
  BOOST_CHECK(has(shown.text, "Digital Signature"));
  BOOST_CHECK(has(shown.text, "TLS Web Client Authentication"));
  BOOST_CHECK(!has(shown.text, "TLS Web Server Authentication"));
  auto serial = ada.at("certificate").at("serial").get<std::string>();
  std::transform(serial.begin(), serial.end(), serial.begin(), [](unsigned char c) { return std::toupper(c); });
  BOOST_CHECK_MESSAGE(has(shown.text, "serial=" + serial), shown.text);
  const auto authority = openssl("x509 -noout -ext basicConstraints,keyUsage -in " + (ca / "ca.cert.pem").string());
  BOOST_CHECK(has(authority.text, "CA:TRUE, pathlen:0"));
  BOOST_CHECK(has(authority.text, "Certificate Sign, CRL Sign"));
  BOOST_CHECK_EQUAL(openssl("pkey -check -noout -in " + (ca / "nodes/factory/factory.key.pem").string()).status, 0);

  said({"revoke", "factory"});
  bad("sslserver", node_file, "certificate revoked");
  good("sslclient", ada_file);
  const auto other = work / "other";
  BOOST_REQUIRE_EQUAL(pki({"init", other.string()}).status, 0);
  BOOST_REQUIRE_EQUAL(pki({"issue", "node", "factory", "--ca", other.string()}).status, 0);
  bad("sslserver", (other / "nodes/factory/factory.cert.pem").string(), "unable to get local issuer certificate");
}

// A site may have an authority of its own: what OpenSSL makes is taken as well.
BOOST_FIXTURE_TEST_CASE(a_site_s_own_authority_is_as_good, with_authority) {
  if (!openssl_is_there())
    return;
  const auto site = work / "site";
  fs::create_directory(site);
  fs::permissions(site, fs::perms::owner_all);
  write_file(site / "cnf", "[req]\ndistinguished_name=dn\n[dn]\n"
                           "[ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
                           "subjectKeyIdentifier=hash\n"
                           "[node]\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\n"
                           "subjectAltName=URI:oaksteel:node:factory,DNS:factory.example\n"
                           "authorityKeyIdentifier=keyid\nbasicConstraints=CA:FALSE\n"
                           "[authority]\ndatabase=" +
                               (site / "db").string() +
                               "\ndefault_md=sha256\ndefault_crl_days=30\ncrlnumber=" + (site / "n").string() + "\n");
  write_file(site / "db", "");
  write_file(site / "n", "01\n");
  const auto at = [&](const char* name) { return (site / name).string(); };
  const auto run = [&](const std::string& arguments) {
    const auto r = openssl(arguments);
    BOOST_REQUIRE_MESSAGE(r.status == 0, arguments << ": " << r.text);
  };
  for (const auto* name : {"ca.key.pem", "factory.key.pem"}) {
    run("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out " + at(name));
    chmod(at(name).c_str(), 0600);
  }
  run("req -x509 -new -sha256 -days 365 -subj '/CN=Site authority' -extensions ca -config " + at("cnf") + " -key " +
      at("ca.key.pem") + " -out " + at("ca.cert.pem"));
  run("req -new -sha256 -subj /CN=factory -config " + at("cnf") + " -key " + at("factory.key.pem") + " -out " +
      at("csr"));
  run("x509 -req -sha256 -days 30 -extensions node -extfile " + at("cnf") + " -in " + at("csr") + " -CA " +
      at("ca.cert.pem") + " -CAkey " + at("ca.key.pem") + " -set_serial 0x1234 -out " + at("factory.cert.pem"));
  run("ca -gencrl -name authority -config " + at("cnf") + " -cert " + at("ca.cert.pem") + " -keyfile " +
      at("ca.key.pem") + " -out " + at("ca.crl.pem"));
  const auto files = credential_files::in(site, {"factory"});
  const auto a_minute_later = instant{machine_time().us + 60'000'000};
  const auto read = read_credentials(files, holder_name::parse("node:factory"), a_minute_later);
  BOOST_REQUIRE_MESSAGE(read, (read ? std::string{} : read.error().front()));
  BOOST_CHECK_EQUAL(read->own.serial.text(), "1234");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::testing
