#include "node/signed_request.hpp"

#include "crypto/envelope.hpp"
#include "crypto/merkle.hpp"
#include "storage/signed_body.hpp"
#include "tests/test_operator.hpp"

namespace oaksteel::testing {
BOOST_AUTO_TEST_SUITE(signed_requests)
namespace {

const test_operator& ada() {
  static const test_operator one{"Ada"};
  return one;
}
const request_terms terms{{"post"}, {"Ada"}, {"c-1"}, {1'000'000}};

std::string signed_line(const requests::any_request& r) { return sign_request(terms, r, ada().key, *ada().random); }
std::string problem(const std::string& line) {
  const auto read = read_signed_request(line, ada().shown());
  return read ? "none" : read.error();
}

} // namespace

BOOST_AUTO_TEST_CASE(short_requests_are_in_what_is_signed_and_long_ones_beside_it) {
  for (const std::size_t size : {10u, 200'000u}) {
    const requests::verify_mail request{{{"VE"}}, std::string(size, 'x')};
    const auto line = signed_line(request);
    BOOST_TEST((line.find(' ') != std::string::npos) == (size > operation_request_limit));
    BOOST_TEST(line.size() <= signed_request_limit);
    const auto read = read_signed_request(line, ada().shown());
    BOOST_REQUIRE_MESSAGE(read, (read ? "" : read.error()));
    BOOST_TEST(std::get<requests::verify_mail>(read->request).mail == request.mail);
    BOOST_TEST(read->body.node.text == "post");
    BOOST_TEST(read->body.by.text == "Ada");
    BOOST_TEST(read->body.id.text == "c-1");
    BOOST_TEST(read->body.time.us == 1'000'000);
    proof_checker checker;
    BOOST_TEST(checker.check(ada().key.public_part(), {"operation", "post"}, read->command.body, read->command.proof));
    BOOST_TEST(!checker.check(ada().key.public_part(), {"operation", "factory"}, read->command.body, read->command.proof));
  }
}

BOOST_AUTO_TEST_CASE(what_is_none_is_refused_with_one_line) {
  const auto small = signed_line(requests::list_boxes{});
  const auto large = signed_line(requests::verify_mail{{}, std::string(100'000, 'x')});
  const auto beside = [](const requests::any_request& r) {
    const auto text = line_of(r);
    const operation_body body{terms.node, terms.by, terms.id, terms.time, "",
                              sha256({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()})};
    return hex(encode(signed_record{encode_body(body), {}})) + ' ' + text;
  };
  // An auditor must see what was asked: nothing but mail is long.
  BOOST_TEST(problem(beside(requests::create_domain{{"VE"}, {}, {}, {}})) == "only mail may stand behind what was signed");
  BOOST_TEST(problem(beside(requests::verify_mail{{}, "x"})) == "none");
  const test_operator bela{"Bela"};
  const auto stolen = read_signed_request(small, bela.shown());
  BOOST_TEST((!stolen && stolen.error() == "the command is of operator Ada, and not of him who sends it"));
  // Nothing in it is longer, or of another form, than an event may have it.
  const auto with_names = [](const label& node, const label& id) {
    return sign_request({node, {"Ada"}, id, {1'000'000}}, requests::list_boxes{}, ada().key, *ada().random);
  };
  for (const auto& id : {std::string{}, std::string{"a b"}, std::string{"a\n"}, std::string{"../x"}, std::string(33, 'x'), std::string(600, 'c')})
    BOOST_TEST(problem(with_names({"post"}, {id})).starts_with("a name in the signed request is none"), id);
  BOOST_TEST(problem(with_names({std::string(200, 'n')}, {"c-1"})).starts_with("a name in the signed request is none"));
  const auto in_body = [](const std::string& request, const bytes& proof) {
    const operation_body body{terms.node, terms.by, terms.id, terms.time, request, sha256({})};
    return hex(encode(signed_record{encode_body(body), proof}));
  };
  const auto text = line_of(requests::list_boxes{});
  BOOST_TEST(problem(in_body(text, {})) == "none");
  BOOST_TEST(problem(in_body(text + std::string(1000, ' '), {})) == "the request is longer than what it asks for");
  BOOST_TEST(problem(in_body(text, bytes(2000, 1))) == "the line is no signed request");
  BOOST_TEST(problem("") == "the line is no signed request");
  BOOST_TEST(problem("{}") == "the line is no signed request");
  BOOST_TEST(problem(small.substr(2)) == "the line is no signed request");
  BOOST_TEST(problem(small.substr(0, small.size() / 2)) == "the line is no signed request");
  BOOST_TEST(problem(std::string(100'000, 'f')) == "the line is no signed request");
  BOOST_TEST(problem(small + " {}") == "what was signed is not what came with it");
  BOOST_TEST(problem(large.substr(0, large.find(' '))) == "what was signed is not what came with it");
  BOOST_TEST(problem(large.substr(0, large.size() - 1)) == "what was signed is not what came with it");
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace oaksteel::testing
