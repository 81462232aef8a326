#pragma once
// Key management computer: the owner of orders. What it does next always follows from an order's state, so
// that it goes on after a restart in the same way as before (EP-17; EP Figs. 24-28).

#include "actors/actors.hpp"
#include "actors/connections.hpp"
#include "actors/messages.hpp"
#include "actors/shell.hpp"
#include "storage/find_domain_key.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <chrono>
#include <map>
#include <optional>

namespace oaksteel {

/// Who serves a domain (EP-4: a table and not code).
struct domain_servers {
  archive_actor archive;
  std::vector<oak_actor> oaks; ///< a key id is always the same one's
  brass_actor brass;
};

struct kmc_options {
  std::map<domain_id, domain_servers> domains;
  std::chrono::seconds report_timeout{600}; ///< how long MI7 is waited for before it is asked for (EP-13b)
};

/// Orders that may be open at once; beyond it the answer is "busy".
inline constexpr std::size_t open_orders_limit = 512;

struct kmc_state {
  static inline const char* name = "kmc";

  /// An order that is being worked on.
  struct running {
    std::vector<caf::typed_response_promise<order_result>> waiting;
    unsigned attempts = 0; ///< of the present stage, after passing failures
    unsigned asked = 0;    ///< how often without an answer what became of its key
    std::uint64_t reminder = 0; ///< the one that counts: a later one takes the place of those before
    std::optional<key_id> reported_early; ///< MI7 came when this key was on its way to the KDC, again after a restart
  };

  kmc_options options;
  kdc_actor kdc;
  std::unique_ptr<shell> house;
  std::map<std::uint64_t, running> orders;
  std::map<std::string, std::uint64_t> of_meter;  ///< by order_key, of running orders
  std::map<key_id, std::uint64_t> of_key;         ///< whose MI7 is awaited
  std::uint64_t reminders = 0;
  domain_keys_of steel_keys{key_role::steel_authentication}; ///< to check MI7
  domain_keys_of brass_keys{key_role::brass_authentication}; ///< to check MR4 and MO3
};

/// How long a box, an archive or the KDC may take.
inline constexpr auto answer_timeout = std::chrono::seconds{60};

using kmc_pointer = kmc_actor::stateful_pointer<kmc_state>;

kmc_actor::behavior_type key_management_computer(kmc_pointer self, kmc_options options, surroundings around);

// --- between the KMC's own files --------------------------------------------------------------------------

inline stream_id order_stream(const order_id& o) {
  return {stream_kind::order, o.text()};
}

/// Records a leg's progress and goes on from the state that follows (kmc.cpp).
void progress(kmc_pointer self, const message_head& head, const order& o, const order_leg& leg, order_event event);
/// What may pass by itself: somebody enables the box, the disk gets space, a peer comes back (kmc.cpp).
bool passing(refusal why);
/// True when the order has gone on from where a conversation began: MI7, or another conversation, has overtaken it, and what
/// comes of it is of no interest any more (kmc.cpp).
bool overtaken(kmc_pointer self, const order& o, const order_leg& leg);
/// Something went wrong in a leg's conversation: try again, take another key, or give the leg up (kmc.cpp).
void leg_trouble(kmc_pointer self, const message_head& head, const order& o, const order_leg& leg, refusal why);
/// The leg cannot go on. It is abandoned unless a key of it may be New: that would stay so for ever, so its order stays
/// open, to be taken up again (kmc.cpp; EP-13b, EP-17).
void leave(kmc_pointer self, const message_head& head, const order& o, const order_leg& leg, refusal why);
/// Tells those who wait for an order that it does not go on by itself (kmc.cpp).
void give_up(kmc_pointer self, const order_id& id, refusal why);
/// Asks what became of the leg's key until MI7 comes or its time has run out (kmc.cpp; EP-13b).
void ask_for_report(kmc_pointer self, const message_head& head, const order& o, const order_leg& leg);

/// The conversations of a leg (kmc_legs.cpp), by the stage that they lead out of.
/// Has the KDC request a key, unless the meter has one of this domain from an earlier order (EP-17).
void begin_installation(kmc_pointer self, const message_head& head, const order& o, const order_leg& leg);
caf::typed_response_promise<acknowledged> obtain_key_id(kmc_pointer self, const mi0& request);
void generate_and_deliver(kmc_pointer self, const message_head& head, const order& o, const order_leg& leg);
/// For a key id that came to nothing at Oak, the archive or the KDC: a gap when MI3 was never stored, else the key ends
/// as one does of which nothing is heard.
void pass_by(kmc_pointer self, const message_head& head, const order& o, const order_leg& leg, refusal why);
void confirm_installed(kmc_pointer self, const message_head& head, const order& o, const order_leg& leg);
void condemn_key(kmc_pointer self, const message_head& head, const order& o, const order_leg& leg, refusal why);
void register_key(kmc_pointer self, const message_head& head, const order& o, const order_leg& leg);
void retire_key(kmc_pointer self, const message_head& head, const order& o, const order_leg& leg);

/// EP Fig. 28 (kmc_verification.cpp).
caf::typed_response_promise<mail_verified> verify_for_capture(kmc_pointer self, const verify_mail& m);

} // namespace oaksteel
