#pragma once
// The one list of everything that can happen. A tag is on disk for ever: never changed, never reused.
// Everything that treats events alike (codec, replay, look-ups, participants) is derived from it.
// It is wide: include it where events are read, never in a header that actors share.

#include "events/box.hpp"
#include "events/distribution.hpp"
#include "events/domain.hpp"
#include "events/enrolment.hpp"
#include "events/ids.hpp"
#include "events/introduction.hpp"
#include "events/master_key.hpp"
#include "events/meter.hpp"
#include "events/neighbour.hpp"
#include "events/node.hpp"
#include "events/operation.hpp"
#include "events/order.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace oaksteel {

/// A name as a template argument.
template <std::size_t N>
struct literal {
  char text[N]{};
  consteval literal(const char (&s)[N]) { std::copy_n(s, N, text); }
};

/// One line of the list: tag, newest version, name, event, and the state that it changes.
template <std::uint16_t Tag, std::uint8_t Version, literal Name, class Event, class State>
struct event_entry {
  using event = Event;
  using state = State;
  static constexpr std::uint16_t tag = Tag;
  static constexpr std::uint8_t version = Version;
  static constexpr std::string_view name = Name.text;
};

template <class... Entry>
struct event_entries {
  using any_event = std::variant<typename Entry::event...>;

  /// Calls `f.template operator()<Entry>()` for each entry until one answers true.
  template <class F>
  static bool find(F&& f) {
    return (f.template operator()<Entry>() || ...);
  }
};

using event_list = event_entries<
  // node
  event_entry<1, 1, "log_opened", log_opened, node_state>,
  event_entry<2, 2, "node_restarted", node_restarted, node_state>,
  event_entry<3, 1, "scenario_input", scenario_input, node_state>,
  event_entry<4, 1, "scenario_started", scenario_started, node_state>,
  event_entry<5, 1, "scenario_step_finished", scenario_step_finished, node_state>,
  event_entry<6, 1, "fault_recorded", fault_recorded, fault_log>,
  event_entry<7, 1, "log_restored", log_restored, node_state>,
  event_entry<8, 1, "counters_raised", counters_raised, node_state>,
  // boxes
  event_entry<20, 1, "box_id_reserved", box_id_reserved, box_allocator>,
  event_entry<21, 3, "box_initialised", box_initialised, secure_box>,
  event_entry<22, 2, "share_entered", share_entered, secure_box>,
  event_entry<23, 2, "share_refused", share_refused, secure_box>,
  event_entry<24, 1, "box_enabled", box_enabled, secure_box>,
  event_entry<25, 2, "box_disabled", box_disabled, secure_box>,
  event_entry<26, 2, "domain_process_made", domain_process_made, secure_box>,
  event_entry<27, 1, "active_domain_switched", active_domain_switched, secure_box>,
  event_entry<28, 1, "domain_created", domain_created, domain>,
  event_entry<29, 1, "box_admitted", box_admitted, admission>,
  event_entry<30, 1, "key_generated", key_generated, secure_box>,
  event_entry<31, 1, "installation_attempted", installation_attempted, secure_box>,
  event_entry<32, 2, "installation_finished", installation_finished, secure_box>,
  event_entry<33, 1, "installation_confirmed", installation_confirmed, secure_box>,
  event_entry<34, 1, "key_condemned", key_condemned, secure_box>,
  event_entry<35, 1, "registration_confirmed", registration_confirmed, secure_box>,
  event_entry<36, 1, "retirement_confirmed", retirement_confirmed, secure_box>,
  event_entry<37, 1, "tokens_verified", tokens_verified, secure_box>,
  event_entry<38, 1, "keys_issued", keys_issued, secure_box>,
  event_entry<39, 1, "key_set_received", key_set_received, secure_box>,
  // archive
  event_entry<40, 1, "key_id_assigned", key_id_assigned, key_counter>,
  event_entry<41, 1, "key_created", key_created, master_key>,
  event_entry<42, 1, "key_installed", key_installed, master_key>,
  event_entry<43, 1, "key_activated", key_activated, master_key>,
  event_entry<44, 1, "key_retired", key_retired, master_key>,
  event_entry<45, 1, "key_marked_bad", key_marked_bad, master_key>,
  event_entry<46, 1, "key_ids_raised", key_ids_raised, key_counter>,
  // KMC and KDC
  event_entry<50, 1, "order_numbered", order_numbered, order_book>,
  event_entry<51, 1, "order_opened", order_opened, order>,
  event_entry<52, 1, "leg_key_assigned", leg_key_assigned, order>,
  event_entry<53, 1, "leg_delivered", leg_delivered, order>,
  event_entry<54, 1, "leg_reported", leg_reported, order>,
  event_entry<55, 1, "leg_timed_out", leg_timed_out, order>,
  event_entry<56, 1, "leg_key_failed", leg_key_failed, order>,
  event_entry<57, 1, "leg_finished", leg_finished, order>,
  event_entry<58, 1, "leg_abandoned", leg_abandoned, order>,
  event_entry<59, 1, "order_closed", order_closed, order>,
  event_entry<60, 1, "order_numbers_raised", order_numbers_raised, order_book>,
  event_entry<65, 1, "install_record_received", install_record_received, distribution>,
  event_entry<66, 1, "install_record_handed_out", install_record_handed_out, distribution>,
  event_entry<67, 1, "install_record_settled", install_record_settled, distribution>,
  // meters
  event_entry<80, 1, "meter_labelled", meter_labelled, meter>,
  event_entry<81, 1, "key_provisioned", key_provisioned, meter>,
  event_entry<82, 1, "meter_key_refused", meter_key_refused, meter>,
  event_entry<83, 1, "key_committed", key_committed, meter>,
  event_entry<84, 1, "meter_registered", meter_registered, meter>,
  event_entry<85, 1, "indicia_printed", indicia_printed, meter>,
  event_entry<86, 1, "tamper_detected", tamper_detected, meter>,
  // boxes, continued
  event_entry<100, 1, "generators_changed", generators_changed, secure_box>,
  event_entry<101, 1, "last_seen_raised", last_seen_raised, secure_box>,
  event_entry<102, 1, "box_ids_raised", box_ids_raised, box_allocator>,
  // between nodes
  event_entry<110, 1, "authority_introduced", authority_introduced, authority>,
  event_entry<111, 1, "domain_introduced", domain_introduced, domain>,
  event_entry<112, 1, "neighbour_met", neighbour_met, neighbour>,
  // operators
  event_entry<120, 1, "operation_asked", operation_asked, operation>,
  event_entry<121, 1, "operation_answered", operation_answered, operation>>;

/// Any of them.
using any_event = event_list::any_event;

/// The state of any stream.
using any_state = std::variant<node_state, fault_log, box_allocator, secure_box, domain, key_counter, master_key,
                               order_book, order, distribution, meter, admission, authority,
                               neighbour, operation>;

std::uint16_t tag_of(const any_event& e);
std::uint8_t version_of(const any_event& e);
std::string_view name_of_event(const any_event& e);

/// The stream that an event belongs to; `where` names the actor for an error event.
stream_id stream_of(const any_event& e);

/// Everybody whom the event names (EP-30), each once, in the order of its fields.
std::vector<participant> participants(const any_event& e);
/// Whether `all` is participants(e), without making that.
bool names_exactly(const any_event& e, const std::vector<participant>& all);

/// Tables that lead to an event. Numbers are on disk: never reused.
enum class lookup : std::uint8_t {
  generated_key = 1,   ///< key id -> key_generated
  key_of_meter = 2,    ///< domain|sequence number -> key_installed
  key_of_serial = 3,   ///< domain|indicia serial -> key_activated
  open_order = 4,      ///< order number -> order_opened, until it is closed
  order_of_meter = 5,  ///< order_key -> the latest order_opened
  box_in_slot = 6,     ///< slot -> box_initialised
  domain_keys = 7,     ///< domain -> domain_created or domain_introduced
  domain_process = 8,  ///< box|domain -> domain_process_made
  installation = 9,    ///< key id -> installation_finished
  confirmation = 10,   ///< purpose|key id -> what Brass made
  box_keys = 11,       ///< box -> box_initialised
  meter_key = 12,      ///< sequence number|domain -> key_provisioned
  scenario_part = 13,  ///< file|part -> scenario_input
  admitted_box = 14,   ///< box -> the latest box_admitted
  key_set = 15,        ///< Manufacturing box -> the event beside which its domain key set lies sealed
  authority = 16,      ///< "authority" -> authority_introduced
  operation = 17,      ///< operator/id -> operation_asked
  answer = 18,         ///< operator/id -> operation_answered
};

struct lookup_change {
  lookup index = lookup::generated_key;
  std::string key;
  bool remove = false;
};
/// The rows that an event adds or takes out; pure, so that replay can check them.
std::vector<lookup_change> lookups(const any_event& e);

/// Folds an event into a state of its kind. False when the state is of another kind.
bool evolve_any(any_state& state, const any_event& e);
/// The empty state of an event's stream.
any_state initial_state(const any_event& e);

} // namespace oaksteel
