#pragma once
// Every actor's interface, in the order in which a key flows. Who talks to whom:
//
//        operator                       archive (one a domain)
//           |                              |
//           v            MI0', MI3, MI9, MR3, MO2, MB2
//   PSR -- KDC -- KMC ---------------------+
//    |             | \----- data capture system
//    |             +-- Oak      MI1, MI2
//    |             +-- Brass    MI8-MI10, MB1-MB3, MR2-MR4, MO1-MO3, verification
//    +-- Steel     +-- Manufacturing (ceremony)
//    |     |
//    +-----+-- meters   MI5q-MI6c, MR1
//
// Everybody with state also talks to the journal, through the one shell (actors/shell.hpp).

#include <caf/fwd.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

namespace oaksteel {

struct work_done;
struct append_done;
struct append_order;
struct acknowledged;
struct command_refused;
struct set_first_secure_box_id;
struct box_id_set;
struct allocate_box_id;
struct box_id_allocated;
struct set_secure_box_id;
struct start_up_key_offered;
struct admit_box;
struct box_admission;
struct take_box_id;
struct create_domain;
struct package_of_keys;
struct make_domain_process;
struct take_domain_process;
struct hand_over_key_set;
struct take_key_set;
struct ask_authority;
struct authority_told;
struct ask_domain;
struct domain_told;
struct put_share;
struct take_share;
struct activate_domain;
struct ask_box;
struct box_report;
struct test_box;
struct box_tested;
struct open_order;
struct order_result;
struct begin_leg;
struct mi0;
struct new_key_id;
struct mi0_answer;
struct mi1;
struct mi2;
struct store_record;
struct record_stored;
struct pass_response;
struct generate_response;
struct mi4;
struct record_ready;
struct mi4r;
struct mi4_prime;
struct install_key;
struct ask_report;
struct mi7;
struct load_label;
struct mi5q;
struct mi5i;
struct mi5;
struct mi5s;
struct mi6r;
struct mi6;
struct mi6c;
struct mi6c_answer;
struct fetch_record;
struct record_fetched;
struct mi8;
struct mi9;
struct mb1;
struct mb2;
struct confirm_stored;
struct confirmed;
struct settle;
struct register_meter;
struct mr1;
struct mr2;
struct mr3;
struct mo1;
struct mo2;
struct print_request;
struct printed;
struct verify_mail;
struct mail_verified;
struct fetch_verification;
struct verification_material;
struct verify_tokens;
struct tokens_checked;
struct take_up_orders;
struct tamper;
struct meter_connected;
struct steel_connected;
struct kdc_connected;
struct psr_connected;
struct leg_overdue;
struct leg_again;

/// Hears from a worker that its work is done.
using worker_client = caf::typed_actor<caf::reacts_to<work_done>>;

/// Whoever has a shell hears from workers and from the journal.
using shell_client = worker_client::extend<caf::reacts_to<append_done>>;

/// A component with an error log: it hears of commands that were refused before they reached it (EP-29).
using component_client = shell_client::extend<caf::replies_to<command_refused>::with<acknowledged>>;

/// The journal: makes appends durable, in groups; confirms each by append_done.
using journal_actor = worker_client::extend<caf::reacts_to<append_order>, caf::reacts_to<caf::ok_atom>>;

/// A domain's archive: assigns key ids, keeps each key's current record and its history (EP-14, EP-19).
using archive_actor = component_client::extend<
  caf::replies_to<new_key_id>::with<mi0_answer>,                     // MI0'
  caf::replies_to<store_record>::with<record_stored>,                // MI3, MI9, MB2, MR3, MO2
  caf::replies_to<fetch_record>::with<record_fetched>,               // for MI8, MB1, MR2, MO1
  caf::replies_to<fetch_verification>::with<verification_material>>; // EP Fig. 28, step 402

/// What every secure box does: takes its id, its domains and its custodians' shares.
using box_actor = component_client::extend<
  caf::replies_to<set_secure_box_id>::with<start_up_key_offered>,   // EP Fig. 23; EP-8
  caf::replies_to<take_box_id>::with<box_id_set>,
  caf::replies_to<put_share>::with<box_report>,                     // EP-10
  caf::replies_to<take_share>::with<box_report>,
  caf::replies_to<take_domain_process>::with<acknowledged>,
  caf::replies_to<activate_domain>::with<acknowledged>,                     // EP-3
  caf::replies_to<ask_box>::with<box_report>,
  caf::replies_to<test_box>::with<box_tested>>;                     // EP-8, EP-11

/// Manufacturing box: creates domains, initialises other boxes (EP-6, EP-7, EP-8, EP-12).
using manufacturing_actor = box_actor::extend<
  caf::replies_to<set_first_secure_box_id>::with<box_id_set>,       // EP Fig. 22
  caf::replies_to<allocate_box_id>::with<box_id_allocated>,         // as the source of another box
  caf::replies_to<admit_box>::with<box_admission>,
  caf::replies_to<create_domain>::with<acknowledged>,
  caf::replies_to<make_domain_process>::with<package_of_keys>,
  caf::replies_to<hand_over_key_set>::with<package_of_keys>,
  caf::replies_to<take_key_set>::with<acknowledged>,                // as a further Manufacturing box
  caf::replies_to<ask_authority>::with<authority_told>,             // from other nodes
  caf::replies_to<ask_domain>::with<domain_told>>;

/// Tin box: verifies at a remote site; so far it has its start-up (EP-8, EP-9).
using tin_actor = box_actor;

/// Oak box: generates master keys (EP Fig. 24).
using oak_actor = box_actor::extend<
  caf::replies_to<mi1>::with<mi2>,
  caf::replies_to<pass_response>::with<generate_response>>;

/// Steel box: installs master keys into meters (EP Fig. 25).
using steel_actor = box_actor::extend<
  caf::replies_to<install_key>::with<mi7>,
  caf::replies_to<ask_report>::with<mi7>>;

/// Brass box: confirms, registers, retires, verifies (EP Figs. 25-28).
using brass_actor = box_actor::extend<
  caf::replies_to<mi8>::with<mi9>,
  caf::replies_to<mb1>::with<mb2>,
  caf::replies_to<mr2>::with<mr3>,
  caf::replies_to<mo1>::with<mo2>,
  caf::replies_to<confirm_stored>::with<confirmed>,                 // MI10, MB3, MR4, MO3
  caf::replies_to<verify_tokens>::with<tokens_checked>>;

/// Key management computer: owns orders, knows every domain's archive and boxes (EP-4).
using kmc_actor = component_client::extend<
  caf::replies_to<open_order>::with<order_result>,                  // installation and retirement (MO0)
  caf::replies_to<mi0>::with<acknowledged>,                         // from the KDC
  caf::replies_to<mi7>::with<acknowledged>,                         // from the KDC
  caf::replies_to<mr1>::with<order_result>,                         // from the KDC
  caf::replies_to<verify_mail>::with<mail_verified>,                // from a data capture system
  caf::replies_to<take_up_orders>::with<acknowledged>,
  caf::reacts_to<kdc_connected>,                                    // from the wiring
  caf::reacts_to<leg_overdue>,                                      // to itself
  caf::reacts_to<leg_again>>;                                       // to itself

/// Key distribution computer: hands install records out, each once.
using kdc_actor = component_client::extend<
  caf::reacts_to<psr_connected>,                                    // from the wiring
  caf::replies_to<begin_leg>::with<acknowledged>,                   // from the KMC; MI0 follows
  caf::replies_to<mi4>::with<acknowledged>,                                 // from the KMC
  caf::replies_to<mi4r>::with<mi4_prime>,                           // from a PSR
  caf::replies_to<mi7>::with<acknowledged>,                         // from a PSR, to the KMC
  caf::replies_to<ask_report>::with<acknowledged>,                  // from the KMC, to a PSR
  caf::replies_to<settle>::with<acknowledged>,                              // MI10, MB3
  caf::replies_to<mr1>::with<order_result>>;                        // from a PSR, to the KMC

/// Parameterisation, seeding and registration computer, one for each Steel box: forwards, and relays between
/// Steel and the meters on its line without being able to read keys.
using psr_actor = component_client::extend<
  caf::reacts_to<meter_connected>, caf::reacts_to<steel_connected>, // from the wiring
  caf::replies_to<load_label>::with<acknowledged>,                          // to the meter
  caf::replies_to<record_ready>::with<acknowledged>,                // from the KDC; MI4r follows
  caf::replies_to<ask_report>::with<acknowledged>,                  // from the KDC, to Steel; MI7 follows
  caf::replies_to<mi5q>::with<mi5i>, caf::replies_to<mi5>::with<mi5s>, // Steel to meter
  caf::replies_to<mi6r>::with<mi6>, caf::replies_to<mi6c>::with<mi6c_answer>,
  caf::replies_to<register_meter>::with<order_result>>;             // meter, then MR1 to the KDC

/// A digital meter, or the line to one.
using meter_actor = component_client::extend<
  caf::replies_to<load_label>::with<acknowledged>,
  caf::replies_to<mi5q>::with<mi5i>, caf::replies_to<mi5>::with<mi5s>,
  caf::replies_to<mi6r>::with<mi6>, caf::replies_to<mi6c>::with<mi6c_answer>,
  caf::replies_to<register_meter>::with<mr1>,
  caf::replies_to<print_request>::with<printed>,
  caf::replies_to<tamper>::with<acknowledged>>;

/// Data capture system of a mail facility: sends what it read to the KMC, in batches.
using data_capture_actor = caf::typed_actor<caf::replies_to<verify_mail>::with<mail_verified>>;

} // namespace oaksteel
