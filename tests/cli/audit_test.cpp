#include "cli/audit.hpp"

#include "cli/inspect.hpp"
#include "cli/output.hpp"
#include "tests/storage/sample_story.hpp"

#include <iostream>
#include <sstream>

using namespace oaksteel;
// `identify` of the samples would hide the command line's.
using oaksteel::testing::story;
using oaksteel::testing::temporary_directory;

BOOST_AUTO_TEST_SUITE(audit_of_a_log)
namespace {

/// What is written to standard output and error while it lives.
class captured {
public:
  captured() : out_(std::cout.rdbuf(text_.rdbuf())), err_(std::cerr.rdbuf(text_.rdbuf())) {}
  ~captured() {
    std::cout.rdbuf(out_);
    std::cerr.rdbuf(err_);
  }
  std::string text() const { return text_.str(); }
  /// Every line as a JSON document.
  std::vector<nlohmann::json> documents() const {
    std::vector<nlohmann::json> all;
    std::istringstream lines{text()};
    for (std::string line; std::getline(lines, line);)
      all.push_back(nlohmann::json::parse(line));
    return all;
  }

private:
  std::ostringstream text_;
  std::streambuf* out_;
  std::streambuf* err_;
};

struct outcome {
  int status = 0;
  std::vector<nlohmann::json> events;
  nlohmann::json summary;
};

outcome audit_json(const std::filesystem::path& data, audit_subject subject, const std::string& id = "",
                   std::optional<fingerprint> key_set = {}) {
  captured out;
  audit_arguments a;
  a.subject = subject;
  a.id = id;
  a.data = {data};
  a.domain_key_set = key_set;
  a.json = true;
  outcome o;
  o.status = audit(a);
  o.events = out.documents();
  o.summary = o.events.back().at("summary");
  o.events.pop_back();
  return o;
}

/// Several logs as one: the summary is that of the last log.
struct joint_outcome : outcome {
  nlohmann::json joined;
};
joint_outcome audit_together(std::vector<std::filesystem::path> data, audit_subject subject, const std::string& id = "") {
  captured out;
  audit_arguments a;
  a.subject = subject;
  a.id = id;
  a.data = std::move(data);
  a.json = true;
  joint_outcome o;
  o.status = audit(a);
  for (auto& line : out.documents())
    if (line.contains("joined"))
      o.joined = line.at("joined");
    else if (line.contains("summary"))
      o.summary = line.at("summary");
    else
      o.events.push_back(std::move(line));
  return o;
}

/// The first violation of an audit of all: position, rule and text; empty when there is none.
std::string violation_of(const std::filesystem::path& data, std::optional<fingerprint> key_set = {}) {
  const auto o = audit_json(data, audit_subject::all, "", key_set);
  const auto& v = o.summary.at("first_violation");
  BOOST_TEST(o.status == (v.is_null() ? exit_done : exit_refused));
  return v.is_null() ? "" : v.at("rule").get<std::string>() + ": " + v.at("text").get<std::string>();
}

} // namespace

BOOST_AUTO_TEST_CASE(a_key_from_request_to_retirement) {
  temporary_directory dir;
  story s{dir / "log"};
  s.ceremony();
  s.life(1, key_status::active);
  s.life(2, key_status::obsolete);
  const auto o = audit_json(dir / "log", audit_subject::key, "VE/2");
  BOOST_TEST(o.status == exit_done);
  BOOST_TEST(o.summary.at("about").at("status") == "Obsolete");
  BOOST_TEST(o.summary.at("about").at("meter") == "M1000002");
  BOOST_TEST(o.summary.at("about").at("audit times").size() == 10u);
  BOOST_TEST(o.summary.at("events") == o.events.size());
  BOOST_TEST(o.events.front().at("event") == "order_opened");
  BOOST_TEST(o.events.back().at("event") == "key_retired");
  std::uint64_t good = 0, last = 0;
  for (const auto& e : o.events) {
    BOOST_TEST(e.at("position").get<std::uint64_t>() > last);
    last = e.at("position").get<std::uint64_t>();
    BOOST_TEST(e.at("violation").is_null());
    for (const auto& r : e.at("signed"))
      good += r.at("verified").get<bool>();
  }
  BOOST_TEST(good == 16u); // MI3, MI4, MI3, MI4, MI7, MI7, MI9, MI10, MI9, MI10, MR3, MR4, MR3, MO2, MO3, MO2
}

BOOST_AUTO_TEST_CASE(every_subject_has_its_events) {
  temporary_directory dir;
  story s{dir / "log"};
  s.ceremony();
  s.life(1, key_status::active);
  s.life(2, key_status::bad);
  struct line {
    audit_subject subject;
    std::string id;
    std::string about, value;
  };
  const line table[] = {
    {audit_subject::key, "VE/2", "status", "Bad"},          {audit_subject::meter, "M1000001", "serial", "1000001"},
    {audit_subject::box, "O00000001", "slot", "oak-1"},     {audit_subject::domain, "VE", "kind", "vendor"},
    {audit_subject::order, "1", "state", "complete"},       {audit_subject::custodian, "Ada", "boxes", ""},
  };
  for (const auto& [subject, id, about, value] : table) {
    const auto o = audit_json(dir / "log", subject, id);
    BOOST_TEST(o.status == exit_done, id);
    BOOST_TEST(!o.events.empty(), id);
    BOOST_TEST(o.summary.at("about").contains(about), id);
    if (!value.empty())
      BOOST_TEST(o.summary.at("about").at(about) == value, id);
  }
  const auto all = audit_json(dir / "log", audit_subject::all);
  BOOST_TEST(all.status == exit_done);
  BOOST_TEST(all.summary.at("about").at("domains").at("VE").at("keys").at("Bad") == 1);
}

// The error log (EP-29): each entry in the order of time, and how many there are by component, code and source.
BOOST_AUTO_TEST_CASE(the_error_log_is_listed) {
  temporary_directory dir;
  story s{dir / "log"};
  s.ceremony();
  BOOST_TEST(audit_json(dir / "log", audit_subject::errors).events.empty());
  const fault_recorded forged{"kmc", "MI7", "psr-1", refusal::signature_invalid, "VE/1",
                              {{participant_kind::key, "VE/1"}}};
  s.add(forged, "kmc");
  s.add(fault_recorded{"oak-1", "MI1", "kmc", refusal::key_id_not_fresh, "VE/1", {{participant_kind::key, "VE/1"}}},
        "oak-1");
  s.add(forged, "kmc");
  // A wrong share is one too, and its source a custodian (EP-10).
  s.add(share_refused{{box_type::oak, 1}, {"Emil"}, refusal::share_damaged, {}}, "oak/oak-1");
  s.life(1, key_status::active);
  const auto o = audit_json(dir / "log", audit_subject::errors);
  BOOST_TEST(o.status == exit_done);
  BOOST_TEST_REQUIRE(o.events.size() == 4u);
  BOOST_TEST(o.events[1].at("actor") == "oak-1");
  BOOST_TEST(o.events[1].at("data").at("reason") == "key_id_not_fresh");
  const auto& counts = o.summary.at("about").at("errors by component, code and source");
  BOOST_TEST(counts.at("kmc").at("signature_invalid").at("psr-1") == 2);
  BOOST_TEST(counts.at("oak-1").at("key_id_not_fresh").at("kmc") == 1);
  BOOST_TEST(counts.size() == 3u);
  BOOST_TEST(counts.at("oak/oak-1").at("share_damaged").at("Emil") == 1);
  // They are part of the key's life too.
  const auto key = audit_json(dir / "log", audit_subject::key, "VE/1");
  BOOST_TEST(std::ranges::count(key.events, "fault_recorded", [](const auto& e) { return e.at("event"); }) == 3);
}

BOOST_AUTO_TEST_CASE(what_is_not_there_is_refused) {
  temporary_directory dir;
  story s{dir / "log"};
  s.ceremony();
  s.life(1, key_status::active);
  captured out;
  audit_arguments a;
  a.subject = audit_subject::key;
  a.id = "VE/7";
  a.data = {dir / "log"};
  BOOST_TEST(audit(a) == exit_refused);
  for (const auto* none : {"foo", "VE/01", "VE"})
    BOOST_TEST(!is_well_formed(audit_subject::key, none), none);
  BOOST_TEST((is_well_formed(audit_subject::key, "VE/7") && is_well_formed(audit_subject::box, "O00000001")));
  BOOST_TEST(out.text().find("key VE/7 is in no event") != std::string::npos);
  BOOST_TEST(out.text().find("there are VE/1") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_domain_key_set_can_be_pinned) {
  temporary_directory dir;
  story s{dir / "log"};
  s.ceremony();
  s.life(1, key_status::active);
  BOOST_TEST(violation_of(dir / "log", s.domain_key_set()) == "");
  BOOST_TEST(violation_of(dir / "log", fingerprint{}).starts_with("signature: the domain key set is"));
}

// SYS-4: two readings of one log are one log; the longer stands for both.
BOOST_AUTO_TEST_CASE(copies_of_a_log_are_one_log) {
  temporary_directory dir;
  story s{dir / "log"};
  s.ceremony();
  s.life(1, key_status::active);
  {
    captured quiet;
    BOOST_TEST(log_export({dir / "log", false}, dir / "earlier") == exit_done);
  }
  s.life(2, key_status::installed);
  const auto o = audit_together({dir / "earlier", dir / "log"}, audit_subject::key, "VE/2");
  BOOST_TEST(o.status == exit_done);
  const auto alone = audit_json(dir / "log", audit_subject::key, "VE/2");
  BOOST_TEST(o.events == alone.events);
  BOOST_TEST(o.joined.at("about") == alone.summary.at("about"));
  BOOST_REQUIRE(o.joined.at("notes").size() == 1u);
  BOOST_TEST(o.joined.at("notes")[0].get<std::string>().find(" are the same log: the first, with ") != std::string::npos);
  BOOST_TEST(o.joined.at("missing").empty());
}

// They have one first record, and so one id, and another history since.
BOOST_AUTO_TEST_CASE(a_changed_copy_is_named) {
  temporary_directory dir;
  for (const auto* name : {"one", "other"}) {
    story s{dir / name};
    s.ceremony();
    s.life(1, key_status::installed);
  }
  const auto o = audit_together({dir / "one", dir / "other"}, audit_subject::all);
  BOOST_TEST(o.status == exit_refused);
  BOOST_REQUIRE(o.joined.at("notes").size() == 1u);
  BOOST_TEST(o.joined.at("notes")[0].get<std::string>().find(" are the same log and differ from record 2 on")
             != std::string::npos);
}

/// Each story is sound but for one record, which any program could have written into its own log.
BOOST_AUTO_TEST_CASE(forgeries_are_found) {
  const auto k = story::key(1);
  const auto m = story::meter_of(1);
  const auto mi3_of = [&](story& s, const key_id& key, key_role by) {
    return s.sign(mi3_body{story::oak(), story::steel(), key, {}, {}, s.now(), s.now()}, by);
  };
  struct line {
    std::string_view what;
    std::function<void(story&)> how;
    std::string_view found;
  };
  const line table[] = {
    {"nothing", [](story&) {}, ""},
    {"MI3 signed by Brass",
     [&](story& s) {
       s.add(key_id_assigned{k, story::steel(), {1}}, "archive/VE");
       s.add(key_created{k, story::oak(), story::steel(), mi3_of(s, k, key_role::brass_authentication)}, "archive/VE");
     },
     "signature: MI3 of VE/1 is not signed by the oak authentication key of domain VE"},
    {"MI3 of another key",
     [&](story& s) {
       s.add(key_id_assigned{k, story::steel(), {1}}, "archive/VE");
       s.add(key_created{k, story::oak(), story::steel(), mi3_of(s, story::key(2), key_role::oak_authentication)},
             "archive/VE");
     },
     "signature: MI3 of VE/1 says something else than the event"},
    {"no proof",
     [&](story& s) {
       s.add(key_id_assigned{k, story::steel(), {1}}, "archive/VE");
       auto mi3 = mi3_of(s, k, key_role::oak_authentication);
       mi3.proof.clear();
       s.add(key_created{k, story::oak(), story::steel(), mi3}, "archive/VE");
     },
     "signature: MI3 of VE/1 is not signed"},
    {"no body",
     [&](story& s) {
       s.add(key_id_assigned{k, story::steel(), {1}}, "archive/VE");
       s.add(key_created{k, story::oak(), story::steel(), {}}, "archive/VE");
     },
     "signature: MI3 of VE/1 cannot be read"},
    {"a domain that nobody signed",
     [](story& s) {
       const domain_id usps{"USPS"};
       s.add(domain_created{usps, "postal", {"US"}, suite_id::p256, story::factory(), {}}, "manufacturing/factory-1");
     },
     "signature: the public keys of domain USPS cannot be read"},
    {"a record of a domain without keys",
     [](story& s) {
       const domain_id usps{"USPS"};
       const key_id key{usps, 1};
       const mi4_body b{story::oak(), story::steel(), key, {}, {}, s.now()};
       s.add(install_record_received{key, story::steel(), {1}, {"M1"}, s.sign(b, key_role::oak_authentication, usps)},
             "kdc");
     },
     "signature: MI4 of USPS/1 cannot be checked"},
    {"a retired key is made active again",
     [&](story& s) {
       s.life(1, key_status::obsolete);
       const mr3_body b{story::brass(), k, m, {"PC-1"}, {"9"}, {"US"}, {20260302}, {}, {1}, s.now(), s.now()};
       const auto mr3 = s.sign(b, key_role::brass_authentication);
       s.add(key_activated{k, story::brass(), m, {"PC-1"}, {"9"}, {"US"}, {20260302}, mr3, {}}, "archive/VE");
     },
     "transition: key VE/1 goes from Obsolete to Active"},
    {"a second attempt",
     [&](story& s) {
       s.life(1, key_status::installed);
       s.add(installation_attempted{k, story::oak(), story::steel(), m, s.now()}, "steel/steel-1");
     },
     "key_id_order: key VE/1 is attempted at S00000001 after key VE/1"},
  };
  for (const auto& [what, how, expected] : table) {
    temporary_directory dir;
    {
      story s{dir / "log"};
      s.ceremony();
      how(s);
      s.commit();
    }
    const auto found = violation_of(dir / "log");
    BOOST_TEST((expected.empty() ? found.empty() : found.starts_with(expected)), what << ": " << found);
  }
}

BOOST_AUTO_TEST_CASE(the_logs_commands_agree) {
  temporary_directory dir;
  {
    story s{dir / "log"};
    s.ceremony();
    s.life(1, key_status::active);
    s.checkpoint();
  }
  captured out;
  const log_arguments directory{dir / "log", true}, exported{dir / "log.export", true};
  BOOST_TEST(log_verify(directory, dir / "log" / "checkpoint") == exit_done);
  BOOST_TEST(log_export(directory, dir / "log.export") == exit_done);
  BOOST_TEST(log_verify(exported, std::nullopt) == exit_done);
  BOOST_TEST(log_stat(directory) == exit_done);
  BOOST_TEST(log_replay(exported, std::nullopt) == exit_done);
  BOOST_TEST(log_replay(directory, std::nullopt) == exit_done);
  const auto lines = out.documents();
  BOOST_REQUIRE(lines.size() == 6u);
  BOOST_TEST(lines[0].at("given_checkpoint") == "valid");
  BOOST_TEST(lines[2].at("checkpoint") == "valid");
  BOOST_TEST(lines[0].at("root") == lines[2].at("root"));
  BOOST_TEST(lines[3].at("simulated") == true);
  BOOST_TEST(lines[4].at("states") == lines[5].at("states"));
  BOOST_TEST(lines[4].at("compared") == false);
  BOOST_TEST(lines[5].at("compared") == true);
}

BOOST_AUTO_TEST_CASE(a_list_has_one_object_for_each_record) {
  temporary_directory dir;
  story s{dir / "log"};
  s.ceremony();
  s.life(1, key_status::installed);
  captured out;
  BOOST_TEST(log_list({dir / "log", true}, {}) == exit_done);
  BOOST_TEST(log_list({dir / "log", true}, {1, {}, "key/VE/1", ""}) == exit_done);
  BOOST_TEST(log_list({dir / "log", true}, {1, 5, "", ""}) == exit_done);
  const auto lines = out.documents();
  const auto all = s.site().position().size;
  BOOST_REQUIRE(lines.size() == all + 2 + 5);
  BOOST_TEST(lines[0].at("event") == "log_opened");
  const auto& created = lines[all];
  BOOST_TEST(created.at("event") == "key_created");
  BOOST_TEST(created.at("data").at("key") == "VE/1");
  BOOST_TEST(created.at("data").at("mi3").at("says").at("steel") == "S00000001");
}

BOOST_AUTO_TEST_CASE(a_terminal_sees_no_control_characters) {
  BOOST_TEST(printable("plain, Zürich, 東京, 😀") == "plain, Zürich, 東京, 😀");
  BOOST_TEST(printable("\x1b[31mred\r\n\x7f") == "?[31mred???");
  BOOST_TEST(printable("\xc2\x9b" "31m") == "??31m");       // CSI in one character
  BOOST_TEST(printable("\xff\xc0\xaf\xed\xa0\x80") == "??????"); // no UTF-8
  BOOST_TEST(printable("\xe6\x9d") == "??");
}

BOOST_AUTO_TEST_SUITE_END()
