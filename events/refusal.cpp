#include "events/refusal.hpp"

#include <algorithm>

namespace oaksteel {
namespace {

struct entry {
  refusal value;
  std::string_view name;
  std::string_view text;
};

constexpr entry entries[] = {
  {refusal::box_not_initialised, "box_not_initialised", "the secure box has no id yet; initialise it first"},
  {refusal::box_already_initialised, "box_already_initialised", "the secure box has its id already"},
  {refusal::box_disabled, "box_disabled", "the secure box is disabled; its custodians must enter their shares"},
  {refusal::wrong_box_type, "wrong_box_type", "this type of secure box does not do that"},
  {refusal::wrong_box, "wrong_box", "the record names another secure box"},
  {refusal::box_not_known, "box_not_known", "there is no secure box of that name"},
  {refusal::box_not_admitted, "box_not_admitted", "no Manufacturing box has admitted that secure box; enrol it first"},
  {refusal::enrolment_refused, "enrolment_refused", "the other side did not prove that it knows the enrolment secret"},
  {refusal::enrolment_not_open, "enrolment_not_open", "no enrolment is open for that slot; begin it again"},
  {refusal::domain_not_known, "domain_not_known", "the domain is not known here"},
  {refusal::domain_exists, "domain_exists", "there is a domain of that name already"},
  {refusal::domain_not_active, "domain_not_active", "another domain is active in the secure box"},
  {refusal::domain_process_exists, "domain_process_exists", "the secure box serves that domain already"},
  {refusal::steel_not_valid_for_domain, "steel_not_valid_for_domain", "the Steel box does not serve that domain"},
  {refusal::key_set_missing, "key_set_missing", "the Manufacturing box has no domain key set yet; hand it over first"},
  {refusal::key_set_exists, "key_set_exists", "the Manufacturing box has its domain key set already"},
  {refusal::enrolment_secret_unfit, "enrolment_secret_unfit",
   "the enrolment secret is missing, or not one line of 20 to 128 printable ASCII characters"},
  {refusal::share_not_entered, "share_not_entered", "that custodian's share is not in the box"},
  {refusal::share_wrong, "share_wrong", "the share is not the one that the box handed out"},
  {refusal::share_doubled, "share_doubled", "that share is entered already"},
  {refusal::share_missing, "share_missing", "the custodian's medium holds no share for this box"},
  {refusal::custodian_not_known, "custodian_not_known", "that custodian holds no share of this box"},
  {refusal::share_damaged, "share_damaged", "the share file is damaged; its checksum or a line of it is wrong"},
  {refusal::share_forged, "share_forged", "the share file is not signed with the key of its set"},
  {refusal::share_foreign, "share_foreign", "the share belongs to another system"},
  {refusal::share_outdated, "share_outdated", "the share belongs to a set that is not in use"},
  {refusal::share_of_another_box, "share_of_another_box", "the share is for another box or another use"},
  {refusal::share_of_another_custodian, "share_of_another_custodian", "the share was given to another custodian"},
  {refusal::signature_invalid, "signature_invalid", "the signature does not match the record"},
  {refusal::wrong_signer, "wrong_signer", "the record is signed with a key that may not sign it"},
  {refusal::record_malformed, "record_malformed", "the record cannot be read"},
  {refusal::records_disagree, "records_disagree", "the records do not speak of the same key, box or meter"},
  {refusal::sealed_material_invalid, "sealed_material_invalid", "the encrypted key cannot be opened here"},
  {refusal::record_missing, "record_missing", "the archive holds no such record"},
  {refusal::key_id_not_fresh, "key_id_not_fresh", "the key id is not greater than the last one seen"},
  {refusal::key_id_not_assigned, "key_id_not_assigned", "the archive has not assigned that key id"},
  {refusal::status_transition_illegal, "status_transition_illegal", "the key's status does not allow that"},
  {refusal::key_not_known, "key_not_known", "there is no such key"},
  {refusal::test_tokens_differ, "test_tokens_differ", "the meter's test tokens are not those of the key"},
  {refusal::registration_tokens_differ, "registration_tokens_differ", "the registration token is not the key's"},
  {refusal::installation_open, "installation_open", "an installation of that key is going on"},
  {refusal::installation_interrupted, "installation_interrupted", "a process ended during the installation"},
  {refusal::installation_never_begun, "installation_never_begun",
   "the steel box never attempted the key, and gave it up when it was asked about it"},
  {refusal::meter_not_labelled, "meter_not_labelled", "the meter has no label loaded"},
  {refusal::meter_already_labelled, "meter_already_labelled", "the meter has another label already"},
  {refusal::meter_key_committed, "meter_key_committed", "the meter holds a key of that domain for good"},
  {refusal::meter_key_not_fresh, "meter_key_not_fresh", "the meter has seen a later key of that domain"},
  {refusal::meter_key_missing, "meter_key_missing", "the meter holds no such key"},
  {refusal::meter_write_failed, "meter_write_failed", "the meter could not write the key to its memory"},
  {refusal::meter_tampered, "meter_tampered", "the meter was opened and has wiped its keys"},
  {refusal::meter_already_registered, "meter_already_registered", "the meter is registered differently already"},
  {refusal::meter_not_registered, "meter_not_registered", "the meter is not registered"},
  {refusal::meter_not_known, "meter_not_known", "there is no such meter here"},
  {refusal::meter_registration_incomplete, "meter_registration_incomplete",
   "product code and indicia serial number must be defined before registration"},
  {refusal::commit_code_wrong, "commit_code_wrong", "the code of the commit is not one of that key"},
  {refusal::order_not_known, "order_not_known", "there is no such order"},
  {refusal::order_stage_wrong, "order_stage_wrong", "the order is not at that stage"},
  {refusal::install_record_handed_out, "install_record_handed_out", "the install record was handed out before"},
  {refusal::install_record_not_known, "install_record_not_known", "the KDC holds no such install record"},
  {refusal::serial_taken, "serial_taken", "another meter has that indicia serial number"},
  {refusal::busy, "busy", "too much work is outstanding; try again"},
  {refusal::command_malformed, "command_malformed", "the command's parameters are not valid"},
  {refusal::no_answer, "no_answer", "no answer came in time"},
  {refusal::storage_failed, "storage_failed", "the log could not be written; nothing was done"},
  {refusal::command_unknown, "command_unknown", "the command is not in this component's command table"},
  {refusal::sender_not_permitted, "sender_not_permitted", "whoever sent this may not send it here"},
  {refusal::parameter_count_wrong, "parameter_count_wrong", "the command has another number of parameters"},
  {refusal::record_type_unknown, "record_type_unknown", "the command holds a record of a type that does not belong in it"},
  {refusal::time_out_of_order, "time_out_of_order", "the message's time precedes an earlier one of the key's life"},
  {refusal::share_count_wrong, "share_count_wrong", "a set has 1 to 16 shares, each for a custodian of its own"},
  {refusal::share_threshold_wrong, "share_threshold_wrong", "the threshold must be from 1 to the number of shares"},
  {refusal::medium_missing, "medium_missing", "a custodian's medium is not there; put it in"},
  {refusal::medium_not_writable, "medium_not_writable", "a custodian's medium is read-only; make it writable"},
  {refusal::medium_full, "medium_full", "a custodian's medium is full; make room on it"},
  {refusal::medium_taken, "medium_taken",
   "another file lies on a custodian's medium where the share would go; put it elsewhere"},
  {refusal::medium_failed, "medium_failed", "a custodian's medium cannot be read or written; take another"},
  {refusal::medium_shared, "medium_shared",
   "two custodians have one and the same medium; each needs a place of his own"},
  {refusal::generators_failed, "generators_failed",
   "the box has no random generator left that passes its tests"},
  {refusal::generators_degraded, "generators_degraded",
   "one random generator of the box failed its tests, and this site works with both only"},
  {refusal::self_test_failed, "self_test_failed", "the box's software failed its self-test"},
  {refusal::peer_not_certified, "peer_not_certified",
   "the other end has not proved by a valid certificate that it belongs to this deployment"},
  {refusal::peer_not_expected, "peer_not_expected", "another node than the one that is expected there"},
  {refusal::peer_version_unknown, "peer_version_unknown",
   "the other node speaks another version of the protocol between nodes; update one of the two"},
  {refusal::peer_silent, "peer_silent", "the other end did not say in time who it is, or has fallen silent"},
  {refusal::frame_malformed, "frame_malformed", "the other end sent something that is no frame"},
  {refusal::peer_log_superseded, "peer_log_superseded",
   "the other node comes with an earlier log, or an earlier state of its log: an old copy of its data runs there"},
  {refusal::peer_log_unrelated, "peer_log_unrelated",
   "the other node comes with a log that does not follow on the one that it had"},
  {refusal::clocks_differ, "clocks_differ",
   "the clocks of two nodes differ by more than the tolerance (clock_tolerance_ms); set the one that is wrong"},
  {refusal::peer_turns_away, "peer_turns_away", "another node does not let this one in"},
  {refusal::plans_differ, "plans_differ",
   "two nodes have different plans; all nodes of a deployment need the same nodes, domains and boxes in it"},
  {refusal::role_not_permitted, "role_not_permitted", "the operator's roles do not permit this command"},
  {refusal::operation_id_taken, "operation_id_taken",
   "the operator gave this id to another command before; a new command needs a new id"},
  {refusal::operation_time_wrong, "operation_time_wrong",
   "the time of the command and the node's clock differ by more than ten minutes; set the clock that is wrong"},
  {refusal::operation_not_possible, "operation_not_possible", "the node cannot do what its operator asked for"},
};

const entry* find(refusal r) {
  auto it = std::find_if(std::begin(entries), std::end(entries), [r](const entry& e) { return e.value == r; });
  return it == std::end(entries) ? nullptr : it;
}

} // namespace

std::string_view name(refusal r) {
  auto e = find(r);
  return e ? e->name : "unknown";
}

std::string_view text(refusal r) {
  auto e = find(r);
  return e ? e->text : "unknown refusal";
}

bool valid(refusal r) {
  return find(r) != nullptr;
}

const std::vector<refusal>& all_refusals() {
  static const auto list = [] {
    std::vector<refusal> all;
    for (const auto& e : entries)
      all.push_back(e.value);
    return all;
  }();
  return list;
}

} // namespace oaksteel
