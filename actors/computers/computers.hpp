#pragma once
// The other computers: they hold no plaintext key (EP Figs. 1-5).

#include "actors/actors.hpp"
#include "actors/connections.hpp"
#include "actors/messages.hpp"
#include "actors/shell.hpp"
#include "storage/find_domain_key.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <map>

namespace oaksteel {

/// Key distribution computer: keeps install records and hands each out once.
struct kdc_state {
  static inline const char* name = "kdc";
  // Not a handle first: C++20 makes an aggregate constructible from what its first member takes, and CAF
  // would then hand the actor itself to it.
  std::unique_ptr<shell> house;
  kmc_actor kmc;
  std::map<box_id, psr_actor> lines; ///< by Steel box
  domain_keys_of oak_keys{key_role::oak_authentication};     ///< to check MI4
  domain_keys_of brass_keys{key_role::brass_authentication}; ///< to check MI10 and MB3
};
kdc_actor::behavior_type key_distribution_computer(kdc_actor::stateful_pointer<kdc_state> self, kmc_actor kmc,
                                                   surroundings around);

/// Parameterisation, seeding and registration computer: forwards, and has no state of its own but an error log and what
/// it has asked Steel for.
struct psr_state {
  static inline const char* name = "psr";
  std::unique_ptr<shell> house; ///< not a handle first, see kdc_state
  clock* time = nullptr;
  kdc_actor kdc;
  steel_actor steel;
  std::map<sequence_number, meter_actor> meters; ///< on this line
  std::map<key_id, sequence_number> asked;       ///< for which meter Steel was asked to install a key; until MI7
};
psr_actor::behavior_type psr_computer(psr_actor::stateful_pointer<psr_state> self, label slot, kdc_actor kdc,
                                      surroundings around);

/// Data capture system: sends what it read in batches and gathers the verdicts.
data_capture_actor::behavior_type data_capture_system(data_capture_actor::pointer self, kmc_actor kmc,
                                                      std::size_t batch);

} // namespace oaksteel
