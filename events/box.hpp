#pragma once
// A secure box: its id, its custodians, the domains that it serves, and the work that it did.
// (EP Figs. 6, 8, 9-12, 22-27; EP-3, EP-6, EP-8, EP-10, EP-11, EP-13b, EP-14, EP-16)

#include "events/generators.hpp"
#include "events/ids.hpp"
#include "events/master_key.hpp"
#include "events/refusal.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace oaksteel {

// --- events: the box itself ---------------------------------------------------------------------

/// One share of a box's operation combination: whose it is, and how it is recognised.
struct share_plan {
  label custodian;
  digest commitment; ///< SHA-256(salt || share)

  static auto fields(auto& self, auto take) { return take(self.custodian, self.commitment); }
};

/// A set of shares, and the P-256 key that signed its files (SubjectPublicKeyInfo). The private half was
/// forgotten when the files were written, so nobody can add a share to a set.
struct share_set {
  share_set_id id;
  bytes key;

  static auto fields(auto& self, auto take) { return take(self.id, self.key); }
};

/// One share of a set; `index` counts from 1 in the order of the custodians.
struct share_name {
  share_set_id set;
  std::uint8_t index = 0;

  static auto fields(auto& self, auto take) { return take(self.set, self.index); }
};

/// The public half of a start-up authentication key, for one type of box (EP-6).
struct start_up_key {
  box_type type = box_type::oak;
  bytes spki;

  static auto fields(auto& self, auto take) { return take(self.type, self.spki); }
};

/// The box took its id, after everything else was written (EP-6, EP-8). Sealed beside it, under the operation
/// combination: the private start-up confidentiality key; for the first Manufacturing box domain key set and start-up
/// authentication keys too.
struct box_initialised {
  box_id box;
  label slot;
  suite_id suite = suite_id::rsa3072;
  std::uint8_t threshold = 2;
  digest salt;
  std::vector<share_plan> shares;
  std::vector<share_plan> domain_shares;   ///< of the domain key set; a first Manufacturing box only
  bytes domain_key_set;                    ///< public authentication key of the domain key set, likewise
  std::vector<start_up_key> start_up_keys; ///< likewise
  std::optional<share_set> set;            ///< of `shares`; none before version 2
  std::optional<share_set> domain_set;     ///< of `domain_shares`
  std::optional<box_id> source;            ///< who admitted it; none for the first Manufacturing box and before version 3
  bytes start_up_confidentiality;          ///< its public start-up confidentiality key; empty before version 3
  std::optional<check_value> key_set;      ///< of what a first Manufacturing box made; see key_set_received

  static auto fields(auto& self, auto take) {
    return take(self.box, self.slot, self.suite, self.threshold, self.salt, self.shares, self.domain_shares,
                self.domain_key_set, self.start_up_keys, self.set, self.domain_set, self.source,
                self.start_up_confidentiality, self.key_set);
  }
};

/// A custodian's share was entered and is right (EP-10).
struct share_entered {
  box_id box;
  label custodian;
  std::optional<share_name> share; ///< none before version 2

  static auto fields(auto& self, auto take) { return take(self.box, self.custodian, self.share); }
};

/// A share was refused as it was entered (EP-10).
struct share_refused {
  box_id box;
  label custodian;
  refusal reason = refusal::share_wrong;
  std::optional<share_name> share; ///< what it says it is, where that could be read; none before version 2

  static auto fields(auto& self, auto take) { return take(self.box, self.custodian, self.reason, self.share); }
};

/// The quorum is in and the box's keys are open.
struct box_enabled {
  box_id box;

  static auto fields(auto& self, auto take) { return take(self.box); }
};

/// A share was taken out, the process ended, or the quorum opened nothing: nothing is open.
struct box_disabled {
  box_id box;
  std::string reason;             ///< events/box_reasons.hpp
  std::optional<label> custodian; ///< who took a share out; none for the other reasons and before version 2

  static auto fields(auto& self, auto take) { return take(self.box, self.reason, self.custodian); }
};

/// A Manufacturing box gave keys away, encrypted to the start-up key of a box that was admitted: its part of a domain
/// or, to another Manufacturing box, all of it; without a domain the domain key set and the start-up authentication
/// keys (EP Fig. 23, EP-7).
struct keys_issued {
  box_id box; ///< the source
  box_id target;
  std::optional<domain_id> domain;
  std::vector<box_id> steels; ///< to an Oak: the Steel boxes that serve the domain
  digest package;             ///< SHA-256 of what was sent

  static auto fields(auto& self, auto take) {
    return take(self.box, self.target, self.domain, self.steels, self.package);
  }
};

/// A Manufacturing box received domain key set and start-up authentication keys (EP-7). Sealed beside it: both, under
/// its operation combination. Equal check values mean equal keys: they are a MAC over the keys under the domain key set.
struct key_set_received {
  box_id box;
  box_id source;
  digest package;
  check_value key_set{};

  static auto fields(auto& self, auto take) { return take(self.box, self.source, self.package, self.key_set); }
};

/// The box received a domain's keys (EP-8, "make domain process"). Sealed beside it: its part of them, under the
/// operation combination; in a Manufacturing box, which made the domain or was brought up to date, all of them, under
/// the domain key set (EP-7, EP-9).
struct domain_process_made {
  box_id box;
  domain_id domain;
  suite_id suite = suite_id::rsa3072;
  std::vector<box_id> steels;          ///< for an Oak: the Steel boxes that serve the domain
  std::optional<box_id> source;        ///< who issued the keys; none where the box made them, and before version 2
  digest package;                      ///< as the source issued it; zeros without a source
  std::optional<check_value> key_data; ///< in a Manufacturing box: of all of the domain's keys; see key_set_received

  static auto fields(auto& self, auto take) {
    return take(self.box, self.domain, self.suite, self.steels, self.source, self.package, self.key_data);
  }
};

/// Another domain became the active one (EP-3).
struct active_domain_switched {
  box_id box;
  domain_id domain;

  static auto fields(auto& self, auto take) { return take(self.box, self.domain); }
};

/// After a restoration: an Oak or Steel box takes no key id of this domain up to this one, for it may have seen it
/// (EP-14).
struct last_seen_raised {
  box_id box;
  key_id key;

  static auto fields(auto& self, auto take) { return take(self.box, self.key); }
};

// --- events: work ---------------------------------------------------------------------------------

/// Oak generated a key (EP Fig. 24, steps 306-308). Sealed beside it: both ciphertexts, so that a repeated
/// MI1 gets the same answer.
struct key_generated {
  key_id key;
  box_id oak;
  box_id steel;
  signed_record mi3;
  signed_record mi4;

  static auto fields(auto& self, auto take) { return take(self.key, self.oak, self.steel, self.mi3, self.mi4); }
};

/// Steel is about to give a key to a meter: durable before the meter hears of it (EP-14).
struct installation_attempted {
  key_id key;
  box_id oak;
  box_id steel;
  sequence_number meter;
  instant psr_install;

  static auto fields(auto& self, auto take) {
    return take(self.key, self.oak, self.steel, self.meter, self.psr_install);
  }
};

/// What Steel shows the meter in MI6c, and what tells it MI6c' of that meter from any other: it can be said and heard again
/// when K is long gone from the box, and who reads it cannot answer in the meter's place.
struct commit_codes {
  commit_code shown{};
  digest answer; ///< SHA-256 of the code in MI6c'

  static auto fields(auto& self, auto take) { return take(self.shown, self.answer); }
};

/// How the attempt ended: MI7 (EP Fig. 25, step 340).
struct installation_finished {
  key_id key;
  box_id steel;
  sequence_number meter;
  std::optional<refusal> failure;
  signed_record mi7;
  std::optional<commit_codes> commit = {}; ///< nothing when the attempt failed, and before version 2

  static auto fields(auto& self, auto take) {
    return take(self.key, self.steel, self.meter, self.failure, self.mi7, self.commit);
  }
};

/// Brass found the meter's test tokens to be those of the archived key (EP Fig. 25, step 344).
/// Sealed beside it: (K) to Brass.
struct installation_confirmed {
  key_id key;
  box_id brass;
  sequence_number meter;
  signed_record mi9;
  signed_record mi10;

  static auto fields(auto& self, auto take) { return take(self.key, self.brass, self.meter, self.mi9, self.mi10); }
};

/// Brass declared a key Bad (EP-13b, MB1-MB3).
struct key_condemned {
  key_id key;
  box_id brass;
  refusal reason = refusal::no_answer;
  signed_record mb2;
  signed_record mb3;

  static auto fields(auto& self, auto take) { return take(self.key, self.brass, self.reason, self.mb2, self.mb3); }
};

/// Brass found the registration token right (EP Fig. 26, step 368). Sealed beside it: (K) under S_B.
struct registration_confirmed {
  key_id key;
  box_id brass;
  sequence_number meter;
  indicia_serial serial;
  signed_record mr3;
  bytes mr3_tag;
  signed_record mr4;
  bytes mr4_tag;

  static auto fields(auto& self, auto take) {
    return take(self.key, self.brass, self.meter, self.serial, self.mr3, self.mr3_tag, self.mr4, self.mr4_tag);
  }
};

/// Brass took a key out of service (EP Fig. 27, step 382).
struct retirement_confirmed {
  key_id key;
  box_id brass;
  sequence_number meter;
  signed_record mo2;
  bytes mo2_tag; ///< under s_B
  signed_record mo3;
  bytes mo3_tag;

  static auto fields(auto& self, auto take) {
    return take(self.key, self.brass, self.meter, self.mo2, self.mo2_tag, self.mo3, self.mo3_tag);
  }
};

/// Brass verified a batch of tokens (EP Fig. 28). `verdicts` holds one byte for each two pieces, the first
/// in the low half; the values are those of `verdict` (events/mail.hpp).
struct tokens_verified {
  domain_id domain;
  box_id brass;
  std::string request;
  std::uint32_t count = 0;
  digest pieces; ///< RFC 6962 root over the pieces as they were sent
  bytes verdicts;

  static auto fields(auto& self, auto take) {
    return take(self.domain, self.brass, self.request, self.count, self.pieces, self.verdicts);
  }
};

using box_event =
  std::variant<box_initialised, share_entered, share_refused, box_enabled, box_disabled, keys_issued,
               key_set_received, domain_process_made, active_domain_switched, key_generated, installation_attempted,
               installation_finished,
               installation_confirmed, key_condemned, registration_confirmed, retirement_confirmed, tokens_verified,
               generators_changed, last_seen_raised>;

// --- state ------------------------------------------------------------------------------------------

/// A box's work for one domain.
struct domain_process {
  suite_id suite = suite_id::rsa3072;
  std::uint64_t last_seen = 0;                  ///< key id number: generated (Oak), attempted (Steel)
  std::set<box_id> steels;                      ///< Oak: Steel boxes of the domain
  std::map<std::uint64_t, sequence_number> open; ///< Steel: attempts whose outcome is not known yet
  std::optional<check_value> key_data;          ///< Manufacturing: of all of the domain's keys

  static auto fields(auto& self, auto take) {
    return take(self.suite, self.last_seen, self.steels, self.open, self.key_data);
  }
};

/// What a box's own events make of it, of whatever type it is (EP Figs. 6-8). Number 0: it is not initialised. What is
/// secret in it is in no event; it comes with the shares.
struct secure_box {
  box_id id;
  label slot;
  suite_id suite = suite_id::rsa3072; ///< of every key that it makes or gets
  std::uint8_t threshold = 0;         ///< shares that enable it (EP-10)
  digest salt;                        ///< of the commitments to its shares
  std::vector<share_plan> shares;     ///< its custodians'
  std::set<std::string> entered; ///< custodians whose share is in
  bool enabled = false;
  std::optional<domain_id> active;               ///< the one that it works for; a Manufacturing box for all of its domains
  std::map<domain_id, domain_process> processes; ///< the domains whose keys it has
  std::optional<check_value> key_set; ///< Manufacturing: of domain key set and start-up keys, once it has them
  generator_condition generators;
  std::map<domain_id, std::uint64_t> raised; ///< by a restoration: last seen key ids of domains whose keys it may get

  static auto fields(auto& self, auto take) {
    return take(self.id, self.slot, self.suite, self.threshold, self.salt, self.shares, self.entered, self.enabled,
                self.active, self.processes, self.key_set, self.generators, self.raised);
  }
};

/// Nobody signs the key id of a request. One that is far beyond the last would take all those between with it, and no
/// key could be made any more: who can forge a request must not be able to do that (EP-13b).
inline constexpr std::uint64_t key_id_step_limit = 1'000'000;

/// At most this many installations of a domain may be open at one Steel box.
inline constexpr std::size_t open_installations_limit = 96;

// --- decisions: the box itself ------------------------------------------------------------------------

decision<box_event> decide(const secure_box& state, const box_initialised& proposed);

/// The most shares that a set can have.
inline constexpr std::size_t share_limit = 16;
/// Why there is no such set of shares; each custodian gets one.
std::optional<refusal> wrong_set(std::size_t threshold, const std::vector<label>& custodians);

struct enter_share {
  label custodian;
};
/// Whether a custodian was given a share of the box.
bool holds_share(const secure_box& box, const label& custodian);
/// What the box found on the medium.
struct share_check {
  std::optional<refusal> wrong;    ///< why the share is none of this box's set
  std::optional<share_name> share; ///< what it says it is, where that can be read
};
/// A wrong share gives a share_refused event: it is an attempt that must be on record.
decision<box_event> decide(const secure_box& state, const enter_share& command, const share_check& facts);

struct remove_share {
  label custodian;
};
decision<box_event> decide(const secure_box& state, const remove_share& command);

/// The process ended or starts: what was enabled is not any more.
struct lose_memory {
  std::string reason;
};
decision<box_event> decide(const secure_box& state, const lose_memory& command);

/// An event when the condition differs from what the state says.
decision<box_event> decide(const secure_box& state, const report_generators& command);

decision<box_event> decide(const secure_box& state, const domain_process_made& proposed);
decision<box_event> decide(const secure_box& state, const key_set_received& proposed);

/// No event where it takes none up to it anyway.
decision<box_event> decide(const secure_box& state, const last_seen_raised& proposed);

/// Whether a Manufacturing box may make other boxes and domains now: enabled, with a domain key set.
std::optional<refusal> not_ready_to_make(const secure_box& state);
/// `admitted`: a Manufacturing box has admitted the target.
decision<box_event> decide(const secure_box& state, const keys_issued& proposed, bool admitted);

struct switch_domain {
  domain_id domain;
};
decision<box_event> decide(const secure_box& state, const switch_domain& command);

/// Whether the box may work for this domain now: initialised, of this type, enabled, domain active.
std::optional<refusal> not_ready(const secure_box& state, box_type type, const domain_id& domain);

// --- decisions: work -----------------------------------------------------------------------------------

/// MI1. The event is made by a worker; whether it may happen is decided here (EP Fig. 8, step 84). Refused: what not_ready
/// says, steel_not_valid_for_domain, key_id_not_fresh, and key_id_not_assigned for one that is far beyond the last.
decision<box_event> decide(const secure_box& state, const key_generated& proposed);

/// MI4 at a Steel box, for a meter on its line.
struct attempt_installation {
  key_id key;
  box_id oak;
  box_id steel;
  sequence_number meter;
  instant psr_install;
};
struct install_record_check {
  bool signature_valid = false; ///< by the domain's Oak, over what the command says
  bool opened = false;          ///< (K, test tokens) could be opened and is what was signed
  bool in_time = false;         ///< Oak made it, the PSR sent it and this box took it in that order (EP-18)
};
/// EP Fig. 8, steps 90-92: signature, Steel id, freshness, times; in that order, and none changes anything.
decision<box_event> decide(const secure_box& state, const attempt_installation& command,
                           const install_record_check& facts);

/// The end of an attempt, with MI7 still to be signed (EP Fig. 25, step 340). A failure may also be of a key that was never
/// attempted, whose id is spent with it. Refused: what not_ready says but for the active domain, wrong_box, key_id_not_fresh
/// when the attempt has ended or none was made, key_id_not_assigned.
decision<box_event> decide(const secure_box& state, const installation_finished& proposed);

/// What a worker found when it checked records for Brass.
struct brass_check {
  std::optional<refusal> problem;
};
/// MI9 and MI10, MB2 and MB3, MR3 and MR4, MO2 and MO3, still to be signed (EP Figs. 25 to 27). Refused: what not_ready says,
/// the problem that the worker found, wrong_box when another Brass box is named. A record that is asked for again is made
/// again: the archive keeps one.
decision<box_event> decide(const secure_box& state, const installation_confirmed& proposed, const brass_check& facts);
decision<box_event> decide(const secure_box& state, const key_condemned& proposed, const brass_check& facts);
decision<box_event> decide(const secure_box& state, const registration_confirmed& proposed, const brass_check& facts);
decision<box_event> decide(const secure_box& state, const retirement_confirmed& proposed, const brass_check& facts);
/// Verdicts of a batch of mail, two in a byte (EP-23). Refused: what not_ready says; command_malformed when there are not as
/// many verdicts as pieces.
decision<box_event> decide(const secure_box& state, const tokens_verified& proposed);

void evolve(secure_box& state, const box_initialised& e);
void evolve(secure_box& state, const share_entered& e);
void evolve(secure_box& state, const share_refused& e);
void evolve(secure_box& state, const box_enabled& e);
void evolve(secure_box& state, const box_disabled& e);
void evolve(secure_box& state, const keys_issued& e);
void evolve(secure_box& state, const key_set_received& e);
void evolve(secure_box& state, const domain_process_made& e);
void evolve(secure_box& state, const active_domain_switched& e);
void evolve(secure_box& state, const key_generated& e);
void evolve(secure_box& state, const installation_attempted& e);
void evolve(secure_box& state, const installation_finished& e);
void evolve(secure_box& state, const installation_confirmed& e);
void evolve(secure_box& state, const key_condemned& e);
void evolve(secure_box& state, const registration_confirmed& e);
void evolve(secure_box& state, const retirement_confirmed& e);
void evolve(secure_box& state, const tokens_verified& e);
void evolve(secure_box& state, const generators_changed& e);
void evolve(secure_box& state, const last_seen_raised& e);

} // namespace oaksteel
