// Level 2 and 3 of a line: commands as bytes, and what is refused of them before a component sees it (EP-27, EP-28).

#include "actors/link/any_message.hpp"
#include "actors/link/command_table.hpp"
#include "actors/link/content.hpp"
#include "tests/actors/random_value.hpp"
#include "tests/random_seed.hpp"

#include <boost/test/unit_test.hpp>

using namespace oaksteel;

BOOST_AUTO_TEST_SUITE(commands)
namespace {

const mi0 sample{{{"kdc", 7}, {3, {}}, {2, digest{{9}}}}, {5}, {"VE"}, {box_type::steel, 4}};
const party kdc{component::kdc, ""};
const party kmc{component::kmc, ""};

command sample_command() {
  return {command_kind::command, line_of<mi0>.code, 9, kdc, kmc, parameters_in(sample)};
}

/// MI0 by the grammar in command.hpp.
const bytes sample_bytes{
  'C', 4, 1,                                           // kind, code
  9, 0, 0, 0,                                          // request
  3, 0, 0, 0, 0, 2, 0, 0, 0, 0,                        // from the KDC, to the KMC; neither has a name
  4, 0, 0, 0,                                          // parameters
  65, 0, 0, 0,                                         // the head:
  3, 0, 0, 0, 'k', 'd', 'c', 7, 0, 0, 0, 0, 0, 0, 0,   //   sender and count
  3, 0, 0, 0, 0, 0, 0, 0, 0,                           //   cause, of the sender's log
  2, 0, 0, 0, 0, 0, 0, 0, 1,                           //   correlation, and its log
  9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  8, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0,                  // order
  6, 0, 0, 0, 2, 0, 0, 0, 'V', 'E',                    // domain
  5, 0, 0, 0, 'S', 4, 0, 0, 0};                        // Steel box

template <class Message>
bool may_send(component from, component to) {
  return message_with(line_of<Message>.code)->may_go(from, to);
}

refusal problem_of(const bytes& data) {
  const auto read = decode_command(data);
  BOOST_REQUIRE(!read);
  return read.error();
}

template <class Message>
refusal problem_of(const command& c) {
  const auto read = unpack<Message>(c);
  BOOST_REQUIRE(!read);
  return read.error();
}

signed_record of_type(body_type t) {
  return {{static_cast<std::uint8_t>(t)}, {}};
}

} // namespace

BOOST_AUTO_TEST_CASE(bytes_are_as_the_grammar_has_them) {
  BOOST_TEST(encode(sample_command()) == sample_bytes, boost::test_tools::per_element());
  const auto read = decode_command(sample_bytes);
  BOOST_REQUIRE(read);
  BOOST_TEST((*read == sample_command()));
  const auto message = unpack<mi0>(*read);
  BOOST_REQUIRE(message);
  BOOST_TEST((*message == sample));
}

BOOST_AUTO_TEST_CASE(every_message_comes_back) {
  random_values random{random_seed()};
  for (int round = 0; round < 50; ++round)
    for_each_listed([&]<class Message>(const listed<Message>& line) {
      Message sent{};
      random.fill(sent);
      const command c{command_kind::command, line.code, 1, kdc, {component::steel, "steel-1"}, parameters_in(sent)};
      const auto read = decode_command(encode(c));
      BOOST_REQUIRE(read);
      const auto back = unpack<Message>(*read);
      BOOST_REQUIRE_MESSAGE(back, line.name);
      BOOST_TEST((parameters_in(*back) == c.parameters), line.name);
    });
}

// --- Level 2 ---------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_command_that_ends_early_or_late_is_malformed) {
  const auto whole = encode(sample_command());
  for (std::size_t size = 0; size < whole.size(); ++size)
    BOOST_TEST((problem_of(bytes(whole.begin(), whole.begin() + static_cast<long>(size))) == refusal::command_malformed));
  auto longer = whole;
  longer.push_back(0);
  BOOST_TEST((problem_of(longer) == refusal::command_malformed));
}

BOOST_AUTO_TEST_CASE(kinds_components_names_and_counts_are_checked) {
  auto kind = encode(sample_command());
  kind[0] = 'Z';
  BOOST_TEST((problem_of(kind) == refusal::command_malformed));
  auto from = encode(sample_command());
  from[7] = 14;
  BOOST_TEST((problem_of(from) == refusal::command_malformed));
  auto many = encode(sample_command());
  for (std::size_t i = 17; i < 21; ++i)
    many[i] = 0xff; // parameters: more than bytes are left
  BOOST_TEST((problem_of(many) == refusal::command_malformed));
  auto named = sample_command();
  named.to.of.assign(party_name_limit, 'x');
  BOOST_TEST(decode_command(encode(named)).has_value());
  named.to.of += 'x';
  BOOST_TEST((problem_of(encode(named)) == refusal::command_malformed));
}

BOOST_AUTO_TEST_CASE(number_and_form_of_parameters_are_checked) {
  auto fewer = sample_command();
  fewer.parameters.pop_back();
  BOOST_TEST((problem_of<mi0>(fewer) == refusal::parameter_count_wrong));
  auto more = sample_command();
  more.parameters.push_back({});
  BOOST_TEST((problem_of<mi0>(more) == refusal::parameter_count_wrong));
  for (std::size_t i = 0; i < 4; ++i) {
    auto cut = sample_command();
    cut.parameters[i].pop_back();
    BOOST_TEST((problem_of<mi0>(cut) == refusal::command_malformed));
    auto trailing = sample_command();
    trailing.parameters[i].push_back(0);
    BOOST_TEST((problem_of<mi0>(trailing) == refusal::command_malformed));
  }
  auto type = sample_command();
  type.parameters[3][0] = 'X'; // no box type
  BOOST_TEST((problem_of<mi0>(type) == refusal::command_malformed));
}

// EP-15 says who sends what to whom; EP-4 that boxes talk only to their computers.
BOOST_AUTO_TEST_CASE(who_may_send_what) {
  using enum component;
  BOOST_TEST((may_send<mi0>(component::kdc, component::kmc)));
  BOOST_TEST((may_send<mi1>(component::kmc, oak)));
  BOOST_TEST((may_send<mi4r>(psr, component::kdc)));
  BOOST_TEST((may_send<install_key>(psr, steel)));
  BOOST_TEST((may_send<oaksteel::mi5>(steel, psr)));
  BOOST_TEST((may_send<oaksteel::mi5>(psr, meter)));
  BOOST_TEST((may_send<mi7>(psr, component::kdc)));
  BOOST_TEST((may_send<mi8>(component::kmc, brass)));
  BOOST_TEST((may_send<mo1>(component::kmc, brass)));
  BOOST_TEST((may_send<verify_mail>(data_capture, component::kmc)));

  BOOST_TEST((!may_send<mi0>(psr, component::kmc)));
  BOOST_TEST((!may_send<mi1>(psr, oak)));
  BOOST_TEST((!may_send<mi1>(component::kmc, steel)));
  BOOST_TEST((!may_send<mi4r>(steel, component::kdc)));
  BOOST_TEST((!may_send<oaksteel::mi5>(component::kmc, meter)));
  BOOST_TEST((!may_send<oaksteel::mi5>(meter, steel)));
  BOOST_TEST((!may_send<mi7>(meter, component::kmc)));
  BOOST_TEST((!may_send<store_record>(component::kdc, archive)));
  BOOST_TEST((!may_send<put_share>(component::kmc, oak)));
  BOOST_TEST((!may_send<print_request>(psr, meter)));
  // an answer is no command: nobody sends it unasked
  BOOST_TEST((!may_send<mi5s>(meter, psr)));
  BOOST_TEST((!may_send<mi9>(brass, component::kmc)));
}

// --- errors as answers -----------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_refusal_is_answered_at_its_level) {
  const auto asked = sample_command();
  for (auto why : {refusal::command_unknown, refusal::sender_not_permitted, refusal::parameter_count_wrong,
                   refusal::command_malformed}) {
    const auto c = refusal_of(asked, why);
    BOOST_TEST((c.kind == command_kind::command_error));
    BOOST_TEST((refusal_in(c) == why));
  }
  for (auto why : {refusal::domain_not_known, refusal::record_type_unknown, refusal::signature_invalid,
                   refusal::time_out_of_order, refusal::storage_failed}) {
    const auto c = refusal_of(asked, why);
    BOOST_TEST((c.kind == command_kind::response_code));
    BOOST_TEST((refusal_in(c) == why));
    BOOST_TEST(c.request == asked.request);
    BOOST_TEST((c.from == asked.to && c.to == asked.from));
  }
  auto response = asked;
  response.kind = command_kind::response;
  BOOST_TEST((refusal_of(response, refusal::command_malformed).kind == command_kind::response_error));
}

BOOST_AUTO_TEST_CASE(an_error_that_does_not_say_which_is_malformed) {
  auto c = refusal_of(sample_command(), refusal::command_unknown);
  c.parameters[0][0] = 255; // no refusal has this number
  BOOST_TEST((refusal_in(c) == refusal::command_malformed));
  c.parameters.clear();
  BOOST_TEST((refusal_in(c) == refusal::command_malformed));
}

// --- Level 3 ---------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(domains_must_be_known) {
  BOOST_TEST((unfit_content(sample, {{{"USPS"}, {"VE"}}}) == std::nullopt));
  BOOST_TEST((unfit_content(sample, {{{"USPS"}}}) == refusal::domain_not_known));
  const begin_leg nested{{}, {1}, {{"UKRM"}, 0}, {box_type::steel, 1}, {"M1"}}; // in a key id
  BOOST_TEST((unfit_content(nested, {{{"VE"}}}) == refusal::domain_not_known));
  const activate_domain unset{};
  BOOST_TEST((unfit_content(unset, {{{"VE"}}}) == std::nullopt));
}

BOOST_AUTO_TEST_CASE(names_must_have_their_form) {
  auto wrong = sample;
  wrong.domain.text = "ve"; // small letters
  BOOST_TEST((unfit_content(wrong, {{{"VE"}, {"ve"}}}) == refusal::command_malformed));
  load_label label{{}, {"0000001"}, {"DM100"}};
  BOOST_TEST((unfit_content(label, {}) == std::nullopt));
  label.product.text = "a/../b";
  BOOST_TEST((unfit_content(label, {}) == refusal::command_malformed));
}

// What no record could hold would be refused by the log itself, and leave no event.
BOOST_AUTO_TEST_CASE(what_an_event_could_not_hold_is_malformed) {
  auto m = sample;
  m.head.id.sender = std::string(sender_limit, 's');
  BOOST_TEST((unfit_content(m, {{{"USPS"}, {"VE"}}}) == std::nullopt));
  m.head.id.sender += 's';
  BOOST_TEST((unfit_content(m, {{{"USPS"}, {"VE"}}}) == refusal::command_malformed));
  create_domain domain{{}, {"VE"}, std::string(text_limit, 'k'), {"US"}, {}};
  BOOST_TEST((unfit_content(domain, {{{"VE"}}}) == std::nullopt));
  domain.kind += 'k';
  BOOST_TEST((unfit_content(domain, {{{"VE"}}}) == refusal::command_malformed));
  admit_box box{};
  box.proof = bytes(bytes_limit, 1);
  BOOST_TEST((unfit_content(box, {}) == std::nullopt));
  box.proof.push_back(1);
  BOOST_TEST((unfit_content(box, {}) == refusal::command_malformed));
}

BOOST_AUTO_TEST_CASE(records_must_be_of_the_type_that_belongs_there) {
  const configuration_table known{{{"VE"}}};
  mi8 m{{}, {{"VE"}, 1}, {of_type(body_type::mi3), {}, {}}, of_type(body_type::mi7), {}};
  BOOST_TEST((unfit_content(m, known) == std::nullopt));
  std::swap(m.mi3.record, m.mi7); // both are known, each in the other's place
  BOOST_TEST((unfit_content(m, known) == refusal::record_type_unknown));
  mi7 report{{}, {{"VE"}, 1}, of_type(body_type::mi9)};
  BOOST_TEST((unfit_content(report, known) == refusal::record_type_unknown));
  report.record.body = {250};
  BOOST_TEST((unfit_content(report, known) == refusal::record_type_unknown));
  report.record.body = {};
  BOOST_TEST((unfit_content(report, known) == refusal::record_type_unknown));
}

BOOST_AUTO_TEST_SUITE_END()
