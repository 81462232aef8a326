#pragma once
// How a box takes its id: what it makes, what it writes out, and in which order (EP-6, EP-8; EP Figs. 22, 23).

#include "actors/boxes/box_core.hpp"
#include "actors/messages.hpp"
#include "crypto/enrolment.hpp"

namespace oaksteel {

/// What a box made for itself before it takes its id. The shares are on the media by then; when there is a
/// problem, none of them is.
struct initialisation {
  std::optional<refusal> problem = refusal::storage_failed;
  label custodian;                     ///< whose medium the problem is about
  std::string detail;                  ///< more about the problem, for the error log
  std::optional<storage_error> medium; ///< what is wrong with that one, and where
  box_initialised event;
  bytes sealed; ///< under the operation combination: the Manufacturing box's keys, or an empty bundle
};

/// What a box is to take its id by.
struct initialisation_terms {
  box_id id;
  label slot;
  suite_id suite = suite_id::rsa3072;
  sharing shares;
  digest log;                                   ///< the site's, for the share files
  std::optional<box_id> source;                 ///< who admitted it; none: it is the first Manufacturing box
  std::shared_ptr<const private_key> start_up;  ///< likewise
};

/// Whether the first Manufacturing box may be made: it takes M00000001, on a log that has none (EP Fig. 22).
std::optional<refusal> first_not_permitted(const log& site, const box_place& place, const set_first_secure_box_id& m);
/// Whether an order is for this box: of its type and slot, signed with its type's start-up authentication key. A slot
/// whose box has its id is refused before anything is written: its shares would be lost.
std::optional<refusal> order_not_permitted(const log& site, const box_place& place, const set_secure_box_id& m);

/// Generates the operation combination and, for the first Manufacturing box, domain key set and start-up
/// keys; splits what is to be split; writes every share to its medium and reads it back. Long (RSA): for a worker. A
/// share of an earlier, unfinished ceremony of this site is replaced; any other file in a share's place is a refusal,
/// and so is one medium for two custodians.
initialisation initialise_box(const initialisation_terms& terms, generator& random);

/// The public start-up authentication key of a type, and the suite of the site. It came into the box's software from
/// the first Manufacturing box (EP-6), or from an introduction by that box's node; nothing before.
struct start_up_authority {
  suite_id suite = suite_id::rsa3072;
  public_key key;
  digest log; ///< of that box's node
};
std::optional<start_up_authority> find_start_up_authority(const log& site, box_type type);
/// What stands in both orders and enrolments of a slot.
enrolment seen_in(const start_up_authority& authority, const set_secure_box_id& m);

/// Why a file on a medium is of no use.
struct unfit_file {
  refusal why = refusal::medium_failed;
  std::string told; ///< which file, and what is wrong with it; in no record
};
/// Reads the enrolment secret of a slot from an officer's medium into wiped memory.
expected<secret, unfit_file> read_enrolment_secret(const label& officer, const std::filesystem::path& media,
                                                   const label& slot);

/// Domain key set and start-up keys of a Manufacturing box: equal for equal keys, tells nothing else of them (EP-7).
check_value check_of(const key_bundle& key_set, std::string_view what, const key_bundle& keys);
/// The part of a Manufacturing box's own bundle that all of them share.
key_bundle shared_part(const key_bundle& own);

/// Associated data: what a sealed bundle is for.
bytes bundle_address(const box_id& box, std::string_view purpose);
/// Of a package; without a domain, of the domain key set.
bytes package_address(const box_id& box, const domain_id& domain);

} // namespace oaksteel
