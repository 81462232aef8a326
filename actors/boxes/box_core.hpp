#pragma once
// What every secure box does: its start-up, its custodians' shares, its domains. The four boxes are
// actors of their own around this core.

#include "actors/actors.hpp"
#include "actors/boxes/box_generators.hpp"
#include "actors/boxes/key_bundle.hpp"
#include "actors/messages.hpp"
#include "actors/shell.hpp"
#include "crypto/enrolment.hpp"
#include "events/box.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <map>
#include <optional>

namespace oaksteel {

/// A custodian, or whoever else had a hand in it, as a participant; none when it is nobody.
std::vector<participant> custodian_named(const label& somebody);

/// Which box an actor is before it has an id: its place at the site.
struct box_place {
  label slot;
  box_type type = box_type::oak;
};

struct initialisation_terms;

/// What a box keeps of a domain's keys that it received.
struct kept_keys {
  ring_handle ring;                    ///< null in a Manufacturing box, which opens them for each use
  bytes sealed;                        ///< to lie beside the event; empty when the keys cannot be right
  std::optional<check_value> key_data; ///< in a Manufacturing box
};

using keeper =
  std::function<kept_keys(const key_bundle& keys, const domain_id& domain, suite_id suite, work_context& w)>;

class box_core {
public:
  box_core(const box_place& place, shell_client own, const surroundings& around);

  shell& house() { return *shell_; }
  const box_place& place() const { return place_; }
  /// The box's id; number 0 before it has one.
  const box_id& id() const { return id_; }
  stream_id stream() const { return {stream_kind::box, id_.text()}; }
  /// The opened keys of a domain; null while the box is disabled or does not serve it.
  ring_handle ring(const domain_id& domain) const;
  /// The same for work that may wait for a worker: it keeps no key when the box is disabled meanwhile.
  std::weak_ptr<const domain_ring> lent_ring(const domain_id& domain) const { return ring(domain); }
  /// Opens a bundle that lies sealed beside one of this box's events; nothing while it is disabled.
  std::optional<key_bundle> open_bundle(std::uint64_t position, std::string_view purpose) const;
  /// The same to be done by a worker, unless the box is disabled by then.
  std::function<std::optional<key_bundle>()> bundle_opener(std::uint64_t position, std::string_view purpose) const;
  /// A worker seals a bundle under the operation combination; empty when the box is disabled by then.
  std::function<bytes(const key_bundle&, work_context&)> bundle_sealer(std::string_view purpose) const;

  /// Keeps a master key while its meter is talked to; it is gone at once when the box is disabled.
  void hold(const key_id& key, secret_handle k) {
    if (combination_)
      in_hand_[key] = std::move(k);
  }
  /// Hands it out and keeps it no longer; null when the box was disabled meanwhile.
  secret_handle let_go(const key_id& key) {
    auto held = in_hand_.extract(key);
    return held ? std::move(held.mapped()) : nullptr;
  }

  // handlers, the same for every box: start-up (box_start_up.cpp), shares and domains (box_core.cpp)
  caf::typed_response_promise<start_up_key_offered> begin(caf::typed_response_promise<start_up_key_offered> rp,
                                                          const set_secure_box_id& m);
  caf::typed_response_promise<box_id_set> finish(caf::typed_response_promise<box_id_set> rp, const take_box_id& m);
  caf::typed_response_promise<acknowledged> take(caf::typed_response_promise<acknowledged> rp,
                                                 const take_domain_process& m);
  caf::typed_response_promise<box_report> enter(caf::typed_response_promise<box_report> rp, const put_share& m);
  caf::typed_response_promise<box_report> remove(caf::typed_response_promise<box_report> rp, const take_share& m);
  caf::typed_response_promise<acknowledged> activate(caf::typed_response_promise<acknowledged> rp,
                                                     const activate_domain& m);
  caf::typed_response_promise<box_report> report(caf::typed_response_promise<box_report> rp, const ask_box& m);
  caf::typed_response_promise<box_tested> test(caf::typed_response_promise<box_tested> rp, const test_box& m);

  /// Makes the box's combination, and for the first Manufacturing box all else; the box takes its id when the shares
  /// are on the media (EP-6, EP-8).
  caf::typed_response_promise<box_id_set> initialise(caf::typed_response_promise<box_id_set> rp, command_info info,
                                                     const initialisation_terms& terms);
  /// A worker opens a package for this box: the signature is of the start-up authentication key of its type, the
  /// ciphertext to its own start-up key. Nothing when the box is disabled or the package is not right.
  std::function<std::optional<key_bundle>(work_context&)> package_opener(const package& keys,
                                                                         const domain_id& domain) const;

  /// Answers a step of a key again that this box did before, if it may work for the key's domain now.
  void repeat(command_info info, const key_id& key, std::function<void(const message_head& next)> deliver);

  /// Runs in the transaction that enables the box, when its keys are open.
  std::function<void(transaction&)> when_enabled;
  /// Runs when everything that the box has in memory is wiped.
  std::function<void()> when_wiped;
  /// Gives what a worker keeps a domain's keys by; set by the kind of box that does not seal them under its combination.
  std::function<keeper()> keep;

private:
  /// An enrolment that waits for its admission.
  struct open_enrolment {
    enrolment seen;
    suite_id suite = suite_id::rsa3072;
    secret_handle enrolment_secret;
    std::shared_ptr<const private_key> start_up;
  };

  /// What the box finds of its generators, as an event where it is news.
  void note_generators(transaction& t);
  /// The same ahead of all that is not decided yet, when a worker has drawn.
  void after_drawing();
  /// Reads a custodian's share into wiped memory and holds it against the set that the box handed out.
  /// `told`: which file, and more of what is wrong with it.
  secret read_share(const secure_box& box, const put_share& m, share_check& found, std::string& told) const;
  bool open_keys(const secure_box& box);
  void wipe();

  box_place place_;
  surroundings around_;
  std::shared_ptr<box_generators> generators_;
  std::unique_ptr<shell> shell_;
  box_id id_;
  bool initialising_ = false; ///< shares are on their way to the media
  std::optional<generator_condition> noted_; ///< in the log, or on its way there
  std::map<label, secret> shares_; ///< entered, until the box is disabled
  secret_handle combination_;
  std::map<domain_id, ring_handle> rings_;
  std::optional<open_enrolment> enrolling_;
  std::map<key_id, secret_handle> in_hand_;
};

} // namespace oaksteel
