#include "storage/signatures.hpp"

#include "crypto/certificate.hpp"
#include "crypto/merkle.hpp"
#include "events/signed_bodies.hpp"
#include "storage/signed_body.hpp"

namespace oaksteel {

namespace {

std::string_view record_name(body_type t) {
  switch (t) {
    case body_type::mi3: return "MI3";
    case body_type::mi4: return "MI4";
    case body_type::mi7: return "MI7";
    case body_type::mi9: return "MI9";
    case body_type::mi10: return "MI10";
    case body_type::mb2: return "MB2";
    case body_type::mb3: return "MB3";
    case body_type::mr3: return "MR3";
    case body_type::mr4: return "MR4";
    case body_type::mo2: return "MO2";
    case body_type::mo3: return "MO3";
    case body_type::domain_keys: return "domain keys";
    case body_type::operation: return "command";
  }
  return "?";
}

constexpr key_role oak = key_role::oak_authentication;
constexpr key_role steel = key_role::steel_authentication;
constexpr key_role brass = key_role::brass_authentication;

constexpr key_role every_role[] = {oak, steel, key_role::steel_confidentiality, brass, key_role::brass_confidentiality};

} // namespace

/// One event's records. An overload for each event that has some (EP Figs. 30, 31: who signs what).
struct signature_checker::reading {
  signature_checker& all;
  const std::string& actor;
  bool verify;
  signed_findings found = {};

  void wrong(signed_part& part, std::string text) {
    if (!part.problem)
      part.problem = text;
    if (!found.facts.problem)
      found.facts.problem = std::move(text);
  }

  bool proved(const public_key& signer, const signing_scope& scope, const signed_record& r) {
    const bool good = all.checkers_[{actor, signer.name()}].check(signer, scope, r.body, r.proof);
    all.verified_ += good;
    return good;
  }

  /// The body of a record that a box of `domain` signed, when it can be read; `agrees` compares it with the event.
  template <class Body, class Agrees>
  void read(const signed_record& r, key_role role, const domain_id& domain, const std::string& about, Agrees agrees) {
    auto& part = found.parts.emplace_back(signed_part{record_name(Body::type), name(role), false, {}});
    const auto what = std::string{part.record} + " of " + about;
    const auto body = decode_body<Body>(r.body);
    if (!body)
      return wrong(part, what + " cannot be read");
    found.facts.records.push_back({Body::type, sha256(r.body), maker(*body)});
    if (!agrees(*body))
      return wrong(part, what + " says something else than the event");
    learn(*body);
    if (!verify)
      return;
    const auto keys = all.domains_.find(domain);
    if (keys == all.domains_.end())
      return wrong(part, what + " cannot be checked: no record before has the public keys of domain " + domain.text);
    if (!proved(keys->second.by_role.at(role), {"record", domain.text}, r))
      return wrong(part, what + " is not signed by the " + std::string{part.signer} + " key of domain " + domain.text);
    part.verified = true;
  }

  // --- what the bodies say about a key's life ---------------------------------------------------------

  void says(audit_time what, instant when) { found.facts.times.emplace_back(what, when); }
  void learn(const mi3_body& b) {
    says(audit_time::kms_request, b.kms_request);
    says(audit_time::oak, b.oak_time);
    found.facts.oak = b.oak;
    found.facts.steel = b.steel;
    found.facts.check = b.check;
  }
  void learn(const mi7_body& b) {
    says(audit_time::psr_install, b.psr_install);
    says(audit_time::steel, b.steel_time);
  }
  void learn(const mi9_body& b) {
    says(audit_time::kms_install, b.kms_install);
    says(audit_time::brass_install, b.brass_time);
    found.facts.oak = b.oak;
    found.facts.steel = b.steel;
    found.facts.check = b.check;
  }
  void learn(const mb2_body& b) {
    says(audit_time::brass_bad, b.brass_time);
    found.facts.oak = b.oak;
    found.facts.steel = b.steel;
  }
  void learn(const mr3_body& b) {
    says(audit_time::kms_registration, b.kms_registration);
    says(audit_time::brass_registration, b.brass_time);
    found.facts.check = b.check;
  }
  void learn(const mo2_body& b) {
    says(audit_time::kms_obsolete, b.kms_obsolete);
    says(audit_time::brass_obsolete, b.brass_time);
  }
  void learn(const auto&) {}

  // --- who signed it, as it says --------------------------------------------------------------------

  static std::optional<box_id> maker(const mi3_body& b) { return b.oak; }
  static std::optional<box_id> maker(const mi4_body& b) { return b.oak; }
  static std::optional<box_id> maker(const mi7_body& b) { return b.steel; }
  static std::optional<box_id> maker(const auto& b) {
    if constexpr (requires { b.brass; })
      return b.brass;
    else
      return std::nullopt;
  }

  // --- the keys themselves ------------------------------------------------------------------------------

  void on(const box_initialised& e) {
    if (e.domain_key_set.empty())
      return;
    if (e.box.type != box_type::manufacturing)
      wrong(found.parts.emplace_back(signed_part{"domain key set", "nobody", false, {}}),
            "box " + e.box.text() + " names a domain key set, which only a Manufacturing box has");
    else
      learn_key_set("box " + e.box.text(), public_key::parse(e.suite, e.domain_key_set));
  }

  /// The same for a whole log, whoever names it.
  void learn_key_set(const std::string& who, std::optional<public_key> key) {
    if (auto why = unbelievable(who, key))
      wrong(found.parts.emplace_back(signed_part{"domain key set", "nobody", false, {}}), *why);
    else
      all.key_set_ = std::move(key);
  }
  std::optional<std::string> unbelievable(const std::string& who, const std::optional<public_key>& key) const {
    if (!key)
      return "the domain key set of " + who + " is no public key";
    if (all.pinned_ && key->name() != *all.pinned_)
      return "the domain key set is " + key->name().hex() + ", not the one that was asked for";
    if (all.key_set_ && all.key_set_->name() != key->name())
      return who + " names another domain key set, " + key->name().hex();
    return std::nullopt;
  }

  void on(const domain_created& e) { check_domain(e); }
  void on(const authority_introduced& e) {
    learn_key_set("node " + e.node, public_key::parse(e.suite, e.domain_key_set));
  }
  void on(const domain_introduced& e) { check_domain(e); }

  void check_domain(const auto& e) {
    auto& part = found.parts.emplace_back(signed_part{"domain keys", "domain key set", false, {}});
    const auto what = "the public keys of domain " + e.domain.text;
    auto body = decode_body<domain_keys_body>(e.signed_keys.body);
    if (!body || body->keys.size() != std::size(every_role))
      return wrong(part, what + " cannot be read");
    found.facts.records.push_back({body_type::domain_keys, sha256(e.signed_keys.body), e.creator});
    if (body->domain != e.domain || body->kind != e.kind || body->sub_domain != e.sub_domain || body->suite != e.suite)
      return wrong(part, what + " are signed for another domain than the event's");
    found.facts.zone = body->zone;
    domain_keys keys;
    for (const auto& k : body->keys)
      if (auto parsed = public_key::parse(body->suite, k.spki))
        keys.by_role.emplace(k.role, std::move(*parsed));
    if (keys.by_role.size() != std::size(every_role))
      return wrong(part, what + " are not one for each use");
    if (!all.key_set_)
      return wrong(part, what + " cannot be checked: no record before names the domain key set");
    // Always: every other signature of the domain rests on this one.
    if (!proved(*all.key_set_, {"domain keys", e.domain.text}, e.signed_keys))
      return wrong(part, what + " are not signed with the domain key set " + all.key_set_->name().hex());
    part.verified = true;
    all.domains_.insert_or_assign(e.domain, std::move(keys));
  }

  /// The certificate is the operator's own word for who he is: that the deployment's authority vouches for it, the node
  /// found when he connected.
  void on(const operation_asked& e) {
    auto& part = found.parts.emplace_back(signed_part{record_name(body_type::operation), "operator", false, {}});
    const auto what = "command " + e.id.text + " of operator " + e.operator_name.text;
    const auto body = decode_body<operation_body>(e.command.body);
    const auto holder = read_certificate(e.certificate);
    if (!body || !holder)
      return wrong(part, what + (body ? " has no certificate that can be read" : " cannot be read"));
    if (body->by != e.operator_name || body->id != e.id || holder->holder != operator_named(e.operator_name))
      return wrong(part, what + " says something else than the event");
    if (!verify)
      return;
    if (!proved(holder->key, {"operation", body->node.text}, e.command))
      return wrong(part, what + " is not signed with the key of his certificate");
    part.verified = true;
  }

  // --- Oak's records --------------------------------------------------------------------------------------

  void on(const key_generated& e) {
    read<mi3_body>(e.mi3, oak, e.key.domain, e.key.text(),
                   [&](const mi3_body& b) { return b.key == e.key && b.oak == e.oak && b.steel == e.steel; });
    const auto check = found.facts.check;
    read<mi4_body>(e.mi4, oak, e.key.domain, e.key.text(), [&](const mi4_body& b) {
      return b.key == e.key && b.oak == e.oak && b.steel == e.steel && check == b.check;
    });
  }
  void on(const key_created& e) {
    read<mi3_body>(e.mi3, oak, e.key.domain, e.key.text(),
                   [&](const mi3_body& b) { return b.key == e.key && b.oak == e.oak && b.steel == e.steel; });
  }
  void on(const install_record_received& e) {
    read<mi4_body>(e.mi4, oak, e.key.domain, e.key.text(),
                   [&](const mi4_body& b) { return b.key == e.key && b.steel == e.steel; });
  }

  // --- Steel's --------------------------------------------------------------------------------------------

  void on(const installation_finished& e) {
    read<mi7_body>(e.mi7, steel, e.key.domain, e.key.text(), [&](const mi7_body& b) {
      return b.key == e.key && b.steel == e.steel && b.meter == e.meter && b.failure == e.failure;
    });
  }
  void on(const leg_reported& e) {
    read<mi7_body>(e.mi7, steel, e.key.domain, e.key.text(),
                   [&](const mi7_body& b) { return b.key == e.key && b.failure == e.failure; });
  }

  // --- Brass's --------------------------------------------------------------------------------------------

  void on(const installation_confirmed& e) {
    stored_installation(e, e.mi9);
    confirmed_installation(e.key, e.mi10, e.meter);
  }
  void on(const key_installed& e) { stored_installation(e, e.mi9); }
  void on(const key_condemned& e) {
    condemnation(e, e.mb2);
    confirmed_condemnation(e.key, e.mb3);
  }
  void on(const key_marked_bad& e) { condemnation(e, e.mb2); }
  void on(const install_record_settled& e) {
    if (e.failure)
      confirmed_condemnation(e.key, e.confirmation);
    else
      confirmed_installation(e.key, e.confirmation, {});
  }
  void on(const registration_confirmed& e) {
    read<mr3_body>(e.mr3, brass, e.key.domain, e.key.text(), [&](const mr3_body& b) {
      return b.key == e.key && b.brass == e.brass && b.meter == e.meter && b.serial == e.serial;
    });
    read<mr4_body>(e.mr4, brass, e.key.domain, e.key.text(), [&](const mr4_body& b) {
      return b.domain == e.key.domain && b.meter == e.meter && b.serial == e.serial;
    });
  }
  void on(const key_activated& e) {
    read<mr3_body>(e.mr3, brass, e.key.domain, e.key.text(), [&](const mr3_body& b) {
      return b.key == e.key && b.brass == e.brass && b.meter == e.meter && b.product == e.product
             && b.serial == e.serial && b.country == e.country && b.date == e.date;
    });
  }
  void on(const retirement_confirmed& e) {
    read<mo2_body>(e.mo2, brass, e.key.domain, e.key.text(), [&](const mo2_body& b) {
      return b.key == e.key && b.brass == e.brass && b.meter == e.meter;
    });
    read<mo3_body>(e.mo3, brass, e.key.domain, e.key.text(),
                   [&](const mo3_body& b) { return b.key == e.key && b.meter == e.meter; });
  }
  void on(const key_retired& e) {
    read<mo2_body>(e.mo2, brass, e.key.domain, e.key.text(), [&](const mo2_body& b) {
      return b.key == e.key && b.brass == e.brass && b.meter == e.meter && b.reason == e.reason && b.date == e.date;
    });
  }

  void stored_installation(const auto& e, const signed_record& r) {
    read<mi9_body>(r, brass, e.key.domain, e.key.text(),
                   [&](const mi9_body& b) { return b.key == e.key && b.brass == e.brass && b.meter == e.meter; });
  }
  void confirmed_installation(const key_id& key, const signed_record& r, const sequence_number& meter) {
    read<mi10_body>(r, brass, key.domain, key.text(),
                    [&](const mi10_body& b) { return b.key == key && (meter.empty() || b.meter == meter); });
  }
  void condemnation(const auto& e, const signed_record& r) {
    read<mb2_body>(r, brass, e.key.domain, e.key.text(),
                   [&](const mb2_body& b) { return b.key == e.key && b.brass == e.brass && b.reason == e.reason; });
  }
  void confirmed_condemnation(const key_id& key, const signed_record& r) {
    read<mb3_body>(r, brass, key.domain, key.text(), [&](const mb3_body& b) { return b.key == key; });
  }

  /// An event with a signed record and no overload above would go unchecked.
  template <class Event>
  void on(const Event& e) {
    for_each_field(e, []<class Field>(const Field&) { static_assert(!std::is_same_v<Field, signed_record>); });
  }
};

signed_findings signature_checker::check(const any_event& e, const std::string& actor, bool verify) {
  reading r{*this, actor, verify};
  std::visit([&r](const auto& event) { r.on(event); }, e);
  return std::move(r.found);
}

std::optional<fingerprint> signature_checker::domain_key_set() const {
  if (pinned_)
    return pinned_;
  return key_set_ ? std::optional{key_set_->name()} : std::nullopt;
}

} // namespace oaksteel
