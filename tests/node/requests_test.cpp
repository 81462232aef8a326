#include "node/requests.hpp"

#include "node/node_log.hpp"
#include "tests/program.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

namespace oaksteel::requests {
BOOST_AUTO_TEST_SUITE(node_requests)
namespace {

/// The line of a request, read and written again.
void check_round_trip(const any_request& r, const std::string& line) {
  BOOST_CHECK_EQUAL(line_of(r), line);
  const auto read = read_request(line);
  BOOST_REQUIRE_MESSAGE(read, (read ? "" : read.error()));
  BOOST_CHECK_EQUAL(read->index(), r.index());
  BOOST_CHECK_EQUAL(line_of(*read), line);
}

std::string repeated(std::size_t n, const std::string& s) {
  std::string all;
  for (std::size_t i = 0; i < n; ++i)
    all += s;
  return all;
}

} // namespace

BOOST_AUTO_TEST_CASE(each_request_is_a_line_and_back) {
  check_round_trip(list_boxes{}, R"({"request":"list_boxes"})");
  check_round_trip(initialise_box{{"oak-1"}, {{"Ada"}, {"Bela"}}, 2, "/media"},
                   R"({"request":"initialise_box","box":"oak-1","custodians":["Ada","Bela"],"threshold":2,)"
                   R"("media":"/media"})");
  check_round_trip(enable_box{{"oak-1"}, {"Ada"}, "/media"},
                   R"({"request":"enable_box","box":"oak-1","custodian":"Ada","media":"/media"})");
  check_round_trip(disable_box{{"O00000001"}, {"Ada"}},
                   R"({"request":"disable_box","box":"O00000001","custodian":"Ada"})");
  check_round_trip(activate_domain{{"oak-1"}, {"VE"}}, R"({"request":"activate_domain","box":"oak-1","domain":"VE"})");
  check_round_trip(list_domains{}, R"({"request":"list_domains"})");
  check_round_trip(create_domain{{"VE"}, "vendor", {}, time_zone{-300}},
                   R"({"request":"create_domain","domain":"VE","kind":"vendor","country":null,"zone":"-05:00"})");
  check_round_trip(request_key{{"M0000001"}, {"DM400"}, {{"VE"}, {"USPS"}}},
                   R"({"request":"request_key","meter":"M0000001","product":"DM400","domains":["VE","USPS"]})");
  check_round_trip(node_status{}, R"({"request":"node_status"})");
  check_round_trip(show_key{{{"VE"}, 7}}, R"({"request":"show_key","key":"VE/7"})");
  check_round_trip(retire_keys{{"M0000001"}, {{"VE"}}, "worn out"},
                   R"({"request":"retire_keys","meter":"M0000001","domains":["VE"],"reason":"worn out"})");
  check_round_trip(register_meter{{"M0000001"}, {"DM400"}, {"000000100001"}, {"US"}},
                   R"({"request":"register_meter","meter":"M0000001","product":"DM400","serial":"000000100001",)"
                   R"("country":"US"})");
  check_round_trip(verify_mail{{{"VE"}}, "serial\n1"},
                   R"({"request":"verify_mail","domains":["VE"],"mail":"serial\n1"})");
}

BOOST_AUTO_TEST_CASE(an_answer_is_a_line_and_back) {
  answer a = failed(refusal::share_wrong, "oak-1");
  BOOST_CHECK_EQUAL(*a.refusal, "share_wrong");
  BOOST_CHECK_EQUAL(*a.error, "oak-1: the share is not the one that the box handed out");
  BOOST_CHECK_EQUAL(*failed(refusal::medium_full, "oak-1", "/media/Ada: no space").error,
                    "oak-1: a custodian's medium is full; make room on it (/media/Ada: no space)");
  BOOST_CHECK(line_of(a).ends_with(R"("passed":null})"));
  a.boxes.push_back({{"oak-1"}, box_id{box_type::oak, 1}, box_type::oak, true, 2, {{"Ada"}}, {{"Ada"}}, domain_id{"VE"},
                     {{"VE"}}});
  a.domains.push_back({{"VE"}, "vendor", {"US"}, suite_id::p256, time_zone{-300}, {box_type::manufacturing, 1}});
  a.order = 7;
  a.keys.push_back({{"VE"}, "VE/3", "Installed", true, 2, "no answer came in time"});
  a.verdicts.push_back({{"VE"}, 2, "10"});
  a.held = key_view{{{"VE"}, 3}, "Bad", {box_type::oak, 1}, {box_type::steel, 1}, {}, {}, {}, {}, {}, {}, "reason"};
  a.node = node_view{{"post"}, "ab", 7, 1, "now", {{{"factory"}, true, false, "0.012"}}, {{{"VE"}, "Bad", 1}}};
  const auto read = read_answer(line_of(a));
  BOOST_REQUIRE(read);
  BOOST_CHECK(*read == a);
  BOOST_CHECK(read_answer("   " + line_of(a))); // a node that worked for three seconds
  BOOST_CHECK(line_of(answer{}).starts_with(R"({"refusal":null,"error":null,"boxes":[],"domains":[])"));
}

BOOST_AUTO_TEST_CASE(who_may_ask_for_what) {
  const std::pair<any_request, std::string> table[] = {
    {node_status{}, "officer custodian operator verifier auditor"},
    {list_boxes{}, "officer custodian operator verifier auditor"},
    {list_domains{}, "officer custodian operator verifier auditor"},
    {initialise_box{}, "officer"},
    {enable_box{{"oak-1"}, {"Ada"}, "/m"}, "custodian"},
    {disable_box{{"oak-1"}, {"Ada"}}, "custodian"},
    {activate_domain{}, "officer"},
    {test_box{}, "officer"},
    {create_domain{}, "officer"},
    {request_key{}, "operator"},
    {show_key{}, "officer operator verifier auditor"},
    {retire_keys{}, "operator"},
    {register_meter{}, "operator"},
    {verify_mail{}, "verifier"},
  };
  std::set<std::size_t> kinds;
  for (const auto& [request, roles] : table) {
    kinds.insert(request.index());
    std::string may;
    for (const auto role : operator_roles)
      if (may_ask(request, {"Ada"}, {role}))
        may += (may.empty() ? "" : " ") + std::string{name(role)};
    BOOST_CHECK_EQUAL(may, roles);
    BOOST_CHECK(!may_ask(request, {"Ada"}, {}));
  }
  BOOST_CHECK_EQUAL(kinds.size(), std::variant_size_v<any_request>);
  // Nobody but its own custodian puts a share in or takes it out.
  BOOST_CHECK(!may_ask(enable_box{{"oak-1"}, {"Bela"}, "/m"}, {"Ada"}, {operator_role::custodian}));
  BOOST_CHECK(!may_ask(disable_box{{"oak-1"}, {"Bela"}}, {"Ada"}, {operator_role::custodian}));
}

BOOST_AUTO_TEST_CASE(whatever_the_bytes_are_one_line_says_why) {
  const std::pair<std::string, std::string> table[] = {
    {"", "no JSON object"},
    {"garbage", "no JSON object"},
    {std::string(4, '\0'), "no JSON object"},
    {"\xff\xfe", "no JSON object"},
    {R"({"request":"list_boxes")", "no JSON object"},
    {"[]", "no JSON object"},
    {"7", "no JSON object"},
    {"{}", "no `request` in the line"},
    {R"({"request":7})", "no `request` in the line"},
    {R"({"request":"list_box"})", "unknown request \"list_box\"; did you mean \"list_boxes\"?"},
    {R"({"request":"disable_box","box":"oak-1"})", "`custodian` is null; it must be 1 to 32 letters"},
    {R"({"request":"disable_box","box":["oak-1"],"custodian":"A"})", "`box` is [\"oak-1\"]; it must be"},
    {R"({"request":"disable_box","box":{"a":1},"custodian":"A"})", "`box` is {\"a\":1}; it must be"},
    {R"({"request":"enable_box","box":"a","custodian":"A","media":"media"})", "the path of a directory, from the root"},
    {R"({"request":"enable_box","box":"a","custodian":"A","media":"/a\u0000b"})", "the path of a directory"},
    {R"({"request":"initialise_box","box":"a","custodians":"A","threshold":2,"media":"/m"})", "an array of at most"},
    {R"({"request":"initialise_box","box":"a","custodians":[7],"threshold":2,"media":"/m"})", "each in it 1 to 32"},
    {R"({"request":"initialise_box","box":"a","custodians":[],"threshold":-1,"media":"/m"})", "a whole number from 0"},
    {R"({"request":"initialise_box","box":"a","custodians":[],"threshold":1.5,"media":"/m"})", "a whole number from 0"},
    {R"({"request":"create_domain","domain":"ve","kind":null,"country":null})", "a domain id"},
    {R"({"request":"list_boxes","bx":1})", "unknown member \"bx\""},
    {R"({"request":"test_box","boxx":"a"})", "unknown member \"boxx\"; did you mean \"box\"?"},
    {R"({"request":"test_box","box":"a","box":"b"})", "member \"box\" is there twice"},
    {R"({"request":"list_boxes","request":"list_boxes"})", "member \"request\" is there twice"},
    {R"({"request":"list_boxes","a":1e999})", "no JSON object"},
    {repeated(9, "["), "nested too deeply"},
    {R"({"request":)" + repeated(10'000, R"({"a":)"), "nested too deeply"},
    {std::string(request_limit + 1, ' '), "longer than 1048576 bytes"},
  };
  for (const auto& [line, says] : table) {
    const auto read = read_request(line);
    BOOST_REQUIRE_MESSAGE(!read, line.substr(0, 80));
    BOOST_CHECK_MESSAGE(read.error().find(says) != std::string::npos, read.error() << "\n  wanted " << says);
    BOOST_CHECK(read.error().find('\n') == std::string::npos && read.error().size() < 300);
  }
  // Brackets in a text are no nesting.
  BOOST_CHECK(read_request(R"({"request":"enable_box","box":"a","custodian":"A","media":"/[[[[[[[[[[{{\"[["})"));
}

BOOST_AUTO_TEST_CASE(an_order_that_waited_in_vain_for_a_box_says_busy) {
  testing::scratch_directory work;
  const auto made = create_log(work / "log", {"n1", false, bytes(32, 1)}, {1'000'000});
  BOOST_REQUIRE(made);
  order_leg leg;
  leg.plan.domain = {"VE"};
  leg.stage = leg_stage::abandoned;
  leg.reason = refusal::box_disabled;
  const auto seen = view_of(order_kind::registration, leg, made->written);
  BOOST_CHECK(!seen.done);
  BOOST_CHECK_EQUAL(seen.reason.value_or(""), "busy: box disabled");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace oaksteel::requests
