#pragma once
// How a box takes its id: what it makes, what it writes out, and in which order (EP-6, EP-8; EP Figs. 22, 23).

#include "actors/boxes/box_core.hpp"
#include "actors/messages.hpp"

namespace oaksteel {

/// What a box made for itself before it takes its id. The shares are on the media by then; when there is a
/// problem, none of them is.
struct initialisation {
  std::optional<refusal> problem = refusal::storage_failed;
  label custodian;                     ///< whose medium the problem is about
  std::optional<storage_error> medium; ///< why that one could not be written
  box_initialised event;
  bytes sealed; ///< under the operation combination: the Manufacturing box's keys, or an empty bundle
};

/// What the box is told beside the command: its suite, and whether it is the first Manufacturing box.
struct initialisation_terms {
  bool first = false;
  suite_id suite = suite_id::rsa3072;
  digest log; ///< the site's, for the share files
};

/// Checks the order: the first Manufacturing box takes M00000001 on an empty log; any other box's order must
/// be signed with its type's start-up authentication key. A slot whose box has its id is refused before anything
/// is written: its shares would be lost.
expected<initialisation_terms, refusal> initialisation_permitted(const log& site, const box_place& place,
                                                                 const set_secure_box_id& order);

/// Generates the operation combination and, for the first Manufacturing box, domain key set and start-up
/// keys; splits what is to be split; writes every share to its medium. Long (RSA): for a worker. A share of an
/// earlier, unfinished ceremony of this site is written over; any other file in a share's place is a refusal.
initialisation initialise_box(const set_secure_box_id& order, const initialisation_terms& terms, generator& random);

/// The bytes that a start-up authentication key signs for an order.
bytes order_text(const box_id& id, const label& slot);
/// Associated data: what a sealed bundle is for.
bytes bundle_address(const box_id& box, std::string_view purpose);
bytes package_address(const box_id& box, const domain_id& domain);

} // namespace oaksteel
