#pragma once
// Why a command was refused. One closed list; each value has a name and one sentence for people.
// Numbers are on disk and on the wire: never reused.

#include "events/expected.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace oaksteel {

enum class refusal : std::uint8_t {
  // who may do what
  box_not_initialised = 1,
  box_already_initialised = 2,
  box_disabled = 3,
  wrong_box_type = 4,
  wrong_box = 5,
  box_not_known = 6,
  box_not_admitted = 7,
  enrolment_refused = 8,
  enrolment_not_open = 9,
  // domains
  domain_not_known = 10,
  domain_exists = 11,
  domain_not_active = 12,
  domain_process_exists = 13,
  steel_not_valid_for_domain = 14,
  key_set_missing = 15,
  key_set_exists = 16,
  enrolment_secret_unfit = 17,
  // shares
  share_not_entered = 19,
  share_wrong = 20,
  share_doubled = 21,
  share_missing = 22,
  custodian_not_known = 23,
  share_damaged = 24,
  share_forged = 25,
  share_foreign = 26,
  share_outdated = 27,
  share_of_another_box = 28,
  share_of_another_custodian = 29,
  // records and signatures
  signature_invalid = 30,
  wrong_signer = 31,
  record_malformed = 32,
  records_disagree = 33,
  sealed_material_invalid = 34,
  record_missing = 35,
  // a master key's life
  key_id_not_fresh = 40,
  key_id_not_assigned = 41,
  status_transition_illegal = 42,
  key_not_known = 43,
  test_tokens_differ = 44,
  registration_tokens_differ = 45,
  installation_open = 46,
  installation_interrupted = 47,
  installation_never_begun = 48,
  // meters
  meter_not_labelled = 50,
  meter_already_labelled = 51,
  meter_key_committed = 52,
  meter_key_not_fresh = 53,
  meter_key_missing = 54,
  meter_write_failed = 55,
  meter_tampered = 56,
  meter_already_registered = 57,
  meter_not_registered = 58,
  meter_not_known = 59,
  meter_registration_incomplete = 60,
  commit_code_wrong = 61,
  // orders and distribution
  order_not_known = 70,
  order_stage_wrong = 71,
  install_record_handed_out = 72,
  install_record_not_known = 73,
  serial_taken = 74,
  busy = 75,
  // the rest
  command_malformed = 80,
  no_answer = 81,
  storage_failed = 82,
  command_unknown = 83,
  sender_not_permitted = 84,
  parameter_count_wrong = 85,
  record_type_unknown = 86,
  time_out_of_order = 87,
  // sets of shares and the media that they are written to
  share_count_wrong = 90,
  share_threshold_wrong = 91,
  medium_missing = 92,
  medium_not_writable = 93,
  medium_full = 94,
  medium_taken = 95,
  medium_failed = 96,
  medium_shared = 100,
  // a box that tests itself
  generators_failed = 97,
  generators_degraded = 98,
  self_test_failed = 99,
  // between nodes
  peer_not_certified = 110,
  peer_not_expected = 111,
  peer_version_unknown = 112,
  peer_silent = 113,
  frame_malformed = 114,
  peer_log_superseded = 115,
  peer_log_unrelated = 116,
  clocks_differ = 117,
  peer_turns_away = 118,
  plans_differ = 119,
  // operators
  role_not_permitted = 120,
  operation_id_taken = 121,
  operation_time_wrong = 122,
  operation_not_possible = 123,
};

/// `key_id_not_fresh`.
std::string_view name(refusal r);
/// One sentence for people.
std::string_view text(refusal r);
bool valid(refusal r);
/// All of them, in order of their numbers.
const std::vector<refusal>& all_refusals();

/// What a decide function answers: the events that follow, or why there are none. No events and no
/// refusal means that the command was carried out before.
template <class Event>
using decision = expected<std::vector<Event>, refusal>;

inline unexpected<refusal> refuse(refusal r) {
  return {r};
}

} // namespace oaksteel
