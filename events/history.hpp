#pragma once
// Re-checks the lives of keys from their events: what an audit rests on (SYS-4). One history takes the events of
// a log in their order and says of each which rule it breaks, across all streams. The events of several logs are told to
// one history too (events/joint_history.hpp). Pure: whether a signature is good is found elsewhere and passed in.

#include "events/audit_times.hpp"
#include "events/event.hpp"
#include "events/signed_bodies.hpp"

#include <map>
#include <set>

namespace oaksteel {

/// The rules. The first one that an event breaks is named.
enum class audit_rule : std::uint8_t {
  signature,     ///< a signed record is the signer's, and says what the event says
  transition,    ///< EP-13, EP-13b
  key_id_order,  ///< EP-14: strictly increasing where assigned, generated and attempted
  installation,  ///< EP-14: a key is attempted at most once, and installed where it was
  names,         ///< all records of a key name the same box, meter and key
  times,         ///< EP-18: they increase along the key's life
  permitted,     ///< its stream's state allowed it (events/permitted.hpp)
  cause,         ///< what a record follows from is told before it, is not later, and is of the same life
};
std::string_view name(audit_rule r);

/// The audit times of a key (EP-18; EP, "Audit Trail"), in the order in which they must lie.
enum class audit_time : std::uint8_t {
  kms_request = 0,
  oak,
  psr_install,
  steel,
  kms_install,
  brass_install,
  kms_registration,
  brass_registration,
  kms_obsolete,
  brass_obsolete,
  brass_bad, ///< instead of those from kms_install on
};
inline constexpr std::size_t audit_times = 11;
std::string_view name(audit_time t);

/// A signed record, wherever it is kept: the same body is the same record.
struct signed_name {
  body_type type = body_type::mi3;
  digest body;                 ///< SHA-256
  std::optional<box_id> maker; ///< the box that signed it, where the body says so
};

/// What the signed records of one event say.
struct signed_facts {
  std::optional<std::string> problem; ///< the first record that is not good
  std::vector<std::pair<audit_time, instant>> times;
  box_id oak{box_type::oak, 0};     ///< number 0: not said
  box_id steel{box_type::steel, 0}; ///< likewise
  std::optional<check_value> check;
  std::optional<time_zone> zone;    ///< of a domain
  std::vector<signed_name> records; ///< those that can be read
};

/// A record as texts name it. `log` says whose it is, where there are several; it outlives this.
struct record_place {
  std::uint64_t position = 0; ///< 0: none
  std::string_view log;

  explicit operator bool() const { return position != 0; }
  /// `record 68`, `record 68 of vendor-factory`.
  std::string text() const;
};

/// An event at its place in the log.
struct audited_event {
  record_place position;
  instant time;
  const any_event& event;
  const any_state& before; ///< the state of its stream, without it
  const signed_facts& facts;
};

struct violation {
  std::uint64_t position = 0;
  audit_rule rule = audit_rule::signature;
  std::string text; ///< one sentence, which names the key, box or meter
};

/// What is known of a key so far.
struct key_life {
  key_status status = key_status::none;
  box_id oak{box_type::oak, 0};
  box_id steel{box_type::steel, 0};
  box_id made_for{box_type::steel, 0};    ///< the Steel box that Oak was told
  sequence_number meter;
  sequence_number tried;                  ///< the meter that Steel was told
  std::optional<check_value> check;       ///< by the archive's records
  std::optional<check_value> meter_check; ///< by the meter
  std::array<instant, audit_times> times{}; ///< 0 = not known
  record_place attempted;                  ///< the attempt
  record_place finished;                   ///< MI7
  record_place committed;                  ///< the meter's commit
  std::optional<refusal> failure;         ///< by MI7
  bool followed = false;                  ///< the KMC's order is in this log
  bool timed_out = false;
  std::map<box_id, record_place> given_up; ///< by Steel boxes that never had it, while it is not known whose it is
};

class history {
public:
  /// `tolerance`: by how much the clocks of the nodes that made the times may differ.
  explicit history(clock_tolerance tolerance = {}) : tolerance_(tolerance.value_or(std::chrono::microseconds{0})) {}

  /// The first rule that the event breaks. The key's life goes on with it in any case.
  std::optional<violation> take(const audited_event& e);
  /// Likewise for an event of one of several logs, of which another history has judged what is of its log alone:
  /// signatures, and whether it could follow on its stream's state.
  std::optional<violation> join(const audited_event& e);

  /// Every key that any event named.
  const std::map<key_id, key_life>& keys() const { return keys_; }

  /// Whether the box was initialised in what was told.
  bool has(const box_id& box) const { return boxes_.contains(box); }

private:
  struct rules; ///< one function for each event that they concern

  std::chrono::microseconds tolerance_;
  std::map<key_id, key_life> keys_;
  std::set<sequence_number> meters_; ///< whose own events were told
  std::map<domain_id, std::uint64_t> assigned_;                      ///< last key id by domain
  std::map<std::pair<box_id, domain_id>, std::uint64_t> generated_;  ///< by Oak and domain
  std::map<std::pair<box_id, domain_id>, std::uint64_t> last_seen_;  ///< by Steel and domain
  std::set<box_id> boxes_;                                           ///< initialised in this log
  std::map<domain_id, time_zone> zones_;                             ///< of the domains that name one
};

} // namespace oaksteel
