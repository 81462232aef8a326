#pragma once
// The messages of EP Figs. 30 and 31, and those around them, in the order in which they flow. Each names
// its participants by typed ids (EP-30) and carries a head: who sent it, what led to it, which order it
// belongs to. They are values for one process; between nodes they travel in frames of our own.

#include "crypto/secret.hpp"
#include "crypto/self_test.hpp"
#include "events/box.hpp"
#include "events/distribution.hpp"
#include "events/domain.hpp"
#include "events/enrolment.hpp"
#include "events/ids.hpp"
#include "events/mail.hpp"
#include "events/master_key.hpp"
#include "events/meter.hpp"
#include "events/order.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <filesystem>
#include <functional>
#include <memory>

namespace oaksteel {

/// Where a message comes from: the log keeps it with every event that the message leads to.
struct message_head {
  command_id id;                 ///< sender and its count
  std::uint64_t cause = 0;       ///< position of the event that led to it; 0 = none
  std::uint64_t correlation = 0; ///< position of the event that opened the order; 0 = none
};

/// Marks the types that may travel between actors.
struct message {
  message_head head;
};
template <class T>
concept message_type = std::is_base_of_v<message, T>;

/// A record with the material that it speaks of: what is signed holds the digest of what is sealed.
struct sealed_record {
  signed_record record;
  bytes sealed;
  bytes tag; ///< under s_B, for MR3 and MO2
};

// --- shell -------------------------------------------------------------------------------------------

/// A worker has answered what the shell asked.
struct work_done : message {
  std::uint64_t ticket = 0;
};
/// The journal has made a batch durable, or could not.
struct append_done : message {
  std::uint64_t ticket = 0;
  std::uint64_t first = 0; ///< position of the batch's first event
  std::optional<refusal> failure;
  std::string text; ///< what the storage said
};
/// Any command that is answered with nothing more than that it was done.
struct acknowledged : message {};

// --- ceremony (EP Figs. 22, 23) ------------------------------------------------------------------------

/// How a secret is to be shared: one directory for each custodian below `media`.
struct sharing {
  std::uint8_t threshold = 2;
  std::vector<label> custodians;
  std::filesystem::path media;
};
/// KMC - first Manufacturing box: Set First Secure Box ID (EP Fig. 22). The box makes its keys, writes the shares to
/// media and takes the id.
struct set_first_secure_box_id : message {
  box_id id;
  label slot;
  suite_id suite = suite_id::rsa3072;
  sharing shares;
};
struct box_id_set : message {
  box_id id;
};
/// KMC - source: allocate an id for the box in a slot. The box reads the enrolment secret that was typed for that slot
/// from the officer's medium itself.
struct allocate_box_id : message {
  label slot;
  box_type type = box_type::oak;
  label officer;
  std::filesystem::path media;
};
struct box_id_allocated : message {
  box_id id;
  box_id source;
  nonce challenge{};
  bytes signature; ///< by the type's start-up authentication key
};
/// KMC - box: Set Secure Box ID (EP Fig. 23), with where the enrolment secret is typed in at this end.
struct set_secure_box_id : message {
  box_id id;
  label slot;
  box_id source;
  nonce challenge{};
  bytes signature;
  label officer;
  std::filesystem::path media;
};
/// The box's answer: its start-up confidentiality key, and the proof that it knows the secret.
struct start_up_key_offered : message {
  bytes start_up_key;
  nonce answer{};
  bytes proof;
};
/// KMC - source: that answer.
struct admit_box : message {
  label slot;
  bytes start_up_key;
  nonce answer{};
  bytes proof;
};
/// The source's proof, and its signature over the whole enrolment.
struct box_admission : message {
  bytes proof;
  bytes signature;
};
/// KMC - box: the admission. The box makes its operation combination, writes the shares to media and takes the id.
struct take_box_id : message {
  bytes proof;
  bytes signature;
  sharing shares;
};
/// KMC - source: create a domain and its keys.
struct create_domain : message {
  domain_id domain;
  std::string kind;
  country_code sub_domain;
};
/// Keys for a box that was admitted, encrypted to its start-up key, signed with its type's start-up authentication key.
struct package {
  box_id source;
  std::vector<box_id> steels; ///< for an Oak: the Steel boxes that serve the domain
  bytes sealed;
  bytes signature;
};
struct package_of_keys : message {
  package keys;
};
/// KMC - source: make domain process.
struct make_domain_process : message {
  box_id target;
  domain_id domain;
  std::vector<box_id> steels;
};
/// KMC - box: that package.
struct take_domain_process : message {
  domain_id domain;
  package keys;
};
/// KMC - source: give domain key set and start-up keys to another Manufacturing box (EP-7).
struct hand_over_key_set : message {
  box_id target;
};
/// KMC - that box: the package.
struct take_key_set : message {
  package keys;
};
/// A custodian puts a share in, or takes it out. The box reads the medium itself.
struct put_share : message {
  label custodian;
  std::filesystem::path media;
};
struct take_share : message {
  label custodian;
};
struct activate_domain : message {
  domain_id domain;
};
/// What anybody may know of a box.
struct ask_box : message {};
struct box_report : message {
  secure_box box;
};
/// Operator - box: test your generators and your software now (EP-11).
struct test_box : message {};
struct box_tested : message {
  box_id box; ///< number 0 before it has an id
  box_self_test found;
};

// --- installation (EP Figs. 24, 25, 30) -----------------------------------------------------------------

/// Operator - KMC: an order for a meter; answered when the order is closed.
struct open_order : message {
  order_details details;
  std::vector<leg_plan> legs;
};
struct order_result : message {
  order outcome;
};
/// KMC - KDC: a leg of an order needs a key.
struct begin_leg : message {
  order_id order;
  key_id wanted; ///< the domain; no number yet
  box_id steel;
  sequence_number meter;
};
/// MI0, KDC - KMC: request key.
struct mi0 : message {
  order_id order;
  domain_id domain;
  box_id steel;
};
/// KMC - archive: the next key id; MI0' is the answer.
struct new_key_id : message {
  domain_id domain;
  box_id steel;
  order_id order;
};
struct mi0_answer : message {
  key_id key;
};
/// MI1, KMC - Oak: generate key.
struct mi1 : message {
  key_id key;
  box_id steel;
  instant kms_request;
};
/// MI2, Oak - KMC: MI3 and MI4 of the same key.
struct mi2 : message {
  key_id key;
  sealed_record mi3;
  sealed_record mi4;
};
/// KMC - archive: store a record (MI3, MI9, MB2, MR3, MO2).
struct store_record : message {
  key_id key;
  sealed_record record;
};
/// The archive's response (EP steps 312, 346, 370, 384).
struct record_stored : message {
  key_id key;
  key_status status = key_status::none;
};
/// KMC - Oak, Brass: the archive's response goes back to the box that made the record.
struct pass_response : message {
  key_id key;
  key_status status = key_status::none;
};
/// Oak - KMC: Generate Response (EP step 316).
struct generate_response : message {
  key_id key;
};
/// MI4, KMC - KDC.
struct mi4 : message {
  order_id order;
  key_id key;
  box_id steel;
  sequence_number meter;
  sealed_record record;
};
/// KDC - PSR: a record waits for a meter on the line.
struct record_ready : message {
  key_id key;
  sequence_number meter;
};
/// MI4r, PSR - KDC: request an install record; MI4' is the answer.
struct mi4r : message {
  key_id key;
  sequence_number meter;
};
struct mi4_prime : message {
  key_id key;
  box_id steel;
  sealed_record record;
};
/// PSR - Steel: install the record in this meter; answered with MI7.
struct install_key : message {
  key_id key;
  sequence_number meter;
  instant psr_install;
  sealed_record record;
};
/// KMC - KDC - PSR - Steel: what became of it? Answered with MI7 when the attempt has ended or never began.
struct ask_report : message {
  key_id key;
  box_id steel;
  box_id oak;
  sequence_number meter;
};
/// MI7, Steel - Brass, via PSR, KDC, KMC.
struct mi7 : message {
  key_id key;
  signed_record record;
};

// --- Steel and meter, relayed by the PSR ------------------------------------------------------------------

/// Operator - PSR - meter: load the label.
struct load_label : message {
  sequence_number meter;
  product_code product;
};
/// MI5q: who are you? With Steel's ephemeral public point.
struct mi5q : message {
  sequence_number meter;
  box_id steel;
  bytes point;
};
/// MI5i: sequence number, product code, software, which domains have keys; the meter's ephemeral point.
struct mi5i : message {
  sequence_number meter;
  product_code product;
  std::string software;
  std::vector<key_id> keys;
  bytes point;
};
/// MI5: (K) to this session of this Steel and this meter.
struct mi5 : message {
  sequence_number meter;
  box_id steel;
  key_id key;
  check_value check{};
  bytes sealed;
};
/// MI5s: checked and stored, provisionally, or a code.
struct mi5s : message {
  std::optional<refusal> problem;
};
/// MI6r: test tokens wanted, by position and number.
struct mi6r : message {
  sequence_number meter;
  key_id key;
  std::uint8_t position = 0;
  std::uint8_t number = 0;
};
struct mi6 : message {
  sequence_number meter;
  std::string test_tokens;
};
/// MI6c: commit.
struct mi6c : message {
  sequence_number meter;
  key_id key;
};

// --- Brass ---------------------------------------------------------------------------------------------------

/// KMC - archive: the current record of a key, of a meter's key, or of the registered key of a serial.
struct fetch_record : message {
  domain_id domain;
  std::uint64_t key = 0; ///< 0: by meter
  sequence_number meter;
};
struct record_fetched : message {
  master_key key;
  sealed_record record;
};
/// MI8, KMC - Brass: MI3 and MI7 of the same key id; MI9 is the answer.
struct mi8 : message {
  key_id key;
  sealed_record mi3;
  signed_record mi7;
  instant kms_install;
};
struct mi9 : message {
  key_id key;
  sealed_record record;
};
/// MI10, Brass - KDC, via the KMC.
struct mi10 : message {
  key_id key;
  signed_record record;
};
/// MB1, KMC - Brass: MI3 and the reason; MB2 is the answer.
struct mb1 : message {
  key_id key;
  sealed_record mi3;
  refusal reason = refusal::no_answer;
  std::optional<signed_record> mi7; ///< the evidence, when Steel gave one; else the KMC's time-out
};
struct mb2 : message {
  key_id key;
  sealed_record record;
};
/// MB3, Brass - KDC, via the KMC.
struct mb3 : message {
  key_id key;
  signed_record record;
};
/// KMC - Brass: give MI10, MB3, MR4 or MO3, now that the archive has answered.
struct confirm_stored : message {
  key_id key;
  key_status status = key_status::none;
};
struct confirmed : message {
  key_id key;
  signed_record record;
};
/// KMC - KDC: MI10 or MB3.
struct settle : message {
  key_id key;
  std::optional<refusal> failure;
  signed_record record;
};

// --- registration and retirement (EP Figs. 26, 27, 31) -----------------------------------------------------------

/// Operator - PSR - meter: set country, indicia serial number and date; MR1 is the answer.
struct register_meter : message {
  sequence_number meter;
  product_code product;
  indicia_serial serial;
  country_code country;
  calendar_date date;
};
/// A registration token under the master key of a domain.
struct registration_token {
  domain_id domain;
  bytes token;
};
/// MR1, meter - Brass of the country, via PSR, KDC, KMC.
struct mr1 : message {
  sequence_number meter;
  product_code product;
  indicia_serial serial;
  country_code country;
  calendar_date date;
  std::vector<registration_token> tokens;
};
/// MR2, KMC - Brass: MR1 and MI9 of the same sequence number; MR3 is the answer.
struct mr2 : message {
  key_id key;
  sealed_record mi9;
  order_details report;
  bytes token;
  instant kms_registration;
};
struct mr3 : message {
  key_id key;
  sealed_record record;
};
/// MO1, KMC - Brass: retire, with MR3 (or MI9) of the meter; MO2 is the answer.
struct mo1 : message {
  key_id key;
  sealed_record current;
  key_status status = key_status::none;
  sequence_number meter;
  std::string reason;
  calendar_date date;
  instant kms_obsolete;
};
struct mo2 : message {
  key_id key;
  sealed_record record;
};

// --- verification (EP Fig. 28) --------------------------------------------------------------------------------------

/// Operator - meter: print `count` indicia.
struct print_request : message {
  sequence_number meter;
  std::uint32_t count = 0;
  calendar_date date;
  std::uint64_t postage_thousandths = 0;
  std::string origin;
};
struct printed : message {
  std::vector<indicium> pieces;
};
/// Data capture system - KMC: verify these, in every domain named; answered with a verdict list for each domain.
struct verify_mail : message {
  std::string request;
  std::vector<domain_id> domains;
  std::shared_ptr<const std::vector<indicium>> pieces;
};
struct domain_verdicts {
  domain_id domain;
  std::vector<verdict> verdicts;
};
struct mail_verified : message {
  std::vector<domain_verdicts> results;
};
/// KMC - archive: what Brass needs to verify pieces with these serials.
struct fetch_verification : message {
  domain_id domain;
  std::shared_ptr<const std::vector<indicium>> pieces;
};
/// A registered key, as Brass needs it: MR3 with its tag, (K) under S_B, and whether it is retired.
struct verification_key {
  master_key key;
  bytes mr3_body;
  bytes mr3_tag;
  bytes mo2_body; ///< empty unless retired
  bytes mo2_tag;
  bytes sealed;
};
/// For each piece the index of its key, or -1.
struct verification_material : message {
  std::vector<verification_key> keys;
  std::vector<std::int32_t> key_of_piece;
};
/// KMC - Brass.
struct verify_tokens : message {
  domain_id domain;
  std::string request;
  std::shared_ptr<const std::vector<indicium>> pieces;
  std::shared_ptr<const verification_material> material;
};
struct tokens_checked : message {
  domain_verdicts result;
};

// --- operation
// ---------------------------------------------------------------------------------------------------------

/// Operator - KMC: go on with every order that is open (after a restart, when boxes are enabled again).
struct take_up_orders : message {};
/// Operator - meter: the case was opened.
struct tamper : message {
  sequence_number meter;
};

} // namespace oaksteel

/// Messages stay in their process: CAF is told not to ask for a wire format.
template <oaksteel::message_type T>
struct caf::allowed_unsafe_message_type<T> : std::true_type {};
