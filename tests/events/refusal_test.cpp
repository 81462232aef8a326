// The closed list of reasons. Every value that a decide function of events/ gives has a line in the table of its
// aggregate; each value passed as a fact (a worker's finding) has one in box_test or box_work_test.
//
// Given elsewhere, with tests there:
//   share_*, medium_*                   actors/boxes/box_core, initialisation (what lies on the medium): share_test
//   enrolment_not_open, enrolment_secret_unfit   actors/boxes/enrolling, box_start_up: tests/actors/enrolment_test
//   record_malformed, record_missing    actors/archive, actors/boxes/brass_checks (bytes; look-ups)
//   test_tokens_differ, registration_tokens_differ   actors/boxes/brass_checks (cryptography)
//   installation_open, installation_interrupted, installation_never_begun
//                                       actors/boxes/steel (the KMC asks too early; a restart; no MI4')
//   generators_*, self_test_failed      actors/shell, actors/boxes/box_core (what a worker draws): generators_test
//   meter_not_known                     actors/computers/psr (no such meter on the line)
//   no_answer, storage_failed           time-outs and the journal
//   command_unknown, sender_not_permitted, parameter_count_wrong, record_type_unknown
//                                       actors/link (what comes in from outside): tests/actors/command_test
//   box_not_known, key_not_known, wrong_signer, serial_taken   reserved for what comes in from outside

#include "events/refusal.hpp"

#include "tests/events/given.hpp"

#include <set>

using namespace oaksteel;

BOOST_AUTO_TEST_SUITE(refusals)
namespace {

struct known {
  unsigned number;
  std::string_view name;
};

// Numbers are on disk and on the wire: a line may be added here, and none changed.
constexpr known list[] = {
  {1, "box_not_initialised"},
  {2, "box_already_initialised"},
  {3, "box_disabled"},
  {4, "wrong_box_type"},
  {5, "wrong_box"},
  {6, "box_not_known"},
  {7, "box_not_admitted"},
  {8, "enrolment_refused"},
  {9, "enrolment_not_open"},
  {10, "domain_not_known"},
  {11, "domain_exists"},
  {12, "domain_not_active"},
  {13, "domain_process_exists"},
  {14, "steel_not_valid_for_domain"},
  {15, "key_set_missing"},
  {16, "key_set_exists"},
  {17, "enrolment_secret_unfit"},
  {19, "share_not_entered"},
  {20, "share_wrong"},
  {21, "share_doubled"},
  {22, "share_missing"},
  {23, "custodian_not_known"},
  {24, "share_damaged"},
  {25, "share_forged"},
  {26, "share_foreign"},
  {27, "share_outdated"},
  {28, "share_of_another_box"},
  {29, "share_of_another_custodian"},
  {30, "signature_invalid"},
  {31, "wrong_signer"},
  {32, "record_malformed"},
  {33, "records_disagree"},
  {34, "sealed_material_invalid"},
  {35, "record_missing"},
  {40, "key_id_not_fresh"},
  {41, "key_id_not_assigned"},
  {42, "status_transition_illegal"},
  {43, "key_not_known"},
  {44, "test_tokens_differ"},
  {45, "registration_tokens_differ"},
  {46, "installation_open"},
  {47, "installation_interrupted"},
  {48, "installation_never_begun"},
  {50, "meter_not_labelled"},
  {51, "meter_already_labelled"},
  {52, "meter_key_committed"},
  {53, "meter_key_not_fresh"},
  {54, "meter_key_missing"},
  {55, "meter_write_failed"},
  {56, "meter_tampered"},
  {57, "meter_already_registered"},
  {58, "meter_not_registered"},
  {59, "meter_not_known"},
  {60, "meter_registration_incomplete"},
  {61, "commit_code_wrong"},
  {70, "order_not_known"},
  {71, "order_stage_wrong"},
  {72, "install_record_handed_out"},
  {73, "install_record_not_known"},
  {74, "serial_taken"},
  {75, "busy"},
  {80, "command_malformed"},
  {81, "no_answer"},
  {82, "storage_failed"},
  {83, "command_unknown"},
  {84, "sender_not_permitted"},
  {85, "parameter_count_wrong"},
  {86, "record_type_unknown"},
  {87, "time_out_of_order"},
  {90, "share_count_wrong"},
  {91, "share_threshold_wrong"},
  {92, "medium_missing"},
  {93, "medium_not_writable"},
  {94, "medium_full"},
  {95, "medium_taken"},
  {96, "medium_failed"},
  {100, "medium_shared"},
  {97, "generators_failed"},
  {98, "generators_degraded"},
  {99, "self_test_failed"},
  {110, "peer_not_certified"},
  {111, "peer_not_expected"},
  {112, "peer_version_unknown"},
  {113, "peer_silent"},
  {114, "frame_malformed"},
  {115, "peer_log_superseded"},
  {116, "peer_log_unrelated"},
  {117, "clocks_differ"},
  {118, "peer_turns_away"},
  {119, "plans_differ"},
  {120, "role_not_permitted"},
  {121, "operation_id_taken"},
  {122, "operation_time_wrong"},
  {123, "operation_not_possible"},
};

} // namespace

BOOST_AUTO_TEST_CASE(numbers_and_names_are_for_ever) {
  BOOST_REQUIRE(all_refusals().size() == std::size(list));
  for (std::size_t i = 0; i < std::size(list); ++i) {
    const auto value = all_refusals()[i];
    BOOST_TEST(static_cast<unsigned>(value) == list[i].number);
    BOOST_TEST(name(value) == list[i].name);
  }
}

BOOST_AUTO_TEST_CASE(each_has_a_name_and_a_sentence_of_its_own) {
  std::set<std::string_view> names, texts;
  for (auto value : all_refusals()) {
    BOOST_TEST(names.insert(name(value)).second);
    BOOST_TEST(texts.insert(text(value)).second);
    BOOST_TEST(text(value).size() > 10u); // one sentence for people, not a code
    BOOST_TEST(text(value).find(' ') != std::string_view::npos);
  }
}

BOOST_AUTO_TEST_CASE(the_list_is_closed) {
  std::set<unsigned> numbers;
  for (const auto& l : list)
    numbers.insert(l.number);
  for (unsigned n = 0; n < 256; ++n) {
    const auto value = static_cast<refusal>(n);
    BOOST_TEST(valid(value) == numbers.contains(n));
    if (!numbers.contains(n)) {
      BOOST_TEST(name(value) == "unknown");
      BOOST_TEST(text(value) == "unknown refusal");
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
